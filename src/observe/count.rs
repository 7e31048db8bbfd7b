//! Numbers that workers add to without meeting each other: every worker has cache lines of its own, the page sums
//! them up. What one worker alone adds to ([`Own`]) is read and written back, which costs it no locked instruction; a
//! sum read meanwhile is a moment's view, never torn.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How many upper bounds a phase of [`Timings`] has, `+Inf` not counted.
pub(super) const BOUNDS: usize = 15;

const US: u64 = 1_000;
const MS: u64 = 1_000_000;

/// Upper bounds for whole requests and the app, nanoseconds: those the OpenTelemetry HTTP conventions advise, and
/// finer ones below 5 ms where local apps answer.
pub(super) const REQUEST_BOUNDS: [u64; BOUNDS] = [
    MS,
    2_500 * US,
    5 * MS,
    10 * MS,
    25 * MS,
    50 * MS,
    75 * MS,
    100 * MS,
    250 * MS,
    500 * MS,
    750 * MS,
    1_000 * MS,
    2_500 * MS,
    5_000 * MS,
    10_000 * MS,
];

/// Upper bounds for the gate's own time, nanoseconds: microseconds are normal, a millisecond is worth an alert.
pub(super) const GATE_BOUNDS: [u64; BOUNDS] = [
    5 * US,
    10 * US,
    20 * US,
    30 * US,
    50 * US,
    100 * US,
    200 * US,
    500 * US,
    MS,
    2 * MS,
    5 * MS,
    10 * MS,
    50 * MS,
    100 * MS,
    1_000 * MS,
];

/// One number that anyone adds to.
#[derive(Debug, Default)]
pub(super) struct Count(AtomicU64);

impl Count {
    pub(super) fn add(&self, amount: u64) {
        self.0.fetch_add(amount, Ordering::Relaxed);
    }

    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// One number that only one thread adds to, and others read. If a second one did, what they add at the same moment
/// would count once.
#[derive(Debug, Default)]
pub(super) struct Own(AtomicU64);

impl Own {
    pub(super) fn add(&self, amount: u64) {
        self.0.store(self.get().wrapping_add(amount), Ordering::Relaxed);
    }

    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

#[derive(Debug, Default)]
#[repr(align(128))]
struct Line(Own);

/// One number spread over the workers, each of which adds to its own shard alone. Serves as a gauge too: a decrease
/// wraps, and so does the sum.
#[derive(Debug)]
pub(super) struct Spread(Box<[Line]>);

impl Spread {
    pub(super) fn new(shards: usize) -> Self {
        Self((0..shards.max(1)).map(|_| Line::default()).collect())
    }

    pub(super) fn add(&self, shard: usize, amount: u64) {
        if let Some(line) = self.0.get(shard) {
            line.0.add(amount);
        }
    }

    pub(super) fn subtract(&self, shard: usize, amount: u64) {
        self.add(shard, amount.wrapping_neg());
    }

    pub(super) fn sum(&self) -> u64 {
        self.0.iter().fold(0, |sum, line| sum.wrapping_add(line.0.get()))
    }
}

/// Which part of a request's time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// The gate's own.
    Gate,
    /// The app's, to the head of its answer.
    Upstream,
    /// From the request's head to the last byte of its answer.
    Request,
}

impl Phase {
    fn bounds(self) -> &'static [u64; BOUNDS] {
        match self {
            Self::Gate => &GATE_BOUNDS,
            Self::Upstream | Self::Request => &REQUEST_BOUNDS,
        }
    }

    fn place(self) -> usize {
        match self {
            Self::Gate => 0,
            Self::Upstream => 1,
            Self::Request => 2,
        }
    }
}

/// Durations of every phase, counted by size.
///
/// What one ordinary request adds to lies together, because with thousands of routes none of it is in a cache: first
/// the sums, then the counts of all phases under the lowest bound, under the next, and so on.
#[derive(Debug, Default)]
#[repr(C)]
pub(super) struct Timings {
    nanos: [Own; 3],
    sizes: [[Own; 3]; BOUNDS + 1],
}

impl Timings {
    /// Counts `span` under the first of the phase's bounds it does not exceed.
    pub(super) fn observe(&self, phase: Phase, span: Duration) {
        let nanos = u64::try_from(span.as_nanos()).unwrap_or(u64::MAX);
        let bound = phase.bounds().iter().position(|bound| nanos <= *bound).unwrap_or(BOUNDS);
        if let Some(size) = self.sizes.get(bound).and_then(|sizes| sizes.get(phase.place())) {
            size.add(1);
        }
        if let Some(sum) = self.nanos.get(phase.place()) {
            sum.add(nanos);
        }
    }
}

/// The sum of one phase of several [`Timings`], ready for a page.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Timed {
    /// How many spans were counted under each bound alone (not cumulative), the last for those above all.
    pub(super) sizes: [u64; BOUNDS + 1],
    /// Nanoseconds together.
    pub(super) nanos: u64,
}

impl Timed {
    pub(super) fn of<'a>(phase: Phase, timings: impl Iterator<Item = &'a Timings>) -> Self {
        let mut all = Self::default();
        let at = phase.place();
        for timing in timings {
            for (sum, sizes) in all.sizes.iter_mut().zip(&timing.sizes) {
                *sum = sum.wrapping_add(sizes.get(at).map_or(0, Own::get));
            }
            all.nanos = all.nanos.wrapping_add(timing.nanos.get(at).map_or(0, Own::get));
        }
        all
    }

    /// How many spans were counted.
    pub(super) fn count(&self) -> u64 {
        self.sizes.iter().fold(0, |sum, size| sum.wrapping_add(*size))
    }
}

#[cfg(test)]
mod tests;
