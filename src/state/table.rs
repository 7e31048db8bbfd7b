//! A bounded hash table in which entries die by time. One shard of every table of `state`; its owner holds the lock.
//!
//! Open addressing with linear probing. A dead entry is as good as none: its slot is reused by the next key whose
//! chain passes it. A live entry is never dropped; when no slot is left, the caller is told so.

use std::time::Duration;

use super::keyed;
use crate::base::clock::Mono;

/// What a table holds.
pub(super) trait Entry: Default {
    /// An entry for `key` with nothing in it, alive until just after `now`.
    fn fresh(key: u128, now: Mono) -> Self;
    /// Its key; 0 in a slot never used.
    fn key(&self) -> u128;
    /// Until when it matters.
    fn expires(&self) -> Mono;
}

/// Slots of the first allocation.
const FIRST: usize = 16;

/// A full table is swept of the dead at most this often, so that a flood of new keys cannot make every insertion walk
/// the table.
const SWEEP: Duration = Duration::from_millis(100);

/// One bounded table.
#[derive(Debug)]
pub(super) struct Table<E> {
    slots: Vec<E>,
    /// Slots whose key is not 0.
    used: usize,
    next_sweep: Mono,
}

/// Where a key is or could go.
enum Spot {
    Here(usize),
    /// A dead entry on its chain.
    Dead(usize),
    /// The end of its chain.
    Free(usize),
    Nowhere,
}

impl<E: Entry> Table<E> {
    /// An empty table; allocates with the first entry.
    pub(super) fn new() -> Self {
        Self { slots: Vec::new(), used: 0, next_sweep: Mono(0) }
    }

    /// The entry of `key`, dead or alive.
    pub(super) fn find(&mut self, key: u128) -> Option<&mut E> {
        match self.seek(key, Mono(0)) {
            Spot::Here(at) => self.slots.get_mut(at),
            Spot::Dead(_) | Spot::Free(_) | Spot::Nowhere => None,
        }
    }

    /// The entry of `key`, made if there is none. `None` when `most` entries are alive.
    pub(super) fn place(&mut self, key: u128, now: Mono, most: usize) -> Option<&mut E> {
        let mut spot = self.seek(key, now);
        if matches!(spot, Spot::Free(_) | Spot::Nowhere) && self.is_crowded(most) {
            if self.slots.len() >= capacity(most) && now < self.next_sweep {
                return None;
            }
            self.rebuild(now, most);
            if self.is_crowded(most) {
                return None;
            }
            spot = self.seek(key, now);
        }
        let (at, made) = match spot {
            Spot::Here(at) => return self.slots.get_mut(at),
            Spot::Dead(at) => (at, 0),
            Spot::Free(at) => (at, 1),
            Spot::Nowhere => return None,
        };
        let slot = self.slots.get_mut(at)?;
        *slot = E::fresh(key, now);
        self.used += made;
        Some(slot)
    }

    /// Gives up the lightest entry on the chain of `key` for it, or a slot kept free. `weight` tells `None` of an
    /// entry that must stay. The key has none yet.
    pub(super) fn displace(
        &mut self,
        key: u128,
        now: Mono,
        weight: impl Fn(&E) -> Option<u64>,
    ) -> Option<&mut E> {
        let chain = self.chain(key).take_while(|(_, entry)| entry.key() != 0);
        let lightest = chain.filter_map(|(at, entry)| Some((weight(entry)?, at))).min();
        let (at, made) = match (lightest, self.seek(key, now)) {
            (Some((_, at)), _) => (at, 0),
            (None, Spot::Free(at)) => (at, 1),
            (None, Spot::Here(_) | Spot::Dead(_) | Spot::Nowhere) => return None,
        };
        let slot = self.slots.get_mut(at)?;
        *slot = E::fresh(key, now);
        self.used += made;
        Some(slot)
    }

    /// Every slot from the one `key` hashes to, once around.
    fn chain(&self, key: u128) -> impl Iterator<Item = (usize, &E)> {
        let start = keyed::place(key, self.slots.len());
        let (head, tail) = self.slots.split_at_checked(start).unwrap_or_default();
        (start..).zip(tail).chain((0..).zip(head))
    }

    fn seek(&self, key: u128, now: Mono) -> Spot {
        let mut dead = None;
        for (at, entry) in self.chain(key) {
            if entry.key() == key {
                return Spot::Here(at);
            }
            if entry.key() == 0 {
                return dead.map_or(Spot::Free(at), Spot::Dead);
            }
            if entry.expires() <= now {
                dead = dead.or(Some(at));
            }
        }
        dead.map_or(Spot::Nowhere, Spot::Dead)
    }

    /// Whether no further slot may be used: three eighths stay free while the table can grow, an eighth when it
    /// cannot, so that chains stay short.
    fn is_crowded(&self, most: usize) -> bool {
        let slots = self.slots.len();
        let kept_free = if slots < capacity(most) { slots / 8 * 3 } else { slots / 8 };
        self.used >= most.min(slots - kept_free)
    }

    /// Drops the dead and sizes the table for three times the living, as far as it may grow.
    pub(super) fn rebuild(&mut self, now: Mono, most: usize) {
        self.next_sweep = now.plus(SWEEP);
        let live = |entry: &E| entry.key() != 0 && entry.expires() > now;
        let living = self.slots.iter().filter(|entry| live(entry)).count();
        let size = (3 * living).max(FIRST).min(capacity(most)).max(living + 1);
        let mut slots: Vec<E> = Vec::new();
        slots.resize_with(size, E::default);
        let old = std::mem::replace(&mut self.slots, slots);
        self.used = living;
        for entry in old.into_iter().filter(live) {
            if let Spot::Free(at) = self.seek(entry.key(), now)
                && let Some(slot) = self.slots.get_mut(at)
            {
                *slot = entry;
            }
        }
    }
}

/// Slots for `most` entries and the eighth that stays free.
fn capacity(most: usize) -> usize {
    most.saturating_add(most / 7).saturating_add(1)
}

#[cfg(test)]
mod tests;
