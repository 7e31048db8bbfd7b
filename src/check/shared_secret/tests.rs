use super::*;
use http::HeaderValue;

const NOW: Wall = Wall(1_000_000);

fn rule() -> SharedSecretRule {
    let entry = |id: &str, value: &str, end| {
        (SecretId::parse(id).unwrap(), Secret::new(value.as_bytes().to_vec()), Validity::new(None, end))
    };
    SharedSecretRule {
        header: HeaderName::from_static("x-webhook-token"),
        secrets: vec![
            entry("new", "fake-secret-number-1", None),
            entry("old", "fake-secret-number-2", Some(1_000_000)),
        ],
        incomplete: false,
        line: 4,
    }
}

fn check(values: &[&'static str]) -> Result<String, Reason> {
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append("x-webhook-token", HeaderValue::from_static(value));
    }
    rule().check(&headers, NOW).map(|matched| matched.id.to_string()).map_err(|deny| deny.reason)
}

#[test]
fn the_right_secret_passes_and_is_named() {
    assert_eq!(check(&["fake-secret-number-1"]), Ok("new".to_owned()));
}

#[test]
fn wrong_missing_empty_doubled_and_expired_are_refused() {
    assert_eq!(check(&[]), Err(Reason::SecretMissing));
    assert_eq!(check(&[""]), Err(Reason::SecretMissing));
    assert_eq!(check(&["fake-secret-number-3"]), Err(Reason::SecretWrong));
    assert_eq!(check(&["fake-secret-number-1 "]), Err(Reason::SecretWrong));
    assert_eq!(check(&["FAKE-secret-number-1"]), Err(Reason::SecretWrong));
    assert_eq!(check(&["fake-secret-number-1", "fake-secret-number-1"]), Err(Reason::CredentialConflict));
    assert_eq!(check(&["fake-secret-number-2"]), Err(Reason::SecretExpired));
}

#[test]
fn a_secret_that_could_not_be_read_makes_a_mismatch_unavailable() {
    let mut rule = rule();
    rule.incomplete = true;
    let mut headers = HeaderMap::new();
    headers.append("x-webhook-token", HeaderValue::from_static("fake-secret-number-9"));
    assert_eq!(rule.check(&headers, NOW).unwrap_err().reason, Reason::Unavailable);
}
