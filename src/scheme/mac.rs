//! Keys, and the MACs made with them. Knows the four hashes and nothing of requests.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac as _};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};

use super::encoding::{Encoding, LONGEST_TAG};
use crate::base::secret::Secret;

/// The hash inside an HMAC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hash {
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

/// What a signature is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A MAC over a message.
    Hmac(Hash),
    /// The secret itself.
    Token,
}

/// How a secret becomes a key.
#[derive(Clone, Debug)]
pub(super) struct KeyRule {
    /// `None`: the bytes as written.
    pub(super) encoding: Option<Encoding>,
    /// Beginnings removed first, each once, in this order.
    pub(super) strip: Vec<String>,
}

/// A key made from a secret for one plan.
///
/// Security: printed as `[key]`; holds the prepared MAC, so that a request costs no key schedule.
#[derive(Clone)]
pub struct Key {
    pub(super) material: Material,
    pub(super) secret: Secret,
}

/// What is compared or computed with.
#[derive(Clone)]
#[expect(clippy::large_enum_variant, reason = "a box would cost each request an allocation per key")]
pub(super) enum Material {
    /// A MAC that has taken in the key and no message.
    Mac(Mac),
    /// SHA-256 of the token: digests are compared, so that the time tells nothing of the token's length.
    Token(Tag),
}

/// Why a secret cannot be a key of a scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyProblem {
    /// Nothing is left of it once the known beginnings are removed.
    Empty,
    /// The scheme's keys are hexadecimal and this one is not.
    NotHex,
    /// The scheme's keys are base64 and this one is not.
    NotBase64,
}

/// An HMAC under way.
#[derive(Clone)]
pub(super) enum Mac {
    Sha1(Hmac<Sha1>),
    Sha256(Hmac<Sha256>),
    Sha384(Hmac<Sha384>),
    Sha512(Hmac<Sha512>),
}

/// The bytes of a signature, decoded.
#[derive(Clone, Copy)]
pub(super) struct Tag {
    bytes: [u8; LONGEST_TAG],
    length: usize,
}

impl Hash {
    /// The hash of that name.
    pub(super) fn parse(name: &str) -> Option<Self> {
        match name {
            "sha1" => Some(Self::Sha1),
            "sha256" => Some(Self::Sha256),
            "sha384" => Some(Self::Sha384),
            "sha512" => Some(Self::Sha512),
            _ => None,
        }
    }

    /// Length of its output, bytes.
    pub(super) fn length(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }
}

impl Kind {
    /// Whether a key was made for this kind.
    pub(super) fn fits(self, key: &Key) -> bool {
        match (self, &key.material) {
            (Self::Hmac(hash), Material::Mac(mac)) => mac.hash() == hash,
            (Self::Token, Material::Token(_)) => true,
            (Self::Hmac(_), Material::Token(_)) | (Self::Token, Material::Mac(_)) => false,
        }
    }
}

impl KeyRule {
    /// Makes a key of a secret.
    ///
    /// # Errors
    /// [`KeyProblem`] when nothing is left of it or it is not of the encoding asked for.
    pub(super) fn make(&self, kind: Kind, secret: &Secret) -> Result<Key, KeyProblem> {
        let mut text = secret.expose();
        for beginning in &self.strip {
            text = text.strip_prefix(beginning.as_bytes()).unwrap_or(text);
        }
        let secret = match self.encoding {
            None if text.len() == secret.len() => secret.clone(),
            None => Secret::new(text.to_vec()),
            Some(encoding) => Secret::new(encoding.decode(text).ok_or(match encoding {
                Encoding::Hex => KeyProblem::NotHex,
                Encoding::Base64 | Encoding::Base64Url => KeyProblem::NotBase64,
            })?),
        };
        if secret.is_empty() {
            return Err(KeyProblem::Empty);
        }
        let material = match kind {
            Kind::Token => Material::Token(Tag::of_token(secret.expose())),
            Kind::Hmac(hash) => {
                // HMAC takes keys of any length; were one refused, it would be no key.
                Material::Mac(Mac::new(hash, secret.expose()).ok_or(KeyProblem::Empty)?)
            }
        };
        Ok(Key { material, secret })
    }
}

impl Mac {
    fn new(hash: Hash, key: &[u8]) -> Option<Self> {
        Some(match hash {
            Hash::Sha1 => Self::Sha1(Hmac::new_from_slice(key).ok()?),
            Hash::Sha256 => Self::Sha256(Hmac::new_from_slice(key).ok()?),
            Hash::Sha384 => Self::Sha384(Hmac::new_from_slice(key).ok()?),
            Hash::Sha512 => Self::Sha512(Hmac::new_from_slice(key).ok()?),
        })
    }

    /// Which hash it is made with.
    pub(super) fn hash(&self) -> Hash {
        match self {
            Self::Sha1(_) => Hash::Sha1,
            Self::Sha256(_) => Hash::Sha256,
            Self::Sha384(_) => Hash::Sha384,
            Self::Sha512(_) => Hash::Sha512,
        }
    }

    /// Takes the next bytes of the message.
    pub(super) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha1(mac) => mac.update(bytes),
            Self::Sha256(mac) => mac.update(bytes),
            Self::Sha384(mac) => mac.update(bytes),
            Self::Sha512(mac) => mac.update(bytes),
        }
    }

    /// The tag over everything taken.
    pub(super) fn finish(self) -> Tag {
        match self {
            Self::Sha1(mac) => Tag::of(&mac.finalize().into_bytes()),
            Self::Sha256(mac) => Tag::of(&mac.finalize().into_bytes()),
            Self::Sha384(mac) => Tag::of(&mac.finalize().into_bytes()),
            Self::Sha512(mac) => Tag::of(&mac.finalize().into_bytes()),
        }
    }
}

impl Tag {
    /// Decodes a signature of exactly `length` bytes.
    pub(super) fn decode(encoding: Encoding, text: &[u8], length: usize) -> Option<Self> {
        let mut bytes = [0; LONGEST_TAG];
        (encoding.decode_into(text, &mut bytes)? == length).then_some(Self { bytes, length })
    }

    /// What stands for a token where tokens are compared.
    pub(super) fn of_token(token: &[u8]) -> Self {
        Self::of(&Sha256::digest(token))
    }

    /// The bytes.
    pub(super) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or(&[])
    }

    fn of(output: &[u8]) -> Self {
        let mut bytes = [0; LONGEST_TAG];
        let length = output.len().min(LONGEST_TAG);
        for (to, from) in bytes.iter_mut().zip(output) {
            *to = *from;
        }
        Self { bytes, length }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[key]")
    }
}

impl fmt::Display for KeyProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "nothing is left of the secret once its known beginning is removed",
            Self::NotHex => "this scheme's secrets are hexadecimal, and this one is not",
            Self::NotBase64 => "this scheme's secrets are base64, and this one is not",
        })
    }
}
