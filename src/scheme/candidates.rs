//! From the values at the signature's places to the tags that are compared: every item that is a signature of this
//! version is a candidate, what is of another version is ignored, more than the bound is refused.

use std::borrow::Cow;
use std::fmt;

use super::encoding::Encoding;
use super::key::{Candidate, Kind};
use super::mac::Tag;
use super::{MOST_CANDIDATES, Refusal};

/// Longest signature a public key verifies, bytes: RSA with 8192 bits.
const LONGEST_SIGNATURE: usize = 1024;

/// What stands before the credentials of RFC 7617; its letters in any case.
const BASIC: &[u8] = b"Basic ";

/// How a signature value is divided into items, and which of them are signatures.
#[derive(Clone, Debug)]
pub(super) struct Items {
    /// Between items; `None`: the value is one item.
    pub(super) split: Option<String>,
    /// Between an item's name and its value.
    pub(super) kv: String,
    /// Which items are signatures.
    pub(super) take: Take,
}

/// Which items are signatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Take {
    /// All.
    All,
    /// Those of this name; their value is the signature.
    Named(String),
    /// All but the first.
    Rest,
    /// The last.
    Last,
}

/// An item beside the signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Item {
    /// By name.
    Named(String),
    /// By position, from 0.
    At(usize),
}

/// How many of the signatures must match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Demand {
    /// One of them.
    Any,
    /// All of them: they stand in the elements of an array, and an element without a match is forged.
    Every,
}

/// How an item becomes a tag.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    /// What it is compared with.
    pub(super) kind: Kind,
    /// How many must match.
    pub(super) demand: Demand,
    /// What it must begin with; may be empty.
    pub(super) prefix: String,
    /// How it is written; not used for tokens and basic credentials.
    pub(super) encoding: Encoding,
}

impl Item {
    /// A number is a position, anything else a name.
    pub(super) fn parse(text: &str) -> Self {
        text.parse().map_or_else(|_| Self::Named(text.to_owned()), Self::At)
    }
}

impl Items {
    /// The values of all items in `value` that are called `item`, for locators; only text is divided.
    pub(super) fn named<'v>(&'v self, value: &'v [u8], item: &'v Item) -> impl Iterator<Item = &'v [u8]> {
        self.each(value).enumerate().filter_map(move |(position, text)| match item {
            Item::At(at) => (*at == position).then_some(text),
            Item::Named(name) => self.value_of(text, name),
        })
    }

    /// The signatures in `value`, undecoded, none of them empty.
    fn signatures<'v>(&'v self, value: &'v [u8]) -> impl Iterator<Item = &'v [u8]> {
        let last = match self.take {
            Take::Last => self.each(value).count().saturating_sub(1),
            Take::All | Take::Named(_) | Take::Rest => 0,
        };
        self.each(value)
            .enumerate()
            .filter_map(move |(position, text)| match &self.take {
                Take::All => Some(text),
                Take::Named(name) => self.value_of(text, name),
                Take::Rest => (position > 0).then_some(text),
                Take::Last => (position == last).then_some(text),
            })
            .filter(|text| !text.is_empty())
    }

    fn value_of<'v>(&self, item: &'v [u8], name: &str) -> Option<&'v [u8]> {
        let (key, value) = std::str::from_utf8(item).ok()?.split_once(self.kv.as_str())?;
        (trimmed(key) == name).then_some(trimmed(value).as_bytes())
    }

    /// The items, outer spaces removed. A value that is no text cannot be divided and is one item.
    fn each<'v>(&'v self, value: &'v [u8]) -> impl Iterator<Item = &'v [u8]> {
        let text = self.split.as_deref().and_then(|split| Some((std::str::from_utf8(value).ok()?, split)));
        let divided = text.map(|(text, split)| text.split(split).map(|item| trimmed(item).as_bytes()));
        let whole = text.is_none().then_some(value);
        divided.into_iter().flatten().chain(whole)
    }
}

impl Reading {
    /// Every usable signature in `values`.
    ///
    /// # Errors
    /// [`Refusal::Missing`] when no value holds a signature of this version; [`Refusal::Malformed`] when there are
    /// more than [`MOST_CANDIDATES`], or none that can be decoded to the right length, or where all must match and
    /// one cannot.
    pub(super) fn candidates(
        &self,
        items: &Items,
        values: &[Cow<'_, [u8]>],
    ) -> Result<Vec<Candidate>, Refusal> {
        let mut tags = Vec::new();
        let mut seen = 0_usize;
        for text in values.iter().flat_map(|value| items.signatures(value)) {
            seen = seen.saturating_add(1);
            if seen > MOST_CANDIDATES {
                return Err(Refusal::Malformed);
            }
            tags.extend(self.candidate(text));
        }
        let usable = match self.demand {
            Demand::Any => !tags.is_empty(),
            Demand::Every => tags.len() == values.len(),
        };
        match (seen, usable) {
            (0, _) => Err(Refusal::Missing),
            (_, false) => Err(Refusal::Malformed),
            (_, true) => Ok(tags),
        }
    }

    fn candidate(&self, text: &[u8]) -> Option<Candidate> {
        let text = text.strip_prefix(self.prefix.as_bytes()).filter(|text| !text.is_empty())?;
        match self.kind {
            Kind::Token => Some(Candidate::Tag(Tag::of_token(text))),
            Kind::Basic => basic(text).map(Candidate::Tag),
            Kind::Hmac(hash) | Kind::Digest(hash) => {
                Tag::decode(self.encoding, text, hash.length()).map(Candidate::Tag)
            }
            Kind::Public(..) => self
                .encoding
                .decode(text)
                .filter(|bytes| (1..=LONGEST_SIGNATURE).contains(&bytes.len()))
                .map(Candidate::Bytes),
        }
    }
}

fn basic(text: &[u8]) -> Option<Tag> {
    let (scheme, credentials) = text.split_at_checked(BASIC.len())?;
    let credentials = scheme.eq_ignore_ascii_case(BASIC).then_some(credentials)?;
    let credentials = Encoding::Base64.decode(credentials)?;
    credentials.contains(&b':').then(|| Tag::of_token(&credentials))
}

fn trimmed(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(name) => f.write_str(name),
            Self::At(position) => write!(f, "{position}"),
        }
    }
}
