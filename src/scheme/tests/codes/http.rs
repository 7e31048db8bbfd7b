//! The schemes that are nobody's own: header lists the request itself names.

use super::*;

fn cavage() -> Spec {
    Spec { enc: "base64".into(), ..stamped("header:date", "http_date", code("cavage")) }
}

#[test]
fn cavage_signs_the_headers_it_names_and_needs_the_digest_of_a_body() {
    let said = "keyId=\"k1\",algorithm=\"hmac-sha256\",headers=\"(request-target) host date digest\",\
                signature=\"9xMZeWKu7TPmxm858+FQyVBgV3LVvPeilZTLFAzzY3M=\"";
    let call = Call { target: "/foo?param=value&pet=dog".into(), ..Call::new(r#"{"hello": "world"}"#) }
        .with("host", "example.com")
        .with("date", "Mon, 21 Sep 2026 14:13:20 GMT")
        .with("digest", "SHA-256=X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=")
        .with("authorization", &format!("Signature {said}"));
    let case = Case::new(cavage(), "0123456789abcdef", call);
    for name in ["host", "date", "digest", "authorization"] {
        case.needs_header(name);
    }
    case.needs_body();
    case.refuses(|call| Call { target: "/foo?param=value&pet=cat".into(), ..call });
    case.refuses(|call| Call { method: "PUT".into(), ..call });
    case.refuses(|call| call.with("signature", said));
    let bare = case.call.clone().without("authorization");
    assert_eq!(case.of(&bare.clone().with("signature", said)), Ok(0));
    assert!(matches!(case.refuses(|call| Call { now: at(NOON + 301), ..call }), Refusal::Stale { .. }));
    for (from, to, refusal) in [
        ("hmac-sha256", "hmac-sha1", Refusal::Malformed),
        ("hmac-sha256", "rsa-sha256", Refusal::Malformed),
        (" digest", "", Refusal::BodyShape),
        (" date", "", Refusal::Missing),
        ("(request-target) ", "", Refusal::Missing),
        (" digest", " digest digest", Refusal::Malformed),
        (" digest", " Digest", Refusal::BodyShape),
        ("signature=", "keyId=\"k2\",signature=", Refusal::Malformed),
        ("keyId=\"k1\",", "", Refusal::Malformed),
        ("keyId", "created=\"1\",keyId", Refusal::Malformed),
    ] {
        let found = case.of(&bare.clone().with("signature", &said.replace(from, to)));
        assert!(found == Err(refusal) || found == Err(Refusal::Malformed), "{to}: {found:?}");
    }
    let pinned = Spec { options: vec![("key_id".into(), vec!["k2".into()])], ..cavage() };
    let plan = Plan::compile(&pinned).unwrap();
    assert_eq!(case.call.judge(&plan, &[&case.key]), Err(Refusal::Malformed));
}

fn sigv4() -> Spec {
    let spec = stamped("header:x-amz-date", "iso_basic", code("aws_sigv4"));
    Spec { key: KeySpec { derive: "aws4".into(), ..KeySpec::default() }, ..spec }
}

const AWS_SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

#[test]
fn sigv4_signs_with_a_key_made_for_day_region_and_service() {
    // botocore 1.44.5
    let line = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260921/us-east-1/service/aws4_request, \
                SignedHeaders=content-type;host;x-amz-date;x-amz-extra, \
                Signature=85b200aed1bba6cbef3b6577d378e0fcaaa95ddc61e2674f704a6fb603171827";
    let call = Call { target: "/a%20b/c?b=2&a=1%2F2&a=0".into(), ..Call::new(r#"{"x":1}"#) }
        .with("content-type", "application/json")
        .with("host", "hooks.example.com")
        .with("x-amz-date", "20260921T141320Z")
        .with("x-amz-extra", "  two   words ")
        .with("authorization", line);
    let case = Case::new(sigv4(), AWS_SECRET, call);
    for name in ["content-type", "host", "x-amz-date", "x-amz-extra", "authorization"] {
        case.needs_header(name);
    }
    case.needs_body();
    assert_eq!(case.refuses(|call| call.with("x-amz-more", "1")), Refusal::Missing);
    assert_eq!(case.of(&case.call.clone().with("x-other", "1")), Ok(0));
    let hash = |hash: &str| case.of(&case.call.clone().with("x-amz-content-sha256", hash));
    assert_eq!(hash("UNSIGNED-PAYLOAD"), Err(Refusal::Missing), "it is not signed");
    for target in [
        "/a%2520b/c?b=2&a=1%2F2&a=0",
        "/a%20b/c?b=3&a=1%2F2&a=0",
        "/a%20b/c?b=2&a=1%2F2",
        "/a%20b/./c",
        "//a",
    ] {
        case.refuses(|call| Call { target: target.into(), ..call });
    }
    assert!(matches!(case.refuses(|call| Call { now: at(NOON + 301), ..call }), Refusal::Stale { .. }));
    for (from, to) in [
        ("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"),
        ("20260921", "20260922"),
        ("us-east-1", "us-east-2"),
        ("host;x-amz-date", "x-amz-date;host"),
        ("host;", ""),
        ("aws4_request", "aws4_requesu"),
        ("Signature=", "Signature=00, Signature="),
    ] {
        case.refuses(|call| call.without("authorization").with("authorization", &line.replace(from, to)));
    }
    for (option, value) in [("region", "eu-west-1"), ("service", "s3"), ("access_key", "AKIDOTHER")] {
        let pinned = Spec { options: vec![(option.into(), vec![value.into()])], ..sigv4() };
        let plan = Plan::compile(&pinned).unwrap();
        assert_eq!(case.call.judge(&plan, &[&case.key]), Err(Refusal::Malformed), "{option}");
    }
}

#[test]
fn the_published_sigv4_requests_are_accepted() {
    // get-vanilla and post-vanilla of the AWS suite.
    for (method, signature) in [
        ("GET", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        ("POST", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
    ] {
        let call =
            Call { method: method.into(), target: "/".into(), now: at(1_440_938_160), ..Call::new("") }
                .with("host", "example.amazonaws.com")
                .with("x-amz-date", "20150830T123600Z")
                .with(
                    "authorization",
                    &format!(
                        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
                     SignedHeaders=host;x-amz-date, Signature={signature}"
                    ),
                );
        let case = Case::new(sigv4(), AWS_SECRET, call);
        assert_eq!(case.refuses(|call| call.with("content-type", "text/plain")), Refusal::Missing);
    }
}

#[test]
fn a_time_that_need_not_be_signed_is_a_problem() {
    let undated = Spec { options: vec![("headers".into(), vec!["host".into()])], ..cavage() };
    assert!(Plan::compile(&undated).is_err());
}
