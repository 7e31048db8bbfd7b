//! What outlives a reload: limit tables, replay memory, flood guard. Bounded, sharded, shared by all workers.
//!
//! Every table keeps one rule: an entry that still matters is never given up to make room for another. What a full
//! table does instead (share, refuse) is each one's own. Time comes in as an argument; a lock is held for a few
//! probes and never across an await.

use std::sync::Arc;

use crate::base::clock::Now;
use crate::config::settings::Limits;

pub mod fetched;
pub mod flood;
mod keyed;
pub mod limit;
pub mod replay;
mod table;

/// Every table that survives a reload. Held in an `Arc` by all workers.
#[derive(Debug)]
pub struct Tables {
    /// Rate limits.
    pub limits: limit::LimitTables,
    /// Messages seen.
    pub replay: Arc<replay::ReplayMemory>,
    /// Failed authentications by client address.
    pub flood: flood::FloodGuard,
}

impl Tables {
    /// Empty tables with the bounds of `limits`. Memory is taken as entries come, not now.
    pub fn new(limits: &Limits) -> Self {
        Self {
            limits: limit::LimitTables::new(limits.limit_entries),
            replay: Arc::new(replay::ReplayMemory::new(limits.replay_entries)),
            flood: flood::FloodGuard::new(limits.failures),
        }
    }

    /// The same for a process that starts `now` and knows nothing of what was delivered before.
    pub fn since(limits: &Limits, now: Now) -> Self {
        let replay = Arc::new(replay::ReplayMemory::new(limits.replay_entries).since(now));
        Self { replay, ..Self::new(limits) }
    }

    /// Takes over the bounds of a reloaded configuration. What is counted or remembered stays.
    pub fn apply(&self, limits: &Limits) {
        self.limits.set_entries(limits.limit_entries);
        self.replay.set_entries(limits.replay_entries);
        self.flood.set_threshold(limits.failures);
    }
}
