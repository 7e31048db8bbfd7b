//! The head of a request as the exchange takes it, read from bytes the tap has judged, by the same reader of field
//! lines: what was judged and what is served cannot differ. Refuses nothing of its own.

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, Version};

use crate::base::chunked::Follower;
use crate::forward::decoder::Decoder;
use crate::listen::head::field::{self, Line};

/// Fields room is made for before the first head of a connection is read; a map of so many fills up at twelve. For the
/// next one it is as many as the last one had.
pub(super) const EXPECTED: usize = 8;

/// Most fields room is made for: how many there are is the caller's to choose.
const MOST_EXPECTED: usize = 24;

/// A request without its body.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) parts: Box<Parts>,
    /// How its body is to be read.
    pub(super) body: Decoder,
    pub(super) wishes: Wishes,
}

/// What the caller asks of the connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Wishes {
    /// `100 Continue` before it sends the body.
    pub(super) go_ahead: bool,
    /// Trailers behind a chunked response.
    pub(super) trailers: bool,
    /// The end of the connection after the response.
    pub(super) close: bool,
}

/// Bytes the tap handed on that do not read as the head they were judged to be: a fault of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unread;

/// Reads the head `bytes` begin with, and says how long it is; `None` while it is not whole. Room is made for `expected`
/// fields.
///
/// # Errors
/// [`Unread`].
pub(super) fn read(bytes: &Bytes, expected: usize) -> Result<Option<(Head, usize)>, Unread> {
    // The tap lets one empty line before a request pass (RFC 9112 §2.2).
    let lead = match &bytes[..] {
        [b'\r'] => return Ok(None),
        [b'\r', b'\n', ..] => 2,
        _ => 0,
    };
    let rest = bytes.get(lead..).unwrap_or_default();
    let Some(end) = rest.iter().position(|b| *b == b'\r') else { return Ok(None) };
    let mut words = rest.get(..end).unwrap_or_default().split(|b| *b == b' ');
    let (Some(method), Some(target), Some(version), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(Unread);
    };
    let mut fields = Fields::new(expected);
    let Some(length) = fields.read(bytes, lead + end + 2)? else { return Ok(None) };
    let mut parts = blank();
    parts.method = Method::from_bytes(method).map_err(|_| Unread)?;
    parts.uri = Uri::from_maybe_shared(bytes.slice_ref(target)).map_err(|_| Unread)?;
    parts.version = match version {
        b"HTTP/1.1" => Version::HTTP_11,
        b"HTTP/1.0" => Version::HTTP_10,
        _ => return Err(Unread),
    };
    parts.headers = fields.map;
    let mut wishes = fields.wishes;
    if parts.version == Version::HTTP_10 {
        wishes = Wishes { close: true, ..Wishes::default() };
    }
    Ok(Some((Head { parts, body: fields.body, wishes }, length)))
}

/// A head that says nothing yet.
pub(super) fn blank() -> Box<Parts> {
    Box::new(Request::new(()).into_parts().0)
}

struct Fields {
    map: HeaderMap,
    body: Decoder,
    wishes: Wishes,
}

impl Fields {
    fn new(expected: usize) -> Self {
        let map = HeaderMap::with_capacity(expected.min(MOST_EXPECTED));
        Self { map, body: Decoder::Done, wishes: Wishes::default() }
    }

    /// Reads all field lines from `at` on; where the head ends.
    fn read(&mut self, bytes: &Bytes, mut at: usize) -> Result<Option<usize>, Unread> {
        loop {
            match field::read(bytes.get(at..).unwrap_or_default()) {
                Line::Partial => return Ok(None),
                Line::Bad => return Err(Unread),
                Line::End => return Ok(Some(at + 2)),
                Line::Field(field) => {
                    self.learn(field.name, field.value)?;
                    let name = HeaderName::from_bytes(field.name).map_err(|_| Unread)?;
                    let value =
                        HeaderValue::from_maybe_shared(bytes.slice_ref(field.value)).map_err(|_| Unread)?;
                    self.map.append(name, value);
                    at += field.len;
                }
            }
        }
    }

    /// What a field says about the message and the connection; lengths of names sort out nearly all.
    fn learn(&mut self, name: &[u8], value: &[u8]) -> Result<(), Unread> {
        let is = |text: &[u8]| name.eq_ignore_ascii_case(text);
        match name.len() {
            2 if is(b"te") => self.wishes.trailers |= has_token(value, b"trailers"),
            6 if is(b"expect") => self.wishes.go_ahead |= value.eq_ignore_ascii_case(b"100-continue"),
            10 if is(b"connection") => self.wishes.close |= has_token(value, b"close"),
            14 if is(b"content-length") => {
                let length =
                    std::str::from_utf8(value).ok().and_then(|digits| digits.parse().ok()).ok_or(Unread)?;
                self.body = Decoder::of_length(length);
            }
            17 if is(b"transfer-encoding") => self.body = Decoder::Chunks(Follower::default()),
            _ => {}
        }
        Ok(())
    }
}

fn has_token(list: &[u8], token: &[u8]) -> bool {
    list.split(|b| *b == b',').any(|item| item.trim_ascii().eq_ignore_ascii_case(token))
}

#[cfg(test)]
mod tests;
