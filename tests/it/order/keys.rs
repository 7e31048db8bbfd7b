//! Shared secrets and API keys: every location, every way to be wrong, and what the app is told and not told.

use super::Scene;
use crate::sign::{hmac, sha256};
use crate::wire::Ask;
use data_encoding::{BASE64, HEXLOWER};

const GOOD: &str = "a legacy key of a good length";
const READER: &str = "the reader's key of good length";

fn config() -> String {
    let (good, reader) = (sha256(GOOD.as_bytes()), sha256(READER.as_bytes()));
    let peppered = HEXLOWER.encode(&hmac(b"a pepper of quite good length", b"a peppered key of good length"));
    let hash = |text: &str| sha256(text.as_bytes());
    format!(
        r#"
routes:
  - {{name: any, path_prefix: /any/, api_key: {{locations: [header:X-API-Key, bearer, basic, "cookie:sid", "query:key"]}}}}
  - {{name: head, path_prefix: /head/, api_key: {{locations: [header:X-API-Key]}}}}
  - {{name: admin, path_prefix: /admin/, api_key: {{locations: [header:X-API-Key]}}, authorize: {{roles: [admin]}}}}
  - {{name: search, path_prefix: /search/, api_key: {{locations: [header:X-API-Key]}}, authorize: {{permissions: [search_docs, list]}}}}
  - {{name: token, path: /token, shared_secret: {{header: X-Token, secrets: [{{id: new, value: "the new token of length"}}, {{id: old, value: "the old token of length"}}, {{id: gone, value: "the gone token of length", not_after: 2024-01-01T00:00:00Z}}]}}}}
  - {{name: either, path: /either, require: any, api_key: {{locations: [header:X-API-Key]}}, shared_secret: {{header: X-Token, secrets: [{{id: new, value: "the new token of length"}}]}}}}
  - {{name: ranked, path: /ranked, require: any, authorize: {{roles: [admin]}}, api_key: {{locations: [header:X-API-Key]}}, shared_secret: {{header: X-Token, secrets: [{{id: new, value: "the new token of length"}}]}}}}
  - {{name: both, path: /both, api_key: {{locations: [header:X-API-Key]}}, shared_secret: {{header: X-Token, secrets: [{{id: new, value: "the new token of length"}}]}}}}
api_keys:
  pepper: {{value: "a pepper of quite good length"}}
  keys:
    - {{id: ci, name: build machine, hash: "sha256:{good}", roles: [admin, deploy], permissions: ["*"]}}
    - {{id: reader, name: reader, hash: "sha256:{reader}", permissions: ["search_*", list]}}
    - {{id: lister, name: lister, hash: "sha256:{lister}", permissions: [list]}}
    - {{id: pep, name: peppered, hash: "hmac-sha256:{peppered}"}}
    - {{id: late, name: late, hash: "sha256:{late}", expires_at: 2024-01-01T00:00:00Z}}
    - {{id: gone, name: gone, hash: "sha256:{gone}", revoked: true}}
"#,
        lister = hash("the lister's key of good length"),
        late = hash("the late key of a good length"),
        gone = hash("the gone key of a good length"),
    )
}

#[test]
fn a_key_is_found_in_every_configured_place_and_never_reaches_the_app() {
    let scene = Scene::set(&config());
    let basic = BASE64.encode(format!("anyone:{GOOD}").as_bytes());
    let asks = [
        Ask::get("/any/x").field("X-API-Key", GOOD),
        Ask::get("/any/x").field("x-api-key", GOOD),
        Ask::get("/any/x").field("Authorization", &format!("Bearer {GOOD}")),
        Ask::get("/any/x").field("Authorization", &format!("bearer {GOOD}")),
        Ask::get("/any/x").field("Authorization", &format!("Basic {basic}")),
    ];
    for ask in asks {
        let seen = scene.passes(&ask);
        assert_eq!(seen.one("x-sidegate-key-id"), "ci", "{ask:?}");
        assert_eq!(seen.one("x-sidegate-roles"), "admin,deploy");
        let text = format!("{:?} {}", seen.folded(), seen.target);
        assert!(!text.contains(GOOD) && !text.contains(&basic), "the key at the app: {text}");
        assert_eq!(seen.target, "/any/x");
    }
    let key = GOOD.replace(' ', "%20");
    let seen = scene.passes(&Ask::get(&format!("/any/x?a=%2f&key={key}&b=+")));
    assert_eq!(seen.target, "/any/x?a=%2f&b=+", "only the key is taken out of the query");
}

#[test]
fn a_cookie_key_leaves_the_other_cookies() {
    let scene = Scene::set(&config().replace("a legacy key of a good length", "plainkey"));
    let seen = scene.refuses(&Ask::get("/any/x").field("Cookie", "a=b; sid=nobody; c=d"), 401, "key_unknown");
    assert!(!seen.text().contains("nobody"));
    let config = config().replace(&sha256(GOOD.as_bytes()), &sha256(b"cookie-key-of-good-length"));
    let scene = Scene::set(&config);
    let seen = scene.passes(&Ask::get("/any/x").field("Cookie", "a=b; sid=cookie-key-of-good-length; c=d"));
    assert_eq!(seen.one("cookie"), "a=b; c=d");
}

#[test]
fn every_wrong_key_is_told_the_same_and_recorded_apart() {
    let scene = Scene::set(&config());
    let with = |key: &str| Ask::get("/head/x").field("X-API-Key", key);
    let mut bodies = Vec::new();
    for (key, reason) in [
        ("nothing anybody knows", "key_unknown"),
        ("the late key of a good length", "key_expired"),
        ("the gone key of a good length", "key_revoked"),
        ("sg_live_abcd1234_0000000000000000000000000000000000000000000000000", "key_malformed"),
    ] {
        let answer = scene.refuses(&with(key), 401, reason);
        bodies.push(answer.text().replace(answer.id(), "ID"));
        assert!(!answer.text().contains(key));
    }
    let missing = scene.refuses(&Ask::get("/head/x"), 401, "key_missing");
    bodies.push(missing.text().replace(missing.id(), "ID"));
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "told apart: {bodies:?}");
    scene.refuses(&Ask::get("/head/x").field("Authorization", &format!("Bearer {GOOD}")), 401, "key_missing");
    scene.refuses(&Ask::get(&format!("/head/x?X-API-Key={}", "k")), 401, "key_missing");
    scene.passes(&with("a peppered key of good length"));
    scene.passes(&with(GOOD));
    for near in [&GOOD[1..], &format!("{GOOD}x"), &GOOD.to_uppercase()] {
        scene.refuses(&with(near), 401, "key_unknown");
    }
}

#[test]
fn two_values_of_one_credential_are_refused() {
    let scene = Scene::set(&config());
    let twice = Ask::get("/head/x").field("X-API-Key", GOOD).field("X-Api-Key", READER);
    scene.refuses(&twice, 400, "credential_conflict");
    let places =
        Ask::get("/any/x").field("X-API-Key", GOOD).field("Authorization", &format!("Bearer {READER}"));
    scene.refuses(&places, 400, "credential_conflict");
    let tokens = Ask::get("/token").field("X-Token", "the new token of length").field("X-Token", "x");
    scene.refuses(&tokens, 400, "credential_conflict");
}

#[test]
fn roles_and_permissions_decide_what_a_key_may() {
    let scene = Scene::set(&config());
    let with = |path: &str, key: &str| Ask::get(path).field("X-API-Key", key);
    scene.passes(&with("/admin/x", GOOD));
    scene.refuses(&with("/admin/x", READER), 403, "not_authorized");
    scene.passes(&with("/search/x", GOOD));
    scene.passes(&with("/search/x", READER));
    scene.refuses(&with("/search/x", "the lister's key of good length"), 403, "not_authorized");
    scene.refuses(&with("/admin/x", "nothing anybody knows"), 401, "key_unknown");
}

#[test]
fn a_shared_secret_is_compared_whole_with_every_valid_one() {
    let scene = Scene::set(&config());
    let with = |token: &str| Ask::get("/token").field("X-Token", token);
    scene.passes(&with("the new token of length"));
    scene.passes(&with("the old token of length"));
    scene.refuses(&with("the gone token of length"), 401, "secret_expired");
    for wrong in ["the new token of lengt", "the new token of lengthh", "THE NEW TOKEN OF LENGTH", "x"] {
        scene.refuses(&with(wrong), 401, "secret_wrong");
    }
    let empty = scene.gate.ask(&with(""));
    assert_eq!(empty.status, 401);
    scene.refuses(&Ask::get("/token"), 401, "secret_missing");
    let record = scene.gate.record(scene.gate.ask(&with("the old token of length")).id());
    assert_eq!(record.text("secret_id"), "old", "{}", record.raw);
}

#[test]
fn require_any_wants_one_and_no_bad_one_and_require_all_wants_each() {
    let scene = Scene::set(&config());
    let (token, key) = (("X-Token", "the new token of length"), ("X-API-Key", GOOD));
    let ask = |path: &str, fields: &[(&str, &str)]| {
        fields.iter().fold(Ask::get(path), |ask, (name, value)| ask.field(name, value))
    };
    scene.passes(&ask("/either", &[token]));
    scene.passes(&ask("/either", &[key]));
    scene.passes(&ask("/either", &[token, key]));
    scene.refuses(&ask("/either", &[]), 401, "credential_missing");
    scene.refuses(&ask("/either", &[token, ("X-API-Key", "bad")]), 401, "key_unknown");
    scene.refuses(&ask("/either", &[("X-Token", "bad"), key]), 401, "secret_wrong");
    scene.refuses(&ask("/ranked", &[]), 401, "credential_missing");
    scene.refuses(&ask("/ranked", &[token]), 403, "not_authorized");
    scene.passes(&ask("/ranked", &[key]));
    scene.passes(&ask("/both", &[token, key]));
    scene.refuses(&ask("/both", &[token]), 401, "key_missing");
    scene.refuses(&ask("/both", &[key]), 401, "secret_missing");
}
