//! Signatures of JSON Web Tokens in compact form (RFC 7515, RFC 7518): the token's header names the algorithm, the key
//! decides whether it may be that one.
//!
//! Security: a key written as a secret verifies HS* and nothing else; one written as a public key never verifies HS*.
//! `none` is no algorithm. Which algorithms a scheme accepts at all is judged before, in `code/jwt`.

use std::sync::Arc;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED, ED25519, ParsedPublicKey,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
    RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, VerificationAlgorithm,
};
use subtle::ConstantTimeEq;

use super::hashed::RSA_BITS;
use super::jwk::Jwk;
use super::spki::{Bare, Curve};
use super::written::{self, Raw};
use super::{Algorithm, PrivateKey, PublicKey, Verification, private};
use crate::scheme::encoding::Encoding;
use crate::scheme::json::Path;
use crate::scheme::key::KeyForm;
use crate::scheme::mac::{Hash, Mac};

/// The word in `kind`.
pub(in crate::scheme) const NAME: &str = "jwt";

/// The algorithm.
#[derive(Debug)]
pub(super) struct Tokens;

/// An algorithm of RFC 7518 §3.1 or RFC 8037.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::scheme) enum Jwa {
    /// HMAC.
    Hs(Hash),
    /// RSASSA-PKCS1-v1_5.
    Rs(Hash),
    /// RSASSA-PSS.
    Ps(Hash),
    /// ECDSA, with the curve of the hash's size.
    Es(Hash),
    /// Ed25519.
    EdDsa,
}

/// What a token says of its own signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::scheme) struct Jose {
    /// How it is signed.
    pub(in crate::scheme) algorithm: Jwa,
    /// Which key of a set signed it.
    key_id: Option<String>,
}

enum Keys {
    Secret(Box<[Mac; 3]>),
    Public(Arc<[Fixed]>),
}

/// A key for one algorithm.
struct Fixed {
    algorithm: Jwa,
    id: Option<String>,
    key: ParsedPublicKey,
}

/// The hashes of HS256, HS384 and HS512.
const HASHES: [Hash; 3] = [Hash::Sha256, Hash::Sha384, Hash::Sha512];

struct Secret {
    macs: [Mac; 3],
    message: Vec<u8>,
}

struct Public {
    keys: Arc<[Fixed]>,
    message: Vec<u8>,
}

impl Jwa {
    /// The algorithm of that name; there is none called `none`.
    pub(in crate::scheme) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "HS256" => Self::Hs(Hash::Sha256),
            "HS384" => Self::Hs(Hash::Sha384),
            "HS512" => Self::Hs(Hash::Sha512),
            "RS256" => Self::Rs(Hash::Sha256),
            "RS384" => Self::Rs(Hash::Sha384),
            "RS512" => Self::Rs(Hash::Sha512),
            "PS256" => Self::Ps(Hash::Sha256),
            "PS384" => Self::Ps(Hash::Sha384),
            "PS512" => Self::Ps(Hash::Sha512),
            "ES256" => Self::Es(Hash::Sha256),
            "ES384" => Self::Es(Hash::Sha384),
            "ES512" => Self::Es(Hash::Sha512),
            "EdDSA" | "Ed25519" => Self::EdDsa,
            _ => return None,
        })
    }

    /// The name in the header of a token.
    pub(in crate::scheme) fn name(self) -> &'static str {
        match self {
            Self::Hs(Hash::Sha384) => "HS384",
            Self::Hs(Hash::Sha512) => "HS512",
            Self::Hs(Hash::Sha256 | Hash::Sha1) => "HS256",
            Self::Rs(Hash::Sha384) => "RS384",
            Self::Rs(Hash::Sha512) => "RS512",
            Self::Rs(Hash::Sha256 | Hash::Sha1) => "RS256",
            Self::Ps(Hash::Sha384) => "PS384",
            Self::Ps(Hash::Sha512) => "PS512",
            Self::Ps(Hash::Sha256 | Hash::Sha1) => "PS256",
            Self::Es(Hash::Sha384) => "ES384",
            Self::Es(Hash::Sha512) => "ES512",
            Self::Es(Hash::Sha256 | Hash::Sha1) => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }

    /// Whether both sides hold the same secret.
    pub(in crate::scheme) fn is_secret(self) -> bool {
        match self {
            Self::Hs(_) => true,
            Self::Rs(_) | Self::Ps(_) | Self::Es(_) | Self::EdDsa => false,
        }
    }

    fn verifier(self) -> Option<&'static dyn VerificationAlgorithm> {
        Some(match self {
            Self::Rs(Hash::Sha256) => &RSA_PKCS1_2048_8192_SHA256,
            Self::Rs(Hash::Sha384) => &RSA_PKCS1_2048_8192_SHA384,
            Self::Rs(Hash::Sha512) => &RSA_PKCS1_2048_8192_SHA512,
            Self::Ps(Hash::Sha256) => &RSA_PSS_2048_8192_SHA256,
            Self::Ps(Hash::Sha384) => &RSA_PSS_2048_8192_SHA384,
            Self::Ps(Hash::Sha512) => &RSA_PSS_2048_8192_SHA512,
            Self::Es(Hash::Sha256) => &ECDSA_P256_SHA256_FIXED,
            Self::Es(Hash::Sha384) => &ECDSA_P384_SHA384_FIXED,
            Self::Es(Hash::Sha512) => &ECDSA_P521_SHA512_FIXED,
            Self::EdDsa => &ED25519,
            Self::Hs(_) | Self::Rs(Hash::Sha1) | Self::Ps(Hash::Sha1) | Self::Es(Hash::Sha1) => return None,
        })
    }
}

impl Jose {
    /// Reads the first segment of a token.
    ///
    /// Security: extensions that must be understood (`crit`, and with it `b64`) are not, so such tokens are refused;
    /// keys a token brings along or points to are never looked at.
    pub(in crate::scheme) fn read(segment: &[u8]) -> Option<Self> {
        let header = decoded(segment)?;
        let member = |name: &str| -> Option<Option<String>> {
            let mut found = Path::parse(name)?.find(&header).ok()?;
            Some(found.pop().map(std::borrow::Cow::into_owned))
        };
        if header.trim_ascii_start().first() != Some(&b'{')
            || member("b64")?.is_some()
            || member("crit")?.is_some()
        {
            return None;
        }
        Some(Self { algorithm: Jwa::parse(&member("alg")??)?, key_id: member("kid")? })
    }
}

/// A segment of a token: base64url without padding, in its one spelling.
pub(in crate::scheme) fn decoded(segment: &[u8]) -> Option<Vec<u8>> {
    if segment.is_empty() || segment.contains(&b'=') {
        return None;
    }
    Encoding::Base64Url.decode(segment)
}

impl Algorithm for Tokens {
    fn name(&self) -> &'static str {
        NAME
    }

    /// The token says which; what `hash` says has no meaning and stays the default.
    fn takes(&self, hash: Hash) -> bool {
        hash == Hash::Sha256
    }

    fn reads(&self, _form: KeyForm) -> bool {
        true
    }

    fn key(&self, form: KeyForm, _hash: Hash, text: &[u8]) -> Option<Arc<dyn PublicKey>> {
        if !form.is_public() {
            return Some(Arc::new(Keys::Secret(Box::new(HASHES.map(|hash| Mac::new(hash, text))))));
        }
        let keys: Vec<Fixed> = written::keys(form, Raw::Ed25519, text)?.iter().flat_map(fixed).collect();
        (!keys.is_empty()).then(|| Arc::new(Keys::Public(keys.into())) as Arc<dyn PublicKey>)
    }

    fn private(&self, form: KeyForm, _hash: Hash, text: &[u8]) -> Option<Arc<dyn PrivateKey>> {
        if form.is_public() { private::token(text) } else { Some(private::shared(text)) }
    }
}

/// A key once for each algorithm it may verify: all of its kind, or the one it says it is for.
fn fixed(jwk: &Jwk) -> Vec<Fixed> {
    let (may_be, bytes): (Vec<Jwa>, &Vec<u8>) = match &jwk.key {
        Bare::Ed25519(bytes) => (vec![Jwa::EdDsa], bytes),
        Bare::Point(curve, bytes) => {
            let hash = match curve {
                Curve::P256 => Hash::Sha256,
                Curve::P384 => Hash::Sha384,
                Curve::P521 => Hash::Sha512,
            };
            (vec![Jwa::Es(hash)], bytes)
        }
        Bare::Rsa(bytes) if jwk.key.modulus_bits().is_some_and(|bits| RSA_BITS.contains(&bits)) => {
            (HASHES.into_iter().flat_map(|hash| [Jwa::Rs(hash), Jwa::Ps(hash)]).collect(), bytes)
        }
        Bare::Rsa(_) => return Vec::new(),
    };
    let said = jwk.algorithm.as_deref().map(Jwa::parse);
    may_be
        .into_iter()
        .filter(|algorithm| said.is_none_or(|said| said == Some(*algorithm)))
        .filter_map(|algorithm| {
            let key = ParsedPublicKey::new(algorithm.verifier()?, bytes).ok()?;
            Some(Fixed { algorithm, id: jwk.id.clone(), key })
        })
        .collect()
}

impl PublicKey for Keys {
    fn begin(&self) -> Box<dyn Verification> {
        match self {
            Self::Secret(macs) => Box::new(Secret { macs: (**macs).clone(), message: Vec::new() }),
            Self::Public(keys) => Box::new(Public { keys: Arc::clone(keys), message: Vec::new() }),
        }
    }
}

impl Verification for Secret {
    fn update(&mut self, bytes: &[u8]) {
        self.message.extend_from_slice(bytes);
    }

    fn is_signed(&self, signature: &[u8]) -> bool {
        let Some(Jwa::Hs(hash)) = header(&self.message).map(|jose| jose.algorithm) else { return false };
        let mac = self.macs.iter().find(|mac| mac.hash() == hash);
        mac.is_some_and(|mac| {
            let mut mac = mac.clone();
            mac.update(&self.message);
            mac.finish().bytes().ct_eq(signature).into()
        })
    }
}

impl Verification for Public {
    fn update(&mut self, bytes: &[u8]) {
        self.message.extend_from_slice(bytes);
    }

    /// A token that names a key is verified with keys of that name, and with those that have none.
    fn is_signed(&self, signature: &[u8]) -> bool {
        let Some(Jose { algorithm, key_id }) = header(&self.message) else { return false };
        self.keys
            .iter()
            .filter(|key| key.algorithm == algorithm)
            .filter(|key| key_id.is_none() || key.id.is_none() || key.id == key_id)
            .any(|key| key.key.verify_sig(&self.message, signature).is_ok())
    }
}

/// What a token that is signed says of its signature.
pub(super) fn header(message: &[u8]) -> Option<Jose> {
    let end = message.iter().position(|byte| *byte == b'.')?;
    Jose::read(message.get(..end)?)
}
