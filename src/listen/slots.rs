//! How many connections there may be and are, over all workers; and what else is counted about them.

mod derive;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

pub use derive::{Ceiling, derived};

/// The connections of the process. Cloning shares them.
#[derive(Clone, Debug)]
pub struct Slots(Arc<Counts>);

#[derive(Debug)]
struct Counts {
    most: AtomicUsize,
    open: AtomicUsize,
    refused: AtomicU64,
    panics: AtomicU64,
    stalled: AtomicU64,
}

/// The right to one connection; dropping it gives it back.
#[derive(Debug)]
pub struct Slot(Arc<Counts>);

impl Slots {
    /// At most `most` connections at once.
    pub fn new(most: usize) -> Self {
        Self(Arc::new(Counts {
            most: AtomicUsize::new(most),
            open: AtomicUsize::new(0),
            refused: AtomicU64::new(0),
            panics: AtomicU64::new(0),
            stalled: AtomicU64::new(0),
        }))
    }

    /// Changes the bound; connections above a lower one stay until they end.
    pub fn set_most(&self, most: usize) {
        self.0.most.store(most, Ordering::Relaxed);
    }

    /// One more connection; `None`: there are as many as may be, and the refusal is counted.
    pub fn take(&self) -> Option<Slot> {
        let most = self.0.most.load(Ordering::Relaxed);
        let slot = Slot(Arc::clone(&self.0));
        if self.0.open.fetch_add(1, Ordering::AcqRel) < most {
            return Some(slot);
        }
        self.0.refused.fetch_add(1, Ordering::Relaxed);
        None
    }

    /// Connections open now.
    pub fn open(&self) -> usize {
        self.0.open.load(Ordering::Acquire)
    }

    /// Connections closed at once because there were as many as may be.
    pub fn refused(&self) -> u64 {
        self.0.refused.load(Ordering::Relaxed)
    }

    /// Panics that were caught while a connection was served.
    pub fn panics(&self) -> u64 {
        self.0.panics.load(Ordering::Relaxed)
    }

    /// Connections and streams ended because the caller did not read its response.
    pub fn stalled(&self) -> u64 {
        self.0.stalled.load(Ordering::Relaxed)
    }

    pub(super) fn count_panic(&self) {
        self.0.panics.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_stall(&self) {
        self.0.stalled.fetch_add(1, Ordering::Relaxed);
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests;
