//! Bodies: byte-identical at any size, sent on as they come, both ways.

use std::io::Write as _;
use std::time::{Duration, Instant};

use crate::gate::Gate;
use crate::origin::{Framing, Origin};
use crate::sign::{github, sha256};
use crate::wire::{Ask, Wire};

const OPEN: &str = "routes: [{name: site, path_prefix: /, public: true}]\n";

/// Bytes that repeat in no short pattern.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_u32;
    let step = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_le_bytes()[0]
    };
    std::iter::repeat_with(step).take(length).collect()
}

#[test]
fn a_large_upload_arrives_unchanged_with_the_framing_it_had() {
    let origin = Origin::start();
    let gate = Gate::start(origin.addr, OPEN);
    let body = noise(24 << 20);
    let before = gate.rss_kib();
    let mut wire = Wire::to(gate.data);
    assert_eq!(wire.ask(&Ask::post("/up", body.clone())).status, 200);
    wire.send(b"POST /up HTTP/1.1\r\nHost: gate.test\r\nTransfer-Encoding: chunked\r\n\r\n").unwrap();
    for piece in body.chunks(100_003) {
        wire.send(format!("{:x}\r\n", piece.len()).as_bytes()).unwrap();
        wire.send(piece).unwrap();
        wire.send(b"\r\n").unwrap();
    }
    wire.send(b"0\r\n\r\n").unwrap();
    assert_eq!(wire.answer("POST").unwrap().status, 200);
    let seen = origin.seen();
    assert_eq!(seen[0].framing, Framing::Length(body.len() as u64));
    assert_eq!(seen[1].framing, Framing::Chunked);
    for seen in &seen {
        assert_eq!((seen.length, seen.sha256.as_str()), (body.len() as u64, sha256(&body).as_str()));
    }
    let grown = gate.rss_kib().saturating_sub(before);
    println!("48 MiB through: rss grew {grown} KiB");
    assert!(grown < 8 * 1024, "a streamed body is not held: rss grew {grown} KiB");
}

#[test]
fn a_large_download_arrives_unchanged_and_is_not_held() {
    let body = noise(24 << 20);
    let (whole, hash) = (body.clone(), sha256(&body));
    let origin = Origin::scripted(move |talk| {
        if talk.target() == "/chunked" {
            talk.begin(200, "")?;
            for piece in whole.chunks(70_001) {
                talk.chunk(piece)?;
            }
            return talk.end("");
        }
        talk.plain(200, &whole)
    });
    let gate = Gate::start(origin.addr, OPEN);
    let before = gate.rss_kib();
    let mut wire = Wire::to(gate.data);
    for path in ["/length", "/chunked"] {
        let answer = wire.ask(&Ask::get(path));
        assert_eq!((answer.body.len(), sha256(&answer.body)), (body.len(), hash.clone()), "{path}");
        let expected = if path == "/length" { body.len().to_string() } else { String::new() };
        assert_eq!(answer.one("content-length"), expected);
    }
    let grown = gate.rss_kib().saturating_sub(before);
    println!("48 MiB back: rss grew {grown} KiB");
    assert!(grown < 8 * 1024, "a streamed answer is not held: rss grew {grown} KiB");
}

#[test]
fn server_sent_events_are_passed_on_one_by_one() {
    let (say, told) = std::sync::mpsc::channel::<()>();
    let told = std::sync::Mutex::new(told);
    let origin = Origin::scripted(move |talk| {
        talk.begin(200, "Content-Type: text/event-stream\r\nCache-Control: no-cache\r\n")?;
        for number in 0..5 {
            let _ = told.lock().unwrap().recv_timeout(Duration::from_secs(20));
            talk.chunk(format!("data: {number}\n\n").as_bytes())?;
        }
        talk.end("")
    });
    let gate = Gate::start(origin.addr, OPEN);
    let mut wire = Wire::to(gate.data);
    wire.send(&Ask::get("/events").bytes()).unwrap();
    let head = wire.answer_head().unwrap();
    assert_eq!(
        (head.status, head.one("content-type")),
        (200, "text/event-stream"),
        "the head comes before any event"
    );
    for number in 0..5 {
        say.send(()).unwrap();
        assert_eq!(wire.chunk().unwrap(), format!("data: {number}\n\n").into_bytes());
    }
    assert!(wire.chunk().unwrap().is_empty());
}

#[test]
fn an_uploads_pieces_reach_the_app_before_the_next_is_sent() {
    let origin = Origin::start();
    let gate = Gate::start(origin.addr, OPEN);
    let mut wire = Wire::to(gate.data);
    wire.send(b"POST /up HTTP/1.1\r\nHost: gate.test\r\nContent-Length: 10\r\n\r\n").unwrap();
    origin.wait_heads(1);
    wire.send(b"01234").unwrap();
    wire.send(b"56789").unwrap();
    assert_eq!(wire.answer("POST").unwrap().status, 200);
    assert_eq!(origin.seen()[0].body, b"0123456789");
}

#[test]
fn no_byte_of_a_signed_request_reaches_the_app_before_the_whole_body_is_verified() {
    let origin = Origin::start();
    let secret = "the hook's secret of length";
    let gate =
        Gate::start(origin.addr, &format!("security: {{webhook_secrets: {{github: \"{secret}\"}}}}\n"));
    let body = noise(300_000);
    for (signature, status) in [(github(secret, b"another body"), 401), (github(secret, &body), 200)] {
        let mut wire = Wire::to(gate.data);
        let head = format!(
            "POST /webhook/github HTTP/1.1\r\nHost: gate.test\r\nX-Hub-Signature-256: {signature}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        wire.send(head.as_bytes()).unwrap();
        let (most, last) = body.split_at(body.len() - 1);
        wire.send(most).unwrap();
        // Another request goes all the way through meanwhile, so the gate has had its chance to err.
        assert_eq!(gate.ask(&Ask::post("/webhook/github", "")).status, 401);
        assert_eq!(origin.connections(), 0, "a connection before the verdict");
        let sent = Instant::now();
        wire.send(last).unwrap();
        assert_eq!(wire.answer("POST").unwrap().status, status);
        match status {
            200 => assert!(origin.wait_whole(1)[0].at > sent, "the head came before the verdict"),
            _ => assert_eq!(origin.connections(), 0, "a refused body opened a connection"),
        }
    }
    assert_eq!(origin.seen()[0].sha256, sha256(&body));
}

#[test]
fn a_signed_body_keeps_its_framing_too() {
    let origin = Origin::start();
    let secret = "the hook's secret of length";
    let gate =
        Gate::start(origin.addr, &format!("security: {{webhook_secrets: {{github: \"{secret}\"}}}}\n"));
    let mut wire = Wire::to(gate.data);
    let head = "POST /webhook/github HTTP/1.1\r\nHost: gate.test\r\n";
    let signature = github(secret, b"hello");
    let length = format!("{head}X-Hub-Signature-256: {signature}\r\nContent-Length: 5\r\n\r\nhello");
    let chunked = format!(
        "{head}X-Hub-Signature-256: {signature}\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
    );
    for text in [length, chunked] {
        wire.send(text.as_bytes()).unwrap();
        assert_eq!(wire.answer("POST").unwrap().status, 200);
    }
    let framings: Vec<Framing> = origin.seen().iter().map(|seen| seen.framing).collect();
    assert_eq!(framings[0], Framing::Length(5));
    assert_eq!(origin.seen()[1].body, b"hello");
    assert!(matches!(framings[1], Framing::Chunked | Framing::Length(5)), "{framings:?}");
}

#[test]
fn continue_is_sent_after_the_head_is_accepted_and_never_before_a_refusal() {
    let origin = Origin::start();
    let secret = "the hook's secret of length";
    let gate =
        Gate::start(origin.addr, &format!("security: {{webhook_secrets: {{github: \"{secret}\"}}}}\n{OPEN}"));
    let ask = |path: &str, more: &str| {
        format!(
            "POST {path} HTTP/1.1\r\nHost: gate.test\r\nExpect: 100-continue\r\nContent-Length: 5\r\n{more}\r\n"
        )
    };
    let signed = format!("X-Hub-Signature-256: {}\r\n", github(secret, b"hello"));
    for (path, more) in [("/open", ""), ("/webhook/github", signed.as_str())] {
        let mut wire = Wire::to(gate.data);
        wire.send(ask(path, more).as_bytes()).unwrap();
        let first = wire.answer_head().unwrap();
        assert_eq!(first.status, 100, "{path}");
        wire.send(b"hello").unwrap();
        assert_eq!(wire.answer("POST").unwrap().status, 200, "{path}");
        assert_eq!(origin.seen().pop().unwrap().body, b"hello");
    }
    let before = origin.count();
    for (path, more, status) in [
        ("/webhook/github", "", 401),
        ("/x/../webhook/github", "", 400),
        ("/open", "X-B: c\r\nHost: twice\r\n", 400),
    ] {
        let mut wire = Wire::to(gate.data);
        wire.send(ask(path, more).as_bytes()).unwrap();
        let first = wire.answer_head().unwrap();
        assert_eq!(first.status, status, "{path}: no 100 before a refusal");
    }
    assert_eq!(origin.count(), before);
}

#[test]
fn slowly_written_requests_are_whole_requests() {
    let origin = Origin::start();
    let gate = Gate::start(origin.addr, OPEN);
    let mut wire = Wire::to(gate.data);
    for byte in Ask::post("/bit/by/bit", "twelve bytes").bytes() {
        wire.stream().write_all(&[byte]).unwrap();
    }
    assert_eq!(wire.answer("POST").unwrap().status, 200);
    assert_eq!(origin.seen()[0].body, b"twelve bytes");
}
