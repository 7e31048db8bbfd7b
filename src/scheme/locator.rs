//! Locators: where in a request one value stands. A place that holds two values is refused, never chosen from.

use std::borrow::Cow;
use std::fmt;

use http::header::{HeaderMap, HeaderName};

use super::candidates::{Item, Items};
use super::json::Path;
use super::{Refusal, SignedHead, form};

/// Where a value stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Locator {
    /// `header:NAME`.
    Header(HeaderName),
    /// `header:NAME-*`: NAME-1, NAME-2, …; holds `name-` in lower case.
    Numbered(String),
    /// `query:NAME`, decoded.
    Query(String),
    /// `form:NAME`: a field of a urlencoded body, decoded.
    Form(String),
    /// `form_only:NAME`: the same, and the body has no other field.
    FormOnly(String),
    /// `json:PATH`: a scalar of a JSON body.
    Json(Path),
    /// `sig:NAME` or `sig:0`: an item of the signature value beside the signature itself.
    Item(Item),
}

/// What values are taken from.
pub(super) struct Source<'a> {
    pub(super) head: SignedHead<'a>,
    /// `None` while it has not arrived.
    pub(super) body: Option<&'a [u8]>,
    /// How a signature value is divided.
    pub(super) items: &'a Items,
    /// The signature values, as found.
    pub(super) signatures: &'a [Cow<'a, [u8]>],
}

/// Why a text is no locator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NoLocator {
    pub(super) message: String,
    pub(super) hint: String,
}

const KNOWN: &str =
    "known are header:NAME, header:NAME-*, query:NAME, form:NAME, form_only:NAME, json:PATH and sig:FIELD";

impl Locator {
    /// Reads `header:X-Signature` and the like.
    ///
    /// # Errors
    /// [`NoLocator`] for an unknown kind, an empty or impossible name.
    pub(super) fn parse(text: &str) -> Result<Self, NoLocator> {
        let problem = |message: String| NoLocator { message, hint: KNOWN.to_owned() };
        let Some((kind, name)) = text.split_once(':') else {
            return Err(problem(format!("{text:?} is no locator")));
        };
        if name.is_empty()
            || !name.bytes().all(|byte| byte.is_ascii_graphic())
            || name.contains(['?', '|', '{', '}'])
        {
            return Err(problem(format!("{text:?} names nothing that can be looked up")));
        }
        match kind {
            "header" => match name.strip_suffix("-*") {
                Some(beginning) => header(beginning).map(|name| Self::Numbered(format!("{name}-"))),
                None => header(name).map(Self::Header),
            }
            .ok_or_else(|| problem(format!("{name:?} is no header name"))),
            "query" => Ok(Self::Query(name.to_owned())),
            "form" => Ok(Self::Form(name.to_owned())),
            "form_only" => Ok(Self::FormOnly(name.to_owned())),
            "json" => Path::parse(name)
                .map(Self::Json)
                .ok_or_else(|| problem(format!("{name:?} has an empty step"))),
            "sig" => Ok(Self::Item(Item::parse(name))),
            other => Err(problem(format!("{other:?} is no kind of locator"))),
        }
    }

    /// Whether it stands in the body; an item of a signature stands where the signature does.
    pub(super) fn is_in_body(&self) -> bool {
        match self {
            Self::Form(_) | Self::FormOnly(_) | Self::Json(_) => true,
            Self::Header(_) | Self::Numbered(_) | Self::Query(_) | Self::Item(_) => false,
        }
    }

    /// Whether a request carries anything there; a place in the body counts, for the head cannot tell.
    pub(super) fn may_be_filled(&self, head: &SignedHead<'_>) -> bool {
        match self {
            Self::Header(name) => head.headers.contains_key(name),
            Self::Numbered(beginning) => head.headers.keys().any(|name| name.as_str().starts_with(beginning)),
            Self::Query(name) => !matches!(form::find(query(head.path_and_query), name), Ok(None)),
            Self::Form(_) | Self::FormOnly(_) | Self::Json(_) => true,
            Self::Item(_) => false,
        }
    }

    /// The one value there, `None` when there is none or it is empty.
    ///
    /// # Errors
    /// [`Refusal::Malformed`] or [`Refusal::BodyShape`] when there are several, or it cannot be read in one way only.
    pub(super) fn find<'a>(&self, source: &Source<'a>) -> Result<Option<Cow<'a, [u8]>>, Refusal> {
        let found = match self {
            Self::Header(name) => single(name, source.head.headers)?,
            Self::Numbered(_) => return Err(Refusal::Malformed),
            Self::Query(name) => {
                form::find(query(source.head.path_and_query), name).map_err(|_| Refusal::Malformed)?
            }
            Self::Form(name) => form::find(source.body()?, name).map_err(|_| Refusal::BodyShape)?,
            Self::FormOnly(name) => form::alone(source.body()?, name).map_err(|_| Refusal::BodyShape)?,
            Self::Json(path) => {
                let mut found = path.find(source.body()?).map_err(|_| Refusal::BodyShape)?;
                if found.len() > 1 {
                    return Err(Refusal::BodyShape);
                }
                found.pop().map(bytes)
            }
            Self::Item(item) => {
                let mut all = source.signatures.iter().flat_map(|value| source.items.named(value, item));
                let first = all.next().map(|found| Cow::Owned(found.to_vec()));
                if all.next().is_some() {
                    return Err(Refusal::Malformed);
                }
                first
            }
        };
        Ok(found.filter(|value| !value.is_empty()))
    }

    /// Every value there, for signatures, also empty ones: all lines of a header, all numbered headers, all elements
    /// of a JSON path.
    ///
    /// # Errors
    /// As [`Locator::find`] where only one value can stand.
    pub(super) fn find_all<'a>(
        &self,
        source: &Source<'a>,
        found: &mut Vec<Cow<'a, [u8]>>,
    ) -> Result<(), Refusal> {
        match self {
            Self::Header(name) => {
                found.extend(
                    source.head.headers.get_all(name).iter().map(|line| Cow::Borrowed(line.as_bytes())),
                );
            }
            Self::Numbered(beginning) => {
                let lines =
                    source.head.headers.iter().filter(|(name, _)| is_numbered(name.as_str(), beginning));
                found.extend(lines.map(|(_, line)| Cow::Borrowed(line.as_bytes())));
            }
            Self::Json(path) => {
                let values = path.find(source.body()?).map_err(|_| Refusal::BodyShape)?;
                found.extend(values.into_iter().map(bytes));
            }
            Self::Query(_) | Self::Form(_) | Self::FormOnly(_) | Self::Item(_) => {
                found.extend(self.find(source)?);
            }
        }
        Ok(())
    }

    /// Whether the verdict depends on header `name`.
    pub(super) fn reads(&self, name: &HeaderName) -> bool {
        match self {
            Self::Header(own) => own == name,
            Self::Numbered(beginning) => is_numbered(name.as_str(), beginning),
            Self::Query(_) | Self::Form(_) | Self::FormOnly(_) | Self::Json(_) | Self::Item(_) => false,
        }
    }
}

impl<'a> Source<'a> {
    /// The body, which must have arrived; the compiler sees to it that nothing in it is asked for before.
    fn body(&self) -> Result<&'a [u8], Refusal> {
        self.body.ok_or(Refusal::BodyShape)
    }
}

/// The query of a request target, without `?`; empty when there is none.
fn query(path_and_query: &str) -> &[u8] {
    path_and_query.split_once('?').map_or(&[], |(_, query)| query.as_bytes())
}

/// The one line of a header.
fn single<'a>(name: &HeaderName, headers: &'a HeaderMap) -> Result<Option<Cow<'a, [u8]>>, Refusal> {
    let mut lines = headers.get_all(name).iter();
    let first = lines.next().map(|line| Cow::Borrowed(line.as_bytes()));
    if lines.next().is_some() { Err(Refusal::Malformed) } else { Ok(first) }
}

fn header(name: &str) -> Option<HeaderName> {
    HeaderName::from_bytes(name.as_bytes()).ok()
}

/// `name-1` to `name-999`, no leading zero.
fn is_numbered(name: &str, beginning: &str) -> bool {
    name.strip_prefix(beginning).is_some_and(|number| {
        (1..=3).contains(&number.len())
            && number.bytes().all(|byte| byte.is_ascii_digit())
            && !number.starts_with('0')
    })
}

fn bytes(text: Cow<'_, str>) -> Cow<'_, [u8]> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    }
}

impl fmt::Display for Locator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header(name) => write!(f, "header:{name}"),
            Self::Numbered(beginning) => write!(f, "header:{beginning}*"),
            Self::Query(name) => write!(f, "query:{name}"),
            Self::Form(name) => write!(f, "form:{name}"),
            Self::FormOnly(name) => write!(f, "form_only:{name}"),
            Self::Json(path) => write!(f, "json:{path}"),
            Self::Item(item) => write!(f, "sig:{item}"),
        }
    }
}
