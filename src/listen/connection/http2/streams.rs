//! The streams of one HTTP/2 connection: runs each as a task of its own, ends the stalled ones, and tells when the
//! connection is not worth keeping.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use hyper::rt::Executor;
use pin_project_lite::pin_project;

use crate::base::watchdog::{Deadline, Watchdog};
use crate::listen::door::Door;
use crate::listen::drain::Drain;
use crate::listen::frames::Credit;
use crate::listen::pace::Pace;

/// Streams given up before their answer, less those answered, until the connection ends (CVE-2023-44487).
const GIVEN_UP: usize = 100;

/// Shared by the driver, the engine (as its executor) and the stream tasks of one connection.
pub(super) struct Streams {
    watchdog: Watchdog,
    drain: Drain,
    longest_stall: Duration,
    credit: Credit,
    open: Cell<usize>,
    served: Cell<u64>,
    given_up: Cell<usize>,
    /// Of the request just handed to the service, for the task the engine starts next.
    next: RefCell<Option<Rc<Pace>>>,
    /// Streams whose task has ended, with bytes still waiting in the engine.
    leftover: RefCell<Vec<Rc<Pace>>>,
    deadline: Deadline,
    driver: RefCell<Option<Waker>>,
}

impl Streams {
    pub(super) fn new<W>(door: &Door<W>, longest_stall: Duration, credit: Credit) -> Rc<Self> {
        Rc::new(Self {
            watchdog: door.watchdog.clone(),
            drain: door.drain.clone(),
            longest_stall,
            credit,
            open: Cell::new(0),
            served: Cell::new(0),
            given_up: Cell::new(0),
            next: RefCell::new(None),
            leftover: RefCell::new(Vec::new()),
            deadline: door.watchdog.deadline(),
            driver: RefCell::new(None),
        })
    }

    /// The bookkeeping of the request the engine is about to start.
    pub(super) fn next(&self) -> Rc<Pace> {
        self.served.set(self.served.get().saturating_add(1));
        let pace = self.pace();
        *self.next.borrow_mut() = Some(Rc::clone(&pace));
        pace
    }

    fn pace(&self) -> Rc<Pace> {
        Pace::new(&self.watchdog, self.longest_stall, self.credit.clone())
    }

    pub(super) fn open(&self) -> usize {
        self.open.get()
    }

    /// Whether there ever was a stream.
    pub(super) fn any_yet(&self) -> bool {
        self.served.get() > 0
    }

    /// Requests the engine has handed on.
    pub(super) fn served(&self) -> u64 {
        self.served.get()
    }

    /// Ready when the connection is to be ended without more ado: too many streams given up, or a response that the
    /// engine alone still holds is not read (its stream cannot be reset any more).
    pub(super) fn poll_hopeless(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.driver.borrow_mut().get_or_insert_with(|| cx.waker().clone()).clone_from(cx.waker());
        if self.given_up.get() > GIVEN_UP {
            return Poll::Ready(());
        }
        let mut leftover = self.leftover.borrow_mut();
        leftover.retain(|pace| pace.due().is_some());
        let Some(first) = leftover.iter().filter_map(|pace| pace.due()).min() else {
            self.deadline.disarm();
            return Poll::Pending;
        };
        self.deadline.arm(first);
        let stalled = self.deadline.poll_past(cx);
        if stalled.is_ready() {
            self.drain.slots().count_stall();
        }
        stalled
    }

    fn closed(&self, pace: Rc<Pace>) {
        self.open.set(self.open.get().saturating_sub(1));
        let given_up = self.given_up.get();
        self.given_up.set(if pace.is_answered() { given_up.saturating_sub(1) } else { given_up + 1 });
        if pace.due().is_some() {
            self.leftover.borrow_mut().push(pace);
        }
        if let Some(driver) = self.driver.borrow().as_ref() {
            driver.wake_by_ref();
        }
    }
}

/// Starts the stream tasks of the engine.
#[derive(Clone)]
pub(super) struct Starter(pub(super) Rc<Streams>);

impl<F: Future<Output = ()> + 'static> Executor<F> for Starter {
    fn execute(&self, work: F) {
        let streams = &self.0;
        let pace = streams.next.borrow_mut().take();
        let pace = pace.unwrap_or_else(|| streams.pace());
        streams.open.set(streams.open.get() + 1);
        let open = Open { streams: Rc::clone(streams), pace: Some(pace) };
        drop(tokio::task::spawn_local(Stream { work, open }));
    }
}

/// Counts one stream until its task ends, however it ends.
struct Open {
    streams: Rc<Streams>,
    pace: Option<Rc<Pace>>,
}

impl Drop for Open {
    fn drop(&mut self) {
        if let Some(pace) = self.pace.take() {
            self.streams.closed(pace);
        }
    }
}

pin_project! {
    /// One stream's task. Dropping the engine's work resets the stream.
    struct Stream<F> {
        #[pin]
        work: F,
        open: Open,
    }
}

impl<F: Future<Output = ()>> Future for Stream<F> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let me = self.project();
        if me.work.poll(cx).is_ready() {
            return Poll::Ready(());
        }
        let Some(pace) = &me.open.pace else { return Poll::Ready(()) };
        let stalled = pace.poll_stalled(cx);
        if stalled.is_ready() {
            me.open.streams.drain.slots().count_stall();
        }
        stalled
    }
}
