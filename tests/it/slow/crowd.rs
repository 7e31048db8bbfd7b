//! Two thousand slow connections at once: memory bounded and given back, everyone else served, all of them let go.

use std::io::Write as _;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use socket2::{Domain, Socket, Type};

use crate::gate::{Gate, alone};
use crate::origin::Origin;
use crate::pace::until;
use crate::sign::github;
use crate::wire::{Ask, Wire};

const SECRET: &str = "the hook's secret of length";
const HEADS: usize = 1000;
const BODIES: usize = 850;
/// Few: on loopback the kernel itself buffers megabytes for each.
const READS: usize = 150;
/// What may stay in memory when they have gone, KiB. An allocator that keeps what it had leaves 50 MiB.
const KEPT: u64 = 16 * 1024;

/// The three ways of being slow, round about.
fn open(gate: &Gate) -> Vec<TcpStream> {
    let signature = github(SECRET, b"never");
    let body = format!(
        "POST /hook HTTP/1.1\r\nHost: gate.test\r\nX-Hub-Signature-256: {signature}\r\nContent-Length: 1000\r\n\r\nslow"
    );
    let read = "GET /large HTTP/1.1\r\nHost: gate.test\r\n\r\n".to_owned();
    let head = "GET / HTTP/1.1\r\nHost: gate.test\r\nX-Slow: ".to_owned();
    let begins = [(HEADS, head), (BODIES, body), (READS, read)];
    let mut all = Vec::with_capacity(HEADS + BODIES + READS);
    for (count, begin) in begins {
        for _ in 0..count {
            let mut stream = narrow(gate);
            stream.set_nonblocking(true).unwrap();
            let _ = stream.write_all(begin.as_bytes());
            all.push(stream);
        }
    }
    all
}

/// A connection with room for little: what its owner does not read stays with the gate.
fn narrow(gate: &Gate) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    socket.connect_timeout(&gate.data.into(), Duration::from_secs(10)).unwrap();
    socket.into()
}

/// Asks for `span`, one request after another; how long each took.
fn ask_for(gate: &Gate, span: Duration, mut meanwhile: impl FnMut()) -> Vec<Duration> {
    let end = Instant::now() + span;
    let mut wire = Wire::to(gate.data);
    let mut took = Vec::new();
    while Instant::now() < end {
        let begun = Instant::now();
        assert_eq!(wire.ask(&Ask::get("/")).status, 200);
        took.push(begun.elapsed());
        meanwhile();
        crate::pace::tick(begun + Duration::from_millis(5));
    }
    took.sort();
    took
}

fn at(sorted: &[Duration], hundredths: usize) -> Duration {
    sorted[(sorted.len() * hundredths / 100).min(sorted.len() - 1)]
}

#[test]
fn two_thousand_slow_connections_hold_up_nobody_and_are_all_let_go() {
    let _alone = alone();
    let large = vec![b'x'; 4 << 20];
    let origin = Origin::scripted(move |talk| {
        talk.body()?;
        match talk.target().as_str() {
            "/large" => talk.plain(200, &large),
            _ => talk.plain(200, b"ok"),
        }
    });
    let gate = Gate::start(
        origin.addr,
        &format!(
            "upstream: {{url: \"http://{}\", max_connections: 2000}}\n\
             limits: {{connections: 4000, head_timeout: 4s, body_idle: 4s, buffered_body_timeout: 8s, stalled_stream: 6s, keepalive_timeout: 4s}}\n\
             routes:\n  - {{name: hook, path: /hook, signature: {{provider: github, replay: \"off\", secrets: [{{id: a, value: \"{SECRET}\"}}]}}}}\n  \
             - {{name: site, path_prefix: /, public: true}}\n",
            origin.addr
        ),
    );
    let calm = ask_for(&gate, Duration::from_secs(1), || {});
    let (rss_before, files_before) = (gate.rss_kib(), gate.descriptors());
    let begun = Instant::now();
    let crowd = open(&gate);
    let opened = begun.elapsed();
    let (mut rss_during, mut files_during) = (0, 0);
    let pressed = ask_for(&gate, Duration::from_secs(3), || {
        rss_during = rss_during.max(gate.rss_kib());
        files_during = files_during.max(gate.descriptors());
    });
    until(Duration::from_secs(30), "every slow connection is let go", || {
        (gate.metric("sidegate_connections", &[]) <= 1.0).then_some(())
    });
    let let_go = begun.elapsed();
    drop(crowd);
    until(Duration::from_secs(10), "descriptors are back", || {
        (gate.descriptors() <= files_before + 10).then_some(())
    });
    let after = ask_for(&gate, Duration::from_secs(1), || {});
    let rss_after = crate::pace::attempt(Duration::from_secs(10), || {
        assert_eq!(gate.ask(&Ask::get("/")).status, 200);
        Some(gate.rss_kib()).filter(|now| *now < rss_before + KEPT)
    })
    .unwrap_or_else(|| gate.rss_kib());
    println!(
        "{} slow connections, opened in {opened:?}, all let go after {let_go:?}\n\
         rss before {rss_before} KiB, during {rss_during} KiB, after {rss_after} KiB; descriptors {files_before}, {files_during}\n\
         latency p50/p99: calm {:?}/{:?}, pressed {:?}/{:?}, after {:?}/{:?}",
        HEADS + BODIES + READS,
        at(&calm, 50),
        at(&calm, 99),
        at(&pressed, 50),
        at(&pressed, 99),
        at(&after, 50),
        at(&after, 99),
    );
    let each = (rss_during.saturating_sub(rss_before)) / (HEADS + BODIES + READS) as u64;
    println!("{each} KiB for each slow connection");
    assert!(files_during >= 1500, "only {files_during} descriptors: the crowd was not held");
    assert!(rss_during < rss_before + 128 * 1024, "rss grew from {rss_before} to {rss_during} KiB");
    assert!(rss_after < rss_before + KEPT, "rss was {rss_before} KiB and stays at {rss_after} KiB");
    // How long they took is printed, not judged: the machine may be busy. Each of them was answered.
    assert!(!pressed.is_empty(), "no normal request got through");
    assert!(let_go < Duration::from_secs(25), "let go only after {let_go:?}");
}
