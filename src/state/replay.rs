//! Messages seen, so that none is delivered twice.
//!
//! A verified message is reserved when it arrives, committed when the app took it, released when it did not; so a
//! provider's retry of a failed delivery passes and a copy of a successful one does not. What is remembered is never
//! given up before its time: a cache that evicts would open the window again to whoever can fill it. What was signed
//! before it began may have been delivered by the process before: that is not taken. Knows nothing of signatures or
//! answers. Memory: 37 bytes a message.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::keyed;
use super::table::{Entry, Table};
use crate::base::clock::{Mono, Now, Wall};

const MOST_SHARDS: usize = 16;

/// Times are signed in whole seconds.
const GRAIN_MS: i64 = 1_000;

/// Remembers messages for as long as each asks.
#[derive(Debug)]
pub struct ReplayMemory {
    shards: Vec<Mutex<Table<Slot>>>,
    /// Messages one shard may hold.
    most: AtomicUsize,
    /// When what it knows begins; `None`: it knows all there was.
    since: Option<Now>,
}

/// A message that was verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message {
    /// A hash of what was signed.
    pub id: [u8; 32],
    /// The time that was signed, where messages older than the memory are not taken.
    pub signed_at: Option<Wall>,
}

/// The answer to [`ReplayMemory::reserve`].
#[derive(Debug)]
pub enum Reserved {
    /// Not seen; held until committed or dropped.
    Fresh(Reservation),
    /// The same message is being delivered right now.
    InFlight,
    /// The message was delivered.
    Duplicate,
    /// It was signed before this memory began, and may have been delivered then.
    Older,
    /// No room; nothing live is forgotten to make some.
    Full,
}

/// A message being delivered. Dropping it forgets the message; committing remembers it.
#[derive(Debug)]
#[must_use = "dropping a reservation releases it"]
pub struct Reservation {
    /// `None` once committed: by then the entry may be another's.
    memory: Option<Arc<ReplayMemory>>,
    key: u128,
    keep: Duration,
}

/// One message. 32 bytes.
#[derive(Debug, Default)]
struct Slot {
    key: u128,
    state: State,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Forgotten,
    InFlight,
    Delivered {
        until: Mono,
    },
}

impl Entry for Slot {
    fn fresh(key: u128, _now: Mono) -> Self {
        Self { key, state: State::Forgotten }
    }

    fn key(&self) -> u128 {
        self.key
    }

    fn expires(&self) -> Mono {
        match self.state {
            State::Forgotten => Mono(0),
            State::InFlight => Mono(u64::MAX),
            State::Delivered { until } => until,
        }
    }
}

impl ReplayMemory {
    /// Empty memory for about `entries` messages.
    pub fn new(entries: usize) -> Self {
        let shards = (entries / 256).clamp(1, MOST_SHARDS);
        let shards: Vec<_> = std::iter::repeat_with(|| Mutex::new(Table::new())).take(shards).collect();
        let memory = Self { shards, most: AtomicUsize::new(0), since: None };
        memory.set_entries(entries);
        memory
    }

    /// Changes the bound for messages to come; those remembered stay until their time is over.
    pub fn set_entries(&self, entries: usize) {
        self.most.store(entries.div_ceil(self.shards.len()).max(1), Ordering::Relaxed);
    }

    /// The same memory, which knows of nothing that was delivered before `now`.
    pub fn since(self, now: Now) -> Self {
        Self { since: Some(now), ..self }
    }

    /// Whether a message may have been delivered before this memory began. Only for as long as it could still be
    /// accepted then: a clock that was set back after the start must not refuse everything for good.
    fn is_older(&self, message: &Message, keep: Duration, now: Mono) -> bool {
        let (Some(since), Some(signed)) = (self.since, message.signed_at) else { return false };
        let is_before = signed.0.saturating_add(GRAIN_MS) <= since.wall.0;
        is_before && now < since.mono.plus(keep)
    }

    /// Reserves a message; a commit will keep it for `keep`. Exactly one of several callers at the same time gets it.
    pub fn reserve(self: &Arc<Self>, message: &Message, keep: Duration, now: Mono) -> Reserved {
        if self.is_older(message, keep, now) {
            return Reserved::Older;
        }
        let key = keyed::hash(&message.id);
        let most = self.most.load(Ordering::Relaxed);
        let Some(mut shard) = self.shard(key) else { return Reserved::Full };
        let Some(message) = shard.place(key, now, most) else { return Reserved::Full };
        match message.state {
            State::InFlight => return Reserved::InFlight,
            State::Delivered { until } if until > now => return Reserved::Duplicate,
            State::Delivered { .. } | State::Forgotten => message.state = State::InFlight,
        }
        Reserved::Fresh(Reservation { memory: Some(Arc::clone(self)), key, keep })
    }

    fn settle(&self, key: u128, state: State) {
        if let Some(mut shard) = self.shard(key)
            && let Some(message) = shard.find(key)
            && message.state == State::InFlight
        {
            message.state = state;
        }
    }

    fn shard(&self, key: u128) -> Option<MutexGuard<'_, Table<Slot>>> {
        let shard = self.shards.get(keyed::part(key, self.shards.len()))?;
        Some(shard.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Reservation {
    /// The message was delivered: it is a duplicate from `now` on, for as long as was asked.
    pub fn commit(mut self, now: Mono) {
        if let Some(memory) = self.memory.take() {
            memory.settle(self.key, State::Delivered { until: now.plus(self.keep) });
        }
    }
}

impl Drop for Reservation {
    /// Releases what was not committed.
    fn drop(&mut self) {
        if let Some(memory) = &self.memory {
            memory.settle(self.key, State::Forgotten);
        }
    }
}

#[cfg(test)]
mod tests;
