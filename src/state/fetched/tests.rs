use std::sync::Arc;
use std::time::Duration;

use super::{Content, Fetched, Named, Told, Unusable};
use crate::base::clock::{Mono, Now, Wall};
use crate::base::name::SecretId;
use crate::config::settings::{AllowedHost, FetchRule, Place, Reach, Remote};
use crate::scheme::{self, NamedCertificate, Trusted};

const LEAF: &str = include_str!("../../../tests/vectors/certificates/leaf.pem");
/// Within the dates of the certificate: 2030.
const NOW: Wall = Wall(1_893_456_000_000);
const SET: &str =
    r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;

fn host(name: &str) -> Arc<AllowedHost> {
    let name = name.to_owned();
    Arc::new(AllowedHost { name, port: 443, address: None, roots: None, reach: Reach::Public })
}

fn place(path: &str) -> Place {
    Place { host: host("sns.eu-west-1.amazonaws.com"), target: path.to_owned() }
}

fn fetched(provider: &str, remote: Remote) -> Fetched {
    let mut spec = scheme::preset(provider).unwrap().spec(None).unwrap();
    spec.give_examples();
    let plan = Arc::new(scheme::Plan::compile(&spec).unwrap());
    Fetched::new("route", SecretId::parse("id").unwrap(), Arc::new(remote), plan)
}

fn named() -> Fetched {
    fetched("aws_sns", Remote::Named(vec![host("sns.eu-west-1.amazonaws.com")]))
}

fn listed(path: &str, max_stale: u64) -> Fetched {
    let max_stale = Duration::from_nanos(max_stale);
    fetched("fal", Remote::At(FetchRule { place: place(path), refresh: max_stale, max_stale }))
}

fn content(path: &str, text: &str, wall: Wall) -> Arc<Content> {
    Arc::new(Content {
        place: place(path),
        bytes: text.as_bytes().to_vec(),
        at: Now { mono: Mono(100), wall },
    })
}

fn certificate(path: &str) -> NamedCertificate {
    let url = format!("https://sns.eu-west-1.amazonaws.com{path}");
    NamedCertificate { url, names: Vec::new(), trust: Trusted::ByHost }
}

#[test]
fn a_key_counts_up_to_its_end_and_not_at_it() {
    let fetched = listed("/set", 50);
    assert!(!fetched.is_in_force(Mono(0)), "nothing was fetched");
    fetched.put(&content("/set", SET, NOW), Mono(150)).unwrap();
    assert!(fetched.is_in_force(Mono(149)));
    assert!(!fetched.is_in_force(Mono(150)));
}

#[test]
fn what_is_no_key_leaves_everything_as_it_was() {
    let fetched = listed("/set", 50);
    fetched.put(&content("/set", SET, NOW), Mono(150)).unwrap();
    for text in ["", "{}", r#"{"keys":[]}"#, "null", "<html>"] {
        let refused = fetched.put(&content("/set", text, NOW), Mono(900));
        assert!(matches!(refused, Err(Unusable::NoKey(_))), "{text}");
    }
    assert!(fetched.is_in_force(Mono(149)) && !fetched.is_in_force(Mono(150)));
}

#[test]
fn a_certificate_outside_its_dates_is_not_taken() {
    for wall in [Wall(0), Wall(4_102_444_800_000)] {
        assert_eq!(named().put(&content("/a.pem", LEAF, wall), Mono(900)), Err(Unusable::Over));
    }
    named().put(&content("/a.pem", LEAF, NOW), Mono(900)).unwrap();
}

#[test]
fn a_reload_keeps_the_same_place_and_nothing_else() {
    let before = listed("/set", 50);
    before.put(&content("/set", SET, NOW), Mono(150)).unwrap();
    before.tell(Told { fetched: Some(NOW), problem: Some("the host is away".to_owned()) });
    let same = listed("/set", 70);
    same.adopt(&before);
    assert!(
        same.is_in_force(Mono(169)) && !same.is_in_force(Mono(170)),
        "by the new max_stale, from the old fetch"
    );
    assert_eq!(same.told(), before.told());
    let other = listed("/other", 70);
    other.adopt(&before);
    assert!(!other.is_in_force(Mono(101)));
}

#[test]
fn what_has_nothing_in_force_is_missed_from_the_start() {
    let fetched = listed("/set", 50);
    assert!(fetched.is_missed());
    fetched.put(&content("/set", SET, NOW), Mono(150)).unwrap();
    assert!(!fetched.is_missed());
    let (same, other) = (listed("/set", 70), listed("/other", 70));
    same.adopt(&fetched);
    other.adopt(&fetched);
    assert!(!same.is_missed() && other.is_missed());
    assert_eq!(other.told(), Told::default(), "how another place stands says nothing of this one");
}

#[test]
fn a_certificate_believed_for_one_provider_is_not_adopted_by_another() {
    let sns = named();
    sns.put(&content("/a.pem", LEAF, NOW), Mono(200)).unwrap();
    let with = |provider| fetched(provider, Remote::Named(vec![host("sns.eu-west-1.amazonaws.com")]));
    let (same, other) = (with("aws_sns"), with("paypal"));
    same.adopt(&sns);
    other.adopt(&sns);
    assert!(same.is_in_force(Mono(150)) && !other.is_in_force(Mono(150)));
}

#[test]
fn a_named_certificate_is_awaited_until_it_is_settled() {
    let fetched = named();
    assert_eq!(fetched.ask(certificate("/a.pem"), Mono(1)), Named::Awaited);
    assert_eq!(fetched.ask(certificate("/a.pem"), Mono(1)), Named::Awaited);
    assert_eq!(fetched.wanted().len(), 1, "asked once");
    fetched.put(&content("/a.pem", LEAF, NOW), Mono(200)).unwrap();
    assert!(fetched.wanted().is_empty());
    assert_eq!(fetched.ask(certificate("/a.pem"), Mono(199)), Named::Settled);
    assert_eq!(fetched.ask(certificate("/a.pem"), Mono(200)), Named::Awaited, "its time is over");
    fetched.failed(&place("/a.pem"), Mono(300), Mono(200));
    assert_eq!(fetched.ask(certificate("/a.pem"), Mono(299)), Named::Settled);
    assert_eq!(fetched.ask(certificate("/a.pem"), Mono(300)), Named::Awaited);
}

#[test]
fn any_number_of_names_takes_no_more_than_its_room() {
    let fetched = named();
    for number in 0..1000 {
        fetched.ask(certificate(&format!("/{number}.pem")), Mono(1));
        fetched.failed(&place(&format!("/x{number}.pem")), Mono(500), Mono(1));
        fetched.put(&content(&format!("/y{number}.pem"), LEAF, NOW), Mono(900)).unwrap();
    }
    assert!(fetched.wanted().len() <= super::MOST_ASKED);
    assert!(super::lock(&fetched.asked).failed.len() <= super::MOST_FAILED);
    assert!(fetched.held().len() <= super::MOST_NAMED);
}

#[test]
fn other_hosts_are_not_asked() {
    let fetched = named();
    let other = NamedCertificate {
        url: "https://sns.us-east-1.amazonaws.com/a.pem".to_owned(),
        ..certificate("/a.pem")
    };
    let host = "sns.us-east-1.amazonaws.com".to_owned();
    assert_eq!(fetched.ask(other, Mono(1)), Named::NotAllowed(host));
    assert_eq!(
        listed("/set", 1).ask(certificate("/a.pem"), Mono(1)),
        Named::Settled,
        "it names no certificates"
    );
    assert!(fetched.wanted().is_empty());
}
