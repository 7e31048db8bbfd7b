//! Project Wycheproof (C2SP/wycheproof dac1dd4), testvectors_v1, without the parts we do not read.

use serde_json::Value;

use super::*;
use crate::scheme::mac::{Mac, Tag};
use subtle::ConstantTimeEq;

macro_rules! vectors {
    ($name:literal) => {
        serde_json::from_str::<Vec<Value>>(include_str!(concat!(
            "../../../../tests/vectors/wycheproof/",
            $name,
            ".json"
        )))
        .unwrap()
    };
}

/// Runs every test of a set; gives how many there were, and those whose verdict is another than theirs.
fn differing(groups: &[Value], verdict: impl Fn(&Value, &Value) -> bool) -> (usize, Vec<u64>) {
    let mut count = 0;
    let mut differing = Vec::new();
    for group in groups {
        for test in group["tests"].as_array().unwrap() {
            count += 1;
            if verdict(group, test) != (test["result"] == "valid") {
                differing.push(test["tcId"].as_u64().unwrap());
            }
        }
    }
    (count, differing)
}

fn public(name: &str, hash: Hash, groups: &[Value]) -> (usize, Vec<u64>) {
    differing(groups, |group, test| {
        let pem = group["pem"].as_str().unwrap();
        let key = algorithm(name).unwrap().key(KeyForm::Pem, hash, pem.as_bytes());
        let key = key.unwrap_or_else(|| panic!("{name}: no key in {pem}"));
        let [message, signature] = ["msg", "sig"].map(|field| hex(test[field].as_str().unwrap()));
        is_signed(&*key, &message, &signature)
    })
}

#[test]
fn ed25519_agrees_with_wycheproof() {
    assert_eq!(public("ed25519", Hash::Sha256, &vectors!("ed25519")), (151, vec![]));
}

#[test]
fn ecdsa_in_der_agrees_with_wycheproof() {
    assert_eq!(public("ecdsa_p256", Hash::Sha256, &vectors!("ecdsa_secp256r1_sha256")), (484, vec![]));
}

#[test]
fn ecdsa_of_fixed_length_agrees_with_wycheproof() {
    let groups = vectors!("ecdsa_secp256r1_sha256_p1363");
    assert_eq!(public("ecdsa_p256_fixed", Hash::Sha256, &groups), (262, vec![]));
}

/// Test 8 is called acceptable, not valid: the padding lacks the NULL of the hash's identifier. We refuse it.
#[test]
fn rsa_agrees_with_wycheproof() {
    assert_eq!(public("rsa", Hash::Sha256, &vectors!("rsa_signature_2048_sha256")), (259, vec![]));
}

#[test]
fn rsa_pss_agrees_with_wycheproof() {
    assert_eq!(public("rsa_pss", Hash::Sha256, &vectors!("rsa_pss_2048_sha256_mgf1_32")), (108, vec![]));
    assert_eq!(public("rsa_pss", Hash::Sha512, &vectors!("rsa_pss_4096_sha512_mgf1_64")), (179, vec![]));
}

/// Wycheproof also has tags cut short, of a group with that size; we take whole tags only.
#[test]
fn hmac_agrees_with_wycheproof() {
    let sets = [
        (Hash::Sha1, vectors!("hmac_sha1")),
        (Hash::Sha256, vectors!("hmac_sha256")),
        (Hash::Sha512, vectors!("hmac_sha512")),
    ];
    for (hash, groups) in sets {
        let bits = hash.length() as u64 * 8;
        let (whole, cut): (Vec<Value>, Vec<Value>) =
            groups.into_iter().partition(|group| group["tagSize"] == bits);
        let verdict = |_: &Value, test: &Value| {
            let [key, message] = ["key", "msg"].map(|field| hex(test[field].as_str().unwrap()));
            let Some(tag) =
                Tag::decode(Encoding::Hex, test["tag"].as_str().unwrap().as_bytes(), hash.length())
            else {
                return false;
            };
            let mut mac = Mac::new(hash, &key);
            mac.update(&message);
            mac.finish().bytes().ct_eq(tag.bytes()).into()
        };
        let (count, others) = differing(&whole, verdict);
        assert!(count > 80);
        assert_eq!(others, Vec::<u64>::new(), "{hash:?}");
        let accepted: usize = cut
            .iter()
            .flat_map(|group| group["tests"].as_array().unwrap())
            .filter(|test| verdict(&Value::Null, test))
            .count();
        assert_eq!(accepted, 0, "a tag cut short");
    }
}
