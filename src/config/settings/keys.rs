//! Known API keys, as digests.

use std::sync::Arc;

use crate::base::name::KeyId;
use crate::base::secret::Secret;

/// Known API keys.
#[derive(Clone, Debug, Default)]
pub struct ApiKeys {
    /// Every key of the config and of all key files; ids are unique. Those of a file are shared with every generation
    /// that read the same bytes.
    pub keys: Vec<Arc<ApiKey>>,
    /// Key of the HMAC that peppered digests were made with.
    pub pepper: Option<Secret>,
    /// Set when a key file or the pepper could not be read at start: routes with `api_key` answer 503.
    pub unavailable: Option<String>,
}

/// One API key, as a digest.
#[derive(Clone, Debug)]
pub struct ApiKey {
    /// Public id.
    pub id: KeyId,
    /// Human name; may be empty.
    pub name: String,
    /// How the digest was made.
    pub digest: KeyDigest,
    /// Roles.
    pub roles: Vec<String>,
    /// Permissions; each may end in `*`.
    pub permissions: Vec<String>,
    /// Requests in any 60 s, over all routes.
    pub rate_limit: Option<u32>,
    /// Not valid before this Unix time in milliseconds.
    pub not_before: Option<i64>,
    /// Not valid from this Unix time in milliseconds on.
    pub expires_at: Option<i64>,
    /// Never valid.
    pub revoked: bool,
    /// Where it was written, `file:line`.
    pub origin: String,
}

/// Digest of an API key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyDigest {
    /// SHA-256 of the key's bytes.
    Sha256([u8; 32]),
    /// HMAC-SHA256 of the key's bytes under the pepper.
    Peppered([u8; 32]),
}
