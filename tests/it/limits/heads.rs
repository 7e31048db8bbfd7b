//! Bounds of a request head: size, fields, target; exactly at and one past each.

use crate::frames::{H2, Outcome, WHOLE, request};
use crate::gate::Gate;
use crate::origin::Origin;
use crate::wire::{Answer, Ask, Wire};

const OPEN: &str = "routes: [{name: site, path_prefix: /, public: true}]\n";

fn refused(gate: &Gate, bytes: &[u8], status: u16, reason: &str) {
    let mut wire = Wire::to(gate.data);
    let _ = wire.send(bytes);
    let answer = wire.answer("GET").unwrap();
    assert_eq!((answer.status, gate.record(answer.id()).reason()), (status, reason));
    wire.finish();
    assert!(wire.rest().unwrap().is_empty(), "the connection ends there");
}

fn passes(gate: &Gate, bytes: &[u8]) -> Answer {
    let mut wire = Wire::to(gate.data);
    wire.send(bytes).unwrap();
    let answer = wire.answer("GET").unwrap();
    assert_eq!(answer.status, 200);
    answer
}

/// A head of exactly `size` bytes.
fn of_size(size: usize) -> Vec<u8> {
    let frame = "GET / HTTP/1.1\r\nHost: gate.test\r\nX-A: \r\n\r\n".len();
    format!("GET / HTTP/1.1\r\nHost: gate.test\r\nX-A: {}\r\n\r\n", "a".repeat(size - frame)).into_bytes()
}

/// A head with exactly `count` fields.
fn of_fields(count: usize) -> Vec<u8> {
    format!("GET / HTTP/1.1\r\nHost: gate.test\r\n{}\r\n", "X-A: b\r\n".repeat(count - 1)).into_bytes()
}

/// A request whose target has exactly `size` bytes.
fn of_target(size: usize) -> Vec<u8> {
    Ask::get(&format!("/{}", "t".repeat(size - 1))).bytes()
}

#[test]
fn heads_have_at_most_32_kib_100_fields_and_8_kib_of_target() {
    let origin = Origin::start();
    let gate = Gate::start(origin.addr, OPEN);
    passes(&gate, &of_size(30 * 1024));
    passes(&gate, &of_fields(100));
    passes(&gate, &of_target(8 * 1024));
    let passed = origin.count();
    refused(&gate, &of_size(33 * 1024), 431, "head_too_large");
    refused(&gate, &of_size(300 * 1024), 431, "head_too_large");
    refused(&gate, &of_fields(101), 431, "head_too_large");
    refused(&gate, &of_fields(2000), 431, "head_too_large");
    refused(&gate, &of_target(8 * 1024 + 1), 414, "uri_too_long");
    refused(&gate, &of_target(20 * 1024), 414, "uri_too_long");
    assert_eq!(origin.count(), passed);
}

#[test]
fn configured_bounds_hold_exactly() {
    let origin = Origin::start();
    let gate = Gate::start(
        origin.addr,
        &format!("limits: {{head_size: 2KiB, head_fields: 12, uri_size: 100B}}\n{OPEN}"),
    );
    passes(&gate, &of_size(2048));
    passes(&gate, &of_fields(12));
    passes(&gate, &of_target(100));
    refused(&gate, &of_size(2049), 431, "head_too_large");
    refused(&gate, &of_fields(13), 431, "head_too_large");
    refused(&gate, &of_target(101), 414, "uri_too_long");
    assert_eq!(origin.count(), 3);
}

#[test]
fn an_endless_head_is_refused_while_it_comes() {
    let origin = Origin::start();
    let gate = Gate::start(origin.addr, OPEN);
    let before = gate.rss_kib();
    for start in ["GET / HTTP/1.1\r\nX-A: ", "GET /", "", "GET / HTTP/1.1\r\nHost: a\r\n"] {
        let mut wire = Wire::to(gate.data);
        let _ = wire.send(start.as_bytes());
        let filler = if start.ends_with("a\r\n") { "X-B: c\r\n".repeat(1000) } else { "a".repeat(8000) };
        for _ in 0..500 {
            if wire.send(filler.as_bytes()).is_err() {
                break;
            }
        }
        match wire.answer("GET") {
            Ok(answer) => assert!([400, 414, 431].contains(&answer.status), "{start:?}: {}", answer.status),
            Err(broken) => assert!(!matches!(broken, crate::wire::Broken::Late), "{start:?}: {broken:?}"),
        }
    }
    assert_eq!(origin.count(), 0);
    let grown = gate.rss_kib().saturating_sub(before);
    assert!(grown < 4096, "rss grew {grown} KiB");
}

#[test]
fn http2_heads_have_the_same_bounds_cookie_crumbs_counted() {
    let origin = Origin::start();
    let gate = Gate::start(origin.addr, OPEN);
    let ask = |more: &[(&str, &str)], path: &str| {
        let mut connection = H2::to(gate.data);
        connection.send(&request(1, "GET", path, more, WHOLE)).unwrap();
        connection.outcome(1)
    };
    let is_refused = |outcome: &Outcome| !matches!(outcome, Outcome::Answer(200, _) | Outcome::Late);
    let (large, long) = ("a".repeat(12_000), format!("/{}", "t".repeat(8 * 1024 - 1)));
    assert_eq!(ask(&[("x-a", &large)], "/"), Outcome::Answer(200, 2));
    assert_eq!(ask(&[], &long), Outcome::Answer(200, 2));
    assert_eq!(ask(&[("x-a", "b"); 90], "/"), Outcome::Answer(200, 2));
    assert_eq!(ask(&[("cookie", "a=b"); 90], "/"), Outcome::Answer(200, 2));
    let passed = origin.count();
    let too_long = format!("{long}t");
    for (name, outcome) in [
        ("target", ask(&[], &too_long)),
        ("fields", ask(&[("x-a", "b"); 101], "/")),
        ("crumbs", ask(&[("cookie", "a=b"); 101], "/")),
        ("mixed", ask(&[[("cookie", "a=b"); 51], [("x-a", "b"); 51]].concat(), "/")),
    ] {
        assert!(is_refused(&outcome), "{name}: {outcome:?}");
    }
    assert_eq!(origin.count(), passed);
}

#[test]
fn a_head_request_that_is_refused_by_its_head_gets_no_body() {
    let origin = Origin::start();
    let gate = Gate::start(origin.addr, OPEN);
    for fields in ["Host: a\r\nHost: b", "Host: a\r\nContent-Length: x", "Host: a\r\nX Y: z"] {
        let mut wire = Wire::to(gate.data);
        wire.send(format!("HEAD / HTTP/1.1\r\n{fields}\r\n\r\n").as_bytes()).unwrap();
        let answer = wire.answer("HEAD").unwrap();
        assert_eq!(answer.status, 400, "{fields}");
        assert_eq!(gate.record(answer.id()).text("action"), "HEAD");
        wire.finish();
        assert_eq!(wire.rest().unwrap(), b"", "{fields}");
    }
    assert_eq!(origin.count(), 0);
}
