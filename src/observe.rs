//! Tells what happened, once: one record per request, counters, the audit, the access log, the log.
//!
//! Decides nothing and never makes a worker wait: counting is an atomic add, a line is handed to a writer thread
//! through a bounded queue, and what finds no room there is lost and counted. Workers reach it through a [`Scribe`].

mod access_log;
mod audit;
mod channel;
mod count;
mod entry;
pub mod log;
mod meter;
mod metrics;
pub mod names;
mod output;
mod page;
mod process;
pub mod pulse;
mod queue;
mod record;
mod redact;
mod request_id;
mod scribe;
mod stage;
mod writer;

use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

pub use audit::{Action, Event, Outcome};
pub use meter::{MeterSet, RouteMeter};
pub use metrics::{ConfigState, Counts, LastReload};
pub use output::SinkError;
pub use page::most_series;
pub use pulse::Pulse;
pub use queue::Full;
pub use record::{Record, Tail};
pub use scribe::{Arrival, Scribe};

use crate::base::clock::Wall;
use crate::config::settings::{Route, Telemetry};
use channel::{Around, Channel, Note, Pools, lock};
use metrics::{Board, Reader};
use output::Output;
use queue::Queue;

/// Everything that tells, shared by all workers; in an [`Arc`].
#[derive(Debug)]
pub struct Observer {
    board: Arc<Board>,
    registry: prometheus::Registry,
    audit: Arc<Channel>,
    access: Arc<Channel>,
    pools: Arc<Pools>,
    strict: AtomicBool,
    scribes: AtomicUsize,
}

impl Observer {
    /// An observer for `workers` workers that writes nothing yet; `config_file` is the path operators know, told in
    /// `rule`.
    pub fn new(workers: usize, config_file: &Path) -> Self {
        let pools = Arc::new(Pools::new(workers));
        let config_file = Arc::from(config_file.to_string_lossy());
        let around = Around { pools: Arc::clone(&pools), config_file };
        let channel =
            |name, format| Arc::new(Channel::new(name, format, Queue::new(workers, 0), around.clone()));
        let audit = channel("audit", audit::line as writer::Format);
        let access = channel("access-log", access_log::line as writer::Format);
        let board = Arc::new(Board::new(workers));
        // Fails only for names or labels that break the rules of Prometheus; `names.rs` is tested against them.
        let registry = metrics::registry(Arc::clone(&board), Arc::clone(&audit), Arc::clone(&access));
        Self {
            board,
            registry: registry.unwrap_or_default(),
            audit,
            access,
            pools,
            strict: AtomicBool::new(false),
            scribes: AtomicUsize::new(0),
        }
    }

    /// Writes records as `telemetry` says from now on, `queue` of them waiting at most (`limits.audit_queue`). At
    /// start and after every reload.
    ///
    /// # Errors
    /// [`SinkError`] when a sink cannot be opened; everything goes on as before.
    pub fn direct(&self, telemetry: &Telemetry, queue: usize) -> Result<(), SinkError> {
        let audit = Output::open(&telemetry.audit)?;
        let access = Output::open(&telemetry.access_log)?;
        for (channel, output, sink) in
            [(&self.audit, audit, &telemetry.audit), (&self.access, access, &telemetry.access_log)]
        {
            channel.direct(output).map_err(|cause| SinkError { sink: sink.clone(), cause })?;
            channel.resize(queue);
        }
        self.strict.store(telemetry.audit_strict, Ordering::Relaxed);
        Ok(())
    }

    /// The scribe of the next worker. Call once per worker, on its own thread: what two threads add to one shard at the same
    /// moment would count once.
    pub fn scribe(self: &Arc<Self>) -> Rc<Scribe> {
        let worker = self.scribes.fetch_add(1, Ordering::Relaxed) % self.board.shards.max(1);
        Rc::new(Scribe::new(Arc::clone(self), worker))
    }

    /// Counters for the routes of a generation being compiled. They take over the numbers of routes that stay, and are
    /// on no page until [`Observer::show`].
    pub fn plan(&self, generation: u64, routes: &[Route]) -> MeterSet {
        self.board.plan(generation, routes)
    }

    /// The page shows exactly the routes of `set` from now on. Right before its generation comes into force.
    pub fn show(&self, set: &MeterSet) {
        self.board.show(set);
    }

    /// A configuration came into force.
    pub fn config_applied(&self, generation: u64, hash: &str, at: Wall) {
        let state =
            ConfigState { generation, hash: hash.to_owned(), last: LastReload::Applied, taken_at: at };
        // The configuration at start is the first, and no reload.
        if std::mem::replace(&mut *lock(&self.board.config), state).generation > 0 {
            self.board.reloads_applied.add(1);
        }
    }

    /// What lies in the files is the configuration in force again.
    pub fn config_restored(&self) {
        lock(&self.board.config).last = LastReload::Applied;
    }

    /// A changed configuration was refused.
    pub fn config_refused(&self) {
        lock(&self.board.config).last = LastReload::Refused;
        self.board.reloads_refused.add(1);
    }

    /// Keys were fetched and taken, or not.
    pub fn fetched(&self, outcome: Outcome) {
        match outcome {
            Outcome::Applied => self.board.fetches_applied.add(1),
            Outcome::Refused => self.board.fetches_refused.add(1),
        }
    }

    /// The generation in force, as the metrics tell it.
    pub fn generation(&self) -> u64 {
        lock(&self.board.config).generation
    }

    /// Tells the audit something other than a request.
    pub fn event(&self, event: Event) {
        if self.audit.is_on() {
            // A loss is counted by the channel.
            let _ = self.audit.put(usize::MAX, Note::Event(Box::new(event)), None);
        }
    }

    /// Requests whose answer is not finished.
    pub fn in_flight(&self) -> u64 {
        u64::try_from(self.board.in_flight.sum().cast_signed()).unwrap_or(0)
    }

    /// Where the page gets what the listeners and the tables count. Once, at start.
    pub fn read_counts(&self, counts: impl Fn() -> Counts + Send + Sync + 'static) {
        // A second call would be a mistake of ours and changes nothing.
        let _ = self.board.counts.set(Reader(Box::new(counts)));
    }

    /// Audit records lost since the start.
    pub fn audit_dropped(&self) -> u64 {
        self.audit.lost()
    }

    /// The metrics page, Prometheus text format 0.0.4.
    pub fn page(&self) -> String {
        metrics::render(&self.registry)
    }

    /// Writes what waits and ends the writers, each for at most `longest`. Last, after the workers have ended.
    ///
    /// # Errors
    /// How many audit records could not be written.
    pub fn close(&self, longest: Duration) -> Result<(), u64> {
        let access = self.access.close(longest);
        let audit = self.audit.close(longest);
        match access {
            // Access-log lines are no proof; their loss is on the metrics page.
            Ok(()) | Err(_) => audit,
        }
    }

    fn is_strict(&self) -> bool {
        self.strict.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests;
