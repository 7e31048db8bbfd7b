//! Certificates that messages name (Amazon SNS, PayPal), and certificates in files that are over.

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use data_encoding::BASE64;
use serde_json::json;

use super::ca::{Authority, VALID, civil, pem};
use super::host::{Host, Reply};
use crate::gate::{Gate, Nest, config};
use crate::origin::Origin;
use crate::pace::{SOON, until};
use crate::sign::unix_now;
use crate::wire::{Answer, Ask};

const SNS: &str = "sns.eu-west-1.amazonaws.com";
const TOPIC: &str = "arn:aws:sns:eu-west-1:123456789012:orders";
const PAYPAL: &str = "api.paypal.com";

/// A key that signs messages.
struct Signer(RsaKeyPair);

impl Signer {
    fn new() -> Self {
        Self(RsaKeyPair::generate(KeySize::Rsa2048).unwrap())
    }

    fn sign(&self, message: &str) -> String {
        let mut signature = vec![0; self.0.public_modulus_len()];
        self.0.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message.as_bytes(), &mut signature).unwrap();
        BASE64.encode(&signature)
    }

    fn certificate(&self, authority: &Authority, dns: &str, valid: (i64, i64)) -> Vec<u8> {
        let spki = self.0.public_key().as_der().unwrap();
        pem("CERTIFICATE", &authority.issue(dns, spki.as_ref(), valid)).into_bytes()
    }

    /// A notification of SNS whose certificate lies at `url`.
    fn notification(&self, number: u32, url: &str) -> Ask {
        let (message, id, at) = (format!("order {number}"), format!("m-{number}"), now());
        let signed = format!(
            "Message\n{message}\nMessageId\n{id}\nTimestamp\n{at}\nTopicArn\n{TOPIC}\nType\nNotification\n"
        );
        let body = json!({
            "Type": "Notification", "MessageId": id, "TopicArn": TOPIC, "Message": message, "Timestamp": at,
            "SignatureVersion": "2", "Signature": self.sign(&signed), "SigningCertURL": url,
        });
        Ask::post("/sns", body.to_string())
    }
}

fn now() -> String {
    let unix = unix_now();
    let (year, month, day) = civil(unix.div_euclid(86_400));
    let second = unix.rem_euclid(86_400);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// A gate that may ask `name`, which is the test's own host.
fn gate(authority: &Authority, host: &Host, name: &str, origin: &Origin) -> Gate {
    let nest = Nest::new();
    nest.write("ca.pem", &authority.pem);
    let rest = format!(
        "outbound: {{allowed_hosts: [{{host: {name}, address: \"{}\", allow_private: true, ca_file: ca.pem}}]}}\n\
         routes:\n  - name: sns\n    path: /sns\n    signature: {{provider: aws_sns, options: {{topics: [\"{TOPIC}\"]}}, \
         secrets: {{id: amazon, url: message}}}}\n  - name: paypal\n    path: /paypal\n    signature: {{provider: \
         paypal, options: {{webhook_id: WH-1}}, secrets: {{id: paypal, url: message}}}}\n",
        host.addr
    );
    Gate::start_in(nest, &config(origin.addr, &rest))
}

fn reason(gate: &Gate, answer: &Answer) -> (u16, String) {
    (answer.status, gate.record(answer.id()).reason().to_owned())
}

fn at(file: &str) -> String {
    format!("https://{SNS}/{file}")
}

#[test]
fn sns_certificates_are_fetched_once_and_forgeries_cannot_make_the_gate_fetch_more() {
    let authority = Authority::new("test root");
    let (amazon, forger) = (Signer::new(), Signer::new());
    let file = "SimpleNotificationService-0123456789abcdef0123456789abcdef.pem";
    let good = amazon.certificate(&authority, "sns.amazonaws.com", VALID);
    let host = Host::start(&authority, SNS, Reply::Files(vec![(format!("/{file}"), good)]));
    let origin = Origin::start();
    let gate = gate(&authority, &host, SNS, &origin);
    assert_eq!(host.hits(), 0, "nothing is fetched before a message names it");

    let first = amazon.notification(1, &at(file));
    let early = gate.ask(&first);
    assert_eq!((early.status, early.one("retry-after")), (503, "2"), "the provider tries again");
    until(SOON, "the certificate is there", || (gate.ask(&first).status == 200).then_some(()));
    assert_eq!(gate.ask(&amazon.notification(2, &at(file))).status, 200);
    assert_eq!((host.hits(), origin.count()), (1, 2));

    let wrong = gate.ask(&forger.notification(3, &at(file)));
    assert_eq!(reason(&gate, &wrong), (401, "signature_wrong".to_owned()));
    for url in [
        "https://sns.eu-west-1.amazonaws.com.evil.example/x.pem".to_owned(),
        "https://evil.example/x.pem".to_owned(),
        format!("http://{SNS}/x.pem"),
        format!("https://{SNS}@evil.example/x.pem"),
        format!("https://{SNS}/a/../x.pem"),
        format!("https://{SNS}/x.pem?a=.pem"),
        format!("https://{SNS}/x.pem#.pem"),
        format!("https://{SNS}/x.txt"),
    ] {
        let refused = gate.ask(&forger.notification(4, &url));
        assert_eq!(refused.status, 401, "{url}");
    }
    let other = gate.ask(&forger.notification(5, "https://sns.us-east-1.amazonaws.com/x.pem"));
    assert_eq!(reason(&gate, &other), (401, "signature_wrong".to_owned()), "a host that is not allowed");
    assert_eq!(host.hits(), 1, "none of these was asked for");

    for number in 0..200 {
        let forged = forger.notification(number, &at(&format!("SimpleNotificationService-{number}.pem")));
        assert!([401, 503].contains(&gate.ask(&forged).status));
    }
    assert!(host.hits() <= 7, "{} fetches: one, and six a minute", host.hits());
    assert_eq!(gate.ask(&amazon.notification(300, &at(file))).status, 200, "genuine ones pass meanwhile");
    assert_eq!(origin.count(), 3);
}

#[test]
fn certificates_for_other_names_or_past_their_end_are_not_believed() {
    let authority = Authority::new("test root");
    let signer = Signer::new();
    let files = vec![
        ("/other.pem".to_owned(), signer.certificate(&authority, "evil.example", VALID)),
        ("/over.pem".to_owned(), signer.certificate(&authority, "sns.amazonaws.com", (-7200, -3600))),
        ("/early.pem".to_owned(), signer.certificate(&authority, "sns.amazonaws.com", (3600, 7200))),
        ("/none.pem".to_owned(), b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n".to_vec()),
    ];
    let host = Host::start(&authority, SNS, Reply::Files(files));
    let origin = Origin::start();
    let gate = gate(&authority, &host, SNS, &origin);
    for (number, file) in (1..).zip(["other.pem", "over.pem", "early.pem", "none.pem", "missing.pem"]) {
        until(SOON, file, || {
            let answer = gate.ask(&signer.notification(number, &at(file)));
            assert!([401, 503].contains(&answer.status), "{file}: {}", answer.status);
            (answer.status == 401).then_some(())
        });
        assert_eq!(host.hits(), number as usize, "{file}: asked once, then known to be of no use");
    }
    assert_eq!(origin.count(), 0);
}

#[test]
fn paypals_certificate_must_lead_to_a_root() {
    let (authority, stranger) = (Authority::new("test root"), Authority::new("stranger"));
    let (signer, forger) = (Signer::new(), Signer::new());
    let path = |name: &str| format!("/v1/notifications/certs/CERT-{name}");
    let name = "messageverificationcerts.paypal.com";
    let files = vec![
        (path("good"), signer.certificate(&authority, name, VALID)),
        (path("stranger"), forger.certificate(&stranger, name, VALID)),
    ];
    let host = Host::start(&authority, PAYPAL, Reply::Files(files));
    let origin = Origin::start();
    let gate = gate(&authority, &host, PAYPAL, &origin);
    let delivery = |signer: &Signer, number: u32, cert: &str| {
        let (body, id, at) = (format!("{{\"n\":{number}}}"), format!("id-{number}"), now());
        let crc = crc32fast::hash(body.as_bytes());
        Ask::post("/paypal", body)
            .field("PAYPAL-TRANSMISSION-ID", &id)
            .field("PAYPAL-TRANSMISSION-TIME", &at)
            .field("PAYPAL-AUTH-ALGO", "SHA256withRSA")
            .field("PAYPAL-CERT-URL", &format!("https://{PAYPAL}{}", path(cert)))
            .field("PAYPAL-TRANSMISSION-SIG", &signer.sign(&format!("{id}|{at}|WH-1|{crc}")))
    };
    until(SOON, "the certificate is there", || {
        (gate.ask(&delivery(&signer, 1, "good")).status == 200).then_some(())
    });
    until(SOON, "another root", || {
        let answer = gate.ask(&delivery(&forger, 2, "stranger"));
        assert_ne!(answer.status, 200);
        (answer.status == 401).then_some(())
    });
    assert!(gate.look("/ready?verbose").unwrap().text().contains("leads to no trusted root"));
    assert_eq!((host.hits(), origin.count()), (2, 1));
}

#[test]
fn a_certificate_in_a_file_counts_within_its_dates_alone() {
    let authority = Authority::new("test root");
    let signer = Signer::new();
    for (valid, status, told) in [(VALID, 200, ""), ((-7200, -3600), 401, "signature_expired_secret")] {
        let origin = Origin::start();
        let nest = Nest::new();
        nest.write("cert.pem", signer.certificate(&authority, "sns.amazonaws.com", valid));
        let rest = format!(
            "routes:\n  - name: sns\n    path: /sns\n    signature: {{provider: aws_sns, options: {{topics: \
             [\"{TOPIC}\"]}}, secrets: {{id: amazon, file: cert.pem}}}}\n"
        );
        let gate = Gate::start_in(nest, &config(origin.addr, &rest));
        let answer = gate.ask(&signer.notification(1, &at("x.pem")));
        assert_eq!(answer.status, status);
        assert_eq!(gate.record(answer.id()).reason(), told);
        let warned = gate.err.all().iter().any(|line| line.contains("does not count now"));
        assert_eq!(warned, status == 401, "a warning when it is read");
    }
}
