//! Bounds of connections: how many, and how many streams on one.

use std::time::Duration;

use crate::frames::{Frame, H2, Outcome, WHOLE, kind, request};
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
        assert_eq!(wire.ask(&Ask::get("/")).status, 200);
    }
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
        assert_eq!(wire.ask(&Ask::get("/")).status, 200, "those inside go on");
    }
    drop(held);
    drop(more);
    until(SOON, "there is room again", || {
        let mut wire = Wire::try_to(gate.data)?;
        (wire.try_ask(&Ask::get("/")).ok()?.status == 200).then_some(())
    });
}
