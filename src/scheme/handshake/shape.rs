//! Makes an answer of its data and the request.

use super::{At, Handshake, LONGEST_ECHO, Own, Part, Pattern, Shape, Text, Trust, header, json, parameter};
use crate::scheme::SignedHead;

/// An answer, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// `text/plain` or `application/json`; `None`: there is no body.
    pub content_type: Option<&'static str>,
    /// The body.
    pub body: String,
    /// The origin that is told it may send here (CloudEvents HTTP webhook §4).
    pub allowed_origin: Option<String>,
}

/// What the body of a handshake is, where the app is shown it unsigned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HelloBody {
    /// Nothing, or an empty JSON object.
    Empty,
    /// What `when` asks for and nothing else: a JSON object with this one text.
    OnlyText(&'static str),
    /// Of any kind: it is never shown to the app unsigned.
    Any,
}

impl Shape {
    /// A status without a body.
    pub(super) const fn empty(status: u16) -> Self {
        Self { status, kind: Text::Plain, parts: &[] }
    }

    /// 200 and a text.
    pub(super) const fn plain(parts: &'static [Part]) -> Self {
        Self { status: 200, kind: Text::Plain, parts }
    }

    /// 200 and a JSON text.
    pub(super) const fn json(parts: &'static [Part]) -> Self {
        Self { status: 200, kind: Text::Json, parts }
    }
}

impl HelloBody {
    pub(super) fn admits(self, body: &[u8]) -> bool {
        match self {
            Self::Empty => matches!(body.trim_ascii(), b"" | b"{}"),
            Self::OnlyText(name) => {
                let value = serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(body);
                value.is_ok_and(|map| {
                    map.len() == 1 && map.get(name).is_some_and(serde_json::Value::is_string)
                })
            }
            Self::Any => false,
        }
    }
}

impl Handshake {
    /// The answer to a request that met it; `None` when what the caller sent may not be echoed or signed, or the
    /// operator's side lacks something.
    ///
    /// Security: echoes are told to be plain text, hold nothing a browser could take for markup, and are bounded.
    pub fn reply(&self, head: &SignedHead<'_>, body: &[u8], own: &Own<'_>) -> Option<Reply> {
        let shape = self.reply?;
        let mut text = String::new();
        for part in shape.parts {
            match part {
                Part::Is(words) => text.push_str(words),
                Part::Echo(at) => text.push_str(&at.find(head, body).filter(|value| is_plain(value))?),
                Part::Quote(at) => text.push_str(&serde_json::Value::from(at.find(head, body)?).to_string()),
                Part::Mac(at, pattern, written) => {
                    let value =
                        at.find(head, body).filter(|value| Pattern::fits(*pattern, value.as_bytes()))?;
                    text.push_str(&(own.mac)(value.as_bytes(), *written)?);
                }
                Part::PublicId => text.push_str(own.public_id?),
            }
        }
        let allowed_origin = match self.trust {
            Trust::Origin(name, _) => Some(header(head.headers, name)?.to_owned()),
            Trust::Signed | Trust::Open | Trust::Token(_) => None,
        };
        (text.len() <= LONGEST_ECHO).then_some(Reply {
            status: shape.status,
            content_type: (!text.is_empty()).then_some(match shape.kind {
                Text::Plain => "text/plain; charset=utf-8",
                Text::Json => "application/json",
            }),
            body: text,
            allowed_origin,
        })
    }
}

impl At {
    fn find(self, head: &SignedHead<'_>, body: &[u8]) -> Option<String> {
        match self {
            Self::Query(name) => parameter(head, name),
            Self::Header(name) => header(head.headers, name).map(str::to_owned),
            Self::Json(path) => json(body, path),
        }
    }
}

fn is_plain(text: &str) -> bool {
    !text.is_empty() && !text.chars().any(|one| one.is_control() || matches!(one, '<' | '>'))
}
