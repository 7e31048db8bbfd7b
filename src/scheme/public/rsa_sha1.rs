//! The sender's RSA signatures through SHA-1 (RSASSA-PKCS1-v1_5, RFC 8017 §8.2.1), which aws-lc verifies for old
//! providers but does not make. For the `send` command and tests; never on the way of a request.
//!
//! Security: the power below takes a time that depends on the key. That is told to nobody but the operator who signs
//! with a key of their own; nothing that answers callers may come here.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use aws_lc_rs::signature::ParsedPublicKey;
use num_bigint::BigUint;

use super::der::{self, Der};
use super::hashed::Signing;
use super::spki::{Bare, RSA};
use super::{PrivateKey, pem};
use crate::scheme::mac::Hash;

/// `DigestInfo` of a SHA-1 hash (RFC 8017 §9.2 note 1), but for the hash.
const DIGEST_INFO: &[u8] =
    &[0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2B, 0x0E, 0x03, 0x02, 0x1A, 0x05, 0x00, 0x04, 0x14];
/// Shortest run of `FF` before it.
const LEAST_PADDING: usize = 8;

/// An RSA key that signs.
pub(super) struct Key {
    modulus: BigUint,
    exponent: BigUint,
    /// Bytes of the modulus and so of each signature.
    length: usize,
    /// Its public half: what is made must be accepted.
    public: ParsedPublicKey,
}

impl Key {
    /// A key in PEM, PKCS#8 or PKCS#1; `None` when it is no RSA key, or one `signing` does not verify.
    pub(super) fn read(signing: Signing, text: &[u8]) -> Option<Self> {
        if let Some(der) = pem::private(text, "RSA PRIVATE KEY") {
            return Self::parts(signing, &der);
        }
        let der = pem::private(text, "PRIVATE KEY")?;
        let mut info = der::alone(&der, der::SEQUENCE)?;
        let is_first = info.take(der::INTEGER)? == [0];
        let is_rsa = Der::new(info.take(der::SEQUENCE)?).take(der::OBJECT)? == RSA;
        if is_first && is_rsa { Self::parts(signing, info.take(der::OCTET_STRING)?) } else { None }
    }

    /// An `RSAPrivateKey` (RFC 8017 A.1.2): of its numbers the modulus and the private exponent are used.
    fn parts(signing: Signing, bytes: &[u8]) -> Option<Self> {
        let mut parts = der::alone(bytes, der::SEQUENCE)?;
        if parts.take(der::INTEGER)? != [0] {
            return None;
        }
        let (modulus, public) = (parts.take(der::INTEGER)?, parts.take(der::INTEGER)?);
        let exponent = BigUint::from_bytes_be(der::unsigned(parts.take(der::INTEGER)?)?);
        let numbers = [der::written(der::INTEGER, modulus)?, der::written(der::INTEGER, public)?].concat();
        let public = signing.verifier(Hash::Sha1, Bare::Rsa(der::written(der::SEQUENCE, &numbers)?))?;
        let modulus = der::unsigned(modulus)?;
        let (length, modulus) = (modulus.len(), BigUint::from_bytes_be(modulus));
        (exponent < modulus).then_some(Self { modulus, exponent, length, public })
    }

    /// What is raised to the private exponent: EMSA-PKCS1-v1_5.
    fn encoded(&self, hash: &[u8]) -> Option<Vec<u8>> {
        let padding = self.length.checked_sub(DIGEST_INFO.len().checked_add(hash.len())?)?.checked_sub(3)?;
        let padding = (padding >= LEAST_PADDING).then(|| vec![0xFF; padding])?;
        Some([&[0, 1], &padding[..], &[0], DIGEST_INFO, hash].concat())
    }
}

impl PrivateKey for Key {
    fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, message);
        let encoded = BigUint::from_bytes_be(&self.encoded(hash.as_ref())?);
        let number = encoded.modpow(&self.exponent, &self.modulus).to_bytes_be();
        let zeros = self.length.checked_sub(number.len())?;
        let signature = [vec![0; zeros], number].concat();
        // A key whose halves do not belong together makes what nobody accepts.
        self.public.verify_sig(message, &signature).ok()?;
        Some(signature)
    }
}

#[cfg(test)]
mod tests;
