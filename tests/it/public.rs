//! Providers whose signatures are not HMACs of the body: a public key, and a token. Signed here as they sign.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};

use crate::gate::Gate;
use crate::origin::Origin;
use crate::sign::{sha256, unix_now};
use crate::wire::Ask;

const BODY: &[u8] = br#"{"type":2,"id":"1"}"#;

#[test]
fn a_delivery_signed_with_ed25519_passes_and_no_other_does() {
    let origin = Origin::start();
    let pair = Ed25519KeyPair::generate().unwrap();
    let key = HEXLOWER.encode(pair.public_key().as_ref());
    let rest = format!(
        "routes:\n  - {{name: d, path: /d, signature: {{provider: discord, secrets: [{{id: app, value: \"{key}\"}}]}}}}\n"
    );
    let gate = Gate::start(origin.addr, &rest);
    let signed = |at: i64, body: &[u8]| {
        HEXLOWER.encode(pair.sign(&[at.to_string().as_bytes(), body].concat()).as_ref())
    };
    let ask = |at: i64, signature: &str, body: &[u8]| {
        let ask = Ask::post("/d", body)
            .field("X-Signature-Timestamp", &at.to_string())
            .field("X-Signature-Ed25519", signature);
        gate.ask(&ask).status
    };
    let now = unix_now();
    let good = signed(now, BODY);
    assert_eq!(ask(now, &good, BODY), 200);
    let seen = origin.count();
    assert_eq!(ask(now, &good, br#"{"type":2,"id":"2"}"#), 401);
    assert_eq!(ask(now + 1, &good, BODY), 401);
    assert_eq!(ask(now - 900, &signed(now - 900, BODY), BODY), 401);
    assert_eq!(ask(now, &good.replace(['0', '1'], "2"), BODY), 401);
    assert_eq!(ask(now, "", BODY), 401);
    assert_eq!(origin.count(), seen, "nothing of what was refused reached the app");
}

#[test]
fn a_token_that_tells_the_bodys_hash_passes_and_is_of_no_use_for_another() {
    let origin = Origin::start();
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let url = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
    let point = pair.public_key().as_ref();
    let set = format!(
        r#"{{"keys":[{{"kty":"EC","crv":"P-256","alg":"ES256","use":"sig","kid":"k1","x":"{}","y":"{}"}}]}}"#,
        url(&point[1..33]),
        url(&point[33..])
    );
    let rest = format!(
        "routes:\n  - name: p\n    path: /p\n    signature:\n      provider: plaid\n      secrets:\n        - id: set\n          value: |\n            {set}\n"
    );
    let gate = Gate::start(origin.addr, &rest);
    let token = |header: &str, at: i64, body: &[u8]| {
        let payload = format!(r#"{{"iat":{at},"request_body_sha256":"{}"}}"#, sha256(body));
        let message = format!("{}.{}", url(header.as_bytes()), url(payload.as_bytes()));
        let signature = pair.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
        format!("{message}.{}", url(signature.as_ref()))
    };
    let ask = |token: &str, body: &[u8]| gate.ask(&Ask::post("/p", body).field("Plaid-Verification", token));
    let now = unix_now();
    let good = token(r#"{"alg":"ES256","kid":"k1"}"#, now, BODY);
    let passed = ask(&good, BODY);
    assert_eq!(passed.status, 200, "{}", String::from_utf8_lossy(&passed.body));
    assert_eq!(gate.record(passed.id()).result(), "allow");
    let seen = origin.count();
    let unsigned = good.rsplit_once('.').unwrap().0.replacen(
        &url(br#"{"alg":"ES256","kid":"k1"}"#),
        &url(br#"{"alg":"none"}"#),
        1,
    );
    for (token, body, reason) in [
        (good.clone(), &b"{}"[..], "signature_wrong"),
        (token(r#"{"alg":"ES256","kid":"k2"}"#, now, BODY), BODY, "signature_wrong"),
        (token(r#"{"alg":"HS256","kid":"k1"}"#, now, BODY), BODY, "signature_malformed"),
        (format!("{unsigned}."), BODY, "signature_malformed"),
        (token(r#"{"alg":"ES256","kid":"k1"}"#, now - 900, BODY), BODY, "timestamp_stale"),
        (token(r#"{"alg":"ES256","kid":"k1"}"#, now + 900, BODY), BODY, "timestamp_future"),
        (String::new(), BODY, "signature_malformed"),
    ] {
        let refused = ask(&token, body);
        assert_eq!(refused.status, 401, "{reason}");
        let told = gate.record(refused.id()).reason().to_owned();
        assert!(told == reason || token.is_empty(), "{told} for {reason}");
    }
    let again = ask(&good, BODY);
    assert_eq!(again.status, 200, "a message seen before is acknowledged");
    assert_eq!(gate.record(again.id()).result(), "acknowledge");
    assert_eq!(origin.count(), seen, "nothing of what was refused or known reached the app");
}
