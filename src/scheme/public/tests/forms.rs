//! Keys in every form; and keys of another kind, too small, private, broken.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};

use super::*;

const MESSAGE: &[u8] = b"a message nobody else signs";

/// What openssl made of an RSA key of 1024 bits: too small for all but `rsa_1024`.
const SMALL: &str = "-----BEGIN PUBLIC KEY-----\nMIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC7vYUrU1fhOlfcZGWN+ToQhCGL\n-----END PUBLIC KEY-----\n";

struct Signer {
    /// Contents of the `SubjectPublicKeyInfo`.
    spki: Vec<u8>,
    raw: Vec<u8>,
    jwk: String,
    signature: Vec<u8>,
}

fn url(bytes: &[u8]) -> String {
    Encoding::Base64Url.encode(bytes)
}

fn prefixed(prefix: &str, bytes: &[u8]) -> Vec<u8> {
    [hex(prefix), bytes.to_vec()].concat()
}

fn ed25519() -> Signer {
    let pair = Ed25519KeyPair::generate().unwrap();
    let raw = pair.public_key().as_ref().to_vec();
    Signer {
        spki: prefixed("302a300506032b6570032100", &raw),
        jwk: format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{}"}}"#, url(&raw)),
        signature: pair.sign(MESSAGE).as_ref().to_vec(),
        raw,
    }
}

fn ecdsa() -> Signer {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
    let raw = pair.public_key().as_ref().to_vec();
    let (x, y) = (url(&raw[1..33]), url(&raw[33..]));
    Signer {
        spki: prefixed("3059301306072a8648ce3d020106082a8648ce3d030107034200", &raw),
        jwk: format!(r#"{{"kty":"EC","crv":"P-256","x":"{x}","y":"{y}"}}"#),
        signature: pair.sign(&SystemRandom::new(), MESSAGE).unwrap().as_ref().to_vec(),
        raw,
    }
}

fn rsa(size: KeySize) -> Signer {
    let pair = RsaKeyPair::generate(size).unwrap();
    let raw = pair.public_key().as_ref().to_vec();
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), MESSAGE, &mut signature).unwrap();
    let bits = der::written(der::BIT_STRING, &[&[0], raw.as_slice()].concat()).unwrap();
    let name = hex("300d06092a864886f70d0101010500");
    let mut numbers = der::alone(&raw, der::SEQUENCE).unwrap();
    let [n, e] = [(); 2].map(|()| url(der::unsigned(numbers.take(der::INTEGER).unwrap()).unwrap()));
    Signer {
        spki: der::written(der::SEQUENCE, &[name, bits].concat()).unwrap(),
        jwk: format!(r#"{{"kty":"RSA","n":"{n}","e":"{e}"}}"#),
        signature,
        raw,
    }
}

fn pem(label: &str, bytes: &[u8]) -> String {
    let text = Encoding::Base64.encode(bytes);
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

fn all() -> [(&'static str, Signer); 3] {
    [("ed25519", ed25519()), ("ecdsa_p256", ecdsa()), ("rsa", rsa(KeySize::Rsa2048))]
}

#[test]
fn every_algorithm_reads_its_keys_in_every_form() {
    for (name, signer) in all() {
        let set = format!(r#"{{"keys":[{{"kty":"EC","crv":"secp256k1"}},{}]}}"#, signer.jwk);
        let forms = [
            (KeyForm::Pem, pem("PUBLIC KEY", &signer.spki)),
            (KeyForm::SpkiB64, Encoding::Base64.encode(&signer.spki)),
            (KeyForm::RawHex, Encoding::Hex.encode(&signer.raw)),
            (KeyForm::RawB64, Encoding::Base64.encode(&signer.raw)),
            (KeyForm::Jwks, set),
            (KeyForm::Jwks, signer.jwk.clone()),
        ];
        for (form, text) in forms {
            let key = key(name, form, &text).unwrap_or_else(|| panic!("{name} as {form:?}: {text}"));
            assert!(is_signed(&*key, MESSAGE, &signer.signature), "{name} as {form:?}");
            assert!(!is_signed(&*key, b"another message", &signer.signature), "{name} as {form:?}");
            let mut cut = signer.signature.clone();
            cut.pop();
            assert!(!is_signed(&*key, MESSAGE, &cut), "{name} as {form:?}");
            assert!(!is_signed(&*key, MESSAGE, &[]), "{name} as {form:?}");
            assert!(!is_signed(&*key, MESSAGE, &[&signer.signature[..], &[0]].concat()), "longer");
        }
    }
    let signer = rsa(KeySize::Rsa2048);
    let key = key("rsa", KeyForm::Pem, &pem("RSA PUBLIC KEY", &signer.raw)).unwrap();
    assert!(is_signed(&*key, MESSAGE, &signer.signature));
}

#[test]
fn a_key_is_used_by_no_other_algorithm_than_its_own() {
    for (own, signer) in all() {
        let texts = [
            (KeyForm::Pem, pem("PUBLIC KEY", &signer.spki)),
            (KeyForm::SpkiB64, Encoding::Base64.encode(&signer.spki)),
            (KeyForm::RawHex, Encoding::Hex.encode(&signer.raw)),
            (KeyForm::Jwks, signer.jwk.clone()),
        ];
        let others = names().filter(|other| *other != jws::NAME);
        for other in others.filter(|other| !other.starts_with(own.split('_').next().unwrap())) {
            for (form, text) in &texts {
                assert!(key(other, *form, text).is_none(), "{own} key as {other}, {form:?}");
            }
        }
    }
}

#[test]
fn a_set_accepts_what_any_of_its_keys_accepts() {
    let [one, two, other] = [ed25519(), ed25519(), ed25519()];
    let set = format!(r#"{{"keys":[{},{}]}}"#, one.jwk, two.jwk);
    let key = key("ed25519", KeyForm::Jwks, &set).unwrap();
    assert!(is_signed(&*key, MESSAGE, &one.signature));
    assert!(is_signed(&*key, MESSAGE, &two.signature));
    assert!(!is_signed(&*key, MESSAGE, &other.signature));
}

#[test]
fn sets_that_hold_secrets_or_broken_keys_are_refused() {
    let good = ed25519();
    let with = |field: &str| good.jwk.replace("{\"kty\"", &format!("{{{field},\"kty\""));
    let many = vec![good.jwk.as_str(); 33].join(",");
    for text in [
        with(r#""d":"AAAA""#),
        r#"{"keys":[{"kty":"oct","k":"AAAA"}]}"#.into(),
        with(r#""use":"enc""#),
        with(r#""key_ops":["sign"]"#),
        r#"{"keys":[]}"#.into(),
        r#"{"keys":{}}"#.into(),
        "[]".into(),
        "{".into(),
        format!(r#"{{"keys":[{many}]}}"#),
        r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"AAAA"}]}"#.into(),
        r#"{"keys":[{"kty":"OKP","crv":"Ed25519"}]}"#.into(),
    ] {
        assert!(key("ed25519", KeyForm::Jwks, &text).is_none(), "{text}");
    }
    let usable = with(r#""use":"sig","key_ops":["verify"],"kid":"k1","alg":"EdDSA""#);
    assert!(key("ed25519", KeyForm::Jwks, &usable).is_some());
    let known = jwk::set(usable.as_bytes()).unwrap();
    assert_eq!((known[0].id.as_deref(), known[0].algorithm.as_deref()), (Some("k1"), Some("EdDSA")));
}

#[test]
fn small_rsa_keys_are_only_taken_where_a_scheme_says_so() {
    let modulus = [&[0xC5], [0x5A; 126].as_slice(), &[0x01]].concat();
    let numbers = [der::integer(&modulus).unwrap(), der::integer(&[1, 0, 1]).unwrap()].concat();
    let small = Encoding::Base64.encode(&der::written(der::SEQUENCE, &numbers).unwrap());
    assert!(key("rsa_1024", KeyForm::RawB64, &small).is_some());
    assert!(key("rsa", KeyForm::RawB64, &small).is_none());
    assert!(key("rsa_pss", KeyForm::RawB64, &small).is_none());
    let even = [der::integer(&modulus).unwrap(), der::integer(&[1, 0, 0]).unwrap()].concat();
    let even = Encoding::Base64.encode(&der::written(der::SEQUENCE, &even).unwrap());
    assert!(key("rsa_1024", KeyForm::RawB64, &even).is_none(), "an even exponent");
}

#[test]
fn broken_texts_are_no_keys() {
    let signer = ed25519();
    let good = pem("PUBLIC KEY", &signer.spki);
    let longer = [signer.spki.as_slice(), &[0]].concat();
    for text in [
        SMALL.to_owned(),
        good.replace("PUBLIC KEY", "PRIVATE KEY"),
        good.replacen("PUBLIC KEY", "CERTIFICATE", 1),
        good.replace("PUBLIC KEY", "CERTIFICATE"),
        good.replace("PUBLIC KEY", "RSA PUBLIC KEY"),
        good.replace("-----END", "----END"),
        format!("{good}{good}"),
        format!("{good}junk"),
        format!("junk{good}"),
        pem("PUBLIC KEY", &longer),
        pem("PUBLIC KEY", &signer.spki[..signer.spki.len() - 1]),
        pem("PUBLIC KEY", &[]),
        String::new(),
    ] {
        for name in names() {
            assert!(key(name, KeyForm::Pem, &text).is_none(), "{name}: {text}");
        }
    }
    assert!(key("ed25519", KeyForm::Pem, &good.replace('\n', "\r\n")).is_some());
    for (form, text) in [
        (KeyForm::RawHex, Encoding::Hex.encode(&signer.raw[1..])),
        (KeyForm::RawB64, Encoding::Base64Url.encode(&[0xFF; 32])),
        (KeyForm::Utf8, "a secret that is long enough!!!!".to_owned()),
        (KeyForm::Encoded(Encoding::Hex), Encoding::Hex.encode(&signer.raw)),
    ] {
        assert!(key("ed25519", form, &text).is_none(), "{form:?}");
    }
}

/// What openssl signed with the key of `leaf.pem`.
const SIGNED_BY_LEAF: &str = "ZbYiikbZpAYe0dp9cyLcKYC9Fpsaxl+Ss803rPS3tzyTHyLaCgcxUsvMuX9dRhEgGPVkz/ZEHOuHGrk87t9v3JtJHH1BLNH1Lx326QX8jR/eyNt3wSslrx68AqV40fRLOzCq80Z+KBglXE+wLV3SOSL7s0t8sPHzyiL5X/lZOW/xWzAQjUjewnNX6+uyP6cY2ZEudcZC+w5ATRX+9GVqAFdmVvP3NEmq8FbIfijmnlvH7pzTZefaOvgYwywVJHwUrH/1BgHSRcVnOy5GP9JDvffm6mi0jekfvhocwP2YLRKXEWSmKCzw/CuLyi4SmWu9ivV4jtpNM5T3grPjcqRgjw==";

#[test]
fn the_key_of_a_certificate_is_read_unless_it_is_an_authoritys() {
    const LEAF: &str = include_str!("../../../../tests/vectors/certificates/leaf.pem");
    const AUTHORITY: &str = include_str!("../../../../tests/vectors/certificates/ca.pem");
    const EC: &str = include_str!("../../../../tests/vectors/certificates/ec.pem");
    let signature = Encoding::Base64.decode(SIGNED_BY_LEAF.as_bytes()).unwrap();
    for text in [LEAF.to_owned(), format!("{LEAF}{AUTHORITY}"), format!("\n{LEAF}\n")] {
        let key = key("rsa", KeyForm::Pem, &text).unwrap();
        assert!(is_signed(&*key, b"Message\nHello\n", &signature));
        assert!(!is_signed(&*key, b"Message\nhello\n", &signature));
    }
    assert!(key("rsa", KeyForm::Pem, AUTHORITY).is_none());
    assert!(key("rsa", KeyForm::Pem, &format!("{AUTHORITY}{LEAF}")).is_none());
    assert!(key("rsa", KeyForm::Pem, EC).is_none());
    assert!(key("ecdsa_p256", KeyForm::Pem, EC).is_some());
    assert!(key("ecdsa_p256", KeyForm::Pem, LEAF).is_none());
}
