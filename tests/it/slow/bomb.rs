//! Much memory for few bytes: header lists made of references, held open by closed windows.

use std::time::Duration;

use crate::frames::{END_HEADERS, H2, Outcome, block, frame, kind, literal};
use crate::gate::{Gate, alone};
use crate::origin::Origin;
use crate::pace::until;
use crate::sign::github;
use crate::wire::Ask;

const SECRET: &str = "the hook's secret of length";
const CONNECTIONS: u64 = 24;
const STREAMS: u32 = 64;

/// A field put into the peer's table; later one byte stands for all of it.
fn indexed(name: &[u8], value: &[u8]) -> Vec<u8> {
    let mut bytes = literal(name, value);
    bytes[0] = 0x40;
    bytes
}

/// A request head of about `size` decoded bytes: one fat field, then one byte for each further copy.
fn head(stream: u32, copies: usize) -> Vec<u8> {
    let signature = github(SECRET, b"never");
    let mut list = block(&[
        (b":method", b"POST"),
        (b":scheme", b"http"),
        (b":authority", b"gate.test"),
        (b":path", b"/hook"),
        (b"x-hub-signature-256", signature.as_bytes()),
    ]);
    if stream == 1 {
        list.extend(indexed(b"x-fat", &[b'f'; 3000]));
    } else {
        list.push(0xbe);
    }
    list.extend(std::iter::repeat_n(0xbe, copies));
    frame(kind::HEADERS, END_HEADERS, stream, &list)
}

#[test]
fn streams_held_open_with_fat_heads_cost_about_what_their_connection_counts_with() {
    let _alone = alone();
    let origin = Origin::start();
    let gate = Gate::start(
        origin.addr,
        &format!(
            "limits: {{body_idle: 6s, connections: 1000}}\nroutes:\n  \
             - {{name: hook, path: /hook, signature: {{provider: github, replay: \"off\", secrets: [{{id: a, value: \"{SECRET}\"}}]}}}}\n  \
             - {{name: site, path_prefix: /, public: true}}\n"
        ),
    );
    assert_eq!(gate.ask(&Ask::get("/")).status, 200);
    let before = gate.rss_kib();
    let mut most = before;
    let mut held = Vec::new();
    for _ in 0..CONNECTIONS {
        let mut connection = H2::with_settings(gate.data, &[(4, 0)]);
        let bytes: Vec<u8> = (0..STREAMS).flat_map(|n| head(2 * n + 1, 3)).collect();
        connection.send(&bytes).unwrap();
        held.push(connection);
        most = most.max(gate.rss_kib());
    }
    until(Duration::from_secs(5), "the streams are all in", || {
        most = most.max(gate.rss_kib());
        (gate.metric("sidegate_in_flight_requests", &[]) >= f64::from(STREAMS) * CONNECTIONS as f64 * 0.9)
            .then_some(())
    });
    let each = most.saturating_sub(before) / CONNECTIONS;
    println!("{CONNECTIONS} connections with {STREAMS} streams of 15 KiB heads: {each} KiB each");
    assert!(each <= 640, "{each} KiB for a connection that counts with 512");
    assert_eq!(gate.ask(&Ask::get("/")).status, 200, "others are served");
    until(Duration::from_secs(20), "the streams are let go", || {
        (gate.metric("sidegate_in_flight_requests", &[]) == 0.0).then_some(())
    });
    assert!(origin.seen().iter().all(|seen| seen.target == "/"));
}

#[test]
fn a_header_list_past_its_bound_ends_its_stream_not_the_memory() {
    let origin = Origin::start();
    let gate = Gate::start(origin.addr, "routes: [{name: site, path_prefix: /, public: true}]\n");
    let before = gate.rss_kib();
    for copies in [6, 100, 4000] {
        let mut connection = H2::with_settings(gate.data, &[(4, 0)]);
        connection.send(&head(1, copies)).unwrap();
        let outcome = connection.outcome(1);
        let is_refused = matches!(
            outcome,
            Outcome::Answer(431, _) | Outcome::Reset(..) | Outcome::GoAway(_) | Outcome::Closed
        );
        assert!(is_refused, "{copies} copies of 3 KB: {outcome:?}");
    }
    assert_eq!(origin.count(), 0);
    let grown = gate.rss_kib().saturating_sub(before);
    assert!(grown < 4096, "rss grew {grown} KiB");
}
