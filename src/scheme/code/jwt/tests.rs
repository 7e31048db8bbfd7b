//! Whole plans over tokens made here: what is accepted, and every way to forge, strip, redirect or reuse one.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use http::{HeaderMap, HeaderValue};

use super::super::super::*;
use super::*;
use crate::base::secret::Secret;
use crate::scheme::mac::{Hash, Mac};

const NOW_S: i64 = 1_790_000_000;
const SECRET: &str = "an obviously fake secret of tests";
const BODY: &str = r#"{"event":"paid"}"#;

fn url(bytes: &[u8]) -> String {
    Encoding::Base64Url.encode(bytes)
}

fn hash(bytes: &str) -> String {
    Encoding::Hex.encode(&Sha256::digest(bytes))
}

fn hs256(header: &str, payload: &str, secret: &[u8]) -> String {
    let message = format!("{}.{}", url(header.as_bytes()), url(payload.as_bytes()));
    let mut mac = Mac::new(Hash::Sha256, secret);
    mac.update(message.as_bytes());
    format!("{message}.{}", url(mac.finish().bytes()))
}

fn token(payload: &str) -> String {
    hs256(r#"{"alg":"HS256","typ":"JWT"}"#, payload, SECRET.as_bytes())
}

fn usual_claims() -> String {
    format!(r#"{{"iss":"maker","iat":{NOW_S},"exp":{},"digest":"{}"}}"#, NOW_S + 300, hash(BODY))
}

fn options(list: &[(&str, &[&str])]) -> Vec<(String, Vec<String>)> {
    list.iter().map(|(name, values)| ((*name).into(), values.iter().map(|v| (*v).into()).collect())).collect()
}

fn with(more: &[(&str, &[&str])]) -> Spec {
    let mut all = options(&[("alg", &["HS256"]), ("iss", &["maker"]), ("body_claim", &["digest"])]);
    all.extend(options(more));
    Spec {
        kind: "jwt".into(),
        sig: vec!["header:Authorization".into()],
        prefix: Some("Bearer ".into()),
        options: all,
        ..Spec::default()
    }
}

fn spec() -> Spec {
    with(&[("require", &["exp"])])
}

fn key(plan: &Plan) -> Key {
    plan.key(&Secret::new(SECRET.as_bytes().to_vec())).unwrap()
}

fn head(headers: &HeaderMap) -> SignedHead<'_> {
    SignedHead {
        method: "POST",
        path_and_query: "/hook?a=1",
        url: Some("https://hooks.example.com/hook?a=1"),
        headers,
    }
}

fn headers(tokens: &[&str]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for token in tokens {
        headers.append("authorization", HeaderValue::from_str(token).unwrap());
    }
    headers
}

fn judge_at(plan: &Plan, key: &Key, lines: &[&str], body: &str, now_s: i64) -> Result<Verified, Refusal> {
    let headers = headers(lines);
    let mut session = plan.begin(&[key], &head(&headers), Wall(now_s * 1000), ReplayId::Wanted)?;
    session.update(body.as_bytes());
    session.finish(body.as_bytes())
}

fn judge(spec: &Spec, token: &str) -> Result<Verified, Refusal> {
    let plan = Plan::compile(spec).unwrap();
    judge_at(&plan, &key(&plan), &[&format!("Bearer {token}")], BODY, NOW_S)
}

#[test]
fn a_token_that_binds_the_body_is_accepted_and_remembered() {
    let plan = Plan::compile(&spec()).unwrap();
    assert!(plan.is_body_bound() && plan.is_stamped() && plan.reads_body() && !plan.is_public_key());
    let line = format!("Bearer {}", token(&usual_claims()));
    let verified = judge_at(&plan, &key(&plan), &[&line], BODY, NOW_S).unwrap();
    assert_eq!(verified.key, 0);
    let again = judge_at(&plan, &key(&plan), &[&line.replace("Bearer", "bearer")], BODY, NOW_S + 9).unwrap();
    assert_eq!(verified.replay_id, again.replay_id);
    assert!(verified.replay_id.is_some());
    assert!(plan.reads_header(&http::header::AUTHORIZATION));
}

#[test]
fn another_body_is_refused_and_so_is_a_token_without_the_claim() {
    let plan = Plan::compile(&spec()).unwrap();
    let line = format!("Bearer {}", token(&usual_claims()));
    for body in ["", " ", r#"{"event":"paid!"}"#] {
        assert_eq!(judge_at(&plan, &key(&plan), &[&line], body, NOW_S), Err(Refusal::Wrong), "{body:?}");
    }
    let bare = format!("Bearer {}", token(&format!(r#"{{"iss":"maker","exp":{}}}"#, NOW_S + 300)));
    for body in ["", BODY] {
        assert_eq!(judge_at(&plan, &key(&plan), &[&bare], body, NOW_S), Err(Refusal::Wrong));
    }
    let lenient = Plan::compile(&with(&[("bare", &["yes"])])).unwrap();
    assert!(judge_at(&lenient, &key(&lenient), &[&bare], "", NOW_S).is_ok());
    assert_eq!(judge_at(&lenient, &key(&lenient), &[&bare], BODY, NOW_S), Err(Refusal::Wrong));
    assert_eq!(judge_at(&lenient, &key(&lenient), &[&line], "", NOW_S), Err(Refusal::Wrong));
}

#[test]
fn every_way_to_leave_the_algorithm_open_is_refused() {
    let claims = usual_claims();
    for header in [
        r#"{"alg":"none"}"#,
        r#"{"alg":"None"}"#,
        r#"{"alg":"NONE"}"#,
        r#"{"alg":""}"#,
        r#"{"alg":null}"#,
        r#"{}"#,
        r#"{"alg":"HS384"}"#,
        r#"{"alg":"RS256"}"#,
        r#"{"alg":"hs256"}"#,
        r#"{"alg":["HS256"]}"#,
        r#"{"alg":"HS256","alg":"none"}"#,
        r#"{"alg":"none","alg":"HS256"}"#,
        r#"{"ALG":"none","alg":"HS256"}"#,
        r#"{"alg":"HS256","crit":["exp"]}"#,
        r#"{"alg":"HS256","b64":false,"crit":["b64"]}"#,
        r#"{"alg":"HS256","b64":false}"#,
        r#"{"alg":"HS256"} x"#,
        r#"["alg","HS256"]"#,
        "\"HS256\"",
    ] {
        let forged = hs256(header, &claims, SECRET.as_bytes());
        assert_eq!(judge(&spec(), &forged), Err(Refusal::Malformed), "{header}");
        let (message, _) = forged.rsplit_once('.').unwrap();
        assert_eq!(judge(&spec(), &format!("{message}.")), Err(Refusal::Malformed), "{header} unsigned");
    }
}

#[test]
fn a_token_that_is_taken_apart_in_another_way_is_refused() {
    let good = token(&usual_claims());
    let parts: Vec<&str> = good.split('.').collect();
    let (header, payload, signature) = (parts[0], parts[1], parts[2]);
    for text in [
        format!("{header}.{payload}"),
        format!("{good}.{signature}"),
        format!("{good}."),
        format!(".{good}"),
        format!("{header}..{signature}"),
        format!("{good}="),
        format!("{header}=.{payload}.{signature}"),
        format!("{header}.{payload}.{}", signature.replace(['-', '_'], "/") + "+/"),
        format!("{header} .{payload}.{signature}"),
        format!("{header}.{payload}. {signature}"),
        "x".repeat(20_000),
        "..".to_owned(),
    ] {
        assert_eq!(judge(&spec(), &text), Err(Refusal::Malformed), "{text}");
    }
    let plan = Plan::compile(&spec()).unwrap();
    let verdict = |lines: &[&str]| judge_at(&plan, &key(&plan), lines, BODY, NOW_S);
    assert_eq!(verdict(&[]), Err(Refusal::Missing));
    assert_eq!(verdict(&[""]), Err(Refusal::Missing));
    assert_eq!(verdict(&["Bearer "]), Err(Refusal::Missing));
    assert_eq!(verdict(&[&good]), Err(Refusal::Missing), "without its prefix");
    let line = format!("Bearer {good}");
    assert_eq!(verdict(&[&line, &line]), Err(Refusal::Malformed), "doubled");
    assert_eq!(verdict(&[&format!("{line}, {line}")]), Err(Refusal::Malformed));
}

#[test]
fn an_altered_token_is_refused() {
    let good = token(&usual_claims());
    let (message, signature) = good.rsplit_once('.').unwrap();
    let (header, _) = message.split_once('.').unwrap();
    let swapped = url(usual_claims().replace("maker", "maker ").as_bytes());
    assert_eq!(judge(&spec(), &format!("{header}.{swapped}.{signature}")), Err(Refusal::Wrong));
    let renewed = url(usual_claims().replace("exp", "exp ").as_bytes());
    assert_eq!(judge(&spec(), &format!("{header}.{renewed}.{signature}")), Err(Refusal::Wrong));
    let other = hs256(r#"{"alg":"HS256"}"#, &usual_claims(), b"another secret, as long as ours");
    assert_eq!(judge(&spec(), &other), Err(Refusal::Wrong));
    let own = hs256(r#"{"alg":"HS256","jwk":{"kty":"oct","k":"AAAA"}}"#, &usual_claims(), &[0; 3]);
    assert_eq!(judge(&spec(), &own), Err(Refusal::Wrong), "a key the token brings along");
    assert_eq!(judge(&spec(), &format!("{message}.{}", url(&[0; 32]))), Err(Refusal::Wrong));
    assert_eq!(judge(&spec(), &format!("{message}.{}", url(&[0; 1]))), Err(Refusal::Wrong));
}

#[test]
fn times_are_judged_on_both_sides() {
    let plan = Plan::compile(&spec()).unwrap();
    let at = |claims: &str, now_s| {
        let claims = format!(r#"{{"iss":"maker","digest":"{}",{claims}}}"#, hash(BODY));
        judge_at(&plan, &key(&plan), &[&format!("Bearer {}", token(&claims))], BODY, now_s).map(drop)
    };
    let exp = format!(r#""exp":{NOW_S}"#);
    assert_eq!(at(&exp, NOW_S + 60), Ok(()));
    assert_eq!(at(&exp, NOW_S + 61), Err(Refusal::Stale { by_s: 1 }));
    assert_eq!(at(&format!(r#""exp":{NOW_S}.9"#), NOW_S), Ok(()));
    let far = format!(r#""exp":{}"#, NOW_S + 500_000);
    let near = format!(r#""exp":{}"#, NOW_S + 5000);
    assert_eq!(at(&format!(r#""nbf":{NOW_S},{near}"#), NOW_S - 60), Ok(()));
    assert_eq!(at(&format!(r#""nbf":{NOW_S},{near}"#), NOW_S - 61), Err(Refusal::Future { by_s: 1 }));
    assert_eq!(at(&format!(r#""iat":{NOW_S},{far}"#), NOW_S - 61), Err(Refusal::Future { by_s: 1 }));
    let most = 23 * 60 * 60;
    assert_eq!(at(&format!(r#""iat":{NOW_S},{far}"#), NOW_S + most), Ok(()));
    assert_eq!(at(&format!(r#""iat":{NOW_S},{far}"#), NOW_S + most + 1), Err(Refusal::Stale { by_s: 1 }));
    // Without iat the end bounds the age: what counts for longer than it is remembered could come again.
    assert_eq!(at(&far, NOW_S), Err(Refusal::Future { by_s: 500_000 - most as u64 }));
    assert_eq!(at(&far, NOW_S + 500_000 - most), Ok(()));
    for odd in ["-1", "1e9", "99999999999999", "true", r#""soon""#, "1.x"] {
        let verdict = at(&format!(r#""exp":{odd}"#), NOW_S);
        assert!(
            matches!(verdict, Err(Refusal::TimestampMalformed | Refusal::Malformed)),
            "{odd}: {verdict:?}"
        );
    }
    assert_eq!(at(r#""x":1"#, NOW_S), Err(Refusal::Wrong), "exp is required");
    assert_eq!(at(r#""exp":null"#, NOW_S), Err(Refusal::Wrong));
}

#[test]
fn claims_must_hold_one_of_the_values() {
    let spec = Spec {
        options: options(&[
            ("alg", &["HS256"]),
            ("iss", &["maker", "https://maker.example"]),
            ("aud", &["us"]),
            ("claim.email", &["push@example.com"]),
            ("claim.email_verified", &["true"]),
        ]),
        ..spec()
    };
    let plan = Plan::compile(&spec).unwrap();
    assert!(!plan.is_body_bound() && !plan.is_stamped() && !plan.reads_body());
    let own = r#""email":"push@example.com","email_verified":true"#;
    for good in [r#""iss":"maker","aud":"us""#, r#""iss":"https://maker.example","aud":["them","us"]"#] {
        assert!(judge(&spec, &token(&format!("{{{good},{own}}}"))).is_ok(), "{good}");
    }
    for bad in [
        r#""iss":"maker""#,
        r#""aud":"us""#,
        r#""iss":"maker","aud":"them""#,
        r#""iss":"maker","aud":[]"#,
        r#""iss":"Maker","aud":"us""#,
        r#""iss":"maker ","aud":"us""#,
    ] {
        assert_eq!(judge(&spec, &token(&format!("{{{bad},{own}}}"))), Err(Refusal::Wrong), "{bad}");
    }
    for unclear in [r#""iss":"x","iss":"maker","aud":"us""#, r#""iss":"maker","aud":{"a":"us"}"#] {
        let verdict = judge(&spec, &token(&format!("{{{unclear},{own}}}")));
        assert_eq!(verdict, Err(Refusal::Malformed), "{unclear}");
    }
    let unverified = r#"{"iss":"maker","aud":"us","email":"push@example.com","email_verified":false}"#;
    assert_eq!(judge(&spec, &token(unverified)), Err(Refusal::Wrong));
    for payload in ["[]", "1", "\"iss\"", "{", ""] {
        assert_eq!(judge(&spec, &token(payload)), Err(Refusal::Malformed), "{payload}");
    }
}

#[test]
fn a_url_claim_binds_the_url() {
    let hashed = with(&[("url_claim", &["url_hash"])]);
    let plain = with(&[("url_claim", &["sub"]), ("url_enc", &["plain"])]);
    let own = "https://hooks.example.com/hook?a=1";
    let claims = |name: &str, value: &str| {
        format!(r#"{{"iss":"maker","digest":"{}","{name}":"{value}"}}"#, hash(BODY))
    };
    assert!(judge(&hashed, &token(&claims("url_hash", &hash(own)))).is_ok());
    assert!(judge(&plain, &token(&claims("sub", own))).is_ok());
    assert_eq!(
        judge(&hashed, &token(&claims("url_hash", &hash("https://hooks.example.com/")))),
        Err(Refusal::Wrong)
    );
    assert_eq!(judge(&plain, &token(&claims("sub", "https://other.example"))), Err(Refusal::Wrong));
    assert_eq!(judge(&plain, &token(&claims("other", own))), Err(Refusal::Wrong));
    assert!(Plan::compile(&plain).unwrap().needs_url());
}

/// The confusion of CVE-2015-9235 and its kin: an HMAC under the bytes of a public key.
#[test]
fn a_public_key_is_never_a_secret() {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let der = pair.public_key().as_ref();
    let base64 = Encoding::Base64.encode(der);
    let pem = format!("-----BEGIN RSA PUBLIC KEY-----\n{base64}\n-----END RSA PUBLIC KEY-----\n");
    let with_alg = |algorithms: &[&str], form: &str| Spec {
        options: options(&[("alg", algorithms), ("iss", &["maker"]), ("body_claim", &["digest"])]),
        key: KeySpec { enc: form.into(), ..KeySpec::default() },
        ..spec()
    };
    for (algorithms, form) in [
        (&["HS256"][..], "pem"),
        (&["RS256", "HS256"], "pem"),
        (&["HS256"], "jwks"),
        (&["RS256"], "utf8"),
        (&["RS256", "HS256"], "base64"),
        (&["none"], "pem"),
        (&[], "pem"),
    ] {
        let problems = Plan::compile(&with_alg(algorithms, form)).unwrap_err();
        assert!(problems.iter().all(|problem| problem.field == "options"), "{algorithms:?} {form}");
    }
    let spec = with_alg(&["RS256"], "pem");
    let plan = Plan::compile(&spec).unwrap();
    assert!(plan.is_public_key());
    let key = plan.key(&Secret::new(pem.clone().into_bytes())).unwrap();
    let verdict = |token: String| judge_at(&plan, &key, &[&format!("Bearer {token}")], BODY, NOW_S);
    let claims = usual_claims();
    let message = format!("{}.{}", url(br#"{"alg":"RS256"}"#), url(claims.as_bytes()));
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message.as_bytes(), &mut signature).unwrap();
    assert!(verdict(format!("{message}.{}", url(&signature))).is_ok());
    for bytes in [pem.as_bytes(), pem.trim_end().as_bytes(), der, base64.as_bytes()] {
        assert_eq!(verdict(hs256(r#"{"alg":"HS256"}"#, &claims, bytes)), Err(Refusal::Malformed));
        assert_eq!(verdict(hs256(r#"{"alg":"RS256"}"#, &claims, bytes)), Err(Refusal::Wrong));
    }
    assert!(plan.key(&Secret::new(SECRET.as_bytes().to_vec())).is_err(), "a secret is no public key");
}

#[test]
fn a_token_is_verified_with_the_key_it_names() {
    let pairs = [(); 2].map(|()| EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap());
    let jwk = |index: usize, kid: &str| {
        let point = pairs[index].public_key().as_ref();
        format!(
            r#"{{"kty":"EC","crv":"P-256","alg":"ES256","kid":"{kid}","x":"{}","y":"{}"}}"#,
            url(&point[1..33]),
            url(&point[33..])
        )
    };
    let set = format!(r#"{{"keys":[{},{}]}}"#, jwk(0, "one"), jwk(1, "two"));
    let spec = Spec {
        sig: Vec::new(),
        prefix: None,
        code: Some("jwt".into()),
        key: KeySpec { enc: "jwks".into(), ..KeySpec::default() },
        options: options(&[("alg", &["ES256", "RS256"]), ("iss", &["maker"])]),
        ..spec()
    };
    let plan = Plan::compile(&spec).unwrap();
    assert!(plan.is_body_bound());
    let key = plan.key(&Secret::new(set.into_bytes())).unwrap();
    let signed = |index: usize, header: &str| {
        let message = format!("{}.{}", url(header.as_bytes()), url(usual_claims().as_bytes()));
        let signature = pairs[index].sign(&SystemRandom::new(), message.as_bytes()).unwrap();
        format!("{message}.{}", url(signature.as_ref()))
    };
    let verdict = |body: &str| judge_at(&plan, &key, &[], body, NOW_S).map(drop);
    assert_eq!(verdict(&signed(0, r#"{"alg":"ES256","kid":"one"}"#)), Ok(()));
    assert_eq!(verdict(&signed(1, r#"{"alg":"ES256","kid":"two"}"#)), Ok(()));
    assert_eq!(verdict(&signed(1, r#"{"alg":"ES256"}"#)), Ok(()));
    assert_eq!(verdict(&signed(1, r#"{"alg":"ES256","kid":"one"}"#)), Err(Refusal::Wrong));
    assert_eq!(verdict(&signed(1, r#"{"alg":"ES256","kid":"three"}"#)), Err(Refusal::Wrong));
    assert_eq!(verdict(&signed(1, r#"{"alg":"RS256","kid":"two"}"#)), Err(Refusal::Wrong));
    assert_eq!(verdict(&format!("{}\n", signed(0, r#"{"alg":"ES256"}"#))), Err(Refusal::BodyShape));
    assert_eq!(verdict(""), Err(Refusal::BodyShape));
}

#[test]
fn options_that_make_no_sense_are_told() {
    for more in [
        &[("algorithm", &["HS256"][..])][..],
        &[("max_age", &["soon"])],
        &[("max_age", &["100000"])],
        &[("leeway", &["-1"])],
        &[("leeway", &["1", "2"])],
        &[("aud", &[])],
        &[("aud", &[""])],
        &[("claim.", &["x"])],
        &[("body_enc", &["base32"])],
    ] {
        let problems = Plan::compile(&with(more)).unwrap_err();
        assert!(problems.iter().all(|problem| problem.field == "options"), "{more:?}");
    }
    for other in [
        Spec { kind: "hmac".into(), code: Some("jwt".into()), ..spec() },
        Spec { code: Some("adyen".into()), ..spec() },
    ] {
        assert!(Plan::compile(&other).unwrap_err().iter().any(|problem| problem.field == "code"));
    }
}

/// The example of "Understanding JWT for Connect apps": the canonical request and its parts.
#[test]
fn the_request_hash_of_atlassian_is_made_of_method_path_and_sorted_query() {
    let of = |method: &str, target: &str| qsh::canonical(method, target, "", &["jwt".to_owned()]);
    let target = "/path/to/service?zee_last=param&repeated=parameter%201&first=param&repeated=parameter%202";
    let expected = "GET&/path/to/service&first=param&repeated=parameter%201,parameter%202&zee_last=param";
    assert_eq!(of("get", target).unwrap(), expected);
    assert_eq!(of("POST", "/a/").unwrap(), "POST&/a&");
    assert_eq!(of("POST", "/?jwt=x&b=+&a=%7e").unwrap(), "POST&/&a=~&b=%20");
    assert_eq!(
        of("POST", "/?z=%C3%A9&z=1&z=%2F").unwrap(),
        "POST&/&z=%2F,1,%C3%A9",
        "values before they are encoded"
    );
    assert_eq!(of("POST", "/a?b=%zz"), Err(Refusal::Malformed));
    assert_eq!(qsh::canonical("POST", "/app/hook", "/app", &[]).unwrap(), "POST&/hook&");
    assert_eq!(qsh::canonical("POST", "/other", "/app", &[]), Err(Refusal::Wrong));
}
