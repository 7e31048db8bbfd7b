//! How long a body has kept us waiting. Time in which we did not ask for bytes does not count against the caller.

use std::time::Duration;

use crate::base::clock::Mono;

use super::PaceRules;

/// The pace of one body.
#[derive(Debug, Default)]
pub(super) struct Pace {
    received: u64,
    waited: Duration,
    since: Option<Mono>,
}

impl Pace {
    /// Counts bytes that arrived.
    pub(super) fn got(&mut self, bytes: u64) {
        self.received = self.received.saturating_add(bytes);
    }

    /// Whether a wait has begun and not ended.
    pub(super) fn is_waiting(&self) -> bool {
        self.since.is_some()
    }

    /// Begins a wait at `now`; returns when it must end.
    pub(super) fn wait(&mut self, rules: &PaceRules, now: Mono) -> Mono {
        self.since = Some(now);
        let mut longest = rules.idle;
        if let Some(seconds) = self.received.checked_div(rules.rate) {
            let allowed = Duration::from_secs(seconds).max(rules.grace);
            longest = longest.min(allowed.saturating_sub(self.waited));
        }
        now.plus(longest)
    }

    /// Ends the wait at `now`.
    pub(super) fn resume(&mut self, now: Mono) {
        if let Some(since) = self.since.take() {
            self.waited = self.waited.saturating_add(now.since(since));
        }
    }
}

#[cfg(test)]
mod tests;
