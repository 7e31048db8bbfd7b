//! HTTP/1 over the tap, spoken here. Heads come judged and whole, deadlines are the tap's; what is left is to read a
//! head into a request, to lend its body to whoever serves it, and to write the response. Why this is not hyper's
//! server: `docs/decisions/0020-own-server.md`.

mod head;
mod reply;
mod wire;

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Poll, ready};

use http::header::CONNECTION;
use http::{HeaderValue, Response, StatusCode, Version};
use tokio::io::AsyncWrite;
use tokio::task::consume_budget;

use crate::base::turn::others_first;
use crate::check::deny::Reason;
use crate::exchange::{Caller, HeadNote};
use crate::forward::WireBody;
use crate::forward::decoder::Decoder;
use crate::forward::outgoing::{Framing, Outgoing};
use crate::listen::caught::{Caught, Panicked};
use crate::listen::door::Door;
use crate::listen::drain::{Notice, Stage};
use crate::listen::slots::Tenant;
use crate::listen::socket::Socket;
use crate::listen::tap::{ConnIo, Standing, View};

use super::{Serve, linger, poll_caught};
use head::{Head, Wishes};
use reply::Asked;
use wire::{Came, Wire};

/// What every request of one connection shares.
struct Line<W> {
    door: Rc<Door<W>>,
    caller: Rc<Caller>,
    view: Rc<View>,
    tenant: Arc<Tenant>,
    switched: Cell<bool>,
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// After a whole response, or between two requests.
    Clean,
    /// In the middle: the caller went away, or a response broke off.
    CutOff,
    /// It is a tunnel from here on.
    Switched,
}

/// What follows a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    Next,
    End(End),
}

pub(super) async fn run<W: Serve, S: Socket + 'static>(
    door: Rc<Door<W>>,
    io: ConnIo<S>,
    caller: Rc<Caller>,
    tenant: &Arc<Tenant>,
) {
    let line = Line {
        view: io.view(),
        tenant: Arc::clone(tenant),
        switched: Cell::new(false),
        door: Rc::clone(&door),
        caller: Rc::clone(&caller),
    };
    let wire = Wire::new(Rc::clone(&door), io);
    let end = {
        let mut watch = door.drain.watch();
        let wait = pin!(watch.reached(Stage::Closing));
        let mut closing = Notice::new(wait);
        let mut driving = pin!(drive(&line, &wire));
        poll_fn(|cx| {
            if closing.poll(&door.drain, cx).is_ready() || tenant.is_asked_to_leave() {
                line.view.leave();
            }
            poll_caught(&mut driving, cx)
        })
        .await
    };
    match end {
        Ok(End::Clean | End::Switched) => {}
        Ok(End::CutOff) if line.view.standing() == Standing::Stalled => {
            return door.drain.slots().count_stall();
        }
        Ok(End::CutOff) => return,
        // The connection is in no state to be used.
        Err(Panicked) => return door.drain.slots().count_panic(),
    }
    let Some((io, is_empty)) = wire.into_io() else { return };
    if end == Ok(End::Switched) {
        // The tap gives no byte behind a head that asks for another protocol.
        if is_empty {
            Rc::clone(&door.worker).tunnel(caller, io.into_tunnel()).await;
        }
    } else if io.has_unread() {
        linger(&door, io.into_socket()).await;
    }
}

/// Serves one request after the other.
async fn drive<W: Serve, S: Socket + 'static>(line: &Line<W>, wire: &Rc<Wire<W, S>>) -> End {
    let mut room = Vec::new();
    loop {
        // A pipeline of requests that are answered at once must not keep the others of this worker waiting.
        consume_budget().await;
        let head = match poll_fn(|cx| wire.poll_head(cx)).await {
            Ok(Came::Head(head)) => head,
            Ok(Came::Unread) => line.refuse_unread(),
            Ok(Came::End) => return shut(wire).await,
            Err(_) => return End::CutOff,
        };
        let asked = Asked::of(&head.parts.method, head.parts.version);
        let wishes = head.wishes;
        let body = if wire.is_read() {
            WireBody::Empty
        } else {
            WireBody::Wire(Rc::<Wire<W, S>>::clone(wire), wire.turn())
        };
        let serving = Rc::clone(&line.door.worker).serve(Rc::clone(&line.caller), head.parts, body);
        let mut response = Caught::new(serving).await.unwrap_or_else(|Panicked| line.panicked());
        let heard = poll_fn(|cx| wire.poll_answered(cx)).await.is_ok();
        line.finish(&mut response, heard, wishes);
        match respond(line, wire, (asked, wishes), response, &mut room).await {
            Then::Next => wire.end_turn(),
            Then::End(End::Clean) => return shut(wire).await,
            Then::End(end) => return end,
        }
    }
}

/// Writes a response, as fast as the caller takes it: the body gives its next piece when the one before has gone.
async fn respond<W: Serve, S: Socket + 'static>(
    line: &Line<W>,
    wire: &Wire<W, S>,
    (asked, wishes): (Asked, Wishes),
    response: Response<W::Body>,
    room: &mut Vec<u8>,
) -> Then {
    let (mut parts, body) = response.into_parts();
    let Ok(framing) = reply::write(room, asked, &mut parts, &body) else { return Then::End(End::CutOff) };
    let last = reply::is_last(&parts.headers, framing) || asked.version == Version::HTTP_10;
    drop(parts);
    let mut out = Outgoing::new(std::mem::take(room), framing, body);
    if !wishes.trailers {
        out = out.without_trailers();
    }
    others_first().await;
    let written = poll_fn(|cx| -> Poll<Result<(), ()>> {
        loop {
            // A body that breaks off ends the connection, so that the caller sees a message that broke off.
            let next = out.poll_refill(cx).map_err(|_| ())?;
            ready!(wire.with_io(|io| out.poll_flush(io, cx))).map_err(|_| ())?;
            if next != Poll::Ready(true) {
                // Also while a body pauses: all there was has gone, and no stall lasts into what comes next.
                ready!(wire.with_io(|io| Pin::new(io).poll_flush(cx))).map_err(|_| ())?;
            }
            if !ready!(next) {
                return Poll::Ready(Ok(()));
            }
        }
    })
    .await;
    out.shrink();
    *room = out.take_room();
    if written.is_err() {
        if framing == Framing::Close {
            wire.with_io(|io| io.break_off());
        }
        return Then::End(End::CutOff);
    }
    if line.switched.get() {
        return Then::End(End::Switched);
    }
    // Security: only the tap knows where a message ends; what it has not seen whole is followed by nothing.
    if last || line.view.standing() != Standing::Whole { Then::End(End::Clean) } else { Then::Next }
}

/// Says that nothing more follows.
async fn shut<W, S: Socket>(wire: &Wire<W, S>) -> End {
    let shut = poll_fn(|cx| wire.with_io(|io| Pin::new(io).poll_shutdown(cx))).await;
    if shut.is_ok() { End::Clean } else { End::CutOff }
}

impl<W: Serve> Line<W> {
    fn panicked(&self) -> Response<W::Body> {
        self.door.drain.slots().count_panic();
        self.caller.close_after();
        self.door.worker.panicked()
    }

    /// Decides whether the response switches protocols, and whether it is the last; `heard` tells whether all that came
    /// of the request has been taken in.
    fn finish(&self, response: &mut Response<W::Body>, heard: bool, wishes: Wishes) {
        if !heard {
            self.caller.close_after();
        }
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            // Security: only a head that asked for it may make a tunnel of what follows.
            match self.view.standing() {
                Standing::Last => self.switched.set(true),
                Standing::Idle | Standing::Heading | Standing::Body | Standing::Whole | Standing::Stalled => {
                    self.caller.close_after();
                    *response = self.door.worker.panicked();
                }
            }
        }
        if !self.switched.get() && (wishes.close || self.is_last()) {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
    }
}

impl<W> Line<W> {
    /// Whether the response being made is the last on this connection.
    fn is_last(&self) -> bool {
        match self.view.standing() {
            // A body that was not read to its end by now may never be; what follows it is no request.
            Standing::Body | Standing::Last | Standing::Stalled => true,
            Standing::Idle | Standing::Heading | Standing::Whole => {
                self.caller.is_closing() || self.door.drain.is_draining() || self.tenant.is_asked_to_leave()
            }
        }
    }

    /// A stand-in for a head that reads otherwise than it was judged: answered as malformed, and the last.
    fn refuse_unread(&self) -> Head {
        self.caller.take_note();
        self.caller.note(HeadNote::Refused(Reason::HeadMalformed));
        self.caller.close_after();
        let parts = head::blank();
        let wishes = Wishes { close: true, ..Wishes::default() };
        Head { parts, body: Decoder::Done, wishes }
    }
}

impl<W> std::fmt::Debug for Line<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Line").field("view", &self.view).finish_non_exhaustive()
    }
}
