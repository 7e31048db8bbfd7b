//! A worker's own end of the observer: it opens records, lends out used ones again and adds to the worker's counters.

use std::cell::RefCell;
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;

use http::Method;

use super::Observer;
use super::channel::Note;
use super::entry::{Entry, Sheet};
use super::meter::{MeterSet, RouteMeter, Shard};
use super::queue::{Full, Slot};
use super::record::Record;
use super::request_id;
use crate::base::clock::{self, Now};
use crate::base::request_id::{RequestId, RequestIds};

/// Records a worker keeps ready.
const MOST_SPARE: usize = 1024;

/// Opens the records of one worker and knows its share of every counter. One per worker, never shared.
#[derive(Debug)]
pub struct Scribe {
    observer: Arc<Observer>,
    worker: usize,
    ids: RefCell<RequestIds>,
    spare: RefCell<Vec<Sheet>>,
}

/// What is known of a request when its head is there.
#[derive(Debug)]
pub struct Arrival<'a> {
    /// Its method.
    pub method: &'a Method,
    /// Its path as sent, without the query.
    pub path: &'a str,
    /// The socket's peer; told as the client until [`Record::client`].
    pub peer: IpAddr,
    /// Counters of the generation that judges it.
    pub meters: &'a MeterSet,
    /// When the whole head was there.
    pub now: Now,
}

/// What came of the API key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyJudged {
    No,
    Good,
    Bad,
}

impl Scribe {
    pub(super) fn new(observer: Arc<Observer>, worker: usize) -> Self {
        let ids = RefCell::new(request_id::source(clock::mono()));
        Self { observer, worker, ids, spare: RefCell::default() }
    }

    /// The observer all workers share.
    pub fn observer(&self) -> &Arc<Observer> {
        &self.observer
    }

    /// An id for an answer that belongs to no record.
    pub fn new_id(&self) -> RequestId {
        self.ids.borrow_mut().next_id()
    }

    /// Opens the record of a request.
    pub fn open(self: &Rc<Self>, arrival: &Arrival<'_>) -> Record {
        let mut entry = self.take();
        entry.id = self.ids.borrow_mut().next_id();
        entry.arrived = arrival.now;
        entry.method.clone_from(arrival.method);
        entry.client = arrival.peer;
        entry.generation = arrival.meters.generation();
        entry.shard = arrival.meters.none().shard(self.worker).cloned();
        if self.observer.audit.is_on() || self.observer.access.is_on() {
            entry.set_path(arrival.path);
        }
        self.observer.board.in_flight.add(self.worker, 1);
        Record::new(entry, Rc::clone(self))
    }

    /// The request of a record has ended.
    pub(super) fn ended(&self) {
        self.observer.board.in_flight.subtract(self.worker, 1);
    }

    /// Counts what came of an API key.
    pub(super) fn count_key(&self, judged: KeyJudged) {
        let board = &self.observer.board;
        match judged {
            KeyJudged::No => {}
            KeyJudged::Good => board.key_attempts.add(self.worker, 1),
            KeyJudged::Bad => {
                board.key_attempts.add(self.worker, 1);
                board.key_failures.add(self.worker, 1);
            }
        }
    }

    /// The handle of `meter` that is this worker's own.
    pub(super) fn shard_of(&self, meter: RouteMeter<'_>) -> Option<Arc<Shard>> {
        meter.shard(self.worker).cloned()
    }

    /// Takes room in the audit queue, when the audit is strict.
    pub(super) fn secure_audit(&self) -> Result<Option<Slot>, Full> {
        let observer = &self.observer;
        if observer.is_strict() && observer.audit.is_on() {
            observer.audit.reserve().map(Some)
        } else {
            Ok(None)
        }
    }

    fn take(&self) -> Sheet {
        let mut spare = self.spare.borrow_mut();
        if spare.is_empty() {
            *spare = self.observer.pools.take(self.worker);
        }
        match spare.pop() {
            Some(mut entry) => {
                entry.clear();
                entry
            }
            None => Box::new(Entry::new(self.worker)),
        }
    }

    fn keep(&self, entry: Sheet) {
        let mut spare = self.spare.borrow_mut();
        if spare.len() < MOST_SPARE {
            spare.push(entry);
        }
    }

    /// Whether records go to the audit.
    pub(super) fn audits(&self) -> bool {
        self.observer.audit.is_on()
    }

    /// Sends `entry` to the audit, or back to the pool.
    pub(super) fn audit(&self, mut entry: Sheet) {
        let channel = &self.observer.audit;
        if !channel.is_on() {
            return self.set_aside(entry);
        }
        let slot = entry.slot.take();
        if let Err(Note::Request(entry)) = channel.put(self.worker, Note::Request(entry), slot) {
            self.keep(entry);
        }
    }

    /// Sends `entry` back to the pool: the audit does not want it.
    pub(super) fn set_aside(&self, mut entry: Sheet) {
        if let Some(slot) = entry.slot.take() {
            self.observer.audit.give_back(slot);
        }
        self.keep(entry);
    }

    pub(super) fn log_access(&self, entry: Sheet) {
        if let Err(Note::Request(entry)) = self.observer.access.put(self.worker, Note::Request(entry), None) {
            self.keep(entry);
        }
    }

    /// A copy for the access log, when there is one.
    pub(super) fn copy(&self, entry: &Entry) -> Option<Sheet> {
        self.observer.access.is_on().then(|| {
            let mut copy = self.take();
            entry.copy_to(&mut copy);
            copy
        })
    }
}
