//! HTTP/2: hostile header lists one stream each, and frames that break the connection's rules.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::stream_table::{Fate, Stream, streams};
use super::{Offences, reconcile, start};
use crate::frames::{
    END_HEADERS, END_STREAM, H2, Outcome, PREFACE, WHOLE, block, frame, kind, literal, request, setting,
};
use crate::gate::Gate;
use crate::origin::Seen;

/// Sends one stream on a connection of its own.
fn send(gate: &Gate, stream: &Stream) -> Outcome {
    let mut connection = H2::to(gate.data).patience(Duration::from_secs(8));
    let mut fields: Vec<(&[u8], &[u8])> = pairs(&stream.fields);
    fields.push((b"x-case", stream.name.as_bytes()));
    let ends = if stream.data.is_none() && stream.trailers.is_none() { END_STREAM } else { 0 };
    let mut bytes = Vec::new();
    let list = block(&fields);
    let pieces: Vec<&[u8]> = list.chunks(16_000).collect();
    for (number, piece) in pieces.iter().enumerate() {
        let last = if number + 1 == pieces.len() { END_HEADERS } else { 0 };
        match number {
            0 => bytes.extend(frame(kind::HEADERS, last | ends, 1, piece)),
            _ => bytes.extend(frame(kind::CONTINUATION, last, 1, piece)),
        }
    }
    if let Some(data) = &stream.data {
        let ends = if stream.trailers.is_none() { END_STREAM } else { 0 };
        bytes.extend(frame(kind::DATA, ends, 1, data));
    }
    if let Some((trailers, ends)) = &stream.trailers {
        let flags = if *ends { WHOLE } else { END_HEADERS };
        bytes.extend(frame(kind::HEADERS, flags, 1, &block(&pairs(trailers))));
    }
    let _ = connection.send(&bytes);
    connection.outcome(1)
}

fn pairs(fields: &[(Vec<u8>, Vec<u8>)]) -> Vec<(&[u8], &[u8])> {
    fields.iter().map(|(name, value)| (name.as_slice(), value.as_slice())).collect()
}

#[test]
fn every_hostile_http2_stream_is_refused_or_forwarded_as_judged() {
    let all = streams();
    assert!(all.len() >= 250, "only {} streams", all.len());
    let (origin, gate) = start();
    let mut offences = Offences::default();
    for stream in &all {
        let outcome = send(&gate, stream);
        let is_2xx = matches!(outcome, Outcome::Answer(200..300, _));
        match stream.fate {
            Fate::Passed if !is_2xx => offences.add(&stream.name, format!("expected 200, got {outcome:?}")),
            Fate::Refused if is_2xx => offences.add(&stream.name, "answered 200"),
            Fate::Passed | Fate::Refused | Fate::Judged => {}
        }
        if outcome == Outcome::Late {
            offences.add(&stream.name, "no end");
        }
    }
    let ended = gate.stop();
    let mut at_app: HashMap<String, Vec<Seen>> = HashMap::new();
    for seen in origin.seen() {
        at_app.entry(seen.one("x-case")).or_default().push(seen);
    }
    for stream in &all {
        let seen = at_app.get(&stream.name).map_or(&[][..], Vec::as_slice);
        let whole = seen.iter().filter(|seen| seen.whole).count();
        match stream.fate {
            Fate::Refused if whole > 0 => offences.add(&stream.name, "refused, yet whole at the app"),
            Fate::Passed if whole != 1 => offences.add(&stream.name, format!("{whole} times at the app")),
            Fate::Passed | Fate::Refused | Fate::Judged => {}
        }
        if seen.len() > 1 {
            offences.add(&stream.name, "more than one request at the app");
        }
    }
    let crumbs = at_app.get("cookie-crumbs").and_then(|seen| seen.first()).map(|seen| seen.all("cookie"));
    if crumbs != Some(vec!["a=b; c=d; e=f".to_owned()]) {
        offences.add("cookie-crumbs", format!("joined as {crumbs:?}"));
    }
    // One record each, also of those the engine answered or reset before the checks could see them.
    if ended.audit.len() != all.len() {
        offences.add("records", format!("{} of {} streams", ended.audit.len(), all.len()));
    }
    reconcile(&[], &ended, &origin, &mut offences);
    offences.assert_none(all.len());
}

/// Bytes behind the greeting that break the connection's rules.
fn breaches() -> Vec<(&'static str, Vec<u8>)> {
    let good = |stream: u32| request(stream, "GET", "/open", &[], WHOLE);
    let open = |stream: u32| request(stream, "POST", "/open", &[], END_HEADERS);
    vec![
        ("data-on-idle", frame(kind::DATA, END_STREAM, 1, b"x")),
        ("data-on-zero", frame(kind::DATA, 0, 0, b"x")),
        ("headers-on-zero", frame(kind::HEADERS, WHOLE, 0, &literal(b":method", b"GET"))),
        ("headers-on-even", good(2)),
        ("stream-backwards", [good(5), good(3)].concat()),
        ("continuation-alone", frame(kind::CONTINUATION, END_HEADERS, 1, b"")),
        (
            "continuation-other",
            [frame(kind::HEADERS, 0, 1, b""), frame(kind::CONTINUATION, END_HEADERS, 3, b"")].concat(),
        ),
        ("headers-interleaved", [frame(kind::HEADERS, 0, 1, b""), good(3)].concat()),
        ("ping-between", [frame(kind::HEADERS, 0, 1, b""), frame(kind::PING, 0, 0, &[0; 8])].concat()),
        ("hpack-index-0", frame(kind::HEADERS, WHOLE, 1, &[0x80])),
        ("hpack-index-far", frame(kind::HEADERS, WHOLE, 1, &[0xff, 0xff, 0xff, 0x0f])),
        (
            "hpack-integer",
            frame(kind::HEADERS, WHOLE, 1, &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f]),
        ),
        ("hpack-cut", frame(kind::HEADERS, WHOLE, 1, &[0x00, 0x7f])),
        ("hpack-table-large", frame(kind::HEADERS, WHOLE, 1, &[0x3f, 0xff, 0xff, 0x7f])),
        ("hpack-huffman-eos", frame(kind::HEADERS, WHOLE, 1, &[0x00, 0x84, 0xff, 0xff, 0xff, 0xff, 0x00])),
        ("padding-long", frame(kind::DATA, 8, 1, &[200, 1, 2])),
        ("headers-padding-long", frame(kind::HEADERS, WHOLE | 8, 1, &[200, 1, 2])),
        ("priority-short", frame(kind::PRIORITY, 0, 1, &[0; 4])),
        ("priority-zero", frame(kind::PRIORITY, 0, 0, &[0; 5])),
        ("headers-self-dependent", frame(kind::HEADERS, WHOLE | 0x20, 1, &[0, 0, 0, 1, 0])),
        ("reset-idle", frame(kind::RST_STREAM, 0, 1, &[0; 4])),
        ("reset-zero", frame(kind::RST_STREAM, 0, 0, &[0; 4])),
        ("reset-short", [open(1), frame(kind::RST_STREAM, 0, 1, &[0; 3])].concat()),
        ("settings-stream", frame(kind::SETTINGS, 0, 1, b"")),
        ("settings-odd", frame(kind::SETTINGS, 0, 0, &[0; 5])),
        ("settings-ack-body", frame(kind::SETTINGS, 1, 0, &[0; 6])),
        ("settings-push-2", frame(kind::SETTINGS, 0, 0, &setting(2, 2))),
        ("settings-window", frame(kind::SETTINGS, 0, 0, &setting(4, 0x8000_0000))),
        ("settings-frame-small", frame(kind::SETTINGS, 0, 0, &setting(5, 100))),
        ("settings-frame-large", frame(kind::SETTINGS, 0, 0, &setting(5, 0x0100_0000))),
        ("ping-short", frame(kind::PING, 0, 0, &[0; 7])),
        ("ping-stream", frame(kind::PING, 0, 1, &[0; 8])),
        ("goaway-short", frame(kind::GOAWAY, 0, 0, &[0; 7])),
        ("goaway-stream", frame(kind::GOAWAY, 0, 1, &[0; 8])),
        ("push-promise", [open(1), frame(kind::PUSH_PROMISE, END_HEADERS, 1, &[0, 0, 0, 2])].concat()),
        ("window-zero", frame(kind::WINDOW_UPDATE, 0, 0, &[0; 4])),
        ("window-short", frame(kind::WINDOW_UPDATE, 0, 0, &[0; 3])),
        ("window-overflow", frame(kind::WINDOW_UPDATE, 0, 0, &0x7fff_ffffu32.to_be_bytes())),
        ("window-idle", frame(kind::WINDOW_UPDATE, 0, 1, &1u32.to_be_bytes())),
        ("data-behind-end", [good(1), frame(kind::DATA, END_STREAM, 1, b"x")].concat()),
        ("headers-behind-end", [good(1), good(1)].concat()),
        ("frame-too-large", frame(kind::DATA, 0, 1, &vec![0; 20_000])),
    ]
}

#[test]
fn broken_frames_end_the_stream_or_the_connection_and_nothing_else() {
    let (origin, gate) = start();
    let mut offences = Offences::default();
    let breaches = breaches();
    for (name, bytes) in &breaches {
        let mut connection = H2::to(gate.data).patience(Duration::from_secs(8));
        let _ = connection.send(bytes);
        // A gate that took the breach for harmless still answers this ping's stream; one that did not, ends.
        let _ = connection.send(&request(101, "GET", "/admin", &[], WHOLE));
        match connection.outcome(101) {
            Outcome::GoAway(_) | Outcome::Closed | Outcome::Reset(..) | Outcome::Answer(400..500, _) => {}
            outcome @ (Outcome::Answer(..) | Outcome::Late) => offences.add(name, format!("{outcome:?}")),
        }
        let next = H2::to(gate.data).ask(1, "GET", "/open", &[("x-case", "next")]);
        if !matches!(next, Outcome::Answer(200, _)) {
            offences.add(name, format!("the next connection got {next:?}"));
        }
    }
    for (name, greeting) in [
        ("preface-cut", &PREFACE[..20]),
        ("preface-odd", b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n".as_slice()),
        ("preface-3", b"PRI * HTTP/3.0\r\n\r\nSM\r\n\r\n".as_slice()),
        ("frame-first", &frame(kind::SETTINGS, 0, 0, b"")),
        ("zeros", &[0; 64]),
    ] {
        let mut connection = H2::silent(gate.data).patience(Duration::from_secs(8));
        let _ = connection.send(greeting);
        if connection.ends().is_none() {
            offences.add(name, "the connection stays");
        }
    }
    let ended = gate.stop();
    assert!(origin.seen().iter().all(|seen| seen.target == "/open"));
    reconcile(&[], &ended, &origin, &mut offences);
    offences.assert_none(breaches.len() + 5);
}

/// A name, what comes once, and what comes again and again.
type Flood = (&'static str, Vec<u8>, Box<dyn Fn(u32) -> Vec<u8>>);

/// Frames repeated without end; the connection must end, and quickly.
#[test]
fn floods_of_frames_are_cut_off() {
    let (_origin, gate) = start();
    let empty = |flags: u8| frame(kind::DATA, flags, 1, b"");
    let reset = |stream: u32| {
        [request(stream, "GET", "/open", &[], WHOLE), frame(kind::RST_STREAM, 0, stream, &8u32.to_be_bytes())]
            .concat()
    };
    let made = |stream: u32| {
        let overflow = frame(kind::WINDOW_UPDATE, 0, stream, &0x7fff_ffffu32.to_be_bytes());
        [request(stream, "POST", "/open", &[], END_HEADERS), overflow.clone(), overflow].concat()
    };
    let open = request(1, "POST", "/open", &[], END_HEADERS);
    let endless = [frame(kind::HEADERS, 0, 1, &literal(b"x-a", b"b"))].concat();
    let floods: [Flood; 7] = [
        ("rapid-reset", Vec::new(), Box::new(move |n| reset(2 * n + 1))),
        ("made-you-reset", Vec::new(), Box::new(move |n| made(2 * n + 1))),
        ("continuation", endless, Box::new(|_| frame(kind::CONTINUATION, 0, 1, &literal(b"x-a", b"b")))),
        (
            "empty-continuation",
            frame(kind::HEADERS, 0, 1, b""),
            Box::new(|_| frame(kind::CONTINUATION, 0, 1, b"")),
        ),
        ("empty-data", open, Box::new(move |_| empty(0))),
        ("settings", Vec::new(), Box::new(|_| frame(kind::SETTINGS, 0, 0, b""))),
        ("ping", Vec::new(), Box::new(|_| frame(kind::PING, 0, 0, &[0; 8]))),
    ];
    let before = gate.rss_kib();
    let mut offences = Offences::default();
    for (name, first, each) in &floods {
        let mut connection = H2::to(gate.data).patience(Duration::from_secs(8));
        let begun = Instant::now();
        let _ = connection.send(first);
        let mut sent = 0u32;
        let cut = (0..200).any(|block| {
            let bytes: Vec<u8> = (block * 500..(block + 1) * 500).flat_map(each).collect();
            sent += 500;
            connection.send(&bytes).is_err()
        });
        println!(
            "{name}: cut {cut} after about {sent} frames, {:?}; rss {} KiB",
            begun.elapsed(),
            gate.rss_kib()
        );
        if !cut && connection.ends().is_none() && !matches!(*name, "settings" | "ping") {
            offences.add(name, "100,000 frames and the connection stays");
        }
        let next = H2::to(gate.data).ask(1, "GET", "/open", &[]);
        if !matches!(next, Outcome::Answer(200, _)) {
            offences.add(name, format!("the next connection got {next:?}"));
        }
    }
    let grown = gate.rss_kib().saturating_sub(before);
    if grown > 16 * 1024 {
        offences.add("rss", format!("grew by {grown} KiB"));
    }
    offences.assert_none(floods.len());
}
