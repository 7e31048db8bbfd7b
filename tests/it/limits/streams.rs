//! Bounds of connections: how many, and how many streams on one.

use std::time::Duration;

use crate::frames::{END_HEADERS, END_STREAM, Frame, H2, Outcome, WHOLE, block, frame, kind, request};
use crate::gate::Gate;
use crate::origin::Origin;
use crate::pace::{SOON, until};
use crate::wire::{Ask, Wire};

const OPEN: &str = "routes: [{name: site, path_prefix: /, public: true}]\n";

#[test]
fn an_http2_connection_announces_and_keeps_64_streams_and_16_kib_of_header_list() {
    let origin = Origin::scripted(|talk| talk.hang());
    let gate = Gate::start(origin.addr, OPEN);
    let announced = settings(&gate);
    assert!(announced.contains(&(3, 64)), "{announced:?}");
    assert!(announced.contains(&(6, 16 * 1024)), "{announced:?}");
    let mut connection = H2::to(gate.data).patience(Duration::from_secs(5));
    let bytes: Vec<u8> = (0..80).flat_map(|n| request(2 * n + 1, "GET", "/", &[], WHOLE)).collect();
    connection.send(&bytes).unwrap();
    let last = connection.outcome(159);
    assert!(
        matches!(last, Outcome::Reset(7, None) | Outcome::GoAway(_) | Outcome::Closed),
        "stream 80: {last:?}"
    );
    assert!(origin.count() <= 64, "{} at the app", origin.count());
}

/// What the engine answers or resets by itself leaves a record all the same, and soon.
#[test]
fn requests_the_http2_engine_refuses_are_recorded_while_the_connection_lives() {
    let origin = Origin::start();
    let gate = Gate::start(origin.addr, OPEN);
    let mut connection = H2::to(gate.data).patience(Duration::from_secs(5));
    let good = |stream| request(stream, "GET", "/", &[("x-good", "1")], WHOLE);
    let fat = "f".repeat(17 * 1024 - 200);
    connection.send(&good(1)).unwrap();
    assert!(matches!(connection.outcome(1), Outcome::Answer(200, _)));
    let list = block(&[
        (b":method", b"GET"),
        (b":scheme", b"http"),
        (b":authority", b"gate.test"),
        (b":path", b"/"),
        (b"x-fat", fat.as_bytes()),
    ]);
    let (first, second) = list.split_at(16_000);
    let over =
        [frame(kind::HEADERS, END_STREAM, 3, first), frame(kind::CONTINUATION, END_HEADERS, 3, second)];
    connection.send(&over.concat()).unwrap();
    assert!(matches!(connection.outcome(3), Outcome::Answer(431, _)));
    let refused = || gate.metric("sidegate_requests_total", &["reason=\"stream_refused\""]);
    until(SOON, "the record of an oversized list", || (refused() == 1.0).then_some(()));
    // A field that HTTP/2 forbids: reset.
    connection.send(&request(5, "GET", "/", &[("connection", "close")], WHOLE)).unwrap();
    assert!(matches!(connection.outcome(5), Outcome::Reset(..)));
    until(SOON, "the record of a forbidden field", || (refused() == 2.0).then_some(()));
    connection.send(&good(7)).unwrap();
    assert!(matches!(connection.outcome(7), Outcome::Answer(200, _)));
    drop(connection);
    let ended = gate.stop();
    let reasons: Vec<&str> = ended.audit.iter().map(|record| record.reason()).collect();
    assert_eq!(reasons, ["", "stream_refused", "stream_refused", ""]);
    assert_eq!(origin.count(), 2);
}

/// The settings a connection begins with.
fn settings(gate: &Gate) -> Vec<(u16, u32)> {
    let mut wire = Wire::to(gate.data);
    wire.send(&[crate::frames::PREFACE, &crate::frames::frame(kind::SETTINGS, 0, 0, b"")].concat()).unwrap();
    let head = wire.take(9).unwrap();
    let frame =
        Frame { kind: head[3], flags: head[4], stream: 0, payload: wire.take(usize::from(head[2])).unwrap() };
    assert_eq!(frame.kind, kind::SETTINGS);
    frame
        .payload
        .chunks(6)
        .map(|six| {
            (u16::from_be_bytes([six[0], six[1]]), u32::from_be_bytes([six[2], six[3], six[4], six[5]]))
        })
        .collect()
}

#[test]
fn connections_past_the_cap_wait_or_end_and_the_ops_port_stays_reachable() {
    let origin = Origin::start();
    let gate = Gate::start(origin.addr, &format!("limits: {{connections: 20}}\n{OPEN}"));
    let mut held: Vec<Wire> = (0..20).map(|_| Wire::to(gate.data)).collect();
    for wire in &mut held {
        wire.send(b"POST / HTTP/1.1\r\nHost: gate.test\r\nContent-Length: 10\r\n\r\nhalf ").unwrap();
    }
    until(SOON, "all are busy", || (origin.count() >= 20).then_some(()));
    let before = origin.count();
    let mut more: Vec<Wire> = (0..30).filter_map(|_| Wire::try_to(gate.data)).collect();
    for wire in &mut more {
        let _ = wire.send(&Ask::get("/more").bytes());
    }
    assert_eq!(gate.look("/ready").unwrap().status, 200);
    let mut outside = more.swap_remove(0).patience(Duration::from_millis(500));
    let early = outside.answer("GET").map(|answer| answer.status);
    assert!(!matches!(early, Ok(200)), "the 21st connection is served");
    assert_eq!(origin.count(), before, "past the cap, yet at the app");
    for wire in &mut held {
        wire.send(b"done.").unwrap();
        assert_eq!(wire.answer("POST").unwrap().status, 200, "those inside go on");
    }
    drop(held);
    drop(more);
    until(SOON, "there is room again", || {
        let mut wire = Wire::try_to(gate.data)?;
        (wire.try_ask(&Ask::get("/")).ok()?.status == 200).then_some(())
    });
}
