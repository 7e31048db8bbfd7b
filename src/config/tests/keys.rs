use super::*;
use crate::base::api_key;
use crate::base::secret::Secret;
use crate::config::settings::*;

const A: &str = "0123456789abcdef";

fn keys(name: &str, rest: &str) -> ApiKeys {
    let env = Environment::from_pairs([("KEY_A", A), ("KEY_B", "fedcba9876543210")]);
    loaded_with(name, &with_head(rest), &env).unwrap_or_else(|p| panic!("{p}")).settings.api_keys
}

#[test]
fn the_older_layouts_are_accepted_as_they_stand() {
    let map = "keys: { ann: \"${KEY_A}\", bob: \"${KEY_B}\" }\nkey_metadata: { ann: { permissions: [\"*\"], rate_limit: 9 } }\n";
    let list = "keys: [\"${KEY_A}\", \"${KEY_B}\"]\nkey_metadata: { \"${KEY_A}\": { permissions: [\"*\"], rate_limit: 9 } }\n";
    let nested = |text: &str| format!("api_keys:\n  {}\n", text.trim_end().replace('\n', "\n  "));
    for (index, text) in [map.to_owned(), list.to_owned(), nested(map), nested(list)].iter().enumerate() {
        let keys = keys(&format!("seed-{index}"), text).keys;
        assert_eq!(keys.len(), 2, "{text}");
        assert_eq!(keys[0].digest, KeyDigest::Sha256(api_key::digest_sha256(A.as_bytes())));
        assert_eq!(
            (keys[0].permissions.as_slice(), keys[0].rate_limit),
            (["*".to_owned()].as_slice(), Some(9))
        );
        assert_eq!((keys[1].permissions.len(), keys[1].rate_limit), (0, None));
    }
    assert_eq!(keys("seed-ids", map).keys[0].id.as_str(), "ann");
    assert_eq!(keys("seed-variables", list).keys[0].id.as_str(), "KEY_A");
}

#[test]
fn a_pepper_is_used_for_every_raw_key() {
    let pepper = "a pepper of some length";
    let found = keys(
        "pepper",
        &format!("api_keys: {{ pepper: {{ value: {pepper} }}, keys: [{{ id: a, value: {A} }}] }}\n"),
    );
    let expected = api_key::digest_peppered(&Secret::new(pepper.into()), A.as_bytes());
    assert_eq!(found.keys[0].digest, KeyDigest::Peppered(expected));
}

#[test]
fn our_own_keys_bring_their_id_and_show_when_mistyped() {
    let made = api_key::generate("test").unwrap();
    let text = String::from_utf8(made.key.expose().to_vec()).unwrap();
    let found = keys("own", &format!("api_keys: {{ keys: [\"{text}\"] }}\n"));
    assert_eq!(found.keys[0].id, made.id);
    let mut wrong = text.clone();
    let last = if wrong.pop() == Some('a') { 'b' } else { 'a' };
    wrong.push(last);
    let told = headlines("own-wrong", &with_head(&format!("api_keys: {{ keys: [\"{wrong}\"] }}\n")));
    assert!(told.iter().any(|line| line.contains("mistyped")), "{told:?}");
}

#[test]
fn a_key_without_any_name_gets_a_stable_id_of_its_digest() {
    let found = keys("nameless", &format!("keys: [\"{A}\"]\n"));
    let hex = data_encoding::HEXLOWER.encode(&api_key::digest_sha256(A.as_bytes()));
    assert_eq!(found.keys[0].id.as_str(), format!("key-{}", hex.get(..8).unwrap()));
}

#[test]
fn an_entry_beats_its_metadata_and_either_can_revoke() {
    let text = format!(
        "keys: [{{ id: a, value: {A}, roles: [x], revoked: false }}]\nkey_metadata: {{ a: {{ roles: [y], permissions: [z], revoked: true, expires_at: 2030-01-01 }} }}\n"
    );
    let key = keys("beats", &text).keys.remove(0);
    let key = key.as_ref().clone();
    assert_eq!((key.roles, key.permissions, key.revoked), (vec!["x".to_owned()], vec!["z".to_owned()], true));
    assert!(key.expires_at.is_some());
}

#[test]
fn switching_limits_off_takes_those_of_keys_and_routes_too() {
    let text = format!(
        "operational: {{ rate_limiting_enabled: false, rate_limit_per_minute: 5 }}\nkeys: [{{ id: a, value: {A}, rate_limit: 5 }}]\nroutes: [{{ name: a, path: /a, api_key: {{}}, rate_limits: [{{ name: x, limit: 1, window: 1m }}] }}]\n"
    );
    let loaded = loaded("off", &with_head(&text)).unwrap();
    assert!(
        loaded.warnings.iter().any(|warning| warning.message.starts_with("2 limits")),
        "{:?}",
        loaded.warnings
    );
    let settings = loaded.settings;
    assert_eq!(settings.operational.rate_limit_per_minute, None);
    assert!(settings.routes[0].rate_limits.is_empty());
    assert_eq!(settings.api_keys.keys[0].rate_limit, None);
}

#[test]
fn a_limit_per_minute_is_on_when_written_or_switched_on() {
    let limit =
        |text: &str| loaded("limit", &with_head(text)).unwrap().settings.operational.rate_limit_per_minute;
    assert_eq!(limit(""), None);
    assert_eq!(limit("operational: { rate_limit_per_minute: 7 }\n"), Some(7));
    assert_eq!(limit("operational: { rate_limiting_enabled: true }\n"), Some(100));
    assert_eq!(limit("operational: { rate_limiting_enabled: true, rate_limit_per_minute: 7 }\n"), Some(7));
}

#[test]
fn a_key_whose_file_is_missing_at_start_is_left_out_alone() {
    let text = with_head(&format!(
        "keys: {{ ann: \"${{file:none}}\", bob: {A} }}\nkey_metadata: {{ ann: {{ roles: [x] }}, bob: {{ roles: [y] }} }}\n"
    ));
    let loaded = loaded("missing-key", &text).unwrap_or_else(|p| panic!("{p}"));
    let ids: Vec<&str> = loaded.settings.api_keys.keys.iter().map(|key| key.id.as_str()).collect();
    assert_eq!(ids, ["bob"]);
    assert!(loaded.warnings.iter().any(|warning| warning.path == "keys.ann"), "{:?}", loaded.warnings);
}
