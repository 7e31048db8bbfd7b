//! WebSocket: judged like any request, then bytes both ways; nothing before the app has agreed.

use std::time::Duration;

use crate::gate::Gate;
use crate::origin::{Next, Origin};
use crate::pace::{SOON, until};
use crate::wire::{Ask, Wire};

const CONFIG: &str = "limits: {tunnel_idle: 2s}\nroutes:\n  \
    - {name: socket, path_prefix: /socket, shared_secret: {header: X-Token, secrets: [{id: a, value: \"sixteen bytes or more\"}]}}\n  \
    - {name: site, path_prefix: /, public: true}\n";

fn handshake(path: &str) -> Ask {
    Ask::get(path)
        .field("Connection", "keep-alive, Upgrade")
        .field("Upgrade", "websocket")
        .field("Sec-WebSocket-Version", "13")
        .field("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
        .field("X-Token", "sixteen bytes or more")
}

/// An app that agrees on `/…/yes` and echoes, and answers 403 elsewhere.
fn echo() -> Origin {
    Origin::scripted(|talk| {
        if !talk.target().ends_with("yes") {
            return talk.plain(403, b"no sockets here");
        }
        assert!(talk.early().is_empty(), "tunnel bytes before the app agreed");
        talk.raw(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\nwelcome ")?;
        loop {
            let bytes = talk.tunnel()?;
            if bytes.is_empty() {
                return Ok(Next::Close);
            }
            talk.raw(&bytes)?;
        }
    })
}

#[test]
fn a_tunnel_echoes_after_full_judgement() {
    let origin = echo();
    let gate = Gate::start(origin.addr, CONFIG);
    let refused = gate.ask(&handshake("/socket/yes").field("X-Token", "and another"));
    assert_eq!(refused.status, 400);
    let mut wire = Wire::to(gate.data);
    wire.send(&handshake("/socket/yes").bytes()).unwrap();
    let answer = wire.answer_head().unwrap();
    assert_eq!((answer.status, answer.one("upgrade").to_ascii_lowercase().as_str()), (101, "websocket"));
    assert_eq!(answer.one("sec-websocket-accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    assert_eq!(wire.take(8).unwrap(), b"welcome ");
    let noise: Vec<u8> = (0..200_000u32).flat_map(u32::to_le_bytes).collect();
    let mut writer = wire.stream().try_clone().unwrap();
    let sent = noise.clone();
    let writing = std::thread::spawn(move || std::io::Write::write_all(&mut writer, &sent));
    assert!(wire.take(noise.len()).unwrap() == noise, "every byte comes back as it was");
    writing.join().unwrap().unwrap();
    wire.finish();
    assert!(wire.rest().unwrap().is_empty());
    let seen = origin.seen();
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].one("upgrade"), "websocket");
    assert!(seen[0].one("connection").eq_ignore_ascii_case("upgrade"), "{:?}", seen[0].all("connection"));
    assert_eq!(seen[0].one("x-sidegate-route"), "socket");
}

#[test]
fn bytes_behind_the_handshake_wait_for_the_apps_agreement() {
    let origin = echo();
    let gate = Gate::start(origin.addr, CONFIG);
    let smuggled = b"GET /socket/secret HTTP/1.1\r\nHost: gate.test\r\n\r\n";
    let mut wire = Wire::to(gate.data);
    wire.send(&[handshake("/socket/yes").bytes(), smuggled.to_vec()].concat()).unwrap();
    assert_eq!(wire.answer_head().unwrap().status, 101);
    assert_eq!(wire.take(8 + smuggled.len()).unwrap()[8..], *smuggled, "echoed as tunnel bytes");

    let mut wire = Wire::to(gate.data);
    wire.send(&[handshake("/socket/no").bytes(), smuggled.to_vec()].concat()).unwrap();
    assert_eq!(wire.answer("GET").unwrap().status, 403);
    wire.finish();
    let rest = wire.rest().unwrap();
    assert!(!String::from_utf8_lossy(&rest).contains("200"), "{}", String::from_utf8_lossy(&rest));
    assert!(origin.seen().iter().all(|seen| seen.target != "/socket/secret"), "smuggled past the check");
}

#[test]
fn what_was_no_websocket_handshake_is_no_tunnel() {
    let origin = Origin::scripted(|talk| {
        talk.body()?;
        talk.raw(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")?;
        talk.tunnel()?;
        Ok(Next::Close)
    });
    let gate = Gate::start(origin.addr, CONFIG);
    assert_eq!(gate.ask(&Ask::get("/plain")).status, 502, "the app switches unasked");
    let half = Ask::get("/half").field("Upgrade", "websocket");
    assert_ne!(gate.ask(&half).status, 101, "Upgrade without Connection");
    let posted = Ask::post("/posted", "x").field("Connection", "Upgrade").field("Upgrade", "websocket");
    assert_ne!(gate.ask(&posted).status, 101, "a handshake with a body");
}

#[test]
fn a_silent_tunnel_is_closed_and_a_busy_one_is_not() {
    let origin = echo();
    let gate = Gate::start(origin.addr, CONFIG);
    let open = || {
        let mut wire = Wire::to(gate.data).patience(Duration::from_secs(10));
        wire.send(&handshake("/socket/yes").bytes()).unwrap();
        assert_eq!(wire.answer_head().unwrap().status, 101);
        wire.take(8).unwrap();
        wire
    };
    let (mut silent, mut busy) = (open(), open());
    let begun = std::time::Instant::now();
    let watching = std::thread::spawn(move || {
        let rest = silent.rest();
        (rest, begun.elapsed())
    });
    for _ in 0..8 {
        crate::pace::tick(std::time::Instant::now() + Duration::from_millis(500));
        busy.send(b"ping").unwrap();
        assert_eq!(busy.take(4).unwrap(), b"ping");
    }
    let (rest, after) = watching.join().unwrap();
    assert!(rest.is_ok(), "the silent tunnel stays");
    assert!((Duration::from_millis(1900)..Duration::from_secs(4)).contains(&after), "closed after {after:?}");
    drop(busy);
    until(SOON, "both tunnels are gone", || {
        (gate.metric("sidegate_in_flight_requests", &[]) == 0.0).then_some(())
    });
}
