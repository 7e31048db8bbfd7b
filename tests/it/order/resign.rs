//! What the app gets in place of the provider's signature.

use super::Scene;
use crate::sign::{github_post, standard, unix_now};
use crate::wire::Ask;

const SECRET: &str = "It's a Secret to Everybody";
const KEYS: [&[u8]; 2] = [b"fake resigning key number one", b"fake resigning key number two"];

fn config(rest: &str) -> String {
    let [one, two] = KEYS.map(|key| data_encoding::BASE64.encode(key));
    format!(
        r#"
routes:
  - name: github
    path: /github
    signature: {{provider: github, replay: acknowledge, secrets: "{SECRET}"}}
    resign: {{secrets: ["whsec_{one}", "{two}"]}}
{rest}"#
    )
}

#[test]
fn the_app_verifies_one_scheme_whatever_the_providers_was() {
    let scene = Scene::set(&config(""));
    let before = unix_now();
    let seen = scene.passes(&github_post("/github", SECRET, b"{\"a\":1}"));
    let (id, at) = (seen.one("webhook-id"), seen.one("webhook-timestamp"));
    assert!(id.starts_with("msg_") && id.len() == 36, "{id}");
    let at: i64 = at.parse().unwrap();
    assert!((before..=unix_now()).contains(&at));
    let expected = KEYS.map(|key| standard(key, &id, at, b"{\"a\":1}")).join(" ");
    assert_eq!(seen.one("webhook-signature"), expected);
    let next = scene.passes(&github_post("/github", SECRET, b"{\"a\":2}"));
    assert_ne!(next.one("webhook-id"), id, "another message");
}

#[test]
fn nobody_writes_it_but_the_gate() {
    let scene = Scene::set(&config(""));
    let forged = |ask: Ask| {
        ["webhook-id", "Webhook-Timestamp", "webhook-signature", "webhook_signature", "WEBHOOK.ID"]
            .into_iter()
            .fold(ask, |ask, name| ask.field(name, "forged"))
    };
    let seen = scene.passes(&forged(github_post("/github", SECRET, b"{}")));
    let folded = seen.folded();
    assert_eq!(folded.iter().filter(|(name, _)| name.starts_with("WEBHOOK_")).count(), 3, "{folded:?}");
    assert!(folded.iter().all(|(_, value)| value != "forged"));
    let taken = github_post("/github", SECRET, b"{ }").field("Connection", "close, webhook-signature");
    scene.refuses(&taken, 400, "connection_nominates");
    scene.refuses(
        &forged(github_post("/github", "another secret of some length", b"{}")),
        401,
        "signature_wrong",
    );
    scene.refuses(&forged(Ask::post("/github", "{}")), 401, "signature_missing");
}

#[test]
fn a_body_no_scheme_reads_is_signed_too() {
    let one = data_encoding::BASE64.encode(KEYS[0]);
    let scene = Scene::set(&format!(
        r#"
routes:
  - name: gitlab
    path: /gitlab
    signature: {{provider: gitlab, secrets: "{SECRET}"}}
    resign: {{secrets: "{one}"}}
"#
    ));
    let seen = scene.passes(&Ask::post("/gitlab", "{}").field("X-Gitlab-Token", SECRET));
    let at = seen.one("webhook-timestamp").parse().unwrap();
    assert_eq!(seen.one("webhook-signature"), standard(KEYS[0], &seen.one("webhook-id"), at, b"{}"));
}
