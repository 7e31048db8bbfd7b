//! Unsigned endpoint challenges of providers, and what an attacker makes of them.

use data_encoding::{BASE64, HEXLOWER};

use super::Scene;
use crate::sign::hmac;
use crate::wire::Ask;

const SECRET: &str = "a fake consumer secret of ours";
const TOKEN: &str = "a fake verify token";

fn config(rest: &str) -> String {
    let route = |name: &str, more: &str| {
        format!(
            "  - {{name: {name}, path: /{name}, methods: [POST], signature: {{provider: {name}, replay: \"off\", secrets: \"{SECRET}\"{more}}}}}\n"
        )
    };
    let token = format!(", handshake: {{verify_token: \"{TOKEN}\"}}");
    let routes = [
        route("x_twitter", ""),
        route("meta", &token),
        route("dropbox", ""),
        route("woocommerce", ""),
        route("xero", ""),
        route("trello", ", public_url: https://hooks.example.com/trello"),
        route("asana", ", handshake: forward"),
    ];
    format!("{rest}routes:\n{}", routes.concat())
}

/// Asks, expects an answer of the gate's own and nothing at the app.
fn answered(scene: &Scene, ask: &Ask) -> crate::wire::Answer {
    let before = scene.origin.count();
    let answer = scene.gate.ask(ask);
    assert_eq!(scene.gate.record(answer.id()).result(), "answer", "{ask:?}");
    assert_eq!(scene.origin.count(), before, "nothing at the app");
    answer
}

#[test]
fn a_challenge_is_signed_and_the_signature_is_worth_nothing_else() {
    let scene = Scene::set(&config(""));
    let token = "MmIwNTI4MTEtYjA5ZQ";
    let answer = answered(&scene, &Ask::get(&format!("/x_twitter?crc_token={token}")));
    let mac = BASE64.encode(&hmac(SECRET.as_bytes(), token.as_bytes()));
    assert_eq!(answer.json()["response_token"], format!("sha256={mac}"));
    let post = |body: &str, mac: &str| {
        Ask::post("/x_twitter", body).field("X-Twitter-Webhooks-Signature", &format!("sha256={mac}"))
    };
    scene.refuses(&post(token, &mac), 401, "signature_wrong");
    for wanted in ["%7B%22a%22%3A1%7D", "1", "true", "null", "1e9", "a%0Ab", "a.b"] {
        scene.refuses(&Ask::get(&format!("/x_twitter?crc_token={wanted}")), 401, "signature_missing");
    }
    let body = r#"{"for_user_id":"1"}"#;
    scene.passes(&post(body, &BASE64.encode(&hmac(SECRET.as_bytes(), body.as_bytes()))));
}

#[test]
fn a_challenge_opens_no_way_to_the_app() {
    let scene = Scene::set(&config(""));
    for ask in [
        Ask::get("/x_twitter"),
        Ask::new("DELETE", "/x_twitter?crc_token=abcdefgh"),
        Ask::get("/dropbox?other=1"),
        Ask::new("HEAD", "/dropbox"),
    ] {
        scene.refuses(&ask, 405, "method_not_allowed");
    }
    for ask in [
        Ask::post("/x_twitter?crc_token=abcdefgh", "{}"),
        Ask::post("/dropbox?challenge=1", "{}"),
        Ask::post("/woocommerce", "{\"id\":1}"),
        Ask::post("/asana", "{\"events\":[{}]}").field("X-Hook-Secret", "s"),
        Ask::post("/asana?x=1", "{}").field("X-Hook-Secret", "s"),
    ] {
        scene.refuses(&ask, 401, "signature_missing");
    }
    let seen = scene.passes(&Ask::post("/asana", "{}").field("X-Hook-Secret", "a secret for the app"));
    assert_eq!(seen.one("x-hook-secret"), "a secret for the app");
}

#[test]
fn an_echo_is_text_and_holds_no_markup() {
    let scene = Scene::set(&config(""));
    let answer = answered(&scene, &Ask::get("/dropbox?challenge=abc%20d"));
    assert_eq!((answer.status, answer.text().as_str()), (200, "abc d"));
    assert_eq!(answer.one("content-type"), "text/plain; charset=utf-8");
    assert_eq!(answer.one("x-content-type-options"), "nosniff");
    for bad in ["%3Cscript%3Ealert(1)%3C/script%3E", "a%0D%0ASet-Cookie:%20x", "", &"a".repeat(4097)] {
        let answer = scene.gate.ask(&Ask::get(&format!("/dropbox?challenge={bad}")));
        assert!(matches!(answer.status, 401 | 405), "{bad}: {}", answer.status);
        assert!(!answer.text().contains("script"));
    }
}

#[test]
fn a_token_is_asked_for_where_there_is_one_and_guessing_is_counted() {
    let scene = Scene::set(&config("limits: {failures: 5}\n"));
    let ask = |token: &str| {
        Ask::get(&format!("/meta?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token={token}"))
    };
    let answer = answered(&scene, &ask("a+fake+verify+token"));
    assert_eq!(answer.text(), "1158201444");
    for _ in 0..5 {
        scene.refuses(&ask("a+wrong+token"), 401, "secret_wrong");
    }
    scene.refuses(&ask("a+fake+verify+token"), 429, "flood");
}

#[test]
fn pings_and_probes_get_what_they_look_for() {
    let scene = Scene::set(&config(""));
    let ping =
        Ask::post("/woocommerce", "webhook_id=12").field("Content-Type", "application/x-www-form-urlencoded");
    assert_eq!(answered(&scene, &ping).body, b"");
    assert_eq!(answered(&scene, &Ask::new("HEAD", "/trello")).status, 200);
    let intent = r#"{"events":[],"firstEventSequence":0,"lastEventSequence":0,"entropy":"S0m3r4Nd0mt3xt"}"#;
    let xero = |key: &str| {
        Ask::post("/xero", intent)
            .field("x-xero-signature", &BASE64.encode(&hmac(key.as_bytes(), intent.as_bytes())))
    };
    let right = answered(&scene, &xero(SECRET));
    assert_eq!((right.status, right.body.as_slice()), (200, b"".as_slice()));
    let wrong = scene.refuses(&xero("another secret of some length"), 401, "signature_wrong");
    assert_eq!(wrong.body, b"", "{}", HEXLOWER.encode(&wrong.body));
}
