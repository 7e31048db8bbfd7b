use super::*;
use crate::base::name::SecretId;
use crate::base::secret::Secret;
use crate::config::settings::SecretEntry;
use crate::scheme::{ReplayId, preset};

const NOW: Wall = Wall(1_790_000_000_000);
const FIRST: &str = "whsec_ZmFrZSByZXNpZ25pbmcga2V5IG51bWJlciBvbmU=";
const SECOND: &str = "whsec_ZmFrZSByZXNpZ25pbmcga2V5IG51bWJlciB0d28=";

fn plan() -> Plan {
    Plan::compile(&preset("standard_webhooks").unwrap().spec(None).unwrap()).unwrap()
}

fn rule(secrets: &[(&str, Option<i64>)]) -> ResignRule {
    let entry = |(at, (value, not_after)): (usize, &(&str, Option<i64>))| SecretEntry {
        id: SecretId::parse(&format!("s{at}")).unwrap(),
        value: (!value.is_empty()).then(|| Secret::new(value.as_bytes().to_vec())),
        remote: None,
        not_before: None,
        not_after: *not_after,
        line: 0,
    };
    let secrets = secrets.iter().enumerate().map(entry).collect();
    ResignRule::from_settings(&Resign { plan: plan(), secrets, line: 3 })
}

fn whole(body: &'static str) -> Payload<()> {
    Payload::Whole { bytes: Bytes::from_static(body.as_bytes()), trailers: None }
}

fn vouched(message: u8) -> Vouched<'static> {
    Vouched { message: Some([message; 32]), request: None, now: NOW }
}

/// Whether an app that knows `secret` accepts what it gets.
fn accepts(headers: &HeaderMap, body: &str, secret: &str) -> bool {
    let plan = plan();
    let key = plan.key(&Secret::new(secret.as_bytes().to_vec())).unwrap();
    let head = SignedHead { method: "POST", path_and_query: "/", url: None, headers };
    let session = plan.begin(&[&key], &head, NOW, ReplayId::Unwanted);
    session.and_then(|session| session.finish(body.as_bytes())).is_ok()
}

#[test]
fn the_app_can_verify_it_with_any_secret_that_is_valid() {
    let mut headers = HeaderMap::new();
    rule(&[(FIRST, None), (SECOND, None)]).sign(&mut headers, &whole("{}"), vouched(1)).unwrap();
    assert!(accepts(&headers, "{}", FIRST) && accepts(&headers, "{}", SECOND));
    assert!(!accepts(&headers, "{} ", FIRST));
    let mut headers = HeaderMap::new();
    rule(&[(FIRST, Some(NOW.0)), (SECOND, None)]).sign(&mut headers, &whole("{}"), vouched(1)).unwrap();
    assert!(!accepts(&headers, "{}", FIRST) && accepts(&headers, "{}", SECOND));
}

#[test]
fn what_the_caller_wrote_in_its_place_is_gone() {
    let mut headers = HeaderMap::new();
    for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        headers.append(name, HeaderValue::from_static("forged"));
        headers.append(name, HeaderValue::from_static("twice"));
    }
    let rule = rule(&[(FIRST, None)]);
    rule.sign(&mut headers, &whole("{}"), vouched(1)).unwrap();
    assert!(accepts(&headers, "{}", FIRST));
    assert_eq!(headers.len(), 3);
    rule.strip(&mut headers);
    assert!(headers.is_empty());
}

#[test]
fn one_message_has_one_id_and_another_another() {
    let id = |vouched: Vouched<'_>| vouched.id();
    assert_eq!(id(vouched(1)), id(vouched(1)));
    assert_ne!(id(vouched(1)), id(vouched(2)));
    let (one, two) = (RequestId::parse(b"request-1").unwrap(), RequestId::parse(b"request-2").unwrap());
    let of = |request| id(Vouched { message: None, request: Some(request), now: NOW });
    assert_ne!(of(&one), of(&two));
}

#[test]
fn nothing_goes_unsigned() {
    let mut headers = HeaderMap::new();
    for secrets in [&[("", None)][..], &[(FIRST, Some(NOW.0))]] {
        let refused = rule(secrets).sign(&mut headers, &whole("{}"), vouched(1)).unwrap_err();
        assert_eq!(refused.reason, Reason::Unavailable);
    }
    let streamed = rule(&[(FIRST, None)]).sign(&mut headers, &Payload::Stream(()), vouched(1));
    assert!(streamed.is_err() && headers.is_empty());
}
