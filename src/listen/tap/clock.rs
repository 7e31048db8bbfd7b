//! The two deadlines of a connection: until its next head is whole, and until a stalled write goes on. Tells as well
//! whether a request is under way, which is known nowhere else as early.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::base::clock;
use crate::base::watchdog::{Deadline, Watchdog};
use crate::listen::slots::Tenant;

/// A write has gone on when so many bytes went out, or all there were: what trickles out below this in a whole
/// `stalled_stream` is a stall, so that a caller reading a byte a second cannot hold a response for hours.
pub(in crate::listen) const PROGRESS: usize = 4 * 1024;

/// A connection just accepted is not idle before its caller has had so long to send something: unlike one that is
/// kept, its caller does not expect it to end.
pub(in crate::listen) const NEWCOMER: Duration = Duration::from_secs(1);

/// Bounds the wait for a request head. Total, not per read.
#[derive(Debug)]
pub(super) struct HeadClock {
    deadline: Deadline,
    tenant: Arc<Tenant>,
    waits: Waits,
    head: Duration,
    idle: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Waits {
    /// Not waiting for a head.
    Off,
    /// For the first byte of another head.
    Idle,
    /// For the end of a head; counted from its first byte, or from the accept for the first one.
    Head,
}

/// How much of a head has arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Begun {
    /// Nothing.
    No,
    /// Some of it.
    Yes,
}

impl HeadClock {
    /// Starts with the accept: the first head has `head` from now.
    pub(super) fn new(watchdog: &Watchdog, tenant: &Arc<Tenant>, (head, idle): (Duration, Duration)) -> Self {
        let deadline = watchdog.deadline();
        let now = clock::mono();
        deadline.arm(now.plus(head));
        tenant.rest(now.plus(NEWCOMER));
        Self { deadline, tenant: Arc::clone(tenant), waits: Waits::Head, head, idle }
    }

    /// Waits on; ready when the time is up.
    pub(super) fn poll_late(&mut self, begun: Begun, cx: &mut Context<'_>) -> Poll<()> {
        if begun == Begun::Yes {
            self.tenant.work();
        }
        let next = match (self.waits, begun) {
            (Waits::Off, Begun::No) => Some((Waits::Idle, self.idle)),
            (Waits::Off | Waits::Idle, Begun::Yes) => Some((Waits::Head, self.head)),
            (Waits::Idle, Begun::No) | (Waits::Head, _) => None,
        };
        let Some((waits, span)) = next else { return self.deadline.poll_past(cx) };
        self.waits = waits;
        let now = clock::mono();
        if waits == Waits::Idle {
            self.tenant.rest(now);
        }
        self.deadline.arm(now.plus(span));
        self.deadline.watch(cx);
        Poll::Pending
    }

    /// The head is whole, or none is waited for any more.
    pub(super) fn stop(&mut self) {
        if self.waits != Waits::Off {
            self.waits = Waits::Off;
            self.tenant.work();
            self.deadline.disarm();
        }
    }
}

/// Bounds how long written bytes may wait for a caller that does not read.
#[derive(Debug)]
pub(super) struct WriteClock {
    watchdog: Watchdog,
    deadline: Option<Deadline>,
    longest: Duration,
    stalled: bool,
    written: usize,
}

impl WriteClock {
    pub(super) fn new(watchdog: &Watchdog, longest: Duration) -> Self {
        Self { watchdog: watchdog.clone(), deadline: None, longest, stalled: false, written: 0 }
    }

    /// The socket takes no more; ready when that has lasted too long.
    pub(super) fn poll_late(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let deadline = self.deadline.get_or_insert_with(|| self.watchdog.deadline());
        if !self.stalled {
            self.stalled = true;
            self.written = 0;
            deadline.arm(clock::mono().plus(self.longest));
        }
        deadline.poll_past(cx)
    }

    /// `count` bytes went out while more are waiting.
    pub(super) fn wrote(&mut self, count: usize) {
        self.written = self.written.saturating_add(count);
        if self.stalled && self.written >= PROGRESS {
            self.stop();
        }
    }

    /// Everything went out.
    pub(super) fn stop(&mut self) {
        if self.stalled {
            self.stalled = false;
            if let Some(deadline) = &self.deadline {
                deadline.disarm();
            }
        }
    }
}
