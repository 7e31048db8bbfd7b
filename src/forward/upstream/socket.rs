//! The socket under a connection to the app, and the room its bytes are read into.

use std::cell::RefCell;
use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};

use bytes::{Bytes, BytesMut};
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio::task::coop;

/// Most bytes read at once.
const ROOM: usize = 32 * 1024;
/// A body of so many bytes is read where it stays; a smaller one costs less copied out of the shared room.
const LARGE: usize = 8 * 1024;

/// The two kinds of socket.
#[derive(Debug)]
pub(in crate::forward) enum Socket {
    /// TCP, with `TCP_NODELAY`.
    Tcp(TcpStream),
    /// A unix socket.
    Unix(UnixStream),
}

/// Where all connections of one worker read into, one after the other: an idle connection holds no buffer.
#[derive(Clone, Debug)]
pub(in crate::forward) struct ReadRoom(Rc<RefCell<Vec<u8>>>);

impl Default for ReadRoom {
    fn default() -> Self {
        Self(Rc::new(RefCell::new(vec![0; ROOM])))
    }
}

impl Socket {
    /// Reads what is there, of which at most `wanted` bytes may be of use; empty at the end of the stream.
    ///
    /// # Errors
    /// The socket's own.
    pub(super) fn poll_fill(
        &mut self,
        room: &ReadRoom,
        wanted: u64,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<Bytes>> {
        let wanted = usize::try_from(wanted).unwrap_or(usize::MAX).min(ROOM);
        if wanted >= LARGE {
            let mut bytes = BytesMut::with_capacity(wanted);
            // Keeps nothing between polls, so it may be made anew for each of them.
            let read = std::pin::pin!(self.read_buf(&mut bytes));
            let read = ready!(read.poll(cx))?;
            // A small piece would hold the whole block for as long as the caller takes.
            let piece = if read < LARGE { Bytes::copy_from_slice(&bytes) } else { bytes.freeze() };
            return Poll::Ready(Ok(piece));
        }
        let mut room = room.0.borrow_mut();
        let mut read = ReadBuf::new(&mut room);
        Pin::new(self).poll_read(cx, &mut read).map_ok(|()| Bytes::copy_from_slice(read.filled()))
    }

    /// Whether the runtime knows of bytes, or the end, that nobody has read; asks the kernel only if so.
    pub(super) fn is_known_quiet(&self) -> bool {
        let quiet = &mut Context::from_waker(Waker::noop());
        let ready = match self {
            Self::Tcp(stream) => stream.poll_read_ready(quiet),
            Self::Unix(stream) => stream.poll_read_ready(quiet),
        };
        // A task that has used up its turn is told to wait whatever the runtime knows.
        (ready.is_pending() && coop::has_budget_remaining()) || self.is_quiet()
    }

    /// Whether nothing has come, neither bytes nor the end; asks the kernel.
    pub(super) fn is_quiet(&self) -> bool {
        let mut byte = [MaybeUninit::uninit()];
        let seen = match self {
            Self::Tcp(stream) => SockRef::from(stream).peek(&mut byte),
            Self::Unix(stream) => SockRef::from(stream).peek(&mut byte),
        };
        seen.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
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

#[cfg(test)]
mod tests;
