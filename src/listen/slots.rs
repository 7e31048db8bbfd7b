//! How many connections there may be and are, over all workers; and what else is counted about them.

mod derive;
mod register;
mod tenant;

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::base::clock;
use crate::exchange::Peer;

pub use derive::{Bounds, Ceiling};
use register::Register;
pub use register::{NoRoom, Turned};
pub use tenant::Tenant;

/// Bytes of large heads in memory at once, over all connections. Most heads are small and count with their
/// connection; a few thousand large ones, held by callers on purpose, would not fit beside them.
const LARGE_HEADS: usize = 16 * 1024 * 1024;

/// The connections of the process. Cloning shares them.
#[derive(Clone, Debug)]
pub struct Slots(Arc<Counts>);

#[derive(Debug)]
struct Counts {
    register: Mutex<Register>,
    large_heads: AtomicUsize,
    floods: AtomicU64,
    panics: AtomicU64,
    stalled: AtomicU64,
}

/// The right to one connection; dropping it gives it back.
#[derive(Debug)]
pub struct Slot {
    slots: Slots,
    tenant: Arc<Tenant>,
}

/// Room for one large head; dropping it gives it back.
#[derive(Debug)]
pub struct LargeHead {
    slots: Slots,
    bytes: usize,
}

impl Slots {
    /// No connections yet, and no more than `bounds` allow.
    pub fn new(bounds: Bounds) -> Self {
        Self(Arc::new(Counts {
            register: Mutex::new(Register::new(bounds)),
            large_heads: AtomicUsize::new(0),
            floods: AtomicU64::new(0),
            panics: AtomicU64::new(0),
            stalled: AtomicU64::new(0),
        }))
    }

    /// Changes the bounds; connections above lower ones stay until they end, or are idle and others want in.
    pub fn set(&self, bounds: Bounds) {
        self.register().bounds = bounds;
    }

    /// One more connection, from `peer`. When there is no room, the one idle for longest makes some.
    ///
    /// # Errors
    /// [`NoRoom`], and the refusal is counted.
    pub fn take(&self, peer: Peer) -> Result<Slot, NoRoom> {
        let now = clock::mono();
        let mut register = self.register();
        let household = register.bounds.household(peer);
        let tenant = register.admit(household, now)?;
        drop(register);
        Ok(Slot { slots: self.clone(), tenant })
    }

    /// Room for a head of up to `bytes`; `None`: too many large heads are in memory.
    pub fn hold_head(&self, bytes: usize) -> Option<LargeHead> {
        let held = LargeHead { slots: self.clone(), bytes };
        let before = self.0.large_heads.fetch_add(bytes, Ordering::AcqRel);
        (before.saturating_add(bytes) <= LARGE_HEADS).then_some(held)
    }

    /// Connections open now.
    pub fn open(&self) -> usize {
        self.register().open()
    }

    /// Callers there was no room for, and connections that made room.
    pub fn turned(&self) -> Turned {
        self.register().turned
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

    fn register(&self) -> MutexGuard<'_, Register> {
        self.0.register.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot {
    /// The connection as others see it who look for an idle one.
    pub fn tenant(&self) -> &Arc<Tenant> {
        &self.tenant
    }

    /// All connections.
    pub fn slots(&self) -> &Slots {
        &self.slots
    }

    /// The right to be HTTP/2, which can cost as much as many connections of HTTP/1.
    ///
    /// # Errors
    /// [`NoRoom::Memory`], and the refusal is counted.
    pub fn widen(&self) -> Result<(), NoRoom> {
        self.slots.register().widen(&self.tenant, clock::mono())
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.slots.register().remove(&self.tenant);
    }
}

impl Drop for LargeHead {
    fn drop(&mut self) {
        self.slots.0.large_heads.fetch_sub(self.bytes, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests;
