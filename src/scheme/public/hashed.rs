//! ECDSA and RSA: the message is hashed as it comes, the hash is what is signed.

use std::sync::Arc;

use aws_lc_rs::digest::{self, Context};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA384_ASN1, ECDSA_P256_SHA512_ASN1,
    ParsedPublicKey, RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY,
    RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
    RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, VerificationAlgorithm,
};

use super::spki::{Bare, Curve};
use super::written::{self, Raw};
use super::{Algorithm, PrivateKey, PublicKey, Verification, private};
use crate::scheme::key::KeyForm;
use crate::scheme::mac::Hash;

/// Shortest and longest RSA modulus, bits. Below 2048 is what NIST SP 800-131A disallows for verifying.
pub(super) const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;
/// The same for providers that sign with what their software made long ago.
const LEGACY_RSA_BITS: std::ops::RangeInclusive<usize> = 1024..=8192;

/// How a hash is signed, and how the signature is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signing {
    /// ECDSA over P-256; the signature is the DER structure of RFC 3279 §2.2.3.
    EcdsaP256,
    /// The same; the signature is r and s, 32 bytes each (IEEE P1363).
    EcdsaP256Fixed,
    /// RSASSA-PKCS1-v1_5 (RFC 8017 §8.2).
    Rsa,
    /// The same with moduli from 1024 bits on, for a provider that still has such.
    Rsa1024,
    /// RSASSA-PSS (RFC 8017 §8.1), MGF1 with the same hash, the salt as long as the hash.
    RsaPss,
}

struct Keys {
    keys: Arc<[ParsedPublicKey]>,
    hash: &'static digest::Algorithm,
}

struct Hashing {
    keys: Arc<[ParsedPublicKey]>,
    context: Context,
}

impl Signing {
    /// What verifies it, with this hash.
    fn algorithm(self, hash: Hash) -> Option<&'static dyn VerificationAlgorithm> {
        Some(match (self, hash) {
            (Self::EcdsaP256, Hash::Sha256) => &ECDSA_P256_SHA256_ASN1,
            (Self::EcdsaP256, Hash::Sha384) => &ECDSA_P256_SHA384_ASN1,
            (Self::EcdsaP256, Hash::Sha512) => &ECDSA_P256_SHA512_ASN1,
            (Self::EcdsaP256Fixed, Hash::Sha256) => &ECDSA_P256_SHA256_FIXED,
            (Self::Rsa, Hash::Sha1) => &RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
            (Self::Rsa, Hash::Sha256) => &RSA_PKCS1_2048_8192_SHA256,
            (Self::Rsa, Hash::Sha384) => &RSA_PKCS1_2048_8192_SHA384,
            (Self::Rsa, Hash::Sha512) => &RSA_PKCS1_2048_8192_SHA512,
            (Self::Rsa1024, Hash::Sha1) => &RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY,
            (Self::Rsa1024, Hash::Sha256) => &RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
            (Self::RsaPss, Hash::Sha256) => &RSA_PSS_2048_8192_SHA256,
            (Self::RsaPss, Hash::Sha384) => &RSA_PSS_2048_8192_SHA384,
            (Self::RsaPss, Hash::Sha512) => &RSA_PSS_2048_8192_SHA512,
            (Self::EcdsaP256 | Self::RsaPss, Hash::Sha1)
            | (Self::EcdsaP256Fixed, Hash::Sha1 | Hash::Sha384 | Hash::Sha512)
            | (Self::Rsa1024, Hash::Sha384 | Hash::Sha512) => return None,
        })
    }

    /// What verifies with that key; `None` when it is one of another algorithm or size, or nothing is signed so.
    pub(super) fn verifier(self, hash: Hash, key: Bare) -> Option<ParsedPublicKey> {
        ParsedPublicKey::new(self.algorithm(hash)?, self.fitting(key)?).ok()
    }

    /// The bytes of a key of this algorithm, in the form its verifier reads; `None` when it is one of another.
    fn fitting(self, key: Bare) -> Option<Vec<u8>> {
        let bits = key.modulus_bits();
        match (self, key) {
            (Self::EcdsaP256 | Self::EcdsaP256Fixed, Bare::Point(Curve::P256, point)) => Some(point),
            (Self::Rsa | Self::RsaPss, Bare::Rsa(bytes)) => {
                bits.is_some_and(|bits| RSA_BITS.contains(&bits)).then_some(bytes)
            }
            (Self::Rsa1024, Bare::Rsa(bytes)) => {
                bits.is_some_and(|bits| LEGACY_RSA_BITS.contains(&bits)).then_some(bytes)
            }
            (
                Self::EcdsaP256 | Self::EcdsaP256Fixed | Self::Rsa | Self::Rsa1024 | Self::RsaPss,
                Bare::Ed25519(_) | Bare::Point(..) | Bare::Rsa(_),
            ) => None,
        }
    }
}

impl Algorithm for Signing {
    fn name(&self) -> &'static str {
        match self {
            Self::EcdsaP256 => "ecdsa_p256",
            Self::EcdsaP256Fixed => "ecdsa_p256_fixed",
            Self::Rsa => "rsa",
            Self::Rsa1024 => "rsa_1024",
            Self::RsaPss => "rsa_pss",
        }
    }

    fn takes(&self, hash: Hash) -> bool {
        self.algorithm(hash).is_some()
    }

    fn key(&self, form: KeyForm, hash: Hash, text: &[u8]) -> Option<Arc<dyn PublicKey>> {
        let raw = match self {
            Self::EcdsaP256 | Self::EcdsaP256Fixed => Raw::P256,
            Self::Rsa | Self::Rsa1024 | Self::RsaPss => Raw::Rsa,
        };
        let keys: Vec<ParsedPublicKey> = written::keys(form, raw, text)?
            .into_iter()
            .filter_map(|jwk| self.verifier(hash, jwk.key))
            .collect();
        let hash = match hash {
            Hash::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Hash::Sha256 => &digest::SHA256,
            Hash::Sha384 => &digest::SHA384,
            Hash::Sha512 => &digest::SHA512,
        };
        (!keys.is_empty()).then(|| Arc::new(Keys { keys: keys.into(), hash }) as Arc<dyn PublicKey>)
    }

    fn private(&self, _form: KeyForm, hash: Hash, text: &[u8]) -> Option<Arc<dyn PrivateKey>> {
        private::hashed(*self, hash, text)
    }
}

impl PublicKey for Keys {
    fn begin(&self) -> Box<dyn Verification> {
        Box::new(Hashing { keys: Arc::clone(&self.keys), context: Context::new(self.hash) })
    }
}

impl Verification for Hashing {
    fn update(&mut self, bytes: &[u8]) {
        self.context.update(bytes);
    }

    fn is_signed(&self, signature: &[u8]) -> bool {
        let hash = self.context.clone().finish();
        self.keys.iter().any(|key| key.verify_digest_sig(&hash, signature).is_ok())
    }
}
