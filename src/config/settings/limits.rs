//! What bounds time, memory and counts.

use std::time::Duration;

/// What bounds every request and the process. Names are the config keys under `limits`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Accept to the whole request head.
    pub head_timeout: Duration,
    /// Bytes of a request head.
    pub head_size: usize,
    /// Header fields of a request, cookie crumbs counted.
    pub head_fields: usize,
    /// Bytes of the request target.
    pub uri_size: usize,
    /// Idle time of a kept connection.
    pub keepalive_timeout: Duration,
    /// Client connections at once, over all workers; `None`: from memory and descriptor limits.
    pub connections: Option<usize>,
    /// Of these by one client, IPv6 by /64; `None`: a quarter.
    pub connections_per_client: Option<usize>,
    /// Bytes of one buffered body, at most 25 MiB.
    pub buffered_body: u64,
    /// Bytes of all buffered bodies together; a quarter per client.
    pub buffered_total: u64,
    /// Longest pause between two pieces of a body.
    pub body_idle: Duration,
    /// Slowest body, bytes per second, after `body_rate_grace`.
    pub body_rate: u64,
    /// Time before `body_rate` applies.
    pub body_rate_grace: Duration,
    /// Longest time for a buffered body to arrive whole.
    pub buffered_body_timeout: Duration,
    /// HTTP/2 streams at once on one connection.
    pub http2_streams: u32,
    /// Bytes of an HTTP/2 header list.
    pub http2_header_list: u32,
    /// Longest time a response may make no progress because the caller does not read.
    pub stalled_stream: Duration,
    /// Drain: shortest time new requests are still served.
    pub drain_min: Duration,
    /// Drain: longest time until the process ends.
    pub drain_max: Duration,
    /// 401s of one client address in 10 s before it is refused unread; 0 turns the flood guard off.
    pub failures: u32,
    /// Entries of the rate-limit tables together.
    pub limit_entries: usize,
    /// Messages remembered against replay.
    pub replay_entries: usize,
    /// Records waiting for the audit writer, 1–100000.
    pub audit_queue: usize,
    /// An upgraded connection (WebSocket) with no byte either way is closed after this.
    pub tunnel_idle: Duration,
}
