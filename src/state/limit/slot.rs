//! The count of one key under one limit, in one cache line.
//!
//! A hard window is 60 buckets, the oldest counted whole. Most keys are active in few of them, so six buckets are
//! kept inline; a busier key takes all 61 counters from a bounded pool. When that is empty, its buckets are merged by
//! twelves *at the latest time*: at worst it is told no a fifth of the window too long, never yes too often.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::base::clock::Mono;
use crate::config::settings::Budget;
use crate::state::table::Entry;

/// Buckets of a window. One more is looked at: the oldest is still partly inside.
const BUCKETS: u64 = 60;
/// Buckets kept inline.
const INLINE: usize = 6;
/// Buckets merged into one where only the inline ones are left: 61 in a row touch six such groups.
const GROUP: u64 = 12;

/// One key's count. 64 bytes.
#[derive(Debug, Default)]
#[repr(align(64))]
pub(in crate::state) struct Slot {
    key: u128,
    /// When this is as good as absent. Window: the end of the newest bucket's stay. Smooth: the theoretical arrival
    /// time.
    expires: u64,
    dense: Option<Box<Dense>>,
    /// Requests by bucket; 0: unused. Smooth: the first is 1 once anything was admitted.
    counts: [u32; INLINE],
    /// Each bucket's distance from the newest, in buckets.
    ages: [u8; INLINE],
}

/// All buckets of one key, by age.
#[derive(Debug)]
struct Dense {
    counts: [u32; BUCKETS as usize + 1],
    pool: Arc<Pool>,
}

/// How many more keys may have all their buckets.
#[derive(Debug)]
pub(in crate::state) struct Pool(AtomicUsize);

/// What a budget says to one more request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::state) enum Word {
    /// Admitted; then this many are left, and more at that time.
    Yes { remaining: u32, more_at: u64 },
    /// Refused until then.
    No { until: u64 },
}

impl Entry for Slot {
    fn fresh(key: u128, now: Mono) -> Self {
        Self { key, expires: now.0.saturating_add(1), ..Self::default() }
    }

    fn key(&self) -> u128 {
        self.key
    }

    fn expires(&self) -> Mono {
        Mono(self.expires)
    }
}

impl Slot {
    /// What `budget` says to one more request at `now`. Counts nothing.
    pub(in crate::state) fn ask(&self, budget: Budget, now: Mono) -> Word {
        match budget {
            Budget::Window { limit, window } => self.ask_window(limit, width(window), now.0),
            Budget::Smooth { interval, burst } => self.ask_smooth(nanos(interval).max(1), burst, now.0),
        }
    }

    /// Counts one request that [`ask`](Self::ask) admitted.
    pub(in crate::state) fn take(&mut self, budget: Budget, now: Mono, pool: &Arc<Pool>) {
        match budget {
            Budget::Window { window, .. } => self.take_window(width(window), now.0, pool),
            Budget::Smooth { interval, .. } => {
                self.expires = self.arrival(now.0).saturating_add(nanos(interval).max(1));
                self.counts = [1, 0, 0, 0, 0, 0];
            }
        }
    }

    /// Requests counted in a window that ends at `now`.
    pub(in crate::state) fn count(&self, window: Duration, now: Mono) -> u64 {
        let (passed, _) = self.passed(width(window), now.0);
        self.buckets().filter(|(age, _)| age + passed <= BUCKETS).map(|(_, count)| u64::from(count)).sum()
    }

    fn ask_window(&self, limit: u32, width: u64, now: u64) -> Word {
        let (passed, end) = self.passed(width, now);
        let leaves = |age: u64| end.saturating_sub(age.saturating_mul(width));
        let inside =
            || self.buckets().map(|(age, count)| (age + passed, count)).filter(|(age, _)| *age <= BUCKETS);
        let used: u64 = inside().map(|(_, count)| u64::from(count)).sum();
        let oldest = inside().map(|(age, _)| age).max().unwrap_or_default();
        match u64::from(limit).checked_sub(used + 1) {
            Some(left) => {
                Word::Yes { remaining: u32::try_from(left).unwrap_or(u32::MAX), more_at: leaves(oldest) }
            }
            None => Word::No { until: leaves(oldest) },
        }
    }

    fn take_window(&mut self, width: u64, now: u64, pool: &Arc<Pool>) {
        let (passed, end) = self.passed(width, now);
        let newest = || (end / width).saturating_sub(BUCKETS + 1);
        self.grow_older(passed);
        self.expires = end;
        if self.dense.is_none() && !self.has_room() {
            self.dense = Dense::of(self, pool);
        }
        if let Some(dense) = &mut self.dense {
            if let Some(first) = dense.counts.first_mut() {
                *first = first.saturating_add(1);
            }
            return;
        }
        if !self.has_room() {
            self.merge(newest());
        }
        let buckets = || self.counts.iter().zip(&self.ages);
        let at = buckets().position(|(count, age)| *count > 0 && *age == 0);
        let at = at.or_else(|| self.counts.iter().position(|count| *count == 0));
        // All six groups are there, so the newest bucket's is.
        let at = at.or_else(|| {
            let newest = newest();
            self.ages.iter().position(|age| group(newest, *age) == group(newest, 0))
        });
        if let Some((count, age)) = at.and_then(|at| self.counts.get_mut(at).zip(self.ages.get_mut(at))) {
            *count = count.saturating_add(1);
            *age = 0;
        }
    }

    fn ask_smooth(&self, interval: u64, burst: u32, now: u64) -> Word {
        let ahead = self.arrival(now) - now;
        let room = interval.saturating_mul(u64::from(burst));
        let after = ahead.saturating_add(interval);
        match room.checked_sub(after) {
            Some(left) => Word::Yes {
                remaining: u32::try_from(left / interval).unwrap_or(u32::MAX),
                more_at: now.saturating_add(interval - left % interval),
            },
            None => Word::No { until: now.saturating_add(after - room) },
        }
    }

    /// The theoretical arrival time, never before `now`.
    fn arrival(&self, now: u64) -> u64 {
        if self.is_empty() { now } else { self.expires.max(now) }
    }

    fn is_empty(&self) -> bool {
        self.dense.is_none() && self.counts.iter().all(|count| *count == 0)
    }

    /// How many buckets have begun since the newest one, and when that of `now` leaves the window. Mostly it is the
    /// newest: that is seen without a division. A reading of the clock from before it counts as now: real time has
    /// passed it.
    fn passed(&self, width: u64, now: u64) -> (u64, u64) {
        let is_empty = self.is_empty();
        if !is_empty && self.expires.saturating_sub(now) > width.saturating_mul(BUCKETS) {
            return (0, self.expires);
        }
        let at = now / width;
        let newest = if is_empty { 0 } else { (self.expires / width).saturating_sub(BUCKETS + 1) };
        (at.saturating_sub(newest), leaves(at.max(newest), width))
    }

    /// Age and count of every bucket that has any.
    fn buckets(&self) -> impl Iterator<Item = (u64, u32)> {
        let inline = self.ages.iter().map(|age| u64::from(*age)).zip(self.counts);
        let dense = self.dense.iter().flat_map(|dense| (0..).zip(dense.counts));
        inline.chain(dense).filter(|(_, count)| *count > 0)
    }

    fn grow_older(&mut self, by: u64) {
        if by == 0 {
            return;
        }
        for (count, age) in self.counts.iter_mut().zip(&mut self.ages) {
            match u8::try_from(u64::from(*age).saturating_add(by)) {
                Ok(older) if u64::from(older) <= BUCKETS => *age = older,
                Ok(_) | Err(_) => *count = 0,
            }
        }
        if let Some(dense) = &mut self.dense {
            let buckets = dense.counts.len();
            let by = usize::try_from(by).unwrap_or(usize::MAX).min(buckets);
            dense.counts.rotate_right(by % buckets);
            dense.counts.iter_mut().take(by).for_each(|count| *count = 0);
        }
    }

    fn has_room(&self) -> bool {
        self.counts.iter().zip(&self.ages).any(|(count, age)| *count == 0 || *age == 0)
    }

    /// Buckets of one group become one at the latest of them: they stay longer than they must, never shorter.
    fn merge(&mut self, newest: u64) {
        let mut merged = [(0_u32, 0_u8); INLINE];
        for (count, age) in self.counts.into_iter().zip(self.ages) {
            let same = |(other, at): &&mut (u32, u8)| *other == 0 || group(newest, *at) == group(newest, age);
            if let Some((other, at)) = merged.iter_mut().find(same) {
                *at = if *other == 0 { age } else { age.min(*at) };
                *other = other.saturating_add(count);
            }
        }
        for ((count, age), made) in self.counts.iter_mut().zip(&mut self.ages).zip(merged) {
            (*count, *age) = made;
        }
    }
}

impl Dense {
    /// Moves the inline buckets of `slot` out, if the pool has room.
    fn of(slot: &mut Slot, pool: &Arc<Pool>) -> Option<Box<Self>> {
        pool.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).ok()?;
        let mut dense = Box::new(Self { counts: [0; BUCKETS as usize + 1], pool: Arc::clone(pool) });
        for (count, age) in slot.counts.iter_mut().zip(slot.ages) {
            if let Some(bucket) = dense.counts.get_mut(usize::from(age)) {
                *bucket = bucket.saturating_add(std::mem::take(count));
            }
        }
        Some(dense)
    }
}

impl Drop for Dense {
    fn drop(&mut self) {
        self.pool.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Pool {
    /// Whether a key that gets busy now must do with merged buckets.
    pub(in crate::state) fn is_empty(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }

    /// For `keys` busy keys, 256 bytes each.
    pub(in crate::state) fn new(keys: usize) -> Arc<Self> {
        Arc::new(Self(AtomicUsize::new(keys)))
    }
}

/// When a bucket is no more inside the window.
fn leaves(bucket: u64, width: u64) -> u64 {
    (bucket + BUCKETS + 1).saturating_mul(width)
}

/// Which twelve buckets the one of this age belongs to.
fn group(newest: u64, age: u8) -> u64 {
    newest.saturating_sub(u64::from(age)) / GROUP
}

/// Nanoseconds of one bucket, rounded up: a window may be a little longer than asked, never shorter.
fn width(window: Duration) -> u64 {
    nanos(window).div_ceil(BUCKETS).max(1)
}

fn nanos(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
