//! Who goes and who stays when connections run out.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use socket2::{Domain, Socket, Type};

use crate::frames::{H2, Outcome, WHOLE, kind, request};
use crate::gate::{Gate, alone};
use crate::origin::Origin;
use crate::pace::{SOON, until};
use crate::wire::{Ask, Wire};

const OPEN: &str = "routes: [{name: site, path_prefix: /, public: true}]\n";
const SECOND: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
const BEGUN: &[u8] = b"POST /upload HTTP/1.1\r\nHost: gate.test\r\nContent-Length: 10\r\n\r\nhalf ";

/// A connection from an address of our choice.
fn wire_from(ip: Ipv4Addr, gate: &Gate) -> Wire {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::new(IpAddr::V4(ip), 0).into()).unwrap();
    socket.connect_timeout(&gate.data.into(), SOON).unwrap();
    Wire::over(socket.into())
}

/// An upload that is under way, as the gate sees it.
fn busy(gate: &Gate, count: usize) -> Vec<Wire> {
    let uploads: Vec<Wire> = (0..count)
        .map(|_| {
            let mut wire = Wire::to(gate.data);
            wire.send(BEGUN).unwrap();
            wire
        })
        .collect();
    until(SOON, "the uploads are under way", || {
        (gate.metric("sidegate_in_flight_requests", &[]) >= count as f64).then_some(())
    });
    uploads
}

/// Whether a request on `wire` is served; the other outcome is a close without a word.
fn is_served(wire: &mut Wire) -> bool {
    wire.try_ask(&Ask::get("/")).is_ok_and(|answer| answer.status == 200)
}

fn refused(gate: &Gate, limit: &str) -> f64 {
    gate.metric("sidegate_connections_refused_total", &[&format!("limit=\"{limit}\"")])
}

#[test]
fn fifteen_hundred_idle_connections_of_one_client_keep_nobody_out() {
    let _alone = alone();
    let origin = Origin::start();
    let gate = Gate::start(origin.addr, &format!("limits: {{connections: 1000}}\n{OPEN}"));
    let mut upload = busy(&gate, 1).pop().unwrap();
    let mut idle = Vec::new();
    for number in 0..1500 {
        let mut wire = Wire::to(gate.data);
        assert!(is_served(&mut wire), "connection {number} of the crowd");
        idle.push(wire);
    }
    for _ in 0..50 {
        assert!(is_served(&mut wire_from(SECOND, &gate)), "another client is kept out");
    }
    assert!(gate.metric("sidegate_connections", &[]) <= 1000.0);
    assert!(gate.metric("sidegate_connections_evicted_total", &[]) >= 501.0);
    assert_eq!(gate.metric("sidegate_connections_refused_total", &[]), 0.0);
    assert!(idle[0].rest().unwrap().is_empty(), "the one idle for longest went first, without a word");
    assert!(is_served(idle.last_mut().unwrap()), "the newest stays");
    upload.send(b"done.").unwrap();
    assert_eq!(upload.answer("POST").unwrap().status, 200, "a request under way was cut");
}

#[test]
fn connections_with_requests_under_way_are_never_closed_for_others() {
    let origin = Origin::start();
    let gate = Gate::start(origin.addr, &format!("limits: {{connections: 20}}\n{OPEN}"));
    let mut uploads = busy(&gate, 20);
    for _ in 0..30 {
        assert!(!is_served(&mut Wire::to(gate.data)), "there is no room");
    }
    assert!(refused(&gate, "connections") >= 30.0);
    for upload in &mut uploads {
        upload.send(b"done.").unwrap();
        assert_eq!(upload.answer("POST").unwrap().status, 200, "a request under way was cut");
    }
    assert!(is_served(&mut Wire::to(gate.data)), "now they are idle, and one of them makes room");
}

#[test]
fn a_caller_that_waits_for_the_app_is_not_idle() {
    let origin = Origin::scripted(|talk| talk.hang());
    let gate = Gate::start(origin.addr, &format!("limits: {{connections: 10}}\n{OPEN}"));
    let mut waiting: Vec<Wire> = (0..10).map(|_| Wire::to(gate.data)).collect();
    waiting.iter_mut().for_each(|wire| wire.send(&Ask::get("/").bytes()).unwrap());
    until(SOON, "all wait for the app", || (origin.count() >= 10).then_some(()));
    for _ in 0..10 {
        assert!(!is_served(&mut Wire::to(gate.data)), "there is no room");
    }
    assert_eq!(gate.metric("sidegate_connections_evicted_total", &[]), 0.0);
    assert_eq!(gate.metric("sidegate_in_flight_requests", &[]), 10.0);
    assert!(waiting.iter().all(|wire| !wire.is_answered()), "a request under way was cut");
}

#[test]
fn an_idle_http2_connection_makes_room_after_goaway() {
    let origin = Origin::start();
    let gate = Gate::start(origin.addr, &format!("limits: {{connections: 1}}\n{OPEN}"));
    let mut idle = H2::to(gate.data);
    assert_eq!(idle.ask(1, "GET", "/", &[]), Outcome::Answer(200, 2));
    // The answer is here a moment before the gate knows that its stream is over.
    until(SOON, "another caller is let in", || is_served(&mut Wire::to(gate.data)).then_some(()));
    let end = std::time::Instant::now() + SOON;
    let mut told = None;
    while let Ok(Some(frame)) = idle.next(end) {
        if frame.kind == kind::GOAWAY {
            told = Some(frame.payload[4..8].to_vec());
        }
    }
    assert_eq!(told, Some(vec![0; 4]), "GOAWAY without an error, then the end");
}

#[test]
fn an_http2_stream_under_way_is_never_cut_for_others() {
    let origin = Origin::start();
    let gate = Gate::start(origin.addr, &format!("limits: {{connections: 1}}\n{OPEN}"));
    let mut connection = H2::to(gate.data);
    let length = [("content-length", "5")];
    connection.send(&request(1, "POST", "/upload", &length, WHOLE & !crate::frames::END_STREAM)).unwrap();
    until(SOON, "the upload is under way", || {
        (gate.metric("sidegate_in_flight_requests", &[]) >= 1.0).then_some(())
    });
    for _ in 0..10 {
        assert!(!is_served(&mut Wire::to(gate.data)), "there is no room");
    }
    connection.send(&crate::frames::frame(kind::DATA, crate::frames::END_STREAM, 1, b"done.")).unwrap();
    assert!(matches!(connection.outcome(1), Outcome::Answer(200, _)));
}

#[test]
fn one_client_has_a_quarter_of_the_connections_by_default() {
    let origin = Origin::start();
    let limits = "security: {trusted_proxies: [10.0.0.0/8]}\nlimits: {connections: 40}\n";
    let gate = Gate::start(origin.addr, &format!("{limits}{OPEN}"));
    let uploads = busy(&gate, 10);
    assert!(!is_served(&mut Wire::to(gate.data)), "the eleventh of one client");
    assert_eq!(refused(&gate, "connections_per_client"), 1.0);
    assert!(is_served(&mut wire_from(SECOND, &gate)), "another client has its own");
    drop(uploads);
    until(SOON, "there is room again", || is_served(&mut Wire::to(gate.data)).then_some(()));
    let mut idle: Vec<Wire> = (0..10).map(|_| Wire::to(gate.data)).collect();
    idle.iter_mut().for_each(|wire| assert!(is_served(wire)));
    assert!(is_served(&mut Wire::to(gate.data)), "in place of its own idle one");
}

#[test]
fn the_default_share_spares_proxies_and_a_written_one_only_those_declared() {
    let origin = Origin::start();
    for (more, spared) in [
        ("limits: {connections: 40}\n", true),
        ("limits: {connections: 40, connections_per_client: 10}\n", false),
        (
            "security: {trusted_proxies: [127.0.0.1]}\nlimits: {connections: 40, connections_per_client: 10}\n",
            true,
        ),
    ] {
        let gate = Gate::start(origin.addr, &format!("{more}{OPEN}"));
        let _uploads = busy(&gate, 10);
        assert_eq!(is_served(&mut Wire::to(gate.data)), spared, "{more}");
    }
}

#[test]
fn a_lower_bound_holds_from_the_reload_on() {
    let origin = Origin::start();
    let text = |count: u32| format!("limits: {{connections_per_client: {count}}}\n{OPEN}");
    let gate = Gate::start(origin.addr, &text(100));
    let _uploads = busy(&gate, 5);
    gate.reload(&crate::gate::config(origin.addr, &text(5)));
    assert!(!is_served(&mut Wire::to(gate.data).patience(Duration::from_secs(5))));
    gate.reload(&crate::gate::config(origin.addr, &text(6)));
    assert!(is_served(&mut Wire::to(gate.data)));
}
