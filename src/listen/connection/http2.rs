//! HTTP/2 with prior knowledge over the tap: few streams, small windows, and an end for callers who open streams to
//! cancel them, or take no response.

mod streams;

use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http2::Builder;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;

use crate::base::clock;
use crate::base::watchdog::Deadline;
use crate::exchange::Caller;
use crate::forward::WireBody;
use crate::listen::caught::{Caught, Panicked};
use crate::listen::door::Door;
use crate::listen::drain::{Notice, Stage};
use crate::listen::frames::Heads;
use crate::listen::pace::{Pace, PacedBody};
use crate::listen::slots::Tenant;
use crate::listen::socket::Socket;
use crate::listen::tap::{ConnIo, NEWCOMER};

use super::{LINGER, Rules, Serve, deadline_in, poll_caught};
use streams::{Starter, Streams};

/// What one stream may have under way towards us, bytes. The specification's own initial value.
const STREAM_WINDOW: u32 = 65_535;

/// What all streams of a connection may have under way towards us, bytes: what is not read is held in memory.
const CONNECTION_WINDOW: u32 = 128 * 1024;

/// What one stream may buffer of its response, bytes; one piece of the app's response may come on top.
const SEND_BUFFER: usize = 16 * 1024;

/// Streams the caller may reset before they are looked at (CVE-2023-44487), and errors it may provoke
/// (CVE-2025-8671), before the connection ends.
const RESETS: usize = 20;
const ERRORS: usize = 64;

/// Longest time between GOAWAY and the end where another caller waits for the room: a round trip, for what it sent
/// before it knew.
const FAREWELL: Duration = Duration::from_millis(500);

pub(super) async fn run<W: Serve, S: Socket + 'static>(
    door: Rc<Door<W>>,
    io: ConnIo<S>,
    caller: Rc<Caller>,
    (rules, tenant): (Rules, &Arc<Tenant>),
) {
    let streams = Streams::new(&door, rules.bounds.stalled, io.credit());
    let mut unseen = Unseen { heads: io.heads(), told: 0 };
    let requests = (Rc::clone(&door), Rc::clone(&caller), Rc::clone(&streams));
    let service = service_fn(move |request| {
        let (door, caller, streams) = &requests;
        answer(Rc::clone(door), Rc::clone(caller), streams.next(), request)
    });
    let mut engine = builder(&rules, &streams).serve_connection(TokioIo::new(io), service);
    let mut watch = door.drain.watch();
    let wait = pin!(watch.reached(Stage::Draining));
    let mut draining = Notice::new(wait);
    let mut watch = door.drain.watch();
    let wait = pin!(watch.reached(Stage::Closing));
    let mut closing = Notice::new(wait);
    let mut life = Life::new(&door, &rules, tenant);
    poll_fn(|cx| {
        loop {
            match poll_caught(&mut engine, cx) {
                Poll::Ready(Err(Panicked)) => {
                    door.drain.slots().count_panic();
                    return Poll::Ready(());
                }
                Poll::Ready(Ok(_)) => return Poll::Ready(()),
                Poll::Pending if unseen.heads.are_taken() => unseen.tell(&door, &caller, &streams),
                Poll::Pending => {}
            }
            if draining.poll(&door.drain, cx).is_ready() {
                life.asked_to_leave = true;
            }
            if closing.poll(&door.drain, cx).is_ready() || tenant.is_asked_to_leave() {
                life.must_leave = true;
            }
            match life.look(&streams, cx) {
                Turn::Wait => return Poll::Pending,
                Turn::Leave => Pin::new(&mut engine).graceful_shutdown(),
                Turn::End => return Poll::Ready(()),
            }
        }
    })
    .await;
    unseen.tell_all(&door, &caller, &streams);
}

fn builder(rules: &Rules, streams: &Rc<Streams>) -> Builder<Starter> {
    let mut builder = Builder::new(Starter(Rc::clone(streams)));
    builder
        .max_concurrent_streams(rules.streams)
        .max_header_list_size(rules.header_list)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_send_buf_size(SEND_BUFFER)
        .max_pending_accept_reset_streams(RESETS)
        .max_local_error_reset_streams(ERRORS)
        .auto_date_header(false);
    builder
}

async fn answer<W: Serve>(
    door: Rc<Door<W>>,
    caller: Rc<Caller>,
    pace: Rc<Pace>,
    request: Request<Incoming>,
) -> Result<Response<PacedBody<W::Body>>, Infallible> {
    let (head, body) = request.into_parts();
    let serving = Rc::clone(&door.worker).serve(caller, Box::new(head), WireBody::from(body));
    let served = Caught::new(serving).await;
    let response = served.unwrap_or_else(|Panicked| {
        door.drain.slots().count_panic();
        door.worker.panicked()
    });
    pace.answer();
    Ok(response.map(|body| PacedBody::new(body, pace)))
}

/// Requests the engine refused by itself: those that came, less those it handed on.
struct Unseen {
    heads: Heads,
    told: u64,
}

impl Unseen {
    /// Has one record made for each that is not told of yet. Only right once the engine has taken all it was given.
    fn tell<W: Serve>(&mut self, door: &Door<W>, caller: &Caller, streams: &Streams) {
        self.tell_up_to(self.heads.whole(), (door, caller, streams));
    }

    /// The same at the connection's end, when a head that was cut short by the engine is a request too.
    fn tell_all<W: Serve>(mut self, door: &Door<W>, caller: &Caller, streams: &Streams) {
        let came = self.heads.whole().saturating_add(u64::from(self.heads.is_one_open()));
        self.tell_up_to(came, (door, caller, streams));
    }

    fn tell_up_to<W: Serve>(&mut self, came: u64, (door, caller, streams): (&Door<W>, &Caller, &Streams)) {
        let unseen = came.saturating_sub(streams.served());
        for _ in self.told..unseen {
            door.worker.refused_unseen(caller);
        }
        self.told = self.told.max(unseen);
    }
}

/// What a connection's driver does next.
enum Turn {
    Wait,
    Leave,
    End,
}

/// How long the connection may go on.
struct Life {
    /// Until the first stream, then without any stream, then until the end after GOAWAY.
    deadline: Deadline,
    tenant: Arc<Tenant>,
    keepalive: Duration,
    waits: Waits,
    asked_to_leave: bool,
    must_leave: bool,
    leaving: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Waits {
    First,
    Busy,
    Idle,
}

impl Life {
    fn new<W>(door: &Door<W>, rules: &Rules, tenant: &Arc<Tenant>) -> Self {
        tenant.rest(clock::mono().plus(NEWCOMER));
        Self {
            deadline: deadline_in(&door.watchdog, rules.bounds.head_timeout),
            tenant: Arc::clone(tenant),
            keepalive: rules.bounds.keepalive,
            waits: Waits::First,
            asked_to_leave: false,
            must_leave: false,
            leaving: false,
        }
    }

    fn look(&mut self, streams: &Streams, cx: &mut Context<'_>) -> Turn {
        if streams.poll_hopeless(cx).is_ready() {
            return Turn::End;
        }
        self.count(streams);
        let late = self.deadline.poll_past(cx).is_ready();
        if self.leaving {
            return if late && self.waits != Waits::Busy { Turn::End } else { Turn::Wait };
        }
        // While draining, a connection is told to go once it has brought a request, not before.
        let asked = self.asked_to_leave && self.waits != Waits::First;
        if late || asked || self.must_leave {
            self.leaving = true;
            if self.waits != Waits::Busy {
                self.deadline.arm(clock::mono().plus(self.farewell()));
            }
            return Turn::Leave;
        }
        Turn::Wait
    }

    /// How long an idle caller that was told to go may take.
    fn farewell(&self) -> Duration {
        if self.tenant.is_asked_to_leave() { FAREWELL } else { LINGER }
    }

    /// Arms and disarms the deadline as streams come and go.
    fn count(&mut self, streams: &Streams) {
        match (self.waits, streams.open()) {
            (Waits::First, 0) if !streams.any_yet() => {}
            (Waits::First | Waits::Busy, 0) => {
                self.waits = Waits::Idle;
                let span = if self.leaving { self.farewell() } else { self.keepalive };
                let now = clock::mono();
                self.tenant.rest(now);
                self.deadline.arm(now.plus(span));
            }
            (Waits::First | Waits::Idle, 1..) => {
                self.waits = Waits::Busy;
                self.tenant.work();
                self.deadline.disarm();
            }
            (Waits::Idle, 0) | (Waits::Busy, 1..) => {}
        }
    }
}
