//! What all connections of one worker share.

use std::fmt;
use std::rc::Rc;

use crate::base::inbox::Room;
use crate::base::watchdog::Watchdog;

use super::drain::Drain;

/// Bytes read at once of a caller. What came behind a head stays with its connection until it is taken, and
/// `slots/derive.rs` counts so much for it.
pub(super) const ROOM: usize = 16 * 1024;

/// The worker's side of every connection. `W` answers the requests.
pub struct Door<W> {
    /// Answers the requests.
    pub worker: Rc<W>,
    /// The worker's deadlines; someone must run its sweep.
    pub watchdog: Watchdog,
    /// The state of the process.
    pub drain: Drain,
    /// Where its connections read into.
    pub room: Room,
}

impl<W> Door<W> {
    /// The door of one worker.
    pub fn new(worker: Rc<W>, watchdog: Watchdog, drain: Drain) -> Self {
        Self { worker, watchdog, drain, room: Room::of(ROOM) }
    }
}

impl<W> fmt::Debug for Door<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Door").field("drain", &self.drain).finish_non_exhaustive()
    }
}
