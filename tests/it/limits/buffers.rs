//! Bounds of bodies: declared ones refused unread, streamed ones cut off, held ones bounded together.

use std::time::Duration;

use crate::gate::Gate;
use crate::origin::Origin;
use crate::pace::{SOON, until};
use crate::sign::{github, github_post};
use crate::wire::{Ask, Wire};

const SECRET: &str = "the hook's secret of length";

fn config(limits: &str) -> String {
    format!(
        "{limits}routes:\n  \
         - {{name: hook, path: /hook, signature: {{provider: github, replay: \"off\", secrets: [{{id: a, value: \"{SECRET}\"}}]}}}}\n  \
         - {{name: large, path: /large, body: {{max_size: 4MiB}}, signature: {{provider: github, replay: \"off\", secrets: [{{id: a, value: \"{SECRET}\"}}]}}}}\n  \
         - {{name: small, path: /small, public: true, body: {{max_size: 1000B}}}}\n  \
         - {{name: site, path_prefix: /, public: true}}\n"
    )
}

#[test]
fn a_signed_body_has_at_most_a_mebibyte_unless_its_route_says_more() {
    let origin = Origin::start();
    let gate = Gate::start(origin.addr, &config(""));
    let mebibyte = 1 << 20;
    assert_eq!(gate.ask(&github_post("/hook", SECRET, &vec![b'x'; mebibyte])).status, 200);
    let refused = gate.ask(&github_post("/hook", SECRET, &vec![b'x'; mebibyte + 1]));
    assert_eq!(
        (refused.status, gate.record(refused.id()).reason().to_owned()),
        (413, "body_too_large".to_owned())
    );
    assert_eq!(gate.ask(&github_post("/large", SECRET, &vec![b'x'; 4 * mebibyte])).status, 200);
    assert_eq!(gate.ask(&github_post("/large", SECRET, &vec![b'x'; 4 * mebibyte + 1])).status, 413);
    assert_eq!(
        gate.ask(&Ask::post("/site", vec![b'x'; 8 * mebibyte])).status,
        200,
        "unbounded where nothing is held"
    );
    assert_eq!(origin.count(), 3);
}

#[test]
fn a_declared_length_too_large_is_refused_with_no_byte_read_and_no_continue() {
    let origin = Origin::start();
    let gate = Gate::start(origin.addr, &config(""));
    for (path, length) in [("/hook", 1 << 21), ("/small", 1001), ("/hook", 1u64 << 40)] {
        let mut wire = Wire::to(gate.data);
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: gate.test\r\nExpect: 100-continue\r\nX-Hub-Signature-256: {}\r\nContent-Length: {length}\r\n\r\n",
            github(SECRET, b"x")
        );
        wire.send(head.as_bytes()).unwrap();
        let first = wire.answer_head().unwrap();
        assert_eq!(first.status, 413, "{path} {length}: at once, without a byte of the body");
    }
    assert_eq!(origin.count(), 0);
}

#[test]
fn an_undeclared_body_is_cut_off_where_it_passes_the_bound() {
    let origin = Origin::start();
    let gate = Gate::start(origin.addr, &config(""));
    for (path, bound) in [("/hook", 1 << 20), ("/small", 1000)] {
        let mut wire = Wire::to(gate.data);
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: gate.test\r\nX-Hub-Signature-256: {}\r\nTransfer-Encoding: chunked\r\n\r\n",
            github(SECRET, b"x")
        );
        wire.send(head.as_bytes()).unwrap();
        let chunk = [b"3e8\r\n".as_slice(), &[b'x'; 1000], b"\r\n"].concat();
        let mut sent = 0;
        while sent < 64 << 20 && wire.send(&chunk).is_ok() {
            sent += 1000;
        }
        assert!(sent < 32 << 20, "{path}: {sent} bytes were taken where {bound} are allowed");
        if let Ok(answer) = wire.answer("POST") {
            assert_eq!(answer.status, 413, "{path}");
        }
    }
    assert!(origin.seen().iter().all(|seen| !seen.whole));
}

#[test]
fn held_bodies_share_one_budget_and_one_client_has_a_quarter() {
    let origin = Origin::start();
    let limits = "limits: {buffered_total: 1MiB, buffered_body: 256KiB, buffered_body_timeout: 60s, body_idle: 60s, body_rate: 0B}\n\
                  security: {trusted_proxies: [127.0.0.0/8]}\n";
    let config = config(limits);
    let without_large: Vec<&str> = config.lines().filter(|line| !line.contains("name: large")).collect();
    let gate = Gate::start(origin.addr, &without_large.join("\n"));
    let body = vec![b'x'; 200 * 1024];
    let signature = github(SECRET, &body);
    let begin = |address: &str| {
        let mut wire = Wire::to(gate.data).patience(Duration::from_secs(20));
        let head = format!(
            "POST /hook HTTP/1.1\r\nHost: gate.test\r\nX-Forwarded-For: {address}\r\nX-Hub-Signature-256: {signature}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        wire.send(head.as_bytes()).unwrap();
        wire.send(&body[..body.len() - 1]).unwrap();
        wire
    };
    // A quarter is 256 KiB: of two bodies of one client one does not fit beside the other.
    // The first is held before the second comes: two that grow in step can refuse each other.
    let first = begin("10.0.0.1");
    std::thread::sleep(Duration::from_millis(300));
    let pair = vec![first, begin("10.0.0.1")];
    assert_eq!(finish(pair, 1), 1, "one of two");
    // Ten clients want 2 MiB of one: five bodies fit.
    let ten = (0..10).map(|n| begin(&format!("10.0.1.{n}"))).collect();
    assert_eq!(finish(ten, 5), 5, "five of ten");
    assert_eq!(
        gate.ask(&github_post("/hook", SECRET, &body).field("X-Forwarded-For", "10.0.2.1")).status,
        200,
        "the space is free again"
    );
}

/// Waits until `most` unfinished bodies are left, sends the last byte of each, and counts those served.
fn finish(mut wires: Vec<Wire>, most: usize) -> usize {
    until(SOON, "the bodies that do not fit are refused", || {
        let left = wires.iter().filter(|wire| !wire.is_answered()).count();
        (left <= most).then_some(())
    });
    let mut served = 0;
    for wire in &mut wires {
        let _ = wire.send(b"x");
        match wire.answer("POST").map(|answer| answer.status) {
            Ok(200) => served += 1,
            Ok(status) => assert_eq!(status, 503),
            Err(_) => {}
        }
    }
    served
}

#[test]
fn a_flood_of_bodies_with_bad_signatures_stays_within_the_budget() {
    let _alone = crate::gate::alone();
    let origin = Origin::start();
    let gate = Gate::start(origin.addr, &config("limits: {failures: 0, buffered_body: 1MiB}\n"));
    let body = vec![b'x'; 1 << 20];
    let head = format!(
        "POST /hook HTTP/1.1\r\nHost: gate.test\r\nX-Hub-Signature-256: {}\r\nContent-Length: {}\r\n\r\n",
        github("a forger's secret, long enough", &body),
        body.len()
    );
    let before = gate.rss_kib();
    let mut most = before;
    let mut wires: Vec<Wire> = Vec::new();
    for number in 0..200 {
        let mut wire = Wire::to(gate.data);
        let _ = wire.send(head.as_bytes());
        let _ = wire.send(&body[..body.len() - 1]);
        wires.push(wire);
        if number % 20 == 0 {
            most = most.max(gate.rss_kib());
        }
    }
    most = most.max(gate.rss_kib());
    println!("200 held bodies of 1 MiB: rss {before} KiB before, at most {most} KiB");
    assert!(most - before < 64 * 1024, "rss grew {} KiB", most - before);
    drop(wires);
    until(SOON, "a good one is served when they have gone", || {
        (gate.ask(&github_post("/hook", SECRET, b"{}")).status == 200).then_some(())
    });
    assert_eq!(origin.count(), 1);
}
