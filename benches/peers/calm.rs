//! Whether the machine ran at its own speed while something was timed. On a shared host a neighbour on the same
//! physical core or in the same cache slows one turn by half and leaves the next alone; the system does not see it.
//!
//! So a fixed piece of work is done on both cores before and after each turn. A turn beside which it took longer than
//! it does at best is repeated a few times, and the calmest attempt counts. Every proxy is treated alike, and what the
//! proxy did is not looked at.

use std::cell::Cell;
use std::hint::black_box;
use std::time::Instant;

use crate::cores::Cores;
use crate::trouble::Tried;

/// So much slower than at best still counts as calm.
const CALM: f64 = 1.08;
/// Attempts at one turn.
const MOST_TRIES: usize = 4;
/// Pieces of work in a probe, of which the median counts: a single interrupt is no neighbour.
const PIECES: usize = 5;
/// More than the caches next to a core hold, so that those shared with neighbours are felt.
const WORDS: usize = 1 << 18;
/// Steps of one piece, about half a millisecond.
const STEPS: usize = 200_000;

/// The fixed work, and the best time either core has taken for it, in seconds.
#[derive(Debug)]
pub(crate) struct Yardstick {
    cores: Cores,
    words: Vec<u64>,
    best: [Cell<f64>; 2],
    turns: Cell<usize>,
    repeated: Cell<usize>,
    restless: Cell<usize>,
}

impl Yardstick {
    pub(crate) fn new(cores: Cores) -> Tried<Self> {
        let words = (0..WORDS as u64).map(|n| n.wrapping_mul(0x9E37_79B9_7F4A_7C15)).collect();
        let best = [Cell::new(f64::INFINITY), Cell::new(f64::INFINITY)];
        let own =
            Self { cores, words, best, turns: Cell::new(0), repeated: Cell::new(0), restless: Cell::new(0) };
        for _ in 0..20 {
            own.slowness()?;
        }
        Ok(own)
    }

    /// Does `work`, again when the machine was not calm beside it.
    ///
    /// # Errors
    /// Those of `work`.
    pub(crate) fn calmly<T>(&self, mut work: impl FnMut() -> Tried<T>) -> Tried<T> {
        self.turns.set(self.turns.get() + 1);
        let before = self.slowness()?;
        let mut calmest = work()?;
        let mut slowest = before.max(self.slowness()?);
        for _ in 1..MOST_TRIES {
            // On a machine that is never calm a run would take four times as long for nothing.
            let is_hopeless = self.repeated.get() > self.turns.get() + MOST_TRIES;
            if slowest <= CALM || is_hopeless {
                break;
            }
            self.repeated.set(self.repeated.get() + 1);
            let before = self.slowness()?;
            let found = work()?;
            let slow = before.max(self.slowness()?);
            if slow < slowest {
                (calmest, slowest) = (found, slow);
            }
        }
        if slowest > CALM {
            self.restless.set(self.restless.get() + 1);
        }
        Ok(calmest)
    }

    /// For the report.
    pub(crate) fn told(&self) -> String {
        let (turns, repeated, restless) = (self.turns.get(), self.repeated.get(), self.restless.get());
        format!(
            "{turns} turns, {repeated} repetitions because the machine ran slower than its best beside one; beside \
             {restless} it did in every attempt"
        )
    }

    /// How many times as long as at best the work takes now, on the slower of the two cores.
    fn slowness(&self) -> Tried<f64> {
        let [load, proxy] = &self.best;
        let here = slow(load, self.probe());
        let there = slow(proxy, self.cores.as_proxy(|| Ok(self.probe()))?);
        Ok(here.max(there))
    }

    /// Seconds the work takes here and now.
    fn probe(&self) -> f64 {
        let mut times = [0.0; PIECES];
        for time in &mut times {
            let begun = Instant::now();
            black_box(self.piece());
            *time = begun.elapsed().as_secs_f64();
        }
        crate::stats::median(&times)
    }

    /// Multiplications that wait for words all over the memory it has.
    fn piece(&self) -> u64 {
        let mut value = 1_u64;
        for step in 0..STEPS {
            let at = (value >> 40) as usize % self.words.len();
            let word = self.words.get(at).copied().unwrap_or_default();
            value = value.wrapping_mul(0xBF58_476D_1CE4_E5B9).wrapping_add(word ^ step as u64);
        }
        value
    }
}

fn slow(best: &Cell<f64>, took: f64) -> f64 {
    best.set(best.get().min(took));
    took / best.get()
}
