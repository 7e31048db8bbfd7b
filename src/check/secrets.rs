//! Several secrets valid at once, each with its time: which of them may decide now.

use crate::base::clock::Wall;
use crate::base::name::SecretId;
use crate::config::settings::SecretEntry;

/// When a secret or key may be used.
#[derive(Clone, Copy, Debug)]
pub(super) struct Validity {
    not_before: Option<i64>,
    not_after: Option<i64>,
}

impl Validity {
    pub(super) fn new(not_before: Option<i64>, not_after: Option<i64>) -> Self {
        Self { not_before, not_after }
    }

    pub(super) fn of(entry: &SecretEntry) -> Self {
        Self::new(entry.not_before, entry.not_after)
    }

    /// Whether `now` lies in `[not_before, not_after)`.
    pub(super) fn covers(self, now: Wall) -> bool {
        self.not_before.is_none_or(|start| now.0 >= start) && self.not_after.is_none_or(|end| now.0 < end)
    }
}

/// A secret that matched.
#[derive(Clone, Debug)]
pub(super) struct Matched {
    pub(super) id: SecretId,
}
