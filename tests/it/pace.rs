//! Waiting with a deadline: looks again and again until something holds, never longer than told.

use std::thread;
use std::time::{Duration, Instant};

/// Longest wait of anything that should happen at once.
pub(crate) const SOON: Duration = Duration::from_secs(30);

/// Looks until `look` finds something; panics with `what` when it did not within `within`.
pub(crate) fn until<T>(within: Duration, what: &str, look: impl FnMut() -> Option<T>) -> T {
    attempt(within, look).unwrap_or_else(|| panic!("not within {within:?}: {what}"))
}

/// Looks until `look` finds something, at most for `within`.
pub(crate) fn attempt<T>(within: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + within;
    loop {
        if let Some(found) = look() {
            return Some(found);
        }
        if Instant::now() >= end {
            return None;
        }
        thread::park_timeout(Duration::from_millis(3));
    }
}

/// Keeps an open loop at its rate: blocks until `at`, returns at once when that has passed.
pub(crate) fn tick(at: Instant) {
    loop {
        let left = at.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        thread::park_timeout(left);
    }
}
