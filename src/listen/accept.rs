//! Takes callers in, one loop per listening socket and worker. Refuses nobody by policy: above the bounds on
//! connections the one idle for longest is asked to leave, and without one the caller is closed at once and counted;
//! when the kernel has no descriptor left it waits a moment.

use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::time::sleep;

use crate::base::clock::{self, Mono};
use crate::base::stream::Stream;
use crate::exchange::Peer;

use super::bind::{Open, Share};
use super::connection::{self, Serve};
use super::door::Door;
use super::drain::Stage;

/// Wait after an accept that failed for want of descriptors or memory: short enough to recover at once, long enough
/// not to spin.
const BACK_OFF: Duration = Duration::from_millis(100);

/// Least time between two log lines about failing accepts.
const QUIET: Duration = Duration::from_secs(10);

enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// Serves one worker's share of the sockets; resolves when the process may end. Must run where tasks stay on their
/// thread, and the watchdog of `door` runs too.
///
/// # Errors
/// A socket cannot be registered with the runtime.
pub async fn serve<W: Serve>(door: Rc<Door<W>>, share: Share) -> io::Result<()> {
    for open in share.0 {
        let listener = match open {
            Open::Tcp(listener) => Listener::Tcp(TcpListener::from_std(listener)?),
            Open::Unix(listener) => Listener::Unix(UnixListener::from_std(listener)?),
        };
        drop(tokio::task::spawn_local(take_in(Rc::clone(&door), listener)));
    }
    door.drain.watch().reached(Stage::Over).await;
    Ok(())
}

/// Accepts until the gate closes, and then whoever had connected before.
async fn take_in<W: Serve>(door: Rc<Door<W>>, listener: Listener) {
    let mut watch = door.drain.watch();
    let mut closing = pin!(watch.reached(Stage::Closing));
    let mut failures = Failures::default();
    loop {
        let next = poll_fn(|cx| match listener.poll_accept(cx) {
            Poll::Ready(accepted) => Poll::Ready(Some(accepted)),
            Poll::Pending => closing.as_mut().poll(cx).map(|()| None),
        });
        match next.await {
            Some(Ok((socket, peer))) => admit(&door, socket, peer),
            Some(Err(error)) if is_of_one_caller(&error) => {}
            Some(Err(error)) => {
                failures.tell(&error);
                sleep(BACK_OFF).await;
            }
            None => break,
        }
    }
    if let Err(error) = take_in_waiting(&door, listener) {
        tracing::warn!(error = %error, "callers who had connected could not be accepted before closing");
    }
}

/// Accepts whoever has connected already, by the kernel's word and not by an event that may still be under way;
/// without this they would be reset.
fn take_in_waiting<W: Serve>(door: &Rc<Door<W>>, listener: Listener) -> io::Result<()> {
    let next: &dyn Fn() -> io::Result<(Stream, Peer)> = match listener {
        Listener::Tcp(listener) => {
            let listener = listener.into_std()?;
            &move || {
                let (stream, from) = listener.accept()?;
                stream.set_nonblocking(true)?;
                Ok((Stream::Tcp(TcpStream::from_std(stream)?), Peer::Tcp(from)))
            }
        }
        Listener::Unix(listener) => {
            let listener = listener.into_std()?;
            &move || {
                let (stream, _) = listener.accept()?;
                stream.set_nonblocking(true)?;
                Ok((Stream::Unix(UnixStream::from_std(stream)?), Peer::Unix))
            }
        }
    };
    loop {
        match next() {
            Ok((socket, peer)) => admit(door, socket, peer),
            Err(error) if is_of_one_caller(&error) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}

fn admit<W: Serve>(door: &Rc<Door<W>>, socket: Stream, peer: Peer) {
    // Without a slot the socket is dropped here.
    if let Ok(slot) = door.drain.slots().take(peer) {
        drop(tokio::task::spawn_local(connection::run(Rc::clone(door), socket, peer, slot)));
    }
}

/// Whether only the caller being accepted is lost.
fn is_of_one_caller(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::Interrupted
    )
}

impl Listener {
    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(Stream, Peer)>> {
        match self {
            Self::Tcp(listener) => listener
                .poll_accept(cx)
                .map_ok(|(stream, from): (_, SocketAddr)| (Stream::Tcp(stream), Peer::Tcp(from))),
            Self::Unix(listener) => {
                listener.poll_accept(cx).map_ok(|(stream, _)| (Stream::Unix(stream), Peer::Unix))
            }
        }
    }
}

#[derive(Default)]
struct Failures {
    told: Option<Mono>,
}

impl Failures {
    fn tell(&mut self, error: &io::Error) {
        let now = clock::mono();
        if self.told.is_none_or(|told| now.since(told) >= QUIET) {
            self.told = Some(now);
            tracing::warn!(error = %error, "accepting connections fails; trying again every 100 ms");
        }
    }
}
