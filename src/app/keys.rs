//! How many fetched keys are missing and how old the others are, for the metrics page.

use crate::base::clock::Mono;
use crate::config::settings::Remote;
use crate::snapshot::Snapshot;

/// The two numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Keys {
    /// Secrets without a key in force.
    pub(super) missing: u64,
    /// Age of the oldest key in force, seconds.
    pub(super) age_s: u64,
}

/// Looks at every key that lies at a place of its own; certificates that messages name are fetched when one does.
pub(super) fn count(snapshot: &Snapshot, now: Mono) -> Keys {
    let mut keys = Keys::default();
    for fetched in snapshot.policy.fetched().filter(|fetched| matches!(*fetched.remote, Remote::At(_))) {
        match fetched.held().iter().find(|held| now < held.until) {
            Some(held) => keys.age_s = keys.age_s.max(now.since(held.content.at.mono).as_secs()),
            None => keys.missing = keys.missing.saturating_add(1),
        }
    }
    keys
}
