use http::HeaderValue;

use super::table::providers;
use super::*;

struct Ask {
    method: &'static str,
    target: String,
    headers: HeaderMap,
    body: String,
}

impl Ask {
    fn new(method: &'static str, target: &str, body: &str) -> Self {
        Self { method, target: target.into(), headers: HeaderMap::new(), body: body.into() }
    }

    fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.append(name, HeaderValue::from_str(value).unwrap());
        self
    }

    fn head(&self) -> SignedHead<'_> {
        SignedHead { method: self.method, path_and_query: &self.target, url: None, headers: &self.headers }
    }

    /// The answer of the handshake that is met, if any.
    fn of(&self, provider: &str) -> Option<Reply> {
        let mac = |text: &[u8], written: Written| {
            Some(format!("MAC({}, {written:?})", String::from_utf8_lossy(text)))
        };
        let own = Own { mac: &mac, public_id: Some("public") };
        let met = handshakes(provider).iter().find(|one| one.is_met(&self.head(), self.body.as_bytes()))?;
        met.reply(&self.head(), self.body.as_bytes(), &own)
    }

    fn text(&self, provider: &str) -> Option<String> {
        self.of(provider).map(|reply| reply.body)
    }
}

fn get(target: &str) -> Ask {
    Ask::new("GET", target, "")
}

fn post(body: &str) -> Ask {
    Ask::new("POST", "/hook", body)
}

#[test]
fn every_provider_gets_the_answer_it_asks_for() {
    let text = |ask: Ask, provider: &str| ask.text(provider).unwrap_or_else(|| panic!("{provider}"));
    let grid = r#"[{"eventType":"Microsoft.EventGrid.SubscriptionValidationEvent","data":{"validationCode":"a\"b"}}]"#;
    for (provider, ask, answer) in [
        ("slack", post(r#"{"type":"url_verification","challenge":"3eZb"}"#), "3eZb"),
        (
            "zoom",
            post(r#"{"event":"endpoint.url_validation","payload":{"plainToken":"qgg8"}}"#),
            r#"{"plainToken":"qgg8","encryptedToken":"MAC(qgg8, Hex)"}"#,
        ),
        ("meta", get("/hook?hub.mode=subscribe&hub.verify_token=t&hub.challenge=1158"), "1158"),
        ("x_twitter", get("/hook?crc_token=MmIw-_"), r#"{"response_token":"sha256=MAC(MmIw-_, Base64)"}"#),
        ("dropbox", get("/hook?challenge=abc"), "abc"),
        ("msgraph", Ask::new("POST", "/hook?validationToken=Validation%3A+ok%20x", ""), "Validation: ok x"),
        (
            "azure_eventgrid",
            post(grid).with("aeg-event-type", "SubscriptionValidation"),
            r#"{"validationResponse":"a\"b"}"#,
        ),
        ("okta", get("/hook").with("x-okta-verification-challenge", "q<1"), r#"{"verification":"q<1"}"#),
        (
            "twitch",
            post(r#"{"challenge":"pog"}"#)
                .with("twitch-eventsub-message-type", "webhook_callback_verification"),
            "pog",
        ),
        ("discord", post(r#"{"type":1,"token":"t"}"#), r#"{"type":1}"#),
        (
            "braintree",
            get("/hook?bt_challenge=20f9f8ed05f77439fe955c977e4c8a53"),
            "public|MAC(20f9f8ed05f77439fe955c977e4c8a53, Hex)",
        ),
        ("monday", post(r#"{"challenge":"c"}"#), r#"{"challenge":"c"}"#),
        ("trello", Ask::new("HEAD", "/hook", ""), ""),
        ("mandrill", Ask::new("HEAD", "/hook", ""), ""),
        ("intercom", Ask::new("HEAD", "/hook", ""), ""),
        ("mailchimp", get("/hook"), ""),
        ("woocommerce", post("webhook_id=12"), ""),
        ("xero", post(r#"{"events":[],"firstEventSequence":0,"lastEventSequence":0,"entropy":"S0"}"#), ""),
    ] {
        assert_eq!(text(ask, provider), answer, "{provider}");
    }
    assert_eq!(post(r#"{"type":0}"#).of("discord").unwrap().status, 204);
    let origin = Ask::new("OPTIONS", "/hook", "").with("webhook-request-origin", "events.example");
    for provider in ["cloudevents", "azure_eventgrid"] {
        assert_eq!(origin.of(provider).unwrap().allowed_origin.as_deref(), Some("events.example"));
    }
}

#[test]
fn what_is_none_is_not_taken_for_one() {
    for (provider, ask) in [
        ("slack", post(r#"{"type":"event_callback","challenge":"3eZb"}"#)),
        ("slack", post(r#"{"type":"url_verification","type":"event_callback","challenge":"3eZb"}"#)),
        ("discord", post(r#"{"type":1,"event":{}}"#)),
        ("meta", get("/hook?hub.mode=subscribe&hub.verify_token=t&hub.challenge=1&hub.challenge=2")),
        ("meta", Ask::new("POST", "/hook?hub.mode=subscribe&hub.verify_token=t&hub.challenge=1", "")),
        ("woocommerce", post("webhook_id=12&x=1")),
        ("woocommerce", post("webhook_id=12a")),
        ("woocommerce", post("webhook_id=")),
        ("woocommerce", post("webhook_id=12").with("x-wc-webhook-signature", "")),
        ("xero", post(r#"{"events":[{}],"firstEventSequence":1,"lastEventSequence":1,"entropy":"S0"}"#)),
        ("okta", get("/hook")),
        ("msgraph", post(r#"{"value":[]}"#)),
        ("azure_eventgrid", post("[]").with("aeg-event-type", "SubscriptionValidation")),
        ("github", get("/hook?challenge=1")),
    ] {
        assert_eq!(ask.of(provider), None, "{provider} {} {}", ask.target, ask.body);
    }
}

#[test]
fn nothing_that_could_be_a_delivery_is_signed() {
    for token in [
        "%7B%22a%22:1%7D",
        "123",
        "1e5",
        "true",
        "null",
        "-1",
        "a.b",
        "a%20b",
        "a%0Ab",
        "v0:1790000000:x",
        "a=b",
        "",
    ] {
        assert_eq!(get(&format!("/hook?crc_token={token}")).of("x_twitter"), None, "{token}");
    }
    assert_eq!(get(&format!("/hook?crc_token={}", "a".repeat(129))).of("x_twitter"), None);
    for token in ["20F9F8ED05F77439FE955C977E4C8A53", "abc", "PG5vdGlmaWNhdGlvbj4", &"a".repeat(33)] {
        assert_eq!(get(&format!("/hook?bt_challenge={token}")).of("braintree"), None, "{token}");
    }
    let zoom = |token: &str| {
        post(&format!(r#"{{"event":"endpoint.url_validation","payload":{{"plainToken":{token}}}}}"#))
            .of("zoom")
    };
    assert_eq!(zoom(r#""v0:1790000000:{}""#), None);
    assert_eq!(zoom("17"), None);
}

#[test]
fn a_body_that_a_handshake_would_have_signed_is_known() {
    let asked = |provider: &str, body: &str| {
        handshakes(provider).iter().any(|one| one.could_be_asked_for(body.as_bytes()))
    };
    assert!(asked("x_twitter", "MmIw-_"));
    assert!(!asked("x_twitter", r#"{"for_user_id":"1"}"#));
    assert!(asked("braintree", "bt_signature=p%7Cs&bt_payload=20f9f8ed05f77439fe955c977e4c8a53%0A"));
    assert!(!asked("braintree", "bt_signature=p%7Cs&bt_payload=PG5vdGlmaWNhdGlvbj4%3D"));
    assert!(!asked("slack", "word"));
}

#[test]
fn echoes_hold_no_markup_and_are_short() {
    for challenge in ["%3Cscript%3E", "a%00", "a%0Ab", ""] {
        assert_eq!(get(&format!("/hook?challenge={challenge}")).of("dropbox"), None, "{challenge}");
    }
    assert!(get(&format!("/hook?challenge={}", "a".repeat(LONGEST_ECHO))).of("dropbox").is_some());
    assert_eq!(get(&format!("/hook?challenge={}", "a".repeat(LONGEST_ECHO + 1))).of("dropbox"), None);
    assert_eq!(
        get("/hook?challenge=a").of("dropbox").unwrap().content_type,
        Some("text/plain; charset=utf-8")
    );
}

#[test]
fn the_app_is_shown_a_handshake_with_nothing_beside_it() {
    let alone = |provider: &str, ask: &Ask| {
        handshakes(provider).iter().any(|one| {
            one.can_be_forwarded()
                && one.is_met(&ask.head(), ask.body.as_bytes())
                && one.is_all(&ask.head(), ask.body.as_bytes())
        })
    };
    let asana = |body: &str| post(body).with("x-hook-secret", "s");
    assert!(alone("asana", &asana("{}")) && alone("asana", &asana("")));
    assert!(!alone("asana", &asana(r#"{"events":[]}"#)));
    assert!(!alone("asana", &asana("").with("x-hook-signature", "")));
    assert!(alone("notion", &post(r#"{"verification_token":"secret_1"}"#)));
    assert!(!alone("notion", &post(r#"{"verification_token":"secret_1","type":"page"}"#)));
    assert!(alone("dropbox", &get("/hook?challenge=a")));
    assert!(!alone("dropbox", &get("/hook?challenge=a&b=c")));
    assert!(!alone("woocommerce", &post("webhook_id=1")), "never");
    assert!(!alone("azure_eventgrid", &post("[]")), "never");
}

#[test]
fn the_table_is_sorted() {
    let names: Vec<&str> = providers().collect();
    assert!(names.windows(2).all(|pair| pair[0] < pair[1]));
    assert_eq!(names.len(), 21);
}
