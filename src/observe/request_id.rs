//! When the id a caller sent is taken over: once, from a trusted proxy, in a strict shape. Else ours is used.

use http::HeaderMap;
use http::header::HeaderName;

use crate::base::clock::Mono;
use crate::base::request_id::{RequestId, RequestIds};

/// The header.
const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The one `X-Request-Id` of `headers`, if it can be an id.
///
/// Security: only for a request whose peer is a trusted proxy.
pub(super) fn sent(headers: &HeaderMap) -> Option<RequestId> {
    let mut lines = headers.get_all(HEADER).iter();
    match (lines.next(), lines.next()) {
        (Some(only), None) => RequestId::parse(only.as_bytes()).ok(),
        (None | Some(_), _) => None,
    }
}

/// A source of ids that differ from every other's: 64 random bits name it, 64 more say where its count starts.
pub(super) fn source(now: Mono) -> RequestIds {
    let worker = getrandom::u64();
    let start = getrandom::u64();
    // Without randomness the ids are still unique in this process, and ids are no secret.
    RequestIds::new(worker.unwrap_or(now.0.rotate_left(32)), start.unwrap_or(now.0))
}

#[cfg(test)]
mod tests;
