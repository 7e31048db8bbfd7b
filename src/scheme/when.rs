//! Which of a preset's several schemes a request is judged by: a choice by what the head says of its own form, never
//! by which signature happens to be there, unless the schemes are equally strong.

use http::header::{CONTENT_TYPE, HeaderName};

use super::SignedHead;
use super::compile::Problems;
use super::spec::WhenSpec;

/// Conditions, all of which must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct When {
    method: Option<String>,
    /// A media type without parameters, in lower case.
    media_type: Option<String>,
    /// A header that is present.
    header: Option<HeaderName>,
}

impl When {
    /// Reads the conditions of a scheme.
    pub(super) fn parse(spec: &WhenSpec, found: &mut Problems) -> Self {
        let header = spec.header.as_ref().and_then(|name| {
            let known = HeaderName::from_bytes(name.as_bytes()).ok();
            if known.is_none() {
                found.add("when.header", format!("{name:?} is no header name"), "");
            }
            known
        });
        if spec.method.as_ref().is_some_and(|method| method.parse::<http::Method>().is_err()) {
            found.add("when.method", "this is no HTTP method".to_owned(), "for example GET");
        }
        let media_type = spec.content_type.as_deref().map(|name| match name {
            "form" => "application/x-www-form-urlencoded".to_owned(),
            "json" => "application/json".to_owned(),
            other => other.to_ascii_lowercase(),
        });
        if media_type.as_ref().is_some_and(|name| !name.contains('/') || name.contains([';', ' '])) {
            let hint = "write form, json, or a whole type such as text/xml";
            found.add("when.content_type", "this is no media type".to_owned(), hint);
        }
        Self { method: spec.method.clone(), media_type, header }
    }

    /// Whether there is any condition.
    pub(super) fn is_conditional(&self) -> bool {
        *self != Self::default()
    }

    /// The header whose presence is asked for.
    pub(super) fn headers(&self) -> impl Iterator<Item = HeaderName> {
        self.header.iter().cloned().chain(self.media_type.is_some().then_some(CONTENT_TYPE))
    }

    /// Whether all conditions hold for a request.
    pub(super) fn holds(&self, head: &SignedHead<'_>) -> bool {
        self.method.as_ref().is_none_or(|method| method == head.method)
            && self.header.as_ref().is_none_or(|name| head.headers.contains_key(name))
            && self.media_type.as_ref().is_none_or(|wanted| media_type(head) == Some(wanted.clone()))
    }
}

/// The media type of the body, in lower case; `None` when it is absent or said twice.
pub(super) fn media_type(head: &SignedHead<'_>) -> Option<String> {
    let mut lines = head.headers.get_all(CONTENT_TYPE).iter();
    let line = lines.next()?.to_str().ok()?;
    if lines.next().is_some() {
        return None;
    }
    let name = line.split_once(';').map_or(line, |(name, _)| name);
    Some(name.trim().to_ascii_lowercase())
}
