//! HTTP/1 over the tap. The engine has no timer and no limit of its own left to decide by: heads come judged and
//! whole, deadlines are the tap's, the close is ours.

use std::cell::Cell;
use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;

use http::header::CONNECTION;
use http::{HeaderValue, Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1::Builder;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;

use crate::exchange::Caller;
use crate::listen::caught::{Caught, Panicked};
use crate::listen::door::Door;
use crate::listen::drain::{Notice, Stage};
use crate::listen::head::HeadLimits;
use crate::listen::slots::Tenant;
use crate::listen::socket::Socket;
use crate::listen::tap::{ConnIo, Standing, View};

use super::tail::Tail;
use super::{Rules, Serve, linger, poll_caught};

/// How many header fields the engine takes without allocating for more.
const ENGINE_FIELDS: usize = 100;

/// Room of the engine's buffer beyond the largest head, bytes. The buffer holds a whole head, and bounds one read of
/// a body.
const BESIDE_HEAD: usize = 8 * 1024;

/// What every request of one connection shares.
struct Line<W> {
    door: Rc<Door<W>>,
    caller: Rc<Caller>,
    view: Rc<View>,
    tenant: Arc<Tenant>,
    switched: Cell<bool>,
}

pub(super) async fn run<W: Serve, S: Socket + 'static>(
    door: Rc<Door<W>>,
    io: ConnIo<S>,
    caller: Rc<Caller>,
    (rules, tenant): (Rules, &Arc<Tenant>),
) {
    let line = Rc::new(Line {
        view: io.view(),
        tenant: Arc::clone(tenant),
        switched: Cell::new(false),
        door: Rc::clone(&door),
        caller: Rc::clone(&caller),
    });
    let requests = Rc::clone(&line);
    let service = service_fn(move |request| answer(Rc::clone(&requests), request));
    let mut engine = builder(&rules.bounds.head).serve_connection(TokioIo::new(io), service);
    let mut watch = door.drain.watch();
    let wait = pin!(watch.reached(Stage::Closing));
    let mut closing = Notice::new(wait);
    let end = poll_fn(|cx| {
        if closing.poll(&door.drain, cx).is_ready() || tenant.is_asked_to_leave() {
            line.view.leave();
        }
        poll_caught(&mut engine, cx)
    })
    .await;
    match end {
        Ok(Ok(())) => {}
        Ok(Err(_)) if line.view.standing() == Standing::Stalled => return door.drain.slots().count_stall(),
        // The caller is gone.
        Ok(Err(_)) => return,
        // The engine is in no state to be used.
        Err(Panicked) => return door.drain.slots().count_panic(),
    }
    let parts = engine.into_parts();
    let io = parts.io.into_inner();
    if line.switched.get() {
        // The tap gives the engine no byte behind a head that asks for another protocol.
        if parts.read_buf.is_empty() {
            Rc::clone(&door.worker).tunnel(caller, io.into_tunnel()).await;
        }
    } else if io.has_unread() {
        linger(&door, io.into_socket()).await;
    }
}

fn builder(limits: &HeadLimits) -> Builder {
    let mut builder = Builder::new();
    builder
        .half_close(true)
        .header_read_timeout(None)
        .auto_date_header(false)
        .max_buf_size(limits.size.saturating_add(BESIDE_HEAD));
    if limits.fields > ENGINE_FIELDS {
        builder.max_headers(limits.fields);
    }
    builder
}

async fn answer<W: Serve>(
    line: Rc<Line<W>>,
    request: Request<Incoming>,
) -> Result<Response<Tail<W::Body>>, Infallible> {
    let served = Caught::new(Rc::clone(&line.door.worker).serve(Rc::clone(&line.caller), request)).await;
    let mut response = served.unwrap_or_else(|Panicked| {
        line.door.drain.slots().count_panic();
        line.caller.close_after();
        line.door.worker.panicked()
    });
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        // Security: only a head that asked for it may make a tunnel of what follows.
        match line.view.standing() {
            Standing::Last => line.switched.set(true),
            Standing::Idle | Standing::Heading | Standing::Body | Standing::Whole | Standing::Stalled => {
                line.caller.close_after();
                response = line.door.worker.panicked();
            }
        }
    }
    if !line.switched.get() && line.is_last() {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(response.map(|body| Tail::new(body, &line.view)))
}

impl<W> Line<W> {
    /// Whether the answer being made is the last on this connection.
    fn is_last(&self) -> bool {
        match self.view.standing() {
            // A body that was not read to its end by now may never be; what follows it is no request.
            Standing::Body | Standing::Last | Standing::Stalled => true,
            Standing::Idle | Standing::Heading | Standing::Whole => {
                self.caller.is_closing() || self.door.drain.is_draining() || self.tenant.is_asked_to_leave()
            }
        }
    }
}

impl<W> std::fmt::Debug for Line<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Line").field("view", &self.view).finish_non_exhaustive()
    }
}
