//! The body of every response the gate sends: nothing, fixed bytes, or the app's answer as it arrives.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use crate::forward::body::Broken;

/// A response body.
#[derive(Debug)]
pub enum OutBody {
    /// No body.
    Empty,
    /// No body, but the head declares a length that belongs to another response (304).
    Declared,
    /// These bytes.
    Full(Bytes),
}

impl Body for OutBody {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        match std::mem::replace(&mut *self, Self::Empty) {
            Self::Empty | Self::Declared => Poll::Ready(None),
            Self::Full(bytes) => Poll::Ready(Some(Ok(Frame::data(bytes)))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Declared => false,
            Self::Full(bytes) => bytes.is_empty(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Empty => SizeHint::with_exact(0),
            Self::Declared => SizeHint::default(),
            Self::Full(bytes) => SizeHint::with_exact(bytes.len() as u64),
        }
    }
}
