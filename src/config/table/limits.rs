//! `limits`: the bounds of everything.

use super::{Default, Form, Group, Kind, integer, key, millis};
use crate::config::defaults;

const fn size(least: u64, most: u64) -> Form {
    Form::Is(Kind::Size(least, most))
}

pub(super) static LIMITS: Group = Group {
    name: "limits",
    keys: &[
        key(
            "head_timeout",
            &[millis(100, 300_000)],
            Default::Duration(defaults::HEAD_TIMEOUT),
            "Longest time from the connection to a whole request head; then 408.",
        ),
        key(
            "head_size",
            &[size(1 << 10, 1 << 20)],
            Default::Size(defaults::HEAD_SIZE),
            "Largest request head; then 431.",
        ),
        key(
            "head_fields",
            &[integer(10, 1000)],
            Default::Number(defaults::HEAD_FIELDS),
            "Most header fields of a request, cookie crumbs counted; then 431.",
        ),
        key(
            "uri_size",
            &[size(64, 1 << 16)],
            Default::Size(defaults::URI_SIZE),
            "Longest request target; then 414.",
        ),
        key(
            "keepalive_timeout",
            &[millis(1_000, 3_600_000)],
            Default::Duration(defaults::KEEPALIVE),
            "How long an idle client connection is kept.",
        ),
        key(
            "connections",
            &[integer(1, 1_000_000)],
            Default::Depends("from the memory and descriptor limits"),
            "Most client connections at once, over all workers. When there are no more, idle ones are closed for new ones.",
        ),
        key(
            "connections_per_client",
            &[integer(1, 1_000_000)],
            Default::Depends("a quarter of `connections`"),
            "Most connections of one client address (IPv6: one /64) that is no trusted proxy. The default spares private addresses while `security.trusted_proxies` is empty: they may be proxies.",
        ),
        key(
            "buffered_body",
            &[size(1, defaults::MOST_BUFFERED_BODY)],
            Default::Size(defaults::BUFFERED_BODY),
            "Largest body of a signed route without a `body.max_size` of its own.",
        ),
        key(
            "buffered_total",
            &[size(1 << 16, 1 << 34)],
            Default::Size(defaults::BUFFERED_TOTAL),
            "All held bodies together; a client with several of them has at most a quarter.",
        ),
        key(
            "body_idle",
            &[millis(100, 600_000)],
            Default::Duration(defaults::BODY_IDLE),
            "Longest pause between two pieces of a body; then 408.",
        ),
        key(
            "body_rate",
            &[size(0, 1 << 30)],
            Default::Size(defaults::BODY_RATE),
            "Slowest body per second, after `body_rate_grace`; 0B turns the rule off.",
        ),
        key(
            "body_rate_grace",
            &[millis(0, 600_000)],
            Default::Duration(defaults::BODY_RATE_GRACE),
            "Time before `body_rate` applies.",
        ),
        key(
            "buffered_body_timeout",
            &[millis(100, 600_000)],
            Default::Duration(defaults::BUFFERED_BODY_TIMEOUT),
            "Longest time for a body that is held to arrive whole; then 408.",
        ),
        key(
            "http2_streams",
            &[integer(1, 1000)],
            Default::Number(defaults::HTTP2_STREAMS),
            "Most HTTP/2 streams at once on one connection.",
        ),
        key(
            "http2_header_list",
            &[size(1 << 10, 1 << 20)],
            Default::Size(defaults::HTTP2_HEADER_LIST),
            "Largest HTTP/2 header list, uncompressed.",
        ),
        key(
            "stalled_stream",
            &[millis(1_000, 3_600_000)],
            Default::Duration(defaults::STALLED_STREAM),
            "Longest time an answer may make no progress because the caller does not read.",
        ),
        key(
            "drain_min",
            &[millis(0, 600_000)],
            Default::Duration(defaults::DRAIN_MIN),
            "Shortest time new requests are still served while draining.",
        ),
        key(
            "drain_max",
            &[millis(0, 3_600_000)],
            Default::Duration(defaults::DRAIN_MAX),
            "Longest time from the start of draining to the end of the process.",
        ),
        key(
            "failures",
            &[integer(0, 1_000_000)],
            Default::Number(defaults::FAILURES),
            "Refused credentials of one client address in 10 seconds before it is answered 429 unread; 0 turns the flood guard off.",
        ),
        key(
            "limit_entries",
            &[integer(1_000, 10_000_000)],
            Default::Number(defaults::LIMIT_ENTRIES),
            "Clients and keys the request limits count at once.",
        ),
        key(
            "replay_entries",
            &[integer(1_000, 10_000_000)],
            Default::Number(defaults::REPLAY_ENTRIES),
            "Messages remembered against replay.",
        ),
        key(
            "audit_queue",
            &[integer(1, 100_000)],
            Default::Number(defaults::AUDIT_QUEUE),
            "Records waiting for the audit writer.",
        ),
        key(
            "tunnel_idle",
            &[millis(1_000, 86_400_000)],
            Default::Duration(defaults::TUNNEL_IDLE),
            "How long an upgraded connection (WebSocket) may be silent both ways.",
        ),
    ],
};
