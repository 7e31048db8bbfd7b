//! What an attacker does who holds signed requests but no secret.

use super::*;

const KEY: &str = "an attacker does not know this";

fn stamped(msg: &str) -> Spec {
    let ts = TsSpec { from: vec!["header:X-Time".into()], ..TsSpec::default() };
    Spec { msg: msg.into(), ts: Some(ts), ..body_scheme() }
}

fn made(spec: &Spec) -> (Plan, Key) {
    let plan = Plan::compile(spec).unwrap_or_else(|found| panic!("{found:?}"));
    let key = plan.key(&secret(KEY)).unwrap();
    (plan, key)
}

#[test]
fn bytes_do_not_move_from_the_id_into_the_time_or_the_body() {
    let spec = Spec { id: Some("header:X-Id".into()), ..stamped("{header:X-Id}.{timestamp}.{body}") };
    let (plan, key) = made(&spec);
    let call = Call::new("1790000000.{\"paid\":false}").signed(&plan, &key, "a");
    assert!(call.judge(&plan, &[&key]).is_ok());
    let mut forged = call.without("x-id").with("x-id", "a.1790000000");
    forged.body = b"{\"paid\":false}".to_vec();
    assert_eq!(
        forged.judge(&plan, &[&key]),
        Err(Refusal::Malformed),
        "the message is the same, the id is refused"
    );
    for id in ["a/b", "a b", "a+b", &"a".repeat(129)] {
        let call =
            Call::new("x").with("x-time", "1790000000").with("x-sig", &"00".repeat(32)).with("x-id", id);
        assert_eq!(call.judge(&plan, &[&key]), Err(Refusal::Malformed), "{id}");
    }
}

#[test]
fn a_free_value_may_not_hold_the_text_that_ends_it() {
    let (plan, key) = made(&Spec { msg: "{header:X-From}|{header:X-To}|{body}".into(), ..body_scheme() });
    let call = Call::new("x").with("X-From", "me").with("X-To", "you").signed(&plan, &key, "");
    assert!(call.judge(&plan, &[&key]).is_ok());
    let mut forged = call.without("x-from").without("x-to").with("x-from", "me|you").with("x-to", "");
    assert_eq!(forged.judge(&plan, &[&key]), Err(Refusal::Malformed));
    forged = forged.without("x-to").with("x-to", "x");
    assert_eq!(forged.judge(&plan, &[&key]), Err(Refusal::Malformed));
}

#[test]
fn twitchs_unseparated_message_cannot_be_cut_elsewhere() {
    let ts = TsSpec { from: vec!["header:X-Time".into()], fmt: "rfc3339".into(), ..TsSpec::default() };
    let spec = Spec {
        msg: "{header:X-Id}{timestamp}{body}".into(),
        id: Some("header:X-Id".into()),
        ts: Some(ts),
        ..body_scheme()
    };
    let (plan, key) = made(&spec);
    let now = at(NOON).rfc3339();
    let whole_seconds = now.replace(".000", "");
    let call =
        Call::new(&format!("{now}evil")).with("X-Time", &whole_seconds).signed(&plan, &key, "e76c6bd4-55c9");
    assert!(call.judge(&plan, &[&key]).is_ok());
    let mut forged = call.without("x-id").with("x-id", &format!("e76c6bd4-55c9{whole_seconds}"));
    forged = forged.without("x-time").with("x-time", &now);
    forged.body = b"evil".to_vec();
    assert_eq!(forged.judge(&plan, &[&key]), Err(Refusal::Malformed));
}

#[test]
fn an_optional_segment_cannot_pass_for_another() {
    let spec = Spec {
        sig: vec!["header:X-Sig".into()],
        split: Some(",".into()),
        field: Some("v1".into()),
        msg: "[id:{query:data.id|lower};][request-id:{header:X-Request-Id};]ts:{timestamp};".into(),
        ts: Some(TsSpec { from: vec!["sig:ts".into()], fmt: "auto".into(), ..TsSpec::default() }),
        id: Some("header:X-Request-Id".into()),
        ..Spec::default()
    };
    let (plan, key) = made(&spec);
    assert!(!plan.is_body_bound() && !plan.reads_body() && plan.is_stamped());
    let call = |target: &str| Call { target: target.into(), ..Call::new("") };
    let signed = call("/hook?data.id=ABC&type=x").signed(&plan, &key, "r-1");
    assert!(signed.judge(&plan, &[&key]).is_ok());
    let same = Call { target: "/hook?data.id=abc".into(), ..signed.clone() };
    assert!(same.judge(&plan, &[&key]).is_ok(), "it is signed in lower case");
    for target in [
        "/hook",
        "/hook?data.id=",
        "/hook?data.id=abd",
        "/hook?data.id=ABC&data.id=ABC",
        "/hook?data_id=x&data.id=ABC",
    ] {
        let forged = Call { target: target.into(), ..signed.clone() };
        assert!(forged.judge(&plan, &[&key]).is_err(), "{target}");
    }
    let inside =
        call("/hook?data.id=1%3Brequest-id:2").without("x-request-id").with("X-Sig", "ts=1790000000,v1=00");
    assert_eq!(inside.judge(&plan, &[&key]), Err(Refusal::Malformed));
    assert!(call("/hook").without("x-request-id").signed(&plan, &key, "r").judge(&plan, &[&key]).is_ok());
}

#[test]
fn an_unsigned_element_beside_a_good_one_refuses_all() {
    let (plan, key) =
        made(&Spec { kind: "token".into(), sig: vec!["json:value.*.clientState".into()], ..Spec::default() });
    let other = plan.key(&secret("the old one")).unwrap();
    let judge = |body: &str| Call::new(body).judge(&plan, &[&key, &other]).map(|verified| verified.key);
    let good = format!(r#"{{"clientState":"{KEY}"}}"#);
    assert_eq!(judge(&format!(r#"{{"value":[{good},{good}]}}"#)), Ok(0));
    let old = r#"{"clientState":"the old one"}"#;
    assert_eq!(judge(&format!(r#"{{"value":[{good},{old}]}}"#)), Ok(1), "the weakest of the keys is told");
    for (element, refusal) in [
        (r#"{"clientState":"x"}"#, Refusal::Wrong),
        (r#"{"clientState":""}"#, Refusal::Malformed),
        (r#"{"clientState":null}"#, Refusal::BodyShape),
        ("{}", Refusal::BodyShape),
        (r#""text""#, Refusal::BodyShape),
    ] {
        assert_eq!(judge(&format!(r#"{{"value":[{good},{element}]}}"#)), Err(refusal), "{element}");
    }
    assert_eq!(judge(r#"{"value":[]}"#), Err(Refusal::Missing));
    assert_eq!(judge("{}"), Err(Refusal::Missing));
    let many = vec![good; MOST_CANDIDATES + 1].join(",");
    assert_eq!(judge(&format!(r#"{{"value":[{many}]}}"#)), Err(Refusal::BodyShape));
}

#[test]
fn a_body_that_two_parsers_read_differently_is_refused() {
    let spec = Spec {
        sig: vec!["json:s".into()],
        msg: "{json:t}{json:token}".into(),
        ts: Some(TsSpec { from: vec!["json:t".into()], ..TsSpec::default() }),
        id: Some("json:token".into()),
        ..Spec::default()
    };
    let (plan, key) = made(&spec);
    let header = Plan::compile(&Spec { sig: vec!["header:X-Sig".into()], ..spec.clone() }).unwrap();
    let unsigned = Call::new(r#"{"t":1790000000,"token":"abc"}"#).signed(&header, &key, "");
    let sig = unsigned.headers["x-sig"].to_str().unwrap();
    let judge = |body: String| Call::new(&body).judge(&plan, &[&key]);
    let ids = judge(format!(r#"{{"s":"{sig}","t":1790000000,"token":"abc"}}"#)).unwrap();
    assert!(ids.replay_id.is_some());
    for body in [
        format!(r#"{{"s":"{sig}","t":1790000000,"token":"abc","token":"evil"}}"#),
        format!(r#"{{"s":"{sig}","t":1790000000,"token":"abc","Token":"evil"}}"#),
        format!(r#"{{"s":"{sig}","t":1790000000,"tok\u0065n":"abc","token":"evil"}}"#),
        format!(r#"{{"s":"{sig}","t":1790000000,"to\u212Aen":"evil","token":"abc"}}"#),
        format!(r#"{{"s":"{sig}","t":1790000000,"token":"abc"}} {{}}"#),
        format!(r#"{{"s":"{sig}","t":1790000000,"token":["abc"]}}"#),
        format!(r#"{{"s":"{sig}","t":1790000000}}"#),
        format!(r#"{{"s":"{sig}","t":1790000000,"token":"abc",}}"#),
    ] {
        assert_eq!(judge(body.clone()), Err(Refusal::BodyShape), "{body}");
    }
    assert_eq!(
        judge(format!(r#"{{"s":"{sig}","t":1790000000.0,"token":"abc"}}"#)),
        Err(Refusal::TimestampMalformed)
    );
    assert_eq!(
        judge(format!(r#"{{"s":"{sig}","t":1780000000,"token":"abc"}}"#)),
        Err(Refusal::Stale { by_s: 9_999_700 })
    );
    assert_eq!(judge(r#"{"t":1790000000,"token":"abc"}"#.into()), Err(Refusal::Missing));
}

#[test]
fn a_form_that_two_parsers_read_differently_is_refused() {
    let (plan, key) = made(&Spec { msg: "{form:payload}".into(), ..body_scheme() });
    let call = Call::new("payload=%7B%22a%22%3A1%7D&x=1").signed(&plan, &key, "");
    assert!(call.judge(&plan, &[&key]).is_ok());
    assert!(!plan.is_body_bound(), "other fields are free");
    for body in [
        "payload=%7B%22a%22%3A1%7D&payload=evil",
        "payload=evil&payload=%7B%22a%22%3A1%7D",
        "x=1;payload=evil&payload=%7B%22a%22%3A1%7D",
        "payload=%7B%22a%22%3A1%7D&payload[]=evil",
        "payload=%7B%22a%22%3A1%7D&+payload=evil",
        "payload=%7B%22a%22%3A1%7D&payload%00x=evil",
        "payload=%7B%22a%22%3A1%7D&PAYLOAD=evil",
        "payload=%7B%22a%22%3A1%7D&x=%zz",
        "x=1",
        "",
    ] {
        let forged = Call { body: body.as_bytes().to_vec(), ..call.clone() };
        assert_eq!(forged.judge(&plan, &[&key]), Err(Refusal::BodyShape), "{body}");
    }
}

#[test]
fn a_pinned_version_is_required_once_and_exactly() {
    let pinned = Spec { require: vec![("header:X-Version".into(), "1".into())], ..body_scheme() };
    let (plan, key) = made(&pinned);
    let call = Call::new("x").signed(&plan, &key, "");
    assert!(call.judge(&plan, &[&key]).is_ok());
    assert_eq!(call.clone().without("x-version").judge(&plan, &[&key]), Err(Refusal::Missing));
    assert_eq!(call.clone().doubled("x-version").judge(&plan, &[&key]), Err(Refusal::Malformed));
    for other in ["2", "1 ", "01", "1,2"] {
        let call = call.clone().without("x-version").with("x-version", other);
        assert_eq!(call.judge(&plan, &[&key]), Err(Refusal::Malformed), "{other}");
    }
    let in_body = Spec { require: vec![("json:version".into(), "1".into())], ..body_scheme() };
    let (plan, key) = made(&in_body);
    for (body, expected) in [
        ("{\"version\":1}", Ok(0)),
        ("{\"version\":2}", Err(Refusal::BodyShape)),
        ("{}", Err(Refusal::BodyShape)),
    ] {
        let call = Call::new(body).signed(&plan, &key, "");
        assert_eq!(call.judge(&plan, &[&key]).map(|verified| verified.key), expected, "{body}");
    }
}

#[test]
fn unknown_versions_beside_the_signature_are_ignored() {
    let (plan, key) = made(&Spec { split: Some(",".into()), field: Some("v1".into()), ..body_scheme() });
    let call = Call::new("x").signed(&plan, &key, "");
    let good = call.headers["x-sig"].to_str().unwrap().to_owned();
    let judge =
        |value: &str| call.clone().without("x-sig").with("x-sig", value).judge(&plan, &[&key]).map(|v| v.key);
    assert_eq!(judge(&format!("v0=zz, {good} ,v2=,,v1=,=,v1")), Ok(0));
    assert_eq!(judge(&good.replace("v1=", "v0=")), Err(Refusal::Missing));
    assert_eq!(judge("v1="), Err(Refusal::Missing));
    assert_eq!(judge("v1=00"), Err(Refusal::Malformed));
}

#[test]
fn numbered_headers_are_candidates_and_their_neighbours_are_not() {
    let (plan, key) = made(&Spec { sig: vec!["header:X-Sig-*".into()], ..Spec::default() });
    let call = Call::new("x").signed(&plan, &key, "");
    let good = call.headers["x-sig-1"].to_str().unwrap().to_owned();
    for name in ["x-sig-7", "x-sig-100"] {
        assert!(Call::new("x").with(name, &good).judge(&plan, &[&key]).is_ok(), "{name}");
        assert!(plan.reads_header(&name.parse().unwrap()));
    }
    for name in ["x-sig-", "x-sig", "x-sig-a", "x-sig-01", "x-sig-1-1", "x-sig-1000", "y-x-sig-1"] {
        assert_eq!(Call::new("x").with(name, &good).judge(&plan, &[&key]), Err(Refusal::Missing), "{name}");
        assert!(!plan.reads_header(&name.parse().unwrap()), "{name}");
    }
}

#[test]
fn a_url_that_is_needed_and_not_known_refuses() {
    let (plan, key) = made(&Spec { msg: "{body}{url}".into(), ..body_scheme() });
    assert!(plan.needs_url() && plan.is_body_bound() && !plan.is_stamped());
    let call = Call::new("x").signed(&plan, &key, "");
    assert!(call.judge(&plan, &[&key]).is_ok());
    assert_eq!(Call { url: None, ..call.clone() }.judge(&plan, &[&key]), Err(Refusal::Missing));
    let elsewhere = Call { url: Some("https://other.example.com/hook".into()), ..call };
    assert_eq!(elsewhere.judge(&plan, &[&key]), Err(Refusal::Wrong));
}

#[test]
fn bytes_do_not_move_between_the_query_and_the_body() {
    let (plan, key) = made(&Spec { msg: "{method}{url}{body}".into(), ..body_scheme() });
    let call = |url: &str, body: &str| Call { url: Some(url.into()), ..Call::new(body) };
    let signed = call("https://h/hook?a=1", "[{\"id\":1}]").signed(&plan, &key, "");
    assert!(signed.judge(&plan, &[&key]).is_ok());
    for (url, body) in [
        ("https://h/hook?a=1[{\"id\":", "1}]"),
        ("https://h/hook?a=1[", "{\"id\":1}]"),
        ("https://h/hook?a=", "1[{\"id\":1}]"),
        ("https://h/hook", "?a=1[{\"id\":1}]"),
    ] {
        let forged = Call { headers: signed.headers.clone(), ..call(url, body) };
        assert!(
            matches!(forged.judge(&plan, &[&key]), Err(Refusal::Malformed | Refusal::BodyShape)),
            "{url} {body}"
        );
    }
    let (plan, key) = made(&Spec { msg: "{body}{url}".into(), ..body_scheme() });
    let signed = call("https://h/hook?next=https://h/hook", "{}").signed(&plan, &key, "");
    assert!(signed.judge(&plan, &[&key]).is_ok());
    let forged = Call { headers: signed.headers, ..call("https://h/hook", "{}https://h/hook?next=") };
    assert_eq!(forged.judge(&plan, &[&key]), Err(Refusal::BodyShape));
}

#[test]
fn the_secret_inside_the_message_is_that_of_each_key() {
    let (plan, key) = made(&Spec { msg: "{secret}{body}".into(), ..body_scheme() });
    let other = plan.key(&secret("another")).unwrap();
    let call = Call::new("x").signed(&plan, &key, "");
    assert_eq!(call.judge(&plan, &[&other, &key]).unwrap().key, 1);
    assert_eq!(call.judge(&plan, &[&other]), Err(Refusal::Wrong));
}
