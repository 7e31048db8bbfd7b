//! What was read of a connection and taken by nobody yet, and the room its bytes are read into. An idle connection holds
//! neither. Decides nothing; used by both who read callers and who read the app.

use std::cell::RefCell;
use std::fmt;
use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, ReadBuf};

/// Most bytes read at once, unless a room is smaller.
const ROOM: usize = 32 * 1024;
/// A body of so many bytes is read where it stays; a smaller one costs less copied out of the shared room.
const LARGE: usize = 8 * 1024;

/// Where connections of one worker read into, one after the other; cloning shares it.
#[derive(Clone)]
pub struct Room(Rc<RefCell<Box<[u8]>>>);

/// Bytes in the order they came.
#[derive(Debug, Default)]
pub struct Inbox(Bytes);

impl Default for Room {
    fn default() -> Self {
        Self::of(ROOM)
    }
}

impl Room {
    /// Room for so many bytes at once.
    pub fn of(bytes: usize) -> Self {
        Self(Rc::new(RefCell::new(vec![0; bytes].into_boxed_slice())))
    }

    /// Lends the room for one read.
    pub fn lend<R>(&self, work: impl FnOnce(&mut [u8]) -> R) -> R {
        work(&mut self.0.borrow_mut())
    }
}

impl Inbox {
    /// What is there.
    pub fn bytes(&self) -> &Bytes {
        &self.0
    }

    /// What is there, to take from its front.
    pub fn bytes_mut(&mut self) -> &mut Bytes {
        &mut self.0
    }

    /// Whether nothing is there.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Forgets what is there.
    pub fn clear(&mut self) {
        self.0 = Bytes::new();
    }

    /// Reads what has come, of which at most `wanted` bytes are known to be of use; `false` at the end of the stream.
    ///
    /// # Errors
    /// The stream's own.
    pub fn poll_more<S: AsyncRead + Unpin>(
        &mut self,
        stream: &mut S,
        room: &Room,
        wanted: u64,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<bool>> {
        let more = ready!(poll_piece(stream, room, wanted, cx))?;
        if more.is_empty() {
            return Poll::Ready(Ok(false));
        }
        if self.0.is_empty() {
            self.0 = more;
        } else {
            let mut joined = BytesMut::with_capacity(self.0.len().saturating_add(more.len()));
            joined.extend_from_slice(&self.0);
            joined.extend_from_slice(&more);
            self.0 = joined.freeze();
        }
        Poll::Ready(Ok(true))
    }
}

fn poll_piece<S: AsyncRead + Unpin>(
    stream: &mut S,
    room: &Room,
    wanted: u64,
    cx: &mut Context<'_>,
) -> Poll<io::Result<Bytes>> {
    let wanted = usize::try_from(wanted).unwrap_or(usize::MAX).min(ROOM);
    if wanted >= LARGE {
        let mut bytes = BytesMut::with_capacity(wanted);
        // Keeps nothing between polls, so it may be made anew for each of them.
        let read = ready!(pin!(stream.read_buf(&mut bytes)).poll(cx))?;
        // A small piece would hold the whole block for as long as the other side takes.
        let piece = if read < LARGE { Bytes::copy_from_slice(&bytes) } else { bytes.freeze() };
        return Poll::Ready(Ok(piece));
    }
    room.lend(|room| {
        let mut read = ReadBuf::new(room);
        Pin::new(stream).poll_read(cx, &mut read).map_ok(|()| Bytes::copy_from_slice(read.filled()))
    })
}

impl fmt::Debug for Room {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Room")
    }
}

#[cfg(test)]
mod tests;
