//! Fuzz targets as plain functions: each takes any bytes and asserts what must hold for all of them. Replayed on the
//! corpus in `tests/corpus/scheme/` (one input a line, `\n`, `\\` and `\xNN` as in Rust) and on random bytes.

use proptest::prelude::*;

use super::super::encoding::Encoding;
use super::super::json::Path;
use super::super::locator::Locator;
use super::super::timestamp::Format;
use super::super::{form, template};
use super::*;

/// What we read from a JSON text is what a full parser reads; what it refuses we refuse.
fn json(input: &[u8]) {
    for (path, pointer) in [("a", "/a"), ("a.b", "/a/b"), ("a.0", "/a/0"), ("0.a", "/0/a"), ("é", "/é")] {
        let Ok(found) = Path::parse(path).unwrap().find(input) else { continue };
        let parsed: serde_json::Value = match serde_json::from_slice(input) {
            Ok(parsed) => parsed,
            Err(problem) if problem.to_string().contains("out of range") => continue,
            Err(problem) => panic!("{problem} in {:?}", String::from_utf8_lossy(input)),
        };
        let reference = match parsed.pointer(pointer) {
            None | Some(serde_json::Value::Null) => None,
            Some(serde_json::Value::String(text)) => Some(text.clone()),
            Some(serde_json::Value::Number(_)) => {
                assert_eq!(found.len(), 1);
                continue;
            }
            Some(other) => Some(other.to_string()),
        };
        assert_eq!(found.first().map(ToString::to_string), reference, "{path} of {parsed}");
    }
    let _ = Path::parse("a.*.b").unwrap().find(input);
}

/// A field that is found is there once, whatever way names are compared.
fn form_field(input: &[u8]) {
    let Ok(found) = form::find(input, "ab") else { return };
    let text = String::from_utf8_lossy(input).to_lowercase();
    let named = |pair: &str| pair.split('=').next() == Some("ab");
    let plain = text.split('&').filter(|pair| named(pair)).count();
    assert!(plain <= 1, "{text:?}");
    assert!(plain == 0 || found.is_some(), "{text:?}");
}

/// What is accepted is written back the same, but for case and padding.
fn encodings(input: &[u8]) {
    for encoding in [Encoding::Hex, Encoding::Base64, Encoding::Base64Url] {
        let Some(bytes) = encoding.decode(input) else { continue };
        let text = std::str::from_utf8(input).unwrap();
        let again = encoding.encode(&bytes);
        let canonical = match encoding {
            Encoding::Hex => text.to_lowercase(),
            Encoding::Base64 | Encoding::Base64Url => text.trim_end_matches('=').to_owned(),
        };
        assert_eq!(again.trim_end_matches('='), canonical);
        let mut room = [0; 64];
        let written = encoding.decode_into(input, &mut room);
        assert_eq!(written.map(|length| room[..length].to_vec()), (bytes.len() <= 64).then_some(bytes));
    }
}

/// A time has one reading, and the reading can be written.
fn times(input: &[u8]) {
    for format in [Format::Unix, Format::UnixMs, Format::Auto, Format::Rfc3339, Format::HttpDate] {
        let Some(at) = format.read(input) else { continue };
        assert_eq!(format.read(format.write(at).as_bytes()).map(Wall::unix_seconds), Some(at.unix_seconds()));
    }
}

/// Whatever compiles judges any request without panicking, and accepts what it signed itself.
fn schemes(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let _ = template::parse(text);
    if let Ok(locator) = Locator::parse(text) {
        assert_eq!(Locator::parse(&locator.to_string()), Ok(locator));
    }
    let ts = TsSpec { from: vec!["header:t".into()], ..TsSpec::default() };
    for spec in [
        Spec { msg: text.into(), ..body_scheme() },
        Spec { msg: text.into(), ts: Some(ts), ..body_scheme() },
        Spec { sig: vec![text.into()], ..Spec::default() },
    ] {
        let Ok(plan) = Plan::compile(&spec) else { continue };
        let key = plan.key(&secret("k")).unwrap();
        let call = Call::new("{\"a\":\"1\"}");
        let delivery = Delivery { head: call.head(), body: &call.body, id: "i" };
        let Ok(made) = plan.sign(&key, &delivery, call.now) else { continue };
        let mut signed = call.clone();
        signed.headers.extend(made);
        assert_eq!(signed.judge(&plan, &[&key]).map(|verified| verified.key), Ok(0), "{text}");
    }
}

/// A signature header of any content neither panics nor matches.
fn signatures(input: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(input) else { return };
    for name in ["github", "stripe", "slack", "standard_webhooks", "gitlab"] {
        let plan = plan_of(name, None);
        let key = plan.key(&secret("whsec_c29tZXRoaW5nIHNlY3JldA==")).unwrap();
        let mut call = Call::new("{}").with("x-slack-request-timestamp", "1790000000");
        call = call.with("webhook-id", "a").with("webhook-timestamp", "1790000000");
        for place in plan.headers() {
            call.headers.entry(place).or_insert(value.clone());
        }
        assert!(call.judge(&plan, &[&key]).is_err());
    }
}

type Target = fn(&[u8]);

const TARGETS: &[(&str, Target)] = &[
    ("json", json),
    ("form", form_field),
    ("encodings", encodings),
    ("times", times),
    ("schemes", schemes),
    ("signatures", signatures),
];

/// `\n`, `\t`, `\\` and `\xNN` stand for one byte each.
fn unescaped(line: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut bytes = line.bytes();
    while let Some(byte) = bytes.next() {
        out.push(match (byte, byte == b'\\') {
            (_, true) => match bytes.next().unwrap() {
                b'n' => b'\n',
                b't' => b'\t',
                b'x' => {
                    let digits = [bytes.next().unwrap(), bytes.next().unwrap()];
                    u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
                }
                other => other,
            },
            (byte, false) => byte,
        });
    }
    out
}

#[test]
fn the_corpus_holds() {
    for (name, target) in TARGETS {
        let path = format!("{}/tests/corpus/scheme/{name}.txt", env!("CARGO_MANIFEST_DIR"));
        let corpus = std::fs::read_to_string(&path).unwrap_or_else(|problem| panic!("{path}: {problem}"));
        assert!(corpus.lines().count() >= 10, "{name}");
        corpus.lines().for_each(|line| target(&unescaped(line)));
    }
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn random_bytes_hold(input in prop::collection::vec(any::<u8>(), 0..80)) {
        TARGETS.iter().for_each(|(_, target)| target(&input));
    }

    #[test]
    fn random_texts_of_the_grammar_hold(
        json_text in r#"([{}\[\],: ]|"a"|"b"|"\\\\u0061"|0|1|null|true|-1\.5e3|\\\\){0,14}"#,
        form_text in "(ab|a%62|AB|%61b|\\+ab|=|&|;|x|%|%00|\\[\\]){0,9}",
        scheme_text in r"(\{body\}|\{timestamp\}|\{header:a\}|\{query:a\}|\{|\}|\[|\]|a|\.|\||header:|json:|a\.\*){0,7}",
        signature_text in "(v1=|v1,|t=1790000000|,| |=|sha256=|v0=|00|AAAA){0,12}",
    ) {
        json(json_text.as_bytes());
        form_field(form_text.as_bytes());
        schemes(scheme_text.as_bytes());
        signatures(signature_text.as_bytes());
    }
}
