//! Has this address failed to authenticate too often? Asked before any secret is compared.

use std::net::IpAddr;

use super::deny::{Deny, Reason};
use crate::base::clock::Mono;
use crate::config::settings::Settings;
use crate::state::flood::FloodGuard;

/// Whether the flood guard is on.
#[derive(Debug)]
pub(super) struct FloodRule {
    on: bool,
}

impl FloodRule {
    pub(super) fn from_settings(settings: &Settings) -> Self {
        Self { on: settings.limits.failures > 0 }
    }

    pub(super) fn is_on(&self) -> bool {
        self.on
    }

    pub(super) fn check(&self, guard: &FloodGuard, client: IpAddr, now: Mono) -> Result<(), Deny> {
        match guard.refused(client, now) {
            Some(seconds) => Err(Deny::new(Reason::Flood, 0).retry_after(seconds)),
            None => Ok(()),
        }
    }
}
