//! Signatures of tokens: Wycheproof's set, and that a key verifies what it is for and nothing else.

use serde_json::Value;

use super::*;

fn jwt(form: KeyForm, text: &str) -> Option<Arc<dyn PublicKey>> {
    key(jws::NAME, form, text)
}

/// As the token scheme does it: three segments in their one spelling, then the signature over the first two.
fn accepts(key: &dyn PublicKey, token: &str) -> bool {
    let Some((message, signature)) = token.rsplit_once('.') else { return false };
    match jws::decoded(signature.as_bytes()) {
        Some(signature) if message.matches('.').count() == 1 => {
            let payload = message.split_once('.').unwrap().1;
            jws::decoded(payload.as_bytes()).is_some() && is_signed(key, message.as_bytes(), &signature)
        }
        _ => false,
    }
}

/// The key of a group: what a set or a secret would be in the configuration.
fn key_of(group: &Value) -> Option<Arc<dyn PublicKey>> {
    let jwk = &group["jwk"];
    match jwk["k"].as_str() {
        Some(secret) => {
            let secret = Encoding::Base64Url.decode(secret.as_bytes())?;
            algorithm(jws::NAME)?.key(KeyForm::Encoded(Encoding::Base64), Hash::Sha256, &secret)
        }
        None => jwt(KeyForm::Jwks, &jwk.to_string()),
    }
}

/// Where our verdict is another than theirs, and why.
const DIFFERENCES: [(&str, &[u64]); 4] = [
    (
        "an empty payload is valid there; here a token without claims has no use",
        &[259, 264, 268, 272, 320, 325],
    ),
    ("the key says it is for another algorithm (PS256, and ES521, which is none)", &[346, 347, 350, 351]),
    (
        "called invalid for its padding, which the published text has lost: it equals a valid token",
        &[367, 370],
    ),
    ("called valid with a character of no alphabet in it", &[372, 373]),
];

#[test]
fn tokens_agree_with_wycheproof() {
    let groups: Vec<Value> =
        serde_json::from_str(include_str!("../../../../tests/vectors/wycheproof/json_web_signature.json"))
            .unwrap();
    let mut differing: Vec<u64> = Vec::new();
    let mut count = 0;
    for group in &groups {
        let key = key_of(group);
        for test in group["tests"].as_array().unwrap() {
            count += 1;
            let accepted = key.as_ref().is_some_and(|key| accepts(&**key, test["jws"].as_str().unwrap()));
            if accepted != (test["result"] == "valid") {
                differing.push(test["tcId"].as_u64().unwrap());
            }
        }
    }
    assert_eq!(count, 401);
    let known: Vec<u64> = DIFFERENCES.iter().flat_map(|(_, tests)| tests.iter().copied()).collect();
    assert_eq!(differing, known);
}
