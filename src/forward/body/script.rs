//! A body that plays a script, for tests.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::Broken;
use crate::base::failure::Failure;

/// One thing the body does when it is polled.
pub(crate) enum Step {
    Data(&'static [u8]),
    Trailers(http::HeaderMap),
    /// Not ready, and ready again at once.
    Wait,
    /// Not ready, for ever.
    Hang,
    Break,
}

/// Plays its steps, then ends.
pub(crate) struct Script {
    pub(crate) steps: VecDeque<Step>,
    pub(crate) declared: Option<u64>,
    /// What `is_end_stream` says once the steps are over.
    pub(crate) flagged: bool,
}

impl Script {
    pub(crate) fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        Self { steps: steps.into_iter().collect(), declared: None, flagged: true }
    }

    pub(crate) fn declared(mut self, bytes: u64) -> Self {
        self.declared = Some(bytes);
        self
    }

    pub(crate) fn cut(mut self) -> Self {
        self.flagged = false;
        self
    }
}

impl Body for Script {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        match self.steps.pop_front() {
            None => Poll::Ready(None),
            Some(Step::Data(bytes)) => {
                self.declared = self.declared.map(|left| left - bytes.len() as u64);
                Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(bytes)))))
            }
            Some(Step::Trailers(fields)) => Poll::Ready(Some(Ok(Frame::trailers(fields)))),
            Some(Step::Wait) => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            Some(Step::Hang) => {
                self.steps.push_front(Step::Hang);
                Poll::Pending
            }
            Some(Step::Break) => Poll::Ready(Some(Err(Broken(Failure::ClientGone)))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.steps.is_empty() && self.flagged
    }

    fn size_hint(&self) -> SizeHint {
        self.declared.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
