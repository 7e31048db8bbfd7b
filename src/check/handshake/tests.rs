use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue, Request};

use super::*;
use crate::base::name::SecretId;
use crate::config::settings::{Handshakes, Replay, SecretEntry};
use crate::scheme::{Plan, Spec};

const NOW: Wall = Wall(1_790_000_000_000);

fn entry(id: &str, value: &str) -> SecretEntry {
    SecretEntry {
        id: SecretId::parse(id).unwrap(),
        value: Some(Secret::new(value.as_bytes().to_vec())),
        remote: None,
        not_before: None,
        not_after: None,
        line: 0,
    }
}

/// The rule of a provider whose deliveries are signed over the body, base64, in `X-Sig`.
fn rule(provider: &str, handshake: Handshakes) -> HandshakeRule {
    let spec = Spec { sig: vec!["header:X-Sig".into()], enc: "base64".into(), ..Spec::default() };
    let old = SecretEntry { not_after: Some(NOW.0), ..entry("old", "a secret that is over now") };
    let settings = Signature {
        provider: provider.into(),
        plan: Arc::new(Plan::compile(&spec).unwrap()),
        secrets: vec![old, entry("new", "a fake consumer secret")],
        public_url: None,
        replay: Replay::Off,
        handshake,
        line: 7,
    };
    let signature = Arc::new(SignatureRule::from_settings(&settings, "hook"));
    HandshakeRule::from_settings(&settings, &signature).unwrap()
}

fn answering(provider: &str, given: Handshakes) -> HandshakeRule {
    rule(provider, Handshakes { answered: handshake::handshakes(provider).iter().collect(), ..given })
}

fn forwarding(provider: &str) -> HandshakeRule {
    let all = handshake::handshakes(provider).iter().filter(|one| one.can_be_forwarded());
    rule(provider, Handshakes { forwarded: all.collect(), ..Handshakes::default() })
}

fn parts(method: &str, target: &str, lines: &[(&str, &str)]) -> Parts {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        headers.append(name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap());
    }
    let mut parts = Request::builder().method(method).uri(target).body(()).unwrap().into_parts().0;
    parts.headers = headers;
    parts
}

/// What an unsigned request gets: the answer's text, `forward`, or a refusal.
fn met(rule: &HandshakeRule, parts: &Parts, body: &str) -> Result<String, Reason> {
    let hello = rule.begun(parts).ok_or(Reason::SignatureMissing)?;
    match rule.unsigned(hello, parts, (body.as_bytes(), NOW)).map_err(|deny| deny.reason)? {
        Met::Answer(reply) => Ok(reply.body),
        Met::Unsigned => Ok("forward".into()),
        Met::Signed(_) => panic!("nothing was signed"),
    }
}

fn get(target: &str) -> Parts {
    parts("GET", target, &[])
}

#[test]
fn a_challenge_is_signed_with_the_first_secret_that_is_valid_and_is_no_signature_of_a_body() {
    let rule = answering("x_twitter", Handshakes::default());
    let given = met(&rule, &get("/hook?crc_token=MmIw-x"), "").unwrap();
    let spec = Spec { sig: vec!["header:X-Sig".into()], enc: "base64".into(), ..Spec::default() };
    let plan = Plan::compile(&spec).unwrap();
    let key = plan.key(&Secret::new(b"a fake consumer secret".to_vec())).unwrap();
    let mac = plan.mac(&key, b"MmIw-x", handshake::Written::Base64).unwrap();
    assert_eq!(given, format!("{{\"response_token\":\"sha256={mac}\"}}"));
    let identity = Identity::default();
    let posted = parts("POST", "/hook", &[("x-sig", &mac)]);
    let found = rule.signed(&posted, b"MmIw-x", (NOW, &identity)).unwrap_err();
    assert_eq!(found.reason, Reason::SignatureWrong, "what the gate signs for anyone is no delivery");
    assert_eq!(rule.signed(&posted, b"{}", (NOW, &identity)).unwrap(), None);
    let off = super::HandshakeRule { answered: Vec::new(), ..rule };
    assert!(
        off.signed(&posted, b"MmIw-x", (NOW, &identity)).is_err(),
        "nor is it where others answered before"
    );
    for token in ["%7B%7D", "1", "true", ""] {
        assert_eq!(met(&off, &get(&format!("/hook?crc_token={token}")), ""), Err(Reason::SignatureMissing));
    }
}

#[test]
fn a_token_that_must_be_shown_is_compared_and_may_rotate() {
    let tokens = vec![entry("a", "verify token one"), entry("b", "verify token two")];
    let rule = answering("meta", Handshakes { verify_tokens: tokens, ..Handshakes::default() });
    let ask = |token: &str| {
        let target = format!("/hook?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token={token}");
        met(&rule, &get(&target), "")
    };
    assert_eq!(ask("verify+token+one"), Ok("1158201444".into()));
    assert_eq!(ask("verify%20token%20two"), Ok("1158201444".into()));
    for wrong in ["verify+token", "verify+token+three", "verify+token+one+"] {
        assert_eq!(ask(wrong), Err(Reason::SecretWrong), "{wrong}");
    }
    assert_eq!(ask(""), Err(Reason::SignatureMissing));
    let none = answering("meta", Handshakes::default());
    let target = "/hook?hub.mode=subscribe&hub.challenge=1&hub.verify_token=x";
    assert_eq!(met(&none, &get(target), ""), Err(Reason::SecretWrong), "no token is no token that matches");
}

#[test]
fn only_an_origin_that_is_known_is_allowed() {
    let ask = |rule: &HandshakeRule, origin: &str| {
        met(rule, &parts("OPTIONS", "/hook", &[("webhook-request-origin", origin)]), "")
    };
    let own = answering(
        "cloudevents",
        Handshakes { origins: vec!["events.example".into()], ..Handshakes::default() },
    );
    assert_eq!(ask(&own, "Events.Example"), Ok(String::new()));
    assert_eq!(ask(&own, "evil.example"), Err(Reason::SignatureMissing));
    let grid = answering("azure_eventgrid", Handshakes::default());
    assert_eq!(ask(&grid, "eventgrid.azure.net"), Ok(String::new()));
    assert_eq!(ask(&grid, "events.example"), Err(Reason::SignatureMissing));
}

#[test]
fn a_signature_in_the_head_is_judged_and_never_passed_over() {
    let rule = answering("woocommerce", Handshakes::default());
    let ask = |lines: &[(&str, &str)], body: &str| met(&rule, &parts("POST", "/hook", lines), body);
    assert_eq!(ask(&[], "webhook_id=5"), Ok(String::new()));
    assert_eq!(ask(&[], r#"{"id":5}"#), Err(Reason::SignatureMissing));
    assert!(rule.begun(&parts("POST", "/hook", &[("x-sig", "AAAA")])).is_none());
    assert!(rule.begun(&parts("POST", "/hook", &[("x-wc-webhook-signature", "AAAA")])).is_none());
}

#[test]
fn the_app_is_shown_a_whole_handshake_or_nothing() {
    let asana = forwarding("asana");
    let ask = |body: &str| met(&asana, &parts("POST", "/hook", &[("x-hook-secret", "s")]), body);
    assert_eq!(ask("{}"), Ok("forward".into()));
    assert_eq!(ask(r#"{"events":[{"action":"deleted"}]}"#), Err(Reason::SignatureMissing));
    let dropbox = forwarding("dropbox");
    assert_eq!(met(&dropbox, &get("/hook?challenge=a"), ""), Ok("forward".into()));
    assert_eq!(met(&dropbox, &get("/hook?challenge=a&admin=1"), ""), Err(Reason::SignatureMissing));
    assert_eq!(met(&dropbox, &get("/hook?challenge=a"), "x"), Err(Reason::SignatureMissing));
    assert!(!dropbox.may_answer(&get("/hook?challenge=a")), "a method the route does not take stays refused");
    assert!(forwarding("woocommerce").begun(&parts("POST", "/hook", &[])).is_none());
}

#[test]
fn handshakes_that_are_signed_are_none_before_the_signature() {
    for provider in ["slack", "zoom", "twitch", "discord", "xero"] {
        let rule = answering(provider, Handshakes::default());
        let lines = [("twitch-eventsub-message-type", "webhook_callback_verification")];
        assert!(rule.begun(&parts("POST", "/hook", &lines)).is_none(), "{provider}");
    }
    let rule = answering("slack", Handshakes::default());
    let signed =
        |body: &str| rule.signed(&parts("POST", "/hook", &[]), body.as_bytes(), (NOW, &Identity::default()));
    let reply = signed(r#"{"type":"url_verification","challenge":"3eZb"}"#).unwrap().unwrap();
    assert_eq!(reply.body, "3eZb");
    assert_eq!(signed(r#"{"type":"event_callback","challenge":"3eZb"}"#).unwrap(), None);
    let markup = signed(r#"{"type":"url_verification","challenge":"<script>"}"#).unwrap_err();
    assert_eq!(markup.reason, Reason::SignatureMissing);
}
