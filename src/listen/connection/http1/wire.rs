//! The reading side of one HTTP/1 connection: one head after the other, and the body of each for those who ask for it.
//!
//! Reads through the tap, which hands on one whole message and nothing behind it. Whoever serves the request pulls its
//! body from here; nobody reads ahead of them.

use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use http_body::Frame;
use tokio::io::AsyncWrite;

use crate::base::failure::Failure;
use crate::base::inbox::Inbox;
use crate::forward::Source;
use crate::forward::body::Broken;
use crate::forward::decoder::{Decoded, Decoder};
use crate::listen::door::Door;
use crate::listen::socket::Socket;
use crate::listen::tap::ConnIo;

use super::head::{self, Head};

/// What asks the caller for the body it announced (RFC 9110 §10.1.1).
const GO_AHEAD: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// A connection, shared by its driver and the body of the request being served.
pub(super) struct Wire<W, S> {
    door: Rc<Door<W>>,
    io: RefCell<ConnIo<S>>,
    reading: RefCell<Reading>,
}

struct Reading {
    /// What was read of this message and not taken yet.
    inbox: Inbox,
    body: Decoder,
    /// What must be written before the body is waited for.
    go_ahead: &'static [u8],
    /// The number of the request being served.
    turn: u64,
    /// How many fields its head had; the next one's will be alike.
    fields: usize,
    /// The body broke off; nothing more is read.
    broken: bool,
}

/// What came where a head was due.
pub(super) enum Came {
    /// One.
    Head(Head),
    /// The end of the connection.
    End,
    /// Bytes the tap judged otherwise.
    Unread,
}

impl<W, S: Socket> Wire<W, S> {
    pub(super) fn new(door: Rc<Door<W>>, io: ConnIo<S>) -> Rc<Self> {
        let reading = Reading {
            inbox: Inbox::default(),
            body: Decoder::Done,
            go_ahead: &[],
            turn: 0,
            fields: head::EXPECTED,
            broken: false,
        };
        Rc::new(Self { door, io: RefCell::new(io), reading: RefCell::new(reading) })
    }

    /// Waits for the next head. What is left of the message before is forgotten: the tap has judged where it ends.
    ///
    /// # Errors
    /// The socket's own, and a body that broke its framing.
    pub(super) fn poll_head(&self, cx: &mut Context<'_>) -> Poll<io::Result<Came>> {
        let reading = &mut *self.reading.borrow_mut();
        loop {
            if !reading.inbox.is_empty() {
                match head::read(reading.inbox.bytes(), reading.fields) {
                    Ok(Some((mut head, length))) => {
                        reading.inbox.bytes_mut().advance(length);
                        reading.body = std::mem::replace(&mut head.body, Decoder::Done);
                        reading.go_ahead = if head.wishes.go_ahead { GO_AHEAD } else { &[] };
                        reading.turn = reading.turn.wrapping_add(1);
                        reading.fields = head.parts.headers.len();
                        return Poll::Ready(Ok(Came::Head(head)));
                    }
                    Ok(None) => {}
                    Err(head::Unread) => return Poll::Ready(Ok(Came::Unread)),
                }
            }
            if !ready!(self.poll_more(reading, 0, cx))? {
                return Poll::Ready(Ok(Came::End));
            }
        }
    }

    /// The number of the request being served.
    pub(super) fn turn(&self) -> u64 {
        self.reading.borrow().turn
    }

    /// Whether the request being served has no body, or all of it was taken.
    pub(super) fn is_read(&self) -> bool {
        self.reading.borrow().body.is_done()
    }

    /// Makes ready for the response. Takes in what has come of a body that nobody asked for, once: only a message that
    /// is here whole leaves the connection usable. A caller that waits for a word before it sends has sent nothing, and
    /// gets no such word any more: it would stand in the middle of the response.
    ///
    /// # Errors
    /// The socket's own.
    pub(super) fn poll_answered(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let reading = &mut *self.reading.borrow_mut();
        self.look_ahead(reading, cx);
        if reading.go_ahead.len() == GO_AHEAD.len() {
            reading.go_ahead = &[];
        }
        self.poll_go_ahead(reading, cx)
    }

    fn look_ahead(&self, reading: &mut Reading, cx: &mut Context<'_>) {
        let is_due = !reading.body.is_done() && !reading.broken && reading.inbox.is_empty();
        if is_due && reading.go_ahead.is_empty() && !self.io.borrow().is_whole() {
            let wanted = reading.body.wanted();
            // How the stream ended, if it did, shows to whoever asks for more.
            let _ = self.poll_more(reading, wanted, cx);
        }
    }

    /// Ends the turn of the request that was served: its body is asked for by nobody any more.
    pub(super) fn end_turn(&self) {
        let reading = &mut *self.reading.borrow_mut();
        reading.inbox.clear();
        reading.body = Decoder::Done;
        reading.go_ahead = &[];
        reading.turn = reading.turn.wrapping_add(1);
    }

    /// Lends the stream for a write.
    pub(super) fn with_io<R>(&self, work: impl FnOnce(&mut ConnIo<S>) -> R) -> R {
        work(&mut self.io.borrow_mut())
    }

    /// The stream, and whether nothing that was read is left. `None` while somebody still holds the wire.
    pub(super) fn into_io(self: Rc<Self>) -> Option<(ConnIo<S>, bool)> {
        let wire = Rc::into_inner(self)?;
        Some((wire.io.into_inner(), wire.reading.into_inner().inbox.is_empty()))
    }

    /// Reads what is there into the inbox; `false` at the end of the stream.
    fn poll_more(&self, reading: &mut Reading, wanted: u64, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        reading.inbox.poll_more(&mut *self.io.borrow_mut(), &self.door.room, wanted, cx)
    }

    fn poll_go_ahead(&self, reading: &mut Reading, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let io = &mut *self.io.borrow_mut();
        while !reading.go_ahead.is_empty() {
            let written = ready!(Pin::new(&mut *io).poll_write(cx, reading.go_ahead))?;
            reading.go_ahead = reading.go_ahead.get(written.max(1)..).unwrap_or_default();
            if reading.go_ahead.is_empty() {
                ready!(Pin::new(&mut *io).poll_flush(cx))?;
            }
        }
        Poll::Ready(Ok(()))
    }

    fn poll_body(
        &self,
        reading: &mut Reading,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        loop {
            match reading.body.decode(reading.inbox.bytes_mut()) {
                Decoded::Data(piece) => return Poll::Ready(Some(Ok(Frame::data(piece)))),
                Decoded::Trailers(trailers) => return Poll::Ready(Some(Ok(Frame::trailers(trailers)))),
                Decoded::End => return Poll::Ready(None),
                Decoded::Broken => return Poll::Ready(Some(Err(io::ErrorKind::InvalidData.into()))),
                Decoded::More => {}
            }
            // Security: the tap has seen the message whole; what it would give now is another.
            if self.io.borrow().is_whole() {
                return Poll::Ready(Some(Err(io::ErrorKind::InvalidData.into())));
            }
            ready!(self.poll_go_ahead(reading, cx))?;
            if !ready!(self.poll_more(reading, reading.body.wanted(), cx))? {
                return Poll::Ready(Some(Err(io::ErrorKind::UnexpectedEof.into())));
            }
        }
    }
}

impl<W, S: Socket> Source for Wire<W, S> {
    fn poll_frame(&self, turn: u64, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        let reading = &mut *self.reading.borrow_mut();
        if turn != reading.turn || reading.broken {
            return Poll::Ready(Some(Err(Broken(Failure::ClientBody))));
        }
        let next = ready!(self.poll_body(reading, cx));
        reading.broken = matches!(next, Some(Err(_)));
        Poll::Ready(next.map(|frame| frame.map_err(|_| Broken(Failure::ClientBody))))
    }

    fn is_end_stream(&self, turn: u64) -> bool {
        let reading = self.reading.borrow();
        turn == reading.turn && !reading.broken && reading.body.is_done()
    }

    fn left(&self, turn: u64) -> Option<u64> {
        let reading = self.reading.borrow();
        if turn == reading.turn { reading.body.left() } else { None }
    }
}
