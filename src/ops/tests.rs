use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

use super::*;
use crate::base::clock::{self, Wall};
use crate::config::env::Environment;
use crate::config::{self, LoadMode};
use crate::exchange::Peer;
use crate::listen::slots::{Bounds, Slot, Slots};
use crate::reload::{Attempt, Complaint, Source, Status, Taken, Watching};
use crate::snapshot::Snapshot;

/// What the next reload says.
pub(super) type Verdict = Arc<Mutex<Result<Taken, Vec<Complaint>>>>;

struct Toy(Verdict);

impl Source for Toy {
    fn attempt(&mut self, _: u64) -> Attempt {
        Attempt { inputs: Vec::new(), result: self.0.lock().unwrap().clone() }
    }

    fn tidy(&mut self) {}

    fn name(&self) -> String {
        "gate.yaml".into()
    }
}

/// Both ports over real sockets, everything behind them real but the source of reloads.
pub(super) struct Bench {
    pub(super) ops: SocketAddr,
    pub(super) admin: Address,
    pub(super) parts: Parts,
    pub(super) verdict: Verdict,
    pub(super) slots: Slots,
    pub(super) running: Ops,
    /// The app: only that its port is open matters.
    pub(super) app: Option<TcpListener>,
    folder: PathBuf,
}

/// An answer: status, head, body.
pub(super) struct Heard {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: String,
}

impl Heard {
    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|problem| panic!("{problem}: {}", self.body))
    }
}

fn folder() -> PathBuf {
    static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let path = std::env::temp_dir().join(format!("sidegate-ops-{}-{number}", std::process::id()));
    std::fs::create_dir_all(&path).unwrap();
    path
}

fn snapshot(folder: &std::path::Path, app: SocketAddr, more: &str, observer: &Observer) -> Snapshot {
    let path = folder.join("gate.yaml");
    // Another route, or another section.
    let (top, below) = if more.starts_with(' ') { ("", more) } else { (more, "") };
    let text = format!(
        "version: 1\nlisten: 127.0.0.1:0\nupstream: http://{app}\nlimits: {{drain_min: 100ms, drain_max: 2s}}\n\
         {top}routes:\n  - {{name: site, path_prefix: /, public: true}}\n{below}"
    );
    std::fs::write(&path, text).unwrap();
    let loaded = config::load(&path, LoadMode::Start, &Environment::from_pairs::<&str, &str>([]))
        .unwrap_or_else(|problems| panic!("{problems:?}"));
    Snapshot::compile(loaded, None, observer).unwrap()
}

pub(super) fn complaint() -> Complaint {
    Complaint {
        file: "gate.yaml".into(),
        line: 7,
        column: 3,
        message: "routes[0].path: expected a path".into(),
        hint: "begin it with /".into(),
    }
}

/// Ports of loopback TCP, the app up, everything started.
pub(super) fn bench() -> Bench {
    bench_of(Pulse::new(1, clock::mono()))
}

/// The same with workers that beat as `pulse` says.
pub(super) fn bench_of(pulse: Pulse) -> Bench {
    let folder = folder();
    let app = TcpListener::bind("127.0.0.1:0").unwrap();
    let loopback = Address::Tcp("127.0.0.1:0".parse().unwrap());
    let bound = Bound::open(&loopback, Some(&loopback)).unwrap();
    let addresses: Vec<Address> = bound.addresses().map(|(_, address)| address.clone()).collect();
    let Address::Tcp(ops) = addresses[0] else { panic!("tcp") };
    let observer = Arc::new(Observer::new(1, std::path::Path::new("gate.yaml")));
    let first = snapshot(&folder, app.local_addr().unwrap(), "", &observer);
    let verdict: Verdict = Arc::new(Mutex::new(Ok(Taken::Unchanged)));
    let status = Status {
        generation: 3,
        hash: "ab12".into(),
        taken_at: Wall(0),
        refused: None,
        needs_restart: Vec::new(),
        warnings: Vec::new(),
        watching: Watching::Events,
        pinned: Vec::new(),
    };
    let reload = Reload::start(Toy(Arc::clone(&verdict)), status, Vec::new(), Arc::clone(&observer)).unwrap();
    let slots = Slots::new(Bounds::new(10));
    let drain = Drain::new(slots.clone());
    let driven = drain.clone();
    thread::spawn(move || block_on(driven.run()));
    let parts = Parts { observer, reload, pulse, drain, snapshots: Arc::new(Snapshots::new(first)) };
    let running = bound.serve(parts.clone()).unwrap();
    running.started();
    Bench { ops, admin: addresses[1].clone(), parts, verdict, slots, running, app: Some(app), folder }
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

impl Bench {
    /// One request to the ops port.
    pub(super) fn ops(&self, line: &str) -> Heard {
        send(TcpStream::connect(self.ops).unwrap(), line, "Host: x\r\n")
    }

    /// One request to the admin port by its own name.
    pub(super) fn admin(&self, line: &str) -> Heard {
        self.admin_with(line, "Host: localhost\r\n")
    }

    pub(super) fn admin_with(&self, line: &str, headers: &str) -> Heard {
        let Address::Tcp(admin) = self.admin else { panic!("tcp") };
        send(TcpStream::connect(admin).unwrap(), line, headers)
    }

    /// Changes the configuration in force.
    pub(super) fn set(&self, app: SocketAddr, more: &str) {
        self.parts.snapshots.store(snapshot(&self.folder, app, more, &self.parts.observer));
    }

    /// One more connection of a caller.
    pub(super) fn caller(&self) -> Slot {
        self.slots.take(Peer::Unix).unwrap()
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.running.end();
        self.parts.reload.stop();
    }
}

/// Sends a request and reads the answer to its end.
pub(super) fn send(mut stream: impl Read + Write, line: &str, headers: &str) -> Heard {
    let request = format!("{line} HTTP/1.1\r\n{headers}Connection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Heard { status, head: head.to_lowercase(), body: body.to_owned() }
}

/// An address where nobody listens.
pub(super) fn nobody() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

#[test]
fn an_address_in_use_is_told_with_a_way_out_before_anything_runs() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = Address::Tcp(taken.local_addr().unwrap());
    let free = Address::Tcp("127.0.0.1:0".parse().unwrap());
    let error = Bound::open(&free, Some(&address)).unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with("admin: cannot listen on 127.0.0.1:"), "{text}");
    assert!(text.contains("give `admin` another address"), "{text}");
}

#[test]
fn the_ports_close_when_told() {
    let bench = bench();
    bench.running.end();
    for _ in 0..500 {
        if TcpStream::connect(bench.ops).is_err() {
            return;
        }
        thread::sleep(Duration::from_millis(10));
    }
    panic!("still open");
}
