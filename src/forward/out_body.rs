//! The body of every response the gate sends: nothing, fixed bytes, or the app's answer as it arrives.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use crate::forward::body::Broken;
use crate::forward::upstream::Reply;
use crate::observe::Tail;

/// A response body. Dropping it ends the request it answers.
#[derive(Debug)]
pub struct OutBody {
    source: Source,
    tail: Option<Tail>,
}

#[derive(Debug)]
enum Source {
    /// No body.
    Empty,
    /// No body, but the head declares a length that belongs to another response (304): hyper would drop that length
    /// if the body said it was over.
    Declared,
    /// These bytes.
    Full(Bytes),
    /// The app's answer. On a block of its own: a response changes hands several times, mostly with its body whole.
    Stream(Box<Reply>),
}

impl OutBody {
    /// No body.
    pub fn empty() -> Self {
        Self { source: Source::Empty, tail: None }
    }

    /// These bytes.
    pub fn full(bytes: Bytes) -> Self {
        Self { source: if bytes.is_empty() { Source::Empty } else { Source::Full(bytes) }, tail: None }
    }

    /// No body under a head that declares the length of another response.
    pub(super) fn declared() -> Self {
        Self { source: Source::Declared, tail: None }
    }

    /// The app's answer as it arrives.
    pub(super) fn stream(reply: Box<Reply>) -> Self {
        Self { source: Source::Stream(reply), tail: None }
    }

    /// Ends `tail` with this body.
    #[must_use]
    pub(super) fn with_tail(mut self, tail: Tail) -> Self {
        self.tail = Some(tail);
        self
    }

    fn poll_source(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        if let Source::Stream(reply) = &mut self.source {
            return Pin::new(&mut **reply).poll_frame(cx);
        }
        match std::mem::replace(&mut self.source, Source::Empty) {
            Source::Full(bytes) => Poll::Ready(Some(Ok(Frame::data(bytes)))),
            Source::Empty | Source::Declared | Source::Stream(_) => Poll::Ready(None),
        }
    }
}

impl Body for OutBody {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        let next = self.poll_source(cx);
        if let (Poll::Ready(Some(Ok(frame))), Some(tail)) = (&next, &mut self.tail) {
            tail.passed_on(frame.data_ref().map_or(0, Bytes::len));
        }
        next
    }

    fn is_end_stream(&self) -> bool {
        match &self.source {
            Source::Empty => true,
            Source::Declared => false,
            Source::Full(bytes) => bytes.is_empty(),
            Source::Stream(reply) => reply.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.source {
            Source::Empty => SizeHint::with_exact(0),
            Source::Declared => SizeHint::default(),
            Source::Full(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Source::Stream(reply) => reply.size_hint(),
        }
    }
}
