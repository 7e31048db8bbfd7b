//! Hosts that answer wrongly, slowly, too much, or are not who they should be.

use super::ca::Authority;
use super::host::{Host, Reply};
use super::sets::{Rig, USUAL, passes, rig};
use super::signer::{Signer, set};
use crate::pace::{SOON, until};

#[test]
fn no_broken_answer_replaces_the_keys_in_force() {
    let authority = Authority::new("test root");
    let one = Signer::new("k1");
    let host = Host::start(&authority, "localhost", Reply::Good(set(&[&one])));
    let words = ("refresh: 1s, max_stale: 1h", USUAL.1);
    let Rig { origin: _origin, host, gate } = rig(&authority, host, words);
    passes(&gate, &one, "the first fetch");
    let body = set(&[&one]);
    let framed = |head: &str, body: &[u8]| {
        let head = format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\n\r\n", body.len());
        Reply::Raw([head.as_bytes(), body].concat())
    };
    let huge = [body.as_slice(), &vec![b' '; 300 << 10]].concat();
    let endless = [&b"HTTP/1.1 200 OK\r\n\r\n"[..], &huge].concat();
    let secret = br#"{"keys":[{"kty":"oct","k":"c2VjcmV0c2VjcmV0c2VjcmV0","alg":"HS256"}]}"#;
    let cases = [
        (
            "a redirect",
            framed("302 Found\r\nLocation: https://localhost/", &body),
            "redirects are not followed",
        ),
        ("an error with keys", framed("500 Oops", &body), "the answer is 500"),
        ("a part", framed("206 Partial Content", &body), "the answer is 206"),
        ("too much", framed("200 OK", &huge), "larger than 256 KiB"),
        ("too much, unframed", Reply::Raw(endless), "larger than 256 KiB"),
        ("compressed", framed("200 OK\r\nContent-Encoding: gzip", &body), "Content-Encoding"),
        ("no JSON", framed("200 OK", b"<html>"), "cannot be used"),
        ("an empty set", framed("200 OK", br#"{"keys":[]}"#), "cannot be used"),
        ("nothing", framed("200 OK", b""), "cannot be used"),
        ("a secret", framed("200 OK", secret), "cannot be used"),
        ("half an answer", Reply::Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{".to_vec()), "broken"),
        ("no HTTP", Reply::Raw(b"\x00\x01\x02\x03\r\n\r\n".to_vec()), "broken"),
        ("a closed door", Reply::Gone, "TLS failed"),
    ];
    for (number, (what, reply, told)) in cases.into_iter().enumerate() {
        host.reply(reply);
        until(SOON, what, || gate.look("/ready?verbose")?.text().contains(told).then_some(()));
        let delivery = one.delivery("/plaid", &format!("{{\"case\":{number}}}"));
        assert_eq!(gate.ask(&delivery).status, 200, "{what}: the last good keys count");
        host.reply(Reply::Good(set(&[&one])));
        until(SOON, "a good answer", || {
            (!gate.look("/ready?verbose")?.text().contains("last attempt")).then_some(())
        });
    }
}

#[test]
fn a_silent_host_delays_no_request_and_is_given_up() {
    let authority = Authority::new("test root");
    let one = Signer::new("k1");
    let host = Host::start(&authority, "localhost", Reply::Silent);
    let Rig { origin: _origin, host, gate } = rig(&authority, host, USUAL);
    until(SOON, "the fetch is under way", || (host.hits() > 0).then_some(()));
    assert_eq!(gate.ask(&one.delivery("/plaid", "{}")).status, 503, "answered while the host is awaited");
    host.reply(Reply::Good(set(&[&one])));
    until(SOON * 3, "the next attempt", || {
        (gate.ask(&one.delivery("/plaid", "{\"a\":1}")).status == 200).then_some(())
    });
}

#[test]
fn a_host_that_cannot_prove_its_name_is_not_believed() {
    let (authority, other) = (Authority::new("test root"), Authority::new("another root"));
    let one = Signer::new("k1");
    for (what, host, words, told) in [
        ("another CA", Host::start(&other, "localhost", Reply::Good(set(&[&one]))), USUAL, "TLS failed"),
        (
            "another name",
            Host::start(&authority, "evil.example", Reply::Good(set(&[&one]))),
            USUAL,
            "TLS failed",
        ),
        (
            "the built-in roots",
            Host::start(&authority, "localhost", Reply::Good(set(&[&one]))),
            (USUAL.0, "allow_private: true"),
            "TLS failed",
        ),
        (
            "a private address",
            Host::start(&authority, "localhost", Reply::Good(set(&[&one]))),
            (USUAL.0, "ca_file: ca.pem"),
            "allow_private",
        ),
    ] {
        let Rig { origin, host, gate } = rig(&authority, host, words);
        until(SOON, what, || gate.look("/ready?verbose")?.text().contains(told).then_some(()));
        assert_eq!(gate.ask(&one.delivery("/plaid", "{}")).status, 503, "{what}");
        assert_eq!(
            (host.targets().len(), origin.count()),
            (0, 0),
            "{what}: nothing was asked, nothing passed"
        );
    }
}
