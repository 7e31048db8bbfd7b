//! Schemes put together at random: what compiles must accept what it signed, and nothing whose fields differ.

use http::HeaderValue;
use sidegate::base::secret::Secret;
use sidegate::scheme::{Plan, Spec, TsSpec};

use crate::choices::Choices;
use crate::mutate::{Call, NOON};

const PIECES: &[&str] = &[
    "{body}",
    "{timestamp}",
    "{header:x-a}",
    "{header:x-b}",
    "{header:x-c?}",
    "{header:x-a|json}",
    "{query:q}",
    "{method}",
    "{path}",
    "{url}",
    "{body|sha256hex}",
    "{body|json}",
    "{body|sha256raw}",
    "{form_sorted}",
    "{json:a.b}",
    "{form:a}",
    "[;{header:x-c};]",
    "{secret}",
    ".",
    ":",
    "\n",
    "v0:",
    "|",
    "{{",
    "}}",
];

/// What locators, filters and the rest are made of when they are made of nothing sensible.
const NONSENSE: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    "{}",
    "{body|}",
    "{header:}",
    "{json:..}",
    "{json:*}",
    "{nothing}",
    "{header:a b}",
    "|",
    "?",
    "{body}{body}",
    "[[]]",
    "{sig:t}",
    "{sig:0}",
    "{form_only:a}",
    "{url_no_query}",
    "{header:x-*}",
    "\u{0}",
    "é",
];

const VALUES: &[&str] = &[
    "a",
    "b",
    "ab",
    "ba",
    ".",
    "a.b",
    "1790000000",
    "v0",
    ":",
    "|",
    "\"",
    "a:b.c|",
    "{",
    "aa",
    "a.b.c",
    "a:b:c",
    "a|b|c",
    "v0:v0:a",
];
const BODIES: &[&str] = &[
    "",
    "a",
    ".a",
    "a.b",
    "{\"a\":{\"b\":\"c\"}}",
    "a=1&b=2",
    "1790000000",
    "{",
    ":v0",
    "\"a\"",
    "a=b%20c",
    "a.b.c",
    "a:b",
    "b|c|",
];

/// One scheme, one delivery, six changed ones: how many compiled, were accepted, were refused.
pub(crate) fn run(choices: &mut impl Choices) -> [usize; 3] {
    let spec = spec(choices);
    let Ok(plan) = Plan::compile(&spec) else { return [0, 0, 0] };
    let secret = Secret::new(b"user:0123456789abcdef".to_vec());
    let Ok(key) = plan.key(&secret) else { return [1, 0, 0] };
    let mut call = Call::new(
        choices.pick(&["/", "/?q=a", "/a?q=ab&a=1", "/?q=.", "/b?q="]),
        choices.pick(BODIES).as_bytes().to_vec(),
    );
    for name in ["x-a", "x-b", "x-c"] {
        if !choices.one_in(4) {
            call.headers.insert(name, HeaderValue::from_static(choices.pick(VALUES)));
        }
    }
    let url = call.url.clone();
    // A URL that got a field while it was signed was signed without.
    if call.sign(&plan, &key).is_err() || (url != call.url && spec.msg.contains("{url")) {
        return [1, 0, 0];
    }
    let original = match call.judge(&plan, &key, choices) {
        Ok(original) => original,
        Err(refusal) => panic!("refuses what it signed: {refusal:?} {spec:?}\n{call:?}"),
    };
    let (mut accepted, mut refused) = (1, 0);
    for _ in 0..6 {
        let mut near = call.clone();
        for _ in 0..=choices.below(2) {
            near.change(choices);
        }
        match near.judge(&plan, &key, choices) {
            Err(_) => refused += 1,
            Ok(found) => {
                accepted += 1;
                assert_eq!(found, original, "another message: {spec:?}\n{call:?}\n{near:?}");
                if plan.signs_message() {
                    same_fields(&spec, &call, &near);
                }
            }
        }
    }
    [1, accepted, refused]
}

/// A template: anything, or what providers have, two or three fields with one text between them.
fn template(choices: &mut impl Choices) -> String {
    let mut msg = String::new();
    if choices.one_in(2) {
        for _ in 0..=choices.below(6) {
            let pieces = if choices.one_in(30) { NONSENSE } else { PIECES };
            msg.push_str(choices.pick(pieces));
        }
        return msg;
    }
    let between = choices.pick(&[".", ".", ":", "|", "", "v0:"]);
    let mut fields = vec!["{header:x-a}", "{header:x-b}", "{body}"];
    for _ in 0..choices.below(2) {
        fields.insert(choices.below(3), "{timestamp}");
    }
    if choices.one_in(2) {
        fields.remove(choices.below(fields.len()));
    }
    if choices.one_in(4) {
        fields.reverse();
    }
    fields.join(between)
}

fn spec(choices: &mut impl Choices) -> Spec {
    let msg = template(choices);
    let kinds = ["hmac", "hmac", "hmac", "hmac", "hmac", "digest", "token", "basic", "ed25519", "none"];
    let sigs = [
        "header:X-Sig",
        "header:X-Sig",
        "header:X-Sig",
        "header:X-Sig-*",
        "query:sig",
        "json:sig",
        "form:sig",
    ];
    let mut spec = Spec {
        kind: choices.pick(&kinds).into(),
        hash: choices.pick(&["sha256", "sha1", "sha512", "sha384"]).into(),
        enc: choices.pick(&["hex", "base64", "base64url"]).into(),
        sig: vec![choices.pick(&sigs).into()],
        msg,
        ..Spec::default()
    };
    if choices.one_in(3) {
        spec.prefix = Some(choices.pick(&["sha256=", "v1,", "x"]).into());
    }
    if choices.one_in(3) {
        spec.split = Some(choices.pick(&[",", " ", ";"]).into());
        spec.field = choices.one_in(2).then(|| "v1".into());
        spec.prefix = spec.prefix.filter(|prefix| prefix != "v1,");
    }
    if spec.msg.contains("{timestamp}") || choices.one_in(12) {
        let from = if spec.split.is_some() { "sig:t" } else { "header:x-t" };
        let from = if choices.one_in(20) { choices.pick(NONSENSE) } else { from };
        let fmt = choices.pick(&["unix", "unix_ms", "rfc3339", "http_date", "iso_basic", "auto"]);
        spec.ts = Some(TsSpec { from: vec![from.into()], fmt: fmt.into(), ..TsSpec::default() });
    }
    if choices.one_in(6) {
        spec.id = Some("header:x-a".into());
    }
    if choices.one_in(8) {
        spec.require = vec![("header:x-v".into(), "1".into())];
    }
    spec
}

/// Everything the template names without `form` and `json`, which read a body in ways of their own, is as it was sent.
fn same_fields(spec: &Spec, call: &Call, near: &Call) {
    let reads_fields =
        ["form", "json:"].iter().any(|word| spec.msg.contains(word) || spec.sig[0].contains(word));
    if spec.msg.contains("{body") && !reads_fields {
        assert!(near.body == call.body, "another body: {spec:?}\n{call:?}\n{near:?}");
    }
    for name in ["x-a", "x-b", "x-c"] {
        let lines = |call: &Call| call.headers.get_all(name).iter().cloned().collect::<Vec<_>>();
        if spec.msg.contains(&format!("header:{name}")) {
            let (was, is) = (lines(call), lines(near));
            // What is absent and what is empty are one for a field that may be absent.
            let is_nothing = |lines: &[HeaderValue]| lines.iter().all(HeaderValue::is_empty);
            assert!(
                was == is || (is_nothing(&was) && is_nothing(&is)),
                "another {name}: {spec:?}\n{call:?}\n{near:?}"
            );
        }
    }
    if spec.msg.contains("{method}") {
        assert_eq!(near.method, call.method, "{spec:?}");
    }
    if spec.msg.contains("{url}") {
        assert_eq!(near.url, call.url, "{spec:?}");
    }
    if spec.msg.contains("{timestamp}") {
        let off = (near.now.0 - NOON.0) / 1_000;
        assert!((-60..=300).contains(&off), "a time {off} s off: {spec:?}");
    }
}
