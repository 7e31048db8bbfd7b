//! The other half of a key: for the `send` command and tests, never for a request. Reads PKCS#8 in PEM, and the older
//! `RSA PRIVATE KEY`; tokens are also signed with a secret.

use std::sync::Arc;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair as RsaKey;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING,
    ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, RSA_PKCS1_SHA256,
    RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding,
};

use super::hashed::Signing;
use super::jws::{self, Jwa};
use super::{pem, rsa_sha1};
use crate::scheme::mac::{Hash, Mac};

/// Signs messages of one algorithm.
pub(in crate::scheme) trait PrivateKey: Send + Sync {
    /// The signature of `message`; `None` when the key cannot make it.
    fn sign(&self, message: &[u8]) -> Option<Vec<u8>>;

    /// The first of these algorithms of tokens that the key can sign by.
    fn token(&self, _among: &[Jwa]) -> Option<Jwa> {
        None
    }
}

/// A private key of any kind we know.
enum Pair {
    Ed25519(Ed25519KeyPair),
    Rsa(RsaKey),
    /// In PKCS#8: which curve it is for is found when it is used.
    Ec(Vec<u8>),
}

/// A key and how it signs.
struct Fixed {
    pair: Pair,
    way: Way,
}

enum Way {
    Ed25519,
    Hashed(Signing, Hash),
    /// As the token says.
    Token,
}

/// A secret that signs tokens.
struct Shared(Vec<u8>);

/// The private half of an Ed25519 key, in PEM.
pub(super) fn ed25519(text: &[u8]) -> Option<Arc<dyn PrivateKey>> {
    let pair = read(text).filter(|pair| matches!(pair, Pair::Ed25519(_)))?;
    Some(Arc::new(Fixed { pair, way: Way::Ed25519 }))
}

/// That of an ECDSA or RSA key.
pub(super) fn hashed(signing: Signing, hash: Hash, text: &[u8]) -> Option<Arc<dyn PrivateKey>> {
    if matches!((signing, hash), (Signing::Rsa | Signing::Rsa1024, Hash::Sha1)) {
        let key = rsa_sha1::Key::read(signing, text)?;
        key.sign(b"")?;
        return Some(Arc::new(key));
    }
    let key = Fixed { pair: read(text)?, way: Way::Hashed(signing, hash) };
    // A key of another kind, and a hash nothing is signed through, are found by trying.
    key.sign(b"")?;
    Some(Arc::new(key))
}

/// That of a key for tokens.
pub(super) fn token(text: &[u8]) -> Option<Arc<dyn PrivateKey>> {
    Some(Arc::new(Fixed { pair: read(text)?, way: Way::Token }))
}

/// A secret for tokens.
pub(super) fn shared(secret: &[u8]) -> Arc<dyn PrivateKey> {
    Arc::new(Shared(secret.to_vec()))
}

fn read(text: &[u8]) -> Option<Pair> {
    if let Some(der) = pem::private(text, "RSA PRIVATE KEY") {
        return RsaKey::from_der(&der).ok().map(Pair::Rsa);
    }
    let der = pem::private(text, "PRIVATE KEY")?;
    if let Ok(pair) = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der) {
        return Some(Pair::Ed25519(pair));
    }
    if let Ok(pair) = RsaKey::from_pkcs8(&der) {
        return Some(Pair::Rsa(pair));
    }
    let curves = [
        &ECDSA_P256_SHA256_FIXED_SIGNING,
        &ECDSA_P384_SHA384_FIXED_SIGNING,
        &ECDSA_P521_SHA512_FIXED_SIGNING,
    ];
    curves.into_iter().any(|curve| EcdsaKeyPair::from_pkcs8(curve, &der).is_ok()).then_some(Pair::Ec(der))
}

impl PrivateKey for Fixed {
    fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        match (&self.way, &self.pair) {
            (Way::Ed25519, Pair::Ed25519(pair)) => Some(pair.sign(message).as_ref().to_vec()),
            (Way::Hashed(signing, hash), pair) => match (signing, pair) {
                (Signing::EcdsaP256, Pair::Ec(der)) if *hash == Hash::Sha256 => {
                    ecdsa(&ECDSA_P256_SHA256_ASN1_SIGNING, der, message)
                }
                (Signing::EcdsaP256Fixed, Pair::Ec(der)) if *hash == Hash::Sha256 => {
                    ecdsa(&ECDSA_P256_SHA256_FIXED_SIGNING, der, message)
                }
                (Signing::Rsa | Signing::Rsa1024, Pair::Rsa(pair)) => rsa(pkcs1(*hash)?, pair, message),
                (Signing::RsaPss, Pair::Rsa(pair)) => rsa(pss(*hash)?, pair, message),
                (
                    Signing::EcdsaP256
                    | Signing::EcdsaP256Fixed
                    | Signing::Rsa
                    | Signing::Rsa1024
                    | Signing::RsaPss,
                    Pair::Ed25519(_) | Pair::Rsa(_) | Pair::Ec(_),
                ) => None,
            },
            (Way::Token, pair) => pair.sign_token(jws::header(message)?.algorithm, message),
            (Way::Ed25519, Pair::Rsa(_) | Pair::Ec(_)) => None,
        }
    }

    fn token(&self, among: &[Jwa]) -> Option<Jwa> {
        let can = |algorithm: &&Jwa| self.pair.sign_token(**algorithm, b"").is_some();
        among.iter().find(can).copied()
    }
}

impl Pair {
    fn sign_token(&self, algorithm: Jwa, message: &[u8]) -> Option<Vec<u8>> {
        match (algorithm, self) {
            (Jwa::EdDsa, Self::Ed25519(pair)) => Some(pair.sign(message).as_ref().to_vec()),
            (Jwa::Rs(hash), Self::Rsa(pair)) => rsa(pkcs1(hash)?, pair, message),
            (Jwa::Ps(hash), Self::Rsa(pair)) => rsa(pss(hash)?, pair, message),
            (Jwa::Es(hash), Self::Ec(der)) => match hash {
                Hash::Sha256 => ecdsa(&ECDSA_P256_SHA256_FIXED_SIGNING, der, message),
                Hash::Sha384 => ecdsa(&ECDSA_P384_SHA384_FIXED_SIGNING, der, message),
                Hash::Sha512 => ecdsa(&ECDSA_P521_SHA512_FIXED_SIGNING, der, message),
                Hash::Sha1 => None,
            },
            (
                Jwa::Hs(_) | Jwa::EdDsa | Jwa::Rs(_) | Jwa::Ps(_) | Jwa::Es(_),
                Self::Ed25519(_) | Self::Rsa(_) | Self::Ec(_),
            ) => None,
        }
    }
}

impl PrivateKey for Shared {
    fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        let Jwa::Hs(hash) = jws::header(message)?.algorithm else { return None };
        let mut mac = Mac::new(hash, &self.0);
        mac.update(message);
        Some(mac.finish().bytes().to_vec())
    }

    fn token(&self, among: &[Jwa]) -> Option<Jwa> {
        among.iter().find(|algorithm| algorithm.is_secret()).copied()
    }
}

fn ecdsa(curve: &'static EcdsaSigningAlgorithm, der: &[u8], message: &[u8]) -> Option<Vec<u8>> {
    let pair = EcdsaKeyPair::from_pkcs8(curve, der).ok()?;
    pair.sign(&SystemRandom::new(), message).ok().map(|signature| signature.as_ref().to_vec())
}

fn rsa(encoding: &'static dyn RsaEncoding, pair: &RsaKey, message: &[u8]) -> Option<Vec<u8>> {
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(encoding, &SystemRandom::new(), message, &mut signature).ok()?;
    Some(signature)
}

/// How aws-lc signs; through SHA-1 it does not, see `rsa_sha1`.
fn pkcs1(hash: Hash) -> Option<&'static dyn RsaEncoding> {
    match hash {
        Hash::Sha1 => None,
        Hash::Sha256 => Some(&RSA_PKCS1_SHA256),
        Hash::Sha384 => Some(&RSA_PKCS1_SHA384),
        Hash::Sha512 => Some(&RSA_PKCS1_SHA512),
    }
}

fn pss(hash: Hash) -> Option<&'static dyn RsaEncoding> {
    match hash {
        Hash::Sha1 => None,
        Hash::Sha256 => Some(&RSA_PSS_SHA256),
        Hash::Sha384 => Some(&RSA_PSS_SHA384),
        Hash::Sha512 => Some(&RSA_PSS_SHA512),
    }
}
