//! Is the gate in maintenance? Then only critical routes are served.

use super::deny::{Deny, Reason};
use crate::config::settings::Operational;

/// The maintenance switch of one generation. The message is rendered by `forward`, from the same settings.
#[derive(Debug)]
pub(super) struct MaintenanceRule {
    on: bool,
    line: u32,
    retry_after: u32,
}

impl MaintenanceRule {
    pub(super) fn from_settings(settings: &Operational) -> Self {
        Self {
            on: settings.maintenance_mode,
            line: settings.maintenance_line,
            retry_after: settings.maintenance_retry_after,
        }
    }

    pub(super) fn check(&self, route: Urgency) -> Result<(), Deny> {
        match (self.on, route) {
            (false, _) | (true, Urgency::Critical) => Ok(()),
            (true, Urgency::Ordinary) => {
                Err(Deny::new(Reason::Maintenance, self.line).retry_after(self.retry_after))
            }
        }
    }
}

/// Whether a route is served during maintenance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Urgency {
    /// Served.
    Critical,
    /// Not served.
    Ordinary,
}
