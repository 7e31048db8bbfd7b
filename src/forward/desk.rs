//! What the requests of one worker share while they are forwarded.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::rc::Rc;

use http::HeaderValue;

use crate::base::watchdog::Watchdog;
use crate::forward::bell::Bell;

/// Addresses remembered as field values. One caller sends many requests, and writing an address costs an allocation.
const ADDRESSES: usize = 64;

/// A request whose caller has gone.
pub(super) type Orphan = Pin<Box<dyn Future<Output = ()>>>;

/// An address and how the app is told of it.
type Told = (IpAddr, Rc<HeaderValue>);

/// Shared by all requests of one worker.
pub(super) struct Desk {
    watchdog: Watchdog,
    addresses: RefCell<Vec<Option<Told>>>,
    orphans: RefCell<Vec<Orphan>>,
    left: Bell,
    staffed: Cell<bool>,
}

/// Someone finishes what callers left. When the worker ends, so does this, and with it whatever was left and is still
/// to be left: an orphan that nobody polls would hold the desk, and the desk it, and its record would never be made.
pub(super) struct Staff(Rc<Desk>);

impl Desk {
    pub(super) fn new(watchdog: Watchdog) -> Self {
        let addresses = RefCell::new(vec![None; ADDRESSES]);
        Self {
            watchdog,
            addresses,
            orphans: RefCell::default(),
            left: Bell::default(),
            staffed: Cell::new(true),
        }
    }

    /// The deadlines of this worker.
    pub(super) fn watchdog(&self) -> Watchdog {
        self.watchdog.clone()
    }

    /// The address as a field value.
    pub(super) fn address(&self, ip: IpAddr) -> Rc<HeaderValue> {
        let slot = slot_of(ip);
        let mut addresses = self.addresses.borrow_mut();
        if let Some(Some((known, value))) = addresses.get(slot)
            && *known == ip
        {
            return Rc::clone(value);
        }
        let value = HeaderValue::try_from(ip.to_string()).unwrap_or(HeaderValue::from_static("unknown"));
        let value = Rc::new(value);
        if let Some(slot) = addresses.get_mut(slot) {
            *slot = Some((ip, Rc::clone(&value)));
        }
        value
    }

    /// Takes over a request whose caller has gone.
    pub(super) fn adopt(&self, orphan: Orphan) {
        if self.staffed.get() {
            self.orphans.borrow_mut().push(orphan);
            self.left.ring();
        }
    }

    /// Whoever holds this finishes the orphans.
    pub(super) fn staff(self: &Rc<Self>) -> Staff {
        Staff(Rc::clone(self))
    }

    /// Resolves with the requests to be finished, once there are some.
    pub(super) async fn orphans(&self) -> Vec<Orphan> {
        self.left.heard().await;
        self.orphans.take()
    }
}

/// Where an address is remembered. Callers who choose addresses that share a place cost each other an allocation, no more.
fn slot_of(ip: IpAddr) -> usize {
    let bits = match ip {
        IpAddr::V4(ip) => u64::from(ip.to_bits()),
        IpAddr::V6(ip) => {
            let bits = ip.to_bits().to_ne_bytes();
            bits.as_chunks::<8>().0.iter().fold(0, |sum, half| sum ^ u64::from_ne_bytes(*half))
        }
    };
    // The golden ratio spreads neighbours; the upper bits depend on all of the lower ones.
    (bits.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (u64::BITS - ADDRESSES.trailing_zeros())) as usize
}

impl Drop for Staff {
    fn drop(&mut self) {
        self.0.staffed.set(false);
        drop(self.0.orphans.take());
    }
}

#[cfg(test)]
mod tests;
