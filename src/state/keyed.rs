//! Hashes under keys drawn at start. Security: nobody outside can choose entries that meet in one shard, one chain or
//! one key.

use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::LazyLock;

static KEYS: LazyLock<[RandomState; 2]> = LazyLock::new(|| [RandomState::new(), RandomState::new()]);

/// 128 bits of SipHash under two keys; never 0. Equal values give equal hashes until the process ends.
pub(super) fn hash(value: &impl Hash) -> u128 {
    let [high, low] = &*KEYS;
    let hash = u128::from(high.hash_one(value)) << 64 | u128::from(low.hash_one(value));
    hash.max(1)
}

/// The upper half of `hash` mapped to `0..parts`.
pub(super) fn part(hash: u128, parts: usize) -> usize {
    scaled((hash >> 64) as u64, parts)
}

/// The lower half of `hash` mapped to `0..parts`.
pub(super) fn place(hash: u128, parts: usize) -> usize {
    scaled(hash as u64, parts)
}

fn scaled(half: u64, parts: usize) -> usize {
    usize::try_from((u128::from(half) * (parts as u128)) >> 64).unwrap_or_default()
}
