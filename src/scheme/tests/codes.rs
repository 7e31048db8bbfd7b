//! The schemes below `code/`, whole: what the providers' own libraries signed is accepted, and what was altered, added
//! or left out of it is not. Where no other source is named, the library's name and version stand beside the value.

mod http;

use super::*;

/// A scheme and a request it accepts.
struct Case {
    plan: Plan,
    key: Key,
    call: Call,
}

impl Case {
    fn new(spec: Spec, secret_text: &str, call: Call) -> Self {
        let plan = Plan::compile(&spec).unwrap();
        let key = plan.key(&secret(secret_text)).unwrap();
        let case = Self { plan, key, call };
        assert_eq!(case.of(&case.call), Ok(0), "the request as it is");
        let other = case.plan.key(&secret("another secret, long enough")).unwrap();
        assert_eq!(case.call.judge(&case.plan, &[&other]), Err(Refusal::Wrong));
        assert_eq!(case.call.judge(&case.plan, &[&other, &case.key]).unwrap().key, 1);
        case
    }

    fn of(&self, call: &Call) -> Result<usize, Refusal> {
        call.judge(&self.plan, &[&self.key]).map(|verified| verified.key)
    }

    fn refuses(&self, change: impl Fn(Call) -> Call) -> Refusal {
        self.of(&change(self.call.clone())).unwrap_err()
    }

    /// Absent, empty, doubled or altered, a header that counts is refused.
    fn needs_header(&self, name: &str) {
        self.needs_signature(name);
        self.refuses(|call| call.doubled(name));
    }

    /// The same but for doubling: every line of a signature is a candidate.
    fn needs_signature(&self, name: &str) {
        self.refuses(|call| call.without(name));
        self.refuses(|call| call.without(name).with(name, ""));
        self.refuses(|call| call.altered(name));
    }

    fn needs_body(&self) {
        for change in ["", " ", "x=1", "&x=1"] {
            let longer = |mut call: Call| {
                if change.is_empty() {
                    call.body.clear()
                } else {
                    call.body.extend(change.bytes())
                }
                call
            };
            self.refuses(longer);
        }
    }
}

fn code(name: &str) -> Spec {
    Spec { code: Some(name.into()), ..Spec::default() }
}

fn in_header(name: &str, spec: Spec) -> Spec {
    Spec { sig: vec![format!("header:{name}")], ..spec }
}

fn stamped(from: &str, fmt: &str, spec: Spec) -> Spec {
    Spec { ts: Some(TsSpec { from: vec![from.into()], fmt: fmt.into(), ..TsSpec::default() }), ..spec }
}

fn form(body: &str) -> Call {
    Call::new(body).with("content-type", "application/x-www-form-urlencoded")
}

fn at_url(url: &str, call: Call) -> Call {
    let path = url.splitn(4, '/').nth(3).unwrap();
    Call { url: Some(url.into()), target: format!("/{path}"), ..call }
}

fn twilio(hash: &str) -> Spec {
    Spec { hash: hash.into(), enc: "base64".into(), ..in_header("X-Twilio-Signature", code("twilio")) }
}

const TWILIO_URL: &str = "https://mycompany.com/myapp.php?foo=1&bar=2";

#[test]
fn twilio_signs_the_url_and_the_form() {
    // Published in the tests of twilio-python.
    let body =
        "CallSid=CA1234567890ABCDE&Digits=1234&From=%2B14158675309&To=%2B18005551212&Caller=%2B14158675309";
    let call = at_url(TWILIO_URL, form(body)).with("X-Twilio-Signature", "RSOYDt4T1cUTdK1PDd93/VVr8B8=");
    let case = Case::new(twilio("sha1"), "12345", call);
    case.needs_signature("X-Twilio-Signature");
    case.needs_body();
    assert_eq!(case.refuses(|call| call.without("content-type")), Refusal::BodyShape);
    case.refuses(|call| Call { url: Some(TWILIO_URL.replace("bar=2", "bar=3")), ..call });
    case.refuses(|call| Call { url: None, ..call });
    let named = case.call.clone().with("X-Twilio-Webhooks-Signature-Settings", "key=k,algorithm=HMAC_SHA1");
    assert_eq!(case.of(&named), Ok(0));
    let other = case.call.clone().with("X-Twilio-Webhooks-Signature-Settings", "algorithm=HMAC_SHA256");
    assert_eq!(case.of(&other), Err(Refusal::Malformed), "a request does not choose the algorithm");
}

#[test]
fn twilio_signs_urls_with_a_port_it_was_not_given() {
    // twilio 9.13.0
    let call = at_url(TWILIO_URL, form("Digits=1234&CallSid=CA1"));
    let with_port = call.clone().with("X-Twilio-Signature", "IAcqeiZHOD8VXaG3CM0UGJ8JP28=");
    let case = Case::new(twilio("sha1"), "12345", with_port.clone());
    let written = Call { url: Some(TWILIO_URL.replace(".com", ".com:443")), ..with_port };
    assert_eq!(case.of(&written), Ok(0));
    assert_eq!(
        written.judge(&case.plan, &[&case.key]).unwrap().replay_id,
        case.call.judge(&case.plan, &[&case.key]).unwrap().replay_id,
        "one message, however it is spelled"
    );
}

#[test]
fn twilio_signs_other_bodies_by_their_hash_in_the_url() {
    // Published in the tests of twilio-python.
    let hash = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620";
    let call = at_url(
        &format!("{TWILIO_URL}&bodySHA256={hash}"),
        Call::new(r#"{"property": "value", "boolean": true}"#),
    )
    .with("content-type", "application/json")
    .with("X-Twilio-Signature", "a9nBmqA0ju/hNViExpshrM61xv4=");
    let case = Case::new(twilio("sha1"), "12345", call);
    case.needs_body();
    case.refuses(|call| at_url(&format!("{TWILIO_URL}&bodySHA256="), call));
    let as_form = |call: Call| Call { body: Vec::new(), ..call.without("content-type") };
    case.refuses(|call| as_form(call).with("content-type", "application/x-www-form-urlencoded"));
    // twilio 9.13.0: without a body the URL alone is signed.
    let get = at_url(TWILIO_URL, Call { method: "GET".into(), ..Call::new("") })
        .with("X-Twilio-Signature", "zYQTYrRWXE7LtzbG4PfP7/bkkGo=");
    let case = Case::new(twilio("sha1"), "12345", get);
    assert_eq!(case.refuses(|call| Call { body: b"{}".to_vec(), ..call }), Refusal::BodyShape);
}

#[test]
fn twilio_signs_with_a_shared_key_only_where_the_scheme_says_so() {
    // twilio 9.13.0
    let call = at_url(TWILIO_URL, form("Digits=1234&CallSid=CA1"))
        .with("X-Twilio-Signature", "uTpKYHj3h2dzjo4G4IA/NogBKnnJyFwcTCuBhc0E43s=")
        .with("X-Twilio-Webhooks-Signature-Settings", "key=webhooks_sharedkey_1,algorithm=HMAC_SHA256");
    let case = Case::new(twilio("sha256"), "12345", call);
    case.needs_signature("X-Twilio-Signature");
    assert_eq!(case.refuses(|call| call.without("X-Twilio-Webhooks-Signature-Settings")), Refusal::Malformed);
    case.refuses(|call| call.doubled("X-Twilio-Webhooks-Signature-Settings"));
}

#[test]
fn plivo_signs_url_query_form_and_nonce() {
    let spec = || Spec {
        enc: "base64".into(),
        split: Some(",".into()),
        ..in_header("X-Plivo-Signature-V3", code("plivo_v3"))
    };
    let nonce = |call: Call| call.with("X-Plivo-Signature-V3-Nonce", "12345678901234567890");
    let url = "https://hooks.example.com/answer";
    // plivo 4.63.0
    for (call, signature) in [
        (
            at_url(&format!("{url}?b=2&a=1"), form("From=%2B1+415&CallUUID=97ceeb52")),
            "8BI8lgt36vrhf/+uTtclZOIy+2L/vbUwQ8pk8VJg/dk=",
        ),
        (
            at_url(url, form("From=%2B1+415&CallUUID=97ceeb52")),
            "m4UrETmRhfW0ZZGiVTG0OHlWn/4d3RaZMBtANNlVrj8=",
        ),
        (at_url(&format!("{url}?b=2&a=1"), form("")), "YKQHjIb2fiY+ug6c0miVnK9Nt/UEpu2fMH//vmjuPF4="),
    ] {
        let call = nonce(call).with("X-Plivo-Signature-V3", &format!("AAAA,{signature}"));
        let case = Case::new(spec(), "my_auth_token", call);
        case.needs_header("X-Plivo-Signature-V3-Nonce");
        case.refuses(|mut call| {
            call.body.extend(b"&x=1");
            call
        });
        case.refuses(|call| Call { method: "PUT".into(), ..call });
        case.refuses(|call| Call { url: call.url.map(|url| url.replace("answer", "answes")), ..call });
        case.refuses(|call| call.altered("X-Plivo-Signature-V3"));
    }
    let get = Call { method: "GET".into(), ..Call::new("") };
    let get = nonce(at_url(&format!("{url}?b=2&a=1%20x"), get))
        .with("X-Plivo-Signature-V3", "AVGyjKYRz+1lJh/SexyuYkpL6An4UmHMj+tdOf1Nbkc=");
    let case = Case::new(spec(), "my_auth_token", get);
    assert_eq!(case.refuses(|call| Call { body: b"a=1".to_vec(), ..call }), Refusal::BodyShape);
    case.refuses(|call| call.without("X-Plivo-Signature-V3-Nonce").with("X-Plivo-Signature-V3-Nonce", "1.2"));
}

#[test]
fn braintree_signs_a_payload_whichever_key_id_stands_beside_it() {
    // braintree 4.48.0, util/crypto.py
    let signature = "8ce6d4f5ee5815fe892664b3271815fddf6709f4";
    let body = |pairs: &str| format!("bt_signature={pairs}&bt_payload=PG5vdGlmaWNhdGlvbj4%3D%0A");
    let spec = Spec {
        hash: "sha1".into(),
        key: KeySpec { derive: "sha1".into(), ..KeySpec::default() },
        ..code("braintree")
    };
    let good = body(&format!("other%7C{}%26public_id%7C{signature}", "0".repeat(40)));
    let case = Case::new(spec, "integration_private_key", form(&good));
    let with = |body: String| case.of(&form(&body));
    assert_eq!(with(good.replace("%0A", "")), Ok(0));
    let id = |body: &str| form(body).judge(&case.plan, &[&case.key]).unwrap().replay_id;
    assert_eq!(id(&good), id(&good.replace("%0A", "")), "the line end makes no other message");
    assert_eq!(with(good.replace("PG5v", "PG5w")), Err(Refusal::Wrong));
    assert_eq!(with(good.replace("8ce6", "8ce7")), Err(Refusal::Wrong));
    for bad in [
        good.replace("PG5v", "PG5v%3C"),
        format!("{good}&x=1"),
        format!("{good}&bt_payload=PG5v"),
        good.replace("bt_payload", "BT_PAYLOAD"),
        String::new(),
    ] {
        assert_eq!(with(bad.clone()), Err(Refusal::BodyShape), "{bad}");
    }
    assert_eq!(with(body("public_id")), Err(Refusal::Missing));
    assert_eq!(with(body(&"id%7Caa%26".repeat(17))), Err(Refusal::Malformed));
    assert_eq!(case.refuses(|call| call.without("content-type")), Refusal::Malformed);
}

#[test]
fn contentful_signs_what_a_signed_list_names() {
    // @contentful/node-apps-toolkit 3.16.1
    let spec = stamped(
        "header:x-contentful-timestamp",
        "unix_ms",
        in_header("x-contentful-signature", code("contentful")),
    );
    let call = Call { target: "/hook/a%20b?x=1&y=2".into(), ..Call::new(r#"{"a":1}"#) }
        .with("content-type", "application/json; charset=utf-8")
        .with("x-contentful-topic", "ContentManagement.Entry.publish")
        .with("x-contentful-timestamp", "1790000000000")
        .with(
            "x-contentful-signed-headers",
            "content-type,x-contentful-signed-headers,x-contentful-timestamp,x-contentful-topic",
        )
        .with("x-contentful-signature", "295e62aea22ab9f44a67222f57a5a9a19d583d703a4afe2137ce56457d8f858a");
    let case = Case::new(spec, &"0123456789abcdef".repeat(4), call);
    for name in ["x-contentful-topic", "x-contentful-signed-headers", "x-contentful-timestamp"] {
        case.needs_header(name);
    }
    case.needs_signature("x-contentful-signature");
    case.needs_body();
    case.refuses(|call| Call { target: "/hook/a%20b?x=1&y=3".into(), ..call });
    case.refuses(|call| Call { target: "/hook/a%20b?x=1&y=2?z".into(), ..call });
    case.refuses(|call| Call { method: "PUT".into(), ..call });
    case.refuses(|call| call.with("connection", "close, X-Contentful-Topic"));
    assert!(matches!(case.refuses(|call| Call { now: at(NOON + 301), ..call }), Refusal::Stale { .. }));
    assert!(matches!(case.refuses(|call| Call { now: at(NOON - 61), ..call }), Refusal::Future { .. }));
    let list = |list: &str| {
        let list = list.to_owned();
        case.refuses(move |call| {
            call.without("x-contentful-signed-headers").with("x-contentful-signed-headers", &list)
        })
    };
    assert_eq!(list("x-contentful-signed-headers"), Refusal::Missing);
    assert_eq!(list("x-contentful-signed-headers,x-contentful-timestamp,Host"), Refusal::Malformed);
    assert_eq!(list("host,host,x-contentful-signed-headers,x-contentful-timestamp"), Refusal::Malformed);
}

#[test]
fn dropbox_sign_signs_time_and_type_wherever_the_json_stands() {
    let plan = Plan::compile(&code("dropbox_sign")).unwrap();
    let key = plan.key(&secret("an api key, long enough")).unwrap();
    let hash = signed_by_hand(&key, b"1790000000signature_request_sent");
    let json = format!(
        r#"{{"event":{{"event_time":"1790000000","event_type":"signature_request_sent","event_hash":"{hash}"}}}}"#
    );
    let multipart = |json: &str| {
        Call::new(&format!(
            "--b1\r\nContent-Disposition: form-data; name=\"json\"\r\n\r\n{json}\r\n--b1--\r\n"
        ))
        .with("content-type", "multipart/form-data; boundary=b1")
    };
    let raw = |json: &str| Call::new(json).with("content-type", "application/json");
    let judge = |call: Call| call.judge(&plan, &[&key]).map(|verified| verified.key);
    assert_eq!(judge(multipart(&json)), Ok(0));
    assert_eq!(judge(raw(&json)), Ok(0));
    assert_eq!(judge(multipart(&json).without("content-type")), Err(Refusal::Missing));
    for (from, to, refusal) in [
        ("1790000000", "1790000001", Refusal::Wrong),
        ("_sent", "_signed", Refusal::Wrong),
        ("\"1790000000\",\"event_type\":\"", "\"179000000\",\"event_type\":\"0", Refusal::BodyShape),
        ("event_hash", "event_has", Refusal::BodyShape),
        ("{\"event_time\"", "{\"event_time\":\"1790000000\",\"event_time\"", Refusal::BodyShape),
    ] {
        assert_eq!(judge(raw(&json.replace(from, to))), Err(refusal), "{to}");
        assert_eq!(judge(multipart(&json.replace(from, to))), Err(refusal), "{to}");
    }
}

/// The signature of `message`, by the engine's own HMAC, for schemes without a published vector.
fn signed_by_hand(key: &Key, message: &[u8]) -> String {
    let mut lane = super::super::key::Lane::new(key);
    lane.put(message);
    super::super::encoding::Encoding::Hex.encode(&lane.finish().made().unwrap())
}

#[test]
fn vonage_signs_sorted_parameters() {
    // vonage-http-client 1.5.2
    let body =
        "to=447700900000&msisdn=447700900001&text=a%26b%3Dc+d&messageId=0A00&timestamp=1790000000&nonce=n-1";
    let signed = format!("{body}&sig=b3212ff5f503c52662d8568263f41c0feb2b6b8b512601235a1dd8fbcd4081df");
    let spec = |from: &str| {
        let spec = stamped(&format!("{from}:timestamp"), "unix", code("vonage_sig"));
        Spec { sig: vec![format!("{from}:sig")], ..spec }
    };
    let case = Case::new(spec("form"), "0123456789abcdef", form(&signed));
    let with = |body: &str| case.of(&form(body));
    assert_eq!(with(&signed.to_uppercase().replace("SIG=", "sig=")).unwrap_err(), Refusal::BodyShape);
    assert_eq!(with(body), Err(Refusal::Missing));
    assert_eq!(with(&signed.replace("0A00", "0A01")), Err(Refusal::Wrong));
    assert_eq!(with(&format!("{signed}&x=1")), Err(Refusal::Wrong));
    assert_eq!(with(&format!("{signed}&to=1")), Err(Refusal::BodyShape));
    assert_eq!(with(&signed.replace("&nonce=n-1", "&nonce=n-1&a%26b=1")), Err(Refusal::BodyShape));
    assert!(matches!(case.refuses(|call| Call { now: at(NOON + 301), ..call }), Refusal::Stale { .. }));
    let get = Call { method: "GET".into(), target: format!("/hook?{signed}"), ..Call::new("") };
    let case = Case::new(spec("query"), "0123456789abcdef", get);
    assert_eq!(case.refuses(|call| Call { body: b"x".to_vec(), ..call }), Refusal::BodyShape);
    case.refuses(|call| Call { target: call.target.replace("0A00", "0A01"), ..call });
}

#[test]
fn options_a_code_does_not_know_are_problems() {
    for name in
        ["twilio", "plivo_v3", "braintree", "contentful", "dropbox_sign", "vonage_sig", "cavage", "aws_sigv4"]
    {
        let spec =
            Spec { options: vec![("nonsense".into(), vec!["x".into()])], ..in_header("x-sig", code(name)) };
        let found = Plan::compile(&spec).unwrap_err();
        assert!(found.iter().any(|problem| problem.field == "options"), "{name}: {found:?}");
    }
}

#[test]
fn every_preset_of_a_code_compiles() {
    let mut count = 0;
    for preset in presets() {
        for named in preset.schemes {
            let mut spec = preset.specs(Some(named.name)).unwrap().remove(0);
            spec.give_examples();
            if spec.code.is_some() {
                assert!(Plan::compile(&spec).is_ok(), "{}", spec.name);
                count += 1;
            }
        }
    }
    assert!(count >= 11, "{count}");
}

#[test]
fn the_handshakes_are_those_of_presets() {
    for name in [
        "asana",
        "braintree",
        "dropbox",
        "meta",
        "slack",
        "trello",
        "woocommerce",
        "x_twitter",
        "xero",
        "zoom",
    ] {
        assert!(preset(name).is_some() && !handshake::handshakes(name).is_empty(), "{name}");
    }
}
