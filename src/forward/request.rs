//! From the judged head to the head the app gets: mutated in place, then written down with the gate's own fields.
//!
//! Takes away what is bound to the caller's connection and every alias of the fields the gate adds, then adds those.
//! Path, query, Host and the framing of the body stay as they were judged. Never refuses for policy; a head that
//! cannot be sent is an internal failure. Called by [`Forwarder::send`](super::Forwarder::send).

mod origin;

use http::header::{CONNECTION, CONTENT_LENGTH, COOKIE, HOST, TE, TRAILER, TRANSFER_ENCODING, UPGRADE};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, Version};
use http_body::Body;

use crate::base::failure::Failure;
use crate::base::seen::{Field, Seen};
use crate::check::{Payload, Upgrade};
use crate::forward::names::{Fate, Names};
use crate::forward::outgoing::{Framing, write_fields, write_request_line};
use crate::forward::rules::ForwardRules;

pub(super) use origin::Origin;

/// The body that goes with a head, as far as its framing is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weight {
    /// No byte.
    None,
    /// So many bytes, in memory.
    Whole(u64),
    /// In memory, with trailer fields.
    WholeWithTrailers(u64),
    /// Still arriving.
    Stream,
}

/// How the connection to the app may be used for this request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reuse {
    /// Kept afterwards when all went well.
    Keep,
    /// Closed afterwards.
    ///
    /// Security: an app that ignores the body of a GET would read it as the next request (CL.0); with
    /// `Connection: close` it reads nothing more.
    Close,
}

impl Weight {
    /// Weighs a payload.
    pub(super) fn of<B: Body>(payload: &Payload<B>) -> Self {
        match payload {
            Payload::Stream(body) if body.is_end_stream() => Self::None,
            Payload::Stream(_) => Self::Stream,
            Payload::Whole { bytes, trailers: None } => Self::Whole(bytes.len() as u64),
            Payload::Whole { bytes, trailers: Some(_) } => Self::WholeWithTrailers(bytes.len() as u64),
        }
    }
}

/// Makes the head what the app gets, and writes it into `out` with its empty line.
///
/// # Errors
/// [`Failure::Internal`] when the head cannot be sent on: no Host, or a declared length that is not the body's.
/// The checks refuse such heads; this is the last line.
pub(super) fn write(
    out: &mut Vec<u8>,
    parts: &mut Parts,
    rules: &ForwardRules,
    origin: &Origin<'_>,
    weight: Weight,
) -> Result<(Framing, Reuse), Failure> {
    let from_http2 = parts.version == Version::HTTP_2;
    parts.version = Version::HTTP_11;
    // Nothing below adds one of these before it was asked for, so what is not there now need not be searched for.
    let seen = Seen::of(&parts.headers);
    let wants_trailers = seen.has(Field::Te) && wants_trailers(&parts.headers);
    strip(&mut parts.headers, &rules.names, origin, seen);
    target(parts)?;
    if from_http2 {
        join_cookies(&mut parts.headers);
    }
    let framing = frame(parts, weight, (from_http2, seen))?;
    let reuse = connection(parts, origin.upgrade, wants_trailers, (weight, framing));
    origin.append(&mut parts.headers);
    out.clear();
    write_request_line(out, &parts.method, &parts.uri);
    write_fields(out, &parts.headers);
    origin.tell(out, &parts.headers, rules, seen);
    out.extend_from_slice(b"\r\n");
    Ok((framing, reuse))
}

/// Removes from trailers what may not come after the verdict.
pub(super) fn clean_trailers(trailers: &mut HeaderMap, names: &Names) {
    let stripped: Vec<HeaderName> =
        trailers.keys().filter(|name| names.fate_of_trailer(name) == Fate::Strip).cloned().collect();
    for name in stripped {
        trailers.remove(name);
    }
}

/// One pass over the names; the map is touched only for what goes.
fn strip(headers: &mut HeaderMap, names: &Names, origin: &Origin<'_>, seen: Seen) {
    let mut stripped = if seen.has(Field::Connection) { nominated(headers) } else { Vec::new() };
    let gone = headers.keys().filter(|name| names.fate(name, origin.trust, headers) == Fate::Strip);
    stripped.extend(gone.cloned());
    for name in stripped {
        headers.remove(name);
    }
}

/// The fields the caller bound to its connection by naming them in `Connection`. The head checks refuse nominations
/// of what a verdict needs; framing and Host cannot be nominated away here either.
fn nominated(headers: &HeaderMap) -> Vec<HeaderName> {
    let tokens = headers.get_all(CONNECTION).iter().flat_map(|value| value.as_bytes().split(|b| *b == b','));
    let names = tokens.map(<[u8]>::trim_ascii).filter(|token| {
        !token.eq_ignore_ascii_case(b"keep-alive")
            && !token.eq_ignore_ascii_case(b"close")
            && !token.is_empty()
    });
    names
        .filter_map(|token| HeaderName::from_bytes(token).ok())
        .filter(|name| ![CONTENT_LENGTH, TRANSFER_ENCODING, TRAILER, HOST].contains(name))
        .collect()
}

/// Origin-form target and one Host. The bytes of path, query and Host are those that were judged.
fn target(parts: &mut Parts) -> Result<(), Failure> {
    let Some(authority) = parts.uri.authority() else {
        return parts.headers.contains_key(HOST).then_some(()).ok_or(Failure::Internal);
    };
    if !parts.headers.contains_key(HOST) {
        let host = HeaderValue::from_str(authority.as_str()).map_err(|_| Failure::Internal)?;
        parts.headers.insert(HOST, host);
    }
    let mut uri = std::mem::take(&mut parts.uri).into_parts();
    uri.scheme = None;
    uri.authority = None;
    parts.uri = Uri::from_parts(uri).map_err(|_| Failure::Internal)?;
    Ok(())
}

/// HTTP/2 may split the cookie over many fields; HTTP/1 has one (RFC 9113 §8.2.3).
fn join_cookies(headers: &mut HeaderMap) {
    let mut crumbs = headers.get_all(COOKIE).iter();
    let Some(first) = crumbs.next() else { return };
    let mut joined = first.as_bytes().to_vec();
    let single = joined.len();
    for crumb in crumbs {
        joined.extend_from_slice(b"; ");
        joined.extend_from_slice(crumb.as_bytes());
    }
    if joined.len() == single {
        return;
    }
    if let Ok(value) = HeaderValue::from_bytes(&joined) {
        headers.insert(COOKIE, value);
    }
}

/// Keeps the framing the caller chose; gives one to bodies of HTTP/2, which need none there.
fn frame(parts: &mut Parts, weight: Weight, (from_http2, seen): (bool, Seen)) -> Result<Framing, Failure> {
    let headers = &mut parts.headers;
    if seen.has(Field::TransferEncoding) && headers.contains_key(TRANSFER_ENCODING) {
        return Ok(chunk(headers));
    }
    let declared = if seen.has(Field::ContentLength) { declared(headers) } else { None };
    let framing = match (declared, weight) {
        (Some(Some(declared)), Weight::Whole(length) | Weight::WholeWithTrailers(length))
            if declared == length =>
        {
            Framing::Length(length)
        }
        (Some(Some(0)), Weight::None) => Framing::None,
        (Some(Some(declared)), Weight::Stream) => Framing::Length(declared),
        (Some(_), _) => return Err(Failure::Internal),
        (None, Weight::WholeWithTrailers(_) | Weight::Stream) => return Ok(chunk(headers)),
        (None, Weight::Whole(length)) if length > 0 => {
            headers.insert(CONTENT_LENGTH, length.into());
            Framing::Length(length)
        }
        (None, Weight::Whole(_) | Weight::None) => {
            if from_http2 && matches!(parts.method, Method::POST | Method::PUT | Method::PATCH) {
                headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
            }
            Framing::None
        }
    };
    if seen.has(Field::Trailer) {
        headers.remove(TRAILER);
    }
    Ok(framing)
}

fn chunk(headers: &mut HeaderMap) -> Framing {
    headers.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
    headers.remove(CONTENT_LENGTH);
    Framing::Chunked
}

/// The declared length; `Some(None)` where it is none, or several.
fn declared(headers: &HeaderMap) -> Option<Option<u64>> {
    let mut lines = headers.get_all(CONTENT_LENGTH).iter();
    match (lines.next(), lines.next()) {
        (only, None) => only.map(declared_length),
        (_, Some(_)) => Some(None),
    }
}

fn declared_length(value: &HeaderValue) -> Option<u64> {
    let digits = value.as_bytes();
    let plain = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    plain.then(|| value.to_str().ok()?.parse().ok()).flatten()
}

/// Whether the caller takes trailers in the answer (`TE: trailers`).
fn wants_trailers(headers: &HeaderMap) -> bool {
    headers.get_all(TE).iter().any(|value| {
        value
            .as_bytes()
            .split(|b| *b == b',')
            .any(|coding| coding.trim_ascii().eq_ignore_ascii_case(b"trailers"))
    })
}

/// What the gate itself says about its connection to the app.
fn connection(
    parts: &mut Parts,
    upgrade: Upgrade,
    wants_trailers: bool,
    (weight, framing): (Weight, Framing),
) -> Reuse {
    let headers = &mut parts.headers;
    if upgrade == Upgrade::WebSocket {
        headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        return Reuse::Close;
    }
    let bodiless = matches!(parts.method, Method::GET | Method::HEAD | Method::OPTIONS | Method::DELETE);
    let has_body = match weight {
        Weight::None | Weight::Whole(0) => framing == Framing::Chunked,
        Weight::Whole(_) | Weight::WholeWithTrailers(_) | Weight::Stream => true,
    };
    let reuse = if bodiless && has_body { Reuse::Close } else { Reuse::Keep };
    let options = match (reuse, wants_trailers) {
        (Reuse::Keep, false) => None,
        (Reuse::Keep, true) => Some("te"),
        (Reuse::Close, false) => Some("close"),
        (Reuse::Close, true) => Some("close, te"),
    };
    if wants_trailers {
        headers.insert(TE, HeaderValue::from_static("trailers"));
    }
    if let Some(options) = options {
        headers.insert(CONNECTION, HeaderValue::from_static(options));
    }
    reuse
}

#[cfg(test)]
mod tests;
