//! A gate with a stand-in for the exchange, on real sockets.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::LocalSet;
use tokio::time::timeout;

use crate::base::watchdog::Watchdog;
use crate::config::settings::{Address, Limits};
use crate::exchange::{Caller, HeadNote};
use crate::forward::WireBody;
use crate::listen::accept;
use crate::listen::bind::bind;
use crate::listen::connection::Serve;
use crate::listen::door::Door;
use crate::listen::drain::{Drain, Stage, Times};
use crate::listen::slots::{Bounds, Slots};
use crate::listen::socket::Socket;
use crate::listen::tap::ConnIo;

/// Longer than anything here takes; a test that hits it has hung.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

pub(super) fn limits() -> Limits {
    Limits {
        head_timeout: Duration::from_secs(10),
        head_size: 32 * 1024,
        head_fields: 100,
        uri_size: 8 * 1024,
        keepalive_timeout: Duration::from_secs(75),
        connections: None,
        connections_per_client: None,
        buffered_body: 1 << 20,
        buffered_total: 32 << 20,
        body_idle: Duration::from_secs(15),
        body_rate: 240,
        body_rate_grace: Duration::from_secs(10),
        buffered_body_timeout: Duration::from_secs(30),
        http2_streams: 64,
        http2_header_list: 16 * 1024,
        stalled_stream: Duration::from_secs(60),
        drain_min: Duration::from_secs(5),
        drain_max: Duration::from_secs(25),
        failures: 2000,
        limit_entries: 1000,
        replay_entries: 1000,
        audit_queue: 1000,
        tunnel_idle: Duration::from_secs(60),
    }
}

/// Answers by the path: `/echo` the body, `/early` 401 unread, `/big` 4 MiB, `/ws` 101 and an echo, `/hang` never,
/// `/mixed` asks for the body in the middle of its answer, `/lend` 200 keeping its body unread, `/steal` with what it
/// reads from that body, `/panic`, `/spring` without end; anything else 200. Remembers every request it was given.
pub(super) struct App {
    limits: Limits,
    pub(super) seen: RefCell<Vec<String>>,
    pub(super) dropped: RefCell<usize>,
    /// Requests the engine refused by itself.
    pub(super) unseen: Cell<usize>,
    /// What `/spring` gives.
    pub(super) spring: Rc<Spring>,
    /// The body of the last `/lend`.
    lent: RefCell<Option<WireBody>>,
    /// Requests whose answer is not made yet.
    pub(super) under_way: Cell<usize>,
}

/// Gives as many pieces of 8 bytes as it was told to, and never ends: it waits, or breaks off.
#[derive(Default)]
pub(super) struct Spring {
    left: Cell<usize>,
    pub(super) breaks: Cell<bool>,
    thirsty: RefCell<Option<Waker>>,
}

impl Spring {
    fn poll(&self, cx: &Context<'_>) -> Poll<io::Result<Bytes>> {
        let Some(left) = self.left.get().checked_sub(1) else {
            if self.breaks.get() {
                return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
            }
            *self.thirsty.borrow_mut() = Some(cx.waker().clone());
            return Poll::Pending;
        };
        self.left.set(left);
        Poll::Ready(Ok(Bytes::from_static(b"~~~~~~~~")))
    }

    pub(super) fn pour(&self, pieces: usize) {
        self.left.set(pieces);
        if let Some(waker) = self.thirsty.take() {
            waker.wake();
        }
    }
}

/// The body of an answer.
#[derive(Default)]
pub(super) struct Pieces {
    /// What it gives, the last first.
    given: Vec<Bytes>,
    /// A request's body it asks for meanwhile.
    asked: Option<WireBody>,
    /// What it gives instead.
    spring: Option<Rc<Spring>>,
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = io::Error;
    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if let Some(spring) = &self.spring {
            return spring.poll(cx).map(|piece| Some(piece.map(Frame::data)));
        }
        if let Some(asked) = &mut self.asked {
            let _ = Pin::new(asked).poll_frame(cx);
        }
        Poll::Ready(self.given.pop().map(|piece| Ok(Frame::data(piece))))
    }
    fn is_end_stream(&self) -> bool {
        self.given.is_empty() && self.spring.is_none()
    }
    fn size_hint(&self) -> SizeHint {
        if self.spring.is_some() {
            return SizeHint::default();
        }
        SizeHint::with_exact(self.given.iter().map(|piece| piece.len() as u64).sum())
    }
}

pub(super) fn answer(status: u16, body: &[u8]) -> Response<Pieces> {
    let given = if body.is_empty() { vec![] } else { vec![Bytes::copy_from_slice(body)] };
    let mut response = Response::new(Pieces { given, ..Pieces::default() });
    *response.status_mut() = StatusCode::from_u16(status).expect("a status");
    response
}

/// Counts when a request is given up.
struct Noticed(Rc<App>);

impl Drop for Noticed {
    fn drop(&mut self) {
        *self.0.dropped.borrow_mut() += 1;
    }
}

/// Counts one request until its answer is made or it is given up.
struct UnderWay(Rc<App>);

impl UnderWay {
    fn of(app: &Rc<App>) -> Self {
        app.under_way.set(app.under_way.get() + 1);
        Self(Rc::clone(app))
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.under_way.set(self.0.under_way.get() - 1);
    }
}

impl Serve for App {
    type Body = Pieces;

    fn with_limits<R>(&self, read: impl FnOnce(&Limits) -> R) -> R {
        read(&self.limits)
    }

    async fn serve(self: Rc<Self>, caller: Rc<Caller>, head: Box<Parts>, body: WireBody) -> Response<Pieces> {
        if let HeadNote::Refused(reason) = caller.take_note() {
            self.seen.borrow_mut().push(format!("refused {}", reason.word()));
            caller.close_after();
            return answer(reason.status(), reason.word().as_bytes());
        }
        let _under_way = UnderWay::of(&self);
        let line = format!("{} {} {}", head.method, head.uri, head.headers.len());
        self.seen.borrow_mut().push(line);
        match head.uri.path() {
            "/echo" => match body.collect().await {
                Ok(body) => answer(200, &body.to_bytes()),
                Err(_) => answer(400, b"broken body"),
            },
            "/early" => answer(401, b"early"),
            "/mixed" => {
                let mut response = answer(200, b"mixed");
                response.body_mut().asked = Some(body);
                response
            }
            "/lend" => {
                *self.lent.borrow_mut() = Some(body);
                answer(200, b"lent")
            }
            "/steal" => {
                let lent = self.lent.borrow_mut().take().expect("a body was lent");
                match lent.collect().await {
                    Ok(body) => answer(200, &body.to_bytes()),
                    Err(_) => answer(409, b"nothing to steal"),
                }
            }
            "/big" => {
                let mut response = answer(200, b"");
                response.body_mut().given = vec![Bytes::from(vec![b'x'; 16 * 1024]); 256];
                response
            }
            "/spring" => {
                let mut response = answer(200, b"");
                response.body_mut().spring = Some(Rc::clone(&self.spring));
                response
            }
            "/ws" => {
                let mut response = answer(101, b"");
                response.headers_mut().insert("connection", HeaderValue::from_static("upgrade"));
                response.headers_mut().insert("upgrade", HeaderValue::from_static("websocket"));
                response
            }
            "/hang" => {
                let _noticed = Noticed(Rc::clone(&self));
                std::future::pending().await
            }
            "/panic" => panic!("on purpose"),
            _ => answer(200, b"ok"),
        }
    }

    fn refused_unseen(&self, _: &Caller) {
        self.unseen.set(self.unseen.get() + 1);
    }

    fn panicked(&self) -> Response<Pieces> {
        answer(500, b"panicked")
    }

    async fn tunnel<S: Socket + 'static>(self: Rc<Self>, _: Rc<Caller>, stream: ConnIo<S>) {
        let (mut read, mut write) = tokio::io::split(stream);
        let _ = tokio::io::copy(&mut read, &mut write).await;
        let _ = write.shutdown().await;
    }
}

/// The running gate.
pub(super) struct Gate {
    pub(super) at: SocketAddr,
    pub(super) app: Rc<App>,
    pub(super) drain: Drain,
    pub(super) slots: Slots,
}

/// Runs `test` against a gate with `limits`.
pub(super) fn with_gate<F: Future<Output = ()>>(limits: Limits, test: impl FnOnce(Gate) -> F) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    LocalSet::new().block_on(&runtime, async move {
        let slots = Slots::new(Bounds::new(100));
        let drain = Drain::new(slots.clone());
        let watchdog = Watchdog::default();
        let app = Rc::new(App {
            limits,
            seen: RefCell::default(),
            dropped: RefCell::default(),
            unseen: Cell::default(),
            spring: Rc::default(),
            lent: RefCell::default(),
            under_way: Cell::default(),
        });
        let door = Door::new(Rc::clone(&app), watchdog.clone(), drain.clone());
        let mut listening = bind(&[Address::Tcp(([127, 0, 0, 1], 0).into())], 1).expect("bound");
        let Some(Address::Tcp(at)) = listening.addresses.pop() else { panic!("no address") };
        let share = listening.shares.pop().expect("a share");
        tokio::task::spawn_local(watchdog.run());
        tokio::task::spawn_local(accept::serve(Rc::new(door), share));
        let gate = Gate { at, app, drain, slots };
        timeout(PATIENCE, test(gate)).await.expect("the test ends");
    });
}

impl Gate {
    pub(super) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.at).await.expect("connected")
    }

    /// A caller that can hold only little of what it does not read.
    pub(super) async fn connect_narrow(&self) -> TcpStream {
        let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
        socket.set_recv_buffer_size(16 * 1024).expect("set");
        socket.connect(self.at).await.expect("connected")
    }

    /// Sends `bytes`, ends the sending side, and returns everything that comes back.
    pub(super) async fn talk(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect().await;
        stream.write_all(bytes).await.expect("written");
        stream.shutdown().await.expect("half closed");
        everything(&mut stream).await
    }

    pub(super) fn seen(&self) -> Vec<String> {
        self.app.seen.borrow().clone()
    }

    pub(super) async fn until(&self, what: &str, done: impl Fn(&Self) -> bool) {
        for _ in 0..2000 {
            if done(self) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("never: {what}");
    }

    pub(super) fn begin_drain(&self, min: Duration) {
        let drain = self.drain.clone();
        tokio::task::spawn_local(async move { drain.run().await });
        self.drain.begin(Times { min, max: PATIENCE });
        assert!(self.drain.stage() >= Stage::Draining);
    }
}

/// Reads until the end or an error.
pub(super) async fn everything(stream: &mut TcpStream) -> String {
    let mut all = Vec::new();
    let _ = timeout(PATIENCE, stream.read_to_end(&mut all)).await.expect("an end");
    String::from_utf8_lossy(&all).into_owned()
}

/// Reads until `text` has come.
pub(super) async fn read_until(stream: &mut TcpStream, text: &str) -> String {
    let mut all = Vec::new();
    let mut piece = [0; 4096];
    while !String::from_utf8_lossy(&all).contains(text) {
        let count = timeout(PATIENCE, stream.read(&mut piece)).await.expect("in time").expect("no error");
        assert!(count > 0, "ended after {:?}", String::from_utf8_lossy(&all));
        all.extend_from_slice(&piece[..count]);
    }
    String::from_utf8_lossy(&all).into_owned()
}
