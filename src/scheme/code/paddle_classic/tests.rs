//! Forms as Paddle Classic signs them, by a key made here.

use super::*;
use crate::scheme::code::tests::{head, maker};
use crate::scheme::*;

fn spec() -> Spec {
    Spec {
        kind: "rsa".into(),
        hash: "sha1".into(),
        enc: "base64".into(),
        sig: vec!["form:p_signature".into()],
        key: KeySpec { enc: "pem".into(), ..KeySpec::default() },
        code: Some("paddle_classic".into()),
        ..Spec::default()
    }
}

/// openssl signed `a:3:{s:8:"alert_id";s:1:"7";s:4:"name";s:4:"Zoë";s:5:"price";s:4:"1 00";}` with its key.
const CERTIFICATE: &str = include_str!("../../../../tests/vectors/certificates/leaf.pem");
const SIGNATURE: &str = "XaK2Oq1Xany+O3vQxMjEzPhDMEr8+r2YevkK03qNRmnb1bq7pvvJNt0Cx0pgMctt8Yr50yG5MwxkWO8oTTR5qlGD2qgHpErDpNWaeGIR5eHGp8c0elDP5zHARNQfYbts4+cNchn7VKGKwZdDs7EcoMIW8TZBwO99umJiWo7psSk0bB49DGQnhRnlczYNllUFWwusHVTQvQi/j9/vQaaCUGaP9JYbDc4NxCeXYjemEgz1oG0dEasJbn01udnB2CJcwi3jtA+FZusOneG8WomGbWM3sWcB7DUqcP4bnmzL8e7MAZSvfcKmi5U7VVgB9siPoEULpA5NYLhZ3nmG2D997Q==";

fn judge(body: &str) -> Result<Verified, Refusal> {
    judge_of("application/x-www-form-urlencoded", body)
}

fn judge_of(media_type: &str, body: &str) -> Result<Verified, Refusal> {
    maker::judge_by(&spec(), CERTIFICATE, &head(&[("content-type", media_type)]), body)
}

#[test]
fn the_sorted_fields_are_signed_as_php_writes_them() {
    let signature = SIGNATURE.replace('+', "%2B").replace('/', "%2F");
    let good = format!("price=1+00&p_signature={signature}&alert_id=7&name=Zo%C3%AB");
    assert!(judge(&good).is_ok());
    let plan = Plan::compile(&spec()).unwrap();
    assert!(plan.is_body_bound() && plan.is_sha1());
    for (from, to, refusal) in [
        ("1+00", "1+01", Refusal::Wrong),
        ("alert_id=7&", "", Refusal::Wrong),
        ("alert_id=7", "alert_id=7&x=1", Refusal::Wrong),
        ("alert_id=7", "alert_id=7&alert_id=7", Refusal::BodyShape),
        ("alert_id", "alert[id]", Refusal::BodyShape),
        ("alert_id", "7", Refusal::BodyShape),
        ("p_signature", "q_signature", Refusal::Missing),
    ] {
        assert!(good.contains(from));
        assert_eq!(judge(&good.replacen(from, to, 1)), Err(refusal), "{from} -> {to}");
    }
    assert_eq!(judge(&format!("p_signature={signature}")), Err(Refusal::BodyShape));
    assert_eq!(judge_of("text/plain", &good), Err(Refusal::Malformed), "no form");
}
