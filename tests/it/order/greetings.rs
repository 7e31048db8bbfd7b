//! Every handshake of every preset that has one, through the socket: answered right, nothing of it at the app, and
//! whatever comes near one without being it refused.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use data_encoding::{BASE64, HEXLOWER};
use hmac::{KeyInit, Mac};
use sha1::{Digest, Sha1};
use sidegate::base::clock::Wall;
use sidegate::scheme::handshake::handshakes;
use sidegate::scheme::presets;

use super::Scene;
use crate::sign::{hmac, slack, unix_now};
use crate::wire::Ask;

const SECRET: &str = "a fake secret of some provider";
const TOKEN: &str = "a-fake-verify-token";
const CHALLENGE: &str = "0123456789abcdef0123";

/// One provider: what its route says beside the usual, what is answered and what is refused.
struct Case {
    name: &'static str,
    more: &'static str,
    answers: Vec<(Ask, u16, String)>,
    refusals: Vec<(Ask, u16, &'static str)>,
}

fn case(name: &'static str, more: &'static str) -> Case {
    Case { name, more, answers: Vec::new(), refusals: Vec::new() }
}

impl Case {
    fn answers(mut self, ask: Ask, status: u16, body: impl Into<String>) -> Self {
        self.answers.push((ask, status, body.into()));
        self
    }

    fn refuses(mut self, ask: Ask, status: u16, reason: &'static str) -> Self {
        self.refusals.push((ask, status, reason));
        self
    }

    fn route(&self, key: &str) -> String {
        let Self { name, more, .. } = self;
        let key = if *name == "discord" { key } else { SECRET };
        format!(
            "  - {{name: {name}, path: /{name}, methods: [POST], signature: {{provider: {name}, replay: \"off\", \
             secrets: \"{key}\"{more}}}}}\n"
        )
    }
}

const MISSING: &str = "signature_missing";
const WRONG: &str = "signature_wrong";
const METHOD: &str = "method_not_allowed";

/// Those whose answer is the same for whoever asks.
fn open() -> Vec<Case> {
    let origin = |name: &str, origin: &str| {
        Ask::new("OPTIONS", &format!("/{name}")).field("WebHook-Request-Origin", origin)
    };
    let event = |kind: &str| {
        let body = format!(
            r#"[{{"id":"1","eventType":"{kind}","data":{{"validationCode":"5AF2"}},"topic":"t","eventTime":"2026-11-22T00:00:00Z"}}]"#
        );
        Ask::post("/azure_eventgrid", body).field("aeg-event-type", "SubscriptionValidation")
    };
    let head = |name: &str| Ask::new("HEAD", &format!("/{name}"));
    let silent = |name: &'static str, more: &'static str| {
        case(name, more)
            .answers(head(name), 200, "")
            .refuses(Ask::get(&format!("/{name}")), 405, METHOD)
            .refuses(Ask::post(&format!("/{name}"), "{}"), 401, MISSING)
    };
    let form = |body: &str| {
        Ask::post("/woocommerce", body).field("Content-Type", "application/x-www-form-urlencoded")
    };
    vec![
        case("azure_eventgrid", "")
            .answers(
                event("Microsoft.EventGrid.SubscriptionValidationEvent"),
                200,
                r#"{"validationResponse":"5AF2"}"#,
            )
            .answers(origin("azure_eventgrid", "eventgrid.azure.net"), 200, "")
            .refuses(event("Microsoft.Storage.BlobCreated"), 401, MISSING)
            .refuses(origin("azure_eventgrid", "evil.example"), 401, MISSING),
        case("cloudevents", ", handshake: {origins: [events.example]}")
            .answers(origin("cloudevents", "events.example"), 200, "")
            .refuses(origin("cloudevents", "events.example.evil"), 401, MISSING)
            .refuses(Ask::new("OPTIONS", "/cloudevents"), 405, METHOD),
        case("dropbox", "")
            .answers(Ask::get("/dropbox?challenge=abc"), 200, "abc")
            .refuses(Ask::get("/dropbox?challenge=%3Cb%3E"), 401, MISSING)
            .refuses(Ask::post("/dropbox?challenge=abc", "{}"), 401, MISSING),
        silent("intercom", ""),
        silent("mandrill", ", public_url: https://hooks.example.com/mandrill"),
        silent("trello", ", public_url: https://hooks.example.com/trello"),
        case("mailchimp", "")
            .answers(Ask::get("/mailchimp"), 200, "")
            .refuses(Ask::post("/mailchimp", "{}"), 401, MISSING)
            .refuses(Ask::new("DELETE", "/mailchimp"), 405, METHOD),
        case("monday", "")
            .answers(Ask::post("/monday", r#"{"challenge":"a\"b"}"#), 200, r#"{"challenge":"a\"b"}"#)
            .refuses(Ask::post("/monday", r#"{"event":{"challenge":"a"}}"#), 401, MISSING)
            .refuses(Ask::post("/monday", r#"{"challenge":"a","challenge":"b"}"#), 401, MISSING),
        case("msgraph", "")
            .answers(Ask::post("/msgraph?validationToken=a%3A%20b", ""), 200, "a: b")
            .refuses(Ask::post("/msgraph?validationToken=%3Cscript%3E", ""), 401, MISSING)
            .refuses(Ask::post("/msgraph", r#"{"value":[{"clientState":"a fake wrong one"}]}"#), 401, WRONG),
        case("woocommerce", "")
            .answers(form("webhook_id=12"), 200, "")
            .refuses(form("webhook_id=12&id=1"), 401, MISSING)
            .refuses(form("webhook_id=x"), 401, MISSING)
            .refuses(Ask::post("/woocommerce", r#"{"webhook_id":12}"#), 401, MISSING),
    ]
}

/// Those that show or are given a secret of the operator's, and those left to the app.
fn keyed() -> Vec<Case> {
    let meta = |token: &str| {
        Ask::get(&format!("/meta?hub.mode=subscribe&hub.challenge=1158&hub.verify_token={token}"))
    };
    let crc = HEXLOWER.encode(&sha1_mac(CHALLENGE));
    let twin = BASE64.encode(&hmac(SECRET.as_bytes(), b"MmIwNTI4"));
    let braintree = format!("bt_signature=pub%7C{crc}&bt_payload={CHALLENGE}%0A");
    vec![
        case("braintree", ", handshake: {public_id: pub}")
            .answers(Ask::get(&format!("/braintree?bt_challenge={CHALLENGE}")), 200, format!("pub|{crc}"))
            .refuses(Ask::get("/braintree?bt_challenge=PD94bWwgdmVyc2lvbj0iMS4wIj8"), 401, MISSING)
            .refuses(
                Ask::post("/braintree", braintree).field("Content-Type", "application/x-www-form-urlencoded"),
                401,
                WRONG,
            ),
        case("meta", ", handshake: {verify_token: a-fake-verify-token}")
            .answers(meta(TOKEN), 200, "1158")
            .refuses(meta("another"), 401, "secret_wrong"),
        case("x_twitter", "")
            .answers(
                Ask::get("/x_twitter?crc_token=MmIwNTI4"),
                200,
                format!(r#"{{"response_token":"sha256={twin}"}}"#),
            )
            .refuses(Ask::get("/x_twitter?crc_token=%7B%22a%22%3A1%7D"), 401, MISSING)
            .refuses(
                Ask::post("/x_twitter", "MmIwNTI4")
                    .field("X-Twitter-Webhooks-Signature", &format!("sha256={twin}")),
                401,
                WRONG,
            ),
        case("asana", "").refuses(Ask::post("/asana", "{}").field("X-Hook-Secret", "anyone's"), 401, MISSING),
        case("notion", "").refuses(
            Ask::post("/notion", r#"{"verification_token":"anyone's"}"#),
            401,
            MISSING,
        ),
    ]
}

/// Braintree's key is the SHA-1 of the private key.
fn sha1_mac(text: &str) -> Vec<u8> {
    let mut mac = hmac::Hmac::<Sha1>::new_from_slice(&Sha1::digest(SECRET)).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// Those that are signed like any delivery.
fn signed(pair: &Ed25519KeyPair) -> Vec<Case> {
    let now = unix_now();
    let discord = |signed: &str, body: &str| {
        let signature = pair.sign(format!("{now}{signed}").as_bytes());
        Ask::post("/discord", body)
            .field("X-Signature-Timestamp", &now.to_string())
            .field("X-Signature-Ed25519", &HEXLOWER.encode(signature.as_ref()))
    };
    let okta = |key: &str| {
        Ask::get("/okta").field("Authorization", key).field("x-okta-verification-challenge", "q\"1")
    };
    let url = r#"{"type":"url_verification","challenge":"3eZb"}"#;
    let slack = |key: &str| {
        Ask::post("/slack", url)
            .field("X-Slack-Request-Timestamp", &now.to_string())
            .field("X-Slack-Signature", &slack(key, now, url.as_bytes()))
    };
    let twitch = |key: &str| {
        let (body, time) = (r#"{"challenge":"pogchamp"}"#, Wall(now * 1000).rfc3339());
        let mac = hmac(key.as_bytes(), format!("e76c6bd4{time}{body}").as_bytes());
        Ask::post("/twitch", body)
            .field("Twitch-Eventsub-Message-Type", "webhook_callback_verification")
            .field("Twitch-Eventsub-Message-Id", "e76c6bd4")
            .field("Twitch-Eventsub-Message-Timestamp", &time)
            .field("Twitch-Eventsub-Message-Signature", &format!("sha256={}", HEXLOWER.encode(&mac)))
    };
    let intent = r#"{"events":[],"firstEventSequence":0,"lastEventSequence":0,"entropy":"S0m3"}"#;
    let xero = |key: &str| {
        let mac = BASE64.encode(&hmac(key.as_bytes(), intent.as_bytes()));
        Ask::post("/xero", intent).field("x-xero-signature", &mac)
    };
    let zoom = |key: &str, token: &str| {
        let body = format!(r#"{{"event":"endpoint.url_validation","payload":{{"plainToken":{token}}}}}"#);
        let mac = hmac(key.as_bytes(), format!("v0:{now}:{body}").as_bytes());
        Ask::post("/zoom", body)
            .field("x-zm-request-timestamp", &now.to_string())
            .field("x-zm-signature", &format!("v0={}", HEXLOWER.encode(&mac)))
    };
    let encrypted = HEXLOWER.encode(&hmac(SECRET.as_bytes(), b"qgg8vlvZRS6UYooatFL8Aw"));
    let (ping, other) = (r#"{"type":1,"token":"t"}"#, "another secret nobody gave us");
    vec![
        case("discord", "")
            .answers(discord(ping, ping), 200, r#"{"type":1}"#)
            .answers(discord(r#"{"type":0}"#, r#"{"type":0}"#), 204, "")
            .refuses(discord("{}", ping), 401, WRONG)
            .refuses(Ask::post("/discord", ping), 401, MISSING),
        case("okta", "")
            .answers(okta(SECRET), 200, r#"{"verification":"q\"1"}"#)
            .refuses(okta(other), 401, WRONG)
            .refuses(Ask::get("/okta").field("x-okta-verification-challenge", "q1"), 401, MISSING)
            .refuses(Ask::get("/okta").field("Authorization", SECRET), 405, METHOD),
        case("slack", "").answers(slack(SECRET), 200, "3eZb").refuses(slack(other), 401, WRONG).refuses(
            Ask::post("/slack", url),
            401,
            MISSING,
        ),
        case("twitch", "").answers(twitch(SECRET), 200, "pogchamp").refuses(twitch(other), 401, WRONG),
        case("xero", "").answers(xero(SECRET), 200, "").refuses(xero(other), 401, WRONG),
        case("zoom", "")
            .answers(
                zoom(SECRET, "\"qgg8vlvZRS6UYooatFL8Aw\""),
                200,
                format!(r#"{{"plainToken":"qgg8vlvZRS6UYooatFL8Aw","encryptedToken":"{encrypted}"}}"#),
            )
            .refuses(zoom(other, "\"qgg8vlvZRS6UYooatFL8Aw\""), 401, WRONG)
            .refuses(zoom(SECRET, r#""{\"event\":\"x\"}""#), 401, MISSING),
    ]
}

#[test]
fn every_handshake_is_answered_by_the_gate_and_what_is_none_is_refused() {
    let pair = Ed25519KeyPair::generate().unwrap();
    let key = HEXLOWER.encode(pair.public_key().as_ref());
    let cases: Vec<Case> = open().into_iter().chain(keyed()).chain(signed(&pair)).collect();
    let mut known: Vec<&str> = cases.iter().map(|case| case.name).collect();
    let have = presets().iter().map(|preset| preset.name).filter(|name| !handshakes(name).is_empty());
    known.sort_unstable();
    assert_eq!(known, have.collect::<Vec<_>>(), "every preset with a handshake stands here");

    let routes: String = cases.iter().map(|case| case.route(&key)).collect();
    let scene = Scene::set(&format!("routes:\n{routes}"));
    for case in &cases {
        for (ask, status, body) in &case.answers {
            let answer = scene.gate.ask(ask);
            let found = (answer.status, answer.text());
            assert_eq!(found, (*status, body.clone()), "{ask:?}: {}", scene.gate.record(answer.id()).raw);
            assert_eq!(scene.gate.record(answer.id()).result(), "answer", "{ask:?}");
        }
        for (ask, status, reason) in &case.refusals {
            let answer = scene.refuses(ask, *status, reason);
            let is_head = ask.bytes().starts_with(b"HEAD");
            assert_eq!(answer.body.is_empty(), case.name == "xero" || is_head, "{ask:?}: Xero wants no body");
        }
    }
    assert_eq!(scene.origin.count(), 0, "nothing at the app");
}

#[test]
fn an_origin_that_may_send_is_told_so_and_nobody_else() {
    let pair = Ed25519KeyPair::generate().unwrap();
    let cases = open();
    let routes: String =
        cases.iter().map(|case| case.route(&HEXLOWER.encode(pair.public_key().as_ref()))).collect();
    let scene = Scene::set(&format!("routes:\n{routes}"));
    for (name, origin) in [("cloudevents", "events.example"), ("azure_eventgrid", "eventgrid.azure.net")] {
        let ask =
            |origin: &str| Ask::new("OPTIONS", &format!("/{name}")).field("WebHook-Request-Origin", origin);
        assert_eq!(scene.gate.ask(&ask(origin)).one("webhook-allowed-origin"), origin);
        let doubled = ask(origin).field("WebHook-Request-Origin", "evil.example");
        for other in [ask("evil.example"), ask("*"), doubled] {
            let answer = scene.gate.ask(&other);
            assert!(answer.status >= 400 && answer.all("webhook-allowed-origin").is_empty(), "{other:?}");
        }
    }
    assert_eq!(scene.origin.count(), 0);
}

#[test]
fn what_a_provider_provisions_reaches_the_app_only_where_that_is_written() {
    let route = |name: &str| {
        format!(
            "  - {{name: {name}, path: /{name}, methods: [POST], signature: {{provider: {name}, replay: \"off\", \
             secrets: \"{SECRET}\", handshake: forward}}}}\n"
        )
    };
    let scene = Scene::set(&format!("routes:\n{}{}", route("asana"), route("notion")));
    let token = r#"{"verification_token":"secret_fake"}"#;
    assert_eq!(scene.passes(&Ask::post("/notion", token)).body, token.as_bytes());
    let seen = scene.passes(&Ask::post("/asana", "").field("X-Hook-Secret", "fake"));
    assert_eq!(seen.one("x-hook-secret"), "fake");
    for ask in [
        Ask::post("/notion", r#"{"verification_token":"a","event":1}"#),
        Ask::post("/notion", r#"{"verification_token":{"a":1}}"#),
        Ask::post("/notion?x=1", token),
        Ask::post("/asana", r#"{"events":[{}]}"#).field("X-Hook-Secret", "fake"),
    ] {
        scene.refuses(&ask, 401, MISSING);
    }
}
