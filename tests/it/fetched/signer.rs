//! Tokens as Plaid makes them, and the key sets they are verified with.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use data_encoding::BASE64URL_NOPAD;

use crate::sign::{sha256, unix_now};
use crate::wire::Ask;

/// A key of a set.
pub(crate) struct Signer {
    pair: EcdsaKeyPair,
    id: &'static str,
}

impl Signer {
    pub(crate) fn new(id: &'static str) -> Self {
        Self { pair: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap(), id }
    }

    /// A delivery of `body`, signed now.
    pub(crate) fn delivery(&self, path: &str, body: &str) -> Ask {
        let header = format!(r#"{{"alg":"ES256","kid":"{}"}}"#, self.id);
        let payload =
            format!(r#"{{"iat":{},"request_body_sha256":"{}"}}"#, unix_now(), sha256(body.as_bytes()));
        let message = format!("{}.{}", url(header.as_bytes()), url(payload.as_bytes()));
        let signature = self.pair.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
        Ask::post(path, body).field("Plaid-Verification", &format!("{message}.{}", url(signature.as_ref())))
    }

    fn jwk(&self) -> String {
        let point = self.pair.public_key().as_ref();
        format!(
            r#"{{"kty":"EC","crv":"P-256","alg":"ES256","use":"sig","kid":"{}","x":"{}","y":"{}"}}"#,
            self.id,
            url(&point[1..33]),
            url(&point[33..])
        )
    }
}

/// The key set of some keys.
pub(crate) fn set(keys: &[&Signer]) -> Vec<u8> {
    let keys: Vec<String> = keys.iter().map(|key| key.jwk()).collect();
    format!(r#"{{"keys":[{}]}}"#, keys.join(",")).into_bytes()
}

fn url(bytes: &[u8]) -> String {
    BASE64URL_NOPAD.encode(bytes)
}
