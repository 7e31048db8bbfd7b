//! What a signature is (its kind) and what a scheme's secrets become (keys). Knows nothing of requests; the message
//! is taken by a [`Lane`], one per key, which then says of each candidate whether it is genuine.

mod lane;

use std::fmt;
use std::sync::Arc;

use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::encoding::Encoding;
use super::mac::{Hash, Prepared, Tag};
use super::public::{self, Algorithm, Dates, Jwa, PrivateKey, PublicKey};
use crate::base::secret::Secret;

pub(super) use lane::{Candidate, Lane, Proof};

/// What a signature is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// A MAC over a message.
    Hmac(Hash),
    /// A plain hash over a message that holds the secret.
    Digest(Hash),
    /// The secret itself.
    Token,
    /// The secret, `user:password`, as RFC 7617 writes it.
    Basic,
    /// A signature that is verified with a public key; the hash is the one the message is signed through.
    Public(&'static dyn Algorithm, Hash),
}

/// How a key is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyForm {
    /// The bytes as written.
    Utf8,
    /// Those the text stands for.
    Encoded(Encoding),
    /// A public key in PEM, `BEGIN PUBLIC KEY` or `BEGIN CERTIFICATE`.
    Pem,
    /// The base64 of a `SubjectPublicKeyInfo`.
    SpkiB64,
    /// The key's own bytes in hexadecimal.
    RawHex,
    /// The key's own bytes in base64.
    RawB64,
    /// A JSON Web Key Set (RFC 7517): any of its keys that fits.
    Jwks,
}

/// What is made of a key before it is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Derive {
    /// Nothing.
    None,
    /// Its SHA-1.
    Sha1,
    /// Its SHA-256.
    Sha256,
    /// `AWS4` and the key.
    Aws4,
}

/// How a secret becomes a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KeyRule {
    pub(super) form: KeyForm,
    /// Beginnings removed first, each once, in this order; `*` stands for one or more letters, digits and `_`.
    pub(super) strip: Vec<String>,
    pub(super) derive: Derive,
}

/// A key made from a secret for one plan.
///
/// Security: printed as `[key]`; holds the prepared MAC, so that a request costs no key schedule.
#[derive(Clone)]
pub struct Key {
    pub(super) material: Material,
    pub(super) secret: Secret,
    /// The dates of the certificate it came in.
    pub(super) dates: Option<Dates>,
}

/// What is compared or computed with.
#[derive(Clone)]
pub(super) enum Material {
    /// A MAC that has taken in the key and no message.
    Mac(Arc<Prepared>),
    /// A hash that has taken in nothing.
    Hasher(Hash),
    /// SHA-256 of the token: digests are compared, so that the time tells nothing of the token's length.
    Token(Tag),
    /// The same of `user:password`.
    Basic(Tag),
    /// A public key.
    Public(&'static str, Arc<dyn PublicKey>),
    /// The half that signs: no request is ever judged with it.
    Private(&'static str, Arc<dyn PrivateKey>),
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
    /// The scheme's secrets are `user:password` and this one has no colon.
    NotUserAndPassword,
    /// The scheme's keys are public keys and this one cannot be read, or is of another algorithm.
    NotPublicKey,
    /// This is no private key the sender could sign with.
    NotPrivateKey,
}

impl Kind {
    /// Whether a key was made for this kind.
    pub(super) fn fits(self, key: &Key) -> bool {
        match (self, &key.material) {
            (Self::Hmac(hash), Material::Mac(key)) => key.mac().hash() == hash,
            (Self::Digest(hash), Material::Hasher(own)) => *own == hash,
            (Self::Token, Material::Token(_)) | (Self::Basic, Material::Basic(_)) => true,
            (Self::Public(algorithm, _), Material::Public(name, _)) => algorithm.name() == *name,
            (
                Self::Hmac(_) | Self::Digest(_) | Self::Token | Self::Basic | Self::Public(..),
                Material::Mac(_)
                | Material::Hasher(_)
                | Material::Token(_)
                | Material::Basic(_)
                | Material::Public(..)
                | Material::Private(..),
            ) => false,
        }
    }

    /// Whether a key signs what this kind verifies.
    pub(super) fn signs_with(self, key: &Key) -> bool {
        match (self, &key.material) {
            (Self::Public(algorithm, _), Material::Private(name, _)) => algorithm.name() == *name,
            (Self::Public(..), _) => false,
            (Self::Hmac(_) | Self::Digest(_) | Self::Token | Self::Basic, _) => self.fits(key),
        }
    }

    /// Whether a message is signed; the rest merely show that they know the secret.
    pub(super) fn signs_message(self) -> bool {
        match self {
            Self::Hmac(_) | Self::Digest(_) | Self::Public(..) => true,
            Self::Token | Self::Basic => false,
        }
    }

    /// Whether keys are public, so that whoever has one cannot sign.
    pub(super) fn is_public(self) -> bool {
        match self {
            Self::Public(..) => true,
            Self::Hmac(_) | Self::Digest(_) | Self::Token | Self::Basic => false,
        }
    }

    /// Whether the message is judged in one piece, so that a body is not fed to it as it arrives.
    pub(super) fn needs_whole(self) -> bool {
        match self {
            Self::Public(algorithm, _) => algorithm.needs_whole(),
            Self::Hmac(_) | Self::Digest(_) | Self::Token | Self::Basic => false,
        }
    }

    /// The hash a signed message goes through.
    pub(super) fn hash(self) -> Option<Hash> {
        match self {
            Self::Hmac(hash) | Self::Digest(hash) | Self::Public(_, hash) => Some(hash),
            Self::Token | Self::Basic => None,
        }
    }

    /// Whether two schemes can share their keys.
    pub(super) fn is_same(self, other: Self) -> bool {
        match (self, other) {
            (Self::Hmac(one), Self::Hmac(other)) | (Self::Digest(one), Self::Digest(other)) => one == other,
            (Self::Token, Self::Token) | (Self::Basic, Self::Basic) => true,
            (Self::Public(one, hash), Self::Public(other, same)) => {
                one.name() == other.name() && hash == same
            }
            (
                Self::Hmac(_) | Self::Digest(_) | Self::Token | Self::Basic | Self::Public(..),
                Self::Hmac(_) | Self::Digest(_) | Self::Token | Self::Basic | Self::Public(..),
            ) => false,
        }
    }
}

impl KeyForm {
    /// The form of that name.
    pub(super) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "utf8" => Self::Utf8,
            "base64" => Self::Encoded(Encoding::Base64),
            "hex" => Self::Encoded(Encoding::Hex),
            "pem" => Self::Pem,
            "spki_b64" => Self::SpkiB64,
            "raw_hex" => Self::RawHex,
            "raw_b64" => Self::RawB64,
            "jwks" => Self::Jwks,
            _ => return None,
        })
    }

    /// Whether it is a form of public keys.
    pub(super) fn is_public(self) -> bool {
        match self {
            Self::Utf8 | Self::Encoded(_) => false,
            Self::Pem | Self::SpkiB64 | Self::RawHex | Self::RawB64 | Self::Jwks => true,
        }
    }
}

impl Derive {
    /// The derivation of that name.
    pub(super) fn parse(name: &str) -> Option<Self> {
        match name {
            "none" => Some(Self::None),
            "sha1" => Some(Self::Sha1),
            "sha256" => Some(Self::Sha256),
            "aws4" => Some(Self::Aws4),
            _ => None,
        }
    }

    fn apply(self, secret: Secret) -> Secret {
        match self {
            Self::None => secret,
            Self::Sha1 => Secret::new(Sha1::digest(secret.expose()).to_vec()),
            Self::Sha256 => Secret::new(Sha256::digest(secret.expose()).to_vec()),
            Self::Aws4 => Secret::new([b"AWS4", secret.expose()].concat()),
        }
    }
}

impl KeyRule {
    /// Makes a key of a secret.
    ///
    /// # Errors
    /// [`KeyProblem`] when nothing is left of it or it is not of the form asked for.
    pub(super) fn make(&self, kind: Kind, secret: &Secret) -> Result<Key, KeyProblem> {
        let text = self.stripped(secret.expose());
        if text.is_empty() {
            return Err(KeyProblem::Empty);
        }
        let secret = if let KeyForm::Encoded(encoding) = self.form {
            Secret::new(encoding.decode(text).ok_or(match encoding {
                Encoding::Hex => KeyProblem::NotHex,
                Encoding::Base64 | Encoding::Base64Url => KeyProblem::NotBase64,
            })?)
        } else if text.len() == secret.len() {
            secret.clone()
        } else {
            Secret::new(text.to_vec())
        };
        if secret.is_empty() {
            return Err(KeyProblem::Empty);
        }
        let secret = self.derive.apply(secret);
        let bytes = secret.expose();
        let material = match kind {
            Kind::Token => Material::Token(Tag::of_token(bytes)),
            Kind::Basic if !bytes.contains(&b':') => return Err(KeyProblem::NotUserAndPassword),
            Kind::Basic => Material::Basic(Tag::of_token(bytes)),
            Kind::Hmac(hash) => Material::Mac(Arc::new(Prepared::new(hash, bytes))),
            Kind::Digest(hash) => Material::Hasher(hash),
            Kind::Public(algorithm, hash) => {
                let key = algorithm.key(self.form, hash, bytes).ok_or(KeyProblem::NotPublicKey)?;
                Material::Public(algorithm.name(), key)
            }
        };
        let dates = public::dates(self.form, secret.expose()).map_err(|_| KeyProblem::NotPublicKey)?;
        Ok(Key { material, secret, dates })
    }

    /// Makes what signs of a secret, or of a private key in PEM.
    ///
    /// # Errors
    /// As [`KeyRule::make`]; [`KeyProblem::NotPrivateKey`].
    pub(super) fn make_signing(&self, kind: Kind, secret: &Secret) -> Result<Key, KeyProblem> {
        let Kind::Public(algorithm, hash) = kind else { return self.make(kind, secret) };
        let secret = match self.form.is_public() {
            true => secret.clone(),
            false => self.make(kind, secret)?.secret,
        };
        let key = algorithm.private(self.form, hash, secret.expose()).ok_or(KeyProblem::NotPrivateKey)?;
        Ok(Key { material: Material::Private(algorithm.name(), key), secret, dates: None })
    }

    fn stripped<'s>(&self, mut text: &'s [u8]) -> &'s [u8] {
        for beginning in &self.strip {
            text = match beginning.split_once('*') {
                None => text.strip_prefix(beginning.as_bytes()),
                Some((before, after)) => without(text, before.as_bytes(), after.as_bytes()),
            }
            .unwrap_or(text);
        }
        text
    }
}

/// `text` after `before`, a word, and `after`.
fn without<'s>(text: &'s [u8], before: &[u8], after: &[u8]) -> Option<&'s [u8]> {
    let rest = text.strip_prefix(before)?;
    let word = rest.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
    rest.split_at_checked(word).filter(|_| word > 0)?.1.strip_prefix(after)
}

impl Key {
    /// The first of these algorithms of tokens that the key can sign by; `None` also for one that only verifies.
    pub(super) fn token(&self, among: &[Jwa]) -> Option<Jwa> {
        match &self.material {
            Material::Private(_, key) => key.token(among),
            Material::Mac(_)
            | Material::Hasher(_)
            | Material::Token(_)
            | Material::Basic(_)
            | Material::Public(..) => None,
        }
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
            Self::NotHex => "secrets of this scheme are hexadecimal, and this one is not",
            Self::NotBase64 => "secrets of this scheme are base64, and this one is not",
            Self::NotUserAndPassword => "secrets of this scheme are user:password, and this one has no colon",
            Self::NotPrivateKey => "this is no private key in PEM that such signatures are made with",
            Self::NotPublicKey => "keys of this scheme are public keys, and this one cannot be read as one",
        })
    }
}
