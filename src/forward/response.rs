//! From the head the app answered to the head the caller gets, mutated in place.
//!
//! Takes away what is bound to the app's connection; keeps every field and the status of the app. Refuses an answer whose
//! framing could be read in two ways. Called by [`in_flight`](super::in_flight).

use http::header::{CONNECTION, CONTENT_LENGTH, HOST, TE, TRAILER, TRANSFER_ENCODING, UPGRADE};
use http::response::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version};

use crate::base::failure::Failure;
use crate::base::request_id::RequestId;
use crate::base::seen::{Field, Seen};
use crate::check::Upgrade;
use crate::forward::answer::{REQUEST_ID, id_value};

static KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");

/// Fields of the connection to the app; `Connection`, which names more of them, first.
static BOUND: [HeaderName; 7] = [
    CONNECTION,
    TRANSFER_ENCODING,
    UPGRADE,
    TE,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    HeaderName::from_static("proxy-authenticate"),
];

/// The same as [`Seen`] tells them.
const BOUND_FIELDS: [Field; 7] = [
    Field::Connection,
    Field::TransferEncoding,
    Field::Upgrade,
    Field::Te,
    Field::KeepAlive,
    Field::ProxyConnection,
    Field::ProxyAuthenticate,
];

/// How the end of an answer's body is known (RFC 9112 §6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// It has so many bytes.
    Length(u64),
    /// It ends with the last chunk.
    Chunked,
    /// It ends when the app closes.
    Close,
}

/// What follows an answer's head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Follows {
    /// A body.
    Body(Framing),
    /// Nothing: the answer to HEAD, or one that never has a body.
    Nothing,
    /// Nothing, but the head declares the length of another answer (304).
    DeclaredOnly,
    /// The protocol that was asked for.
    Tunnel,
}

/// The request an answer is for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Question<'a> {
    pub(super) method: &'a Method,
    pub(super) upgrade: Upgrade,
    pub(super) id: &'a RequestId,
}

/// Makes the head what the caller gets.
///
/// # Errors
/// [`Failure::UpstreamProtocol`]: a switch of protocols nobody asked for or to another protocol, a transfer coding that
/// is not plain `chunked`, several lengths, or both.
pub(super) fn clean(parts: &mut Parts, question: Question<'_>) -> Result<Follows, Failure> {
    let switched = parts.status == StatusCode::SWITCHING_PROTOCOLS;
    if switched {
        agree(&parts.headers, question.upgrade)?;
    } else if parts.status.is_informational() {
        return Err(Failure::UpstreamProtocol);
    }
    let seen = Seen::of(&parts.headers);
    let framing = framing(parts, seen)?;
    // Most answers have none of these: one look at each name costs less than a search for each of them.
    if seen.has_any(&BOUND_FIELDS) {
        strip(&mut parts.headers);
    }
    parts.version = Version::HTTP_11;
    let headers = &mut parts.headers;
    // It may have been there and have been stripped: `Connection` may name it.
    if !seen.has(Field::RequestId) || !headers.contains_key(REQUEST_ID) {
        headers.insert(REQUEST_ID, id_value(question.id));
    }
    if switched {
        headers.remove(CONTENT_LENGTH);
        headers.remove(TRAILER);
        headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        return Ok(Follows::Tunnel);
    }
    if parts.status == StatusCode::NO_CONTENT {
        headers.remove(CONTENT_LENGTH);
    }
    if question.method == Method::HEAD || parts.status == StatusCode::NO_CONTENT {
        return Ok(Follows::Nothing);
    }
    if parts.status == StatusCode::NOT_MODIFIED {
        let declares = headers.contains_key(CONTENT_LENGTH);
        return Ok(if declares { Follows::DeclaredOnly } else { Follows::Nothing });
    }
    Ok(Follows::Body(framing))
}

/// Removes from an answer's trailers what would change how the message is read.
pub(super) fn clean_trailers(trailers: &mut HeaderMap) {
    for name in
        [&CONTENT_LENGTH, &TRANSFER_ENCODING, &TRAILER, &TE, &CONNECTION, &UPGRADE, &HOST, &KEEP_ALIVE]
    {
        trailers.remove(name);
    }
}

/// A switch of protocols must be to the one that was asked for.
///
/// Security: an app, or a request smuggled past it, that answers 101 unasked would turn a connection judged as HTTP into
/// a tunnel (CVE-2026-2833).
fn agree(headers: &HeaderMap, upgrade: Upgrade) -> Result<(), Failure> {
    let asked = upgrade == Upgrade::WebSocket;
    let mut protocols = headers.get_all(UPGRADE).iter();
    let only = protocols.next().filter(|_| protocols.next().is_none());
    let same = only.is_some_and(|value| value.as_bytes().trim_ascii().eq_ignore_ascii_case(b"websocket"));
    let says_so = tokens(headers).any(|token| token.eq_ignore_ascii_case(b"upgrade"));
    if asked && same && says_so { Ok(()) } else { Err(Failure::UpstreamProtocol) }
}

/// The length must be known in one way only: the caller's parser might not read another way as we do.
/// HTTP/1.0 knows no chunks (RFC 9112 §6.1).
fn framing(parts: &Parts, seen: Seen) -> Result<Framing, Failure> {
    let headers = &parts.headers;
    if !seen.has(Field::TransferEncoding) {
        return length(headers, seen);
    }
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    match (codings.next(), codings.next()) {
        (Some(coding), None)
            if parts.version == Version::HTTP_11
                && !seen.has(Field::ContentLength)
                && coding.as_bytes().trim_ascii().eq_ignore_ascii_case(b"chunked") =>
        {
            Ok(Framing::Chunked)
        }
        _ => Err(Failure::UpstreamProtocol),
    }
}

/// Of an answer without a transfer coding.
fn length(headers: &HeaderMap, seen: Seen) -> Result<Framing, Failure> {
    if !seen.has(Field::ContentLength) {
        return Ok(Framing::Close);
    }
    let mut lengths = headers.get_all(CONTENT_LENGTH).iter();
    let (Some(length), None) = (lengths.next(), lengths.next()) else {
        return Err(Failure::UpstreamProtocol);
    };
    let digits = length.to_str().ok().filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()));
    let length = digits.and_then(|digits| digits.parse().ok());
    length.map(Framing::Length).ok_or(Failure::UpstreamProtocol)
}

fn strip(headers: &mut HeaderMap) {
    if headers.contains_key(CONNECTION) {
        let kept = [CONTENT_LENGTH, TRANSFER_ENCODING, TRAILER];
        let nominated: Vec<HeaderName> = tokens(headers)
            .filter(|token| {
                !token.eq_ignore_ascii_case(b"keep-alive") && !token.eq_ignore_ascii_case(b"close")
            })
            .filter_map(|token| HeaderName::from_bytes(token).ok())
            .filter(|name| !kept.contains(name))
            .collect();
        for name in nominated {
            headers.remove(name);
        }
        headers.remove(CONNECTION);
    }
    // The gate frames the body anew, by the same length or chunk by chunk.
    for name in BOUND.iter().skip(1) {
        headers.remove(name);
    }
}

fn tokens(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    let lines = headers.get_all(CONNECTION).iter();
    lines.flat_map(|line| line.as_bytes().split(|b| *b == b',')).map(<[u8]>::trim_ascii)
}

#[cfg(test)]
mod tests;
