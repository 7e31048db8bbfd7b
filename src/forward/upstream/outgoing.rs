//! A request as bytes for the app: its head, then its body under the framing the head declares.
//!
//! Security: the framing was fixed when the head was judged. A body that ends before its declared length, or goes on
//! behind it, never becomes a message: the connection ends instead. Holds at most one piece of the body. Called by
//! [`Link`](super::Link).

use std::fmt;
use std::io::{self, IoSlice, Write};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use http::request::Parts;
use http::{HeaderMap, Method, Uri};
use http_body::Body;
use tokio::io::AsyncWrite;

use crate::base::failure::Failure;
use crate::forward::request::Framing;
use crate::forward::upload::UpBody;

use super::Socket;

/// Most bytes of room that are kept for the next request.
const KEPT: usize = 4 * 1024;

/// A request on its way into a socket.
pub(in crate::forward) struct Outgoing {
    head: Part,
    /// What stands before the piece: the size of a chunk, or the end of the body with its trailers.
    before: Part,
    piece: Bytes,
    /// What stands behind the piece.
    after: &'static [u8],
    framing: Framing,
    /// Bytes still to come, where a length is declared.
    left: u64,
    /// `None` once all of it has been taken.
    body: Option<UpBody>,
    /// Whether a byte of it has gone.
    begun: bool,
}

/// Text of which a beginning has been written.
#[derive(Default)]
struct Part {
    text: Vec<u8>,
    sent: usize,
}

impl Part {
    fn rest(&self) -> &[u8] {
        self.text.get(self.sent..).unwrap_or_default()
    }

    fn clear(&mut self) {
        self.text.clear();
        self.sent = 0;
    }

    fn shrink(&mut self) {
        if self.text.capacity() > KEPT {
            *self = Self::default();
        }
    }
}

impl Outgoing {
    /// The request `parts` with `body`, which `framing` describes; written into `room`.
    pub(in crate::forward) fn new(parts: &Parts, framing: Framing, body: UpBody, mut room: Vec<u8>) -> Self {
        room.clear();
        write_head(&mut room, &parts.method, &parts.uri, &parts.headers);
        let left = declared(framing);
        let body = (framing != Framing::None).then_some(body);
        Self { head: Part { text: room, sent: 0 }, framing, left, body, ..Self::idle() }
    }

    /// No request.
    pub(super) fn idle() -> Self {
        Self {
            head: Part::default(),
            before: Part::default(),
            piece: Bytes::new(),
            after: &[],
            framing: Framing::None,
            left: 0,
            body: None,
            begun: false,
        }
    }

    /// The same request from its beginning, with the same body.
    pub(in crate::forward) fn again(mut self, body: UpBody) -> Self {
        self.head.sent = 0;
        let body = (self.framing != Framing::None).then_some(body);
        Self { head: self.head, framing: self.framing, left: declared(self.framing), body, ..Self::idle() }
    }

    /// Whether a byte of it has been written.
    pub(super) fn has_begun(&self) -> bool {
        self.begun
    }

    /// Whether all of it has been written.
    pub(super) fn is_done(&self) -> bool {
        self.body.is_none() && self.is_flushed()
    }

    /// Gives up what has been taken from the body and not been written: the app reads no more.
    pub(super) fn discard(&mut self) {
        self.head.sent = self.head.text.len();
        self.before.clear();
        self.piece = Bytes::new();
        self.after = &[];
    }

    /// Gives large room back, once all of it has been written.
    pub(super) fn shrink(&mut self) {
        self.head.shrink();
        self.before.shrink();
    }

    /// The room of its head, for the next one.
    pub(super) fn take_room(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.head).text
    }

    /// Bytes of room it holds.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.head.text.capacity() + self.before.text.capacity() + self.piece.len()
    }

    /// Writes what has been taken from the body, and the head before it.
    ///
    /// # Errors
    /// The socket's own.
    pub(super) fn poll_flush(&mut self, socket: &mut Socket, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.is_flushed() {
            let parts = [self.head.rest(), self.before.rest(), &self.piece, self.after];
            let written = match parts {
                [only, [], [], []] | [[], [], only, []] => Pin::new(&mut *socket).poll_write(cx, only),
                _ => Pin::new(&mut *socket).poll_write_vectored(cx, &parts.map(IoSlice::new)),
            };
            match ready!(written)? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => self.advance(written),
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Takes the next piece from the body once the one before has gone; `false` when there is none any more.
    ///
    /// # Errors
    /// Why the body broke off, or [`Failure::Internal`] when it is not what the head declares.
    pub(super) fn poll_refill(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool, Failure>> {
        if !self.is_piece_flushed() {
            return Poll::Ready(Ok(true));
        }
        while let Some(body) = &mut self.body {
            let next = ready!(Pin::new(&mut *body).poll_frame(cx));
            let over = body.is_end_stream();
            match next {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) if data.is_empty() => {}
                    Ok(data) => {
                        self.take(data, over)?;
                        return Poll::Ready(Ok(true));
                    }
                    Err(other) => self.end(other.into_trailers().ok().as_ref())?,
                },
                Some(Err(broken)) => return Poll::Ready(Err(broken.0)),
                None => self.end(None)?,
            }
        }
        Poll::Ready(Ok(!self.is_flushed()))
    }

    fn take(&mut self, data: Bytes, over: bool) -> Result<(), Failure> {
        match self.framing {
            Framing::None => return Err(Failure::Internal),
            Framing::Length(_) => {
                self.left = self.left.checked_sub(data.len() as u64).ok_or(Failure::Internal)?;
                if self.left == 0 {
                    self.body = None;
                }
            }
            Framing::Chunked => {
                self.before.clear();
                let _ = write!(self.before.text, "{:x}\r\n", data.len());
                self.after = b"\r\n";
                if over {
                    self.after = b"\r\n0\r\n\r\n";
                    self.body = None;
                }
            }
        }
        self.piece = data;
        Ok(())
    }

    /// The body is over. Trailers go only where there is a place for them.
    fn end(&mut self, trailers: Option<&HeaderMap>) -> Result<(), Failure> {
        self.body = None;
        if self.framing == Framing::Chunked {
            self.before.clear();
            self.before.text.extend_from_slice(b"0\r\n");
            write_fields(&mut self.before.text, trailers.unwrap_or(&HeaderMap::new()));
        }
        if self.left == 0 { Ok(()) } else { Err(Failure::ClientBody) }
    }

    fn is_flushed(&self) -> bool {
        self.head.rest().is_empty() && self.is_piece_flushed()
    }

    fn is_piece_flushed(&self) -> bool {
        self.before.rest().is_empty() && self.piece.is_empty() && self.after.is_empty()
    }

    fn advance(&mut self, written: usize) {
        self.begun = true;
        let mut left = written;
        for part in [&mut self.head, &mut self.before] {
            let gone = part.rest().len().min(left);
            part.sent += gone;
            left -= gone;
        }
        let gone = self.piece.len().min(left);
        self.piece.advance(gone);
        if self.piece.is_empty() {
            // What was lent for it is given back now.
            self.piece = Bytes::new();
        }
        self.after = self.after.get(left - gone..).unwrap_or_default();
    }
}

fn declared(framing: Framing) -> u64 {
    match framing {
        Framing::Length(length) => length,
        Framing::None | Framing::Chunked => 0,
    }
}

fn write_head(out: &mut Vec<u8>, method: &Method, uri: &Uri, headers: &HeaderMap) {
    out.extend_from_slice(method.as_str().as_bytes());
    out.push(b' ');
    let target = uri.path_and_query().map_or("/", |target| target.as_str());
    if !target.starts_with(['/', '*']) {
        out.push(b'/');
    }
    out.extend_from_slice(target.as_bytes());
    out.extend_from_slice(b" HTTP/1.1\r\n");
    write_fields(out, headers);
}

/// Field lines and the empty line behind them. Neither names nor values can hold a line break: their types forbid it.
fn write_fields(out: &mut Vec<u8>, fields: &HeaderMap) {
    for (name, value) in fields {
        out.extend_from_slice(name.as_str().as_bytes());
        out.extend_from_slice(b": ");
        out.extend_from_slice(value.as_bytes());
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"\r\n");
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outgoing")
            .field("framing", &self.framing)
            .field("body", &self.body)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
