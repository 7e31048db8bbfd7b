//! Bounds towards the app: connecting, answering, and how many at once.

use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use socket2::{Domain, Socket, Type};

use crate::gate::Gate;
use crate::origin::Origin;
use crate::wire::{Ask, Wire};

fn upstream(addr: SocketAddr, more: &str) -> String {
    format!(
        "upstream: {{url: \"http://{addr}\", {more}}}\nroutes: [{{name: site, path_prefix: /, public: true}}]\n"
    )
}

fn fails(gate: &Gate, ask: &Ask, status: u16, reason: &str) -> Duration {
    let begun = Instant::now();
    let answer = gate.ask(ask);
    let record = gate.record(answer.id());
    assert_eq!(
        (answer.status, record.reason(), record.result()),
        (status, reason, "error"),
        "{}",
        record.raw
    );
    assert_eq!(answer.json()["status"], status);
    begun.elapsed()
}

#[test]
fn an_app_that_is_not_there_is_a_502_at_once() {
    let gone = Origin::start().addr;
    let gate = Gate::start(gone, &upstream(gone, "connect_timeout: 1s"));
    let took = fails(&gate, &Ask::get("/"), 502, "upstream_connect");
    assert!(took < Duration::from_millis(900), "took {took:?}");
}

#[test]
fn an_app_that_does_not_accept_is_a_504_after_the_connect_timeout() {
    // A listener nobody accepts from: once its queue is full, the kernel drops what knocks.
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    socket.listen(1).unwrap();
    let addr = socket.local_addr().unwrap().as_socket().unwrap();
    let mut queue = Vec::new();
    for _ in 0..20 {
        match TcpStream::connect_timeout(&addr, Duration::from_millis(300)) {
            Ok(stream) => queue.push(stream),
            Err(_) => break,
        }
    }
    assert!(queue.len() < 20, "the queue never fills");
    let gate = Gate::start(addr, &upstream(addr, "connect_timeout: 500ms"));
    let took = fails(&gate, &Ask::get("/"), 504, "upstream_connect_timeout");
    assert!((Duration::from_millis(450)..Duration::from_secs(2)).contains(&took), "took {took:?}");
}

#[test]
fn an_app_that_does_not_answer_is_a_504_after_the_timeout() {
    let origin = Origin::scripted(|talk| {
        if talk.target() == "/hang" {
            return talk.hang();
        }
        talk.body()?;
        talk.plain(200, b"ok")
    });
    let gate = Gate::start(origin.addr, &upstream(origin.addr, "timeout: 700ms"));
    for ask in [Ask::get("/hang"), Ask::post("/hang", "x")] {
        let took = fails(&gate, &ask, 504, "upstream_timeout");
        assert!((Duration::from_millis(650)..Duration::from_secs(2)).contains(&took), "took {took:?}");
    }
    assert_eq!(origin.seen().len(), 2, "never asked twice");
    assert_eq!(gate.ask(&Ask::get("/")).status, 200);
}

#[test]
fn an_app_with_all_connections_busy_is_a_503_with_retry_after_and_other_apps_are_untouched() {
    let busy = Origin::scripted(|talk| talk.hang());
    let free = Origin::start();
    let gate = Gate::start(
        free.addr,
        &format!(
            "routes:\n  - {{name: busy, path_prefix: /busy, public: true, upstream: {{url: \"http://{}\", max_connections: 3, timeout: 3s}}}}\n  \
             - {{name: site, path_prefix: /, public: true}}\n",
            busy.addr
        ),
    );
    let mut waiting: Vec<Wire> = (0..12).map(|_| Wire::to(gate.data)).collect();
    for wire in &mut waiting {
        wire.send(&Ask::post("/busy", "x").bytes()).unwrap();
    }
    busy.wait_heads(3);
    assert_eq!(gate.ask(&Ask::get("/")).status, 200, "another app's requests pass");
    let mut statuses: Vec<u16> = waiting
        .iter_mut()
        .map(|wire| {
            wire.answer("POST").map_or(0, |answer| {
                if answer.status == 503 {
                    assert!(!answer.one("retry-after").is_empty(), "{:?}", answer.fields);
                }
                answer.status
            })
        })
        .collect();
    statuses.sort_unstable();
    assert!(statuses.iter().all(|status| [503, 504].contains(status)), "{statuses:?}");
    assert!(
        busy.connections() <= 3 + statuses.iter().filter(|status| **status == 504).count(),
        "{}",
        busy.connections()
    );
}
