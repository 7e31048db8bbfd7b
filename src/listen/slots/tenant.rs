//! What is known of one connection by those who look for one to close: whether it is idle, and since when.
//!
//! Written by the connection's own task on every request and read by others only when connections run out, so
//! nothing here takes a lock on a request's way.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Waker};

use crate::base::clock::Mono;

/// In place of an instant: a request is under way.
const AT_WORK: u64 = u64::MAX;

/// In place of a seat: the connection has ended.
const NOWHERE: usize = usize::MAX;

/// Whose connections are counted together: an IPv4 address, or the /64 of an IPv6 address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Household {
    V4(u32),
    V6(u64),
}

/// One open connection.
#[derive(Debug)]
pub struct Tenant {
    /// `None`: not counted, because many callers may stand behind it.
    pub(super) household: Option<Household>,
    idle_since: AtomicU64,
    asked: AtomicBool,
    waker: Mutex<Option<Waker>>,
    /// Its index in the register, which alone changes it.
    seat: AtomicUsize,
    /// What it counts with, bytes; changed by the register alone.
    cost: AtomicU64,
}

impl Household {
    pub(super) fn of(ip: IpAddr) -> Self {
        match ip.to_canonical() {
            IpAddr::V4(ip) => Self::V4(ip.into()),
            IpAddr::V6(ip) => Self::V6((u128::from(ip) >> 64) as u64),
        }
    }
}

impl Tenant {
    pub(super) fn new(household: Option<Household>, (seat, cost): (usize, u64)) -> Self {
        Self {
            household,
            idle_since: AtomicU64::new(AT_WORK),
            asked: AtomicBool::new(false),
            waker: Mutex::new(None),
            seat: AtomicUsize::new(seat),
            cost: AtomicU64::new(cost),
        }
    }

    /// No request is under way; from `since` on the connection may be asked to leave.
    pub fn rest(&self, since: Mono) {
        self.idle_since.store(since.0.min(AT_WORK - 1), Ordering::Relaxed);
    }

    /// A request is under way, or a part of one.
    pub fn work(&self) {
        self.idle_since.store(AT_WORK, Ordering::Relaxed);
    }

    /// Remembers the connection's task, so that a request to leave is noticed.
    pub fn watch(&self, cx: &Context<'_>) {
        *self.waker.lock().unwrap_or_else(PoisonError::into_inner) = Some(cx.waker().clone());
    }

    /// Whether the connection is to end as soon as nothing is under way, because others have no room.
    pub fn is_asked_to_leave(&self) -> bool {
        self.asked.load(Ordering::Acquire)
    }

    pub(super) fn ask_to_leave(&self) {
        self.asked.store(true, Ordering::Release);
        let waker = self.waker.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Since when it is idle; `None` while it is not, or not for long enough.
    pub(super) fn idle_since(&self, now: Mono) -> Option<Mono> {
        let since = self.idle_since.load(Ordering::Relaxed);
        (since <= now.0).then_some(Mono(since))
    }

    pub(super) fn seat(&self) -> usize {
        self.seat.load(Ordering::Relaxed)
    }

    pub(super) fn is_here(&self) -> bool {
        self.seat() != NOWHERE
    }

    pub(super) fn sit(&self, seat: usize) {
        self.seat.store(seat, Ordering::Relaxed);
    }

    pub(super) fn leave(&self) {
        self.sit(NOWHERE);
    }

    pub(super) fn cost(&self) -> u64 {
        self.cost.load(Ordering::Relaxed)
    }

    pub(super) fn add_cost(&self, more: u64) {
        self.cost.fetch_add(more, Ordering::Relaxed);
    }
}
