//! An estimate of each key's failures in the current and the last window, in constant memory. Never too low, but for
//! failures counted in the very moment a window is cleared.

use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use pingora_limits::estimator::Estimator;

use crate::base::clock::Mono;

const HASHES: usize = 4;
const SLOTS: usize = 1024;

/// Two count-min sketches that take turns.
pub(super) struct Sketch {
    /// Made with the first failure: most gates stand for days without one, and these are 64 KiB.
    turns: OnceLock<[Estimator; 2]>,
    window: u64,
    /// Number of the window counted last.
    current: AtomicU64,
}

impl Sketch {
    pub(super) fn new(window: Duration) -> Self {
        Self {
            turns: OnceLock::new(),
            window: u64::try_from(window.as_nanos()).unwrap_or(u64::MAX).max(1),
            current: AtomicU64::new(0),
        }
    }

    /// Counts one failure and tells the estimate.
    pub(super) fn count(&self, key: u128, now: Mono) -> u64 {
        let number = now.0 / self.window;
        let before = self.current.fetch_max(number, Ordering::Relaxed);
        let fresh = || [Estimator::new(HASHES, SLOTS), Estimator::new(HASHES, SLOTS)];
        let [even, odd] = self.turns.get_or_init(fresh);
        let (this, other) = if number.is_multiple_of(2) { (even, odd) } else { (odd, even) };
        if before < number {
            // Whoever advanced the number clears: the sketch whose turn it was two windows ago, or both.
            this.reset();
            if before + 1 < number {
                other.reset();
            }
        }
        let estimate = this.incr(key, 1).saturating_add(other.get(key));
        u64::try_from(estimate).unwrap_or(u64::MAX)
    }
}

impl fmt::Debug for Sketch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sketch").field("current", &self.current).finish_non_exhaustive()
    }
}
