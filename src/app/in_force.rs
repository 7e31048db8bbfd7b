//! The configuration in force, as the ops and admin ports ask for it.

use std::sync::Arc;

use serde_json::Value;

use crate::config::settings::Settings;
use crate::ops::Current;
use crate::snapshot::Snapshots;

/// The generation in force, looked up anew for every question.
pub(super) struct InForce(pub(super) Arc<Snapshots>);

impl Current for InForce {
    fn settings(&self) -> Arc<Settings> {
        Arc::clone(&self.0.load().settings)
    }

    fn shown(&self) -> Value {
        self.0.load().shown.to_json()
    }
}
