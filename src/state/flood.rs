//! The flood guard.

use std::net::IpAddr;

use crate::base::clock::Mono;

/// Counts failed authentications by client address.
#[derive(Debug)]
pub struct FloodGuard {}

impl FloodGuard {
    /// `threshold`: failures in 10 s; 0 turns the guard off.
    pub fn new(_threshold: u32) -> Self {
        Self {}
    }

    /// Changes the threshold.
    pub fn set_threshold(&self, _threshold: u32) {}

    /// Whether `ip` is refused unread, and for how many more seconds.
    pub fn refused(&self, _ip: IpAddr, _now: Mono) -> Option<u32> {
        None
    }

    /// Counts one failed authentication.
    pub fn count(&self, _ip: IpAddr, _now: Mono) {}
}
