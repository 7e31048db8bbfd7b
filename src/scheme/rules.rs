//! What one compiled scheme consists of, and what follows from it.

use std::sync::Arc;

use http::header::HeaderName;

use super::candidates::{Items, Reading};
use super::code::Code;
use super::key::KeyRule;
use super::locator::{Locator, Source};
use super::mac::Opening;
use super::signed::covers_body;
use super::spec::SpecProblem;
use super::template::{Field, Part, What};
use super::timestamp::{Format, Window};
use super::when::When;
use super::{MOST_CANDIDATES, Refusal, ReplayId, SignedHead};
use crate::base::clock::Wall;

/// Everything a verdict needs.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    /// Where signatures stand.
    pub(super) sig: Vec<Locator>,
    /// How their values are divided.
    pub(super) items: Items,
    /// How an item becomes a tag.
    pub(super) reading: Reading,
    /// What is signed; empty for tokens.
    pub(super) message: Vec<Part>,
    /// The signed time.
    pub(super) stamp: Option<Stamp>,
    /// How a secret becomes a key.
    pub(super) key: KeyRule,
    /// Where the delivery's id stands.
    pub(super) id: Option<Locator>,
    /// What must stand where.
    pub(super) require: Vec<(Locator, Vec<u8>)>,
    /// What knows what is signed, instead of a message.
    pub(super) code: Option<Arc<dyn Code>>,
    /// When this scheme of several counts.
    pub(super) when: When,
    /// The body is signed as it was before its content coding.
    pub(super) decoded: bool,
    /// The beginning of every replay id.
    pub(super) memory: Arc<Opening>,
    /// What follows from the above.
    pub(super) facts: Facts,
}

/// The signed time: where, how written, how far off.
#[derive(Clone, Debug)]
pub(super) struct Stamp {
    /// The first that is present counts.
    pub(super) from: Vec<Locator>,
    pub(super) format: Format,
    pub(super) window: Window,
}

/// What follows from the rules, found once.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    /// Signatures are taken from the body.
    pub(super) sig_in_body: bool,
    /// Code says which signatures the values hold.
    pub(super) sig_by_code: bool,
    /// The time is taken from the body.
    pub(super) stamp_in_body: bool,
    /// Position in the message of the raw body, where everything before it is known from the head.
    pub(super) stream: Option<usize>,
    /// Something of the head's part of the verdict has to wait for the body.
    pub(super) late: bool,
    /// Anything at all is read from the body.
    pub(super) reads_body: bool,
    pub(super) body_bound: bool,
    pub(super) stamped: bool,
    pub(super) needs_url: bool,
    pub(super) open_url: bool,
    /// Every header the verdict uses.
    pub(super) headers: Vec<HeaderName>,
}

/// A request's head as it is judged.
#[derive(Clone, Copy)]
pub(super) struct Arrival<'a> {
    pub(super) head: SignedHead<'a>,
    pub(super) now: Wall,
    pub(super) replay: ReplayId,
}

impl Rules {
    /// Whether a value can only be had once the body is there.
    pub(super) fn waits_for_body(&self, locator: &Locator) -> bool {
        locator.is_in_body() || (self.facts.sig_in_body && matches!(locator, Locator::Item(_)))
    }

    /// The same for a field of the message.
    pub(super) fn field_waits(&self, field: &Field) -> bool {
        match &field.what {
            What::Body | What::FormSorted(_) => true,
            What::Timestamp => self.facts.stamp_in_body,
            What::At(locator) => self.waits_for_body(locator),
            What::Method | What::Url | What::UrlNoQuery | What::Path | What::Secret => false,
        }
    }

    /// Completes the rules with what follows from them.
    ///
    /// # Errors
    /// A decoded body of which more than the body itself is read; one that is read in two ways.
    pub(super) fn with_facts(mut self) -> Result<Self, SpecProblem> {
        self.facts.sig_in_body = self.sig.iter().any(Locator::is_in_body);
        self.facts.stamp_in_body =
            self.stamp.as_ref().is_some_and(|stamp| stamp.from.iter().any(|from| self.waits_for_body(from)));
        self.facts.body_bound = covers_body(&self.message);
        self.facts.stamped = self.carries_stamp();
        self.facts.stream = if self.reading.kind.needs_whole() { None } else { self.stream() };
        let fields: Vec<&Field> = self.message.iter().flat_map(Part::fields).collect();
        self.facts.needs_url = fields.iter().any(|field| matches!(field.what, What::Url | What::UrlNoQuery));
        let has = |wanted: fn(&What) -> bool| fields.iter().any(|field| wanted(&field.what));
        let joined_form = has(|what| *what == What::Url) && has(|what| matches!(what, What::FormSorted(_)));
        self.facts.open_url = joined_form || has(|what| *what == What::UrlNoQuery);
        let waiting = fields.iter().filter(|field| self.field_waits(field)).count();
        self.facts.late = self.facts.sig_in_body
            || self.facts.stamp_in_body
            || self.require.iter().any(|(locator, _)| self.waits_for_body(locator))
            || waiting > usize::from(self.facts.stream.is_some());
        let is_plain = self.streamed().is_some_and(|body| body.fence.is_only_about_pieces());
        if self.decoded && (self.facts.late || !is_plain) {
            let message = "of a decoded body nothing but {body} can be read".to_owned();
            return Err(SpecProblem { field: "body", message, hint: "write body: raw".to_owned() });
        }
        let is_form = |place: &Locator| matches!(place, Locator::Form(_) | Locator::FormOnly(_));
        let reads_form = has(|what| matches!(what, What::FormSorted(_))) || self.locators().any(is_form);
        if reads_form && self.locators().any(|place| matches!(place, Locator::Json(_))) {
            let message = "the body is read as a form and as JSON, and cannot be both".to_owned();
            let hint = "write two schemes, the second with when: {content_type: form}".to_owned();
            return Err(SpecProblem { field: "msg", message, hint });
        }
        if let Some(code) = self.code.as_ref().map(|code| code.facts()) {
            self.facts.late = true;
            self.facts.needs_url = code.needs_url;
            self.facts.sig_by_code = code.reads_signatures;
            self.facts.open_url = code.needs_url;
            self.facts.body_bound = code.body_bound;
            self.facts.stamped = code.stamped;
            self.facts.reads_body = code.reads_body || self.facts.sig_in_body;
        } else {
            self.facts.reads_body = self.facts.late || waiting > 0;
        }
        self.facts.headers = self.header_names();
        Ok(self)
    }

    /// Every place anything is read from.
    pub(super) fn locators(&self) -> impl Iterator<Item = &Locator> {
        let message = self.message.iter().flat_map(Part::fields).filter_map(|field| field.what.place());
        let stamp = self.stamp.iter().flat_map(|stamp| &stamp.from);
        self.sig.iter().chain(stamp).chain(self.require.iter().map(|(locator, _)| locator)).chain(message)
    }

    fn header_names(&self) -> Vec<HeaderName> {
        let mut names = Vec::new();
        for locator in self.locators() {
            match locator {
                Locator::Header(name) => names.push(name.clone()),
                Locator::Numbered(beginning) => names.extend(
                    (1..=MOST_CANDIDATES)
                        .filter_map(|number| HeaderName::try_from(format!("{beginning}{number}")).ok()),
                ),
                Locator::Query(_)
                | Locator::Form(_)
                | Locator::FormOnly(_)
                | Locator::Json(_)
                | Locator::Item(_) => {}
            }
        }
        names.extend(self.when.headers());
        names.extend(self.decoded.then_some(http::header::CONTENT_ENCODING));
        let code = self.code.as_ref().map(|code| code.facts().headers).unwrap_or_default();
        names.extend(code.iter().filter_map(|name| HeaderName::try_from(*name).ok()));
        names.sort_by(|one, other| one.as_str().cmp(other.as_str()));
        names.dedup();
        names
    }

    /// Security: what is merely sent beside the message does not count, an attacker changes it at will.
    fn carries_stamp(&self) -> bool {
        let always = self.message.iter().filter_map(|part| match part {
            Part::Field(field) if field.binds() => Some(&field.what),
            Part::Field(_) | Part::Text(_) | Part::Optional(_) => None,
        });
        let signed = |what: &What| match what {
            What::Timestamp => true,
            What::At(locator) => Some(locator) == self.id.as_ref(),
            What::Body
            | What::FormSorted(_)
            | What::Method
            | What::Url
            | What::UrlNoQuery
            | What::Path
            | What::Secret => false,
        };
        let in_body = |from: &Locator| self.facts.body_bound && from.is_in_body();
        always.into_iter().any(signed)
            || self.id.as_ref().is_some_and(in_body)
            || self.stamp.as_ref().is_some_and(|stamp| stamp.from.iter().all(in_body))
    }

    /// The field of the body that is hashed as it arrives.
    pub(super) fn streamed(&self) -> Option<&Field> {
        match self.message.get(self.facts.stream?)? {
            Part::Field(field) => Some(field),
            Part::Text(_) | Part::Optional(_) => None,
        }
    }

    fn stream(&self) -> Option<usize> {
        let body = self.message.iter().position(|part| match part {
            Part::Field(field) => field.what == What::Body && field.filters.is_empty(),
            Part::Text(_) | Part::Optional(_) => false,
        })?;
        let known = |part: &Part| !part.fields().into_iter().any(|field| self.field_waits(field));
        self.message.iter().take(body).all(known).then_some(body)
    }
}

impl Stamp {
    /// The time as written and as it is meant, once it is found to be inside the window.
    ///
    /// # Errors
    /// As [`Stamp::read`]; [`Refusal::Stale`], [`Refusal::Future`].
    pub(super) fn judge(&self, source: &Source<'_>, now: Wall) -> Result<(Vec<u8>, Wall), Refusal> {
        let (text, at) = self.read(source)?;
        self.window.admits(at, now)?;
        Ok((text, at))
    }

    /// The time as written and as it is meant.
    ///
    /// # Errors
    /// [`Refusal::Missing`] or [`Refusal::BodyShape`] when there is none, [`Refusal::TimestampMalformed`].
    pub(super) fn read(&self, source: &Source<'_>) -> Result<(Vec<u8>, Wall), Refusal> {
        for from in &self.from {
            if let Some(text) = from.find(source)? {
                let at = self.format.read(&text).ok_or(Refusal::TimestampMalformed)?;
                return Ok((text.into_owned(), at));
            }
        }
        Err(if self.from.iter().any(Locator::is_in_body) { Refusal::BodyShape } else { Refusal::Missing })
    }
}
