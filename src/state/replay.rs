//! Messages seen, so that none is delivered twice.

use std::sync::Arc;
use std::time::Duration;

use crate::base::clock::Mono;

/// Remembers messages for as long as each asks.
#[derive(Debug)]
pub struct ReplayMemory {}

/// The answer to [`ReplayMemory::reserve`].
#[derive(Debug)]
pub enum Reserved {
    /// Not seen; held until committed or dropped.
    Fresh(Reservation),
    /// The same message is being delivered right now.
    InFlight,
    /// The message was delivered.
    Duplicate,
    /// No room; nothing live is forgotten to make some.
    Full,
}

/// A message being delivered. Dropping it forgets the message; committing remembers it.
#[derive(Debug)]
pub struct Reservation {}

impl ReplayMemory {
    /// Empty memory for at most `entries` messages.
    pub fn new(_entries: usize) -> Self {
        Self {}
    }

    /// Changes the bound for messages to come.
    pub fn set_entries(&self, _entries: usize) {}

    /// Reserves the message `id`; a commit will keep it for `keep`.
    pub fn reserve(self: &Arc<Self>, _id: [u8; 32], _keep: Duration, _now: Mono) -> Reserved {
        Reserved::Full
    }
}

impl Reservation {
    /// The message was delivered: remembers it from `now` on.
    pub fn commit(self, _now: Mono) {}
}
