//! Each deadline of the contract, shortened in the config and reached.

use std::time::{Duration, Instant};

use crate::frames::{END_HEADERS, H2, Outcome, WHOLE, frame, kind, request};
use crate::gate::Gate;
use crate::origin::Origin;
use crate::sign::github;
use crate::wire::{Ask, Wire};

const SECRET: &str = "the hook's secret of length";

fn start(limits: &str) -> (Origin, Gate) {
    let origin = Origin::scripted(|talk| {
        talk.body()?;
        match talk.target().as_str() {
            "/large" => talk.plain(200, &vec![b'x'; 16 << 20]),
            _ => talk.plain(200, b"ok"),
        }
    });
    let gate = Gate::start(
        origin.addr,
        &format!(
            "limits: {{{limits}}}\nroutes:\n  \
             - {{name: hook, path: /hook, signature: {{provider: github, replay: \"off\", secrets: [{{id: a, value: \"{SECRET}\"}}]}}}}\n  \
             - {{name: site, path_prefix: /, public: true}}\n"
        ),
    );
    (origin, gate)
}

/// Whether `took` is what `expected` seconds and a sweep allow, on a busy machine.
fn near(took: Duration, expected: f64, what: &str) {
    let seconds = took.as_secs_f64();
    assert!(
        (expected - 0.05..expected + 2.0).contains(&seconds),
        "{what}: after {seconds:.2} s, expected {expected} s"
    );
}

/// Reads to the end of the connection; the status of an answer on the way, if any.
fn end_of(wire: &mut Wire) -> Option<u16> {
    let status = wire.answer("POST").ok().map(|answer| answer.status);
    let rest = wire.rest();
    assert!(rest.is_ok(), "the connection stays open");
    status
}

#[test]
fn a_head_that_does_not_come_whole_ends_with_408() {
    let (origin, gate) = start("head_timeout: 1s");
    for begun in ["", "G", "GET / HTTP/1.1\r\nHost: gate.test\r\n", "PRI * HTTP/2.0\r\n\r\nSM"] {
        let mut wire = Wire::to(gate.data);
        let from = Instant::now();
        let _ = wire.send(begun.as_bytes());
        let status = end_of(&mut wire);
        near(from.elapsed(), 1.0, begun);
        assert!(status.is_none_or(|status| [400, 408].contains(&status)), "{begun:?}: {status:?}");
    }
    // Drip by drip does not help, and the time runs from the start of the head.
    let mut wire = Wire::to(gate.data);
    let from = Instant::now();
    let mut writer = wire.stream().try_clone().unwrap();
    std::thread::spawn(move || {
        for byte in b"GET / HTTP/1.1\r\nHost: gate.test\r\nX-Long: ".iter().chain([b'a'; 100].iter()) {
            crate::pace::tick(Instant::now() + Duration::from_millis(100));
            if std::io::Write::write_all(&mut writer, &[*byte]).is_err() {
                break;
            }
        }
    });
    let status = end_of(&mut wire);
    near(from.elapsed(), 1.0, "drip");
    assert!(status.is_none_or(|status| status == 408), "{status:?}");
    assert_eq!(origin.count(), 0);
    let mut second = Wire::to(gate.data);
    assert_eq!(second.ask(&Ask::get("/")).status, 200);
    let from = Instant::now();
    second.send(b"GET / HTTP/1.1\r\n").unwrap();
    end_of(&mut second);
    near(from.elapsed(), 1.0, "the second head of a connection");
}

#[test]
fn an_idle_connection_is_closed_after_the_keep_alive_time() {
    let (_origin, gate) = start("keepalive_timeout: 1s, head_timeout: 30s");
    let mut wire = Wire::to(gate.data);
    assert_eq!(wire.ask(&Ask::get("/")).status, 200);
    let from = Instant::now();
    assert!(wire.rest().unwrap().is_empty(), "closed without a word");
    near(from.elapsed(), 1.0, "HTTP/1.1");
    let mut connection = H2::to(gate.data).patience(Duration::from_secs(10));
    assert_eq!(connection.ask(1, "GET", "/", &[]), Outcome::Answer(200, 2));
    let from = Instant::now();
    assert!(connection.ends().is_some(), "the HTTP/2 connection stays");
    near(from.elapsed(), 1.0, "HTTP/2");
}

#[test]
fn a_body_that_pauses_ends_with_408() {
    let (origin, gate) = start("body_idle: 1s");
    let signature = github(SECRET, b"x");
    for path in ["/hook", "/open"] {
        let mut wire = Wire::to(gate.data);
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: gate.test\r\nX-Hub-Signature-256: {signature}\r\nContent-Length: 100\r\n\r\nsome"
        );
        wire.send(head.as_bytes()).unwrap();
        let from = Instant::now();
        let status = end_of(&mut wire);
        near(from.elapsed(), 1.0, path);
        assert_eq!(status, Some(408), "{path}");
    }
    let mut connection = H2::to(gate.data);
    connection
        .send(&request(1, "POST", "/hook", &[("x-hub-signature-256", &signature)], END_HEADERS))
        .unwrap();
    connection.send(&frame(kind::DATA, 0, 1, b"some")).unwrap();
    let from = Instant::now();
    let outcome = connection.outcome(1);
    near(from.elapsed(), 1.0, "HTTP/2");
    assert!(matches!(outcome, Outcome::Answer(408, _) | Outcome::Reset(..)), "{outcome:?}");
    assert!(origin.seen().iter().all(|seen| !seen.whole));
}

#[test]
fn a_body_slower_than_the_slowest_rate_ends_with_408() {
    let (origin, gate) =
        start("body_rate: 1KiB, body_rate_grace: 1s, body_idle: 30s, buffered_body_timeout: 60s");
    for path in ["/hook", "/open"] {
        let mut wire = Wire::to(gate.data);
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: gate.test\r\nX-Hub-Signature-256: {}\r\nContent-Length: 100000\r\n\r\n",
            github(SECRET, b"x")
        );
        wire.send(head.as_bytes()).unwrap();
        let from = Instant::now();
        let mut writer = wire.stream().try_clone().unwrap();
        std::thread::spawn(move || {
            for _ in 0..100 {
                crate::pace::tick(Instant::now() + Duration::from_millis(100));
                if std::io::Write::write_all(&mut writer, &[b'x'; 20]).is_err() {
                    break;
                }
            }
        });
        let status = end_of(&mut wire);
        let took = from.elapsed().as_secs_f64();
        assert!((0.9..4.0).contains(&took), "{path}: after {took:.2} s");
        assert!(status.is_none_or(|status| status == 408), "{path}: {status:?}");
    }
    assert!(origin.seen().iter().all(|seen| !seen.whole));
}

#[test]
fn a_held_body_must_be_whole_in_time() {
    let (origin, gate) = start("buffered_body_timeout: 1s, body_idle: 30s");
    let mut wire = Wire::to(gate.data);
    let head = format!(
        "POST /hook HTTP/1.1\r\nHost: gate.test\r\nX-Hub-Signature-256: {}\r\nContent-Length: 1000000\r\n\r\n",
        github(SECRET, b"x")
    );
    wire.send(head.as_bytes()).unwrap();
    let from = Instant::now();
    let mut writer = wire.stream().try_clone().unwrap();
    std::thread::spawn(move || {
        for _ in 0..100 {
            crate::pace::tick(Instant::now() + Duration::from_millis(50));
            if std::io::Write::write_all(&mut writer, &[b'x'; 1000]).is_err() {
                break;
            }
        }
    });
    let status = end_of(&mut wire);
    near(from.elapsed(), 1.0, "a busy body");
    assert!(status.is_none_or(|status| status == 408), "{status:?}");
    assert_eq!(origin.connections(), 0);
}

#[test]
fn a_caller_that_does_not_read_is_let_go_whatever_its_windows_say() {
    let (_origin, gate) = start("stalled_stream: 1s");
    let mut wire = Wire::to(gate.data);
    wire.send(&Ask::get("/large").bytes()).unwrap();
    crate::pace::until(Duration::from_secs(10), "the stalled connection is dropped", || {
        (gate.metric("sidegate_in_flight_requests", &[]) == 0.0
            && gate.metric("sidegate_connections", &[]) == 0.0)
            .then_some(())
    });
    let read = wire.rest().map_or(0, |bytes| bytes.len());
    assert!(read < 16 << 20, "all of it was sent to someone who did not read");

    // A window of nothing, opened by single bytes: the stream's whole time is bounded all the same.
    let mut connection = H2::with_settings(gate.data, &[(4, 0)]).patience(Duration::from_secs(10));
    connection.send(&request(1, "GET", "/large", &[], WHOLE)).unwrap();
    let from = Instant::now();
    let mut ended = false;
    for _ in 0..80 {
        crate::pace::tick(Instant::now() + Duration::from_millis(100));
        if connection.send(&frame(kind::WINDOW_UPDATE, 0, 1, &1u32.to_be_bytes())).is_err() {
            ended = true;
            break;
        }
        if gate.metric("sidegate_in_flight_requests", &[]) == 0.0 {
            ended = true;
            break;
        }
    }
    assert!(ended, "one byte at a time for {:?}", from.elapsed());
}

#[test]
fn a_closed_window_pins_no_refusal_for_longer_than_a_stall() {
    let (_origin, gate) = start("stalled_stream: 1s");
    let mut connection = H2::with_settings(gate.data, &[(4, 0)]);
    let from = Instant::now();
    connection.send(&request(1, "POST", "/hook", &[], WHOLE)).unwrap();
    let outcome = connection.outcome(1);
    near(from.elapsed(), 1.0, "the refused stream");
    assert!(
        matches!(outcome, Outcome::Reset(_, Some(401)) | Outcome::Closed | Outcome::GoAway(_)),
        "{outcome:?}"
    );
}
