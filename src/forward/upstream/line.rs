//! The socket under a connection to the app, and what hyper does not tell of it.

use std::cell::{Cell, RefCell};
use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use http::Request;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};

use super::again;

/// A socket to the app with what we watch of it.
#[derive(Debug)]
pub(in crate::forward) struct Line {
    socket: RefCell<Socket>,
    received: Cell<u64>,
    flushes: Cell<u64>,
    broken: Cell<bool>,
    /// Whether the next write is to be kept.
    keep: Cell<bool>,
    kept: RefCell<Vec<u8>>,
}

/// The two kinds of socket.
#[derive(Debug)]
pub(in crate::forward) enum Socket {
    /// TCP, with `TCP_NODELAY`.
    Tcp(TcpStream),
    /// A unix socket.
    Unix(UnixStream),
}

/// Whether a head is kept in case it must be written again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::forward) enum Keep {
    /// It is.
    Head,
    /// It is not.
    Nothing,
}

/// The socket as hyper gets it.
///
/// A failed write does not end the connection: an app may answer an upload early (413) and close, and its answer would be
/// lost with the error. The rest of the request then goes nowhere, the answer is read to its end, and the connection is
/// never used again.
#[derive(Debug)]
pub(in crate::forward) struct Wire(Rc<Line>);

impl Line {
    pub(in crate::forward) fn new(socket: Socket) -> Self {
        Self {
            socket: RefCell::new(socket),
            received: Cell::new(0),
            flushes: Cell::new(0),
            broken: Cell::new(false),
            keep: Cell::new(false),
            kept: RefCell::default(),
        }
    }

    /// Keeps a copy of the head that is written next, or of none.
    pub(super) fn keep_head(&self, keep: Keep) {
        self.kept.borrow_mut().clear();
        self.keep.set(keep == Keep::Head);
    }

    /// The request whose head was kept.
    pub(super) fn written(&self) -> Option<Request<()>> {
        again::read(&self.kept.borrow())
    }

    /// hyper hands a head over in one piece, before anything else; kept as handed over, since less may be written.
    fn note(&self, first: &[u8]) {
        if self.keep.replace(false) {
            self.kept.borrow_mut().extend_from_slice(first);
        }
    }

    /// Bytes received so far.
    pub(super) fn received(&self) -> u64 {
        self.received.get()
    }

    /// How often hyper has flushed the socket.
    pub(super) fn flushes(&self) -> u64 {
        self.flushes.get()
    }

    /// Whether a write has failed.
    pub(super) fn is_broken(&self) -> bool {
        self.broken.get()
    }

    /// Whether nothing has come, neither bytes nor the end; asks the kernel.
    pub(super) fn is_quiet(&self) -> bool {
        let mut byte = [MaybeUninit::uninit()];
        let seen = match &*self.socket.borrow() {
            Socket::Tcp(stream) => SockRef::from(stream).peek(&mut byte),
            Socket::Unix(stream) => SockRef::from(stream).peek(&mut byte),
        };
        seen.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
    }

    /// The bare socket.
    pub(in crate::forward) fn into_socket(self) -> Socket {
        self.socket.into_inner()
    }

    /// A failed write counts as done: see [`Wire`].
    fn sink(&self, written: Poll<io::Result<usize>>, whole: usize) -> Poll<io::Result<usize>> {
        match written {
            Poll::Ready(Err(_)) => {
                self.broken.set(true);
                Poll::Ready(Ok(whole))
            }
            Poll::Ready(Ok(_)) | Poll::Pending => written,
        }
    }
}

impl Wire {
    pub(super) fn new(line: Rc<Line>) -> Self {
        Self(line)
    }
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let result = Pin::new(&mut *self.0.socket.borrow_mut()).poll_read(cx, buf);
        let bytes = buf.filled().len().saturating_sub(before);
        self.0.received.set(self.0.received.get().wrapping_add(bytes as u64));
        result
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if self.0.broken.get() {
            return Poll::Ready(Ok(buf.len()));
        }
        self.0.note(buf);
        let written = Pin::new(&mut *self.0.socket.borrow_mut()).poll_write(cx, buf);
        self.0.sink(written, buf.len())
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let whole = bufs.iter().map(|buf| buf.len()).sum();
        if self.0.broken.get() {
            return Poll::Ready(Ok(whole));
        }
        self.0.note(bufs.first().map_or(&[], |first| first));
        let written = Pin::new(&mut *self.0.socket.borrow_mut()).poll_write_vectored(cx, bufs);
        self.0.sink(written, whole)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    /// Sockets have nothing to flush; hyper asks whenever its own buffer is empty.
    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.flushes.set(self.0.flushes.get().wrapping_add(1));
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0.socket.borrow_mut()).poll_shutdown(cx)
    }
}

impl AsyncRead for Socket {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Unix(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Unix(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
            Self::Unix(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_flush(cx),
            Self::Unix(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Unix(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
