//! Kinds, keys and forms of messages beside the plain MAC over a body.

use std::io::Write;

use super::*;

fn made(spec: &Spec, text: &str) -> (Plan, Key) {
    let plan = Plan::compile(spec).unwrap_or_else(|found| panic!("{found:?}"));
    let key = plan.key(&secret(text)).unwrap();
    (plan, key)
}

fn key_of(call: &Call, plan: &Plan, keys: &[&Key]) -> Result<usize, Refusal> {
    call.judge(plan, keys).map(|verified| verified.key)
}

#[test]
fn a_digest_cannot_be_extended() {
    let spec = Spec { kind: "digest".into(), msg: "{secret}{method}{url}{body}".into(), ..body_scheme() };
    let (plan, key) = made(&spec, "thirty-one bytes of a secret.");
    let call = Call::new("{\"a\":1}").signed(&plan, &key, "");
    assert_eq!(key_of(&call, &plan, &[&key]), Ok(0));
    assert!(plan.is_digest() && plan.is_body_bound());
    let mut extended = call.clone();
    extended.body.extend_from_slice(b"\x80\0\0\0\0\0\0\x01\0, \"evil\": 1");
    assert_eq!(extended.judge(&plan, &[&key]), Err(Refusal::BodyShape), "padding holds a NUL, text does not");
    let other = plan.key(&secret("another secret, as long as that")).unwrap();
    assert_eq!(key_of(&call, &plan, &[&other]), Err(Refusal::Wrong));
    assert_eq!(key_of(&call, &plan, &[&other, &key]), Ok(1));
}

#[test]
fn basic_credentials_are_compared_whole() {
    let (plan, key) = made(&Spec { kind: "basic".into(), ..Spec::default() }, "user:pass:word");
    assert!(!plan.signs_message() && !plan.reads_body());
    let judge = |value: &str| key_of(&Call::new("x").with("authorization", value), &plan, &[&key]);
    let of = |text: &str| data_encoding::BASE64.encode(text.as_bytes());
    assert_eq!(judge(&format!("Basic {}", of("user:pass:word"))), Ok(0));
    assert_eq!(judge(&format!("bAsIc {}", of("user:pass:word"))), Ok(0), "RFC 7617: in any case");
    for text in ["user:pass", "user:pass:word ", "User:pass:word", ":", "user:"] {
        assert_eq!(judge(&format!("Basic {}", of(text))), Err(Refusal::Wrong), "{text}");
    }
    let good = of("user:pass:word");
    for value in [
        good.clone(),
        format!("Bearer {good}"),
        format!("Basic  {good}"),
        format!("Basic {good},"),
        format!("Basic {}", of("userpassword")),
        "Basic ".to_owned(),
        "Basic".to_owned(),
        "user:pass:word".to_owned(),
    ] {
        assert_eq!(judge(&value), Err(Refusal::Malformed), "{value}");
    }
    assert_eq!(judge(""), Err(Refusal::Missing));
    assert_eq!(plan.key(&secret("no colon")).unwrap_err(), KeyProblem::NotUserAndPassword);
    let signed = Call::new("x").signed(&plan, &key, "");
    assert_eq!(key_of(&signed, &plan, &[&key]), Ok(0));
}

#[test]
fn keys_are_stripped_and_derived() {
    let spec = |strip: &str, derive: &str| Spec {
        key: KeySpec { strip: vec![strip.into()], derive: derive.into(), ..KeySpec::default() },
        ..body_scheme()
    };
    let (bare, plain) = made(&body_scheme(), "0123abcd");
    let call = Call::new("x").signed(&bare, &plain, "");
    for text in ["signkey-prod-0123abcd", "signkey-test_2-0123abcd", "0123abcd"] {
        let (plan, key) = made(&spec("signkey-*-", "none"), text);
        assert_eq!(key_of(&call, &plan, &[&key]), Ok(0), "{text}");
    }
    for text in ["signkey--0123abcd", "signkey-a b-0123abcd", "xsignkey-prod-0123abcd"] {
        let (plan, key) = made(&spec("signkey-*-", "none"), text);
        assert_eq!(key_of(&call, &plan, &[&key]), Err(Refusal::Wrong), "{text}");
    }
    // SHA-1 of "abc", FIPS 180-4.
    let digest = data_encoding::HEXLOWER.decode(b"a9993e364706816aba3e25717850c26c9cd0d89d").unwrap();
    let (plan, key) = made(&spec("x", "sha1"), "abc");
    let own = bare.key(&Secret::new(digest)).unwrap();
    assert_eq!(key_of(&Call::new("x").signed(&bare, &own, ""), &plan, &[&key]), Ok(0));
}

fn two(first: WhenSpec, second: WhenSpec) -> Plan {
    let whole = Spec { when: first, ..body_scheme() };
    let inside = Spec { msg: "{form_only:payload}".into(), when: second, ..body_scheme() };
    Plan::compile_all(&[whole, inside]).unwrap()
}

#[test]
fn the_head_chooses_among_several_schemes() {
    let form = WhenSpec { content_type: Some("form".into()), ..WhenSpec::default() };
    let plan = two(WhenSpec::default(), form.clone());
    let key = plan.key(&secret("k")).unwrap();
    assert!(plan.is_body_bound(), "nothing may stand beside the payload");
    let json = Call::new("{\"a\":1}").signed(&plan, &key, "");
    assert_eq!(key_of(&json, &plan, &[&key]), Ok(0));
    let as_form = |body: &str| Call {
        body: body.as_bytes().to_vec(),
        ..json.clone().with("content-type", "Application/x-www-form-urlencoded; charset=utf-8")
    };
    let sent = as_form("payload=%7B%22a%22%3A1%7D");
    assert_eq!(key_of(&sent, &plan, &[&key]), Ok(0));
    assert_eq!(
        sent.judge(&plan, &[&key]).unwrap().replay_id,
        json.judge(&plan, &[&key]).unwrap().replay_id,
        "one message in two forms is one message"
    );
    for body in ["payload=%7B%22a%22%3A1%7D&x=1", "x=1&payload=%7B%22a%22%3A1%7D", "payload=1&payload=2", ""]
    {
        assert_eq!(key_of(&as_form(body), &plan, &[&key]), Err(Refusal::BodyShape), "{body}");
    }
    let both = sent.clone().with("content-type", "application/json");
    assert_eq!(key_of(&both, &plan, &[&key]), Err(Refusal::Wrong), "said twice is not said");
    assert!(plan.reads_header(&http::header::CONTENT_TYPE));
    let plan = two(form, WhenSpec { method: Some("GET".into()), ..WhenSpec::default() });
    assert_eq!(key_of(&json, &plan, &[&key]), Err(Refusal::Missing), "none of them counts");
}

#[test]
fn schemes_that_cannot_share_their_keys_are_not_joined() {
    let header = WhenSpec { header: Some("x-b".into()), ..WhenSpec::default() };
    let join = |other: Spec| {
        Plan::compile_all(&[body_scheme(), other])
            .err()
            .map(|found| found.into_iter().map(|(at, problem)| (at, problem.field)).collect::<Vec<_>>())
    };
    let second = Spec { when: header, ..body_scheme() };
    assert_eq!(join(second.clone()), None);
    assert_eq!(join(body_scheme()), Some(vec![(1, "when")]));
    assert_eq!(join(Spec { hash: "sha1".into(), ..second.clone() }), Some(vec![(1, "key")]));
    assert_eq!(join(Spec { kind: "token".into(), ..second.clone() }), Some(vec![(1, "key")]));
    let hex = KeySpec { enc: "hex".into(), ..KeySpec::default() };
    assert_eq!(join(Spec { key: hex, ..second.clone() }), Some(vec![(1, "key")]));
    assert_eq!(join(Spec { enc: "base32".into(), ..second }), Some(vec![(1, "enc")]));
    assert!(Plan::compile_all(&[]).is_err());
}

#[test]
fn a_decoded_body_is_signed_as_it_was_before_it_was_coded() {
    let (plan, key) = made(&Spec { body: "decoded".into(), ..body_scheme() }, "k");
    let text = "{\"a\":1}".repeat(1_000);
    let plain = Call::new(&text).signed(&plan, &key, "");
    assert_eq!(key_of(&plain, &plan, &[&key]), Ok(0));
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    writer.write_all(text.as_bytes()).unwrap();
    let zipped = writer.finish().unwrap();
    let coded = Call { body: zipped, ..plain.clone().with("content-encoding", "gzip") };
    assert_eq!(key_of(&coded, &plan, &[&key]), Ok(0));
    assert_eq!(key_of(&coded.clone().without("content-encoding"), &plan, &[&key]), Err(Refusal::Wrong));
    assert_eq!(key_of(&coded.clone().doubled("content-encoding"), &plan, &[&key]), Err(Refusal::Malformed));
    assert_eq!(key_of(&plain.with("content-encoding", "gzip"), &plan, &[&key]), Err(Refusal::BodyShape));
    let mut longer = coded;
    longer.body.push(0);
    assert_eq!(key_of(&longer, &plan, &[&key]), Err(Refusal::BodyShape));
}

#[test]
fn a_sorted_form_is_signed_with_its_names_and_values() {
    for (filter, twice) in [("{form_sorted}", Err(Refusal::BodyShape)), ("{form_sorted_unique}", Ok(0))] {
        let (plan, key) = made(&Spec { msg: format!("{{url}}{filter}"), ..body_scheme() }, "k");
        let call = Call::new("b=2&a=1+1&c").signed(&plan, &key, "");
        assert_eq!(key_of(&call, &plan, &[&key]), Ok(0));
        let with = |body: &str| Call { body: body.as_bytes().to_vec(), ..call.clone() };
        assert_eq!(key_of(&with("a=1%201&c=&b=2"), &plan, &[&key]), Ok(0), "the same fields");
        for body in ["b=2&a=1+1", "b=2&a=1+1&c=1", "b=3&a=1+1&c", "", "a=1+1&b=2&c&d"] {
            assert_eq!(key_of(&with(body), &plan, &[&key]), Err(Refusal::Wrong), "{body}");
        }
        assert_eq!(key_of(&with("b=2&a=1%zz&c"), &plan, &[&key]), Err(Refusal::BodyShape));
        assert_eq!(key_of(&with("b=2&b=2&a=1+1&c"), &plan, &[&key]), twice);
    }
}

#[test]
fn what_is_optional_may_be_absent_and_nothing_else_may_pass_for_it() {
    let (plan, key) = made(&Spec { msg: "{json:a?}:{json:b?}".into(), ..body_scheme() }, "k");
    let call = Call::new(r#"{"b":"2"}"#).signed(&plan, &key, "");
    assert_eq!(key_of(&call, &plan, &[&key]), Ok(0));
    let with = |body: &str| Call { body: body.as_bytes().to_vec(), ..call.clone() };
    assert_eq!(key_of(&with(r#"{"a":"","b":"2"}"#), &plan, &[&key]), Ok(0));
    assert_eq!(key_of(&with(r#"{"a":"2"}"#), &plan, &[&key]), Err(Refusal::Wrong));
    assert_eq!(key_of(&with(r#"{"a":"1:","b":"2"}"#), &plan, &[&key]), Err(Refusal::BodyShape));
    assert_eq!(key_of(&with("{}"), &plan, &[&key]), Err(Refusal::Wrong));
}

#[test]
fn code_says_what_was_signed_and_the_engine_whether_it_was() {
    let spec = Spec {
        sig: vec![],
        enc: "base64".into(),
        key: KeySpec { enc: "hex".into(), ..KeySpec::default() },
        code: Some("adyen".into()),
        ..Spec::default()
    };
    // Published in the tests of adyen-python-api-library.
    let (plan, key) = made(&spec, "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056");
    let item = r#"{"NotificationRequestItem":{"pspReference":"7914073381342284","merchantReference":"TestPayment-1407325143704","merchantAccountCode":"TestMerchant","amount":{"currency":"EUR","value":1130},"eventCode":"AUTHORISATION","success":"true","additionalData":{"hmacSignature":"coqCmt/IZ4E3CzPvMY8zTjQVL5hYJUiBRg8UU+iCWo0="}}}"#;
    let judge = |items: &[&str], keys: &[&Key]| {
        Call::new(&format!(r#"{{"notificationItems":[{}]}}"#, items.join(","))).judge(&plan, keys)
    };
    let first = judge(&[item], &[&key]).unwrap();
    let other = plan.key(&secret("00ff")).unwrap();
    assert_eq!(judge(&[item], &[&other, &key]).unwrap().key, 1);
    assert_eq!(judge(&[item, item], &[&key]).unwrap().key, 0);
    assert_ne!(judge(&[item, item], &[&key]).unwrap().replay_id, first.replay_id);
    for (from, to) in [("1130", "1131"), ("coqC", "coqD"), ("\"true\"", "\"false\""), ("TestM", "BestM")] {
        let forged = item.replace(from, to);
        assert_eq!(judge(&[&forged], &[&key]), Err(Refusal::Wrong), "{to}");
        assert_eq!(judge(&[item, &forged], &[&key]), Err(Refusal::Wrong), "beside a good one: {to}");
    }
    assert_eq!(judge(&[item], &[&other]), Err(Refusal::Wrong));
    assert_eq!(judge(&[], &[&key]), Err(Refusal::Missing));
}
