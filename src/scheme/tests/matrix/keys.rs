//! Two keys for every scheme: what the gate is given, and what the sender signs with.

use std::sync::LazyLock;

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER};

use super::*;

/// A key pair in every form.
struct Pair {
    private: String,
    spki: Vec<u8>,
    raw: Vec<u8>,
    jwk: String,
}

/// What the gate verifies with, and what the sender signs with.
pub(crate) struct Sides {
    pub(crate) gate: String,
    pub(crate) sender: String,
}

static ED25519: LazyLock<[Pair; 2]> = LazyLock::new(|| [ed25519(), ed25519()]);
static P256: LazyLock<[Pair; 2]> = LazyLock::new(|| [p256(), p256()]);
static RSA: LazyLock<[Pair; 2]> = LazyLock::new(|| [rsa(), rsa()]);

fn pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", BASE64.encode(der))
}

fn ed25519() -> Pair {
    let pair = Ed25519KeyPair::generate().unwrap();
    let private: aws_lc_rs::encoding::Pkcs8V1Der<'_> = pair.as_der().unwrap();
    let raw = pair.public_key().as_ref().to_vec();
    let jwk = format!("{{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"{}\"}}", BASE64URL_NOPAD.encode(&raw));
    let spki: aws_lc_rs::encoding::PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
    Pair { private: pem("PRIVATE KEY", private.as_ref()), spki: spki.as_ref().to_vec(), raw, jwk }
}

fn p256() -> Pair {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let private = pair.to_pkcs8v1().unwrap();
    let raw = pair.public_key().as_ref().to_vec();
    let (x, y) = (BASE64URL_NOPAD.encode(&raw[1..33]), BASE64URL_NOPAD.encode(&raw[33..]));
    let jwk = format!("{{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"{x}\",\"y\":\"{y}\"}}");
    let spki: aws_lc_rs::encoding::PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
    Pair { private: pem("PRIVATE KEY", private.as_ref()), spki: spki.as_ref().to_vec(), raw, jwk }
}

fn rsa() -> Pair {
    let pair = aws_lc_rs::rsa::KeyPair::generate(KeySize::Rsa2048).unwrap();
    let private: aws_lc_rs::encoding::Pkcs8V1Der<'_> = pair.as_der().unwrap();
    let raw = pair.public_key().as_ref().to_vec();
    // `RSAPublicKey`: a sequence of the modulus, 257 bytes with its leading zero, and the exponent 65537.
    let jwk =
        format!("{{\"kty\":\"RSA\",\"n\":\"{}\",\"e\":\"AQAB\"}}", BASE64URL_NOPAD.encode(&raw[9..265]));
    let spki: aws_lc_rs::encoding::PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
    Pair { private: pem("PRIVATE KEY", private.as_ref()), spki: spki.as_ref().to_vec(), raw, jwk }
}

/// Two keys of a scheme.
pub(crate) fn of(spec: &Spec) -> [Sides; 2] {
    let algorithm = spec.options.iter().find(|(name, _)| name == "alg").map(|(_, values)| values[0].as_str());
    let pairs = match (spec.kind.as_str(), algorithm) {
        ("ed25519", _) | ("jwt", Some("EdDSA")) => &ED25519,
        ("ecdsa_p256" | "ecdsa_p256_fixed", _) | ("jwt", Some("ES256")) => &P256,
        ("rsa" | "rsa_1024" | "rsa_pss", _) | ("jwt", Some("RS256")) => &RSA,
        _ => {
            return secrets(spec).map(|secret| Sides { gate: secret.clone(), sender: secret });
        }
    };
    pairs.each_ref().map(|pair| Sides { gate: pair.written(&spec.key.enc), sender: pair.private.clone() })
}

impl Pair {
    fn written(&self, form: &str) -> String {
        match form {
            "pem" => pem("PUBLIC KEY", &self.spki),
            "spki_b64" => BASE64.encode(&self.spki),
            "raw_hex" => HEXLOWER.encode(&self.raw),
            "raw_b64" => BASE64.encode(&self.raw),
            "jwks" => format!("{{\"keys\":[{}]}}", self.jwk),
            other => panic!("{other}"),
        }
    }
}
