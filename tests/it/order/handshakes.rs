//! Handshakes: what the gate answers for the app, and what nobody gains by asking.

use super::Scene;
use crate::sign::{slack, unix_now};
use crate::wire::Ask;

const SECRET: &str = "a fake signing secret of slack";

fn config(handshake: &str, rest: &str) -> String {
    format!(
        r#"
routes:
  - name: slack
    path: /slack
    methods: [POST]
    signature: {{provider: slack, secrets: "{SECRET}"{handshake}}}
{rest}"#
    )
}

fn signed(body: &str) -> Ask {
    let at = unix_now();
    Ask::post("/slack", body)
        .field("X-Slack-Request-Timestamp", &at.to_string())
        .field("X-Slack-Signature", &slack(SECRET, at, body.as_bytes()))
}

const CHALLENGE: &str = r#"{"token":"t","challenge":"3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P","type":"url_verification"}"#;

#[test]
fn a_signed_challenge_is_answered_and_the_app_sees_nothing() {
    let scene = Scene::set(&config("", ""));
    let answer = scene.gate.ask(&signed(CHALLENGE));
    assert_eq!(
        (answer.status, answer.text().as_str()),
        (200, "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P")
    );
    assert_eq!(answer.one("content-type"), "text/plain; charset=utf-8");
    assert_eq!(answer.one("x-content-type-options"), "nosniff");
    assert_eq!(scene.gate.record(answer.id()).result(), "answer");
    assert_eq!(scene.gate.metric("sidegate_requests_total", &["verdict=\"answer\""]), 1.0);
    assert_eq!(scene.origin.count(), 0);
    scene.passes(&signed(r#"{"type":"event_callback","challenge":"3eZb"}"#));
}

#[test]
fn a_challenge_nobody_signed_is_refused_like_anything_else() {
    let scene = Scene::set(&config("", ""));
    scene.refuses(&Ask::post("/slack", CHALLENGE), 401, "signature_missing");
    let forged = Ask::post("/slack", CHALLENGE)
        .field("X-Slack-Request-Timestamp", &unix_now().to_string())
        .field("X-Slack-Signature", "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503");
    scene.refuses(&forged, 401, "signature_wrong");
    scene.refuses(&signed(r#"{"type":"url_verification","challenge":"<b>x</b>"}"#), 401, "signature_missing");
    scene.refuses(&Ask::get("/slack?challenge=x"), 405, "method_not_allowed");
}

#[test]
fn lists_and_limits_come_before_an_answer() {
    let scene =
        Scene::set(&config("", "    rate_limits: [{name: one, limit: 1, window: 1h, by: [client_ip]}]\n"));
    assert_eq!(scene.gate.ask(&signed(CHALLENGE)).status, 200);
    scene.refuses(&signed(&format!("{CHALLENGE} ")), 429, "rate_limited");
    let scene = Scene::set(&config("", "    ip_denylist: [127.0.0.0/8]\n"));
    scene.refuses(&signed(CHALLENGE), 403, "ip_denied");
}

#[test]
fn where_the_app_replies_it_is_shown_the_signed_challenge() {
    for word in ["forward", "off"] {
        let scene = Scene::set(&config(&format!(", handshake: {word}"), ""));
        let seen = scene.passes(&signed(CHALLENGE));
        assert_eq!(seen.body, CHALLENGE.as_bytes());
    }
}
