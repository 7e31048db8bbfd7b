//! Which address a request counts for: the socket's peer, or what a trusted proxy says of it.

use std::net::IpAddr;

use http::HeaderMap;

use crate::config::settings::Security;

/// Whose forwarding header is believed, and which header that is.
#[derive(Clone, Debug)]
pub struct ClientIpRules {}

/// The client a request counts for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Client {
    /// The client's address, IPv4-mapped IPv6 folded to IPv4.
    pub ip: IpAddr,
    /// Whether the socket's peer is a trusted proxy: its forwarding headers are appended to, not replaced.
    pub peer_trusted: bool,
}

/// The forwarding header of a trusted proxy cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadForwarding;

impl ClientIpRules {
    /// Compiles the rules.
    pub fn from_settings(_security: &Security) -> Self {
        Self {}
    }

    /// The client of a request from `peer`.
    ///
    /// # Errors
    /// [`BadForwarding`] when the peer is trusted and its header cannot be read.
    pub fn resolve(&self, _peer: IpAddr, _headers: &HeaderMap) -> Result<Client, BadForwarding> {
        Err(BadForwarding)
    }

    /// Whether a private peer sends forwarding headers although no proxy is trusted: an undeclared proxy, behind
    /// which all callers share one address.
    pub fn undeclared_proxy(&self, _peer: IpAddr, _headers: &HeaderMap) -> bool {
        false
    }
}
