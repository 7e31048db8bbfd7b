use super::*;
use crate::config::settings::ApiKey;
use http::Request;

const NOW: Wall = Wall(5_000);

fn key(id: &str, digest: KeyDigest) -> ApiKey {
    ApiKey {
        id: KeyId::parse(id).unwrap(),
        name: format!("name of {id}"),
        digest,
        roles: vec!["reader".to_owned()],
        permissions: vec![],
        rate_limit: None,
        not_before: None,
        expires_at: None,
        revoked: false,
        origin: "keys.yaml:1".to_owned(),
    }
}

fn table() -> KeyTable {
    let pepper = Secret::new(b"fake-pepper-of-16-bytes".to_vec());
    let mut revoked = key("revoked", KeyDigest::Sha256(api_key::digest_sha256(b"fake-revoked-key")));
    revoked.revoked = true;
    let mut expired = key("expired", KeyDigest::Sha256(api_key::digest_sha256(b"fake-expired-key")));
    expired.expires_at = Some(5_000);
    KeyTable::from_settings(&ApiKeys {
        keys: [
            key("plain", KeyDigest::Sha256(api_key::digest_sha256(b"fake-plain-key"))),
            key("peppered", KeyDigest::Peppered(api_key::digest_peppered(&pepper, b"fake-peppered-key"))),
            revoked,
            expired,
        ]
        .map(Arc::new)
        .into(),
        pepper: Some(pepper),
        unavailable: None,
    })
}

fn rule() -> ApiKeyRule {
    ApiKeyRule {
        locations: vec![KeyLocation::Header(http::HeaderName::from_static("x-api-key")), KeyLocation::Bearer],
        line: 3,
    }
}

fn check(headers: &[(&str, &str)]) -> Result<String, Reason> {
    let build = headers.iter().fold(Request::get("/"), |build, (name, value)| build.header(*name, *value));
    let (parts, ()) = build.body(()).unwrap().into_parts();
    let presented = rule().presented(&parts).map_err(|deny| deny.reason)?;
    rule()
        .check(&table(), presented.as_deref(), NOW)
        .map(|key| key.id.to_string())
        .map_err(|deny| deny.reason)
}

#[test]
fn a_known_key_passes_wherever_it_stands() {
    assert_eq!(check(&[("x-api-key", "fake-plain-key")]), Ok("plain".to_owned()));
    assert_eq!(check(&[("authorization", "Bearer fake-peppered-key")]), Ok("peppered".to_owned()));
}

#[test]
fn what_is_unknown_revoked_expired_or_missing_is_refused_for_that_reason() {
    assert_eq!(check(&[("x-api-key", "fake-other-key")]), Err(Reason::KeyUnknown));
    assert_eq!(check(&[("x-api-key", "fake-revoked-key")]), Err(Reason::KeyRevoked));
    assert_eq!(check(&[("x-api-key", "fake-expired-key")]), Err(Reason::KeyExpired));
    assert_eq!(check(&[("x-api-key", "")]), Err(Reason::KeyMissing));
    assert_eq!(check(&[]), Err(Reason::KeyMissing));
}

#[test]
fn a_digest_is_no_key() {
    let hex = data_encoding::HEXLOWER.encode(&api_key::digest_sha256(b"fake-plain-key"));
    assert_eq!(check(&[("x-api-key", &hex)]), Err(Reason::KeyUnknown));
}

#[test]
fn two_different_keys_in_one_request_are_refused() {
    let two = [("x-api-key", "fake-plain-key"), ("authorization", "Bearer fake-peppered-key")];
    assert_eq!(check(&two), Err(Reason::CredentialConflict));
}
