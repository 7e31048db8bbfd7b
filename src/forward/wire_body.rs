//! The body of a caller's request as it arrives, whichever engine reads it.

use std::fmt;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

use crate::base::failure::Failure;
use crate::forward::body::Broken;

/// A connection that reads the bodies of its requests, one after the other. `turn` is the number of the request.
///
/// Security: a body that is asked for when its turn is over breaks: the bytes of the next request are not its own.
pub trait Source {
    /// The next frame.
    fn poll_frame(&self, turn: u64, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Broken>>>;

    /// Whether it is known that no frame follows.
    fn is_end_stream(&self, turn: u64) -> bool;

    /// Bytes that are still to come, where a length was declared.
    fn left(&self, turn: u64) -> Option<u64>;
}

/// A body as it arrives.
pub enum WireBody {
    /// None.
    Empty,
    /// Of HTTP/1.
    Wire(Rc<dyn Source>, u64),
    /// Of HTTP/2.
    Stream(Incoming),
}

impl Body for WireBody {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        match &mut *self {
            Self::Empty => Poll::Ready(None),
            Self::Wire(source, turn) => source.poll_frame(*turn, cx),
            Self::Stream(body) => Pin::new(body)
                .poll_frame(cx)
                .map(|next| next.map(|frame| frame.map_err(|_| Broken(Failure::ClientBody)))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Wire(source, turn) => source.is_end_stream(*turn),
            Self::Stream(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Empty => SizeHint::with_exact(0),
            Self::Wire(source, turn) => {
                source.left(*turn).map_or_else(SizeHint::default, SizeHint::with_exact)
            }
            Self::Stream(body) => body.size_hint(),
        }
    }
}

impl From<Incoming> for WireBody {
    fn from(body: Incoming) -> Self {
        Self::Stream(body)
    }
}

impl fmt::Debug for WireBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "WireBody::Empty",
            Self::Wire(..) => "WireBody::Wire",
            Self::Stream(_) => "WireBody::Stream",
        })
    }
}
