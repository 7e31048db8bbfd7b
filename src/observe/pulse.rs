//! Whether the workers still turn: each beats every two seconds, `ops` looks at the oldest beat.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::base::clock::{self, Mono};

/// How often a worker beats.
pub const BEAT: Duration = Duration::from_secs(2);
/// A worker that has not beaten for this long is stuck.
pub const STUCK: Duration = Duration::from_secs(10);

/// The last beat of every worker; cloning shares them.
#[derive(Clone, Debug)]
pub struct Pulse {
    beats: Arc<[AtomicU64]>,
    patience: Duration,
}

/// A worker that has not beaten for [`STUCK`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stuck {
    /// Its number, from 0.
    pub worker: usize,
    /// Since when.
    pub silent: Duration,
}

impl Pulse {
    /// The pulse of `workers` workers, all of which beat at `now`.
    pub fn new(workers: usize, now: Mono) -> Self {
        Self { beats: (0..workers).map(|_| AtomicU64::new(now.0)).collect(), patience: STUCK }
    }

    /// A pulse that finds its one worker stuck at once.
    #[cfg(test)]
    pub(crate) fn stopped() -> Self {
        Self { patience: Duration::ZERO, ..Self::new(1, Mono(0)) }
    }

    /// Tells that `worker` turns at `now`.
    pub fn beat(&self, worker: usize, now: Mono) {
        if let Some(last) = self.beats.get(worker) {
            last.store(now.0, Ordering::Relaxed);
        }
    }

    /// Beats for ever; one task per worker.
    pub async fn run(self, worker: usize) {
        loop {
            self.beat(worker, clock::mono());
            tokio::time::sleep(BEAT).await;
        }
    }

    /// The worker that has been silent longest, if that is too long.
    ///
    /// # Errors
    /// [`Stuck`] when a worker has not beaten for longer than [`STUCK`].
    pub fn check(&self, now: Mono) -> Result<(), Stuck> {
        let silences = self.beats.iter().map(|last| now.since(Mono(last.load(Ordering::Relaxed))));
        match silences.enumerate().max_by_key(|(_, silent)| *silent) {
            Some((worker, silent)) if silent > self.patience => Err(Stuck { worker, silent }),
            Some(_) | None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
