//! Judges the trailer section of a chunked body: the same grammar as a head, and no field that decides about framing,
//! routing, credentials or the caller's address (RFC 9110 §6.5.1). Called by the tap before a byte of it is read on.

use crate::listen::head::field::{self, Field, Line};

/// Most bytes of a trailer section.
const SIZE: usize = 8 * 1024;

/// Most trailer fields.
const FIELDS: usize = 64;

/// Names that must not come late: they were, or should have been, judged with the head. `_` counts as `-`.
const FORBIDDEN: [&[u8]; 26] = [
    b"authorization",
    b"cache-control",
    b"connection",
    b"content-encoding",
    b"content-length",
    b"content-range",
    b"content-type",
    b"cookie",
    b"expect",
    b"forwarded",
    b"host",
    b"http2-settings",
    b"keep-alive",
    b"max-forwards",
    b"pragma",
    b"proxy-authorization",
    b"proxy-connection",
    b"range",
    b"set-cookie",
    b"te",
    b"trailer",
    b"transfer-encoding",
    b"upgrade",
    b"via",
    b"x-api-key",
    b"x-real-ip",
];

/// Beginnings of names that must not come late.
const FORBIDDEN_FAMILIES: [&[u8]; 4] = [b"x-forwarded-", b"x-auth-", b"x-original-", b"x-http-method"];

/// Reads one trailer section while it arrives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrailerScanner {
    line: usize,
    seen: usize,
    fields: usize,
}

/// What is known of a trailer section so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trailers {
    /// Not whole; nothing wrong yet.
    Partial,
    /// Whole and harmless; its length with the empty line.
    Whole(usize),
    /// Malformed, too large, or with a field that must not come late.
    Broken,
}

impl TrailerScanner {
    /// Looks at `section`, which is everything received since the last chunk ended.
    pub fn scan(&mut self, section: &[u8]) -> Trailers {
        let fresh = section.get(self.seen..).unwrap_or_default();
        if self.seen > 0 && !fresh.contains(&b'\n') {
            return self.wait(section);
        }
        loop {
            match field::read(section.get(self.line..).unwrap_or_default()) {
                Line::Partial => return self.wait(section),
                Line::Bad => return Trailers::Broken,
                Line::End if self.line > SIZE => return Trailers::Broken,
                Line::End => return Trailers::Whole(self.line + 2),
                Line::Field(field) => {
                    self.fields += 1;
                    if self.fields > FIELDS || is_forbidden(&field) {
                        return Trailers::Broken;
                    }
                    self.line += field.len;
                }
            }
        }
    }

    fn wait(&mut self, section: &[u8]) -> Trailers {
        self.seen = section.len();
        if section.len() > SIZE { Trailers::Broken } else { Trailers::Partial }
    }
}

fn is_forbidden(field: &Field<'_>) -> bool {
    FORBIDDEN.into_iter().any(|name| field.is_or_aliases(name))
        || FORBIDDEN_FAMILIES.into_iter().any(|family| field.begins_or_aliases(family))
}

#[cfg(test)]
mod tests;
