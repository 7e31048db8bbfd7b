//! One app as an address with its bounds: where it is, how long it may take, how many connections it gets.
//!
//! Holds no connection; the pools of the workers do. One per distinct upstream, made when a snapshot is compiled and
//! shared by all workers and generations that mean the same app.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::config::settings::{Upstream, UpstreamTarget};

/// Requests that may wait for a connection, for each connection there is; more are refused at once (503).
const WAITING_PER_CONNECTION: usize = 4;
/// Fewest requests that may wait, however few connections there are.
const LEAST_WAITING: usize = 64;

/// One app.
#[derive(Debug)]
pub struct Target {
    upstream: Upstream,
    place: Place,
    /// Open connections, idle ones included, over all workers.
    pub(super) permits: Arc<Semaphore>,
    waiting: AtomicUsize,
    room: usize,
}

/// Where the app is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A literal address.
    Address(SocketAddr),
    /// A name, resolved at every connect.
    Name(String, u16),
    /// A unix socket.
    Unix(PathBuf),
}

/// A place in the waiting room; given back on drop.
#[derive(Debug)]
pub(super) struct Waiting<'a>(&'a Target);

impl Target {
    /// The app that `upstream` describes.
    pub fn new(upstream: &Upstream) -> Arc<Self> {
        let place = match &upstream.target {
            UpstreamTarget::Tcp { host, port } => match host.parse::<IpAddr>() {
                Ok(ip) => Place::Address(SocketAddr::new(ip, *port)),
                Err(_) => Place::Name(host.clone(), *port),
            },
            UpstreamTarget::Unix(path) => Place::Unix(path.clone()),
        };
        let most = upstream.max_connections.clamp(1, Semaphore::MAX_PERMITS);
        Arc::new(Self {
            upstream: upstream.clone(),
            place,
            permits: Arc::new(Semaphore::new(most)),
            waiting: AtomicUsize::new(0),
            room: most.saturating_mul(WAITING_PER_CONNECTION).max(LEAST_WAITING),
        })
    }

    /// The settings it was made of; a new generation with equal ones keeps using this target.
    pub fn upstream(&self) -> &Upstream {
        &self.upstream
    }

    /// Where the app is.
    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    /// Longest time to connect.
    pub(super) fn connect_timeout(&self) -> Duration {
        self.upstream.connect_timeout
    }

    /// Longest time from the request sent to the response head.
    pub(super) fn answer_timeout(&self) -> Duration {
        self.upstream.timeout
    }

    /// How long an idle connection is kept.
    pub(super) fn idle_timeout(&self) -> Duration {
        self.upstream.idle_timeout
    }

    /// Takes a place in the waiting room, if there is one.
    pub(super) fn wait(&self) -> Option<Waiting<'_>> {
        let taken = self.waiting.fetch_add(1, Ordering::Relaxed);
        let place = Waiting(self);
        (taken < self.room).then_some(place)
    }

    /// Requests waiting for a connection, over all workers.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests;
