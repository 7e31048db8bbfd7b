//! A gate without checks between a raw client socket and an app that plays a script, for tests.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, Request, Response};
use http_body_util::BodyExt;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::{LocalSet, spawn_local};

use crate::base::clock;
use crate::base::watchdog::Watchdog;
use crate::check::{Granted, Identity, Payload, Upgrade};
use crate::config::settings::{Upstream, UpstreamTarget};
use crate::forward::answer::{self, Asked};
use crate::forward::body::PaceRules;
use crate::forward::in_flight::{Judged, Sent};
use crate::forward::names::Names;
use crate::forward::rules::IdentityLabels;
use crate::forward::upgrade::Ended;
use crate::forward::{ForwardRules, Forwarder, OutBody, Target, WireBody};
use crate::identify::client_ip::Client;
use crate::observe::{Arrival, MeterSet, Observer, Scribe, names};
use crate::state::replay::Reservation;

/// How the gate under test takes bodies.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::forward) enum Bodies {
    Streamed,
    Whole,
}

/// A gate that lets everything through.
pub(in crate::forward) struct Gate {
    pub(in crate::forward) forwarder: Rc<Forwarder>,
    pub(in crate::forward) target: Arc<Target>,
    pub(in crate::forward) observer: Arc<Observer>,
    pub(in crate::forward) bodies: Cell<Bodies>,
    /// How the last tunnel ended.
    pub(in crate::forward) tunnel: Rc<Cell<Option<Ended>>>,
    /// Ends tunnels.
    pub(in crate::forward) stop: Rc<Notify>,
    /// The reservation of the next request.
    pub(in crate::forward) reservation: Cell<Option<Reservation>>,
    scribe: Rc<Scribe>,
    meters: MeterSet,
    rules: Arc<ForwardRules>,
}

/// An app that plays a script on every connection.
pub(in crate::forward) struct App {
    pub(in crate::forward) address: SocketAddr,
    /// Connections accepted so far.
    pub(in crate::forward) accepted: Rc<Cell<usize>>,
    /// The heads of requests as received.
    pub(in crate::forward) heads: Rc<RefCell<Vec<String>>>,
}

/// Runs the streams of an HTTP/2 connection on this thread.
#[derive(Clone, Copy)]
struct Local;

impl<F: Future<Output = ()> + 'static> hyper::rt::Executor<F> for Local {
    fn execute(&self, stream: F) {
        spawn_local(stream);
    }
}

/// One connection of the app.
pub(in crate::forward) struct Session {
    pub(in crate::forward) stream: TcpStream,
    /// Which connection it is, from 0.
    pub(in crate::forward) number: usize,
    heads: Rc<RefCell<Vec<String>>>,
    buffer: Vec<u8>,
}

/// Runs a test on one thread with the housekeeping tasks beside it, 30 s at most.
pub(in crate::forward) fn run<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let tasks = LocalSet::new();
    runtime.block_on(async {
        tokio::time::timeout(Duration::from_secs(30), tasks.run_until(test)).await.expect("the test hangs")
    })
}

/// An upstream on `address` with short timeouts.
pub(in crate::forward) fn upstream(address: SocketAddr) -> Upstream {
    Upstream {
        target: UpstreamTarget::Tcp { host: address.ip().to_string(), port: address.port() },
        connect_timeout: Duration::from_secs(1),
        timeout: Duration::from_millis(500),
        idle_timeout: Duration::from_millis(1500),
        max_connections: 8,
    }
}

impl Gate {
    pub(in crate::forward) fn new(upstream: &Upstream) -> Rc<Self> {
        Self::sharing(Target::new(upstream))
    }

    /// A worker of its own that sends to `target`.
    pub(in crate::forward) fn sharing(target: Arc<Target>) -> Rc<Self> {
        let watchdog = Watchdog::default();
        spawn_local(watchdog.clone().run());
        let forwarder = Forwarder::new(watchdog);
        spawn_local(Rc::clone(&forwarder).run());
        let observer = Arc::new(Observer::new(1, Path::new("gate.yaml")));
        let meters = observer.plan(1, &[]);
        observer.show(&meters);
        let rules = ForwardRules {
            names: Names::new("x-sidegate-", None, Vec::new()),
            identity: IdentityLabels::new("x-sidegate-"),
            routes: vec![HeaderValue::from_static("site")],
            pace: PaceRules { idle: Duration::from_secs(5), rate: 0, grace: Duration::from_secs(5) },
            silence: Duration::from_millis(400),
        };
        Rc::new(Self {
            forwarder,
            target,
            scribe: observer.scribe(),
            observer,
            bodies: Cell::new(Bodies::Streamed),
            tunnel: Rc::default(),
            stop: Rc::default(),
            reservation: Cell::default(),
            meters,
            rules: Arc::new(rules),
        })
    }

    /// A client connection to the gate.
    pub(in crate::forward) async fn client(self: &Rc<Self>) -> TcpStream {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (server, _) = listener.accept().await.unwrap();
        let gate = Rc::clone(self);
        spawn_local(async move {
            let service = service_fn(move |request| Rc::clone(&gate).serve(request));
            let served =
                hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(server), service);
            // A client that goes away is an error for hyper and the purpose of some tests.
            let _ = served.with_upgrades().await;
        });
        client
    }

    /// A client that speaks HTTP/2 to the gate.
    pub(in crate::forward) async fn client2(self: &Rc<Self>) -> h2::client::SendRequest<Bytes> {
        let (near, far) = tokio::io::duplex(1 << 16);
        let gate = Rc::clone(self);
        spawn_local(async move {
            let service = service_fn(move |request| Rc::clone(&gate).serve(request));
            let serving = hyper::server::conn::http2::Builder::new(Local);
            let _ = serving.serve_connection(TokioIo::new(far), service).await;
        });
        let (client, connection) = h2::client::handshake(near).await.unwrap();
        spawn_local(async move {
            let _ = connection.await;
        });
        client.ready().await.unwrap()
    }

    /// Sends `request` on a connection of its own and returns all that comes back until the gate closes.
    pub(in crate::forward) async fn ask(self: &Rc<Self>, request: &str) -> String {
        let mut client = self.client().await;
        client
            .write_all(request.replacen("\r\n\r\n", "\r\nConnection: close\r\n\r\n", 1).as_bytes())
            .await
            .unwrap();
        let mut answer = Vec::new();
        // A reset is how an answer that broke off ends.
        let _ = client.read_to_end(&mut answer).await;
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// How many requests ended so: `verdict`, `reason` as in the metric.
    pub(in crate::forward) fn told(&self, verdict: &str, reason: &str) -> usize {
        let page = self.observer.page();
        let labels = format!("verdict=\"{verdict}\",reason=\"{reason}\"");
        let lines =
            page.lines().filter(|line| line.starts_with(names::REQUESTS.name) && line.contains(&labels));
        lines.map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap() as usize).sum()
    }

    /// A request as the checks hand it on.
    pub(in crate::forward) fn judged(
        &self,
        parts: Parts,
        payload: Payload<WireBody>,
        upgrade: Upgrade,
    ) -> Judged {
        let peer = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let arrival = Arrival {
            method: &parts.method,
            path: parts.uri.path(),
            peer,
            meters: &self.meters,
            now: clock::now(),
        };
        let record = self.scribe.open(&arrival);
        let granted = Granted {
            parts: Box::new(parts),
            payload,
            identity: Identity { route: Some(0), ..Identity::default() },
            client: Client { ip: peer, peer_trusted: false },
            peer,
            reservation: self.reservation.take(),
            max_body: Some(1 << 20),
            upgrade,
        };
        let granted = Box::new(granted);
        Judged { granted, record, rules: Arc::clone(&self.rules), lease: None, at: clock::mono() }
    }

    async fn serve(
        self: Rc<Self>,
        mut request: Request<hyper::body::Incoming>,
    ) -> Result<Response<OutBody>, std::convert::Infallible> {
        let switched = hyper::upgrade::on(&mut request);
        let (parts, body) = request.into_parts();
        let method = parts.method.clone();
        let upgrade = match parts.headers.contains_key("upgrade") {
            true => Upgrade::WebSocket,
            false => Upgrade::None,
        };
        let payload = match self.bodies.get() {
            Bodies::Streamed => Payload::Stream(body.into()),
            Bodies::Whole => {
                let whole = body.collect().await.expect("a whole body");
                let trailers = whole.trailers().cloned();
                Payload::Whole { bytes: whole.to_bytes(), trailers }
            }
        };
        let judged = self.judged(parts, payload, upgrade);
        let id = judged.record.request_id();
        Ok(match self.forwarder.fly(judged, &self.target).await {
            Sent::Response(response) => response,
            Sent::Switched(response, tunnel) => {
                spawn_local(async move {
                    let caller = TokioIo::new(switched.await.unwrap());
                    self.tunnel.set(Some(tunnel.run(caller, Bytes::new(), self.stop.notified()).await));
                });
                response
            }
            Sent::Failed(failure, record) => {
                record.failed(failure, clock::mono());
                answer::failure(failure, Asked { id: &id, method: &method })
            }
        })
    }
}

impl App {
    /// Plays `script` on every connection.
    pub(in crate::forward) async fn start<F>(script: impl Fn(Session) -> F + 'static) -> Self
    where
        F: Future<Output = ()> + 'static,
    {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let app =
            Self { address: listener.local_addr().unwrap(), accepted: Rc::default(), heads: Rc::default() };
        let (accepted, heads) = (Rc::clone(&app.accepted), Rc::clone(&app.heads));
        spawn_local(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let session =
                    Session { stream, number: accepted.get(), heads: Rc::clone(&heads), buffer: Vec::new() };
                accepted.set(accepted.get() + 1);
                spawn_local(script(session));
            }
        });
        app
    }

    /// Answers every request with `answer`, keeping connections open.
    pub(in crate::forward) async fn answering(answer: &'static str) -> Self {
        Self::start(move |mut session| async move {
            while session.request().await.is_some() {
                session.say(answer).await;
            }
        })
        .await
    }

    pub(in crate::forward) fn gate(&self) -> Rc<Gate> {
        Gate::new(&upstream(self.address))
    }

    pub(in crate::forward) fn head(&self, index: usize) -> String {
        self.heads.borrow()[index].clone()
    }
}

impl Session {
    /// Reads a request; its body, chunked or by length. `None` when the connection ends before it is whole.
    pub(in crate::forward) async fn request(&mut self) -> Option<Vec<u8>> {
        self.head().await?;
        self.body().await
    }

    /// Reads the body that goes with the last head, chunks as they are on the wire.
    pub(in crate::forward) async fn body(&mut self) -> Option<Vec<u8>> {
        let head = self.last_head().to_lowercase();
        if head.contains("transfer-encoding: chunked") {
            return self.until(b"\r\n\r\n", b"0\r\n").await;
        }
        let length =
            head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
        while self.buffer.len() < length {
            self.more().await?;
        }
        Some(self.buffer.drain(..length).collect())
    }

    /// Reads a head.
    pub(in crate::forward) async fn head(&mut self) -> Option<String> {
        let head = self.until(b"\r\n\r\n", b"").await?;
        let head = String::from_utf8(head).unwrap();
        self.heads.borrow_mut().push(head.clone());
        Some(head)
    }

    /// The head read last.
    pub(in crate::forward) fn last_head(&self) -> String {
        self.heads.borrow().last().cloned().unwrap_or_default()
    }

    /// Reads up to and including `end`, after `start`.
    async fn until(&mut self, end: &[u8], start: &[u8]) -> Option<Vec<u8>> {
        loop {
            let from = match start.is_empty() {
                true => Some(0),
                false => self.buffer.windows(start.len()).position(|window| window == start),
            };
            let found = from.and_then(|from| {
                let place = self.buffer[from..].windows(end.len()).position(|window| window == end)?;
                Some(from + place + end.len())
            });
            match found {
                Some(place) => return Some(self.buffer.drain(..place).collect()),
                None => self.more().await?,
            }
        }
    }

    async fn more(&mut self) -> Option<()> {
        let mut bytes = [0; 4096];
        let count = self.stream.read(&mut bytes).await.ok().filter(|count| *count > 0)?;
        self.buffer.extend_from_slice(&bytes[..count]);
        Some(())
    }

    /// Writes `text`; an app does not care whether anyone listens.
    pub(in crate::forward) async fn say(&mut self, text: &str) {
        let _ = self.stream.write_all(text.as_bytes()).await;
    }
}

/// Reads until `end` has come.
pub(in crate::forward) async fn read_until(stream: &mut TcpStream, end: &str) -> String {
    let mut read = Vec::new();
    while !read.windows(end.len()).any(|window| window == end.as_bytes()) {
        let mut byte = [0; 1];
        if stream.read(&mut byte).await.unwrap_or(0) == 0 {
            break;
        }
        read.push(byte[0]);
    }
    String::from_utf8_lossy(&read).into_owned()
}

/// Waits until `holds` does.
pub(in crate::forward) async fn eventually(holds: impl Fn() -> bool) {
    while !holds() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
