//! What the requests of one worker share while they are forwarded.

use std::cell::RefCell;
use std::future::Future;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::net::IpAddr;
use std::pin::Pin;

use http::HeaderValue;

use crate::base::watchdog::Watchdog;
use crate::forward::bell::Bell;

/// Addresses remembered as field values. One caller sends many requests, and writing an address costs an allocation.
const ADDRESSES: usize = 64;

/// A request whose caller has gone.
pub(super) type Orphan = Pin<Box<dyn Future<Output = ()>>>;

/// Shared by all requests of one worker.
pub(super) struct Desk {
    watchdog: Watchdog,
    addresses: RefCell<Vec<Option<(IpAddr, HeaderValue)>>>,
    orphans: RefCell<Vec<Orphan>>,
    left: Bell,
}

impl Desk {
    pub(super) fn new(watchdog: Watchdog) -> Self {
        let addresses = RefCell::new(vec![None; ADDRESSES]);
        Self { watchdog, addresses, orphans: RefCell::default(), left: Bell::default() }
    }

    /// The deadlines of this worker.
    pub(super) fn watchdog(&self) -> Watchdog {
        self.watchdog.clone()
    }

    /// The address as a field value.
    pub(super) fn address(&self, ip: IpAddr) -> HeaderValue {
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(ip);
        let slot = usize::try_from(hash % ADDRESSES as u64).unwrap_or(0);
        let mut addresses = self.addresses.borrow_mut();
        if let Some(Some((known, value))) = addresses.get(slot)
            && *known == ip
        {
            return value.clone();
        }
        let value = HeaderValue::try_from(ip.to_string()).unwrap_or(HeaderValue::from_static("unknown"));
        if let Some(slot) = addresses.get_mut(slot) {
            *slot = Some((ip, value.clone()));
        }
        value
    }

    /// Takes over a request whose caller has gone.
    pub(super) fn adopt(&self, orphan: Orphan) {
        self.orphans.borrow_mut().push(orphan);
        self.left.ring();
    }

    /// Resolves with the requests to be finished, once there are some.
    pub(super) async fn orphans(&self) -> Vec<Orphan> {
        self.left.heard().await;
        self.orphans.take()
    }
}
