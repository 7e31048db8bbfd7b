//! Tells HTTP/2 with prior knowledge from HTTP/1 by the connection's first bytes (RFC 9113 §3.4). The wait for them is
//! part of the head deadline.

/// What an HTTP/2 client sends first. No HTTP/1 request can begin so: `PRI` is reserved for this.
pub const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// What the first bytes say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sniffed {
    /// Too few to tell.
    Unsure,
    /// A byte differs from the preface.
    Http1,
    /// The whole preface.
    Http2,
}

/// Compares the first bytes received with the preface.
pub fn sniff(received: &[u8]) -> Sniffed {
    let same = received.iter().zip(PREFACE).all(|(have, want)| have == want);
    match (same, received.len() >= PREFACE.len()) {
        (false, _) => Sniffed::Http1,
        (true, false) => Sniffed::Unsure,
        (true, true) => Sniffed::Http2,
    }
}
