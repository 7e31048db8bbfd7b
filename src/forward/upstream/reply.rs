//! The app's answer as a body that keeps its connection going.

use std::fmt;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use crate::base::clock;
use crate::base::failure::Failure;
use crate::forward::body::Broken;
use crate::forward::pool::Pool;
use crate::forward::response::clean_trailers;
use crate::forward::upload::Upload;

use super::{Link, WireBody};

/// The body of an answer that is still arriving.
pub(in crate::forward) struct Reply {
    body: WireBody,
    /// `None` once the answer is over, cleanly or not.
    link: Option<Box<Link>>,
    pool: Rc<Pool>,
    upload: Rc<Upload>,
    silence: Duration,
    /// What was read before anybody asked.
    ahead: Option<Next>,
    /// Whether bytes came since the deadline was set.
    moved: bool,
}

/// What a body gives when it is asked: a piece, its end, or how it broke.
type Next = Option<Result<Frame<Bytes>, Broken>>;

/// What there is of an answer when its head is.
#[derive(Debug)]
pub(in crate::forward) enum Begun {
    /// All of it; the connection is back in its pool.
    Whole(Bytes),
    /// The head, and perhaps a beginning.
    Stream(Reply),
}

impl Reply {
    /// Takes the body of an answer over from `link`, whole if it is there.
    ///
    /// # Errors
    /// [`Failure::UpstreamReset`] when it is broken already, so that the caller can still be told.
    pub(in crate::forward) fn begin(
        body: WireBody,
        link: Box<Link>,
        pool: Rc<Pool>,
        upload: Rc<Upload>,
        silence: Duration,
    ) -> Result<Begun, Failure> {
        let mut reply = Self { body, link: Some(link), pool, upload, silence, ahead: None, moved: true };
        if reply.body.is_end_stream() {
            reply.settle();
            return Ok(Begun::Whole(Bytes::new()));
        }
        let declared = reply.body.size_hint().exact();
        match reply.look_ahead() {
            Some(Some(Err(broken))) => return Err(broken.0),
            Some(Some(Ok(frame))) if declared == frame.data_ref().map(|bytes| bytes.len() as u64) => {
                reply.settle();
                return Ok(Begun::Whole(frame.into_data().unwrap_or_default()));
            }
            next => reply.ahead = next,
        }
        Ok(Begun::Stream(reply))
    }

    /// What has come already. Nobody is woken: polls with a waker follow when somebody asks.
    fn look_ahead(&mut self) -> Option<Next> {
        let quiet = &mut Context::from_waker(Waker::noop());
        let mut next = self.poll_body(quiet);
        if next.is_pending() {
            let _ = self.link.as_mut()?.conn.poll(quiet);
            next = self.poll_body(quiet);
        }
        match next {
            Poll::Ready(next) => Some(next),
            Poll::Pending => None,
        }
    }

    /// The answer is over and was whole: the connection goes back.
    fn settle(&mut self) {
        if let Some(link) = self.link.take() {
            self.pool.put_back(link);
        }
    }

    /// The next piece, if hyper has it.
    fn poll_body(&mut self, cx: &mut Context<'_>) -> Poll<Next> {
        let Poll::Ready(next) = Pin::new(&mut self.body).poll_frame(cx) else { return Poll::Pending };
        self.moved = true;
        Poll::Ready(match next {
            Some(Ok(mut frame)) => {
                if let Some(trailers) = frame.trailers_mut() {
                    clean_trailers(trailers);
                    // The last frame there is; hyper does not ask for another.
                    self.settle();
                }
                Some(Ok(frame))
            }
            Some(Err(_)) => {
                self.link = None;
                Some(Err(Broken(self.upload.failure().unwrap_or(Failure::UpstreamReset))))
            }
            None => {
                self.settle();
                None
            }
        })
    }

    fn poll_silence(&mut self, cx: &mut Context<'_>) -> Poll<Next> {
        let Some(link) = &self.link else { return Poll::Pending };
        if std::mem::take(&mut self.moved) {
            link.deadline.arm(clock::mono().plus(self.silence));
        }
        while link.deadline.poll_past(cx).is_ready() {
            let now = clock::mono();
            let due = self.upload.moved().plus(self.silence);
            if due <= now {
                self.link = None;
                return Poll::Ready(Some(Err(Broken(Failure::UpstreamTimeout))));
            }
            link.deadline.arm(due);
        }
        Poll::Pending
    }
}

impl Body for Reply {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Next> {
        let this = &mut *self;
        if let Some(next) = this.ahead.take() {
            return Poll::Ready(next);
        }
        // Only the connection polled here fills the body, so the body needs no waker of its own.
        let quiet = &mut Context::from_waker(Waker::noop());
        if let Poll::Ready(next) = this.poll_body(quiet) {
            return Poll::Ready(next);
        }
        let Some(link) = &mut this.link else {
            return Poll::Ready(Some(Err(Broken(Failure::UpstreamReset))));
        };
        let over = link.conn.poll(cx).is_ready();
        match this.poll_body(quiet) {
            Poll::Ready(next) => Poll::Ready(next),
            Poll::Pending if over => {
                this.link = None;
                Poll::Ready(Some(Err(Broken(Failure::UpstreamReset))))
            }
            Poll::Pending => this.poll_silence(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.ahead.is_none() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let ahead = match &self.ahead {
            Some(Some(Ok(frame))) => frame.data_ref().map_or(0, Bytes::len) as u64,
            Some(Some(Err(_)) | None) | None => 0,
        };
        let rest = self.body.size_hint().exact();
        rest.map_or_else(SizeHint::default, |rest| SizeHint::with_exact(rest.saturating_add(ahead)))
    }
}

impl Drop for Reply {
    /// Whoever passes the answer on may stop asking once a declared length is reached.
    fn drop(&mut self) {
        if self.is_end_stream() {
            self.settle();
        }
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply").field("link", &self.link).finish_non_exhaustive()
    }
}
