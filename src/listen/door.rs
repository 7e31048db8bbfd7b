//! What all connections of one worker share.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

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
    scratch: RefCell<Box<[u8]>>,
}

impl<W> Door<W> {
    /// The door of one worker.
    pub fn new(worker: Rc<W>, watchdog: Watchdog, drain: Drain) -> Self {
        let scratch = RefCell::new(vec![0; SCRATCH].into_boxed_slice());
        Self { worker, watchdog, drain, scratch }
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
