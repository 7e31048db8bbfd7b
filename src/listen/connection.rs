//! Serves one connection from its first byte to its last: the engine for its protocol around the tap, then a tunnel
//! or a close that does not lose the last answer. The only place of `listen` that knows hyper, for HTTP/2.

mod http1;
mod http2;

use std::error::Error;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use http::request::Parts;
use http_body::Body;
use tokio::io::ReadBuf;

use crate::base::clock;
use crate::base::watchdog::Watchdog;
use crate::config::settings::Limits;
use crate::exchange::{Caller, Peer, Protocol};
use crate::forward::WireBody;

use super::caught::{Caught, Panicked};
use super::door::Door;
use super::drain::{Notice, Stage};
use super::head::HeadLimits;
use super::slots::{Slot, Tenant};
use super::socket::Socket;
use super::tap::{Bounds, ConnIo, First};

/// Most bytes discarded after the last answer, so that the close does not destroy it on its way.
const LINGER_BYTES: usize = 256 * 1024;

/// Longest time they are waited for.
const LINGER: Duration = Duration::from_secs(2);

/// Who answers requests: `exchange::Worker`, or a stand-in in tests.
pub trait Serve: 'static {
    /// The body of its answers.
    type Body: Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + Unpin + 'static;

    /// The bounds as configured now; read once per connection.
    fn with_limits<R>(&self, read: impl FnOnce(&Limits) -> R) -> R;

    /// Answers one request. On HTTP/1 it takes the caller's note first. The head stays on one block from here to the
    /// app: it would be moved a dozen times.
    fn serve(
        self: Rc<Self>,
        caller: Rc<Caller>,
        head: Box<Parts>,
        body: WireBody,
    ) -> impl Future<Output = Response<Self::Body>>;

    /// The HTTP/2 engine refused a request by itself; nothing of it is known but that it came.
    fn refused_unseen(&self, caller: &Caller);

    /// The answer when serving panicked, or gave one that cannot be sent.
    fn panicked(&self) -> Response<Self::Body>;

    /// Runs what the request made of the connection by answering 101, to its end.
    fn tunnel<S: Socket + 'static>(
        self: Rc<Self>,
        caller: Rc<Caller>,
        stream: ConnIo<S>,
    ) -> impl Future<Output = ()>;
}

/// What of the limits concerns a connection.
#[derive(Clone, Copy, Debug)]
struct Rules {
    bounds: Bounds,
    streams: u32,
    header_list: u32,
}

impl Rules {
    fn from_settings(limits: &Limits) -> Self {
        Self {
            bounds: Bounds {
                head: HeadLimits { size: limits.head_size, fields: limits.head_fields, uri: limits.uri_size },
                head_timeout: limits.head_timeout,
                keepalive: limits.keepalive_timeout,
                stalled: limits.stalled_stream,
            },
            streams: limits.http2_streams,
            header_list: limits.http2_header_list,
        }
    }
}

/// Serves `socket` until it is closed. Never fails: whatever goes wrong ends this connection alone.
pub async fn run<W: Serve, S: Socket + 'static>(door: Rc<Door<W>>, socket: S, peer: Peer, slot: Slot) {
    let rules = door.worker.with_limits(Rules::from_settings);
    let caller = Rc::new(Caller::new(peer, Protocol::Http1));
    let mut io = Box::new(ConnIo::new(socket, Rc::clone(&caller), rules.bounds, &door.watchdog, &slot));
    match begin(&door, &mut io, slot.tenant()).await {
        First::Http1 => Box::pin(http1::run(door, *io, caller, slot.tenant())).await,
        First::Http2 => {
            if slot.widen().is_err() {
                return;
            }
            let caller = Rc::new(Caller::new(peer, Protocol::Http2));
            Box::pin(http2::run(door, *io, caller, (rules, slot.tenant()))).await;
        }
        First::Nothing => {}
    }
    drop(slot);
}

/// Waits for the first head. A connection without one does not outlive the listeners.
async fn begin<W: Serve, S: Socket>(door: &Door<W>, io: &mut ConnIo<S>, tenant: &Tenant) -> First {
    let mut watch = door.drain.watch();
    let wait = pin!(watch.reached(Stage::Closing));
    let mut closing = Notice::new(wait);
    // One task serves the connection from here to its end, so its waker does not change.
    let mut watched = false;
    poll_fn(|cx| {
        if !std::mem::replace(&mut watched, true) {
            tenant.watch(cx);
        }
        if closing.poll(&door.drain, cx).is_ready() || tenant.is_asked_to_leave() {
            io.view().leave();
        }
        door.room.lend(|scratch| io.poll_first(cx, scratch)).map(|first| first.unwrap_or(First::Nothing))
    })
    .await
}

/// Reads on until the caller has noticed the end: a close with unread bytes would reset the connection, and the reset
/// overtakes the last answer.
async fn linger<W, S: Socket>(door: &Door<W>, mut socket: S) {
    let deadline = door.watchdog.deadline();
    deadline.arm(clock::mono().plus(LINGER));
    let mut left = LINGER_BYTES;
    let discard = poll_fn(|cx| {
        loop {
            match door.room.lend(|scratch| discard(&mut socket, cx, scratch)) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(0) => return Poll::Ready(()),
                Poll::Ready(count) if count >= left => return Poll::Ready(()),
                Poll::Ready(count) => left -= count,
            }
        }
    });
    // Late or done, the connection is over.
    let _ = deadline.limit(discard).await;
}

/// How many bytes were discarded; 0: the stream has ended or failed.
fn discard<S: Socket>(socket: &mut S, cx: &mut Context<'_>, scratch: &mut [u8]) -> Poll<usize> {
    let mut buf = ReadBuf::new(scratch);
    Pin::new(socket).poll_read(cx, &mut buf).map(|read| read.map_or(0, |()| buf.filled().len()))
}

/// Polls a future that may panic, once.
fn poll_caught<F: Future + Unpin>(future: &mut F, cx: &mut Context<'_>) -> Poll<Result<F::Output, Panicked>> {
    Pin::new(&mut Caught::new(future)).poll(cx)
}

/// A deadline of a connection's driver, armed and disarmed as it stands.
fn deadline_in(watchdog: &Watchdog, span: Duration) -> crate::base::watchdog::Deadline {
    let deadline = watchdog.deadline();
    deadline.arm(clock::mono().plus(span));
    deadline
}

#[cfg(test)]
mod tests;
