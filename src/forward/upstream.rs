//! One connection to the app, spoken by hyper. The only file of forwarding that names hyper types.
//!
//! The connection is no task of its own: it is polled by the request that uses it, then by the body of the answer,
//! which saves two wakeups per request; idle, nobody polls it. It goes back to its pool only in a state in which
//! the next answer cannot belong to this request. Called by [`in_flight`](super::in_flight).

mod again;
mod dial;
mod line;
mod reply;

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::{Request, Response, Version};
use hyper::body::Incoming;
use hyper::client::conn::http1::{Builder, Connection, Parts, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::sync::OwnedSemaphorePermit;

use crate::base::clock::{self, Mono};
use crate::base::failure::Failure;
use crate::base::watchdog::Deadline;
use crate::forward::target::Target;
use crate::forward::upload::{UpBody, Upload};

pub(super) use dial::dial;
pub(super) use line::{Keep, Line, Socket, Wire};
pub(super) use reply::{Begun, Reply};

/// The body of a request or an answer as hyper reads it.
pub type WireBody = Incoming;

/// Most bytes of an answer's head, and of either direction buffered at once.
const BUFFER: usize = 32 * 1024;

/// A connection to the app.
pub(super) struct Link {
    sender: SendRequest<UpBody>,
    conn: Conn,
    line: Rc<Line>,
    deadline: Deadline,
    /// Since when nobody uses it.
    pub(super) idle_since: Mono,
    /// Requests it has carried.
    pub(super) use_count: u32,
    reusable: bool,
    permit: OwnedSemaphorePermit,
}

/// hyper's half of a connection; not polled again once it is over.
struct Conn {
    running: Connection<TokioIo<Wire>, UpBody>,
    over: bool,
}

/// What became of a request that got no answer.
#[derive(Debug)]
pub(super) enum Unanswered {
    /// Not one byte of it was written.
    Unsent(Box<Request<UpBody>>),
    /// Something was written; the connection ended before one byte of an answer.
    Silent(Failure),
    /// It may have been, or was, acted on, or it is not the app's fault.
    Failed(Failure),
}

/// The socket of a connection that has switched protocols.
#[derive(Debug)]
pub(super) struct Switched {
    pub(super) line: Line,
    /// Bytes of the new protocol that came with the head.
    pub(super) read: Bytes,
    pub(super) permit: OwnedSemaphorePermit,
}

impl Link {
    /// Speaks HTTP on a new socket.
    ///
    /// # Errors
    /// [`Failure::Internal`]: hyper's handshake does no input or output.
    pub(super) async fn open(
        line: Line,
        permit: OwnedSemaphorePermit,
        deadline: Deadline,
    ) -> Result<Box<Self>, Failure> {
        let line = Rc::new(line);
        let wire = TokioIo::new(Wire::new(Rc::clone(&line)));
        let (sender, conn) =
            Builder::new().max_buf_size(BUFFER).handshake(wire).await.map_err(|_| Failure::Internal)?;
        let idle_since = clock::mono();
        let conn = Conn { running: conn, over: false };
        Ok(Box::new(Self { sender, conn, line, deadline, idle_since, use_count: 0, reusable: true, permit }))
    }

    /// Keeps the head of the request sent next, in case it must be sent again.
    pub(super) fn keep_head(&self, keep: Keep) {
        self.line.keep_head(keep);
    }

    /// The request sent last, if its head was kept.
    pub(super) fn sent_head(&self) -> Option<Request<()>> {
        self.line.written()
    }

    /// Sends `request` and waits for the head of the answer.
    ///
    /// # Errors
    /// [`Unanswered`], which says whether it may be sent again.
    pub(super) async fn ask(
        &mut self,
        request: Request<UpBody>,
        upload: &Upload,
        target: &Target,
        now: Mono,
    ) -> Result<Response<WireBody>, Unanswered> {
        let mark = self.line.received();
        self.deadline.arm(now.plus(target.answer_timeout()));
        self.use_count = self.use_count.saturating_add(1);
        upload.begin();
        let mut answer = pin!(self.sender.try_send_request(request));
        let (conn, deadline) = (&mut self.conn, &self.deadline);
        let outcome = poll_fn(|cx| {
            let over = conn.poll(cx).is_ready();
            // Only the connection just polled can have made the answer, so nobody needs waking for it.
            match answer.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(answer) => Poll::Ready(Ok(answer)),
                Poll::Pending if over => Poll::Ready(Err(Failure::UpstreamReset)),
                Poll::Pending => poll_silence(deadline, upload, target, cx).map(Err),
            }
        })
        .await;
        self.deadline.disarm();
        match outcome {
            Ok(Ok(response)) => {
                self.reusable &= response.version() == Version::HTTP_11;
                Ok(response)
            }
            Ok(Err(mut refused)) => Err(match refused.take_message() {
                Some(request) => Unanswered::Unsent(Box::new(request)),
                None => self.blame(&refused.into_error(), upload, mark),
            }),
            Err(failure) => Err(Unanswered::Failed(failure)),
        }
    }

    /// What an error of hyper means.
    fn blame(&self, error: &hyper::Error, upload: &Upload, mark: u64) -> Unanswered {
        if let Some(failure) = upload.failure() {
            return Unanswered::Failed(failure);
        }
        if error.is_parse() {
            return Unanswered::Failed(Failure::UpstreamProtocol);
        }
        match self.line.received() == mark {
            true => Unanswered::Silent(Failure::UpstreamReset),
            false => Unanswered::Failed(Failure::UpstreamReset),
        }
    }

    /// Never to be used again after this request.
    pub(super) fn retire(&mut self) {
        self.reusable = false;
    }

    /// Whether the connection is idle and may carry another request: both messages are over, every byte of ours is
    /// written, nothing came that nobody asked for.
    pub(super) fn is_clean(&mut self) -> bool {
        let flushes = self.line.flushes();
        let pending = self.conn.poll(&mut Context::from_waker(Waker::noop())).is_pending();
        // hyper flushes the socket in every poll, but only when its own buffer is empty.
        let written = self.line.flushes() != flushes && !self.line.is_broken();
        pending && written && self.reusable && self.sender.is_ready()
    }

    /// Whether an idle connection is still usable, asked right before use. hyper looks once more when it sends, but knows
    /// of the socket only what the runtime does, which may be as old as its last turn of the event loop.
    pub(super) fn is_usable(&self, care: Care) -> bool {
        match care {
            Care::Trust => !self.conn.over,
            Care::Look => !self.conn.over && self.line.is_quiet(),
        }
    }

    /// Takes the socket out of a connection whose answer was 101.
    ///
    /// # Errors
    /// [`Failure::UpstreamProtocol`] when hyper has not ended its part.
    pub(super) fn switch(self) -> Result<Switched, Failure> {
        let Self { sender: _, conn, line, deadline: _, permit, .. } = self;
        if !conn.over {
            return Err(Failure::UpstreamProtocol);
        }
        let Parts { io, read_buf, .. } = conn.running.into_parts();
        drop(io);
        let line = Rc::try_unwrap(line).map_err(|_| Failure::Internal)?;
        Ok(Switched { line, read: read_buf, permit })
    }

    /// The permit of a connection that is given up, for another one.
    pub(super) fn into_permit(self: Box<Self>) -> OwnedSemaphorePermit {
        self.permit
    }
}

/// How closely an idle connection is looked at before it is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Care {
    /// What the runtime knows is enough: the request can be repeated.
    Trust,
    /// One more system call.
    Look,
}

impl Conn {
    /// Moves both messages on; ready once the connection is over. Whether that was clean shows in the answer's body.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        // Not hyper's `poll`: that would shut the socket down at the end, which a switched protocol still needs.
        if !self.over && self.running.poll_without_shutdown(cx).is_ready() {
            self.over = true;
        }
        if self.over { Poll::Ready(()) } else { Poll::Pending }
    }
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
