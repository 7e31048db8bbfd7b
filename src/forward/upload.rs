//! The request body on its way to the app, and what is known of that way.

use std::cell::Cell;
use std::fmt;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};

use crate::base::clock::{self, Mono};
use crate::base::failure::Failure;
use crate::forward::body::{Broken, Metered};
use crate::forward::budget::Lease;
use crate::forward::request::clean_trailers;
use crate::forward::rules::ForwardRules;
use crate::forward::wire_body::WireBody;

/// What is known of one request on its way to the app. Shared by the request and its body.
#[derive(Debug)]
pub(super) struct Upload {
    ended: Cell<bool>,
    begun: Cell<bool>,
    waits_for_caller: Cell<bool>,
    moved: Cell<Mono>,
    failure: Cell<Option<Failure>>,
}

/// The body that is sent.
pub(super) struct UpBody {
    source: Source,
    upload: Rc<Upload>,
}

enum Source {
    /// No body.
    Empty,
    /// In memory. Once the bytes are taken only the trailers are left.
    Whole { bytes: Option<Bytes>, trailers: Option<Box<HeaderMap>> },
    /// Arriving. On a block of its own, as trailers are: a request changes hands several times, mostly without either.
    Stream(Box<Arriving>),
}

/// A body and what its trailers are held to.
struct Arriving {
    body: Metered<WireBody>,
    rules: Arc<ForwardRules>,
}

/// Bytes that hold their lease until the last of them has been written.
struct Leased {
    bytes: Bytes,
    _lease: Lease,
}

/// The bytes of a body together with what they cost, which ends when the last of them has been written.
pub(super) fn leased(bytes: Bytes, lease: Option<Lease>) -> Bytes {
    match lease {
        Some(lease) => Bytes::from_owner(Leased { bytes, _lease: lease }),
        None => bytes,
    }
}

impl Upload {
    /// Nothing has moved yet.
    pub(super) fn new(now: Mono) -> Rc<Self> {
        Rc::new(Self {
            ended: Cell::new(false),
            begun: Cell::new(false),
            waits_for_caller: Cell::new(false),
            moved: Cell::new(now),
            failure: Cell::new(None),
        })
    }

    /// The request has been given to a connection.
    pub(super) fn begin(&self) {
        self.begun.set(true);
    }

    /// Whether the whole request has left the caller and been given to a connection: from here on the app's answer
    /// decides, whether or not anyone is left to hear it.
    pub(super) fn is_handed_over(&self) -> bool {
        self.begun.get() && self.ended.get()
    }

    /// Whether the app is not to blame for silence now: the caller has still to send.
    pub(super) fn waits_for_caller(&self) -> bool {
        self.waits_for_caller.get()
    }

    /// When the body last moved.
    pub(super) fn moved(&self) -> Mono {
        self.moved.get()
    }

    /// Why the body broke off, if it did.
    pub(super) fn failure(&self) -> Option<Failure> {
        self.failure.get()
    }

    fn end(&self) {
        self.ended.set(true);
    }
}

impl UpBody {
    /// No body.
    pub(super) fn empty(upload: &Rc<Upload>) -> Self {
        upload.end();
        Self { source: Source::Empty, upload: Rc::clone(upload) }
    }

    /// A body in memory, with trailer fields that have been cleaned.
    pub(super) fn whole(bytes: Bytes, trailers: Option<HeaderMap>, upload: &Rc<Upload>) -> Self {
        upload.end();
        let trailers = trailers.map(Box::new);
        Self { source: Source::Whole { bytes: Some(bytes), trailers }, upload: Rc::clone(upload) }
    }

    /// A body that is still arriving.
    pub(super) fn stream(body: Metered<WireBody>, rules: Arc<ForwardRules>, upload: &Rc<Upload>) -> Self {
        Self { source: Source::Stream(Box::new(Arriving { body, rules })), upload: Rc::clone(upload) }
    }

    /// The same body again, where it is in memory.
    pub(super) fn copy(&self) -> Option<Self> {
        let source = match &self.source {
            Source::Empty => Source::Empty,
            Source::Whole { bytes, trailers } => {
                Source::Whole { bytes: bytes.clone(), trailers: trailers.clone() }
            }
            Source::Stream(_) => return None,
        };
        Some(Self { source, upload: Rc::clone(&self.upload) })
    }

    fn poll_stream(
        Arriving { body, rules }: &mut Arriving,
        upload: &Upload,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        let Poll::Ready(next) = Pin::new(&mut *body).poll_frame(cx) else {
            upload.waits_for_caller.set(true);
            return Poll::Pending;
        };
        upload.waits_for_caller.set(false);
        upload.moved.set(clock::mono());
        let Some(frame) = next else {
            upload.end();
            return Poll::Ready(None);
        };
        let mut frame = frame.inspect_err(|broken| upload.failure.set(Some(broken.0)))?;
        if let Some(trailers) = frame.trailers_mut() {
            clean_trailers(trailers, &rules.names);
            upload.end();
        }
        // Nobody asks once a declared length is reached, so an end that shows only when asked would be missed.
        if body.is_end_stream() || body.size_hint().exact() == Some(0) {
            upload.end();
        }
        Poll::Ready(Some(Ok(frame)))
    }
}

impl Body for UpBody {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        let this = &mut *self;
        match &mut this.source {
            Source::Empty => Poll::Ready(None),
            Source::Whole { bytes, trailers } => {
                let data = bytes.take().filter(|bytes| !bytes.is_empty()).map(Frame::data);
                Poll::Ready(data.or_else(|| trailers.take().map(|fields| Frame::trailers(*fields))).map(Ok))
            }
            Source::Stream(arriving) => Self::poll_stream(arriving, &this.upload, cx),
        }
    }

    /// A body of no bytes in memory is not at its end before it was asked: a chunked one still gets its last chunk.
    fn is_end_stream(&self) -> bool {
        match &self.source {
            Source::Empty => true,
            Source::Whole { bytes, trailers } => bytes.is_none() && trailers.is_none(),
            Source::Stream(arriving) => arriving.body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.source {
            Source::Empty => SizeHint::with_exact(0),
            Source::Whole { bytes, .. } => SizeHint::with_exact(bytes.as_ref().map_or(0, Bytes::len) as u64),
            Source::Stream(arriving) => arriving.body.size_hint(),
        }
    }
}

impl AsRef<[u8]> for Leased {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl fmt::Debug for UpBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.source {
            Source::Empty => "UpBody::Empty",
            Source::Whole { .. } => "UpBody::Whole",
            Source::Stream(_) => "UpBody::Stream",
        })
    }
}
