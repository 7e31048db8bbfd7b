//! The head of the app's answer, read by httparse: one grammar, no tolerance for invalid fields or folded lines.
//! What the framing means is judged by [`response`](crate::forward::response).

use std::mem::MaybeUninit;

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING};
use http::response::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, Version};
use httparse::{Header, ParserConfig, Status};

/// Most fields of a head or of a trailer section.
const FIELDS: usize = 100;

/// What does not read as HTTP/1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::forward) struct Malformed;

/// A head and how many bytes it took.
pub(in crate::forward) type Read<T> = Option<(T, usize)>;

/// Reads the head `bytes` begin with; `None` while it is not whole.
///
/// # Errors
/// [`Malformed`], also for more than 100 fields.
pub(super) fn read(bytes: &Bytes) -> Result<Read<Parts>, Malformed> {
    let mut fields = [const { MaybeUninit::<Header<'_>>::uninit() }; FIELDS];
    let mut answer = httparse::Response::new(&mut []);
    let read = ParserConfig::default().parse_response_with_uninit_headers(&mut answer, bytes, &mut fields);
    let Status::Complete(length) = read.map_err(|_| Malformed)? else { return Ok(None) };
    let mut parts = Response::new(()).into_parts().0;
    parts.status = StatusCode::from_u16(answer.code.ok_or(Malformed)?).map_err(|_| Malformed)?;
    parts.version = if answer.version == Some(1) { Version::HTTP_11 } else { Version::HTTP_10 };
    parts.headers = map(bytes, answer.headers)?;
    let reason = answer.reason.unwrap_or_default();
    if !reason.is_empty() && parts.status.canonical_reason() != Some(reason) {
        let reason = hyper::ext::ReasonPhrase::try_from(bytes.slice_ref(reason.as_bytes()));
        parts.extensions.insert(reason.map_err(|_| Malformed)?);
    }
    Ok(Some((parts, length)))
}

/// Reads the trailer section `bytes` begin with; `None` while it is not whole.
///
/// # Errors
/// [`Malformed`].
pub(in crate::forward) fn read_trailers(bytes: &Bytes) -> Result<Read<HeaderMap>, Malformed> {
    let mut fields = [httparse::EMPTY_HEADER; FIELDS];
    match httparse::parse_headers(bytes, &mut fields).map_err(|_| Malformed)? {
        Status::Complete((length, fields)) => Ok(Some((map(bytes, fields)?, length))),
        Status::Partial => Ok(None),
    }
}

/// Whether the app keeps its connection open behind this answer, and the next answer begins where this one ends.
pub(super) fn keeps_open(parts: &Parts) -> bool {
    let lines = parts.headers.get_all(CONNECTION).iter();
    let mut options = lines.flat_map(|line| line.as_bytes().split(|b| *b == b','));
    parts.version == Version::HTTP_11
        && !options.any(|option| option.trim_ascii().eq_ignore_ascii_case(b"close"))
        && !declares_too_much(parts)
}

/// Whether a body is declared where there is none (RFC 9110 §8.6, RFC 9112 §6.1). An app that says so may send it all
/// the same, later, when it would be read as the beginning of the next answer. With 304 a length is that of another.
fn declares_too_much(parts: &Parts) -> bool {
    let is_chunked = || parts.headers.contains_key(TRANSFER_ENCODING);
    match parts.status {
        StatusCode::NO_CONTENT => {
            is_chunked() || parts.headers.get(CONTENT_LENGTH).is_some_and(|length| length != "0")
        }
        StatusCode::NOT_MODIFIED => is_chunked(),
        _ => false,
    }
}

/// The fields as a map whose values stay where they were read.
fn map(bytes: &Bytes, fields: &[Header<'_>]) -> Result<HeaderMap, Malformed> {
    // Room for what the gate adds.
    let mut map = HeaderMap::with_capacity(fields.len() + 2);
    for field in fields {
        let name = HeaderName::from_bytes(field.name.as_bytes()).map_err(|_| Malformed)?;
        let value = HeaderValue::from_maybe_shared(bytes.slice_ref(field.value)).map_err(|_| Malformed)?;
        map.append(name, value);
    }
    Ok(map)
}

#[cfg(test)]
mod tests;
