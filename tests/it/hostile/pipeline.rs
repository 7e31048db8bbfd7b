//! Several requests on one connection: order kept, local answers never let a body be read as a request.

use std::collections::HashSet;
use std::fmt::Write as _;

use super::{Offences, reconcile, start};
use crate::wire::{Ask, Wire};

#[test]
fn a_thousand_pipelined_requests_keep_their_order_and_their_verdicts() {
    let (origin, gate) = start();
    let mut bytes = String::new();
    for number in 0..1000 {
        let path = if number % 2 == 0 { "/open" } else { "/admin" };
        write!(bytes, "GET {path}/{number} HTTP/1.1\r\nHost: gate.test\r\nX-Case: n{number}\r\n\r\n")
            .unwrap();
    }
    let mut wire = Wire::to(gate.data);
    let mut writer = wire.stream().try_clone().unwrap();
    let (mut offences, mut answers) = (Offences::default(), Vec::new());
    std::thread::scope(|scope| {
        scope.spawn(move || std::io::Write::write_all(&mut writer, bytes.as_bytes()));
        for number in 0..1000 {
            let answer = wire.answer("GET").unwrap_or_else(|broken| panic!("answer {number}: {broken:?}"));
            let expected = if number % 2 == 0 { 200 } else { 401 };
            if answer.status != expected {
                offences.add(&number.to_string(), format!("{} instead of {expected}", answer.status));
            }
            answers.push((number.to_string(), answer));
        }
    });
    drop(wire);
    let targets: Vec<String> = origin.seen().into_iter().map(|seen| seen.target).collect();
    let expected: Vec<String> = (0..1000).step_by(2).map(|number| format!("/open/{number}")).collect();
    assert_eq!(targets, expected, "order and choice at the app");
    let ended = gate.stop();
    assert_eq!(ended.audit.len(), 1000);
    reconcile(&answers, &ended, &origin, &mut offences);
    offences.assert_none(1000);
}

/// Requests the gate answers itself, each with a body that is a request in disguise.
fn local_answers() -> Vec<(&'static str, u16, Ask)> {
    let smuggled = "GET /open HTTP/1.1\r\nHost: gate.test\r\nX-Case: smuggled\r\n\r\n";
    let signed = "sha256=0000000000000000000000000000000000000000000000000000000000000000";
    vec![
        ("no-token", 401, Ask::post("/admin", smuggled)),
        ("wrong-token", 401, Ask::post("/admin", smuggled).field("X-Token", "wrong")),
        ("no-key", 401, Ask::post("/key/x", smuggled)),
        ("no-signature", 401, Ask::post("/hook", smuggled)),
        ("wrong-signature", 401, Ask::post("/hook", smuggled).field("X-Hub-Signature-256", signed)),
        ("wrong-method", 405, Ask::new("PUT", "/hook").body(smuggled)),
        ("ambiguous", 400, Ask::post("/x/../admin", smuggled)),
        ("trace", 405, Ask::new("TRACE", "/open").body(smuggled)),
        ("expect", 417, Ask::post("/open", smuggled).field("Expect", "something")),
        ("expect-continue", 401, Ask::post("/admin", smuggled).field("Expect", "100-continue")),
        ("forward-list", 401, Ask::post("/admin", smuggled).field("X-Forwarded-For", "1.2.3.4")),
    ]
}

#[test]
fn the_body_of_a_refused_request_is_never_read_as_the_next_request() {
    let (origin, gate) = start();
    let (mut offences, mut ids) = (Offences::default(), HashSet::new());
    let cases = local_answers();
    for (name, status, ask) in &cases {
        for chunked in [false, true] {
            let bytes = if chunked { as_chunked(&ask.bytes()) } else { ask.bytes() };
            let mut wire = Wire::to(gate.data);
            let follow = Ask::get("/open").field("X-Case", "follow").bytes();
            let _ = wire.send(&[bytes, follow].concat());
            let first = wire.answer("POST").unwrap_or_else(|broken| panic!("{name}: {broken:?}"));
            if first.status != *status {
                offences.add(name, format!("{} instead of {status}", first.status));
            }
            if first.interim.contains(&100) {
                offences.add(name, "100 Continue before a refusal");
            }
            ids.insert(first.id().to_owned());
            wire.finish();
            while let Ok(answer) = wire.answer("GET") {
                ids.insert(answer.id().to_owned());
            }
        }
    }
    let ended = gate.stop();
    assert!(
        origin.seen().iter().all(|seen| seen.one("x-case") == "follow"),
        "a body was served as a request"
    );
    let recorded: HashSet<String> = ended.audit.iter().map(|record| record.id().to_owned()).collect();
    assert_eq!(recorded.len(), ended.audit.len(), "one record per request");
    assert_eq!(recorded, ids, "a record for every answer, an answer for every record");
    offences.assert_none(cases.len() * 2);
}

/// The same request with its body in one chunk.
fn as_chunked(bytes: &[u8]) -> Vec<u8> {
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let head: Vec<&str> = head.split("\r\n").filter(|line| !line.starts_with("Content-Length")).collect();
    let head = head.join("\r\n");
    format!("{head}\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n", body.len())
        .into_bytes()
}
