//! A compiled scheme: what a route keeps of its `signature`, shared by every request. The verdict itself is made in
//! `session`, the provider's side in `sign`.

use std::sync::Arc;
use std::time::Duration;

use http::header::{HeaderName, HeaderValue};
use sha2::Sha256;

use super::candidates::{Items, Reading};
use super::compile;
use super::locator::{Locator, Source};
use super::mac::{Key, KeyProblem, KeyRule, Kind};
use super::session::Session;
use super::sign::{self, SignProblem};
use super::signed::covers_body;
use super::spec::{Spec, SpecProblem};
use super::template::{Field, Part, What};
use super::timestamp::{Format, Window};
use super::{Delivery, MOST_CANDIDATES, Refusal, ReplayId, SignedHead};
use crate::base::clock::Wall;
use crate::base::secret::Secret;

/// A compiled scheme. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Plan {
    rules: Arc<Rules>,
}

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
    /// The beginning of every replay id.
    pub(super) memory: Sha256,
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
    /// The time is taken from the body.
    pub(super) stamp_in_body: bool,
    /// Position in the message of the raw body, where everything before it is known from the head.
    pub(super) stream: Option<usize>,
    /// Something of the head's part of the verdict has to wait for the body.
    pub(super) late: bool,
    /// The message holds the key's own bytes.
    pub(super) holds_secret: bool,
    /// Anything at all is read from the body.
    pub(super) reads_body: bool,
    body_bound: bool,
    stamped: bool,
    needs_url: bool,
    headers: Vec<HeaderName>,
}

impl Plan {
    /// Checks a scheme and makes it ready for use.
    ///
    /// # Errors
    /// Every problem found: unknown words, a time that is not signed, fields of the message that run into each other.
    pub fn compile(spec: &Spec) -> Result<Plan, Vec<SpecProblem>> {
        compile::compile(spec).map(|rules| Self { rules: Arc::new(rules) })
    }

    /// Replaces the scheme's own tolerance for its timestamp; nothing happens where it has none.
    pub fn set_tolerance(&mut self, tolerance: Duration) {
        if let Some(stamp) = &mut Arc::make_mut(&mut self.rules).stamp {
            stamp.window.tolerance = Some(tolerance);
        }
    }

    /// How far back the signed time may lie; `None` when there is none, or no bound.
    pub fn tolerance(&self) -> Option<Duration> {
        self.rules.stamp.as_ref().and_then(|stamp| stamp.window.tolerance)
    }

    /// Whether there is a signed time, so that a tolerance has a meaning.
    pub fn has_timestamp(&self) -> bool {
        self.rules.stamp.is_some()
    }

    /// Whether a message is signed at all: false for tokens, which prove the sender of one request and cannot be told
    /// from a replay.
    pub fn signs_message(&self) -> bool {
        match self.rules.reading.kind {
            Kind::Hmac(_) => true,
            Kind::Token => false,
        }
    }

    /// Whether the signature covers the whole body.
    pub fn is_body_bound(&self) -> bool {
        self.rules.facts.body_bound
    }

    /// Whether the signed message carries a time or a unique id, so that two equal messages are one event.
    pub fn is_stamped(&self) -> bool {
        self.rules.facts.stamped
    }

    /// Whether [`SignedHead::url`] must be given.
    pub fn needs_url(&self) -> bool {
        self.rules.facts.needs_url
    }

    /// Whether the verdict needs the body. Where it does not, [`Plan::begin`] gives it, and [`Session::finish`] may be
    /// called with nothing.
    pub fn reads_body(&self) -> bool {
        self.rules.facts.reads_body
    }

    /// Every header the verdict uses. Of numbered headers the first [`MOST_CANDIDATES`]; see [`Plan::reads_header`].
    pub fn headers(&self) -> &[HeaderName] {
        &self.rules.facts.headers
    }

    /// Whether the verdict uses this header.
    pub fn reads_header(&self, name: &HeaderName) -> bool {
        self.rules.locators().any(|locator| locator.reads(name))
    }

    /// Whether a request carries a signature of this scheme at all, right or wrong. Where the signature stands in the
    /// body the head cannot tell, and every request counts as carrying one.
    pub fn is_presented(&self, head: &SignedHead<'_>) -> bool {
        self.rules.sig.iter().any(|locator| locator.may_be_filled(head))
    }

    /// Makes a key of a secret.
    ///
    /// # Errors
    /// [`KeyProblem`] when it is empty or not of the scheme's encoding.
    pub fn key(&self, secret: &Secret) -> Result<Key, KeyProblem> {
        self.rules.key.make(self.rules.reading.kind, secret)
    }

    /// Judges everything the head can decide and starts the MACs. Keys are tried in order, at most
    /// [`MOST_KEYS`](super::MOST_KEYS).
    ///
    /// # Errors
    /// [`Refusal`]; after this only the body can be the cause of one.
    pub fn begin(
        &self,
        keys: &[&Key],
        head: &SignedHead<'_>,
        now: Wall,
        replay: ReplayId,
    ) -> Result<Session, Refusal> {
        Session::begin(&self.rules, keys, &Arrival { head: *head, now, replay })
    }

    /// Makes the headers the provider would send with this request, so that [`Plan::begin`] accepts it. Headers the
    /// request has already are left as they are and not made again.
    ///
    /// # Errors
    /// [`SignProblem`] when the signature does not stand in a header, or the request lacks what is signed.
    pub fn sign(
        &self,
        key: &Key,
        delivery: &Delivery<'_>,
        now: Wall,
    ) -> Result<Vec<(HeaderName, HeaderValue)>, SignProblem> {
        sign::sign(&self.rules, key, delivery, now)
    }
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
            What::Body => true,
            What::Timestamp => self.facts.stamp_in_body,
            What::At(locator) => self.waits_for_body(locator),
            What::Method | What::Url | What::UrlNoQuery | What::Path | What::Secret => false,
        }
    }

    /// Completes the rules with what follows from them.
    pub(super) fn with_facts(mut self) -> Self {
        self.facts.sig_in_body = self.sig.iter().any(Locator::is_in_body);
        self.facts.stamp_in_body =
            self.stamp.as_ref().is_some_and(|stamp| stamp.from.iter().any(|from| self.waits_for_body(from)));
        self.facts.body_bound = covers_body(&self.message);
        self.facts.stamped = self.carries_stamp();
        self.facts.stream = self.stream();
        let fields: Vec<&Field> = self.message.iter().flat_map(Part::fields).collect();
        self.facts.needs_url = fields.iter().any(|field| matches!(field.what, What::Url | What::UrlNoQuery));
        self.facts.holds_secret = fields.iter().any(|field| field.what == What::Secret);
        let waiting = fields.iter().filter(|field| self.field_waits(field)).count();
        self.facts.late = self.facts.sig_in_body
            || self.facts.stamp_in_body
            || self.require.iter().any(|(locator, _)| self.waits_for_body(locator))
            || waiting > usize::from(self.facts.stream.is_some());
        self.facts.reads_body = self.facts.late || waiting > 0;
        self.facts.headers = self.header_names();
        self
    }

    /// Every place anything is read from.
    fn locators(&self) -> impl Iterator<Item = &Locator> {
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
                Locator::Query(_) | Locator::Form(_) | Locator::Json(_) | Locator::Item(_) => {}
            }
        }
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
            What::Body | What::Method | What::Url | What::UrlNoQuery | What::Path | What::Secret => false,
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
    /// The time as written, once it is found to be inside the window.
    ///
    /// # Errors
    /// As [`Stamp::read`]; [`Refusal::Stale`], [`Refusal::Future`].
    pub(super) fn judge(&self, source: &Source<'_>, now: Wall) -> Result<Vec<u8>, Refusal> {
        let (text, at) = self.read(source)?;
        self.window.admits(at, now)?;
        Ok(text)
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
