use http_body::Body;
use http_body_util::BodyExt;

use super::*;
use crate::base::request_id::RequestIds;

fn id() -> RequestId {
    RequestIds::new(1, 2).next_id()
}

async fn body(response: Response<OutBody>) -> String {
    let bytes = response.into_body().collect().await.expect("a fixed body").to_bytes();
    String::from_utf8(bytes.to_vec()).expect("text")
}

fn denied(deny: &Deny, extras: Extras<'_>) -> Response<OutBody> {
    refusal(deny, Asked { id: &id(), method: &Method::GET }, extras)
}

#[tokio::test]
async fn every_reason_and_failure_has_one_text_per_status() {
    let id = id();
    let asked = Asked { id: &id, method: &Method::GET };
    let mut texts = std::collections::BTreeMap::new();
    let refusals = Reason::ALL.iter().map(|reason| refusal(&Deny::new(*reason, 7), asked, Extras::default()));
    let failures = Failure::ALL.into_iter().map(|what| failure(what, asked));
    for response in refusals.chain(failures) {
        let status = response.status().as_u16();
        assert_eq!(response.headers()[REQUEST_ID], id.as_str());
        assert_eq!(response.headers()[CACHE_CONTROL], "no-store");
        let text = body(response).await;
        let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(json["status"], status, "{text}");
        assert_eq!(json["request_id"], id.as_str());
        assert_eq!(json.as_object().map(serde_json::Map::len), Some(3));
        assert_eq!(texts.entry(status).or_insert_with(|| text.clone()), &text);
    }
}

#[tokio::test]
async fn maintenance_speaks_its_own_words() {
    let maintenance = Maintenance::new("Back at \"noon\"\n", 300);
    let extras = Extras { maintenance: Some(&maintenance), ..Extras::default() };
    let response = denied(&Deny::new(Reason::Maintenance, 0), extras);
    assert_eq!(response.status(), 503);
    assert_eq!(response.headers()[RETRY_AFTER], "300");
    assert_eq!(
        body(response).await,
        r#"{"error":"Service is in maintenance mode","status":"maintenance","message":"Back at \"noon\"\n"}"#
    );
}

#[test]
fn a_head_request_gets_the_fields_without_the_body() {
    let response = refusal(
        &Deny::new(Reason::NoRoute, 0),
        Asked { id: &id(), method: &Method::HEAD },
        Extras::default(),
    );
    assert!(response.body().is_end_stream());
    assert_ne!(response.headers()[CONTENT_LENGTH], "0");
}

#[test]
fn a_used_up_limit_tells_what_it_is() {
    let quota = Quota { name: "per-minute".into(), limit: 60, window: 60, remaining: 0, reset: 12 };
    let deny = Deny { quota: Some(quota), ..Deny::new(Reason::RateLimited, 3).retry_after(12) };
    let response = denied(&deny, Extras::default());
    assert_eq!(response.headers()[RETRY_AFTER], "12");
    assert_eq!(response.headers()["ratelimit-policy"], "\"per-minute\";q=60;w=60");
    assert_eq!(response.headers()["ratelimit"], "\"per-minute\";r=0;t=12");
}

#[test]
fn challenge_and_allow_stand_only_where_they_belong() {
    let (bearer, get) = (HeaderValue::from_static("Bearer"), HeaderValue::from_static("GET"));
    let extras = Extras { challenge: Some(&bearer), allow: Some(&get), ..Extras::default() };
    let missing = denied(&Deny::new(Reason::KeyMissing, 0), extras);
    assert_eq!(missing.headers()[WWW_AUTHENTICATE], "Bearer");
    assert!(!missing.headers().contains_key(ALLOW));
    let method = denied(&Deny::new(Reason::MethodNotAllowed, 0), extras);
    assert_eq!(method.headers()[ALLOW], "GET");
    assert!(!method.headers().contains_key(WWW_AUTHENTICATE));
}

#[test]
fn a_duplicate_is_acknowledged_with_an_empty_200() {
    let id = id();
    let response = duplicate(Asked { id: &id, method: &Method::POST });
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["x-sidegate-duplicate"], "1");
    assert_eq!(response.headers()[CONTENT_LENGTH], "0");
    assert!(response.body().is_end_stream());
}

#[test]
fn busy_answers_say_when_to_come_back() {
    let id = id();
    let asked = Asked { id: &id, method: &Method::POST };
    for what in [Failure::UpstreamOverloaded, Failure::BufferFull] {
        assert_eq!(failure(what, asked).headers()[RETRY_AFTER], "1");
    }
    assert!(!failure(Failure::UpstreamConnect, asked).headers().contains_key(RETRY_AFTER));
}

fn greeted(reply: Reply, method: &Method) -> Response<OutBody> {
    handshake(reply, Asked { id: &id(), method })
}

fn reply(status: u16, body: &str) -> Reply {
    Reply {
        status,
        content_type: (!body.is_empty()).then_some("text/plain; charset=utf-8"),
        body: body.into(),
        allowed_origin: None,
    }
}

#[test]
fn an_answered_handshake_is_nothing_a_browser_would_render() {
    let response = greeted(reply(200, "3eZb"), &Method::POST);
    assert_eq!(response.headers()[CONTENT_TYPE], "text/plain; charset=utf-8");
    assert_eq!(response.headers()["x-content-type-options"], "nosniff");
    assert_eq!(response.headers()[CACHE_CONTROL], "no-store");
    assert_eq!(response.headers()[CONTENT_LENGTH], "4");
    let bare = greeted(reply(204, ""), &Method::POST);
    assert!(!bare.headers().contains_key(CONTENT_LENGTH) && !bare.headers().contains_key(CONTENT_TYPE));
    let asked = Reply { allowed_origin: Some("events.example".into()), ..reply(200, "") };
    let allowed = greeted(asked, &Method::OPTIONS);
    assert_eq!(allowed.headers()["webhook-allowed-origin"], "events.example");
    assert_eq!(allowed.headers()[ALLOW], "POST");
}

#[test]
fn a_provider_that_takes_only_silence_gets_a_bare_401() {
    let extras = Extras { told: Told::Nothing, ..Extras::default() };
    let wrong = denied(&Deny::new(Reason::SignatureWrong, 0), extras);
    assert_eq!(
        (wrong.status().as_u16(), &wrong.headers()[CONTENT_LENGTH]),
        (401, &HeaderValue::from_static("0"))
    );
    assert!(!wrong.headers().contains_key(CONTENT_TYPE));
    let other = denied(&Deny::new(Reason::NoRoute, 0), extras);
    assert!(other.headers().contains_key(CONTENT_TYPE), "only the one the provider looks at");
}
