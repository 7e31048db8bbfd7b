//! What the origin noted of one request.

use std::time::Instant;

/// How a request said where its body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// No body.
    None,
    /// `Content-Length`.
    Length(u64),
    /// `Transfer-Encoding: chunked`.
    Chunked,
}

/// One request as parsed by the origin.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) fields: Vec<(String, Vec<u8>)>,
    pub(crate) framing: Framing,
    /// The first bytes of the body.
    pub(crate) body: Vec<u8>,
    /// Bytes of the whole body.
    pub(crate) length: u64,
    /// SHA-256 of the whole body, hex.
    pub(crate) sha256: String,
    pub(crate) trailers: Vec<(String, Vec<u8>)>,
    /// Whether the body came to its end.
    pub(crate) whole: bool,
    /// When the head was complete.
    pub(crate) at: Instant,
}

impl Seen {
    /// Every value of a field, names compared without case.
    pub(crate) fn all(&self, name: &str) -> Vec<String> {
        let same = self.fields.iter().filter(|(found, _)| found.eq_ignore_ascii_case(name));
        same.map(|(_, value)| String::from_utf8_lossy(value).into_owned()).collect()
    }

    /// The only value of a field; empty when absent.
    pub(crate) fn one(&self, name: &str) -> String {
        let mut all = self.all(name);
        assert!(all.len() < 2, "{name} stands {} times in {self:?}", all.len());
        all.pop().unwrap_or_default()
    }

    /// Fields and trailers with names as a CGI app sees them: upper case, everything else `_`.
    pub(crate) fn folded(&self) -> Vec<(String, String)> {
        let both = self.fields.iter().chain(&self.trailers);
        both.map(|(name, value)| (fold(name), String::from_utf8_lossy(value).into_owned())).collect()
    }
}

/// A field name under CGI folding.
pub(crate) fn fold(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect()
}
