//! The four hashes, plain and keyed, and the tags they give. Knows nothing of requests.

mod joint;
mod lanes;

use std::fmt;

use aws_lc_rs::{digest, hmac};

use super::encoding::{Encoding, LONGEST_TAG};

pub(super) use joint::{Begun, WORTH_EIGHT, Work, digests};
pub(super) use lanes::{LANES, Lanes};

/// A hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hash {
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

/// An HMAC under way. AWS-LC's context: on processors without the SHA extension it takes half of what plain Rust does
/// (`docs/decisions/0012-which-hmac.md`), and it wipes itself when dropped.
#[derive(Clone)]
pub(super) struct Mac {
    hash: Hash,
    context: hmac::Context,
}

/// A key that messages are begun with: it has taken in the key and no message.
pub(super) struct Prepared {
    mac: Mac,
    /// The same for several messages at once, where that is of use.
    begun: Option<Begun>,
}

/// The hash every name of a message begins with: a block that tells apart what was signed by different schemes.
#[derive(Debug)]
pub(super) struct Opening {
    hasher: Hasher,
    begun: Begun,
}

/// A plain hash under way: for messages that hold the secret themselves, and for what names a message.
#[derive(Clone)]
pub(super) struct Hasher(digest::Context);

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

impl Mac {
    /// A MAC that has taken in the key and no message.
    pub(super) fn new(hash: Hash, key: &[u8]) -> Self {
        let algorithm = match hash {
            Hash::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            Hash::Sha256 => hmac::HMAC_SHA256,
            Hash::Sha384 => hmac::HMAC_SHA384,
            Hash::Sha512 => hmac::HMAC_SHA512,
        };
        Self { hash, context: hmac::Context::with_key(&hmac::Key::new(algorithm, key)) }
    }

    /// Which hash it is made with.
    pub(super) fn hash(&self) -> Hash {
        self.hash
    }

    /// Takes the next bytes of the message.
    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.context.update(bytes);
    }

    /// The tag over everything taken.
    pub(super) fn finish(self) -> Tag {
        Tag::of(self.context.sign().as_ref())
    }
}

impl Prepared {
    /// Takes in the key.
    pub(super) fn new(hash: Hash, key: &[u8]) -> Self {
        let begun = match hash {
            Hash::Sha256 => Lanes::if_quicker().map(|_| Begun::hmac(key)),
            Hash::Sha1 | Hash::Sha384 | Hash::Sha512 => None,
        };
        Self { mac: Mac::new(hash, key), begun }
    }

    /// A MAC of a message that comes piece by piece.
    pub(super) fn mac(&self) -> &Mac {
        &self.mac
    }

    /// The same for a message that is hashed together with others; `None`: it cannot be.
    pub(super) fn begun(&self) -> Option<&Begun> {
        self.begun.as_ref()
    }
}

impl Opening {
    /// The opening of this name.
    pub(super) fn new(name: &str) -> Self {
        let mut block = [0; 64];
        block.iter_mut().zip(sha256(name.as_bytes())).for_each(|(to, from)| *to = from);
        let mut hasher = Hasher::new(Hash::Sha256);
        hasher.update(&block);
        Self { hasher, begun: Begun::hash(&block) }
    }

    /// A name of a message that comes piece by piece.
    pub(super) fn hasher(&self) -> &Hasher {
        &self.hasher
    }

    /// The same for a message that is hashed together with others.
    pub(super) fn begun(&self) -> &Begun {
        &self.begun
    }
}

impl Hasher {
    /// A hash of nothing yet.
    pub(super) fn new(hash: Hash) -> Self {
        Self(digest::Context::new(match hash {
            Hash::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Hash::Sha256 => &digest::SHA256,
            Hash::Sha384 => &digest::SHA384,
            Hash::Sha512 => &digest::SHA512,
        }))
    }

    /// Takes the next bytes of the message.
    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The hash of everything taken.
    pub(super) fn finish(self) -> Tag {
        Tag::of(self.0.finish().as_ref())
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
        Self::of(digest::digest(&digest::SHA256, token).as_ref())
    }

    /// The bytes.
    pub(super) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or(&[])
    }

    /// What a hash gave.
    pub(super) fn of(output: &[u8]) -> Self {
        let mut bytes = [0; LONGEST_TAG];
        let length = output.len().min(LONGEST_TAG);
        for (to, from) in bytes.iter_mut().zip(output) {
            *to = *from;
        }
        Self { bytes, length }
    }
}

/// SHA-256 of a few bytes.
fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut output = [0; 32];
    output.iter_mut().zip(digest::digest(&digest::SHA256, bytes).as_ref()).for_each(|(to, from)| *to = *from);
    output
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hasher")
    }
}
