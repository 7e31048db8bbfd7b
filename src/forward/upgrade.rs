//! A WebSocket after the app agreed to it: bytes both ways until a side ends, nobody speaks, or the gate says stop.
//!
//! Looks into no byte. Called by `listen`, which owns the caller's socket.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf, copy_bidirectional};
use tokio::sync::OwnedSemaphorePermit;

use crate::base::clock::{self, Mono};
use crate::base::stream::Stream;
use crate::base::watchdog::Watchdog;
use crate::forward::upstream::Switched;

/// The app's side of a switched connection.
#[derive(Debug)]
pub struct Tunnel {
    app: Stream,
    read: Bytes,
    silence: Duration,
    watchdog: Watchdog,
    _permit: OwnedSemaphorePermit,
}

/// How a tunnel ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Both sides had said all they wanted.
    Closed,
    /// A socket failed.
    Broken,
    /// Not one byte either way for `limits.tunnel_idle`.
    Silent,
    /// The gate drains, or the credential was revoked.
    Stopped,
}

/// A socket whose use is noted, with bytes that were read from it before.
struct Watched<T> {
    socket: T,
    ahead: Bytes,
    last: Rc<Cell<Mono>>,
}

impl Tunnel {
    pub(super) fn new(switched: Switched, silence: Duration, watchdog: Watchdog) -> Self {
        let Switched { socket, read, permit } = switched;
        Self { app: socket, read, silence, watchdog, _permit: permit }
    }

    /// Carries bytes both ways. `leftover` is what the caller sent after its head, held back until now. When one side
    /// ends its direction, the other is told and may go on. `stop` ends both at once.
    pub async fn run<C, S>(self, client: C, leftover: Bytes, stop: S) -> Ended
    where
        C: AsyncRead + AsyncWrite + Unpin,
        S: Future<Output = ()>,
    {
        let last = Rc::new(Cell::new(clock::mono()));
        let mut client = Watched { socket: client, ahead: leftover, last: Rc::clone(&last) };
        let mut app = Watched { socket: self.app, ahead: self.read, last: Rc::clone(&last) };
        let deadline = self.watchdog.deadline();
        deadline.arm(last.get().plus(self.silence));
        let mut stop = pin!(stop);
        let mut copying = pin!(copy_bidirectional(&mut client, &mut app));
        poll_fn(|cx| {
            if stop.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Ended::Stopped);
            }
            if let Poll::Ready(result) = copying.as_mut().poll(cx) {
                return Poll::Ready(if result.is_ok() { Ended::Closed } else { Ended::Broken });
            }
            while deadline.poll_past(cx).is_ready() {
                let due = last.get().plus(self.silence);
                if due <= clock::mono() {
                    return Poll::Ready(Ended::Silent);
                }
                deadline.arm(due);
            }
            Poll::Pending
        })
        .await
    }
}

impl<T> Watched<T> {
    fn note<R>(&self, result: Poll<io::Result<R>>) -> Poll<io::Result<R>> {
        if let Poll::Ready(Ok(_)) = result {
            self.last.set(clock::mono());
        }
        result
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Watched<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.ahead.has_remaining() {
            let bytes = self.ahead.len().min(buf.remaining());
            buf.put_slice(&self.ahead.split_to(bytes));
            return Poll::Ready(Ok(()));
        }
        let result = Pin::new(&mut self.socket).poll_read(cx, buf);
        self.note(result)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Watched<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.socket).poll_write(cx, buf);
        self.note(result)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests;
