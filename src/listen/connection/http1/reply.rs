//! The head of a response, and the framing of its body (RFC 9112 §6).

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING};
use http::response::Parts;
use http::{HeaderMap, Method, StatusCode, Version};
use http_body::Body;
use hyper::ext::ReasonPhrase;

use crate::forward::outgoing::{Framing, write_fields};

/// The request a response is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) version: Version,
    pub(super) is_head: bool,
}

/// A response whose head declares another length than its body has: it must not be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mismatch;

impl Asked {
    pub(super) fn of(method: &Method, version: Version) -> Self {
        Self { version, is_head: method == Method::HEAD }
    }
}

/// Writes the head of a response with this body; says how the body is framed.
///
/// # Errors
/// [`Mismatch`].
pub(super) fn write<B: Body<Data = Bytes>>(
    out: &mut Vec<u8>,
    asked: Asked,
    parts: &mut Parts,
    body: &B,
) -> Result<Framing, Mismatch> {
    let framing = frame(asked, parts, body)?;
    out.clear();
    out.extend_from_slice(if asked.version == Version::HTTP_10 { b"HTTP/1.0 " } else { b"HTTP/1.1 " });
    out.extend_from_slice(parts.status.as_str().as_bytes());
    out.push(b' ');
    match parts.extensions.get::<ReasonPhrase>() {
        Some(reason) => out.extend_from_slice(reason.as_bytes()),
        None => out.extend_from_slice(parts.status.canonical_reason().unwrap_or_default().as_bytes()),
    }
    out.extend_from_slice(b"\r\n");
    write_fields(out, &parts.headers);
    out.extend_from_slice(b"\r\n");
    Ok(framing)
}

/// Whether the connection ends behind a response with these fields.
pub(super) fn is_last(headers: &HeaderMap, framing: Framing) -> bool {
    framing == Framing::Close || headers.get(CONNECTION).is_some_and(|value| value == "close")
}

fn frame<B: Body<Data = Bytes>>(asked: Asked, parts: &mut Parts, body: &B) -> Result<Framing, Mismatch> {
    let headers = &mut parts.headers;
    let bodiless = [StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED].contains(&parts.status);
    if asked.is_head || bodiless || parts.status.is_informational() {
        return Ok(Framing::None);
    }
    let declared = headers.get(CONTENT_LENGTH);
    match (body.size_hint().exact(), declared) {
        (Some(length), None) => {
            headers.insert(CONTENT_LENGTH, length.into());
            Ok(Framing::Length(length))
        }
        (Some(length), Some(declared)) => {
            let same = declared.to_str().ok().and_then(|digits| digits.parse().ok()) == Some(length);
            if same { Ok(Framing::Length(length)) } else { Err(Mismatch) }
        }
        (None, Some(_)) => Err(Mismatch),
        (None, None) if asked.version == Version::HTTP_10 => Ok(Framing::Close),
        (None, None) => {
            headers.insert(TRANSFER_ENCODING, http::HeaderValue::from_static("chunked"));
            Ok(Framing::Chunked)
        }
    }
}

#[cfg(test)]
mod tests;
