//! The app's answer as a body that keeps its connection going.

use std::fmt;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use crate::base::clock::{self, Mono};
use crate::base::failure::Failure;
use crate::forward::body::Broken;
use crate::forward::decoder::{Decoded, Decoder};
use crate::forward::pool::Pool;
use crate::forward::response::{Framing, clean_trailers};
use crate::forward::upload::Upload;

use super::{Link, decoder_of};

/// The body of an answer that is still arriving.
pub(in crate::forward) struct Reply {
    decoder: Decoder,
    /// `None` once the answer is over, cleanly or not.
    link: Option<Box<Link>>,
    pool: Rc<Pool>,
    upload: Rc<Upload>,
    silence: Duration,
    /// What came with the head.
    ahead: Option<Frame<Bytes>>,
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
    Stream(Box<Reply>),
}

impl Reply {
    /// Takes the body of an answer over from `link`, whole if it came with the head.
    ///
    /// # Errors
    /// [`Failure::UpstreamReset`] when it is broken already, so that the caller can still be told.
    pub(in crate::forward) fn begin(
        framing: Framing,
        mut link: Box<Link>,
        pool: Rc<Pool>,
        upload: Rc<Upload>,
        (silence, now): (Duration, Mono),
    ) -> Result<Begun, Failure> {
        let mut decoder = decoder_of(framing);
        let ahead = match decoder.decode(link.inbox.bytes_mut()) {
            Decoded::Data(whole) if decoder.is_done() => {
                pool.put_back(link, now);
                return Ok(Begun::Whole(whole));
            }
            Decoded::End => {
                pool.put_back(link, now);
                return Ok(Begun::Whole(Bytes::new()));
            }
            Decoded::Data(beginning) => Some(Frame::data(beginning)),
            Decoded::Trailers(mut trailers) => {
                clean_trailers(&mut trailers);
                Some(Frame::trailers(trailers))
            }
            Decoded::More => None,
            Decoded::Broken => return Err(upload.failure().unwrap_or(Failure::UpstreamReset)),
        };
        let reply = Self { decoder, link: Some(link), pool, upload, silence, ahead, moved: true };
        Ok(Begun::Stream(Box::new(reply)))
    }

    /// The answer is over and was whole: the connection goes back.
    fn settle(&mut self) {
        if let Some(link) = self.link.take() {
            link.deadline.disarm();
            self.pool.put_back(link, clock::mono());
        }
    }

    fn broken(&mut self, failure: Failure) -> Poll<Next> {
        self.link = None;
        Poll::Ready(Some(Err(Broken(failure))))
    }

    /// Why an answer breaks off: the caller's body, if that did, or the app.
    fn cut_off(&mut self) -> Poll<Next> {
        let failure = self.upload.failure().unwrap_or(Failure::UpstreamReset);
        self.broken(failure)
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Next> {
        loop {
            let Some(link) = &mut self.link else {
                return if self.decoder.is_done() { Poll::Ready(None) } else { self.cut_off() };
            };
            match self.decoder.decode(link.inbox.bytes_mut()) {
                Decoded::Data(piece) => {
                    self.moved = true;
                    if self.decoder.is_done() {
                        self.settle();
                    }
                    return Poll::Ready(Some(Ok(Frame::data(piece))));
                }
                Decoded::Trailers(mut trailers) => {
                    clean_trailers(&mut trailers);
                    self.settle();
                    return Poll::Ready(Some(Ok(Frame::trailers(trailers))));
                }
                Decoded::End => {
                    self.settle();
                    return Poll::Ready(None);
                }
                Decoded::Broken => return self.cut_off(),
                Decoded::More => match link.poll_more(self.decoder.wanted(), cx) {
                    Poll::Ready(Ok(true)) => self.moved = true,
                    Poll::Ready(Ok(false)) if link.ends_truly() && self.decoder.close() => {
                        self.link = None;
                        return Poll::Ready(None);
                    }
                    Poll::Ready(Ok(false) | Err(_)) => return self.cut_off(),
                    Poll::Pending => return self.poll_silence(cx),
                },
            }
        }
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
                return self.broken(Failure::UpstreamTimeout);
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
        if let Some(frame) = this.ahead.take() {
            if this.decoder.is_done() {
                this.settle();
            }
            return Poll::Ready(Some(Ok(frame)));
        }
        // The app may answer while the caller still sends.
        if let Some(link) = &mut this.link
            && let Poll::Ready(Err(failure)) = link.poll_send(cx)
        {
            return this.broken(failure);
        }
        this.poll_next(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.ahead.is_none() && self.decoder.is_done()
    }

    fn size_hint(&self) -> SizeHint {
        let ahead = self.ahead.as_ref().and_then(Frame::data_ref).map_or(0, Bytes::len) as u64;
        self.decoder
            .left()
            .map_or_else(SizeHint::default, |left| SizeHint::with_exact(left.saturating_add(ahead)))
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply").field("link", &self.link).finish_non_exhaustive()
    }
}
