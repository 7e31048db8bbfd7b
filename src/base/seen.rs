//! Which of the fields that decide about a message a head has: one pass over its names in place of a search for each.
//! Knows names alone; what their values mean is for those who ask.
//!
//! Security: tells of the map it was made from. Whoever changes the map asks the map, or uses this only to leave out
//! what was not there and has not been added.

use http::HeaderMap;

/// A field that decides about a message or its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Field {
    /// `Connection`
    Connection,
    /// `Content-Length`
    ContentLength,
    /// `Expect`
    Expect,
    /// `HTTP2-Settings`
    Http2Settings,
    /// `Keep-Alive`
    KeepAlive,
    /// `Proxy-Authenticate`
    ProxyAuthenticate,
    /// `Proxy-Connection`
    ProxyConnection,
    /// `TE`
    Te,
    /// `Trailer`
    Trailer,
    /// `Transfer-Encoding`
    TransferEncoding,
    /// `Upgrade`
    Upgrade,
    /// `X-Request-Id`
    RequestId,
}

/// The fields of one head.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen(u16);

impl Seen {
    /// Looks at every name once.
    pub fn of(headers: &HeaderMap) -> Self {
        headers.keys().fold(Self::default(), |seen, name| match field(name.as_str()) {
            Some(field) => Self(seen.0 | 1 << field as u8),
            None => seen,
        })
    }

    /// Whether the field is there, on one line or on several.
    pub fn has(self, field: Field) -> bool {
        self.0 & 1 << field as u8 != 0
    }

    /// Whether one of the fields is there.
    pub fn has_any(self, fields: &[Field]) -> bool {
        fields.iter().any(|field| self.has(*field))
    }
}

/// Lengths sort out nearly all names.
fn field(name: &str) -> Option<Field> {
    let (text, field) = match name.len() {
        2 => ("te", Field::Te),
        6 => ("expect", Field::Expect),
        7 if name == "trailer" => return Some(Field::Trailer),
        7 => ("upgrade", Field::Upgrade),
        10 if name == "keep-alive" => return Some(Field::KeepAlive),
        10 => ("connection", Field::Connection),
        12 => ("x-request-id", Field::RequestId),
        14 if name == "http2-settings" => return Some(Field::Http2Settings),
        14 => ("content-length", Field::ContentLength),
        16 => ("proxy-connection", Field::ProxyConnection),
        17 => ("transfer-encoding", Field::TransferEncoding),
        18 => ("proxy-authenticate", Field::ProxyAuthenticate),
        _ => return None,
    };
    (name == text).then_some(field)
}

#[cfg(test)]
mod tests;
