//! Signatures through SHA-1 against those openssl made with the same key.

use super::*;

/// `openssl genrsa`, of 2048 and of 1024 bits, as PKCS#1 and PKCS#8; made for these tests.
const PKCS1: &str = include_str!("../../../../tests/vectors/rsa/sha1-2048.pkcs1.pem");
const PKCS8: &str = include_str!("../../../../tests/vectors/rsa/sha1-2048.pkcs8.pem");
const SHORT: &str = include_str!("../../../../tests/vectors/rsa/sha1-1024.pkcs8.pem");
const SMALL: &str = include_str!("../../../../tests/vectors/rsa/sha1-512.pkcs8.pem");
/// What `openssl dgst -sha1 -sign` made of [`MESSAGE`] with the first and with the short key, in base64.
const SIGNATURE: &str = include_str!("../../../../tests/vectors/rsa/sha1-2048.sig");
const SHORT_SIGNATURE: &str = include_str!("../../../../tests/vectors/rsa/sha1-1024.sig");
const MESSAGE: &[u8] = b"{\"event\":\"MessageSent\",\"uuid\":\"1\"}";

fn signed(signing: Signing, text: &str) -> Option<String> {
    let key = Key::read(signing, text.as_bytes())?;
    key.sign(MESSAGE).map(|bytes| data_encoding::BASE64.encode(&bytes))
}

#[test]
fn a_signature_is_the_one_openssl_makes() {
    for text in [PKCS1, PKCS8] {
        for signing in [Signing::Rsa, Signing::Rsa1024] {
            assert_eq!(signed(signing, text).as_deref(), Some(SIGNATURE.trim()));
        }
    }
    assert_eq!(signed(Signing::Rsa1024, SHORT).as_deref(), Some(SHORT_SIGNATURE.trim()));
}

#[test]
fn a_key_that_is_not_verified_signs_nothing() {
    assert_eq!(signed(Signing::Rsa, SHORT), None, "1024 bits are for a provider that still has such");
    assert_eq!(signed(Signing::Rsa1024, SMALL), None, "512 bits are for nobody");
    assert_eq!(signed(Signing::EcdsaP256, PKCS8), None, "another algorithm");
    assert_eq!(signed(Signing::RsaPss, PKCS8), None, "PSS is not made through SHA-1");
}

#[test]
fn what_is_no_private_key_is_not_read() {
    let public = include_str!("../../../../tests/vectors/certificates/leaf.pem");
    let relabelled = PKCS1.replace("RSA PRIVATE KEY", "PRIVATE KEY");
    let cut: String = PKCS8.lines().filter(|line| !line.starts_with("-----END")).collect();
    for text in ["", "secret", public, relabelled.as_str(), cut.as_str()] {
        assert_eq!(signed(Signing::Rsa, text), None, "{text:?}");
    }
}

#[test]
fn halves_that_do_not_belong_together_sign_nothing() {
    let der = pem::private(PKCS1.as_bytes(), "RSA PRIVATE KEY").unwrap();
    let mut seen = 0;
    // Every byte of the three numbers that are used: modulus, public and private exponent.
    for at in (12..530).step_by(29) {
        let mut other = der.clone();
        other[at] ^= 2;
        let made = Key::parts(Signing::Rsa, &other).and_then(|key| key.sign(MESSAGE));
        assert!(made.is_none(), "byte {at}");
        seen += 1;
    }
    assert!(seen > 15);
    assert!(Key::parts(Signing::Rsa, &der[..der.len() - 1]).is_none(), "cut short");
    assert!(Key::parts(Signing::Rsa, &[&der[..], &[0]].concat()).is_none(), "more behind it");
}
