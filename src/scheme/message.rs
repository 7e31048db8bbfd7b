//! Puts a signed message together, piece by piece, from what is known of the request so far. Called by `session`
//! (verifying) and `sign`.

use std::borrow::Cow;

use super::Refusal;
use super::form;
use super::locator::{Locator, Source};
use super::rules::Rules;
use super::template::{Field, Part, What};

/// A request as far as it is known.
pub(super) struct View<'a> {
    pub(super) rules: &'a Rules,
    pub(super) source: Source<'a>,
    /// The signed time as written, once judged.
    pub(super) time: Option<&'a [u8]>,
}

/// A piece of the message.
pub(super) enum Piece<'a> {
    /// These bytes.
    Bytes(Cow<'a, [u8]>),
    /// The key's own bytes.
    Secret,
    /// Not known before the body is.
    Later(&'a Field),
}

impl<'a> View<'a> {
    /// Hands out the pieces of `parts` in order.
    ///
    /// # Errors
    /// [`Refusal`] when something is absent, doubled, or not within its fence.
    pub(super) fn pieces(&self, parts: &'a [Part], each: &mut dyn FnMut(Piece<'a>)) -> Result<(), Refusal> {
        for part in parts {
            match part {
                Part::Text(text) => each(Piece::Bytes(Cow::Borrowed(text))),
                Part::Field(field) if field.what == What::Secret => each(Piece::Secret),
                Part::Field(field) if self.source.body.is_none() && self.rules.field_waits(field) => {
                    each(Piece::Later(field));
                }
                Part::Field(field) => each(Piece::Bytes(self.present(field)?)),
                Part::Optional(inside) => {
                    if let Some(bytes) = self.segment(inside)? {
                        each(Piece::Bytes(Cow::Owned(bytes)));
                    }
                }
            }
        }
        Ok(())
    }

    /// The value of a field after its filters; `None` when it is absent.
    ///
    /// # Errors
    /// [`Refusal`] when it is doubled, or not within its fence.
    pub(super) fn value(&self, field: &Field) -> Result<Option<Cow<'a, [u8]>>, Refusal> {
        let head = &self.source.head;
        let found: Option<Cow<'a, [u8]>> = match &field.what {
            What::Body => self.source.body.map(Cow::Borrowed),
            What::FormSorted(repeats) => match self.source.body {
                Some(body) => Some(Cow::Owned(form::sorted(body, *repeats).map_err(|_| Refusal::BodyShape)?)),
                None => None,
            },
            What::Timestamp => self.time.map(Cow::Borrowed),
            What::Method => Some(Cow::Borrowed(head.method.as_bytes())),
            What::Url => head.url.map(|url| Cow::Borrowed(url.as_bytes())),
            What::UrlNoQuery => head.url.map(|url| Cow::Borrowed(before_query(url))),
            What::Path => Some(Cow::Borrowed(before_query(head.path_and_query))),
            What::Secret => None,
            What::At(locator) => locator.find(&self.source)?,
        };
        let Some(mut value) = found else { return Ok(None) };
        for filter in &field.filters {
            value = filter.apply(value).ok_or(unfit(field))?;
        }
        if field.fence.admits(&value) { Ok(Some(value)) } else { Err(unfit(field)) }
    }

    /// The value of a field that must be there, or may be empty.
    ///
    /// # Errors
    /// As [`View::value`], and when it is absent.
    pub(super) fn present(&self, field: &Field) -> Result<Cow<'a, [u8]>, Refusal> {
        match self.value(field)? {
            Some(value) => Ok(value),
            None if field.optional => Ok(Cow::Borrowed(&[])),
            None => Err(absent(field)),
        }
    }

    /// An optional segment; `None` when something inside is absent.
    fn segment(&self, inside: &'a [Part]) -> Result<Option<Vec<u8>>, Refusal> {
        let mut bytes = Vec::new();
        for part in inside {
            match part {
                Part::Text(text) => bytes.extend_from_slice(text),
                Part::Field(field) => match self.value(field)? {
                    Some(value) => bytes.extend_from_slice(&value),
                    None => return Ok(None),
                },
                Part::Optional(_) => return Err(Refusal::Malformed),
            }
        }
        Ok(Some(bytes))
    }
}

/// The refusal when a field has no value.
pub(super) fn absent(field: &Field) -> Refusal {
    if is_of_body(field) { Refusal::BodyShape } else { Refusal::Missing }
}

fn unfit(field: &Field) -> Refusal {
    if is_of_body(field) { Refusal::BodyShape } else { Refusal::Malformed }
}

fn is_of_body(field: &Field) -> bool {
    matches!(field.what, What::Body | What::FormSorted(_))
        || field.what.place().is_some_and(Locator::is_in_body)
}

fn before_query(text: &str) -> &[u8] {
    text.split_once('?').map_or(text, |(before, _)| before).as_bytes()
}
