//! Deliveries as PayPal signs them, by a key made here.

use super::*;
use crate::scheme::code::tests::{head, maker};
use crate::scheme::*;

const BODY: &str = r#"{"id":"WH-1"}"#;

fn spec() -> Spec {
    Spec {
        sig: vec!["header:PAYPAL-TRANSMISSION-SIG".into()],
        code: Some("paypal".into()),
        ts: Some(TsSpec {
            from: vec!["header:PAYPAL-TRANSMISSION-TIME".into()],
            fmt: "rfc3339".into(),
            ..TsSpec::default()
        }),
        require: vec![("header:PAYPAL-AUTH-ALGO".into(), "SHA256withRSA".into())],
        options: vec![("webhook_id".into(), vec!["7AB12345CD".into()])],
        ..maker::rsa("sha256")
    }
}

fn judge(id: &str, time: &str, signature: &str, body: &str) -> Result<Verified, Refusal> {
    let headers = head(&[
        ("paypal-transmission-id", id),
        ("paypal-transmission-time", time),
        ("paypal-transmission-sig", signature),
        ("paypal-auth-algo", "SHA256withRSA"),
    ]);
    maker::judge(&spec(), &headers, body)
}

#[test]
fn a_delivery_for_our_webhook_is_accepted_and_nothing_near_it() {
    let time = "2026-09-21T14:13:20Z";
    let message = format!("id-1|{time}|7AB12345CD|{}", crc32fast::hash(BODY.as_bytes()));
    let signature = maker::sign(message.as_bytes());
    let good = judge("id-1", time, &signature, BODY).unwrap();
    assert!(good.replay_id.is_some());
    let plan = Plan::compile(&spec()).unwrap();
    assert!(!plan.is_body_bound() && plan.is_stamped());
    assert_eq!(judge("id-2", time, &signature, BODY), Err(Refusal::Wrong));
    assert_eq!(judge("id-1", "2026-09-21T14:13:21Z", &signature, BODY), Err(Refusal::Wrong));
    assert_eq!(judge("id-1", time, &signature, "{}"), Err(Refusal::Wrong));
    assert_eq!(judge("id-1|x", time, &signature, BODY), Err(Refusal::Malformed));
    assert_eq!(judge("", time, &signature, BODY), Err(Refusal::Missing));
    assert_eq!(judge("id-1", time, "", BODY), Err(Refusal::Missing));
    assert_eq!(judge("id-1", "2026-09-21T14:00:00Z", &signature, BODY), Err(Refusal::Stale { by_s: 500 }));
    let theirs = format!("id-1|{time}|OTHER|{}", crc32fast::hash(BODY.as_bytes()));
    let theirs = maker::sign(theirs.as_bytes());
    assert_eq!(judge("id-1", time, &theirs, BODY), Err(Refusal::Wrong), "another webhook's");
}

#[test]
fn the_webhook_must_be_named_and_the_time_signed() {
    assert_eq!(Plan::compile(&Spec { options: vec![], ..spec() }).unwrap_err()[0].field, "options");
    assert_eq!(Plan::compile(&Spec { ts: None, ..spec() }).unwrap_err()[0].field, "ts.from");
}
