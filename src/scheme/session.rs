//! One request's verification: everything the head decides at once, the body taken into the MACs while it arrives, or
//! together with those of other requests once it is whole (`convoy`), the verdict at the end. One MAC per key; every candidate is compared with every key's tag on decoded bytes,
//! in constant time and to the end.

mod convoy;
mod feed;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use http::HeaderMap;
use http::header::CONTENT_LENGTH;
use subtle::ConditionallySelectable;

use super::candidates::Demand;
use super::code::{Claim, CodeHead, Reader};
use super::decoded::{self, Coding};
use super::key::{Candidate, Key, Lane, Proof};
use super::locator::{Locator, Source};
use super::mac::Lanes;
use super::message::{Piece, View, absent};
use super::rules::{Arrival, Rules};
use super::template::{Fence, Field};
use super::{MOST_CANDIDATES, Refusal, SignedHead, Verified};
use crate::base::clock::Wall;
use feed::{Feed, MOST_HELD, Outcome};

/// One request's verification under way. Made by [`Plan::begin`](super::Plan::begin).
pub struct Session {
    feed: Feed,
    /// What follows what was fed at the beginning, the streamed body not counted.
    rest: Vec<Rest>,
    candidates: Vec<Candidate>,
    demand: Demand,
    stream: Stream,
    /// What a streamed body may not be.
    fence: Fence,
    /// The signed time, once it is read.
    signed_at: Option<Wall>,
    /// What waits for the body.
    late: Option<Box<Late>>,
    /// The verdict, where the head alone gives it.
    settled: Option<Verified>,
}

/// Whether the body is part of the message as it arrives.
enum Stream {
    /// It is, and so many bytes have come.
    Open(u64),
    /// It is, and is taken once it is whole: [`Session::join`].
    Held,
    /// It is, it was whole, and so many bytes were taken.
    Taken(u64),
    /// It is once it is decoded, which needs it whole.
    Encoded,
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
    /// What knows the message, where no template does, and the keys it is judged under.
    code: Option<(Box<dyn Reader>, Vec<Key>)>,
}

impl Session {
    /// See [`Plan::begin`](super::Plan::begin).
    pub(super) fn begin(rules: &Arc<Rules>, keys: &[&Key], arrival: &Arrival<'_>) -> Result<Self, Refusal> {
        let mut values = Vec::new();
        let found = source(rules, &arrival.head, &[]);
        for locator in rules.sig.iter().filter(|locator| !locator.is_in_body()) {
            locator.find_all(&found, &mut values)?;
        }
        let candidates = match rules.facts.sig_in_body || rules.sig.is_empty() || rules.facts.sig_by_code {
            false => rules.reading.candidates(&rules.items, &values)?,
            true => Vec::new(),
        };
        let mut view = View { rules, source: source(rules, &arrival.head, &values), time: None };
        pinned(rules, &view.source, |locator| !rules.waits_for_body(locator))?;
        let time = match &rules.stamp {
            Some(stamp) if !rules.facts.stamp_in_body => Some(stamp.judge(&view.source, arrival.now)?),
            Some(_) | None => None,
        };
        view.time = time.as_ref().map(|(text, _)| text.as_slice());
        let signed_at = time.as_ref().map(|(_, at)| *at);
        let mut feed = Feed::new(rules, keys, arrival.replay)?;
        if let Some(lanes) = Lanes::if_quicker().filter(|_| may_wait(rules, &arrival.head)) {
            feed.hold(lanes);
        }
        let (rest, mut stream) = message(&view, &mut feed)?;
        if feed.holds() {
            stream = Stream::Held;
        }
        if rules.decoded && decoded::coding(&arrival.head)? == Coding::Gzip {
            stream = Stream::Encoded;
        }
        let fence = rules.streamed().map(|field| field.fence).unwrap_or_default();
        let code = match &rules.code {
            None => None,
            Some(code) => {
                let head =
                    CodeHead { head: arrival.head, now: arrival.now, values: &values, time: view.time };
                Some((code.begin(&head)?, keys.iter().copied().cloned().collect()))
            }
        };
        let late = rules.facts.late.then(|| {
            let values = values.iter().map(|value| value.to_vec()).collect();
            Box::new(Late { rules: Arc::clone(rules), now: arrival.now, values, code })
        });
        let demand = rules.reading.demand;
        let mut session =
            Self { feed, rest, candidates, demand, stream, fence, signed_at, late, settled: None };
        if !rules.facts.reads_body {
            session.settled = Some(session.verdict(&[])?);
        }
        Ok(session)
    }

    /// Takes the next bytes of the body, in order of arrival. Does nothing where the body is needed whole, or is taken so.
    pub fn update(&mut self, chunk: &[u8]) {
        if let Stream::Open(seen) = &mut self.stream {
            *seen = seen.saturating_add(length(chunk));
            self.feed.put(chunk);
        }
    }

    /// The body is whole and [`Session::finish`] is going to be called with it. `true` where it is quicker to let others
    /// come to this point first: their messages and this one are then hashed together.
    pub fn join(&mut self, body: &[u8]) -> bool {
        let mut behind = 0_usize;
        for rest in &self.rest {
            match rest {
                Rest::Bytes(bytes) => behind = behind.saturating_add(bytes.len()),
                Rest::Secret | Rest::Later(_) => return false,
            }
        }
        match self.stream {
            Stream::Held if length(body) <= MOST_HELD && self.fence.admits(body) => {}
            Stream::Held | Stream::Open(_) | Stream::Taken(_) | Stream::Encoded | Stream::Closed => {
                return false;
            }
        }
        self.stream = Stream::Taken(length(body));
        self.feed.reserve(body.len().saturating_add(behind));
        self.feed.put(body);
        for rest in std::mem::take(&mut self.rest) {
            match rest {
                Rest::Bytes(bytes) => self.feed.put(&bytes),
                Rest::Secret | Rest::Later(_) => {}
            }
        }
        self.feed.place()
    }

    /// The verdict over the whole body: the same bytes that were given to [`Session::update`] piece by piece, or that
    /// were never given.
    ///
    /// # Errors
    /// [`Refusal`]: [`Refusal::BodyShape`] also when the lengths of what was taken and of `body` differ.
    pub fn finish(mut self, body: &[u8]) -> Result<Verified, Refusal> {
        match self.settled.take() {
            Some(settled) => Ok(settled),
            None => self.verdict(body),
        }
    }

    fn verdict(&mut self, body: &[u8]) -> Result<Verified, Refusal> {
        let mut fits = true;
        match self.stream {
            Stream::Encoded => {
                let (feed, fence) = (&mut self.feed, self.fence);
                decoded::each(body, &mut |piece| {
                    fits &= fence.admits_piece(piece);
                    feed.put(piece);
                })?;
            }
            Stream::Open(_) | Stream::Held | Stream::Taken(_) | Stream::Closed
                if !self.fence.admits(body) =>
            {
                fits = false;
            }
            Stream::Open(0) | Stream::Held => self.feed.put(body),
            Stream::Open(seen) | Stream::Taken(seen) => fits = seen == length(body),
            Stream::Closed => {}
        }
        if !fits {
            return Err(Refusal::BodyShape);
        }
        if let Some(late) = self.late.take() {
            let claims = self.complete(*late, body)?;
            if let Some(told) = claims {
                return self.judge(&told);
            }
        } else {
            for rest in &self.rest {
                match rest {
                    Rest::Bytes(bytes) => self.feed.put(bytes),
                    Rest::Secret => self.feed.put_secret(),
                    Rest::Later(field) => return Err(absent(field)),
                }
            }
        }
        let Outcome { proofs, id } = self.feed.finish();
        let key = settle(proofs, &self.candidates, self.demand)?;
        Ok(Verified { key, replay_id: id, signed_at: self.signed_at })
    }

    /// The verdict over what code says was signed: every claim under some key; of those keys the last.
    fn judge(&mut self, told: &Told) -> Result<Verified, Refusal> {
        let mut last = None;
        for Claimed { claim, candidates } in &told.claims {
            let mut first: Option<usize> = None;
            for message in &claim.messages {
                let proofs: Option<Vec<Proof>> = told
                    .keys
                    .iter()
                    .map(|key| {
                        let mut lane = Lane::stepped(key, &claim.steps)?;
                        lane.put(message);
                        Some(lane.finish())
                    })
                    .collect();
                match settle(proofs.ok_or(Refusal::Wrong)?, candidates, Demand::Any) {
                    Ok(key) => first = Some(first.map_or(key, |known| known.min(key))),
                    Err(Refusal::Wrong) => {}
                    Err(other) => return Err(other),
                }
            }
            let key = first.ok_or(Refusal::Wrong)?;
            last = Some(last.map_or(key, |known: usize| known.max(key)));
            if let Some(message) = claim.messages.first() {
                self.feed.remember(&length(message).to_be_bytes());
                self.feed.remember(message);
            }
        }
        let replay_id = self.feed.name();
        Ok(Verified { key: last.ok_or(Refusal::Missing)?, replay_id, signed_at: self.signed_at })
    }

    /// What could not be judged before the body was whole.
    fn complete(&mut self, late: Late, body: &[u8]) -> Result<Option<Told>, Refusal> {
        let Late { rules, now, values: own, code } = late;
        let headers = HeaderMap::new();
        let head = SignedHead { method: "", path_and_query: "", url: None, headers: &headers };
        let mut values: Vec<Cow<'_, [u8]>> = own.iter().map(|value| Cow::Borrowed(&**value)).collect();
        let found = Source { body: Some(body), ..source(&rules, &head, &[]) };
        for locator in rules.sig.iter().filter(|locator| locator.is_in_body()) {
            locator.find_all(&found, &mut values)?;
        }
        if rules.facts.sig_in_body {
            self.candidates = rules.reading.candidates(&rules.items, &values)?;
        }
        let whole = Source { body: Some(body), ..source(&rules, &head, &values) };
        pinned(&rules, &whole, |locator| rules.waits_for_body(locator))?;
        let time = match &rules.stamp {
            Some(stamp) if rules.facts.stamp_in_body => Some(stamp.judge(&whole, now)?),
            Some(_) | None => None,
        };
        self.signed_at = self.signed_at.or(time.as_ref().map(|(_, at)| *at));
        let time = time.as_ref().map(|(text, _)| text.as_slice());
        let view = View { rules: &rules, source: whole, time };
        for rest in &self.rest {
            match rest {
                Rest::Bytes(bytes) => self.feed.put(bytes),
                Rest::Secret => self.feed.put_secret(),
                Rest::Later(field) => self.feed.put(&view.present(field)?),
            }
        }
        let Some((reader, keys)) = code else { return Ok(None) };
        let claims: Result<Vec<Claimed>, Refusal> =
            reader.finish(body)?.into_iter().map(|claim| self.claimed(&rules, claim)).collect();
        Ok(Some(Told { claims: claims?, keys }))
    }

    fn claimed(&self, rules: &Rules, claim: Claim) -> Result<Claimed, Refusal> {
        let candidates = match claim.signatures.is_empty() {
            true => self.candidates.clone(),
            false => {
                let values: Vec<Cow<'_, [u8]>> =
                    claim.signatures.iter().map(|value| Cow::Borrowed(&**value)).collect();
                rules.reading.candidates(&rules.items, &values)?
            }
        };
        Ok(Claimed { claim, candidates })
    }
}

/// What code says was signed, and the keys it may have been signed with.
struct Told {
    claims: Vec<Claimed>,
    keys: Vec<Key>,
}

/// A claim with its signatures decoded.
struct Claimed {
    claim: Claim,
    candidates: Vec<Candidate>,
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
fn settle(proofs: Vec<Proof>, candidates: &[Candidate], demand: Demand) -> Result<usize, Refusal> {
    const NONE: u64 = u64::MAX;
    let mut first = [NONE; MOST_CANDIDATES];
    for (key, proof) in proofs.iter().enumerate().rev() {
        let key = u64::try_from(key).unwrap_or(NONE);
        for (candidate, first) in candidates.iter().zip(first.iter_mut()) {
            first.conditional_assign(&key, proof.accepts(candidate));
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

/// Whether the message may wait for others once it is whole: the head tells all of it but the body, which is short.
fn may_wait(rules: &Rules, head: &SignedHead<'_>) -> bool {
    let declared =
        head.headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    let is_plain =
        rules.facts.stream.is_some() && !rules.facts.late && !rules.decoded && rules.code.is_none();
    is_plain && declared.is_some_and(|length| length <= MOST_HELD)
}

fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

fn source<'a>(rules: &'a Rules, head: &SignedHead<'a>, signatures: &'a [Cow<'a, [u8]>]) -> Source<'a> {
    Source { head: *head, body: None, items: &rules.items, signatures }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").finish_non_exhaustive()
    }
}
