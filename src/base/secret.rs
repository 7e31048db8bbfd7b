//! Bytes that never print. Used wherever a shared secret, a signing key or a pepper is held.

use std::fmt;
use std::sync::Arc;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Secret bytes: wiped on drop of the last clone, printed as `[secret]`, compared in constant time.
///
/// Security: has no `Display`, no `Serialize`, no `PartialEq`; only [`Secret::expose`] hands out the bytes.
#[derive(Clone)]
pub struct Secret(Arc<Zeroizing<Vec<u8>>>);

impl Secret {
    /// Takes ownership of `bytes`; the caller must not keep a copy.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Arc::new(Zeroizing::new(bytes)))
    }

    /// The raw bytes, for a hash or a MAC only.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// Whether `candidate` equals the secret; the time taken depends on the lengths only.
    pub fn matches(&self, candidate: &[u8]) -> bool {
        self.0.as_slice().ct_eq(candidate).into()
    }

    /// Length in bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no byte at all; an empty secret is refused by config.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}
