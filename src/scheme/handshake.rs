//! How providers make sure an endpoint is theirs before they send to it, as data: what such a request looks like and
//! what it is answered with. Decides nothing: `check` says whether the gate answers, and under which key.
//!
//! Security: an answer that holds a MAC over text of the caller's choice would be a way to have anything signed. A
//! [`Pattern`] is part of every such answer, and [`Handshake::could_be_asked_for`] tells which signed messages could
//! have come from one: those prove nothing.

mod shape;
mod table;

use http::{HeaderMap, HeaderName};

use super::json::Path;
use super::{SignedHead, form};
pub use shape::{HelloBody, Reply};
pub use table::{handshakes, is_silent};

/// Longest text that is echoed, bytes.
pub const LONGEST_ECHO: usize = 4096;

/// Most bytes of an unsigned body that are read to find a handshake in it.
pub const LONGEST_HELLO: u64 = 16 * 1024;

/// One provider's question, and its answer.
#[derive(Debug)]
pub struct Handshake {
    /// What the provider calls it.
    pub name: &'static str,
    /// What a request must look like; all must hold.
    pub when: &'static [Sign],
    /// Why it may be answered.
    pub trust: Trust,
    /// The answer; `None`: only the app can give it.
    pub reply: Option<Shape>,
    /// What the body is when the handshake is let through to the app unsigned.
    pub body: HelloBody,
}

/// Something a request must have.
#[derive(Clone, Copy, Debug)]
pub enum Sign {
    /// This method.
    Method(&'static str),
    /// A header, once and not empty.
    Header(&'static str),
    /// A header with this value.
    HeaderIs(&'static str, &'static str),
    /// No such header.
    NoHeader(&'static str),
    /// A parameter of the query, once and not empty.
    Query(&'static str),
    /// A parameter of the query with this value.
    QueryIs(&'static str, &'static str),
    /// A value in a JSON body.
    Json(&'static str),
    /// This value in a JSON body.
    JsonIs(&'static str, &'static str),
    /// A form that is one field of digits.
    FormNumber(&'static str),
}

/// Why a handshake may be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// It carries a signature, which was verified first.
    Signed,
    /// The answer tells nothing and changes nothing.
    Open,
    /// The parameter of the query holds a secret of the operator's.
    Token(&'static str),
    /// The header names an origin the operator allows; of this provider's own these.
    Origin(&'static str, &'static [&'static str]),
}

/// An answer as data.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    status: u16,
    kind: Text,
    parts: &'static [Part],
}

/// What an answer's body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Text {
    Plain,
    Json,
}

/// A piece of an answer's body.
#[derive(Clone, Copy, Debug)]
enum Part {
    Is(&'static str),
    /// What the caller sent, as it is.
    Echo(At),
    /// The same as a JSON string.
    Quote(At),
    /// A MAC over what the caller sent.
    Mac(At, Pattern, Written),
    /// The public id of the operator's key.
    PublicId,
}

/// How a MAC is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// Lower case.
    Hex,
    /// RFC 4648 §4.
    Base64,
}

/// Where the caller's text stands.
#[derive(Clone, Copy, Debug)]
enum At {
    Query(&'static str),
    Header(&'static str),
    Json(&'static str),
}

/// What a text must be to be signed for the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pattern {
    /// 1 to 128 of `A-Z a-z 0-9 _ -`, and no JSON.
    Word,
    /// 20 to 32 lower-case hexadecimal digits.
    Hex,
}

/// What only the operator can give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Nothing.
    Nothing,
    /// The secret the provider shows.
    VerifyToken,
    /// The origins that may ask.
    Origins,
    /// The public id of the key.
    PublicId,
    /// The gate cannot answer, only the app.
    App,
}

/// What was found out about the operator's own side of a handshake.
pub struct Own<'a> {
    /// Makes a MAC under a key of the route.
    pub mac: &'a dyn Fn(&[u8], Written) -> Option<String>,
    /// The public id of the operator's key.
    pub public_id: Option<&'a str>,
}

impl Handshake {
    /// Whether the head looks like this one's.
    pub fn is_begun(&self, head: &SignedHead<'_>) -> bool {
        self.when.iter().all(|sign| sign.in_head(head) != Some(false))
    }

    /// Whether the body has to be looked at.
    pub fn reads_body(&self) -> bool {
        self.when.iter().any(|sign| match sign {
            Sign::Json(_) | Sign::JsonIs(..) | Sign::FormNumber(_) => true,
            Sign::Method(_)
            | Sign::Header(_)
            | Sign::HeaderIs(..)
            | Sign::NoHeader(_)
            | Sign::Query(_)
            | Sign::QueryIs(..) => false,
        })
    }

    /// Whether the whole request is this one.
    pub fn is_met(&self, head: &SignedHead<'_>, body: &[u8]) -> bool {
        self.is_begun(head) && self.when.iter().all(|sign| sign.in_body(body) != Some(false))
    }

    /// What the gate needs from the operator before it can answer.
    pub fn needs(&self) -> Need {
        let parts = self.reply.map_or(&[][..], |reply| reply.parts);
        match self.trust {
            _ if self.reply.is_none() => Need::App,
            Trust::Token(_) => Need::VerifyToken,
            Trust::Origin(_, []) => Need::Origins,
            Trust::Signed | Trust::Open | Trust::Origin(..)
                if parts.iter().any(|part| matches!(part, Part::PublicId)) =>
            {
                Need::PublicId
            }
            Trust::Signed | Trust::Open | Trust::Origin(..) => Need::Nothing,
        }
    }

    /// Whether `body`, which carries a right signature, could have got it through this handshake: then nobody but
    /// the gate itself need have signed it.
    pub fn could_be_asked_for(&self, body: &[u8]) -> bool {
        let payload = form::find(body, "bt_payload").ok().flatten();
        self.trust != Trust::Signed
            && self.macs().any(|pattern| {
                pattern.fits(body)
                    || payload.as_deref().is_some_and(|text| pattern.fits(text.trim_ascii_end()))
            })
    }

    /// Whether nothing stands in the request but the handshake, so that the app can be shown it unsigned.
    pub fn is_all(&self, head: &SignedHead<'_>, body: &[u8]) -> bool {
        let query = head.path_and_query.split_once('?').map_or("", |(_, query)| query);
        let own = |name: &[u8]| {
            self.when.iter().any(|sign| match sign {
                Sign::Query(known) | Sign::QueryIs(known, _) => known.as_bytes() == name,
                Sign::Method(_)
                | Sign::Header(_)
                | Sign::HeaderIs(..)
                | Sign::NoHeader(_)
                | Sign::Json(_)
                | Sign::JsonIs(..)
                | Sign::FormNumber(_) => false,
            })
        };
        let query = form::pairs(query.as_bytes());
        query.is_ok_and(|pairs| pairs.iter().all(|(name, _)| own(name))) && self.body.admits(body)
    }

    /// Whether the app may be shown it unsigned at all.
    pub fn can_be_forwarded(&self) -> bool {
        self.trust != Trust::Signed && self.body != HelloBody::Any
    }

    fn macs(&self) -> impl Iterator<Item = Pattern> {
        let parts = self.reply.map_or(&[][..], |reply| reply.parts);
        parts.iter().filter_map(|part| match part {
            Part::Mac(_, pattern, _) => Some(*pattern),
            Part::Is(_) | Part::Echo(_) | Part::Quote(_) | Part::PublicId => None,
        })
    }
}

impl Sign {
    /// `None`: only the body can tell.
    fn in_head(&self, head: &SignedHead<'_>) -> Option<bool> {
        Some(match self {
            Self::Method(name) => head.method == *name,
            Self::Header(name) => header(head.headers, name).is_some_and(|value| !value.is_empty()),
            Self::HeaderIs(name, value) => header(head.headers, name) == Some(value),
            Self::NoHeader(name) => !head.headers.contains_key(*name),
            Self::Query(name) => parameter(head, name).is_some_and(|value| !value.is_empty()),
            Self::QueryIs(name, value) => parameter(head, name).as_deref() == Some(*value),
            Self::Json(_) | Self::JsonIs(..) | Self::FormNumber(_) => return None,
        })
    }

    /// `None`: the head has told already.
    fn in_body(&self, body: &[u8]) -> Option<bool> {
        Some(match self {
            Self::Json(path) => json(body, path).is_some_and(|value| !value.is_empty()),
            Self::JsonIs(path, value) => json(body, path).as_deref() == Some(*value),
            Self::FormNumber(name) => form::alone(body, name).is_ok_and(|value| {
                value.is_some_and(|value| !value.is_empty() && value.iter().all(u8::is_ascii_digit))
            }),
            Self::Method(_)
            | Self::Header(_)
            | Self::HeaderIs(..)
            | Self::NoHeader(_)
            | Self::Query(_)
            | Self::QueryIs(..) => return None,
        })
    }
}

impl Pattern {
    fn fits(self, text: &[u8]) -> bool {
        match self {
            Self::Word => {
                (1..=128).contains(&text.len())
                    && text.iter().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(byte))
                    && serde_json::from_slice::<serde_json::Value>(text).is_err()
            }
            Self::Hex => {
                (20..=32).contains(&text.len())
                    && text.iter().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(byte))
            }
        }
    }
}

/// The one line of a header, as text.
fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
    let mut lines = headers.get_all(name).iter();
    let line = lines.next()?.to_str().ok()?;
    if lines.next().is_some() { None } else { Some(line) }
}

/// A parameter of the query, decoded; `None` also when it cannot be read in one way.
pub fn parameter(head: &SignedHead<'_>, name: &str) -> Option<String> {
    let (_, query) = head.path_and_query.split_once('?')?;
    let value = form::find(query.as_bytes(), name).ok()??;
    String::from_utf8(value.into_owned()).ok()
}

fn json(body: &[u8], path: &str) -> Option<String> {
    let mut found = Path::parse(path)?.find(body).ok()?;
    found.pop().map(std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests;
