//! Which schemes compile, and what is told of those that do.

use super::*;

fn problems(spec: &Spec) -> Vec<&'static str> {
    Plan::compile(spec).err().unwrap_or_default().into_iter().map(|problem| problem.field).collect()
}

fn with_msg(msg: &str) -> Spec {
    Spec { msg: msg.into(), ..body_scheme() }
}

fn key(enc: &str, strip: &[&str], derive: &str) -> KeySpec {
    let strip = strip.iter().map(|text| (*text).to_owned()).collect();
    KeySpec { enc: enc.into(), strip, derive: derive.into() }
}

fn with_ts(msg: &str, ts: TsSpec) -> Spec {
    Spec { msg: msg.into(), ts: Some(ts), ..body_scheme() }
}

fn from(place: &str, fmt: &str) -> TsSpec {
    TsSpec { from: vec![place.into()], fmt: fmt.into(), ..TsSpec::default() }
}

#[test]
fn every_unknown_word_is_a_problem_at_its_key() {
    let some = |text: &str| Some(text.to_owned());
    let base = body_scheme;
    for (field, spec) in [
        ("kind", Spec { kind: "hmca".into(), ..base() }),
        ("key.enc", Spec { kind: "ed25519".into(), ..base() }),
        ("key.derive", Spec { kind: "ed25519".into(), key: key("raw_hex", &[], "sha1"), ..base() }),
        (
            "hash",
            Spec { kind: "ecdsa_p256".into(), hash: "sha1".into(), key: key("pem", &[], "none"), ..base() },
        ),
        ("hash", Spec { hash: "md5".into(), ..base() }),
        ("enc", Spec { enc: "base32".into(), ..base() }),
        ("sig", Spec { sig: vec![], ..base() }),
        ("sig", Spec { sig: vec!["X-Sig".into()], ..base() }),
        ("sig", Spec { sig: vec!["cookie:sig".into()], ..base() }),
        ("sig", Spec { sig: vec!["header:".into()], ..base() }),
        ("sig", Spec { sig: vec!["header:X Sig".into()], ..base() }),
        ("sig", Spec { sig: vec!["sig:v1".into()], ..base() }),
        ("sig", Spec { sig: vec!["header:X-Sig".into(), "header:x-sig".into()], ..base() }),
        ("sig", Spec { sig: vec!["json:a.*".into()], ..with_msg("{json:b}") }),
        ("sig", Spec { sig: vec!["json:a..b".into()], ..base() }),
        ("sig", Spec { sig: vec!["claim:x".into()], ..base() }),
        ("prefix", Spec { kind: "basic".into(), prefix: some("Basic "), ..base() }),
        ("key.enc", Spec { kind: "basic".into(), key: key("hex", &[], "none"), ..base() }),
        ("key.derive", Spec { key: key("utf8", &[], "md5"), ..base() }),
        ("key.strip", Spec { key: key("utf8", &["*x"], "none"), ..base() }),
        ("key.strip", Spec { key: key("utf8", &["a*b*c"], "none"), ..base() }),
        ("msg", Spec { kind: "digest".into(), ..base() }),
        ("msg", with_msg("{body?}")),
        ("body", Spec { body: "inflated".into(), ..base() }),
        ("body", Spec { body: "decoded".into(), ..with_msg("{json:a}") }),
        ("body", Spec { body: "decoded".into(), ..with_msg("{url}{body}") }),
        ("body", Spec { body: "decoded".into(), kind: "token".into(), ..base() }),
        ("code", Spec { code: some("nothing"), ..base() }),
        ("code", Spec { code: some("adyen"), kind: "token".into(), ..base() }),
        ("msg", Spec { code: some("adyen"), ..with_msg("{url}") }),
        ("options", Spec { options: vec![("a".into(), vec![])], ..base() }),
        ("options", Spec { code: some("adyen"), options: vec![("a".into(), vec![])], ..base() }),
        ("when.header", Spec { when: WhenSpec { header: some("a b"), ..WhenSpec::default() }, ..base() }),
        ("when.method", Spec { when: WhenSpec { method: some("G T"), ..WhenSpec::default() }, ..base() }),
        (
            "when.content_type",
            Spec { when: WhenSpec { content_type: some("jsn"), ..WhenSpec::default() }, ..base() },
        ),
        ("split", Spec { split: some(""), ..base() }),
        ("kv", Spec { kv: some(""), ..base() }),
        ("field", Spec { field: some(""), ..base() }),
        ("prefix", Spec { prefix: some(""), ..base() }),
        ("pick", Spec { pick: some("second"), split: some(","), ..base() }),
        ("pick", Spec { pick: some("last"), ..base() }),
        ("pick", Spec { pick: some("last"), field: some("v1"), split: some(","), ..base() }),
        (
            "key.enc",
            Spec { key: KeySpec { enc: "base32".into(), strip: vec![], ..KeySpec::default() }, ..base() },
        ),
        (
            "key.enc",
            Spec { key: KeySpec { enc: "pem".into(), strip: vec![], ..KeySpec::default() }, ..base() },
        ),
        (
            "key.strip",
            Spec {
                key: KeySpec { enc: "utf8".into(), strip: vec![String::new()], ..KeySpec::default() },
                ..base()
            },
        ),
        ("id", Spec { id: some("Delivery"), ..base() }),
        ("require", Spec { require: vec![("header:X".into(), String::new())], ..base() }),
        ("require", Spec { require: vec![("header:X-*".into(), "1".into())], ..base() }),
        ("name", Spec { name: String::new(), ..base() }),
        ("ts.from", with_ts("{timestamp}.{body}", TsSpec::default())),
        ("ts.fmt", with_ts("{timestamp}.{body}", from("header:T", "iso"))),
        ("ts.from", with_ts("{timestamp}.{body}", from("header:T-*", "unix"))),
        ("ts.tol", with_ts("{timestamp}.{body}", TsSpec { tol_s: Some(0), ..from("header:T", "unix") })),
        ("split", with_ts("{timestamp}.{body}", from("sig:t", "unix"))),
        ("msg", Spec { kind: "token".into(), ..with_msg("{timestamp}") }),
        ("ts.from", Spec { kind: "token".into(), ..with_ts("{body}", from("header:T", "unix")) }),
    ] {
        assert_eq!(problems(&spec), [field], "{spec:?}");
    }
}

#[test]
fn all_problems_are_found_at_once() {
    let spec =
        Spec { kind: "x".into(), hash: "x".into(), enc: "x".into(), msg: "{x}{y}".into(), ..Spec::default() };
    assert_eq!(problems(&spec), ["hash", "kind", "sig", "enc", "msg", "msg"]);
}

#[test]
fn broken_templates_are_problems() {
    for msg in [
        "",
        "text",
        "{secret}",
        "{Body}",
        "{body",
        "body}",
        "{body}}",
        "[{header:a}",
        "{header:a}]",
        "[a[b]]{body}",
        "{body|upper}",
        "{body|}",
        "{}",
        "{header:}",
        "{body}{body}",
        "{body} {body|sha256hex}",
        "{header:a-*}.{body}",
        "{json:a.*}.{body}",
        "{timestamp}.{body}",
        "{claim:sub}.{body}",
        "{timestamp?}.{body}",
    ] {
        assert!(
            !problems(&with_msg(msg)).is_empty() && problems(&with_msg(msg)).iter().all(|at| *at == "msg"),
            "{msg:?}"
        );
    }
}

#[test]
fn fields_that_run_into_each_other_are_a_problem() {
    for msg in [
        "{header:a}{header:b}",
        "{header:a}{body}",
        "{body}{header:a}",
        "{path}{body}",
        "{method}{body}",
        "{method}{header:a}",
        "{body|crc32}{body|sha256hex}{header:a}{header:b}",
        "{query:a}{timestamp}{body}",
        "{timestamp}{body}{header:a}",
        "[{header:a};]{body}",
        "[a{header:a}]{body}",
        "{body}[;{header:a};]",
        "[a={header:a};]a{body}",
        "[a={header:a};][a={header:b};]{body}",
        "[a={header:a};]{body}",
        "{header:a}[;b={header:b};]x{body}",
        "{header:a}[;b={query:b};]",
        "{body}{header:a|json}",
        "{header:b}{header:a|json}",
        "{url}{header:a}",
        "{header:a}{url}",
        "{url}{url}{body}",
        "x[;{body};]",
        "x[;{timestamp};]",
        "x[;{json:a};]{body}",
        "x[;{header:a}{header:b};]z{body}",
    ] {
        let spec =
            if msg.contains("timestamp") { with_ts(msg, from("header:T", "unix")) } else { with_msg(msg) };
        assert!(problems(&spec).contains(&"msg"), "{msg:?}");
    }
    let unmarked = Spec {
        id: Some("header:Id".into()),
        ..with_ts("{header:Id}{timestamp}{body}", from("header:T", "unix"))
    };
    assert_eq!(problems(&unmarked), ["msg"], "ten digits after an id can be shifted");
    assert_eq!(
        problems(&with_ts("{timestamp}{body}", from("header:T", "auto"))),
        ["msg"],
        "ten or thirteen digits"
    );
}

#[test]
fn fields_that_show_their_ends_need_no_text_between() {
    for msg in [
        "{body}",
        "{header:a}",
        "{header:a}.{header:b}",
        "{url}{body}",
        "{url}.{body}",
        "{url}\n{header:a}",
        "{url}.{header:a}",
        "{url}{body|sha256hex}",
        "{body}{url}",
        "{method}{url}{body}",
        "{method}{path}\n{body}",
        "{url_no_query}{header:nonce}",
        "{body|sha256hex}{header:a}",
        "{body|crc32}",
        "{header:a|json}{body}",
        "{{{body}}}",
        "[[{body}]]",
        "[a={header:a};][b={header:b};]c{body}",
        "é{body}",
        "{body}.{header:nonce}",
        "{secret}{method}{url}{body}",
    ] {
        assert_eq!(problems(&with_msg(msg)), [""; 0], "{msg:?}");
    }
    for (msg, fmt) in [
        ("{timestamp}{body}", "unix"),
        ("{body}{timestamp}", "unix_ms"),
        ("{timestamp}{body}", "rfc3339"),
        ("{body}{timestamp}", "rfc3339"),
        ("{timestamp}{body}", "http_date"),
        ("{method}{url}{body}{timestamp}", "unix_ms"),
        ("{timestamp}.{body}", "auto"),
        ("{body}.{header:nonce}.{timestamp}", "unix"),
        ("{timestamp}\n{url}\n{body|sha256raw}", "unix"),
    ] {
        assert_eq!(problems(&with_ts(msg, from("header:T", fmt))), [""; 0], "{msg:?} {fmt}");
    }
}

#[test]
fn a_time_that_is_not_signed_is_a_problem() {
    assert_eq!(problems(&with_ts("{body}", from("header:T", "unix"))), ["ts.from"]);
    assert_eq!(problems(&with_ts("{timestamp|crc32}.{body}", from("header:T", "unix"))), ["ts.from"]);
    assert_eq!(problems(&with_ts("{body|crc32}", from("json:t", "unix"))), ["ts.from"]);
    assert_eq!(problems(&with_ts("{header:x}", from("json:t", "unix"))), ["ts.from"]);
    assert_eq!(
        problems(&with_ts("{body}", from("json:t", "unix"))),
        [""; 0],
        "the body is signed, and it is inside"
    );
    assert_eq!(
        problems(&with_ts("{header:T}.{body}", from("header:T", "unix"))),
        [""; 0],
        "under its own name"
    );
    let mixed = TsSpec { from: vec!["header:T".into(), "json:t".into()], ..TsSpec::default() };
    assert_eq!(problems(&with_ts("{timestamp}.{body}", mixed)), ["ts.from"]);
}

#[test]
fn what_a_scheme_covers_is_told() {
    let facts = |spec: &Spec| {
        let plan = Plan::compile(spec).unwrap();
        (plan.is_body_bound(), plan.is_stamped(), plan.reads_body(), plan.needs_url())
    };
    assert_eq!(facts(&with_msg("{body}")), (true, false, true, false));
    assert_eq!(facts(&with_msg("{body|sha256hex}")), (true, false, true, false));
    assert_eq!(facts(&with_msg("{body|crc32}")), (false, false, true, false), "a CRC can be met at will");
    assert_eq!(facts(&with_msg("{body|lower}")), (false, false, true, false));
    assert_eq!(facts(&with_msg("{header:a}.{url}")), (false, false, false, true));
    assert_eq!(facts(&with_msg("{json:a}")), (false, false, true, false));
    let id = |msg: &str, place: &str| Spec { id: Some(place.into()), ..with_msg(msg) };
    assert_eq!(facts(&id("{header:id}.{body}", "header:id")), (true, true, true, false));
    assert_eq!(facts(&id("{body}", "header:id")), (true, false, true, false), "sent beside, not signed");
    assert_eq!(facts(&id("{body}", "json:id")), (true, true, true, false));
    assert_eq!(facts(&id("{body|crc32}", "json:id")), (false, false, true, false));
    assert_eq!(
        facts(&id("[a{header:id};]b{body}", "header:id")),
        (true, false, true, false),
        "may be left out"
    );
    assert_eq!(facts(&id("{header:id|crc32}.{body}", "header:id")), (true, false, true, false));
    assert_eq!(facts(&with_ts("{body}", from("json:t", "unix_ms"))), (true, true, true, false));
    let token = |place: &str| Spec { kind: "token".into(), sig: vec![place.into()], ..Spec::default() };
    assert_eq!(facts(&token("query:token")), (false, false, false, false));
    assert_eq!(
        facts(&Spec { id: Some("json:id".into()), ..token("json:passcode") }),
        (false, false, true, false)
    );
}

#[test]
fn keys_are_decoded_as_the_scheme_says() {
    let plan = |enc: &str| {
        let key =
            KeySpec { enc: enc.into(), strip: vec!["v1,".into(), "whsec_".into()], ..KeySpec::default() };
        Plan::compile(&Spec { key, ..body_scheme() }).unwrap()
    };
    for (enc, text, expected) in [
        ("utf8", "any thing", Ok(())),
        ("utf8", "", Err(KeyProblem::Empty)),
        ("utf8", "v1,whsec_", Err(KeyProblem::Empty)),
        ("base64", "v1,whsec_AAAA", Ok(())),
        ("base64", "whsec_AA==", Ok(())),
        ("base64", "whsec_AA", Ok(())),
        ("base64", "whsec_", Err(KeyProblem::Empty)),
        ("base64", "whsec_A", Err(KeyProblem::NotBase64)),
        ("base64", "whsec_AA-_", Err(KeyProblem::NotBase64)),
        ("base64", "whsec_AAAA\n", Err(KeyProblem::NotBase64)),
        ("hex", "00fF", Ok(())),
        ("hex", "0x00", Err(KeyProblem::NotHex)),
        ("hex", "000", Err(KeyProblem::NotHex)),
    ] {
        let key = plan(enc).key(&secret(text));
        assert_eq!(key.as_ref().map(|_| ()).map_err(|problem| *problem), expected, "{enc} {text:?}");
        assert!(key.is_err() || format!("{:?}", key.unwrap()) == "[key]");
    }
}

#[test]
fn a_signer_says_why_it_cannot() {
    let sign = |spec: &Spec, id: &str| {
        let plan = Plan::compile(spec).unwrap();
        let key = plan.key(&secret("k")).unwrap();
        let call = Call::new("{}");
        plan.sign(&key, &Delivery { head: call.head(), body: &call.body, id }, call.now)
            .map(|made| made.len())
    };
    let with_id = Spec { id: Some("header:id".into()), ..with_msg("{header:id}.{body}") };
    assert_eq!(sign(&with_id, "ok_1:2-3"), Ok(2));
    assert_eq!(sign(&with_id, "a.b"), Err(SignProblem::Unfit(Refusal::Malformed)));
    assert_eq!(sign(&with_id, ""), Err(SignProblem::Unfit(Refusal::Missing)));
    assert_eq!(sign(&with_id, "a\nb"), Err(SignProblem::NotAHeader));
    assert_eq!(sign(&with_msg("{json:a}"), ""), Err(SignProblem::Unfit(Refusal::BodyShape)));
    assert_eq!(
        sign(&Spec { sig: vec!["query:sig".into()], ..Spec::default() }, ""),
        Err(SignProblem::NotInHeader)
    );
}

#[test]
fn every_shape_of_signature_header_that_is_written_is_read() {
    let some = |text: &str| Some(text.to_owned());
    let ts = |place: &str| Some(from(place, "unix_ms"));
    let msg = || "{timestamp}.{body}".to_owned();
    for spec in [
        Spec { split: some(","), pick: some("rest"), msg: msg(), ts: ts("sig:0"), ..body_scheme() },
        Spec { split: some(";"), pick: some("last"), ..body_scheme() },
        Spec { split: some(","), pick: some("rest"), ..body_scheme() },
        Spec {
            split: some("&"),
            field: some("s"),
            msg: "{body}{timestamp}".into(),
            ts: ts("sig:t"),
            ..body_scheme()
        },
        Spec { split: some(" "), kv: some(","), field: some("v1"), enc: "base64".into(), ..body_scheme() },
        Spec {
            split: some(","),
            field: some("sign"),
            msg: "{header:e}.{sig:env}.{body}".into(),
            ..body_scheme()
        },
        Spec { field: some("v1"), prefix: some("x-"), ..body_scheme() },
        Spec { sig: vec!["header:A".into(), "header:B".into()], enc: "base64url".into(), ..Spec::default() },
        Spec { sig: vec!["query:x".into(), "header:N-*".into()], ..Spec::default() },
        Spec { kind: "token".into(), prefix: some("Bearer "), ..body_scheme() },
        Spec { require: vec![("header:V".into(), "2".into())], ..body_scheme() },
        Spec { ts: Some(from("header:T", "rfc3339")), msg: msg(), ..body_scheme() },
        Spec { ts: Some(from("header:T", "http_date")), msg: msg(), ..body_scheme() },
        Spec { ts: Some(from("header:T", "auto")), msg: "v0:{timestamp}:{body}".into(), ..body_scheme() },
        Spec { msg: "{{\"Body\":{body|json},\"Env\":{header:e|json}}}".into(), ..body_scheme() },
    ] {
        let plan = Plan::compile(&spec).unwrap_or_else(|found| panic!("{spec:?} {found:?}"));
        let key = plan.key(&secret("a key")).unwrap();
        let call = Call::new("{\"a\": \"b\\n\"}").signed(&plan, &key, "some-id");
        assert_eq!(call.judge(&plan, &[&key]).map(|verified| verified.key), Ok(0), "{spec:?}");
    }
}
