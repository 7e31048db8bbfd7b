//! A body that streams through under a meter: size, pace, completeness.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use crate::base::clock;
use crate::base::failure::Failure;
use crate::base::watchdog::{Deadline, Watchdog};

use super::{Broken, Ending, Pace, PaceRules};

/// A streamed body with a bound on its size and its pace. Holds no bytes.
#[derive(Debug)]
pub struct Metered<B> {
    body: B,
    left: Option<u64>,
    rules: PaceRules,
    ending: Ending,
    pace: Pace,
    watchdog: Watchdog,
    deadline: Option<Deadline>,
}

impl<B: Body> Metered<B> {
    /// Meters `body`: at most `max` bytes, no slower than `rules`.
    pub fn new(body: B, max: Option<u64>, rules: PaceRules, ending: Ending, watchdog: Watchdog) -> Self {
        Self { body, left: max, rules, ending, pace: Pace::default(), watchdog, deadline: None }
    }

    fn count(&mut self, bytes: usize) -> Result<(), Broken> {
        let bytes = bytes as u64;
        self.pace.got(bytes);
        if let Some(left) = &mut self.left {
            *left = left.checked_sub(bytes).ok_or(Broken(Failure::ClientBodyTooLarge))?;
        }
        Ok(())
    }

    fn poll_too_slow(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let deadline = self.deadline.get_or_insert_with(|| self.watchdog.deadline());
        if !self.pace.is_waiting() {
            deadline.arm(self.pace.wait(&self.rules, clock::mono()));
        }
        deadline.poll_past(cx)
    }

    fn resume(&mut self) {
        if self.pace.is_waiting() {
            self.pace.resume(clock::mono());
            if let Some(deadline) = &self.deadline {
                deadline.disarm();
            }
        }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for Metered<B> {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        let this = &mut *self;
        if this.left.is_some_and(|left| this.body.size_hint().lower() > left) {
            return Poll::Ready(Some(Err(Broken(Failure::ClientBodyTooLarge))));
        }
        let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(cx) else {
            return this.poll_too_slow(cx).map(|()| Some(Err(Broken(Failure::ClientBodyTimeout))));
        };
        this.resume();
        Poll::Ready(match frame {
            Some(Ok(frame)) => match this.count(frame.data_ref().map_or(0, Bytes::len)) {
                Ok(()) => Some(Ok(frame)),
                Err(broken) => Some(Err(broken)),
            },
            Some(Err(_)) => Some(Err(Broken(Failure::ClientBody))),
            None if this.ending.is_reached(&this.body) => None,
            None => Some(Err(Broken(Failure::ClientBody))),
        })
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests;
