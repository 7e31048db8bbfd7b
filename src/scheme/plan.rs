//! A compiled scheme: what a route keeps of its `signature`, shared by every request. The verdict itself is made in
//! `session`, the provider's side in `sign`.

use std::sync::Arc;
use std::time::Duration;

use http::header::{HeaderName, HeaderValue};

use super::compile;
use super::encoding::Encoding;
use super::handshake::Written;
use super::key::{Key, KeyProblem, Kind, Lane};
use super::mac::Hash;
use super::rules::{Arrival, Rules};
use super::session::Session;
use super::sign::{self, Delivered, SignProblem};
use super::spec::{Spec, SpecProblem};
use super::{Delivery, NamedCertificate, Naming, Refusal, ReplayId, SignedHead};
use crate::base::clock::Wall;
use crate::base::secret::Secret;

/// A compiled scheme, or several that are chosen from by what a request says of its own form. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What counts where none of the others does.
    rules: Arc<Rules>,
    others: Vec<Arc<Rules>>,
    /// Every header any of them uses.
    headers: Vec<HeaderName>,
}

impl Plan {
    /// Checks a scheme and makes it ready for use.
    ///
    /// # Errors
    /// Every problem found: unknown words, a time that is not signed, fields of the message that run into each other.
    pub fn compile(spec: &Spec) -> Result<Plan, Vec<SpecProblem>> {
        compile::compile(spec).map(|rules| Self::new(Arc::new(rules), Vec::new()))
    }

    /// The same for several schemes with the same keys: of those after the first the first whose [`Spec::when`]
    /// holds, else the first one, if its own does.
    ///
    /// # Errors
    /// Every problem found, with the number of its scheme.
    pub fn compile_all(specs: &[Spec]) -> Result<Plan, Vec<(usize, SpecProblem)>> {
        let mut all = Vec::new();
        let mut found = Vec::new();
        for (number, spec) in specs.iter().enumerate() {
            match compile::compile(spec) {
                Ok(rules) => all.push(rules),
                Err(problems) => found.extend(problems.into_iter().map(|problem| (number, problem))),
            }
        }
        if !found.is_empty() {
            return Err(found);
        }
        let last = specs.len().saturating_sub(1);
        let mut all =
            compile::joined(all).map_err(|problem| vec![(last, problem)])?.into_iter().map(Arc::new);
        let first = all.next().ok_or_else(Vec::new)?;
        Ok(Self::new(first, all.collect()))
    }

    fn new(rules: Arc<Rules>, others: Vec<Arc<Rules>>) -> Self {
        let all = std::iter::once(&rules).chain(&others);
        let mut headers: Vec<HeaderName> = all.flat_map(|rules| rules.facts.headers.clone()).collect();
        headers.sort_by(|one, other| one.as_str().cmp(other.as_str()));
        headers.dedup();
        Self { rules, others, headers }
    }

    /// Replaces the scheme's own tolerance for its timestamp; nothing happens where it has none.
    pub fn set_tolerance(&mut self, tolerance: Duration) {
        for rules in std::iter::once(&mut self.rules).chain(&mut self.others) {
            if let Some(stamp) = &mut Arc::make_mut(rules).stamp {
                stamp.window.tolerance = Some(tolerance);
            }
        }
    }

    /// How far back the signed time may lie; `None` when there is none, or no bound.
    pub fn tolerance(&self) -> Option<Duration> {
        let each = |rules: &Arc<Rules>| rules.stamp.as_ref().and_then(|stamp| stamp.window.tolerance);
        self.all().map(each).try_fold(Duration::ZERO, |most, one| one.map(|one| most.max(one)))
    }

    /// Whether there is a signed time, so that a tolerance has a meaning.
    pub fn has_timestamp(&self) -> bool {
        self.all().any(|rules| rules.stamp.is_some())
    }

    /// Whether a message is signed at all: false for tokens, which prove the sender of one request and cannot be told
    /// from a replay.
    pub fn signs_message(&self) -> bool {
        self.rules.reading.kind.signs_message()
    }

    /// Whether all that is compared is who the sender says it is, which others know too: no proof of anything.
    pub fn only_identifies(&self) -> bool {
        self.all().any(|rules| rules.code.as_ref().is_some_and(|code| code.facts().identifies))
    }

    /// Whether the signature is a plain hash over the secret and the message.
    pub fn is_digest(&self) -> bool {
        matches!(self.rules.reading.kind, Kind::Digest(_))
    }

    /// Whether it is made with SHA-1.
    pub fn is_sha1(&self) -> bool {
        self.rules.reading.kind.hash() == Some(Hash::Sha1)
    }

    /// Whether keys are public: whoever reads the configuration cannot sign, and whoever has the provider as sender
    /// may be another of its customers.
    pub fn is_public_key(&self) -> bool {
        self.rules.reading.kind.is_public() && self.rules.key.form.is_public()
    }

    /// Whether the signature covers the whole body.
    pub fn is_body_bound(&self) -> bool {
        self.all().all(|rules| rules.facts.body_bound)
    }

    /// Whether the signed message carries a time or a unique id, so that two equal messages are one event.
    pub fn is_stamped(&self) -> bool {
        self.all().all(|rules| rules.facts.stamped)
    }

    /// Whether messages name the certificate they are signed with.
    pub fn names_certificate(&self) -> bool {
        self.certificates_of().is_some()
    }

    /// The provider whose messages name the certificate they are signed with.
    pub fn certificates_of(&self) -> Option<&'static str> {
        self.all().find_map(|rules| rules.code.as_ref()?.certificates_of())
    }

    /// The certificate a message names, if it lies where the provider's own lie.
    pub fn certificate(&self, from: Naming<'_>) -> Option<NamedCertificate> {
        self.all().find_map(|rules| rules.code.as_ref()?.certificate(from))
    }

    /// Whether [`SignedHead::url`] must be given.
    pub fn needs_url(&self) -> bool {
        self.all().any(|rules| rules.facts.needs_url)
    }

    /// Whether the URL stands in the message without a mark at its end, so that it is only safe where the route fixes
    /// its path.
    pub fn has_open_url(&self) -> bool {
        self.all().any(|rules| rules.facts.open_url)
    }

    /// Whether the verdict needs the body. Where it does not, [`Plan::begin`] gives it, and [`Session::finish`] may be
    /// called with nothing.
    pub fn reads_body(&self) -> bool {
        self.all().any(|rules| rules.facts.reads_body)
    }

    /// Every header the verdict uses. Of numbered headers the first [`MOST_CANDIDATES`](super::MOST_CANDIDATES); see [`Plan::reads_header`].
    pub fn headers(&self) -> &[HeaderName] {
        &self.headers
    }

    /// Whether the verdict uses this header.
    pub fn reads_header(&self, name: &HeaderName) -> bool {
        self.headers.contains(name)
            || self.all().any(|rules| rules.locators().any(|locator| locator.reads(name)))
    }

    /// Whether a request carries a signature of this scheme at all, right or wrong. Where the signature stands in the
    /// body the head cannot tell, and every request counts as carrying one.
    pub fn is_presented(&self, head: &SignedHead<'_>) -> bool {
        self.all()
            .any(|rules| rules.sig.is_empty() || rules.sig.iter().any(|locator| locator.may_be_filled(head)))
    }

    /// The same of the head alone: a place in the body counts for nothing.
    pub fn is_presented_in_head(&self, head: &SignedHead<'_>) -> bool {
        let mut places = self.all().flat_map(|rules| &rules.sig).filter(|place| !place.is_in_body());
        places.any(|place| place.may_be_filled(head))
    }

    /// A MAC over `text` under a key of this scheme, for the answer of a handshake; `None` where keys make none.
    ///
    /// Security: whoever can have any text signed can forge deliveries. Only [`handshake`](super::handshake) asks,
    /// and only for texts of its patterns.
    pub fn mac(&self, key: &Key, text: &[u8], written: Written) -> Option<String> {
        let Kind::Hmac(_) = self.rules.reading.kind else { return None };
        let mut lane = Lane::new(key);
        lane.put(text);
        let encoding = match written {
            Written::Hex => Encoding::Hex,
            Written::Base64 => Encoding::Base64,
        };
        lane.finish().made().map(|tag| encoding.encode(&tag))
    }

    /// Makes a key of a secret.
    ///
    /// # Errors
    /// [`KeyProblem`] when it is empty or not of the scheme's encoding.
    pub fn key(&self, secret: &Secret) -> Result<Key, KeyProblem> {
        self.rules.key.make(self.rules.reading.kind, secret)
    }

    /// Makes what signs, for [`Plan::deliver`], of a secret; where keys are public, of the private half in PEM. No
    /// request is judged under it.
    ///
    /// # Errors
    /// [`KeyProblem`].
    pub fn signing_key(&self, secret: &Secret) -> Result<Key, KeyProblem> {
        self.rules.key.make_signing(self.rules.reading.kind, secret)
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
        let rules = self.chosen(head).ok_or(Refusal::Missing)?;
        Session::begin(rules, keys, &Arrival { head: *head, now, replay })
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
        let rules = self.chosen(&delivery.head).unwrap_or(&self.rules);
        sign::sign(rules, key, delivery, now)
    }

    /// The same for schemes whose signature, or something that is signed, stands in the query or the body too: gives
    /// the whole request. Where these hold something already it stays as it is.
    ///
    /// # Errors
    /// [`SignProblem`] when only the provider can sign, or the request lacks what is signed.
    pub fn deliver(&self, key: &Key, delivery: &Delivery<'_>, now: Wall) -> Result<Delivered, SignProblem> {
        let rules = self.chosen(&delivery.head).unwrap_or(&self.rules);
        sign::deliver(rules, key, delivery, now)
    }

    /// The scheme a request is judged by.
    fn chosen(&self, head: &SignedHead<'_>) -> Option<&Arc<Rules>> {
        let fallback = std::iter::once(&self.rules);
        self.others.iter().chain(fallback).find(|rules| rules.when.holds(head))
    }

    fn all(&self) -> impl Iterator<Item = &Arc<Rules>> {
        std::iter::once(&self.rules).chain(&self.others)
    }
}
