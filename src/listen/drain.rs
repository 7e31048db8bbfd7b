//! The way out: from serving, over answers that ask callers to go elsewhere, to closed. One state for all workers.
//!
//! `begin` is `POST /drain`, `terminate` is SIGTERM. While draining, requests on old and new connections are served
//! and told `Connection: close` or GOAWAY; after `min` the listeners and idle connections close; after `max` whatever
//! is left is given up. Decides when, never closes anything itself.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;

use crate::base::clock::{self, Mono};

use super::slots::Slots;

/// How often the end of the connections is looked for while draining.
const LOOK: Duration = Duration::from_millis(20);

/// A process told to end, with no connection for so long, has nothing to wait for.
const SETTLED: Duration = Duration::from_millis(200);

/// How far the gate is on its way out, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Stage {
    /// Not at all.
    Serving,
    /// Answers ask callers to go; new requests are served.
    Draining,
    /// Listeners and idle connections close; requests in flight end.
    Closing,
    /// The process may end.
    Over,
}

/// The bounds of one drain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// Shortest time new requests are still served.
    pub min: Duration,
    /// Longest time from `terminate` until the process ends.
    pub max: Duration,
}

/// How a drain ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Every connection ended by itself.
    Clean,
    /// So many were left when the time was up.
    Aborted(usize),
}

/// The state shared by workers, ops and signals. Cloning shares it.
#[derive(Clone, Debug)]
pub struct Drain(Arc<State>);

#[derive(Debug)]
struct State {
    /// The stage once more, read on every answer without taking a lock.
    fast: AtomicU8,
    stage: watch::Sender<Stage>,
    orders: watch::Sender<Orders>,
    slots: Slots,
}

#[derive(Clone, Copy, Debug, Default)]
struct Orders {
    begun: Option<(Mono, Times)>,
    terminated: Option<(Mono, Times)>,
}

/// One waiter's view of the stage.
#[derive(Debug)]
pub struct Watch(watch::Receiver<Stage>);

impl Drain {
    /// Serving, until told otherwise.
    pub fn new(slots: Slots) -> Self {
        Self(Arc::new(State {
            fast: AtomicU8::new(Stage::Serving as u8),
            stage: watch::Sender::new(Stage::Serving),
            orders: watch::Sender::new(Orders::default()),
            slots,
        }))
    }

    /// Starts to drain; once begun, further calls change nothing.
    pub fn begin(&self, times: Times) {
        let now = clock::mono();
        self.order(|orders| _ = orders.begun.get_or_insert((now, times)));
    }

    /// Drains, if that has not begun, and then ends the process; further calls change nothing.
    pub fn terminate(&self, times: Times) {
        let now = clock::mono();
        self.order(|orders| {
            orders.begun.get_or_insert((now, times));
            orders.terminated.get_or_insert((now, times));
        });
    }

    /// How far it is.
    pub fn stage(&self) -> Stage {
        match self.0.fast.load(Ordering::Acquire) {
            0 => Stage::Serving,
            1 => Stage::Draining,
            2 => Stage::Closing,
            _ => Stage::Over,
        }
    }

    /// Whether answers are to ask callers to go elsewhere.
    pub fn is_draining(&self) -> bool {
        self.stage() > Stage::Serving
    }

    /// The connections this drain waits for.
    pub fn slots(&self) -> &Slots {
        &self.0.slots
    }

    /// A view to wait on.
    pub fn watch(&self) -> Watch {
        Watch(self.0.stage.subscribe())
    }

    /// Drives the stages; resolves when the process may end. One task per process.
    pub async fn run(&self) -> Outcome {
        let outcome = self.walk().await;
        self.enter(Stage::Over);
        outcome
    }

    async fn walk(&self) -> Outcome {
        let mut orders = self.0.orders.subscribe();
        let Some((begun, times)) = wait(&mut orders, |orders| orders.begun).await else {
            return Outcome::Clean;
        };
        self.serve_on(begun.plus(times.min), &orders).await;
        self.enter(Stage::Closing);
        let Some((terminated, times)) = wait(&mut orders, |orders| orders.terminated).await else {
            return Outcome::Clean;
        };
        self.empty(terminated.plus(times.max)).await
    }

    /// Resolves when a begun drain has ended every connection, or `longest` has passed: `POST /wait-for-drain`.
    pub async fn drained(&self, longest: Duration) -> Outcome {
        let until = clock::mono().plus(longest);
        while self.stage() < Stage::Closing && clock::mono() < until {
            sleep(LOOK).await;
        }
        self.empty(until).await
    }

    /// Serves until `until`; a process that shall end and is idle does not wait for it.
    async fn serve_on(&self, until: Mono, orders: &watch::Receiver<Orders>) {
        let mut busy = clock::mono();
        loop {
            let now = clock::mono();
            if self.0.slots.open() > 0 || orders.borrow().terminated.is_none() {
                busy = now;
            }
            if now >= until || now.since(busy) >= SETTLED {
                return;
            }
            sleep(LOOK).await;
        }
    }

    async fn empty(&self, until: Mono) -> Outcome {
        loop {
            match self.0.slots.open() {
                0 => return Outcome::Clean,
                left if clock::mono() >= until => return Outcome::Aborted(left),
                _ => sleep(LOOK).await,
            }
        }
    }

    fn order(&self, change: impl FnOnce(&mut Orders)) {
        self.0.orders.send_modify(change);
        self.enter(Stage::Draining);
    }

    /// Goes on to `stage`, never back.
    fn enter(&self, stage: Stage) {
        self.0.fast.fetch_max(stage as u8, Ordering::AcqRel);
        self.0.stage.send_if_modified(|now| {
            let later = *now < stage;
            *now = stage.max(*now);
            later
        });
    }
}

async fn wait<T>(orders: &mut watch::Receiver<Orders>, wanted: impl Fn(&Orders) -> Option<T>) -> Option<T> {
    let orders = orders.wait_for(|orders| wanted(orders).is_some()).await.ok()?;
    wanted(&orders)
}

impl Watch {
    /// Resolves once `stage` is reached, or the state is gone.
    pub async fn reached(&mut self, stage: Stage) {
        // The sender is gone only when the process ends; then there is nothing to wait for either.
        drop(self.0.wait_for(|now| *now >= stage).await);
    }
}

/// A wait for one stage within a task that is polled often: while serving, costs one atomic load per poll after the
/// first.
#[derive(Debug)]
pub struct Notice<'a, F> {
    wait: Option<Pin<&'a mut F>>,
    registered: bool,
}

impl<'a, F: Future<Output = ()>> Notice<'a, F> {
    /// `wait` is [`Watch::reached`] of the stage.
    pub fn new(wait: Pin<&'a mut F>) -> Self {
        Self { wait: Some(wait), registered: false }
    }

    /// Ready once, when the stage is first seen reached.
    pub fn poll(&mut self, drain: &Drain, cx: &mut Context<'_>) -> Poll<()> {
        // Every change of the stage uses up the registration, so from the first one on the wait is polled each time.
        if self.registered && drain.stage() == Stage::Serving {
            return Poll::Pending;
        }
        self.registered = true;
        let polled = self.wait.as_mut().map_or(Poll::Pending, |wait| wait.as_mut().poll(cx));
        if polled.is_ready() {
            self.wait = None;
        }
        polled
    }
}

#[cfg(test)]
mod tests;
