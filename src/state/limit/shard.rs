//! One lock's share of the limits: an entry for each key while there is room, shared cells when there is none.

use std::sync::Arc;
use std::time::Duration;

use super::slot::{Pool, Slot, Word};
use super::{Ask, LimitId};
use crate::base::clock::Mono;
use crate::state::keyed;
use crate::state::table::{Entry, Table};

/// Shared cells of one limit in one shard.
const CELLS: usize = 64;
/// Limits that can have shared cells in one shard at once; with 64 shards all of them take 2 MiB.
const MOST_SHARED: usize = 8;

/// How often a shard looks for dead entries that hold a share of an empty pool.
const TIDY: Duration = Duration::from_secs(1);

/// One shard.
#[derive(Debug)]
pub(super) struct Shard {
    own: Table<Slot>,
    shared: Vec<Shared>,
    next_tidy: Mono,
}

/// Cells for the keys of one limit that found no room. A key has the same cell as its neighbours (IPv4 /24, IPv6 /48)
/// and, by chance, some others: counted together, they can only be told no earlier.
#[derive(Debug)]
struct Shared {
    limit: LimitId,
    cells: Vec<Slot>,
}

/// How a key was found a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Own,
    Shared,
}

impl Shard {
    pub(super) fn new() -> Self {
        Self { own: Table::new(), shared: Vec::new(), next_tidy: Mono(0) }
    }

    /// What the limit says to one more request; `None` when there is no place to count it.
    pub(super) fn ask(&mut self, ask: &Ask, now: Mono, most: usize) -> Option<(Word, Place)> {
        self.seat(ask, now, most).map(|(slot, place)| (slot.ask(ask.budget, now), place))
    }

    /// Counts the request.
    pub(super) fn take(&mut self, ask: &Ask, (now, most): (Mono, usize), pool: &Arc<Pool>) {
        self.tidy((now, most), pool);
        if let Some((slot, _)) = self.seat(ask, now, most) {
            slot.take(ask.budget, now, pool);
        }
    }

    /// Asks, and counts the request if the limit admits it.
    pub(super) fn admit(
        &mut self,
        ask: &Ask,
        (now, most): (Mono, usize),
        pool: &Arc<Pool>,
    ) -> Option<(Word, Place)> {
        self.tidy((now, most), pool);
        let (slot, place) = self.seat(ask, now, most)?;
        let word = slot.ask(ask.budget, now);
        if matches!(word, Word::Yes { .. }) {
            slot.take(ask.budget, now, pool);
        }
        Some((word, place))
    }

    /// Drops the dead, which still hold their share of the pool.
    fn tidy(&mut self, (now, most): (Mono, usize), pool: &Pool) {
        if pool.is_empty() && now >= self.next_tidy {
            self.own.rebuild(now, most);
            self.next_tidy = now.plus(TIDY);
        }
    }

    /// Security: a key that was counted in a shared cell stays with it while the cell is alive, even if there is room
    /// again: an entry of its own would begin at nothing. So at every time one place holds all of its requests that
    /// are still inside the window.
    fn seat(&mut self, ask: &Ask, now: Mono, most: usize) -> Option<(&mut Slot, Place)> {
        let alive = |slot: &Slot| slot.expires() > now;
        let key = ask.place();
        if self.own.find(key).is_some_and(|slot| alive(slot)) {
            return self.own.find(key).map(|slot| (slot, Place::Own));
        }
        if self.cell(ask).is_some_and(|cell| alive(cell)) {
            return self.cell(ask).map(|cell| (cell, Place::Shared));
        }
        if let Some(slot) = self.own.place(key, now, most) {
            *slot = Slot::fresh(key, now);
            return self.own.find(key).map(|slot| (slot, Place::Own));
        }
        self.share(ask.limit, now)?;
        let cell = self.cell(ask)?;
        *cell = Slot::default();
        Some((cell, Place::Shared))
    }

    fn cell(&mut self, ask: &Ask) -> Option<&mut Slot> {
        let shared = self.shared.iter_mut().find(|shared| shared.limit == ask.limit)?;
        let at = keyed::place(keyed::hash(&(ask.limit.0, ask.key.coarse)), CELLS);
        shared.cells.get_mut(at)
    }

    /// Makes sure the limit has shared cells: new ones, or those of a limit that needs them no more.
    fn share(&mut self, limit: LimitId, now: Mono) -> Option<()> {
        if self.shared.iter().any(|shared| shared.limit == limit) {
            return Some(());
        }
        if self.shared.len() < MOST_SHARED {
            let cells = std::iter::repeat_with(Slot::default).take(CELLS).collect();
            self.shared.push(Shared { limit, cells });
            return Some(());
        }
        let unused = |shared: &&mut Shared| shared.cells.iter().all(|cell| cell.expires() <= now);
        let shared = self.shared.iter_mut().find(unused)?;
        shared.limit = limit;
        Some(())
    }
}
