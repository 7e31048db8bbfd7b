//! The reading half of the tap: what the engine gets when it asks for bytes.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};

use crate::base::chunked::Followed;
use crate::check::deny::Reason;
use crate::listen::frames::{Flood, FrameMeter};
use crate::listen::head::{Scan, Scanner};
use crate::listen::sniff::{Sniffed, sniff};
use crate::listen::socket::Socket;
use crate::listen::trailers::{TrailerScanner, Trailers};

use super::clock::Begun;
use super::{ConnIo, Phase, SMALL_HEAD, Standing, Then};

/// How a connection begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum First {
    /// With a whole HTTP/1 head, or one that is refused.
    Http1,
    /// With the HTTP/2 preface.
    Http2,
    /// It ended, or nothing came in time.
    Nothing,
}

impl<S: Socket> ConnIo<S> {
    /// Waits for the first whole head or the HTTP/2 preface, before any engine and its buffers exist: a caller that
    /// never finishes its head costs a few hundred bytes. `scratch` is shared by all connections of the worker.
    ///
    /// # Errors
    /// The socket's.
    pub fn poll_first(&mut self, cx: &mut Context<'_>, scratch: &mut [u8]) -> Poll<io::Result<First>> {
        loop {
            match sniff(self.stash.bytes()) {
                Sniffed::Unsure => {}
                Sniffed::Http2 => {
                    self.heading.stop();
                    self.phase = Phase::Frames(FrameMeter::new(self.credit.clone(), self.heads.clone()));
                    return Poll::Ready(Ok(First::Http2));
                }
                Sniffed::Http1 => {
                    self.scan_stash();
                    if !matches!(self.phase, Phase::Head) {
                        return Poll::Ready(Ok(First::Http1));
                    }
                }
            }
            let mut buf = ReadBuf::new(scratch);
            ready!(self.poll_more(cx, &mut buf))?;
            match self.phase {
                Phase::Head => self.stash.push(buf.filled()),
                Phase::Given(..) => return Poll::Ready(Ok(First::Http1)),
                Phase::Length(_)
                | Phase::Chunked(_)
                | Phase::Trailers(_)
                | Phase::Frames(_)
                | Phase::Raw
                | Phase::Broken
                | Phase::Ended => return Poll::Ready(Ok(First::Nothing)),
            }
        }
    }

    /// Judges what the stash holds as a head; leaves the phase when there is a verdict.
    fn scan_stash(&mut self) {
        match self.scanner.scan(self.stash.bytes(), &self.bounds.head) {
            Scan::Partial if self.has_room(self.stash.bytes().len()) => {}
            Scan::Whole(head) if self.has_room(head.len) => self.accept_stashed(head),
            Scan::Partial | Scan::Whole(_) => self.refuse(Reason::HeadTooLarge),
            Scan::Refused(reason) => self.refuse(reason),
        }
    }

    fn poll_head(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.scanner.is_new() {
            // The engine asks for another head: the exchange of the one before is over.
            self.held = None;
        }
        if !self.stash.is_empty() {
            self.scan_stash();
        }
        while matches!(self.phase, Phase::Head) {
            let before = buf.filled().len();
            ready!(self.poll_more(cx, buf))?;
            let fresh = buf.filled().get(before..).unwrap_or_default();
            if fresh.is_empty() {
                return Poll::Ready(Ok(()));
            }
            if self.stash.is_empty()
                && let Some(taken) = self.judge_in_place(fresh)
            {
                buf.set_filled(before + taken);
                return Poll::Ready(Ok(()));
            }
            self.stash.push(fresh);
            buf.set_filled(before);
            self.scan_stash();
        }
        Poll::Ready(Ok(()))
    }

    /// The common case: a whole head in one read stays where the engine wants it, and is not copied. How many bytes
    /// stay; `None`: the head takes the way through the stash.
    fn judge_in_place(&mut self, fresh: &[u8]) -> Option<usize> {
        let mut scanner = Scanner::default();
        let Scan::Whole(head) = scanner.scan(fresh, &self.bounds.head) else { return None };
        if head.cut.is_some() || head.lower.is_some() || head.len > SMALL_HEAD {
            return None;
        }
        self.accepted();
        self.enter(Then::Body(head.framing, head.switch));
        let after = fresh.get(head.len..).unwrap_or_default();
        let taken = head.len + self.follow(after);
        self.stash.push(fresh.get(taken..).unwrap_or_default());
        Some(taken)
    }

    /// How many of `bytes`, which continue the message, belong to it and may be handed on; notices its end.
    fn follow(&mut self, bytes: &[u8]) -> usize {
        let taken = match &mut self.phase {
            Phase::Length(left) => {
                let taken = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                *left -= taken as u64;
                if *left == 0 {
                    self.phase = Phase::Head;
                }
                taken
            }
            Phase::Chunked(follower) => match follower.follow(bytes) {
                Followed::All => bytes.len(),
                Followed::Trailers(at) => {
                    self.phase = Phase::Trailers(TrailerScanner::default());
                    at + self.follow(bytes.get(at..).unwrap_or_default())
                }
                Followed::Broken => {
                    self.phase = Phase::Broken;
                    0
                }
            },
            Phase::Trailers(scanner) => match scanner.scan(bytes) {
                Trailers::Partial => 0,
                Trailers::Whole(len) => {
                    self.phase = Phase::Head;
                    len
                }
                Trailers::Broken => {
                    self.phase = Phase::Broken;
                    0
                }
            },
            Phase::Head | Phase::Given(..) | Phase::Frames(_) | Phase::Raw | Phase::Broken | Phase::Ended => {
                return 0;
            }
        };
        self.stand();
        taken
    }

    fn poll_body(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if !self.stash.is_empty() && !matches!(self.phase, Phase::Trailers(_)) {
            self.body_from_stash(buf);
            return Poll::Ready(Ok(()));
        }
        let before = buf.filled().len();
        if !self.trailers_from_stash() {
            ready!(self.poll_socket(cx, buf))?;
            let fresh = buf.filled().get(before..).unwrap_or_default();
            if fresh.is_empty() {
                self.phase = Phase::Ended;
                self.stand();
                return Poll::Ready(Ok(()));
            }
            if self.stash.is_empty() {
                let taken = self.follow(fresh);
                self.stash.push(fresh.get(taken..).unwrap_or_default());
                buf.set_filled(before + taken);
            } else {
                self.stash.push(fresh);
                buf.set_filled(before);
                self.trailers_from_stash();
            }
        }
        Poll::Ready(Ok(()))
    }

    fn body_from_stash(&mut self, buf: &mut ReadBuf<'_>) {
        let stash = std::mem::take(&mut self.stash);
        let room = buf.remaining().min(stash.bytes().len());
        let bytes = stash.bytes().get(..room).unwrap_or_default();
        let taken = self.follow(bytes);
        buf.put_slice(bytes.get(..taken).unwrap_or_default());
        self.stash = stash;
        self.stash.consume(taken);
    }

    /// Judges a trailer section waiting in the stash; whether there is a verdict.
    fn trailers_from_stash(&mut self) -> bool {
        let Phase::Trailers(scanner) = &mut self.phase else { return false };
        self.phase = match scanner.scan(self.stash.bytes()) {
            Trailers::Partial => return false,
            Trailers::Whole(len) => Phase::Given(len, Then::NextHead),
            Trailers::Broken => Phase::Broken,
        };
        self.stand();
        true
    }

    fn give(&mut self, left: usize, then: Then, buf: &mut ReadBuf<'_>) {
        let count = left.min(buf.remaining());
        buf.put_slice(self.stash.bytes().get(..count).unwrap_or_default());
        self.stash.consume(count);
        if count == left {
            self.enter(then);
        } else {
            self.phase = Phase::Given(left - count, then);
        }
    }

    fn poll_frames(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        match self.poll_raw(cx, buf) {
            Poll::Pending => {
                self.heads.taken();
                return Poll::Pending;
            }
            Poll::Ready(Ok(())) if buf.filled().len() > before => self.heads.handed(),
            end @ Poll::Ready(_) => {
                self.heads.ended();
                return end;
            }
        }
        let Phase::Frames(meter) = &mut self.phase else { return Poll::Ready(Ok(())) };
        if meter.follow(buf.filled().get(before..).unwrap_or_default()) == Err(Flood) {
            self.slots.count_flood();
            self.phase = Phase::Broken;
            return Poll::Ready(Err(io::ErrorKind::InvalidData.into()));
        }
        Poll::Ready(Ok(()))
    }

    fn poll_raw(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.stash.is_empty() {
            return Pin::new(&mut self.inner).poll_read(cx, buf);
        }
        let count = self.stash.bytes().len().min(buf.remaining());
        buf.put_slice(self.stash.bytes().get(..count).unwrap_or_default());
        self.stash.consume(count);
        Poll::Ready(Ok(()))
    }

    /// Reads more of a head under its deadline. Nothing read and still in a head never happens.
    fn poll_more(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let begun = if Scanner::has_begun(self.stash.bytes()) { Begun::Yes } else { Begun::No };
        match (self.poll_socket(cx, buf), begun) {
            (Poll::Ready(Ok(())), Begun::Yes) if buf.filled().len() == before => {
                self.refuse(Reason::HeadMalformed);
            }
            (Poll::Ready(Ok(())), Begun::No) if buf.filled().len() == before => self.end(),
            (Poll::Ready(read), _) => return Poll::Ready(read),
            (Poll::Pending, _) => {
                let late = self.heading.poll_late(begun, cx).is_ready();
                match begun {
                    Begun::Yes if late => self.refuse(Reason::HeadTimeout),
                    Begun::Yes => {
                        self.view.standing.set(Standing::Heading);
                        return Poll::Pending;
                    }
                    // Bytes the kernel has, but has not told of yet, are a request to be served.
                    Begun::No if (late || self.view.leaving.get()) && !self.inner.has_bytes() => {
                        self.end();
                        self.ended_quiet = true;
                    }
                    Begun::No => {
                        self.view.standing.set(Standing::Idle);
                        return Poll::Pending;
                    }
                }
            }
        }
        Poll::Ready(Ok(()))
    }

    fn poll_socket(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.inner).poll_read(cx, buf);
        if matches!(read, Poll::Ready(Err(_))) {
            self.end();
        }
        read
    }

    fn end(&mut self) {
        self.heading.stop();
        self.phase = Phase::Ended;
        self.stand();
    }
}

impl<S: Socket> AsyncRead for ConnIo<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let me = self.get_mut();
        let before = buf.filled().len();
        if buf.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        loop {
            match me.phase {
                Phase::Frames(_) => return me.poll_frames(cx, buf),
                Phase::Ended => return Poll::Ready(Ok(())),
                Phase::Broken => return Poll::Ready(Err(io::ErrorKind::InvalidData.into())),
                Phase::Raw => return me.poll_raw(cx, buf),
                Phase::Given(left, then) => me.give(left, then, buf),
                Phase::Head => ready!(me.poll_head(cx, buf))?,
                Phase::Length(_) | Phase::Chunked(_) | Phase::Trailers(_) => ready!(me.poll_body(cx, buf))?,
            }
            if buf.filled().len() > before {
                return Poll::Ready(Ok(()));
            }
        }
    }
}
