//! Deadlines without timers: one sweep per worker looks at every armed deadline a few times a second.
//!
//! A tokio timer costs a wheel insertion per request; a connection here stores one number instead. Precision is
//! [`SWEEP`]; a worker with nothing armed does not wake at all.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::base::clock::{self, Mono};

/// How often armed deadlines are looked at; a deadline fires at most this late.
pub const SWEEP: Duration = Duration::from_millis(100);

const OFF: u64 = u64::MAX;

/// The deadlines of one worker; cloning shares them.
#[derive(Clone, Debug, Default)]
pub struct Watchdog(Rc<Kennel>);

#[derive(Debug, Default)]
struct Kennel {
    entries: RefCell<Vec<Weak<Entry>>>,
    sweeper: RefCell<Option<Waker>>,
    armed: Cell<usize>,
}

#[derive(Debug)]
struct Entry {
    due: Cell<u64>,
    waker: RefCell<Option<Waker>>,
    kennel: Weak<Kennel>,
}

/// One deadline, owned by a connection or a stream; dropping it forgets it.
#[derive(Debug)]
pub struct Deadline(Rc<Entry>);

impl Watchdog {
    /// A new deadline, not armed.
    pub fn deadline(&self) -> Deadline {
        let entry =
            Rc::new(Entry { due: Cell::new(OFF), waker: RefCell::new(None), kennel: Rc::downgrade(&self.0) });
        self.0.entries.borrow_mut().push(Rc::downgrade(&entry));
        Deadline(entry)
    }

    /// Runs the sweep for ever; one task per worker.
    pub async fn run(self) {
        loop {
            let kennel = Rc::clone(&self.0);
            std::future::poll_fn(move |cx| {
                if kennel.armed.get() > 0 {
                    return Poll::Ready(());
                }
                *kennel.sweeper.borrow_mut() = Some(cx.waker().clone());
                Poll::Pending
            })
            .await;
            tokio::time::sleep(SWEEP).await;
            self.sweep(clock::mono());
        }
    }

    /// Wakes every owner whose deadline has passed at `now`, and forgets dropped ones.
    pub fn sweep(&self, now: Mono) {
        let mut due = Vec::new();
        self.0.entries.borrow_mut().retain(|weak| {
            let Some(entry) = weak.upgrade() else { return false };
            if entry.due.get() <= now.0
                && let Some(waker) = entry.waker.borrow_mut().take()
            {
                due.push(waker);
            }
            true
        });
        for waker in due {
            waker.wake();
        }
    }
}

impl Deadline {
    /// Sets the instant at which the deadline passes.
    pub fn arm(&self, at: Mono) {
        let was = self.0.due.replace(at.0);
        if was == OFF && at.0 != OFF {
            self.count(1);
        }
    }

    /// Takes the deadline off; it cannot pass until armed again.
    pub fn disarm(&self) {
        if self.0.due.replace(OFF) != OFF {
            self.count(-1);
        }
    }

    /// Whether it is armed and has passed at `now`.
    pub fn is_past(&self, now: Mono) -> bool {
        let due = self.0.due.get();
        due != OFF && due <= now.0
    }

    /// Ready once the deadline has passed; registers the task for the sweep otherwise.
    pub fn poll_past(&self, cx: &mut Context<'_>) -> Poll<()> {
        if self.0.due.get() == OFF {
            self.remember(cx);
            return Poll::Pending;
        }
        if self.is_past(clock::mono()) {
            return Poll::Ready(());
        }
        self.remember(cx);
        Poll::Pending
    }

    /// Registers the task for the sweep without reading the clock: for a deadline that was armed just now.
    pub fn watch(&self, cx: &Context<'_>) {
        self.remember(cx);
    }

    /// Resolves once the deadline has passed.
    pub async fn past(&self) {
        std::future::poll_fn(|cx| self.poll_past(cx)).await;
    }

    /// Runs `work` until the deadline passes.
    ///
    /// # Errors
    /// [`Elapsed`] when the deadline passed first.
    pub async fn limit<F: Future>(&self, work: F) -> Result<F::Output, Elapsed> {
        let mut work = std::pin::pin!(work);
        std::future::poll_fn(|cx| {
            if let Poll::Ready(output) = Pin::new(&mut work).poll(cx) {
                return Poll::Ready(Ok(output));
            }
            self.poll_past(cx).map(|()| Err(Elapsed))
        })
        .await
    }

    fn remember(&self, cx: &Context<'_>) {
        let mut slot = self.0.waker.borrow_mut();
        match slot.as_mut() {
            Some(waker) => waker.clone_from(cx.waker()),
            None => *slot = Some(cx.waker().clone()),
        }
    }

    fn count(&self, change: isize) {
        let Some(kennel) = self.0.kennel.upgrade() else { return };
        kennel.armed.set(kennel.armed.get().saturating_add_signed(change));
        if change > 0
            && let Some(sweeper) = kennel.sweeper.borrow_mut().take()
        {
            sweeper.wake();
        }
    }
}

impl Drop for Deadline {
    fn drop(&mut self) {
        self.disarm();
    }
}

/// The deadline passed before the work was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Elapsed;
