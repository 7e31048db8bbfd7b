//! One request's verification: everything the head decides at once, the body taken into the MACs while it arrives,
//! the verdict when it is whole. One MAC per key; every candidate is compared with every key's tag on decoded bytes,
//! in constant time and to the end.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use http::HeaderMap;
use sha2::{Digest, Sha256};
use subtle::{ConditionallySelectable, ConstantTimeEq};

use super::candidates::Demand;
use super::locator::{Locator, Source};
use super::mac::{Key, Material, Tag};
use super::message::{Piece, View, absent};
use super::plan::{Arrival, Rules};
use super::template::{Fence, Field};
use super::{MOST_CANDIDATES, MOST_KEYS, Refusal, ReplayId, SignedHead, Verified};
use crate::base::clock::Wall;
use crate::base::secret::Secret;

/// One request's verification under way. Made by [`Plan::begin`](super::Plan::begin).
pub struct Session {
    feed: Feed,
    /// What follows what was fed at the beginning, the streamed body not counted.
    rest: Vec<Rest>,
    candidates: Vec<Tag>,
    demand: Demand,
    stream: Stream,
    /// What a streamed body may not be.
    fence: Fence,
    /// What waits for the body.
    late: Option<Box<Late>>,
    /// The verdict, where the head alone gives it.
    settled: Option<Verified>,
}

/// Whether the body is part of the message as it arrives.
enum Stream {
    /// It is, and so many bytes have come.
    Open(u64),
    /// It is not, or only with a filter.
    Closed,
}

/// A piece of the message that is fed at the end.
enum Rest {
    Bytes(Vec<u8>),
    Secret,
    Later(Field),
}

struct Late {
    rules: Arc<Rules>,
    now: Wall,
    /// Signature values found in the head.
    values: Vec<Vec<u8>>,
}

/// What every piece of the message goes into.
struct Feed {
    lanes: Vec<Lane>,
    memory: Option<Sha256>,
}

struct Lane {
    material: Material,
    /// Kept only where the message holds the secret itself.
    secret: Option<Secret>,
}

impl Session {
    /// See [`Plan::begin`](super::Plan::begin).
    pub(super) fn begin(rules: &Arc<Rules>, keys: &[&Key], arrival: &Arrival<'_>) -> Result<Self, Refusal> {
        let mut values = Vec::new();
        let found = source(rules, &arrival.head, &[]);
        for locator in rules.sig.iter().filter(|locator| !locator.is_in_body()) {
            locator.find_all(&found, &mut values)?;
        }
        let candidates = match rules.facts.sig_in_body {
            false => rules.reading.candidates(&rules.items, &values)?,
            true => Vec::new(),
        };
        let mut view = View { rules, source: source(rules, &arrival.head, &values), time: None };
        pinned(rules, &view.source, |locator| !rules.waits_for_body(locator))?;
        let time = match &rules.stamp {
            Some(stamp) if !rules.facts.stamp_in_body => Some(stamp.judge(&view.source, arrival.now)?),
            Some(_) | None => None,
        };
        view.time = time.as_deref();
        let mut feed = Feed::new(rules, keys, arrival.replay)?;
        let (rest, stream) = message(&view, &mut feed)?;
        let fence = rules.streamed().map(|field| field.fence).unwrap_or_default();
        let late = rules.facts.late.then(|| {
            let values = values.iter().map(|value| value.to_vec()).collect();
            Box::new(Late { rules: Arc::clone(rules), now: arrival.now, values })
        });
        let demand = rules.reading.demand;
        let mut session = Self { feed, rest, candidates, demand, stream, fence, late, settled: None };
        if !rules.facts.reads_body {
            session.settled = Some(session.verdict(&[])?);
        }
        Ok(session)
    }

    /// Takes the next bytes of the body, in order of arrival. Does nothing where the scheme needs the body whole.
    pub fn update(&mut self, chunk: &[u8]) {
        if let Stream::Open(seen) = &mut self.stream {
            *seen = seen.saturating_add(u64::try_from(chunk.len()).unwrap_or(u64::MAX));
            self.feed.put(chunk);
        }
    }

    /// The verdict over the whole body: the same bytes that were given to [`Session::update`] piece by piece, or that
    /// were never given.
    ///
    /// # Errors
    /// [`Refusal`]: [`Refusal::BodyShape`] also when the lengths of the two differ.
    pub fn finish(mut self, body: &[u8]) -> Result<Verified, Refusal> {
        match self.settled.take() {
            Some(settled) => Ok(settled),
            None => self.verdict(body),
        }
    }

    fn verdict(&mut self, body: &[u8]) -> Result<Verified, Refusal> {
        let length = u64::try_from(body.len()).unwrap_or(u64::MAX);
        if !self.fence.admits(body) {
            return Err(Refusal::BodyShape);
        }
        match self.stream {
            Stream::Open(0) => self.feed.put(body),
            Stream::Open(seen) if seen != length => return Err(Refusal::BodyShape),
            Stream::Open(_) | Stream::Closed => {}
        }
        match self.late.take() {
            Some(late) => self.complete(&late, body)?,
            None => {
                for rest in &self.rest {
                    match rest {
                        Rest::Bytes(bytes) => self.feed.put(bytes),
                        Rest::Secret => self.feed.put_secret(),
                        Rest::Later(field) => return Err(absent(field)),
                    }
                }
            }
        }
        let memory = self.feed.memory.take().map(|memory| memory.finalize().into());
        let lanes = std::mem::take(&mut self.feed.lanes);
        let key = settle(lanes, &self.candidates, self.demand)?;
        Ok(Verified { key, replay_id: memory })
    }

    /// What could not be judged before the body was whole.
    fn complete(&mut self, late: &Late, body: &[u8]) -> Result<(), Refusal> {
        let rules = &late.rules;
        let headers = HeaderMap::new();
        let head = SignedHead { method: "", path_and_query: "", url: None, headers: &headers };
        let mut values: Vec<Cow<'_, [u8]>> =
            late.values.iter().map(|value| Cow::Borrowed(&**value)).collect();
        let found = Source { body: Some(body), ..source(rules, &head, &[]) };
        for locator in rules.sig.iter().filter(|locator| locator.is_in_body()) {
            locator.find_all(&found, &mut values)?;
        }
        if rules.facts.sig_in_body {
            self.candidates = rules.reading.candidates(&rules.items, &values)?;
        }
        let whole = Source { body: Some(body), ..source(rules, &head, &values) };
        pinned(rules, &whole, |locator| rules.waits_for_body(locator))?;
        let time = match &rules.stamp {
            Some(stamp) if rules.facts.stamp_in_body => Some(stamp.judge(&whole, late.now)?),
            Some(_) | None => None,
        };
        let view = View { rules, source: whole, time: time.as_deref() };
        for rest in &self.rest {
            match rest {
                Rest::Bytes(bytes) => self.feed.put(bytes),
                Rest::Secret => self.feed.put_secret(),
                Rest::Later(field) => self.feed.put(&view.value(field)?.ok_or(absent(field))?),
            }
        }
        Ok(())
    }
}

/// Feeds what stands before a streamed body and collects what follows it.
fn message(view: &View<'_>, feed: &mut Feed) -> Result<(Vec<Rest>, Stream), Refusal> {
    let parts = view.rules.message.as_slice();
    let (before, after, stream) = match view.rules.facts.stream {
        Some(body) => {
            let (before, from_body) = parts.split_at_checked(body).unwrap_or((&[], parts));
            (before, from_body.get(1..).unwrap_or(&[]), Stream::Open(0))
        }
        None => (&[][..], parts, Stream::Closed),
    };
    view.pieces(before, &mut |piece| match piece {
        Piece::Bytes(bytes) => feed.put(&bytes),
        Piece::Secret => feed.put_secret(),
        Piece::Later(_) => {}
    })?;
    let mut rest = Vec::new();
    view.pieces(after, &mut |piece| {
        rest.push(match piece {
            Piece::Bytes(bytes) => Rest::Bytes(bytes.into_owned()),
            Piece::Secret => Rest::Secret,
            Piece::Later(field) => Rest::Later(field.clone()),
        });
    })?;
    Ok((rest, stream))
}

/// Checks what must stand where, in those places `now` selects.
fn pinned(rules: &Rules, source: &Source<'_>, now: impl Fn(&Locator) -> bool) -> Result<(), Refusal> {
    for (locator, text) in rules.require.iter().filter(|(locator, _)| now(locator)) {
        match locator.find(source)? {
            Some(found) if *found == **text => {}
            Some(_) => {
                return Err(if locator.is_in_body() { Refusal::BodyShape } else { Refusal::Malformed });
            }
            None => return Err(if locator.is_in_body() { Refusal::BodyShape } else { Refusal::Missing }),
        }
    }
    Ok(())
}

/// The lowest key that matches; where every candidate must match, the highest of their lowest, so that a caller who
/// does not accept that key refuses them all.
///
/// Security: no comparison depends on the outcome of another; keep it that way.
fn settle(lanes: Vec<Lane>, candidates: &[Tag], demand: Demand) -> Result<usize, Refusal> {
    const NONE: u64 = u64::MAX;
    let mut first = [NONE; MOST_CANDIDATES];
    for (key, lane) in lanes.into_iter().enumerate().rev() {
        let key = u64::try_from(key).unwrap_or(NONE);
        let tag = lane.finish();
        for (candidate, first) in candidates.iter().zip(first.iter_mut()) {
            first.conditional_assign(&key, candidate.bytes().ct_eq(tag.bytes()));
        }
    }
    let firsts = first.into_iter().take(candidates.len());
    let key = match demand {
        Demand::Any => firsts.min(),
        Demand::Every => firsts.max(),
    };
    match key {
        Some(NONE) | None => Err(Refusal::Wrong),
        Some(key) => usize::try_from(key).map_err(|_| Refusal::Wrong),
    }
}

fn source<'a>(rules: &'a Rules, head: &SignedHead<'a>, signatures: &'a [Cow<'a, [u8]>]) -> Source<'a> {
    Source { head: *head, body: None, items: &rules.items, signatures }
}

impl Feed {
    /// One lane per key; keys of another kind of scheme are a fault of the caller's and refuse.
    fn new(rules: &Rules, keys: &[&Key], replay: ReplayId) -> Result<Self, Refusal> {
        if keys.is_empty() || keys.len() > MOST_KEYS || !keys.iter().all(|key| rules.reading.kind.fits(key)) {
            return Err(Refusal::Wrong);
        }
        let holds_secret = rules.facts.holds_secret;
        let lane = |key: &&Key| Lane {
            material: key.material.clone(),
            secret: holds_secret.then(|| key.secret.clone()),
        };
        let memory = match replay {
            ReplayId::Wanted if !rules.message.is_empty() => Some(rules.memory.clone()),
            ReplayId::Wanted | ReplayId::Unwanted => None,
        };
        Ok(Self { lanes: keys.iter().map(lane).collect(), memory })
    }

    fn put(&mut self, bytes: &[u8]) {
        for lane in &mut self.lanes {
            if let Material::Mac(mac) = &mut lane.material {
                mac.update(bytes);
            }
        }
        if let Some(memory) = &mut self.memory {
            memory.update(bytes);
        }
    }

    /// The secret is no part of what is remembered: it is the same in every message.
    fn put_secret(&mut self) {
        for lane in &mut self.lanes {
            if let (Material::Mac(mac), Some(secret)) = (&mut lane.material, &lane.secret) {
                mac.update(secret.expose());
            }
        }
    }
}

impl Lane {
    fn finish(self) -> Tag {
        match self.material {
            Material::Mac(mac) => mac.finish(),
            Material::Token(tag) => tag,
        }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("keys", &self.feed.lanes.len()).finish_non_exhaustive()
    }
}
