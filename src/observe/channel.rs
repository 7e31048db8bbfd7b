//! A queue of notes, the thread that writes them and where they go. Audit and access log have one each, so that one
//! blocked sink does not hold up the other.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::audit::Event;
use super::entry::Sheet;
use super::output::Output;
use super::queue::{Full, Queue, Slot};
use super::writer::{Format, Writer};
use crate::base::clock::Mono;

/// Spare records a worker gets back at most.
const MOST_SPARE: usize = 1024;

/// What a writer writes.
#[derive(Debug)]
pub(super) enum Note {
    Request(Sheet),
    Event(Box<Event>),
}

impl Note {
    /// When it happened, for the order of lines.
    pub(super) fn at(&self) -> Mono {
        match self {
            Self::Request(entry) => entry.ended,
            Self::Event(event) => event.at.mono,
        }
    }
}

/// Written records on their way back to the worker that made them.
#[derive(Debug)]
pub(super) struct Pools(Box<[Mutex<Vec<Sheet>>]>);

impl Pools {
    pub(super) fn new(workers: usize) -> Self {
        Self((0..workers).map(|_| Mutex::default()).collect())
    }

    /// Takes every record that came back to `worker`.
    pub(super) fn take(&self, worker: usize) -> Vec<Sheet> {
        self.0.get(worker).map(|pool| std::mem::take(&mut *lock(pool))).unwrap_or_default()
    }

    /// How many records wait to be taken.
    #[cfg(test)]
    pub(super) fn count(&self, worker: usize) -> usize {
        self.0.get(worker).map_or(0, |pool| lock(pool).len())
    }

    /// Gives `notes` back; empties it.
    pub(super) fn give(&self, notes: &mut Vec<Note>) {
        for note in notes.drain(..) {
            match note {
                Note::Event(_) => {}
                // Not cleared here: what it refers to is counted on the worker's own cache lines.
                Note::Request(entry) => {
                    if let Some(pool) = self.0.get(entry.home) {
                        let mut pool = lock(pool);
                        if pool.len() < MOST_SPARE {
                            pool.push(entry);
                        }
                    }
                }
            }
        }
    }
}

/// A queue with its writer.
#[derive(Debug)]
pub(super) struct Channel {
    queue: Arc<Queue<Note>>,
    on: AtomicBool,
    next: Arc<Mutex<Option<Output>>>,
    pools: Arc<Pools>,
    format: Format,
    name: &'static str,
    config_file: Arc<str>,
    running: Mutex<Option<Receiver<()>>>,
}

impl Channel {
    /// A channel that is off; [`Channel::direct`] turns it on.
    pub(super) fn new(name: &'static str, format: Format, queue: Queue<Note>, around: Around) -> Self {
        Self {
            queue: Arc::new(queue),
            on: AtomicBool::new(false),
            next: Arc::default(),
            pools: around.pools,
            format,
            name,
            config_file: around.config_file,
            running: Mutex::new(None),
        }
    }

    /// Whether lines are wanted.
    pub(super) fn is_on(&self) -> bool {
        self.on.load(Ordering::Relaxed)
    }

    /// Sends lines to `output` from now on.
    ///
    /// # Errors
    /// When the writer's thread cannot be started; lines go on as before.
    pub(super) fn direct(&self, output: Output) -> std::io::Result<()> {
        let on = match output {
            Output::Nowhere => false,
            Output::Stdout(_) | Output::Path { .. } => {
                self.start()?;
                true
            }
        };
        if on {
            *lock(&self.next) = Some(output);
        }
        self.on.store(on, Ordering::Relaxed);
        Ok(())
    }

    fn start(&self) -> std::io::Result<()> {
        let mut running = lock(&self.running);
        if running.is_some() {
            return Ok(());
        }
        let (done, ended) = sync_channel(1);
        let writer = Writer::new(
            Arc::clone(&self.queue),
            Arc::clone(&self.pools),
            Arc::clone(&self.next),
            self.format,
            Arc::clone(&self.config_file),
        );
        std::thread::Builder::new().name(self.name.to_owned()).spawn(move || {
            writer.run();
            let _ = done.send(());
        })?;
        *running = Some(ended);
        Ok(())
    }

    /// Takes room for one note ahead of it.
    pub(super) fn reserve(&self) -> Result<Slot, Full> {
        self.queue.reserve()
    }

    /// Gives unused room back.
    pub(super) fn give_back(&self, slot: Slot) {
        self.queue.give_back(slot);
    }

    /// Puts a note, or hands it back and counts the loss when there is no room.
    pub(super) fn put(&self, worker: usize, note: Note, slot: Option<Slot>) -> Result<(), Note> {
        match slot.map_or_else(|| self.queue.reserve(), Ok) {
            Ok(slot) => {
                self.queue.put(worker, note, slot);
                Ok(())
            }
            Err(Full) => {
                self.queue.count_lost(1);
                Err(note)
            }
        }
    }

    /// Notes lost since the start.
    pub(super) fn lost(&self) -> u64 {
        self.queue.lost()
    }

    /// Changes how many notes may wait.
    pub(super) fn resize(&self, capacity: usize) {
        self.queue.resize(capacity);
    }

    /// Writes what waits and ends the thread; gives up after `longest` when the sink is stuck.
    ///
    /// # Errors
    /// How many notes were left unwritten (counted as lost).
    pub(super) fn close(&self, longest: Duration) -> Result<(), u64> {
        let Some(ended) = lock(&self.running).take() else { return Ok(()) };
        self.on.store(false, Ordering::Relaxed);
        self.queue.close();
        if ended.recv_timeout(longest).is_ok() {
            return Ok(());
        }
        let left = u64::try_from(self.queue.used()).unwrap_or(u64::MAX);
        self.queue.count_lost(left);
        Err(left)
    }
}

/// What a channel shares with the rest of the observer.
#[derive(Clone, Debug)]
pub(super) struct Around {
    pub(super) pools: Arc<Pools>,
    /// Path of the config file as the operator gave it, for `rule`.
    pub(super) config_file: Arc<str>,
}

/// Locks; a thread that panicked while holding it left plain data behind.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
