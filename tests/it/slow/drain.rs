//! The end of a gate: announced, served out, flushed, and never later than promised.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::frames::{H2, Outcome, WHOLE, kind, request};
use crate::gate::Gate;
use crate::origin::Origin;
use crate::pace::{SOON, until};
use crate::wire::{Ask, Wire};

const OPEN: &str = "routes: [{name: site, path_prefix: /, public: true}]\n";

/// An app that answers `/slow` when told.
fn held() -> (Origin, std::sync::mpsc::Sender<()>) {
    let (release, told) = std::sync::mpsc::channel::<()>();
    let told = std::sync::Mutex::new(told);
    let origin = Origin::scripted(move |talk| {
        talk.body()?;
        if talk.target() == "/slow" {
            let _ = told.lock().unwrap().recv_timeout(Duration::from_secs(30));
        }
        talk.plain(200, b"ok")
    });
    (origin, release)
}

#[test]
fn sigterm_ends_with_0_at_once_when_nobody_is_connected_and_soon_when_the_connections_are_idle() {
    let origin = Origin::start();
    let gate = Gate::start(origin.addr, OPEN);
    assert_eq!(gate.ask(&Ask::get("/")).status, 200);
    let begun = Instant::now();
    let ended = gate.stop();
    assert_eq!(ended.status.code(), Some(0), "{:?}", ended.err);
    assert!(begun.elapsed() < Duration::from_secs(2), "took {:?}", begun.elapsed());
    assert_eq!(ended.audit.len(), 1, "the audit trail is flushed");

    let gate = Gate::start(origin.addr, &format!("limits: {{drain_min: 1s}}\n{OPEN}"));
    let (mut idle, mut silent) = (Wire::to(gate.data), Wire::to(gate.data));
    assert_eq!(idle.ask(&Ask::get("/")).status, 200);
    let begun = Instant::now();
    let ended = gate.stop();
    assert_eq!(ended.status.code(), Some(0), "{:?}", ended.err);
    assert!(begun.elapsed() < Duration::from_secs(4), "took {:?}", begun.elapsed());
    assert!(idle.rest().unwrap().is_empty() && silent.rest().unwrap().is_empty());
}

#[test]
fn sigterm_finishes_what_is_in_flight() {
    let (origin, release) = held();
    let gate = Gate::start(origin.addr, OPEN);
    let mut wire = Wire::to(gate.data);
    wire.send(&Ask::post("/slow", "x").bytes()).unwrap();
    let mut connection = H2::to(gate.data);
    connection.send(&request(1, "GET", "/slow", &[], WHOLE)).unwrap();
    origin.wait_heads(2);
    gate.signal(Signal::TERM);
    until(SOON, "it is no longer ready", || {
        gate.look("/ready").is_none_or(|ready| ready.status == 503).then_some(())
    });
    release.send(()).unwrap();
    release.send(()).unwrap();
    let answer = wire.answer("POST").unwrap();
    assert_eq!((answer.status, answer.body.as_slice()), (200, b"ok".as_slice()));
    assert_eq!(connection.outcome(1), Outcome::Answer(200, 2));
    let begun = Instant::now();
    let ended = gate.ended(Duration::from_secs(10));
    assert_eq!(ended.status.code(), Some(0));
    println!("ended {:?} after the last answer", begun.elapsed());
    assert_eq!(ended.audit.iter().filter(|record| record.result() == "allow").count(), 2);
}

#[test]
fn what_never_ends_is_cut_at_the_longest_drain() {
    let origin = Origin::scripted(|talk| talk.hang());
    let gate = Gate::start(origin.addr, &format!("limits: {{drain_min: 0s, drain_max: 2s}}\n{OPEN}"));
    let mut wire = Wire::to(gate.data);
    wire.send(&Ask::get("/").bytes()).unwrap();
    origin.wait_heads(1);
    let begun = Instant::now();
    gate.signal(Signal::TERM);
    let ended = gate.ended(Duration::from_secs(10));
    let took = begun.elapsed();
    assert_eq!(ended.status.code(), Some(0));
    assert!((Duration::from_millis(1500)..Duration::from_secs(5)).contains(&took), "took {took:?}");
    assert_eq!(ended.audit.len(), 1, "{:?}", ended.audit);
}

#[test]
fn a_drain_is_told_and_new_requests_are_served_for_its_shortest_time() {
    let origin = Origin::start();
    let gate = Gate::start(origin.addr, &format!("limits: {{drain_min: 2s, drain_max: 10s}}\n{OPEN}"));
    let mut kept = Wire::to(gate.data);
    assert_eq!(kept.ask(&Ask::get("/")).status, 200);
    let mut streams = H2::to(gate.data).patience(Duration::from_secs(8));
    assert_eq!(streams.ask(1, "GET", "/", &[]), Outcome::Answer(200, 2));
    let mut idle = Wire::to(gate.data);
    assert_eq!(idle.ask(&Ask::get("/")).status, 200);
    let begun = Instant::now();
    let host = gate.admin.to_string();
    let mut admin = Wire::to(gate.admin);
    admin.send(&Ask::post("/drain", "").host(&host).bytes()).unwrap();
    until(SOON, "it is no longer ready", || (gate.look("/ready")?.status == 503).then_some(()));
    assert!(begun.elapsed() < Duration::from_millis(1500), "told late: {:?}", begun.elapsed());
    let told = kept.ask(&Ask::get("/"));
    assert_eq!((told.status, told.one("connection")), (200, "close"), "an answer while draining says so");
    assert_eq!(gate.ask(&Ask::get("/new")).status, 200, "new connections are served for the shortest time");
    let frames = streams.ends().expect("the HTTP/2 connection ends");
    assert!(frames.iter().any(|frame| frame.kind == kind::GOAWAY), "GOAWAY first: {frames:?}");
    assert!(idle.rest().unwrap().is_empty());
    let took = begun.elapsed();
    assert!(
        (Duration::from_millis(1900)..Duration::from_secs(6)).contains(&took),
        "idle connections close after {took:?}"
    );
    let ended = gate.stop();
    assert_eq!(ended.status.code(), Some(0));
}

#[test]
fn restarts_under_keep_alive_load_fail_nobody_who_heeds_the_close() {
    let origin = Origin::start();
    let gate = Gate::start(origin.addr, &format!("limits: {{drain_min: 1s, drain_max: 10s}}\n{OPEN}"));
    let data = gate.data;
    let host = gate.admin.to_string();
    let client = std::thread::spawn(move || {
        let (mut served, mut wire) = (0, Wire::to(data));
        for _ in 0..20_000 {
            match wire.try_ask(&Ask::post("/", "x")) {
                Ok(answer) => {
                    assert_eq!(answer.status, 200);
                    served += 1;
                    if answer.one("connection") == "close" {
                        return served;
                    }
                }
                Err(broken) => panic!("after {served} requests: {broken:?}"),
            }
        }
        served
    });
    origin.wait_whole(50);
    let mut admin = Wire::to(gate.admin);
    admin.send(&Ask::post("/drain", "").host(&host).bytes()).unwrap();
    let served = client.join().unwrap();
    println!("{served} requests served up to the announced close");
    let ended = gate.stop();
    assert_eq!(ended.status.code(), Some(0));
    assert_eq!(ended.audit.len(), served);
}
