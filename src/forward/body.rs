//! The caller's body: collected whole and bounded ([`collect`]), or streamed under a meter ([`Metered`]).
//!
//! Decides only about size, pace and completeness. What the bytes mean is judged elsewhere. Called by `exchange`
//! (collect) and by the upload to the app (metered).

mod metered;
mod pace;
#[cfg(test)]
pub(crate) mod script;

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Version};
use http_body::{Body, Frame};

use crate::base::clock;
use crate::base::failure::Failure;
use crate::base::watchdog::Deadline;
use crate::forward::budget::Lease;

pub use metered::Metered;
use pace::Pace;

/// How slow a body may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaceRules {
    /// Longest wait for the next piece.
    pub idle: Duration,
    /// Fewest bytes per second of waiting; 0: no bound.
    pub rate: u64,
    /// Waiting time before `rate` applies.
    pub grace: Duration,
}

/// The bounds of one body that is collected whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CollectRules {
    /// Most bytes.
    pub max: u64,
    /// How slow it may be.
    pub pace: PaceRules,
    /// Longest time from the first wait to the end.
    pub whole: Duration,
    /// How its end is known.
    pub ending: Ending,
}

/// How the end of a body is told from its breaking off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// HTTP/1: the decoder errs when the framing is cut short.
    Framed,
    /// HTTP/2: the stream must have carried END_STREAM.
    ///
    /// Security: hyper ends a body cleanly when the caller resets the stream with NO_ERROR; without this check a
    /// body cut short would reach the app as a complete one.
    Flagged,
}

/// A whole body.
#[derive(Debug)]
pub struct Collected {
    /// Exactly as received.
    pub bytes: Bytes,
    /// Trailer fields as received, not filtered yet.
    pub trailers: Option<HeaderMap>,
    /// What the bytes cost; kept until they have gone to the app.
    pub lease: Lease,
}

/// A failure of the body, as the error type a body needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken(
    /// What went wrong.
    pub Failure,
);

impl Ending {
    /// How bodies of requests of this version end.
    pub fn of(version: Version) -> Self {
        if version == Version::HTTP_2 { Self::Flagged } else { Self::Framed }
    }

    /// Whether a body that has no more frames really is at its end.
    fn is_reached<B: Body>(self, body: &B) -> bool {
        match self {
            Self::Framed => true,
            Self::Flagged => body.is_end_stream(),
        }
    }
}

/// Collects a body whole, handing each piece to `on_chunk` as it arrives (to hash it).
///
/// Pieces are copied into one growing buffer: a piece kept as received would pin the whole block it was read into.
/// The buffer grows to twice what has been received, never past the declared length, so a declared length alone
/// costs nothing. `deadline` is armed only while waiting.
///
/// # Errors
/// [`Failure::ClientBodyTooLarge`] as soon as more than `rules.max` bytes are declared or received,
/// [`Failure::ClientBodyTimeout`] when it is too slow, [`Failure::ClientBody`] when it breaks off, and
/// [`Failure::BufferFull`] when there is no room for it.
pub async fn collect<B, F>(
    mut body: B,
    rules: &CollectRules,
    lease: Lease,
    deadline: &Deadline,
    on_chunk: F,
) -> Result<Collected, Failure>
where
    B: Body<Data = Bytes> + Unpin,
    F: FnMut(&[u8]),
{
    if body.size_hint().lower() > rules.max {
        return Err(Failure::ClientBodyTooLarge);
    }
    let mut buffer = Buffer { bytes: Vec::new(), trailers: None, lease, on_chunk };
    let mut wait = Wait { pace: Pace::default(), since: None, deadline };
    loop {
        let next = poll_fn(|cx| {
            if let Poll::Ready(frame) = Pin::new(&mut body).poll_frame(cx) {
                return Poll::Ready(Ok(frame));
            }
            if buffer.lease.poll_evicted(cx).is_ready() {
                return Poll::Ready(Err(Failure::BufferFull));
            }
            wait.start(rules);
            deadline.poll_past(cx).map(|()| Err(Failure::ClientBodyTimeout))
        })
        .await;
        wait.end();
        match next? {
            Some(Ok(frame)) => {
                let received = buffer.take(frame, rules.max, body.size_hint().upper())?;
                wait.pace.got(received);
            }
            Some(Err(_)) => return Err(Failure::ClientBody),
            None if rules.ending.is_reached(&body) => break,
            None => return Err(Failure::ClientBody),
        }
    }
    buffer.lease.settle()?;
    Ok(Collected { bytes: buffer.bytes.into(), trailers: buffer.trailers, lease: buffer.lease })
}

/// What has been collected so far.
struct Buffer<F> {
    bytes: Vec<u8>,
    trailers: Option<HeaderMap>,
    lease: Lease,
    on_chunk: F,
}

impl<F: FnMut(&[u8])> Buffer<F> {
    /// Takes one frame in; `rest` is how many bytes are still declared. Returns the bytes it brought.
    fn take(&mut self, frame: Frame<Bytes>, max: u64, rest: Option<u64>) -> Result<u64, Failure> {
        let chunk = match frame.into_data() {
            Ok(chunk) => chunk,
            Err(other) => {
                self.trailers = other.into_trailers().ok();
                return Ok(0);
            }
        };
        let needed = self.bytes.len().saturating_add(chunk.len());
        if u64::try_from(needed).map_or(true, |needed| needed > max) {
            return Err(Failure::ClientBodyTooLarge);
        }
        if needed > self.bytes.capacity() {
            let room = capacity(needed, rest, max);
            self.lease.grow(room as u64)?;
            self.bytes.reserve_exact(room.saturating_sub(self.bytes.len()));
        }
        (self.on_chunk)(&chunk);
        self.bytes.extend_from_slice(&chunk);
        Ok(chunk.len() as u64)
    }
}

/// Twice what is needed, but no more than is still declared or allowed.
fn capacity(needed: usize, rest: Option<u64>, max: u64) -> usize {
    let bound = rest.map_or(max, |rest| rest.saturating_add(needed as u64).min(max));
    let bound = usize::try_from(bound).unwrap_or(usize::MAX);
    needed.saturating_mul(2).min(bound).max(needed)
}

/// The clock of one collect: reads the time only when it has to wait.
struct Wait<'a> {
    pace: Pace,
    since: Option<clock::Mono>,
    deadline: &'a Deadline,
}

impl Wait<'_> {
    fn start(&mut self, rules: &CollectRules) {
        if self.pace.is_waiting() {
            return;
        }
        let now = clock::mono();
        let end = self.since.get_or_insert(now).plus(rules.whole);
        self.deadline.arm(self.pace.wait(&rules.pace, now).min(end));
    }

    fn end(&mut self) {
        if self.pace.is_waiting() {
            self.pace.resume(clock::mono());
            self.deadline.disarm();
        }
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        self.deadline.disarm();
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.reason())
    }
}

impl std::error::Error for Broken {}

#[cfg(test)]
mod tests;
