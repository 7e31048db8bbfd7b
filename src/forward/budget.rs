//! How many bytes of buffered bodies the whole process may hold, and whose body gives way when that is used up.
//!
//! Decides by bytes reserved (the capacity of the buffers), never by a count of requests. Called by
//! [`collect`](super::body::collect) whenever a buffer grows; one short lock per growth, none per chunk.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use crate::base::failure::Failure;

/// One client address may hold this part of all buffered bytes, unless it has a single body.
const SHARE: u64 = 4;

/// The bytes all buffered bodies may hold together. One per process.
#[derive(Debug)]
pub struct Budget {
    total: AtomicU64,
    book: Mutex<Book>,
}

/// Bytes reserved for one body; given back on drop.
#[derive(Debug)]
pub struct Lease {
    budget: Arc<Budget>,
    client: IpAddr,
    held: u64,
    seat: Option<(u64, Arc<Seat>)>,
}

#[derive(Debug, Default)]
struct Book {
    held: u64,
    next: u64,
    clients: HashMap<IpAddr, u64>,
    /// Bodies still arriving that had to wait for bytes, oldest first; only these can be made to give way.
    waiting: BTreeMap<u64, Arc<Seat>>,
}

#[derive(Debug)]
struct Seat {
    client: IpAddr,
    evicted: AtomicBool,
    slot: Mutex<Slot>,
}

#[derive(Debug, Default)]
struct Slot {
    held: u64,
    waker: Option<Waker>,
}

impl Budget {
    /// Changes the bound for bytes to come; what is held stays.
    pub fn set_total(&self, total: u64) {
        self.total.store(total, Ordering::Relaxed);
    }

    fn total(&self) -> u64 {
        self.total.load(Ordering::Relaxed)
    }

    /// A budget of `total` bytes.
    pub fn new(total: u64) -> Arc<Self> {
        Arc::new(Self { total: AtomicU64::new(total), book: Mutex::default() })
    }

    /// A lease of no bytes yet for one body of `client`; IPv6 clients count by /64.
    pub fn lease(self: &Arc<Self>, client: IpAddr) -> Lease {
        Lease { budget: Arc::clone(self), client: grouped(client), held: 0, seat: None }
    }

    /// Bytes reserved now.
    pub fn held(&self) -> u64 {
        self.lock().held
    }

    fn lock(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Book {
    fn give_back(&mut self, client: IpAddr, bytes: u64) {
        self.held = self.held.saturating_sub(bytes);
        if let Some(of_client) = self.clients.get_mut(&client) {
            *of_client = of_client.saturating_sub(bytes);
            if *of_client == 0 {
                self.clients.remove(&client);
            }
        }
    }

    /// Makes the oldest waiting body give way; `None` when there is none, or it is `own`.
    fn evict_oldest(&mut self, own: Option<u64>) -> Option<()> {
        let (&number, _) = self.waiting.first_key_value()?;
        if Some(number) == own {
            return None;
        }
        let seat = self.waiting.remove(&number)?;
        seat.evicted.store(true, Ordering::Release);
        let (held, waker) = {
            let mut slot = seat.slot();
            (std::mem::take(&mut slot.held), slot.waker.take())
        };
        self.give_back(seat.client, held);
        if let Some(waker) = waker {
            waker.wake();
        }
        Some(())
    }
}

impl Seat {
    fn slot(&self) -> MutexGuard<'_, Slot> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lease {
    /// Reserves bytes until `to` are held in all; holding that many already changes nothing.
    ///
    /// # Errors
    /// [`Failure::BufferFull`] when the client has other bodies and its share is used up, when no other body can
    /// give way, or when this one has had to.
    pub fn grow(&mut self, to: u64) -> Result<(), Failure> {
        let more = to.saturating_sub(self.held);
        if more == 0 {
            return Ok(());
        }
        let budget = Arc::clone(&self.budget);
        let mut book = budget.lock();
        if self.is_evicted() {
            return Err(Failure::BufferFull);
        }
        let of_client = book.clients.get(&self.client).copied().unwrap_or(0);
        let has_others = of_client > self.held;
        if has_others && of_client.saturating_add(more) > budget.total() / SHARE {
            return Err(Failure::BufferFull);
        }
        if more > budget.total().saturating_sub(self.held) {
            return Err(Failure::BufferFull);
        }
        let own = self.seat.as_ref().map(|(number, _)| *number);
        while book.held.saturating_add(more) > budget.total() {
            book.evict_oldest(own).ok_or(Failure::BufferFull)?;
        }
        book.held = book.held.saturating_add(more);
        let of_client = book.clients.entry(self.client).or_insert(0);
        *of_client = of_client.saturating_add(more);
        self.held = to;
        if let Some((_, seat)) = &self.seat {
            seat.slot().held = to;
        }
        Ok(())
    }

    /// Bytes held.
    pub fn held(&self) -> u64 {
        self.held
    }

    /// Ready once this body has had to give way. From the first call on it can be asked to.
    pub(super) fn poll_evicted(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let (_, seat) = self.seat.get_or_insert_with(|| {
            let slot = Mutex::new(Slot { held: self.held, waker: None });
            let seat = Arc::new(Seat { client: self.client, evicted: AtomicBool::new(false), slot });
            let mut book = self.budget.lock();
            let number = book.next;
            book.next = number.wrapping_add(1);
            book.waiting.insert(number, Arc::clone(&seat));
            (number, seat)
        });
        if seat.evicted.load(Ordering::Acquire) {
            return Poll::Ready(());
        }
        let mut slot = seat.slot();
        match &mut slot.waker {
            Some(waker) => waker.clone_from(cx.waker()),
            None => slot.waker = Some(cx.waker().clone()),
        }
        // Set between the look above and the lock: whoever evicted found no waker to wake.
        if seat.evicted.load(Ordering::Acquire) { Poll::Ready(()) } else { Poll::Pending }
    }

    /// The body is whole: it keeps its bytes and can no longer be made to give way.
    ///
    /// # Errors
    /// [`Failure::BufferFull`] when it already has.
    pub(super) fn settle(&mut self) -> Result<(), Failure> {
        let Some((number, seat)) = self.seat.take() else { return Ok(()) };
        let kept = self.budget.lock().waiting.remove(&number).is_some();
        if kept && !seat.evicted.load(Ordering::Acquire) {
            return Ok(());
        }
        self.held = 0;
        Err(Failure::BufferFull)
    }

    fn is_evicted(&self) -> bool {
        self.seat.as_ref().is_some_and(|(_, seat)| seat.evicted.load(Ordering::Acquire))
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let mut book = self.budget.lock();
        if let Some((number, _)) = self.seat.take()
            && book.waiting.remove(&number).is_none()
        {
            return;
        }
        book.give_back(self.client, self.held);
    }
}

fn grouped(client: IpAddr) -> IpAddr {
    match client.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64))),
    }
}

#[cfg(test)]
mod tests;
