//! Judges the raw bytes of an HTTP/1 request head before any parser of HTTP sees them: one grammar (RFC 9112 without
//! its tolerances), one Host, one framing. What is ambiguous is refused; nothing is guessed.
//!
//! Servers repair what must be refused here (Content-Length beside Transfer-Encoding, equal lengths merged, bare LF,
//! `gzip, chunked`). Security: whatever [`Scanner`] accepts, the engine must read the same way; it reads field lines by
//! the same function, and the tests hold both against each other. Called by the tap, allocates nothing, knows no rules of the operator.

pub(in crate::listen) mod field;

mod bytes;
mod host;
mod request;

use std::ops::Range;

use crate::check::deny::Reason;

use field::{Field, Line};
use request::{Request, Version};

/// How large a head may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeadLimits {
    /// Bytes of the whole head.
    pub size: usize,
    /// Header fields.
    pub fields: usize,
    /// Bytes of the request target.
    pub uri: usize,
}

/// Where the body of a request ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// There is no body.
    None,
    /// So many bytes follow; never 0.
    Length(u64),
    /// Chunks follow.
    Chunked,
}

/// A head that may be handed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Length in bytes, a tolerated empty line before it and the empty line after it included.
    pub len: usize,
    /// How its body is framed.
    pub framing: Framing,
    /// Whether it asks for another protocol.
    pub switch: Switch,
    /// The scheme and authority of an absolute-form target, equal to the Host: cut out before the head is handed on,
    /// so that everything behind sees one form (RFC 9112 §3.2.2 asks servers to accept it).
    pub cut: Option<Range<usize>>,
    /// A transfer coding not written in lower case: apps exist that take only `chunked` for chunked.
    pub lower: Option<Range<usize>>,
}

/// Whether a head asks for another protocol on the same connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Switch {
    /// It does not.
    Stay,
    /// It has an `Upgrade` field: what follows belongs to HTTP only if it is refused.
    Asked,
}

/// What is known of a head so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scan {
    /// It is not whole; nothing wrong yet.
    Partial,
    /// It is whole and may be handed on.
    Whole(Head),
    /// It is refused, and where the next one begins cannot be known.
    Refused(Reason),
}

/// Reads one head while it arrives. Every complete line is read once, however the bytes are cut.
#[derive(Clone, Debug, Default)]
pub struct Scanner {
    /// Where the first line not yet read begins.
    line: usize,
    /// How many bytes have been looked at.
    seen: usize,
    /// Empty line tolerated before the request line (RFC 9112 §2.2), bytes.
    lead: usize,
    facts: Facts,
}

#[derive(Clone, Debug, Default)]
struct Facts {
    request: Option<Request>,
    fields: usize,
    host: Option<Range<usize>>,
    length: Option<u64>,
    coding: Option<Range<usize>>,
    lower: bool,
    upgrade: bool,
}

impl Scanner {
    /// Looks at `head`, which is everything received since the previous message ended and may go on after the head.
    pub fn scan(&mut self, head: &[u8], limits: &HeadLimits) -> Scan {
        let fresh = head.get(self.seen..).unwrap_or_default();
        if self.seen > 0 && !fresh.contains(&b'\n') {
            return self.wait(head, limits);
        }
        loop {
            match self.step(head, limits) {
                Ok(Step::Next) => {}
                Ok(Step::Wait) => return self.wait(head, limits),
                Ok(Step::End) => return self.judge(head, limits).map_or_else(Scan::Refused, Scan::Whole),
                Err(reason) => return Scan::Refused(reason),
            }
        }
    }

    /// Whether nothing has been looked at since the last whole head.
    pub fn is_new(&self) -> bool {
        self.seen == 0 && self.line == 0
    }

    /// Whether `head` holds any byte of a request, not only the empty line tolerated before one.
    pub fn has_begun(head: &[u8]) -> bool {
        !matches!(head, [] | [b'\r'] | [b'\r', b'\n'])
    }

    fn wait(&mut self, head: &[u8], limits: &HeadLimits) -> Scan {
        self.seen = head.len();
        let longest_line = limits.uri.saturating_add(request::LONGEST_METHOD).saturating_add(16);
        if self.facts.request.is_none() && head.len() > longest_line.min(limits.size) {
            return Scan::Refused(Reason::UriTooLong);
        }
        if head.len() >= limits.size { Scan::Refused(Reason::HeadTooLarge) } else { Scan::Partial }
    }

    fn step(&mut self, head: &[u8], limits: &HeadLimits) -> Result<Step, Reason> {
        let line = head.get(self.line..).unwrap_or_default();
        if self.facts.request.is_some() {
            return self.field(line, limits);
        }
        if self.line == 0 {
            match line {
                [b'\r'] => return Ok(Step::Wait),
                [b'\r', b'\n', ..] => {
                    self.lead = 2;
                    self.line = 2;
                    return Ok(Step::Next);
                }
                _ => {}
            }
        }
        let Some(request) = request::read(line, limits.uri)? else { return Ok(Step::Wait) };
        self.line += request.len;
        self.facts.request = Some(request);
        Ok(Step::Next)
    }

    fn field(&mut self, line: &[u8], limits: &HeadLimits) -> Result<Step, Reason> {
        match field::read(line) {
            Line::Partial => Ok(Step::Wait),
            Line::Bad => Err(Reason::HeadMalformed),
            Line::End => {
                self.line += 2;
                Ok(Step::End)
            }
            Line::Field(field) => {
                self.facts.fields += 1;
                if self.facts.fields > limits.fields {
                    return Err(Reason::HeadTooLarge);
                }
                self.facts.learn(&field, self.line)?;
                self.line += field.len;
                Ok(Step::Next)
            }
        }
    }

    fn judge(&mut self, head: &[u8], limits: &HeadLimits) -> Result<Head, Reason> {
        if self.line > limits.size {
            return Err(Reason::HeadTooLarge);
        }
        let facts = std::mem::take(&mut self.facts);
        let request = facts.request.ok_or(Reason::HeadMalformed)?;
        match (&facts.host, request.version) {
            (Some(_), _) | (None, Version::Http10) => {}
            (None, Version::Http11) => return Err(Reason::HostInvalid),
        }
        let framing = match (facts.length, &facts.coding, request.version) {
            (None, None, _) | (Some(0), None, _) => Framing::None,
            (Some(length), None, _) => Framing::Length(length),
            (None, Some(_), Version::Http11) => Framing::Chunked,
            (None, Some(_), Version::Http10) | (Some(_), Some(_), _) => return Err(Reason::HeadMalformed),
        };
        let switch = match (facts.upgrade, framing) {
            (false, _) => Switch::Stay,
            (true, Framing::None) => Switch::Asked,
            // The end of the body and the beginning of the other protocol could not be told apart for certain.
            (true, Framing::Length(_) | Framing::Chunked) => return Err(Reason::UpgradeRefused),
        };
        let cut = request
            .absolute
            .map(|absolute| same_origin(head, self.lead, &absolute, facts.host))
            .transpose()?;
        let lower = if facts.lower { facts.coding } else { None };
        let len = self.line;
        *self = Self::default();
        Ok(Head { len, framing, switch, cut, lower })
    }
}

enum Step {
    Next,
    Wait,
    End,
}

impl Facts {
    /// Takes in one field; `at` is where its line begins in the head.
    fn learn(&mut self, field: &Field<'_>, at: usize) -> Result<(), Reason> {
        let value = at + field.value_at..at + field.value_at + field.value.len();
        match field.name.len() {
            4 if field.is_or_aliases(b"host") => {
                host::judge(field.value)?;
                set(&mut self.host, value, Reason::HostInvalid)
            }
            14 if field.is_or_aliases(b"content-length") => {
                set(&mut self.length, length(plain(field)?)?, Reason::HeadMalformed)
            }
            17 if field.is_or_aliases(b"transfer-encoding") => {
                let coding = plain(field)?;
                if !coding.eq_ignore_ascii_case(b"chunked") {
                    return Err(Reason::HeadMalformed);
                }
                self.lower = coding != b"chunked";
                set(&mut self.coding, value, Reason::HeadMalformed)
            }
            7 if field.is_or_aliases(b"upgrade") => {
                self.upgrade = true;
                plain(field).map(drop)
            }
            10 if field.is_or_aliases(b"connection") => plain(field).map(drop),
            6 if field.is_or_aliases(b"expect") => plain(field).map(drop),
            _ => Ok(()),
        }
    }
}

fn set<T>(slot: &mut Option<T>, value: T, twice: Reason) -> Result<(), Reason> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(twice),
    }
}

/// The value of a field that decides about framing or the connection: plain ASCII, and its name spelt as registered.
fn plain<'a>(field: &Field<'a>) -> Result<&'a [u8], Reason> {
    if field.name.contains(&b'_') || !field.value.is_ascii() {
        return Err(Reason::HeadMalformed);
    }
    Ok(field.value)
}

/// A plain decimal: no sign, no list, no leading zero (read as octal by some), within what a signed 64-bit app can hold.
fn length(value: &[u8]) -> Result<u64, Reason> {
    let plain = match value {
        [b'0'] => true,
        [b'1'..=b'9', rest @ ..] => rest.len() < 18 && rest.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    if !plain {
        return Err(Reason::HeadMalformed);
    }
    Ok(value.iter().fold(0, |sum, &digit| sum * 10 + u64::from(digit.wrapping_sub(b'0'))))
}

/// The part of an absolute-form target to cut out: its authority must be the Host.
fn same_origin(
    head: &[u8],
    lead: usize,
    absolute: &request::Absolute,
    host: Option<Range<usize>>,
) -> Result<Range<usize>, Reason> {
    let shifted = |range: &Range<usize>| range.start + lead..range.end + lead;
    let authority = head.get(shifted(&absolute.authority)).ok_or(Reason::HostInvalid)?;
    let host = host.and_then(|host| head.get(host)).ok_or(Reason::HostInvalid)?;
    if authority.eq_ignore_ascii_case(host) {
        Ok(shifted(&absolute.origin))
    } else {
        Err(Reason::HostInvalid)
    }
}

#[cfg(test)]
mod tests;
