//! Messages that are whole and wait to be hashed together, on one worker. Whoever comes for its digests first has those of
//! the others made with them (`docs/decisions/0028-hashed-together.md`).

use std::cell::{OnceCell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use crate::scheme::mac::{Begun, LANES, Lanes, WORTH_EIGHT, Work, digests};

/// Most hashes made in one go: two for each lane, so that the others of the worker do not wait for long.
const MOST_AT_ONCE: usize = 2 * LANES;

thread_local! {
    static WAITING: RefCell<VecDeque<Rc<Message>>> = const { RefCell::new(VecDeque::new()) };
}

/// A place among those who wait; given up when it is dropped.
pub(super) struct Place(Rc<Message>);

struct Message {
    bytes: Vec<u8>,
    begun: Vec<Begun>,
    digests: OnceCell<Vec<Option<[u8; 32]>>>,
}

impl Place {
    /// Waits for the digests of a message under all that was begun.
    pub(super) fn new(bytes: Vec<u8>, begun: Vec<Begun>) -> Self {
        let message = Rc::new(Message { bytes, begun, digests: OnceCell::new() });
        WAITING.with_borrow_mut(|waiting| waiting.push_back(Rc::clone(&message)));
        Self(message)
    }

    /// The message.
    pub(super) fn message(&self) -> &[u8] {
        &self.0.bytes
    }

    /// The digests, in the order they were begun; `None` where one that is made alone is quicker.
    pub(super) fn digests(&self, lanes: Lanes) -> &[Option<[u8; 32]>] {
        if self.0.digests.get().is_none() {
            hash(lanes, &self.company());
        }
        self.0.digests.get().map_or(&[], Vec::as_slice)
    }

    /// This message and those that have waited longest, as many as fill the lanes; who is left waits for more to come.
    fn company(&self) -> Vec<Rc<Message>> {
        WAITING.with_borrow_mut(|waiting| {
            leave(waiting, &self.0);
            let mut count = self.0.begun.len();
            let all = waiting.iter().take(MOST_AT_ONCE).map(|message| message.begun.len()).sum::<usize>();
            let most = full(count.saturating_add(all));
            let mut company = vec![Rc::clone(&self.0)];
            while let Some(next) = waiting.front() {
                count = count.saturating_add(next.begun.len());
                if count > most {
                    break;
                }
                company.extend(waiting.pop_front());
            }
            company
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
        if self.0.digests.get().is_none() {
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

fn hash(lanes: Lanes, company: &[Rc<Message>]) {
    let works: Vec<Work<'_>> = company
        .iter()
        .flat_map(|message| message.begun.iter().map(|begun| Work::new(begun, &message.bytes)))
        .collect();
    let mut made = digests(lanes, &works).into_iter();
    for message in company {
        // Of a message that is here for the first time: its place is empty.
        let _full = message.digests.set(made.by_ref().take(message.begun.len()).collect());
    }
}

#[cfg(test)]
mod tests;
