//! How many connections there may be and are, over all workers; and what else is counted about them.

mod derive;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

pub use derive::{Ceiling, derived, derived_http2};

/// Bytes of large heads in memory at once, over all connections. Most heads are small and count with their
/// connection; a few thousand large ones, held by callers on purpose, would not fit beside them.
const LARGE_HEADS: usize = 16 * 1024 * 1024;

/// The connections of the process. Cloning shares them.
#[derive(Clone, Debug)]
pub struct Slots(Arc<Counts>);

#[derive(Debug)]
struct Counts {
    most: AtomicUsize,
    open: AtomicUsize,
    most_http2: AtomicUsize,
    http2: AtomicUsize,
    large_heads: AtomicUsize,
    floods: AtomicU64,
    refused: AtomicU64,
    panics: AtomicU64,
    stalled: AtomicU64,
}

/// The right to one connection; dropping it gives it back.
#[derive(Debug)]
pub struct Slot(Arc<Counts>);

/// The right of one connection to be HTTP/2; dropping it gives it back.
#[derive(Debug)]
pub struct Http2Slot(Arc<Counts>);

/// Room for one large head; dropping it gives it back.
#[derive(Debug)]
pub struct LargeHead {
    counts: Arc<Counts>,
    bytes: usize,
}

impl Slots {
    /// At most `most` connections at once.
    pub fn new(most: usize) -> Self {
        Self(Arc::new(Counts {
            most: AtomicUsize::new(most),
            open: AtomicUsize::new(0),
            most_http2: AtomicUsize::new(usize::MAX),
            http2: AtomicUsize::new(0),
            large_heads: AtomicUsize::new(0),
            floods: AtomicU64::new(0),
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

    /// Changes the bound on HTTP/2 connections, each of which can cost as much as many of HTTP/1.
    pub fn set_most_http2(&self, most: usize) {
        self.0.most_http2.store(most, Ordering::Relaxed);
    }

    /// One more HTTP/2 connection; `None`: there are as many as may be, and the refusal is counted.
    pub fn take_http2(&self) -> Option<Http2Slot> {
        let most = self.0.most_http2.load(Ordering::Relaxed);
        let slot = Http2Slot(Arc::clone(&self.0));
        if self.0.http2.fetch_add(1, Ordering::AcqRel) < most {
            return Some(slot);
        }
        self.0.refused.fetch_add(1, Ordering::Relaxed);
        None
    }

    /// Room for a head of up to `bytes`; `None`: too many large heads are in memory.
    pub fn hold_head(&self, bytes: usize) -> Option<LargeHead> {
        let held = LargeHead { counts: Arc::clone(&self.0), bytes };
        let before = self.0.large_heads.fetch_add(bytes, Ordering::AcqRel);
        (before.saturating_add(bytes) <= LARGE_HEADS).then_some(held)
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

    /// HTTP/2 connections ended because they sent frames for their own sake.
    pub fn floods(&self) -> u64 {
        self.0.floods.load(Ordering::Relaxed)
    }

    pub(super) fn count_flood(&self) {
        self.0.floods.fetch_add(1, Ordering::Relaxed);
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

impl Drop for Http2Slot {
    fn drop(&mut self) {
        self.0.http2.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Drop for LargeHead {
    fn drop(&mut self) {
        self.counts.large_heads.fetch_sub(self.bytes, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests;
