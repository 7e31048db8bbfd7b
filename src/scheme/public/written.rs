//! Public keys as operators have them: every form of writing becomes keys of a known kind.

use super::jwk::{self, Jwk};
use super::pem::{self, Label};
use super::spki::{self, Bare, Curve};
use crate::scheme::encoding::Encoding;
use crate::scheme::key::KeyForm;

/// What a key without a structure of its own is taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Raw {
    /// 32 bytes of Ed25519.
    Ed25519,
    /// An uncompressed point of P-256.
    P256,
    /// An `RSAPublicKey` in DER.
    Rsa,
}

/// The keys `text` holds, written in `form`: one, except for sets. `None` when it cannot be read.
pub(super) fn keys(form: KeyForm, raw: Raw, text: &[u8]) -> Option<Vec<Jwk>> {
    let key = match form {
        KeyForm::Jwks => return jwk::set(text),
        KeyForm::Pem => match pem::first(text)? {
            (Label::PublicKey, der) => spki::read(&der)?,
            (Label::RsaPublicKey, der) => Bare::Rsa(der).checked()?,
            (Label::Certificate, der) => spki::of_certificate(&der)?,
        },
        KeyForm::SpkiB64 => spki::read(&Encoding::Base64.decode(text)?)?,
        KeyForm::RawHex => bare(raw, Encoding::Hex.decode(text)?)?,
        KeyForm::RawB64 => bare(raw, Encoding::Base64.decode(text)?)?,
        KeyForm::Utf8 | KeyForm::Encoded(_) => return None,
    };
    Some(vec![Jwk { key, id: None, algorithm: None }])
}

fn bare(raw: Raw, bytes: Vec<u8>) -> Option<Bare> {
    match raw {
        Raw::Ed25519 => Bare::Ed25519(bytes),
        Raw::P256 => Bare::Point(Curve::P256, bytes),
        Raw::Rsa => Bare::Rsa(bytes),
    }
    .checked()
}
