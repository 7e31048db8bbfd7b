//! The way from the workers to a writer thread: bounded, never blocking, every loss counted.
//!
//! Each worker has a shelf of its own; its lock is shared with the writer only, which takes the whole shelf a few
//! times a second. The writer sleeps while nothing waits and is woken once per batch, not once per record.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::Thread;

/// The queue has no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

/// The right to put one record into the queue: goes to [`Queue::put`], or back by [`Queue::give_back`].
#[derive(Debug)]
#[must_use]
pub(super) struct Slot(());

/// A bounded queue of `T` with one shelf per worker and one for all other threads.
#[derive(Debug)]
pub(super) struct Queue<T> {
    shelves: Box<[Shelf<T>]>,
    used: AtomicUsize,
    capacity: AtomicUsize,
    lost: AtomicU64,
    waiting: AtomicBool,
    closing: AtomicBool,
    writer: OnceLock<Thread>,
}

#[derive(Debug)]
#[repr(align(128))]
struct Shelf<T>(Mutex<Vec<T>>);

impl<T> Queue<T> {
    /// A queue for `workers` workers that holds at most `capacity` records.
    pub(super) fn new(workers: usize, capacity: usize) -> Self {
        Self {
            shelves: (0..=workers).map(|_| Shelf(Mutex::new(Vec::new()))).collect(),
            used: AtomicUsize::new(0),
            capacity: AtomicUsize::new(capacity),
            lost: AtomicU64::new(0),
            waiting: AtomicBool::new(false),
            closing: AtomicBool::new(false),
            writer: OnceLock::new(),
        }
    }

    /// Takes room for one record ahead of it.
    pub(super) fn reserve(&self) -> Result<Slot, Full> {
        let used = self.used.fetch_add(1, Ordering::AcqRel);
        if used < self.capacity.load(Ordering::Relaxed) {
            return Ok(Slot(()));
        }
        self.release(1);
        Err(Full)
    }

    /// Puts `item` onto the shelf of `worker`, into the room `slot` stands for.
    pub(super) fn put(&self, worker: usize, item: T, slot: Slot) {
        // The writer gives the room back once the line is written.
        let Slot(()) = slot;
        let last = self.shelves.len().saturating_sub(1);
        let Some(shelf) = self.shelves.get(worker.min(last)) else { return };
        shelf.lock().push(item);
        self.wake_writer();
    }

    /// Takes back room that is not needed after all.
    pub(super) fn give_back(&self, slot: Slot) {
        let Slot(()) = slot;
        self.release(1);
    }

    fn wake_writer(&self) {
        let crowded = self.used.load(Ordering::Relaxed) > self.capacity.load(Ordering::Relaxed) / 2;
        let first = !self.waiting.load(Ordering::Acquire) && !self.waiting.swap(true, Ordering::AcqRel);
        if (first || crowded)
            && let Some(writer) = self.writer.get()
        {
            writer.unpark();
        }
    }

    /// Counts records that will never be written.
    pub(super) fn count_lost(&self, records: u64) {
        self.lost.fetch_add(records, Ordering::Relaxed);
    }

    /// Records lost since the start.
    pub(super) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// Records waiting or reserved.
    pub(super) fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    /// Changes how many records may wait.
    pub(super) fn resize(&self, capacity: usize) {
        self.capacity.store(capacity, Ordering::Relaxed);
    }

    /// Makes the calling thread the one that is woken.
    pub(super) fn become_writer(&self) {
        let _ = self.writer.set(std::thread::current());
    }

    /// Whether something was put since the last [`Queue::take_all`].
    pub(super) fn has_waiting(&self) -> bool {
        self.waiting.load(Ordering::Acquire)
    }

    /// Moves everything that waits into `batch`, shelf by shelf.
    pub(super) fn take_all(&self, batch: &mut Vec<T>) {
        // First the flag, then the shelves: what is put in between is seen again.
        self.waiting.store(false, Ordering::SeqCst);
        for shelf in &self.shelves {
            batch.append(&mut shelf.lock());
        }
    }

    /// Gives back the room of `records` that were written or given up.
    pub(super) fn release(&self, records: usize) {
        self.used.fetch_sub(records, Ordering::AcqRel);
    }

    /// Tells the writer to write what waits and end.
    pub(super) fn close(&self) {
        self.closing.store(true, Ordering::Release);
        if let Some(writer) = self.writer.get() {
            writer.unpark();
        }
    }

    /// Whether [`Queue::close`] was called.
    pub(super) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Acquire)
    }
}

impl<T> Shelf<T> {
    fn lock(&self) -> MutexGuard<'_, Vec<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
