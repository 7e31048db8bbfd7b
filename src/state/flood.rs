//! Who fails to authenticate too often. Counts 401s by client address (IPv6: by /64) and tells who is to be refused
//! unread; a forged request costs nobody else anything.
//!
//! Security: an address is refused on an exact count of its own failures only. The sketch, which may overcount by
//! collision, merely chooses who gets an exact count when there is no room for all. Memory is constant: 64 KiB of
//! sketch from the first failure on, at most 0.5 MiB of counts.

use std::net::IpAddr;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use self::sketch::Sketch;
use super::keyed;
use super::limit::slot::{Pool, Slot, Word};
use super::table::{Entry, Table};
use crate::base::clock::Mono;
use crate::config::settings::Budget;

mod sketch;

/// Failures are counted in any span of this length.
pub const WINDOW: Duration = Duration::from_secs(10);

const SHARDS: usize = 16;
/// Addresses counted exactly, in one shard.
const MOST_EXACT: usize = 256;
/// Addresses busy enough to need all their buckets.
const BUSY: usize = 512;
/// An address with this part of the threshold, as far as the sketch knows, may take the place of one with less.
const SUSPECT_PART: u64 = 8;

/// Counts failed authentications by client address.
#[derive(Debug)]
pub struct FloodGuard {
    /// 0: off.
    threshold: AtomicU32,
    sketch: Sketch,
    exact: Vec<Mutex<Table<Slot>>>,
    pool: Arc<Pool>,
    /// Until then some address may be over the threshold; later nobody is, and nothing is looked up.
    hot_until: AtomicU64,
}

impl FloodGuard {
    /// `threshold`: failures in any 10 s from which on an address is refused; 0 turns the guard off.
    pub fn new(threshold: u32) -> Self {
        Self {
            threshold: AtomicU32::new(threshold),
            sketch: Sketch::new(WINDOW),
            exact: std::iter::repeat_with(|| Mutex::new(Table::new())).take(SHARDS).collect(),
            pool: Pool::new(BUSY),
            hot_until: AtomicU64::new(0),
        }
    }

    /// Changes the threshold, from the next failure on; what is counted stays.
    pub fn set_threshold(&self, threshold: u32) {
        self.threshold.store(threshold, Ordering::Relaxed);
    }

    /// Whether `ip` is refused unread, and for how many more seconds (at least 1). Costs one load while nobody is.
    pub fn refused(&self, ip: IpAddr, now: Mono) -> Option<u32> {
        if self.hot_until.load(Ordering::Relaxed) <= now.0 {
            return None;
        }
        let budget = self.budget()?;
        let key = key(ip);
        let mut shard = self.shard(key)?;
        match shard.find(key)?.ask(budget, now) {
            Word::Yes { .. } => None,
            Word::No { until } => {
                let seconds = until.saturating_sub(now.0).div_ceil(1_000_000_000).max(1);
                Some(u32::try_from(seconds).unwrap_or(u32::MAX))
            }
        }
    }

    /// Counts one failed authentication of `ip`.
    pub fn count(&self, ip: IpAddr, now: Mono) {
        let Some(budget) = self.budget() else { return };
        let key = key(ip);
        let estimate = self.sketch.count(key, now);
        let threshold = u64::from(self.threshold.load(Ordering::Relaxed));
        let Some(mut shard) = self.shard(key) else { return };
        let suspect = |failures: u64| failures.saturating_mul(SUSPECT_PART) >= threshold;
        if shard.place(key, now, MOST_EXACT).is_none() && suspect(estimate) {
            let light = |slot: &Slot| Some(slot.count(WINDOW, now)).filter(|failures| !suspect(*failures));
            shard.displace(key, now, light);
        }
        let Some(slot) = shard.find(key) else { return };
        if matches!(slot.ask(budget, now), Word::Yes { .. }) {
            slot.take(budget, now, &self.pool);
        }
        if matches!(slot.ask(budget, now), Word::No { .. }) {
            self.hot_until.fetch_max(slot.expires().0, Ordering::Relaxed);
        }
    }

    fn budget(&self) -> Option<Budget> {
        match self.threshold.load(Ordering::Relaxed) {
            0 => None,
            limit => Some(Budget::Window { limit, window: WINDOW }),
        }
    }

    fn shard(&self, key: u128) -> Option<MutexGuard<'_, Table<Slot>>> {
        let shard = self.exact.get(keyed::part(key, self.exact.len()))?;
        Some(shard.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn key(ip: IpAddr) -> u128 {
    match ip.to_canonical() {
        IpAddr::V4(ip) => keyed::hash(&(4_u8, u64::from(u32::from(ip)))),
        IpAddr::V6(ip) => keyed::hash(&(6_u8, (u128::from(ip) >> 64) as u64)),
    }
}

#[cfg(test)]
mod tests;
