//! A message as bytes: its head, then its body under the framing the head declares.
//!
//! Security: the framing was fixed when the head was made. A body that ends before its declared length, or goes on
//! behind it, never becomes a message: the connection ends instead. Holds at most one piece of the body. Used for
//! requests to the app and for responses to callers.

use std::fmt;
use std::io::{self, IoSlice, Write};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use http::{HeaderMap, Method, Uri};
use http_body::Body;
use tokio::io::AsyncWrite;

/// Most bytes of room that are kept for the next message.
const KEPT: usize = 4 * 1024;

/// A first piece of at most so many bytes is copied behind the head: the kernel takes one part for less than several.
const JOINED: usize = 1024;

/// How the reader of a message is told where its body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// There is none.
    None,
    /// After so many bytes.
    Length(u64),
    /// After the last chunk.
    Chunked,
    /// When the connection closes.
    Close,
}

/// What becomes of trailers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trailers {
    /// They are sent behind the last chunk.
    Sent,
    /// The reader does not take any.
    Dropped,
}

/// Why a body does not make a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsound<E> {
    /// It broke off.
    Body(E),
    /// It goes on behind its declared length.
    TooLong,
    /// It ends before.
    TooShort,
}

/// A message on its way into a socket.
pub struct Outgoing<B> {
    head: Part,
    /// How much of `head` is the head; a first piece may stand behind it.
    head_length: usize,
    /// What stands before the piece: the size of a chunk, or the end of the body with its trailers.
    before: Part,
    piece: Bytes,
    /// What stands behind the piece.
    after: &'static [u8],
    framing: Framing,
    trailers: Trailers,
    /// Bytes still to come, where a length is declared.
    left: u64,
    /// `None` once all of it has been taken.
    body: Option<B>,
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

impl<B: Body<Data = Bytes> + Unpin> Outgoing<B> {
    /// A message of `head`, with its empty line, and `body`, which `framing` describes.
    pub fn new(head: Vec<u8>, framing: Framing, body: B) -> Self {
        let body = (framing != Framing::None).then_some(body);
        let head_length = head.len();
        let head = Part { text: head, sent: 0 };
        Self { head, head_length, framing, left: declared(framing), body, ..Self::idle() }
    }

    /// Leaves trailers out.
    #[must_use]
    pub fn without_trailers(mut self) -> Self {
        self.trailers = Trailers::Dropped;
        self
    }

    /// No message.
    pub fn idle() -> Self {
        Self {
            head: Part::default(),
            head_length: 0,
            before: Part::default(),
            piece: Bytes::new(),
            after: &[],
            framing: Framing::None,
            trailers: Trailers::Sent,
            left: 0,
            body: None,
            begun: false,
        }
    }

    /// The same message from its beginning, with the same body.
    #[must_use]
    pub fn again(mut self, body: B) -> Self {
        // What stands behind the head comes with the body once more.
        self.head.text.truncate(self.head_length);
        Self { trailers: self.trailers, ..Self::new(self.head.text, self.framing, body) }
    }

    /// Whether a byte of it has been written.
    pub fn has_begun(&self) -> bool {
        self.begun
    }

    /// Whether all of it has been written.
    pub fn is_done(&self) -> bool {
        self.body.is_none() && self.is_flushed()
    }

    /// Gives up what has been taken from the body and not been written: nobody reads it any more.
    pub fn discard(&mut self) {
        self.head.sent = self.head.text.len();
        self.before.clear();
        self.piece = Bytes::new();
        self.after = &[];
    }

    /// Gives large room back, once all of it has been written.
    pub fn shrink(&mut self) {
        self.head.shrink();
        self.before.shrink();
    }

    /// The room of its head, for the next one.
    pub fn take_room(&mut self) -> Vec<u8> {
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
    pub fn poll_flush<S: AsyncWrite + Unpin>(
        &mut self,
        socket: &mut S,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
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
    /// Why it does not make a message.
    pub fn poll_refill(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool, Unsound<B::Error>>> {
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
                Some(Err(broken)) => return Poll::Ready(Err(Unsound::Body(broken))),
                None => self.end(None)?,
            }
        }
        Poll::Ready(Ok(!self.is_flushed()))
    }

    fn take(&mut self, data: Bytes, over: bool) -> Result<(), Unsound<B::Error>> {
        match self.framing {
            Framing::None => return Err(Unsound::TooLong),
            Framing::Close => {}
            Framing::Length(_) => {
                self.left = self.left.checked_sub(data.len() as u64).ok_or(Unsound::TooLong)?;
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
        self.join();
        Ok(())
    }

    /// Puts a small first piece behind the head, framing and all.
    fn join(&mut self) {
        if self.head.rest().len() == self.head_length && self.head_length > 0 && self.piece.len() <= JOINED {
            let text = &mut self.head.text;
            for part in [&self.before.text, &self.piece[..], self.after] {
                text.extend_from_slice(part);
            }
            self.before.clear();
            self.piece = Bytes::new();
            self.after = &[];
        }
    }

    /// The body is over. Trailers go only where there is a place for them.
    fn end(&mut self, trailers: Option<&HeaderMap>) -> Result<(), Unsound<B::Error>> {
        self.body = None;
        if self.framing == Framing::Chunked {
            self.before.clear();
            self.before.text.extend_from_slice(b"0\r\n");
            if let (Some(trailers), Trailers::Sent) = (trailers, self.trailers) {
                write_fields(&mut self.before.text, trailers);
            }
            self.before.text.extend_from_slice(b"\r\n");
        }
        if self.left == 0 { Ok(()) } else { Err(Unsound::TooShort) }
    }

    fn is_flushed(&self) -> bool {
        self.head.rest().is_empty() && self.is_piece_flushed()
    }

    fn is_piece_flushed(&self) -> bool {
        let joined = self.head.text.len() > self.head_length;
        self.before.rest().is_empty()
            && self.piece.is_empty()
            && self.after.is_empty()
            && (!joined || self.head.rest().is_empty())
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
        Framing::None | Framing::Chunked | Framing::Close => 0,
    }
}

/// Writes the first line of a request.
pub(super) fn write_request_line(out: &mut Vec<u8>, method: &Method, uri: &Uri) {
    out.extend_from_slice(method.as_str().as_bytes());
    out.push(b' ');
    let target = uri.path_and_query().map_or("/", |target| target.as_str());
    if !target.starts_with(['/', '*']) {
        out.push(b'/');
    }
    out.extend_from_slice(target.as_bytes());
    out.extend_from_slice(b" HTTP/1.1\r\n");
}

/// Field lines. Neither names nor values can hold a line break: their types forbid it.
pub fn write_fields(out: &mut Vec<u8>, fields: &HeaderMap) {
    for (name, value) in fields {
        write_field(out, name.as_str().as_bytes(), value.as_bytes());
    }
}

/// One field line.
fn write_field(out: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    out.reserve(name.len().saturating_add(value.len()).saturating_add(4));
    out.extend_from_slice(name);
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}

/// One field line; `label` is the name with the `: ` behind it.
pub(super) fn write_labelled(out: &mut Vec<u8>, label: &str, value: &[u8]) {
    out.reserve(label.len().saturating_add(value.len()).saturating_add(2));
    out.extend_from_slice(label.as_bytes());
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}

impl<B> fmt::Debug for Outgoing<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outgoing").field("framing", &self.framing).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
