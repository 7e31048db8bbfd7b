//! The idle connections of one worker to one app, and who gets the next one.
//!
//! Last in, first out, so that few connections stay warm and the rest run out. An app closes idle connections without
//! asking; a request that must not be sent twice therefore gets only a connection used a moment ago, or a new one.
//! Open connections are bounded over all workers by the target's permits; who finds none waits, bounded too.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, oneshot};

use crate::base::clock::{self, Mono};
use crate::base::failure::Failure;
use crate::base::inbox::Room;
use crate::base::watchdog::Watchdog;
use crate::forward::bell::Bell;
use crate::forward::target::{Target, Waiting};
use crate::forward::upstream::{Care, Link, dial};

/// Longest idle time of a connection that carries a request which must not be sent twice. Far below every common
/// keep-alive timeout (gunicorn 2 s, Node and uvicorn 5 s).
const FRESH: Duration = Duration::from_millis(500);
/// Longest wait for a connection when all are busy.
const LONGEST_WAIT: Duration = Duration::from_secs(3);
/// Every so many hand-overs within this worker, waiters of other workers get a turn.
const TURNS: u32 = 8;

/// What happens when a request meets a connection the app has just closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Risk {
    /// It can be sent again.
    Repeatable,
    /// It must not be.
    Once,
}

/// The connections of one worker to one app.
#[derive(Debug)]
pub(super) struct Pool {
    target: Arc<Target>,
    watchdog: Watchdog,
    room: Room,
    #[expect(clippy::vec_box, reason = "a link is large and changes hands several times per request")]
    idle: RefCell<Vec<Box<Link>>>,
    waiters: RefCell<VecDeque<oneshot::Sender<Box<Link>>>>,
    /// Requests of this worker that wait.
    waiting: Cell<usize>,
    handed: Cell<u32>,
    /// Rung when a connection becomes idle: someone must close it in time.
    bell: Rc<Bell>,
}

/// A connection and how it was come by.
#[derive(Debug)]
pub(super) enum Got {
    /// It has carried requests before.
    Reused(Box<Link>),
    /// It is new.
    New(Box<Link>),
}

/// A place in the waiting room, counted for this worker too.
struct Place<'a> {
    waiting: &'a Cell<usize>,
    _place: Waiting<'a>,
}

impl Risk {
    /// How closely a connection must be looked at right before it is used.
    pub(super) fn care(self) -> Care {
        match self {
            Self::Repeatable => Care::Trust,
            Self::Once => Care::Look,
        }
    }
}

impl Pool {
    /// No connections yet.
    pub(super) fn new(target: Arc<Target>, watchdog: Watchdog, room: Room, bell: Rc<Bell>) -> Rc<Self> {
        Rc::new(Self {
            target,
            watchdog,
            room,
            idle: RefCell::default(),
            waiters: RefCell::default(),
            waiting: Cell::new(0),
            handed: Cell::new(0),
            bell,
        })
    }

    /// The app.
    pub(super) fn target(&self) -> &Arc<Target> {
        &self.target
    }

    /// A connection for a request when none is idle: a new one, or the next one to become free.
    ///
    /// # Errors
    /// [`Failure::UpstreamOverloaded`] when none became free in time or too many wait already;
    /// [`Failure::UpstreamConnect`] and [`Failure::UpstreamConnectTimeout`] from dialling.
    pub(super) async fn get(&self, risk: Risk) -> Result<Got, Failure> {
        match self.permit() {
            Some(permit) => self.open(permit).await.map(Got::New),
            None => self.wait(risk).await,
        }
    }

    /// A connection nobody has used, for the second try of a request.
    ///
    /// # Errors
    /// As [`Pool::get`].
    pub(super) async fn get_new(&self) -> Result<Box<Link>, Failure> {
        let permit = match self.permit() {
            Some(permit) => permit,
            None => match self.wait(Risk::Once).await? {
                Got::New(link) => return Ok(link),
                Got::Reused(link) => link.into_permit(),
            },
        };
        self.open(permit).await
    }

    /// Takes a connection back whose answer is over since `now`; keeps it only if it is in a clean state.
    pub(super) fn put_back(&self, mut link: Box<Link>, now: Mono) {
        if !link.is_clean() {
            return;
        }
        link.rest(now);
        if self.target.waiting() > 0 {
            let Some(unwanted) = self.hand_over(link) else { return };
            link = unwanted;
        }
        self.idle.borrow_mut().push(link);
        self.bell.ring();
    }

    /// Closes what has been idle for too long, or is wanted by others more. Returns whether anything is idle still.
    pub(super) fn sweep(&self, now: Mono) -> bool {
        let mut idle = self.idle.borrow_mut();
        if self.target.waiting() > 0 {
            idle.clear();
        }
        let timeout = self.target.idle_timeout();
        idle.retain(|link| now.since(link.idle_since) < timeout);
        if idle.is_empty() {
            idle.shrink_to_fit();
        }
        !idle.is_empty()
    }

    /// An idle connection for a request, if there is one. Whoever does not use it at once looks at it right before.
    pub(super) fn take_idle(&self, risk: Risk, care: Care, now: Mono) -> Option<Box<Link>> {
        let mut idle = self.idle.borrow_mut();
        while let Some(link) = idle.pop_if(|link| self.is_fresh(link, risk, now)) {
            if link.is_usable(care) {
                return Some(link);
            }
        }
        None
    }

    /// Whether an idle connection was used so short a time ago that the app is not about to close it.
    pub(super) fn is_fresh(&self, link: &Link, risk: Risk, now: Mono) -> bool {
        let longest = match risk {
            Risk::Repeatable => self.target.idle_timeout(),
            Risk::Once => self.target.idle_timeout().min(FRESH),
        };
        now.since(link.idle_since) < longest
    }

    /// The right to open a connection: a free one, or that of the connection idle for longest.
    fn permit(&self) -> Option<OwnedSemaphorePermit> {
        if let Ok(permit) = Arc::clone(&self.target.permits).try_acquire_owned() {
            return Some(permit);
        }
        let mut idle = self.idle.borrow_mut();
        (!idle.is_empty()).then(|| idle.remove(0).into_permit())
    }

    async fn open(&self, permit: OwnedSemaphorePermit) -> Result<Box<Link>, Failure> {
        let socket = dial(&self.target).await?;
        Ok(Link::new(socket, permit, self.watchdog.deadline(), self.room.clone()))
    }

    fn place(&self) -> Result<Place<'_>, Failure> {
        let place = self.target.wait().ok_or(Failure::UpstreamOverloaded)?;
        self.waiting.set(self.waiting.get().saturating_add(1));
        Ok(Place { waiting: &self.waiting, _place: place })
    }

    async fn wait(&self, risk: Risk) -> Result<Got, Failure> {
        let _place = self.place()?;
        let (sender, handed) = oneshot::channel();
        self.waiters.borrow_mut().push_back(sender);
        let freed = Arc::clone(&self.target.permits).acquire_owned();
        let permit = tokio::select! {
            Ok(link) = handed => match link.is_usable(Care::Look) {
                true => return Ok(Got::Reused(link)),
                false => link.into_permit(),
            },
            Ok(permit) = freed => permit,
            () = tokio::time::sleep(LONGEST_WAIT) => return Err(Failure::UpstreamOverloaded),
        };
        // A connection may have come back in the same moment.
        if let Some(link) = self.take_idle(risk, risk.care(), clock::mono()) {
            return Ok(Got::Reused(link));
        }
        self.open(permit).await.map(Got::New)
    }

    /// Gives a free connection to who waits for it: in this worker, or, by closing it, in another. Returns it when
    /// nobody wants it after all.
    fn hand_over(&self, mut link: Box<Link>) -> Option<Box<Link>> {
        let mut waiters = self.waiters.borrow_mut();
        waiters.retain(|waiter| !waiter.is_closed());
        let elsewhere = self.target.waiting() > self.waiting.get();
        self.handed.set(self.handed.get().wrapping_add(1));
        if elsewhere && (waiters.is_empty() || self.handed.get().is_multiple_of(TURNS)) {
            return None;
        }
        while let Some(waiter) = waiters.pop_front() {
            match waiter.send(link) {
                Ok(()) => return None,
                Err(back) => link = back,
            }
        }
        Some(link)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.waiting.set(self.waiting.get().saturating_sub(1));
    }
}

#[cfg(test)]
mod tests;
