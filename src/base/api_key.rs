//! The shape of Sidegate's own API keys, and digests of any key.

use crate::base::name::KeyId;
use crate::base::secret::Secret;

/// A new key; the raw key is shown once.
#[derive(Debug)]
pub struct Generated {
    /// Public id, part of the key.
    pub id: KeyId,
    /// The whole key.
    pub key: Secret,
}

/// Why no key could be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CannotGenerate {
    /// The environment is not 1–16 lower-case letters and digits.
    Environment,
    /// The system gives no random bytes.
    NoRandomness,
}

/// What a presented key looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape<'a> {
    /// One of ours, check digits right.
    Ours {
        /// Environment.
        env: &'a str,
        /// Public id.
        id: &'a str,
    },
    /// Another format; only its digest can tell.
    Foreign,
    /// Our format with wrong check digits: mistyped or made up.
    BadCheck,
}

/// Makes a key `sg_<env>_<id8>_<secret43><crc6>`.
///
/// # Errors
/// [`CannotGenerate`].
pub fn generate(_env: &str) -> Result<Generated, CannotGenerate> {
    Err(CannotGenerate::NoRandomness)
}

/// Tells the shape of a presented key.
pub fn parse(_key: &[u8]) -> Shape<'_> {
    Shape::Foreign
}

/// SHA-256 of a key's bytes.
pub fn digest_sha256(_key: &[u8]) -> [u8; 32] {
    [0; 32]
}

/// HMAC-SHA256 of a key's bytes under `pepper`.
pub fn digest_peppered(_pepper: &Secret, _key: &[u8]) -> [u8; 32] {
    [0; 32]
}
