//! A body that streams through under a meter: size, pace, completeness.
//!
//! The app takes a declared length for the end. Over HTTP/2 the caller can go on behind it, or leave the end unsaid, so
//! the piece that reaches the length stays here until END_STREAM has come: no request is whole at the app that was not
//! whole here.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use crate::base::clock;
use crate::base::failure::Failure;
use crate::base::watchdog::{Deadline, Watchdog};

use super::{Broken, Ending, Pace, PaceRules};

/// A streamed body with a bound on its size and its pace. Holds at most one piece.
#[derive(Debug)]
pub struct Metered<B> {
    body: B,
    left: Option<u64>,
    rules: PaceRules,
    ending: Ending,
    pace: Pace,
    watchdog: Watchdog,
    deadline: Option<Deadline>,
    /// The piece that reaches the declared length, until the end is said.
    last: Option<Bytes>,
    /// Trailers that came behind it.
    trailers: Option<Frame<Bytes>>,
}

impl<B: Body> Metered<B> {
    /// Meters `body`: at most `max` bytes, no slower than `rules`.
    pub fn new(body: B, max: Option<u64>, rules: PaceRules, ending: Ending, watchdog: Watchdog) -> Self {
        Self {
            body,
            left: max,
            rules,
            ending,
            pace: Pace::default(),
            watchdog,
            deadline: None,
            last: None,
            trailers: None,
        }
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

impl<B: Body<Data = Bytes> + Unpin> Metered<B> {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        if self.left.is_some_and(|left| self.body.size_hint().lower() > left) {
            return Poll::Ready(Some(Err(Broken(Failure::ClientBodyTooLarge))));
        }
        let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) else {
            return self.poll_too_slow(cx).map(|()| Some(Err(Broken(Failure::ClientBodyTimeout))));
        };
        self.resume();
        Poll::Ready(match frame {
            Some(Ok(frame)) => match self.count(frame.data_ref().map_or(0, Bytes::len)) {
                Ok(()) => Some(Ok(frame)),
                Err(broken) => Some(Err(broken)),
            },
            Some(Err(_)) => Some(Err(Broken(Failure::ClientBody))),
            None if self.ending.is_reached(&self.body) => None,
            None => Some(Err(Broken(Failure::ClientBody))),
        })
    }

    /// Whether the app would take what was received for the whole body, and the caller has not said that it is.
    fn is_end_unsaid(&self) -> bool {
        match self.ending {
            Ending::Framed => false,
            Ending::Flagged => self.body.size_hint().exact() == Some(0) && !self.body.is_end_stream(),
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
        if let Some(trailers) = this.trailers.take() {
            return Poll::Ready(Some(Ok(trailers)));
        }
        loop {
            let frame = match ready!(this.poll_next(cx)) {
                Some(Ok(frame)) => frame,
                None => return Poll::Ready(this.last.take().map(|last| Ok(Frame::data(last)))),
                broken @ Some(Err(_)) => return Poll::Ready(broken),
            };
            let data = match frame.into_data() {
                Ok(data) => data,
                Err(trailers) => match this.last.take() {
                    None => return Poll::Ready(Some(Ok(trailers))),
                    Some(last) => {
                        this.trailers = Some(trailers);
                        return Poll::Ready(Some(Ok(Frame::data(last))));
                    }
                },
            };
            let data = match this.last.take() {
                None => data,
                // Behind a whole body only the end may come, which can be an empty piece.
                Some(last) if data.is_empty() => last,
                Some(_) => return Poll::Ready(Some(Err(Broken(Failure::ClientBody)))),
            };
            if !this.is_end_unsaid() {
                return Poll::Ready(Some(Ok(Frame::data(data))));
            }
            this.last = Some(data);
        }
    }

    fn is_end_stream(&self) -> bool {
        self.last.is_none() && self.trailers.is_none() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let mut hint = self.body.size_hint();
        if let (Some(last), Some(left)) = (&self.last, hint.exact()) {
            hint.set_exact(left.saturating_add(last.len() as u64));
        }
        hint
    }
}

#[cfg(test)]
mod tests;
