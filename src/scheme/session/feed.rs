//! What every piece of the message goes into: one lane per key, and the name the message is remembered by.
//!
//! A small message may be held back and hashed with those of other requests (`convoy`); what comes of it is the same.

use std::sync::Arc;

use super::convoy::Place;
use crate::scheme::key::{Key, Lane, Proof};
use crate::scheme::mac::{Hasher, Lanes, Opening, Prepared, Tag};
use crate::scheme::rules::Rules;
use crate::scheme::{MOST_KEYS, Refusal, ReplayId};

/// Longest body that is held back, bytes. Eight of them are hashed in a tenth of a millisecond, for which all others of the worker
/// wait; and so much is copied beside what is leased, until the verdict.
pub(super) const MOST_HELD: u64 = 16 << 10;

/// What every piece of the message goes into.
pub(super) struct Feed {
    lanes: Vec<Lane>,
    memory: Option<Memory>,
    held: Held,
}

/// The name of a message under way.
enum Memory {
    Fresh(Arc<Opening>),
    Begun(Box<Hasher>),
}

/// What is not hashed yet.
enum Held {
    /// Nothing: pieces are hashed as they come.
    Nothing,
    /// All of the message so far.
    Message(Vec<u8>, Lanes),
    /// All of it, together with others.
    Placed(Place, Lanes),
}

/// What the keys and the memory made of the message.
pub(super) struct Outcome {
    pub(super) proofs: Vec<Proof>,
    pub(super) id: Option<[u8; 32]>,
}

impl Feed {
    /// One lane per key; keys of another kind of scheme are a fault of the caller's and refuse.
    pub(super) fn new(rules: &Rules, keys: &[&Key], replay: ReplayId) -> Result<Self, Refusal> {
        if keys.is_empty() || keys.len() > MOST_KEYS || !keys.iter().all(|key| rules.reading.kind.fits(key)) {
            return Err(Refusal::Wrong);
        }
        let memory = match replay {
            ReplayId::Wanted if rules.reading.kind.signs_message() => {
                Some(Memory::Fresh(Arc::clone(&rules.memory)))
            }
            ReplayId::Wanted | ReplayId::Unwanted => None,
        };
        Ok(Self { lanes: keys.iter().map(|key| Lane::new(key)).collect(), memory, held: Held::Nothing })
    }

    /// Holds the message back, where it can be hashed together with others. To be called before its first piece.
    pub(super) fn hold(&mut self, lanes: Lanes) {
        if self.lanes.iter().all(|lane| lane.alongside().is_some()) {
            self.held = Held::Message(Vec::new(), lanes);
        }
    }

    /// Whether the message is held back.
    pub(super) fn holds(&self) -> bool {
        match self.held {
            Held::Message(..) => true,
            Held::Nothing | Held::Placed(..) => false,
        }
    }

    /// The message is whole: it waits to be hashed together with others. `false` where it was not held back.
    pub(super) fn place(&mut self) -> bool {
        let keys: Option<Vec<Arc<Prepared>>> =
            self.lanes.iter().map(|lane| lane.alongside().map(Arc::clone)).collect();
        let Some(keys) = keys.filter(|_| self.holds()) else { return false };
        if let Held::Message(bytes, lanes) = std::mem::replace(&mut self.held, Held::Nothing) {
            let memory = self.memory.as_ref().and_then(Memory::alongside);
            self.held = Held::Placed(Place::new(bytes, keys, memory), lanes);
        }
        true
    }

    /// Makes room for that much more of the message.
    pub(super) fn reserve(&mut self, more: usize) {
        if let Held::Message(bytes, _) = &mut self.held {
            bytes.reserve_exact(more);
        }
    }

    /// The next bytes of the message.
    pub(super) fn put(&mut self, bytes: &[u8]) {
        match &mut self.held {
            Held::Message(held, _) => held.extend_from_slice(bytes),
            Held::Nothing => self.hash(bytes),
            // What comes behind a whole message makes it another one.
            Held::Placed(..) => {
                self.release();
                self.hash(bytes);
            }
        }
    }

    /// The secret is no part of what is remembered: it is the same in every message.
    pub(super) fn put_secret(&mut self) {
        self.release();
        self.lanes.iter_mut().for_each(Lane::put_secret);
    }

    /// Bytes that are remembered and no part of what the lanes are fed.
    pub(super) fn remember(&mut self, bytes: &[u8]) {
        self.release();
        if let Some(memory) = &mut self.memory {
            memory.update(bytes);
        }
    }

    /// The name of what was remembered; the lanes have taken nothing.
    pub(super) fn name(&mut self) -> Option<[u8; 32]> {
        self.release();
        self.memory.take().map(Memory::finish)
    }

    /// The message is whole.
    pub(super) fn finish(&mut self) -> Outcome {
        let lanes = std::mem::take(&mut self.lanes);
        let memory = self.memory.take();
        match std::mem::replace(&mut self.held, Held::Nothing) {
            Held::Placed(place, wide) => {
                let made = place.made(wide);
                let tags = made.tags.iter().copied().chain(std::iter::repeat(None));
                let proofs = lanes.into_iter().zip(tags).map(|(mut lane, tag)| match tag {
                    Some(tag) => Proof::Tag(Tag::of(&tag)),
                    None => {
                        lane.put(place.message());
                        lane.finish()
                    }
                });
                let proofs = proofs.collect();
                let id = memory.map(|mut memory| {
                    made.id.unwrap_or_else(|| {
                        memory.update(place.message());
                        memory.finish()
                    })
                });
                Outcome { proofs, id }
            }
            Held::Message(bytes, _) => alone(lanes, memory, &bytes),
            Held::Nothing => alone(lanes, memory, &[]),
        }
    }

    /// Hashes what was held back.
    fn release(&mut self) {
        match std::mem::replace(&mut self.held, Held::Nothing) {
            Held::Nothing => {}
            Held::Message(bytes, _) => self.hash(&bytes),
            Held::Placed(place, _) => self.hash(place.message()),
        }
    }

    fn hash(&mut self, bytes: &[u8]) {
        self.lanes.iter_mut().for_each(|lane| lane.put(bytes));
        self.memory.iter_mut().for_each(|memory| memory.update(bytes));
    }
}

fn alone(mut lanes: Vec<Lane>, mut memory: Option<Memory>, rest: &[u8]) -> Outcome {
    lanes.iter_mut().for_each(|lane| lane.put(rest));
    memory.iter_mut().for_each(|memory| memory.update(rest));
    Outcome { proofs: lanes.into_iter().map(Lane::finish).collect(), id: memory.map(Memory::finish) }
}

impl Memory {
    fn alongside(&self) -> Option<Arc<Opening>> {
        match self {
            Self::Fresh(opening) => Some(Arc::clone(opening)),
            Self::Begun(_) => None,
        }
    }

    fn update(&mut self, bytes: &[u8]) {
        if let Self::Fresh(opening) = self {
            *self = Self::Begun(Box::new(opening.hasher().clone()));
        }
        match self {
            Self::Fresh(_) => {}
            Self::Begun(hasher) => hasher.update(bytes),
        }
    }

    fn finish(self) -> [u8; 32] {
        let hasher = match self {
            Self::Fresh(opening) => opening.hasher().clone(),
            Self::Begun(hasher) => *hasher,
        };
        let mut id = [0; 32];
        id.iter_mut().zip(hasher.finish().bytes()).for_each(|(to, from)| *to = *from);
        id
    }
}
