//! One connection to the app, spoken here: HTTP/1.1 over TCP or a unix socket.
//!
//! The connection is no task of its own: it is polled by the request that uses it, then by the body of the answer,
//! which saves two wakeups per request; idle, nobody polls it and it holds nothing it read. It goes back to its pool
//! only in a state in which the next answer cannot belong to this request. Called by [`in_flight`](super::in_flight).
//! Why this is not hyper's client: `docs/decisions/0016-own-client.md`.

mod dial;
mod head;
mod reply;

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use http::StatusCode;
use http::response::Parts;
use tokio::sync::OwnedSemaphorePermit;

use crate::base::chunked::Follower;
use crate::base::clock::{self, Mono};
use crate::base::failure::Failure;
use crate::base::inbox::{Inbox, Room};
use crate::base::stream::Stream;
use crate::base::watchdog::Deadline;
use crate::forward::body::Broken;
use crate::forward::decoder::Decoder;
use crate::forward::outgoing::{Outgoing, Unsound};
use crate::forward::response::Framing;
use crate::forward::target::Target;
use crate::forward::upload::{UpBody, Upload};

pub(super) use dial::dial;
pub(super) use head::{Malformed, read_trailers};
pub(super) use reply::{Begun, Reply};

/// Most bytes of an answer's head.
const HEAD: usize = 32 * 1024;

/// A connection to the app.
pub(super) struct Link {
    socket: Stream,
    /// The request that was sent last, or is being sent.
    out: Outgoing<UpBody>,
    /// What was read and belongs to nobody yet.
    inbox: Inbox,
    room: Room,
    deadline: Deadline,
    /// Since when nobody uses it.
    pub(super) idle_since: Mono,
    /// Requests it has carried.
    pub(super) use_count: u32,
    /// Whether a byte has come since the last request was given to it.
    received: bool,
    /// Why a write has failed, if one has.
    ///
    /// That does not end the connection: an app may answer an upload early (413) and close, and its answer would be lost
    /// with the error. The rest of the request goes nowhere, the answer is read to its end, and the connection is never
    /// used again.
    broken: Option<io::ErrorKind>,
    reusable: bool,
    permit: OwnedSemaphorePermit,
}

/// What became of a request that got no answer.
#[derive(Debug)]
pub(super) enum Unanswered {
    /// Not one byte of it was written.
    Unsent(Box<Outgoing<UpBody>>),
    /// Something was written; the connection ended before one byte of an answer.
    Silent(Failure, Box<Outgoing<UpBody>>),
    /// It may have been, or was, acted on, or it is not the app's fault.
    Failed(Failure),
}

/// The socket of a connection that has switched protocols.
#[derive(Debug)]
pub(super) struct Switched {
    pub(super) socket: Stream,
    /// Bytes of the new protocol that came with the head.
    pub(super) read: Bytes,
    pub(super) permit: OwnedSemaphorePermit,
}

/// When the deadline of an answer was set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Armed {
    /// In this turn: it cannot have passed, and no clock is asked.
    Now,
    /// In an earlier one.
    Before,
}

/// Why no head of an answer came.
enum Headless {
    /// The connection ended.
    Gone,
    /// What came is not HTTP/1, or too much of it.
    Malformed,
}

impl Link {
    /// A connection over a new socket.
    pub(super) fn new(
        socket: Stream,
        permit: OwnedSemaphorePermit,
        deadline: Deadline,
        room: Room,
    ) -> Box<Self> {
        Box::new(Self {
            socket,
            out: Outgoing::idle(),
            inbox: Inbox::default(),
            room,
            deadline,
            idle_since: clock::mono(),
            use_count: 0,
            received: false,
            broken: None,
            reusable: true,
            permit,
        })
    }

    /// Room to write the next head into.
    pub(super) fn take_room(&mut self) -> Vec<u8> {
        self.out.take_room()
    }

    /// Takes the request that [`Link::ask`] sends.
    pub(super) fn load(&mut self, request: Outgoing<UpBody>) {
        self.out = request;
    }

    /// Sends the request it was loaded with and waits for the head of the answer.
    ///
    /// # Errors
    /// [`Unanswered`], which says whether it may be sent again.
    pub(super) async fn ask(
        &mut self,
        upload: &Upload,
        target: &Target,
        now: Mono,
    ) -> Result<Parts, Unanswered> {
        self.received = false;
        self.deadline.arm(now.plus(target.answer_timeout()));
        self.use_count = self.use_count.saturating_add(1);
        upload.begin();
        let mut armed = Armed::Now;
        let answer = poll_fn(|cx| {
            let armed = std::mem::replace(&mut armed, Armed::Before);
            self.poll_ask(upload, target, (cx, armed))
        })
        .await;
        self.deadline.disarm();
        answer
    }

    fn poll_ask(
        &mut self,
        upload: &Upload,
        target: &Target,
        (cx, armed): (&mut Context<'_>, Armed),
    ) -> Poll<Result<Parts, Unanswered>> {
        if let Poll::Ready(Err(failure)) = self.poll_send(cx) {
            return Poll::Ready(Err(Unanswered::Failed(failure)));
        }
        if self.broken.is_some() && !self.out.has_begun() {
            return Poll::Ready(Err(Unanswered::Unsent(self.take_out())));
        }
        // Security: what comes before a byte was written is the answer to nothing.
        let head = if self.out.has_begun() { self.poll_head(cx) } else { Poll::Pending };
        Poll::Ready(match head {
            Poll::Ready(Ok(parts)) => Ok(parts),
            Poll::Ready(Err(Headless::Gone)) if !self.received => {
                Err(Unanswered::Silent(Failure::UpstreamReset, self.take_out()))
            }
            Poll::Ready(Err(Headless::Gone)) => Err(Unanswered::Failed(Failure::UpstreamReset)),
            Poll::Ready(Err(Headless::Malformed)) => Err(Unanswered::Failed(Failure::UpstreamProtocol)),
            Poll::Pending if armed == Armed::Now => {
                self.deadline.watch(cx);
                return Poll::Pending;
            }
            Poll::Pending => {
                let silent = ready!(poll_silence(&self.deadline, upload, target, cx));
                Err(Unanswered::Failed(silent))
            }
        })
    }

    /// Moves the request on, as far as its body and the socket go; ready when all of it has been written, or could not
    /// be.
    ///
    /// # Errors
    /// Why the body broke off.
    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        loop {
            // Before the first write: the head goes with what there is of the body.
            let next = self.out.poll_refill(cx).map_err(blame)?;
            if self.broken.is_some() {
                self.out.discard();
            } else if let Err(error) = ready!(self.out.poll_flush(&mut self.socket, cx)) {
                self.broken = Some(error.kind());
                if !self.out.has_begun() {
                    return Poll::Ready(Ok(()));
                }
            }
            if !ready!(next) {
                return Poll::Ready(Ok(()));
            }
        }
    }

    /// The head of the answer; interim ones (RFC 9110 §15.2) are passed over.
    fn poll_head(&mut self, cx: &mut Context<'_>) -> Poll<Result<Parts, Headless>> {
        loop {
            if !self.inbox.is_empty() {
                match head::read(self.inbox.bytes()) {
                    Ok(Some((parts, length))) => {
                        self.inbox.bytes_mut().advance(length);
                        if parts.status.is_informational() && parts.status != StatusCode::SWITCHING_PROTOCOLS
                        {
                            continue;
                        }
                        self.reusable &= head::keeps_open(&parts);
                        return Poll::Ready(Ok(parts));
                    }
                    Ok(None) if self.inbox.bytes().len() < HEAD => {}
                    Ok(None) | Err(head::Malformed) => return Poll::Ready(Err(Headless::Malformed)),
                }
            }
            match ready!(self.poll_more(0, cx)) {
                Ok(true) => {}
                Ok(false) | Err(_) => return Poll::Ready(Err(Headless::Gone)),
            }
        }
    }

    /// Reads what is there into the inbox; `false` at the end of the stream.
    fn poll_more(&mut self, wanted: u64, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        let more = ready!(self.inbox.poll_more(&mut self.socket, &self.room, wanted, cx))?;
        self.received |= more;
        Poll::Ready(Ok(more))
    }

    /// Takes the request back that it was loaded with.
    pub(super) fn take_out(&mut self) -> Box<Outgoing<UpBody>> {
        Box::new(std::mem::replace(&mut self.out, Outgoing::idle()))
    }

    /// Never to be used again after this request.
    pub(super) fn retire(&mut self) {
        self.reusable = false;
    }

    /// Whether the connection is idle and may carry another request: both messages are over, every byte of ours is
    /// written, nothing came that nobody asked for.
    pub(super) fn is_clean(&self) -> bool {
        self.reusable && self.broken.is_none() && self.out.is_done() && self.inbox.is_empty()
    }

    /// Whether the end of the stream is where the app ended it. After a reset that a write came across first, reading
    /// shows an end too, and what was on its way is lost; a broken pipe is an end the app had announced before.
    fn ends_truly(&self) -> bool {
        self.broken.is_none_or(|kind| kind == io::ErrorKind::BrokenPipe)
    }

    /// From `now` on nobody uses it: it holds no more than its socket.
    pub(super) fn rest(&mut self, now: Mono) {
        self.idle_since = now;
        self.inbox.clear();
        self.out.shrink();
    }

    /// Whether an idle connection is still usable, asked right before use.
    pub(super) fn is_usable(&self, care: Care) -> bool {
        match care {
            Care::Later => true,
            Care::Trust => self.socket.is_known_quiet(),
            Care::Look => self.socket.is_quiet(),
        }
    }

    /// Takes the socket out of a connection whose answer was 101.
    ///
    /// # Errors
    /// [`Failure::UpstreamProtocol`] when the request has not been written to its end.
    pub(super) fn switch(mut self) -> Result<Switched, Failure> {
        if !self.out.is_done() || self.broken.is_some() {
            return Err(Failure::UpstreamProtocol);
        }
        Ok(Switched {
            socket: self.socket,
            read: std::mem::take(self.inbox.bytes_mut()),
            permit: self.permit,
        })
    }

    /// The permit of a connection that is given up, for another one.
    pub(super) fn into_permit(self: Box<Self>) -> OwnedSemaphorePermit {
        self.permit
    }
}

/// Why a request broke off that is not what its head declares.
fn blame(unsound: Unsound<Broken>) -> Failure {
    match unsound {
        Unsound::Body(broken) => broken.0,
        Unsound::TooLong => Failure::Internal,
        Unsound::TooShort => Failure::ClientBody,
    }
}

/// Reads the body of an answer with this framing.
pub(super) fn decoder_of(framing: Framing) -> Decoder {
    match framing {
        Framing::Length(length) => Decoder::of_length(length),
        Framing::Chunked => Decoder::Chunks(Follower::of_answers()),
        Framing::Close => Decoder::Close,
    }
}

/// How closely an idle connection is looked at before it is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Care {
    /// Not yet: it is looked at right before its first write.
    Later,
    /// What the runtime knows is enough, which may be as old as its last turn of the event loop: the request can be
    /// repeated.
    Trust,
    /// One more system call.
    Look,
}

/// Ready when the app has been silent for too long. Time in which the body still moves, or waits for the caller, does
/// not count.
fn poll_silence(
    deadline: &Deadline,
    upload: &Upload,
    target: &Target,
    cx: &mut Context<'_>,
) -> Poll<Failure> {
    while deadline.poll_past(cx).is_ready() {
        let now = clock::mono();
        let since = if upload.waits_for_caller() { now } else { upload.moved() };
        let due = since.plus(target.answer_timeout());
        if due <= now {
            return Poll::Ready(Failure::UpstreamTimeout);
        }
        deadline.arm(due);
    }
    Poll::Pending
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link")
            .field("idle_since", &self.idle_since)
            .field("use_count", &self.use_count)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
pub(super) mod bench;
#[cfg(test)]
mod tests;
