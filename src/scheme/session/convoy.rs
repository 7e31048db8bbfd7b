//! Messages that are whole and wait to be hashed together, on one worker. Whoever comes for its digests first has those of
//! the others made with them (`docs/decisions/0028-hashed-together.md`).

use std::cell::{OnceCell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;

use crate::scheme::mac::{LANES, Lanes, Opening, Prepared, WORTH_EIGHT, Work, digests};

/// Most hashes made in one go: two for each lane, so that the others of the worker do not wait for long.
const MOST_AT_ONCE: usize = 2 * LANES;

thread_local! {
    static WAITING: RefCell<VecDeque<Rc<Message>>> = const { RefCell::new(VecDeque::new()) };
}

/// A place among those who wait; given up when it is dropped.
pub(super) struct Place(Rc<Message>);

struct Message {
    bytes: Vec<u8>,
    keys: Vec<Arc<Prepared>>,
    memory: Option<Arc<Opening>>,
    made: OnceCell<Made>,
}

/// What was made of a message; `None` where one that is made alone is quicker.
///
/// Security: a tag is a signature of the message; never printed.
#[derive(Default)]
pub(super) struct Made {
    /// Of each key.
    pub(super) tags: Vec<Option<[u8; 32]>>,
    /// The name it is remembered by.
    pub(super) id: Option<[u8; 32]>,
}

impl Place {
    /// Waits for the tags of a message under these keys, and for its name.
    pub(super) fn new(bytes: Vec<u8>, keys: Vec<Arc<Prepared>>, memory: Option<Arc<Opening>>) -> Self {
        let message = Rc::new(Message { bytes, keys, memory, made: OnceCell::new() });
        WAITING.with_borrow_mut(|waiting| waiting.push_back(Rc::clone(&message)));
        Self(message)
    }

    /// The message.
    pub(super) fn message(&self) -> &[u8] {
        &self.0.bytes
    }

    /// What is made of it, together with others.
    pub(super) fn made(&self, lanes: Lanes) -> &Made {
        const NOTHING: &Made = &Made { tags: Vec::new(), id: None };
        if self.0.made.get().is_none() {
            match self.company() {
                Some(company) => hash(lanes, &company),
                // It stays so, whoever comes later.
                None => drop(self.0.made.set(Made::default())),
            }
        }
        self.0.made.get().unwrap_or(NOTHING)
    }

    /// This message and those that have waited longest, as many as fill the lanes; who is left waits for more to come. `None`
    /// where all who wait are too few.
    fn company(&self) -> Option<Vec<Rc<Message>>> {
        WAITING.with_borrow_mut(|waiting| {
            leave(waiting, &self.0);
            let mut count = self.0.count();
            let all = waiting.iter().take(MOST_AT_ONCE).map(|message| message.count()).sum::<usize>();
            let most = Some(full(count.saturating_add(all))).filter(|most| *most > 0)?;
            let mut company = vec![Rc::clone(&self.0)];
            while let Some(next) = waiting.front() {
                count = count.saturating_add(next.count());
                if count > most {
                    break;
                }
                company.extend(waiting.pop_front());
            }
            Some(company)
        })
    }
}

/// Of so many hashes as many as go at once without a lane that is empty; all of them where they do not fill the lanes, none
/// where they are too few for any.
fn full(count: usize) -> usize {
    match count {
        0..WORTH_EIGHT => 0,
        WORTH_EIGHT..LANES => count,
        LANES.. => count.min(MOST_AT_ONCE) / LANES * LANES,
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.0.made.get().is_none() {
            // A thread that ends has no list any more.
            let _ended = WAITING.try_with(|waiting| {
                if let Ok(mut waiting) = waiting.try_borrow_mut() {
                    leave(&mut waiting, &self.0);
                }
            });
        }
    }
}

fn leave(waiting: &mut VecDeque<Rc<Message>>, message: &Rc<Message>) {
    if let Some(at) = waiting.iter().position(|other| Rc::ptr_eq(other, message)) {
        waiting.remove(at);
    }
}

/// What a digest is, of which message of the company.
#[derive(Clone, Copy)]
enum Slot {
    Tag { message: usize, key: usize },
    Id { message: usize },
}

/// Security: a digest goes where its work came from, and what was not made stays `None`; a name, which anyone can compute,
/// never stands where a tag is due.
fn hash(lanes: Lanes, company: &[Rc<Message>]) {
    let (slots, works): (Vec<Slot>, Vec<Work<'_>>) =
        company.iter().enumerate().flat_map(|(at, message)| message.works(at)).unzip();
    let empty = |message: &Rc<Message>| Made { tags: vec![None; message.keys.len()], id: None };
    let mut made: Vec<Made> = company.iter().map(empty).collect();
    for (slot, digest) in slots.into_iter().zip(digests(lanes, &works)) {
        match slot {
            Slot::Tag { message, key } => {
                if let Some(place) = made.get_mut(message).and_then(|made| made.tags.get_mut(key)) {
                    *place = digest;
                }
            }
            Slot::Id { message } => {
                if let Some(made) = made.get_mut(message) {
                    made.id = digest;
                }
            }
        }
    }
    for (message, made) in company.iter().zip(made) {
        // Who is here was not hashed before: the place is empty.
        let _full = message.made.set(made);
    }
}

impl Message {
    /// How many hashes are asked for.
    fn count(&self) -> usize {
        self.keys.len().saturating_add(usize::from(self.memory.is_some()))
    }

    fn works(&self, message: usize) -> impl Iterator<Item = (Slot, Work<'_>)> {
        let keys = self.keys.iter().enumerate();
        let tags = keys.filter_map(move |(key, prepared)| {
            Some((Slot::Tag { message, key }, Work::new(prepared.begun()?, &self.bytes)))
        });
        let id = self
            .memory
            .as_ref()
            .map(|opening| (Slot::Id { message }, Work::new(opening.begun(), &self.bytes)));
        tags.chain(id)
    }
}

#[cfg(test)]
mod tests;
