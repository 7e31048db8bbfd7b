//! The whole way of requests that pass, in one thread: a caller, the gate's worker, an app, joined by socket pairs and a
//! unix socket. Does a fixed number of them and ends; `benches/way/run` counts what that took.
//!
//! `way pass 500` — 500 requests one after the other on one kept connection; `keyed`, `signed` likewise, and `none`:
//! caller and app without the gate between, which is what the counting leaves out. `way keyed 1 512`: one request on
//! each of 512 connections at once, for whoever looks at memory.
#![expect(clippy::expect_used, reason = "a bench may end where its own fixed rules are refused")]

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use sidegate::base::stream::Stream;
use sidegate::base::watchdog::Watchdog;
use sidegate::config::env::Environment;
use sidegate::config::{self, LoadMode};
use sidegate::exchange::{Peer, Shared, Worker};
use sidegate::forward::Forwarder;
use sidegate::forward::budget::Budget;
use sidegate::listen::connection;
use sidegate::listen::door::Door;
use sidegate::listen::drain::Drain;
use sidegate::listen::slots::{Bounds, Ceiling, Slots};
use sidegate::observe::Observer;
use sidegate::snapshot::{Snapshot, Snapshots};
use sidegate::state::Tables;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::runtime::{Builder, LocalOptions};
use tokio::task::spawn_local;

mod requests;

use requests::{ANSWER, Scenario, rules};

/// More than any request or answer here.
const ROOM: usize = 16 * 1024;

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let Some(scenario) = arguments.next().map(|name| Scenario::parse(&name)) else {
        // `cargo bench` starts every bench without arguments; this one is started by benches/way/run.
        return;
    };
    let scenario = scenario.expect("the scenario is none, pass, keyed or signed");
    let mut number = || arguments.next().map_or(1, |text| text.parse().expect("a number"));
    let (count, connections): (usize, usize) = (number(), number());
    let folder = std::env::temp_dir().join(format!("sidegate-way-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder");
    let socket = folder.join("app");
    let runtime = Builder::new_current_thread().enable_all().build_local(LocalOptions::default());
    runtime.expect("a runtime").block_on(go(scenario, &socket, count, connections));
    fs::remove_dir_all(&folder).expect("the folder goes");
}

async fn go(scenario: Scenario, socket: &Path, count: usize, connections: usize) {
    let listener = UnixListener::bind(socket).expect("a socket for the app");
    spawn_local(app(listener));
    let request: Rc<[u8]> = scenario.request().into();
    let door = (scenario != Scenario::None).then(|| gate(scenario, socket));
    let mut callers = Vec::with_capacity(connections);
    for number in 0..connections {
        let stream = match &door {
            Some(door) => through(door, number),
            None => UnixStream::connect(socket).await.expect("the app takes it"),
        };
        callers.push(spawn_local(call(stream, Rc::clone(&request), count)));
    }
    let mut kept = Vec::with_capacity(connections);
    for caller in callers {
        kept.push(caller.await.expect("the caller ends"));
    }
}

/// Sends the request `count` times, each after the answer to the one before; keeps the connection.
async fn call(mut stream: UnixStream, request: Rc<[u8]>, count: usize) -> UnixStream {
    let mut buffer = vec![0; 1024];
    for _ in 0..count {
        stream.write_all(&request).await.expect("the gate reads");
        let mut filled = 0;
        while !buffer.get(..filled).unwrap_or_default().ends_with(b"\r\n\r\nok\n") {
            let room = buffer.get_mut(filled..).expect("an answer is short");
            let more = stream.read(room).await.expect("the gate answers");
            assert!(more > 0, "the gate closed instead of an answer");
            filled += more;
        }
        assert!(buffer.starts_with(b"HTTP/1.1 200 "), "{}", String::from_utf8_lossy(&buffer));
    }
    stream
}

/// One more connection to the gate; callers seem to come over TCP, so that lists of addresses count.
fn through(door: &Rc<Door<Worker>>, number: usize) -> UnixStream {
    let (ours, theirs) = UnixStream::pair().expect("a pair of sockets");
    let port = 1024 + u16::try_from(number).expect("few connections");
    let peer = Peer::Tcp(SocketAddr::from(([127, 0, 0, 1], port)));
    let slot = door.drain.slots().take(peer).expect("there is room");
    spawn_local(connection::run(Rc::clone(door), Stream::Unix(theirs), peer, slot));
    ours
}

/// The worker as `app` starts one, every limit and deadline on.
fn gate(scenario: Scenario, socket: &Path) -> Rc<Door<Worker>> {
    let text = rules(scenario, socket);
    let (path, none) = (PathBuf::from("way.yaml"), Environment::default());
    let loaded = config::load_text(&path, text.as_bytes(), LoadMode::Start, &none);
    let loaded = loaded.expect("the bench's own rules are right");
    let observer = Arc::new(Observer::new(1, &path));
    let snapshot = Snapshot::compile(loaded, None, &observer).expect("the rules compile");
    let settings = Arc::clone(&snapshot.settings);
    observer.direct(&settings.telemetry, settings.limits.audit_queue).expect("nothing is written");
    observer.show(&snapshot.meters);
    let shared = Shared {
        tables: Arc::new(Tables::new(&settings.limits)),
        budget: Budget::new(settings.limits.buffered_total),
        snapshots: Arc::new(Snapshots::new(snapshot)),
    };
    let watchdog = Watchdog::default();
    spawn_local(watchdog.clone().run());
    let forwarder = Forwarder::new(watchdog.clone());
    spawn_local(Rc::clone(&forwarder).run());
    let worker = Rc::new(Worker::new(shared, forwarder, observer.scribe(), watchdog.clone()));
    let slots = Slots::new(Bounds::from_settings(&settings, Ceiling::of_process()));
    Rc::new(Door::new(worker, watchdog, Drain::new(slots)))
}

async fn app(listener: UnixListener) {
    loop {
        let (stream, _) = listener.accept().await.expect("the app accepts");
        spawn_local(serve(stream));
    }
}

/// Answers every whole request; none begins before the answer to the one before has left.
async fn serve(mut stream: UnixStream) {
    let mut buffer = vec![0; ROOM];
    let mut filled = 0;
    loop {
        let room = buffer.get_mut(filled..).unwrap_or_default();
        let Ok(more @ 1..) = stream.read(room).await else { return };
        filled += more;
        if requests::is_whole(buffer.get(..filled).unwrap_or_default()) {
            filled = 0;
            stream.write_all(ANSWER).await.expect("the gate reads");
        }
    }
}
