//! Callers that ask for much and read nothing: each costs no more than the bound on connections counts with.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use socket2::{Domain, Socket, Type};

use crate::frames::{H2, WHOLE, frame, kind, request};
use crate::gate::{Gate, alone};
use crate::origin::Origin;
use crate::pace::tick;
use crate::wire::{Ask, Wire};

const OPEN: &str = "routes: [{name: site, path_prefix: /, public: true}]\n";
/// What a connection with a message under way counts with, KiB.
const COUNTED: u64 = 24 + 104;

fn origin() -> Origin {
    let large = vec![b'x'; 4 << 20];
    Origin::scripted(move |talk| {
        talk.body()?;
        match talk.target().as_str() {
            "/large" => talk.plain(200, &large),
            _ => talk.plain(200, b"ok"),
        }
    })
}

/// How far the gate's memory has grown over `before` within two seconds, KiB.
fn growth(gate: &Gate, before: u64) -> u64 {
    let begun = Instant::now();
    let mut most = before;
    while begun.elapsed() < Duration::from_secs(2) {
        most = most.max(gate.rss_kib());
        tick(Instant::now() + Duration::from_millis(20));
    }
    most - before
}

fn narrow(gate: &Gate) -> Wire {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    socket.connect_timeout(&gate.data.into(), Duration::from_secs(10)).unwrap();
    Wire::over(TcpStream::from(socket))
}

#[test]
fn an_answer_that_is_not_read_costs_no_more_than_its_connection_counts_with() {
    let _alone = alone();
    let origin = origin();
    let gate = Gate::start(origin.addr, OPEN);
    assert_eq!(gate.ask(&Ask::get("/")).status, 200);
    let before = gate.rss_kib();
    let mut stalled: Vec<Wire> = (0..200).map(|_| narrow(&gate)).collect();
    stalled.iter_mut().for_each(|wire| wire.send(&Ask::get("/large").bytes()).unwrap());
    let each = growth(&gate, before) / 200;
    println!("{each} KiB for an HTTP/1 answer that is not read");
    assert_eq!(gate.metric("sidegate_in_flight_requests", &[]), 200.0, "they were not held");
    assert!(each <= COUNTED, "{each} KiB, counted with {COUNTED}");
    assert_eq!(stalled.pop().unwrap().answer("GET").unwrap().body.len(), 4 << 20, "and all of it comes");
}

#[test]
fn streams_that_are_not_read_cost_no_more_than_messages_count_with() {
    let _alone = alone();
    let origin = origin();
    let gate = Gate::start(origin.addr, OPEN);
    assert_eq!(gate.ask(&Ask::get("/")).status, 200);
    let before = gate.rss_kib();
    let mut held = Vec::new();
    for _ in 0..4 {
        // Windows that hold nothing back: only the socket does.
        let mut connection = H2::with_settings(gate.data, &[(4, 0x7fff_ffff)]);
        connection.send(&frame(kind::WINDOW_UPDATE, 0, 0, &0x7fff_0000_u32.to_be_bytes())).unwrap();
        let asks: Vec<u8> = (0..60).flat_map(|n| request(2 * n + 1, "GET", "/large", &[], WHOLE)).collect();
        connection.send(&asks).unwrap();
        held.push(connection);
    }
    let each = growth(&gate, before) / 240;
    println!("{each} KiB for an HTTP/2 answer that is not read");
    assert_eq!(gate.metric("sidegate_in_flight_requests", &[]), 240.0, "they were not held");
    assert!(each <= COUNTED, "{each} KiB, counted with {COUNTED}");
}
