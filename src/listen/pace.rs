//! Whether the caller of an HTTP/2 stream reads its response. Flow control lets a caller hold a response for ever by
//! granting one byte at a time (CVE-2020-12604); what counts here is payload that really went out.
//!
//! The body handed to the engine consists of [`Paced`] pieces that report every byte the engine writes. A stream that
//! has had bytes waiting for a whole `stalled_stream` and moved fewer than [`PROGRESS`] of them is stalled.

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::base::clock::{self, Mono};
use crate::base::watchdog::{Deadline, Watchdog};

use super::frames::Credit;
use super::tap::PROGRESS;

/// The bookkeeping of one stream's response.
#[derive(Debug)]
pub struct Pace {
    watchdog: Watchdog,
    longest: Duration,
    waiting: Cell<usize>,
    moved: Cell<usize>,
    /// When the bytes now waiting began to wait, or last moved enough.
    since: Cell<Option<Mono>>,
    deadline: RefCell<Option<Deadline>>,
    answered: Cell<bool>,
    credit: Credit,
}

impl Pace {
    /// A stream that has nothing to send yet. What it sends is `credit` to its connection.
    pub fn new(watchdog: &Watchdog, longest: Duration, credit: Credit) -> Rc<Self> {
        Rc::new(Self {
            credit,
            watchdog: watchdog.clone(),
            longest,
            waiting: Cell::new(0),
            moved: Cell::new(0),
            since: Cell::new(None),
            deadline: RefCell::new(None),
            answered: Cell::new(false),
        })
    }

    /// Ready when the stream is stalled; called while its task waits.
    pub fn poll_stalled(&self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(due) = self.due() else { return Poll::Pending };
        let mut slot = self.deadline.borrow_mut();
        let deadline = slot.get_or_insert_with(|| self.watchdog.deadline());
        deadline.arm(due);
        deadline.poll_past(cx)
    }

    /// When the stream will count as stalled if nothing moves; `None`: nothing waits.
    pub fn due(&self) -> Option<Mono> {
        if self.waiting.get() == 0 {
            return None;
        }
        let since = self.since.get().unwrap_or_else(clock::mono);
        self.since.set(Some(since));
        Some(since.plus(self.longest))
    }

    /// Notes that the request got its answer.
    pub fn answer(&self) {
        self.answered.set(true);
    }

    /// Whether the request got its answer.
    pub fn is_answered(&self) -> bool {
        self.answered.get()
    }

    fn wait(&self, count: usize) {
        self.waiting.set(self.waiting.get().saturating_add(count));
    }

    fn move_on(&self, count: usize) {
        let waiting = self.waiting.get().saturating_sub(count);
        let moved = self.moved.get().saturating_add(count);
        self.waiting.set(waiting);
        if waiting == 0 || moved >= PROGRESS {
            self.moved.set(0);
            self.since.set(None);
            if let Some(deadline) = self.deadline.borrow().as_ref() {
                deadline.disarm();
            }
        } else {
            self.moved.set(moved);
        }
    }
}

/// A piece of a response that reports what goes out.
#[derive(Debug)]
pub struct Paced {
    bytes: Bytes,
    pace: Rc<Pace>,
}

impl Paced {
    fn new(bytes: Bytes, pace: &Rc<Pace>) -> Self {
        pace.wait(bytes.len());
        Self { bytes, pace: Rc::clone(pace) }
    }
}

impl Buf for Paced {
    fn remaining(&self) -> usize {
        self.bytes.len()
    }

    fn chunk(&self) -> &[u8] {
        &self.bytes
    }

    fn advance(&mut self, count: usize) {
        self.bytes.advance(count);
        self.pace.credit.earn(count);
        self.pace.move_on(count);
    }
}

impl Drop for Paced {
    /// What is thrown away waits no longer.
    fn drop(&mut self) {
        self.pace.move_on(self.bytes.len());
    }
}

pin_project! {
    /// A response body whose pieces are [`Paced`].
    #[derive(Debug)]
    pub struct PacedBody<B> {
        #[pin]
        inner: B,
        pace: Rc<Pace>,
    }
}

impl<B> PacedBody<B> {
    /// Wraps `inner`.
    pub fn new(inner: B, pace: Rc<Pace>) -> Self {
        Self { inner, pace }
    }
}

impl<B: Body<Data = Bytes>> Body for PacedBody<B> {
    type Data = Paced;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let me = self.project();
        let frame = ready!(me.inner.poll_frame(cx));
        Poll::Ready(frame.map(|frame| frame.map(|frame| frame.map_data(|bytes| Paced::new(bytes, me.pace)))))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests;
