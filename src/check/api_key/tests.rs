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
        locations: [KeyLocation::Header(http::HeaderName::from_static("x-api-key")), KeyLocation::Bearer]
            .into(),
        line: 3,
    }
}

fn check(headers: &[(&str, &str)]) -> Result<String, Reason> {
    let build = headers.iter().fold(Request::get("/"), |build, (name, value)| build.header(*name, *value));
    let (parts, ()) = build.body(()).unwrap().into_parts();
    let presented = rule().presented(&parts).map_err(|deny| deny.reason)?;
    rule()
        .check(&table(), presented.as_deref(), NOW)
        .map(|(id, _)| id.to_string())
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

#[test]
fn a_key_of_which_nothing_is_said_passes_and_grants_nothing() {
    let bare = ApiKey { name: String::new(), roles: vec![], ..key("bare", KeyDigest::Sha256([7; 32])) };
    let bare = Key::from_settings(&bare);
    assert!(bare.more.is_none());
    assert!(bare.subject().is_none() && bare.joined_roles().is_none() && bare.own_limit().is_none());
    assert!(bare.roles().is_empty() && bare.permissions().is_empty());
}

#[test]
fn whatever_is_said_of_a_key_is_kept() {
    let bare = ApiKey { name: String::new(), roles: vec![], ..key("bare", KeyDigest::Sha256([7; 32])) };
    let told = [
        ApiKey { name: "name".to_owned(), ..bare.clone() },
        ApiKey { roles: vec!["reader".to_owned()], ..bare.clone() },
        ApiKey { permissions: vec!["read_*".to_owned()], ..bare.clone() },
        ApiKey { rate_limit: Some(1), ..bare.clone() },
        ApiKey { not_before: Some(1), ..bare.clone() },
        ApiKey { expires_at: Some(1), ..bare.clone() },
        ApiKey { revoked: true, ..bare },
    ];
    for told in told {
        assert!(Key::from_settings(&told).more.is_some(), "{told:?}");
    }
}

#[test]
fn an_entry_is_one_cache_line() {
    assert_eq!((size_of::<Entry>(), align_of::<Entry>()), (64, 64));
}

#[test]
fn routes_that_look_in_the_same_places_share_them() {
    let mut known = Places::default();
    let one = known.shared(&[KeyLocation::Bearer]);
    assert!(Arc::ptr_eq(&one, &known.shared(&[KeyLocation::Bearer])));
    let other = known.shared(&[KeyLocation::Basic, KeyLocation::Bearer]);
    assert_eq!(*other, [KeyLocation::Basic, KeyLocation::Bearer]);
    for number in 0..2 * MOST_PLACES {
        let query = [KeyLocation::Query(number.to_string())];
        assert_eq!(*known.shared(&query), query);
    }
    assert_eq!(known.0.len(), MOST_PLACES);
}
