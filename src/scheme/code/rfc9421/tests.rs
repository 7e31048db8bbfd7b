//! The examples of RFC 9421, appendix B.2, under the keys of appendix B.1; and every way around what must be signed.

use http::{HeaderMap, HeaderName, HeaderValue};

use super::super::super::*;
use super::*;
use crate::base::secret::Secret;
use crate::scheme::mac::{Hash, Mac};

const CREATED: i64 = 1_618_884_473;
const BODY: &str = r#"{"hello": "world"}"#;
const URL: &str = "https://example.com/foo?param=Value&Pet=dog";
const SECRET: &str =
    "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==";
const ED25519: &str = "MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=";
const RSA: &str = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAr4tmm3r20Wd/PbqvP1s2+QEtvpuRaV8Yq40gjUR8y2Rjxa6dpG2GXHbPfvMs8ct+Lh1GH45x28Rw3Ry53mm+oAXjyQ86OnDkZ5N8lYbggD4O3w6M6pAvLkhk95AndTrifbIFPNU8PPMO7OyrFAHqgDsznjPFmTOtCEcN2Z1FpWgchwuYLPL+Wokqltd11nqqzi+bJ9cvSKADYdUAAN5WUtzdpiy6LbTgSxP7ociU4Tn0g5I6aDZJ7A8Lzo0KSyZYoA485mqcO0GVAdVw9lq4aOT9v6d+nb4bnNkQVklLQ3fVAvJm+xdDOp9LCNCN48V2pnDOkFV6+U9nV5oyc6XI2wIDAQAB";
const DIGEST_512: &str =
    "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:";

#[derive(Clone)]
struct Request {
    headers: HeaderMap,
    url: &'static str,
    method: &'static str,
    body: String,
    now_s: i64,
}

impl Request {
    fn new() -> Self {
        let fields = [
            ("host", "example.com"),
            ("date", "Tue, 20 Apr 2021 02:07:55 GMT"),
            ("content-type", "application/json"),
            ("content-digest", DIGEST_512),
            ("content-length", "18"),
        ];
        let request =
            Self { headers: HeaderMap::new(), url: URL, method: "POST", body: BODY.into(), now_s: CREATED };
        fields.into_iter().fold(request, |request, (name, value)| request.with(name, value))
    }

    fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.insert(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        self
    }

    fn signed(self, input: &str, signature: &str) -> Self {
        self.with("signature-input", input).with("signature", signature)
    }

    fn judge(&self, plan: &Plan, key: &Key) -> Result<(), Refusal> {
        let head = SignedHead {
            method: self.method,
            path_and_query: "/foo?param=Value&Pet=dog",
            url: Some(self.url),
            headers: &self.headers,
        };
        let mut session = plan.begin(&[key], &head, Wall(self.now_s * 1000), ReplayId::Wanted)?;
        session.update(self.body.as_bytes());
        session.finish(self.body.as_bytes()).map(drop)
    }
}

fn spec(kind: &str, hash: &str, key: &str, components: &[&str]) -> Spec {
    Spec {
        kind: kind.into(),
        hash: hash.into(),
        sig: vec!["header:Signature".into()],
        enc: "base64".into(),
        key: KeySpec { enc: key.into(), ..KeySpec::default() },
        code: Some("rfc9421".into()),
        options: vec![("components".into(), components.iter().map(|name| (*name).to_owned()).collect())],
        ..Spec::default()
    }
}

fn ready(spec: &Spec, key: &str) -> (Plan, Key) {
    let plan = Plan::compile(spec).unwrap();
    let key = plan.key(&Secret::new(key.as_bytes().to_vec())).unwrap();
    (plan, key)
}

fn hmac() -> (Plan, Key) {
    ready(&spec("hmac", "sha256", "base64", &["@method", "@authority", "@path", "content-digest"]), SECRET)
}

/// Signs with the shared secret what `lines` say.
fn made(lines: &str, input: &str) -> String {
    let mut mac = Mac::new(Hash::Sha256, &Encoding::Base64.decode(SECRET.as_bytes()).unwrap());
    mac.update(format!("{lines}\"@signature-params\": {input}").as_bytes());
    format!("s=:{}:", Encoding::Base64.encode(mac.finish().bytes()))
}

const USUAL_LINES: &str =
    "\"@method\": POST\n\"@authority\": example.com\n\"@path\": /foo\n\"content-digest\": ";

fn usual_input(parameters: &str) -> String {
    format!("(\"@method\" \"@authority\" \"@path\" \"content-digest\"){parameters}")
}

fn usual(parameters: &str) -> Request {
    let input = usual_input(parameters);
    let signature = made(&format!("{USUAL_LINES}{DIGEST_512}\n"), &input);
    Request::new().signed(&format!("s={input}"), &signature)
}

#[test]
fn the_examples_of_the_rfc_are_accepted() {
    let pss = |name: &str, input: &str, signature: &str, needed: &[&str]| {
        let (plan, key) = ready(&spec("rsa_pss", "sha512", "spki_b64", needed), RSA);
        let request = Request::new().signed(&format!("{name}={input}"), &format!("{name}=:{signature}:"));
        assert_eq!(request.judge(&plan, &key), Ok(()), "{name}");
        let other =
            Request { method: "PUT", url: "https://example.org/foo", ..request }.with("date", "never");
        assert_eq!(other.judge(&plan, &key), Err(Refusal::Wrong), "{name} altered");
    };
    pss(
        "sig-b22",
        r#"("@authority" "content-digest");created=1618884473;keyid="test-key-rsa-pss""#,
        "Fee1uy9YGZq5UUwwYU6vz4dZNvfw3GYrFl1L6YlVIyUMuWswWDNSvql4dVtSeidYjYZUm7SBCENIb5KYy2ByoC3bI+7gydd2i4OAT5lyDtmeapnAa8uP/b9xUpg+VSPElbBs6JWBIQsd+nMdHDe+ls/IwVMwXktC37SqsnbNyhNp6kcvcWpevjzFcD2VqdZleUz4jN7P+W5A3wHiMGfIjIWn36KXNB+RKyrlGnIS8yaBBrom5rcZWLrLbtg6VlrH1+/07RV+kgTh/l10h8qgpl9zQHu7mWbDKTq0tJ8K4ywcPoC4s2I4rU88jzDKDGdTTQFZoTVZxZmuTM1FvHfzIw==",
        &["@authority", "content-digest"],
    );
    pss(
        "sig-b23",
        r#"("date" "@method" "@path" "@query" "@authority" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-rsa-pss""#,
        "bbN8oArOxYoyylQQUU6QYwrTuaxLwjAC9fbY2F6SVWvh0yBiMIRGOnMYwZ/5MR6fb0Kh1rIRASVxFkeGt683+qRpRRU5p2voTp768ZrCUb38K0fUxN0O0iC59DzYx8DFll5GmydPxSmme9v6ULbMFkl+V5B1TP/yPViV7KsLNmvKiLJH1pFkh/aYA2HXXZzNBXmIkoQoLd7YfW91kE9o/CCoC1xMy7JA1ipwvKvfrs65ldmlu9bpG6A9BmzhuzF8Eim5f8ui9eH8LZH896+QIF61ka39VBrohr9iyMUJpvRX2Zbhl5ZJzSRxpJyoEZAFL2FUo5fTIztsDZKEgM4cUA==",
        &["@method", "content-digest"],
    );
    let (plan, key) = ready(&spec("hmac", "sha256", "base64", &["date"]), SECRET);
    let request = Request::new().signed(
        r#"sig-b25=("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret""#,
        "sig-b25=:pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=:",
    );
    assert_eq!(request.judge(&plan, &key), Ok(()));
    assert!(!plan.is_body_bound(), "the example signs no digest");
    let (plan, key) = ready(&spec("ed25519", "sha256", "spki_b64", &["date", "@path"]), ED25519);
    let request = Request::new().signed(
        r#"sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519""#,
        "sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:",
    );
    assert_eq!(request.judge(&plan, &key), Ok(()));
    assert_eq!(request.clone().with("date", "now").judge(&plan, &key), Err(Refusal::Wrong));
}

#[test]
fn what_must_be_signed_is_signed_or_the_request_is_refused() {
    let (plan, key) = hmac();
    assert!(plan.is_body_bound() && plan.is_stamped());
    assert_eq!(usual(";created=1618884473").judge(&plan, &key), Ok(()));
    let less = r#"("@method" "@authority" "@path");created=1618884473"#;
    let lines = "\"@method\": POST\n\"@authority\": example.com\n\"@path\": /foo\n";
    let request = Request::new().signed(&format!("s={less}"), &made(lines, less));
    assert_eq!(request.judge(&plan, &key), Err(Refusal::Malformed), "no digest");
    let none = "();created=1618884473";
    let request = Request::new().signed(&format!("s={none}"), &made("", none));
    assert_eq!(request.judge(&plan, &key), Err(Refusal::Malformed), "nothing at all");
}

#[test]
fn the_digest_must_be_that_of_the_body() {
    let (plan, key) = hmac();
    let good = usual(";created=1618884473");
    for body in ["", "{}", r#"{"hello": "world"} "#] {
        let request = Request { body: body.into(), ..good.clone() };
        assert_eq!(request.judge(&plan, &key), Err(Refusal::Wrong), "{body}");
    }
    let of = |digest: &str| {
        let input = usual_input(";created=1618884473");
        let signature = made(&format!("{USUAL_LINES}{digest}\n"), &input);
        Request::new()
            .with("content-digest", digest)
            .signed(&format!("s={input}"), &signature)
            .judge(&plan, &key)
    };
    let sha256 = format!("sha-256=:{}:", Encoding::Base64.encode(&Sha256::digest(BODY)));
    assert_eq!(of(&sha256), Ok(()));
    assert_eq!(of(&format!("{DIGEST_512}, {sha256}")), Ok(()));
    let wrong = format!("sha-256=:{}:", Encoding::Base64.encode(&Sha256::digest("other")));
    assert_eq!(of(&format!("{DIGEST_512}, {wrong}")), Err(Refusal::Wrong), "one of two is wrong");
    for odd in ["md5=:AAAA:", "sha-256", "sha-256=AAAA", &format!("{sha256}, {sha256}")] {
        assert_eq!(of(odd), Err(Refusal::Malformed), "{odd}");
    }
}

#[test]
fn times_ids_and_algorithms_are_judged() {
    let (plan, key) = hmac();
    let at = |parameters: &str, now_s| Request { now_s, ..usual(parameters) }.judge(&plan, &key);
    assert_eq!(at(";created=1618884473", CREATED + 300), Ok(()));
    assert_eq!(at(";created=1618884473", CREATED + 301), Err(Refusal::Stale { by_s: 1 }));
    assert_eq!(at(";created=1618884473", CREATED - 60), Ok(()));
    assert_eq!(at(";created=1618884473", CREATED - 61), Err(Refusal::Future { by_s: 1 }));
    assert_eq!(at(";created=1618884473;expires=1618884480", CREATED + 8), Err(Refusal::Stale { by_s: 1 }));
    assert_eq!(at(";created=1618884473;expires=1618884480", CREATED + 7), Ok(()));
    for refused in [
        "",
        ";expires=1618884480",
        ";created=1618884473;alg=\"ed25519\"",
        ";created=1618884473;alg=\"none\"",
        ";created=1618884473;created=1618884473",
        ";created=1618884473;other=1",
        ";created=01618884473",
        ";created=1618884473.5",
        ";created=\"1618884473\"",
        "; created=1618884473",
        ";created=1618884473 ",
    ] {
        let verdict = at(refused, CREATED);
        assert!(refused.ends_with(' ') || verdict == Err(Refusal::Malformed), "{refused}: {verdict:?}");
    }
    assert_eq!(at(";created=1618884473;alg=\"hmac-sha256\";nonce=\"n\";tag=\"t\"", CREATED), Ok(()));
    let mut pinned = spec("hmac", "sha256", "base64", &["@method"]);
    pinned.options.extend([("key_id".into(), vec!["one".into()]), ("tag".into(), vec!["hook".into()])]);
    let (plan, key) = ready(&pinned, SECRET);
    let of = |parameters: &str| usual(&format!(";created=1618884473{parameters}")).judge(&plan, &key);
    assert_eq!(of(";keyid=\"one\";tag=\"hook\""), Ok(()));
    for other in ["", ";keyid=\"one\"", ";keyid=\"two\";tag=\"hook\"", ";keyid=\"one\";tag=\"Hook\""] {
        assert_eq!(of(other), Err(Refusal::Malformed), "{other}");
    }
}

#[test]
fn altered_doubled_and_foreign_signatures_are_refused() {
    let (plan, key) = hmac();
    let good = usual(";created=1618884473");
    for (request, refusal) in [
        (Request { method: "PUT", ..good.clone() }, Refusal::Wrong),
        (Request { url: "https://example.com/bar?param=Value&Pet=dog", ..good.clone() }, Refusal::Wrong),
        (Request { url: "https://example.org/foo", ..good.clone() }, Refusal::Wrong),
        (good.clone().with("signature", "s=:AAAA:"), Refusal::Malformed),
        (good.clone().with("signature", "other=:AAAA:"), Refusal::Missing),
        (good.clone().with("signature", "s"), Refusal::Malformed),
        (good.clone().with("signature-input", "s=()"), Refusal::Malformed),
        (good.clone().with("connection", "content-digest"), Refusal::Malformed),
    ] {
        assert_eq!(request.judge(&plan, &key), Err(refusal));
    }
    assert_eq!(Request { url: "https://EXAMPLE.com:443/foo", ..good.clone() }.judge(&plan, &key), Ok(()));
    let two = usual(";created=1618884473");
    let line = two.headers["signature-input"].to_str().unwrap().to_owned();
    let several = two.with("signature-input", &format!("{line}, t=()"));
    assert_eq!(several.judge(&plan, &key), Err(Refusal::Malformed), "which one is not said");
    let mut doubled = good.clone();
    doubled.headers.append("content-digest", HeaderValue::from_static(DIGEST_512));
    assert_eq!(doubled.judge(&plan, &key), Err(Refusal::Malformed));
    for absent in ["signature", "signature-input", "content-digest"] {
        let mut request = good.clone();
        request.headers.remove(absent);
        assert_eq!(request.judge(&plan, &key), Err(Refusal::Missing), "{absent}");
    }
}

#[test]
fn only_canonical_texts_are_read() {
    for text in [
        "",
        "(",
        "()x",
        "(\"a\"  \"b\")",
        "( \"a\")",
        "(\"a\" )",
        "(\"a\"\"b\")",
        "(\"a\" \"a\")",
        "(\"A\")",
        "(\"\")",
        "(a)",
        "(\"a\";sf)",
        "(\"a\";req)",
        "(\"@query-param\")",
        "(\"@query-param\";name=\"a\\\"b\")",
        "();keyid=one",
        "();keyid=\"on\\e\"",
        "();created",
        "();created=-1",
        "();created=999999999999",
    ] {
        assert!(Input::read(text).is_none(), "{text}");
    }
    let input = Input::read("(\"a\" \"@query-param\";name=\"Pet\");created=5;tag=\"x\"").unwrap();
    assert_eq!(input.components[1].parameter, Some("Pet"));
    assert_eq!((input.created, input.tag), (Some(5), Some("x")));
    assert_eq!(parameter("a=1&Pet=dog", Some("Pet")), Ok("dog".to_owned()));
    assert_eq!(parameter("Pet=dog&Pet=cat", Some("Pet")), Err(Refusal::Malformed));
    assert_eq!(parameter("Pet=a+b", Some("Pet")), Err(Refusal::Malformed));
    assert_eq!(parameter("a=1", Some("Pet")), Err(Refusal::Missing));
    let comma = fields::dictionary("a=();keyid=\"x,b=()\", b=:AA==:").unwrap();
    assert_eq!(comma, [("a", "();keyid=\"x,b=()\""), ("b", ":AA==:")]);
    assert!(fields::dictionary("a=(), a=()").is_none());
}

#[test]
fn schemes_that_the_rfc_does_not_know_are_told() {
    for (kind, hash, key) in
        [("hmac", "sha512", "utf8"), ("ecdsa_p256", "sha256", "pem"), ("rsa_pss", "sha256", "pem")]
    {
        assert_eq!(Plan::compile(&spec(kind, hash, key, &["@method"])).unwrap_err()[0].field, "kind");
    }
    let hex = Spec { enc: "hex".into(), ..spec("hmac", "sha256", "utf8", &["@method"]) };
    assert_eq!(Plan::compile(&hex).unwrap_err()[0].field, "enc");
    let mut odd = spec("hmac", "sha256", "utf8", &["@method"]);
    odd.options.push(("max_age".into(), vec!["long".into()]));
    assert_eq!(Plan::compile(&odd).unwrap_err()[0].field, "options");
}
