//! What all connections of one worker share.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::base::watchdog::Watchdog;

use super::drain::Drain;

/// Room for what is read before an engine exists, and for what is only discarded, bytes.
const SCRATCH: usize = 16 * 1024;

/// The worker's side of every connection. `W` answers the requests.
pub struct Door<W> {
    /// Answers the requests.
    pub worker: Rc<W>,
    /// The worker's deadlines; someone must run its sweep.
    pub watchdog: Watchdog,
    /// The state of the process.
    pub drain: Drain,
    flights: Rc<Flights>,
    scratch: RefCell<Box<[u8]>>,
}

/// How many requests one worker has in flight. Shared with whoever reports it; written by the worker alone, on a
/// cache line of its own, and so without a locked instruction.
#[derive(Clone, Debug, Default)]
pub struct Flights(Arc<Line>);

#[derive(Debug, Default)]
#[repr(align(128))]
struct Line(AtomicUsize);

/// One request in flight, until its response is sent or given up.
#[derive(Debug)]
pub struct Flight(Rc<Flights>);

impl<W> Door<W> {
    /// The door of one worker.
    pub fn new(worker: Rc<W>, watchdog: Watchdog, drain: Drain, flights: Flights) -> Self {
        let scratch = RefCell::new(vec![0; SCRATCH].into_boxed_slice());
        Self { worker, watchdog, drain, flights: Rc::new(flights), scratch }
    }

    /// One more request in flight.
    pub fn fly(&self) -> Flight {
        self.flights.set(self.flights.count().saturating_add(1));
        Flight(Rc::clone(&self.flights))
    }

    /// Lends the worker's scratch buffer for one read.
    pub fn with_scratch<R>(&self, work: impl FnOnce(&mut [u8]) -> R) -> R {
        work(&mut self.scratch.borrow_mut())
    }
}

impl<W> fmt::Debug for Door<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Door").field("drain", &self.drain).finish_non_exhaustive()
    }
}

impl Flights {
    /// Requests in flight now.
    pub fn count(&self) -> usize {
        self.0.0.load(Ordering::Relaxed)
    }

    fn set(&self, count: usize) {
        self.0.0.store(count, Ordering::Relaxed);
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.0.set(self.0.count().saturating_sub(1));
    }
}
