//! Assembles everything from the settings; starts, drains and stops it, in order. Decides nothing about requests.
//!
//! Order of start: configuration (nothing is opened when it is wrong), log and records, sockets, workers, reload,
//! ops. Order of stop: drain, workers, records, log.

mod keys;
mod reloading;
mod signals;
mod workers;

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

use crate::base::clock;
use crate::config::env::Environment;
use crate::config::problem::{Problem, Problems};
use crate::config::settings::{Address, Settings};
use crate::config::{self, Known, LoadMode, Loaded};
use crate::exchange::Shared;
use crate::fetch::Fetcher;
use crate::forward::budget::Budget;
use crate::listen::bind::{self, BindFailed, SocketFile};
use crate::listen::drain::{self, Drain, Times};
use crate::listen::slots::{Bounds, Ceiling, Slots};
use crate::observe::log::{self, Log, Verbose};
use crate::observe::{Action, Counts, Event, Observer, Outcome, Pulse, SinkError};
use crate::ops::{BindError, Bound, Ops, Parts};
use crate::reload::{Cause, Complaint, Reload, Status, Watching};
use crate::snapshot::{Snapshot, Snapshots};
use crate::state::Tables;
use reloading::ConfigSource;
use signals::{Asked, Signals};
use workers::Workers;

/// Longest wait for the last records and log lines when the process ends.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Why the gate cannot start. Nothing is served then.
#[derive(Debug)]
pub enum StartError {
    /// The configuration is wrong; no port was opened.
    Config(Problems),
    /// An address cannot be listened on.
    Bind {
        /// As configured.
        address: Address,
        /// What the kernel said.
        error: io::Error,
    },
    /// The ops or admin port cannot be opened.
    Ports(BindError),
    /// The audit or access log cannot be opened.
    Sink(SinkError),
    /// A thread or runtime cannot be started.
    Thread(io::Error),
}

/// A gate that serves.
pub struct Running {
    drain: Drain,
    reload: Reload,
    fetcher: Fetcher,
    observer: Arc<Observer>,
    shared: Shared,
    workers: Workers,
    ops: Ops,
    log: Log,
    files: Vec<SocketFile>,
    runtime: Runtime,
    signals: Signals,
}

/// Loads the configuration and starts serving.
///
/// # Errors
/// [`StartError`]; whatever had been opened is closed again.
pub fn start(file: &Path, environment: Environment) -> Result<Running, StartError> {
    raise_descriptor_limit();
    let runtime = Builder::new_current_thread().enable_all().build().map_err(StartError::Thread)?;
    let signals = {
        let _inside = runtime.enter();
        Signals::catch().map_err(StartError::Thread)?
    };
    let mut known = Known::default();
    let loaded =
        config::load_again(file, LoadMode::Start, &environment, &mut known).map_err(StartError::Config)?;
    let count = workers::count(&loaded.settings);
    let observer = Arc::new(Observer::new(count, file));
    let snapshot = compile(loaded, &observer)?;
    let settings = &snapshot.settings;
    let log = Log::start(level(settings), settings.telemetry.log_format).map_err(StartError::Thread)?;
    for warning in snapshot.warnings.iter().map(complaint) {
        tracing::warn!(%warning, "the configuration can be improved");
    }
    observer.direct(&settings.telemetry, settings.limits.audit_queue).map_err(StartError::Sink)?;
    let ports = Bound::open(&settings.ops, settings.admin.as_ref()).map_err(StartError::Ports)?;
    let listening = bind::bind(&settings.listen, count)?;
    let slots = Slots::new(connections(settings));
    let drain = Drain::new(slots.clone());
    let status = first_status(&snapshot);
    let inputs = settings.inputs.clone();
    observer.show(&snapshot.meters);
    observer.config_applied(snapshot.generation, &settings.hash, clock::now().wall);
    record(&observer, Action::ConfigLoad, snapshot.generation, &file.to_string_lossy());
    let shared = Shared {
        tables: Arc::new(Tables::since(&settings.limits, clock::now())),
        budget: Budget::new(settings.limits.buffered_total),
        snapshots: Arc::new(Snapshots::new(snapshot)),
    };
    read_counts(&observer, &slots, &shared);
    let fetcher = Fetcher::new(Arc::clone(&shared.snapshots), Arc::clone(&observer));
    let pulse = Pulse::new(count, clock::mono());
    let workers =
        Workers::start(&shared, listening.shares, &observer, (&drain, &pulse)).map_err(StartError::Thread)?;
    let source = ConfigSource {
        fixed: reloading::fixed(&shared.snapshots.load().settings),
        file: file.to_owned(),
        environment,
        known,
        shared: shared.clone(),
        observer: Arc::clone(&observer),
        log: log.clone(),
        slots,
        fetcher: fetcher.clone(),
    };
    fetcher.follow().map_err(StartError::Thread)?;
    let reload = Reload::start(source, status, inputs, Arc::clone(&observer)).map_err(StartError::Thread)?;
    let parts = Parts {
        observer: Arc::clone(&observer),
        reload: reload.clone(),
        pulse,
        drain: drain.clone(),
        snapshots: Arc::clone(&shared.snapshots),
    };
    let ops = ports.serve(parts).map_err(StartError::Thread)?;
    for address in &listening.addresses {
        tracing::info!(port = "data", address = %shown(address), "listening");
    }
    ops.started();
    {
        let snapshot = shared.snapshots.load();
        let (routes, hash) = (snapshot.settings.routes.len(), snapshot.settings.hash.as_str());
        tracing::info!(version = env!("CARGO_PKG_VERSION"), workers = count, routes, hash, "serving");
    }
    let files = listening.files;
    Ok(Running { drain, reload, fetcher, observer, shared, workers, ops, log, files, runtime, signals })
}

fn compile(loaded: Loaded, observer: &Observer) -> Result<Snapshot, StartError> {
    let inputs = loaded.settings.inputs.clone();
    Snapshot::compile(loaded, None, observer).map_err(|items| StartError::Config(Problems { items, inputs }))
}

impl Running {
    /// Serves until SIGTERM or SIGINT, then drains and ends. SIGHUP reloads.
    pub fn serve_until_signalled(mut self) {
        let Self { runtime, signals, drain, reload, shared, observer, .. } = &mut self;
        runtime.block_on(async {
            let mut drained = std::pin::pin!(drain.run());
            loop {
                tokio::select! {
                    asked = signals.next() => match asked {
                        Asked::End(signal) => {
                            tracing::info!(signal, "draining");
                            record(observer, Action::Drain, shared.snapshots.load().generation, signal);
                            drain.terminate(times(&shared.snapshots.load().settings));
                        }
                        Asked::Reload => reload.nudge(Cause::Signal),
                    },
                    outcome = &mut drained => {
                        match outcome {
                            drain::Outcome::Clean => tracing::info!("drained: every connection has ended"),
                            drain::Outcome::Aborted(left) => {
                                tracing::warn!(left, "drained: limits.drain_max is over, connections were cut");
                            }
                        }
                        return;
                    }
                }
            }
        });
        self.end();
    }

    /// Drains and ends without waiting for a signal.
    pub fn stop(self) {
        self.drain.terminate(Times { min: Duration::ZERO, max: Duration::from_secs(1) });
        self.runtime.block_on(self.drain.run());
        self.end();
    }

    fn end(self) {
        self.reload.stop();
        self.fetcher.stop();
        self.workers.join();
        record(&self.observer, Action::Stop, self.shared.snapshots.load().generation, "");
        self.ops.end();
        if let Err(lost) = self.observer.close(LAST_WORDS) {
            tracing::error!(lost, "audit records could not be written before the end");
        }
        tracing::info!("ended");
        self.log.flush(LAST_WORDS);
        drop(self.files);
    }
}

/// The bounds of a drain.
pub fn times(settings: &Settings) -> Times {
    Times { min: settings.limits.drain_min, max: settings.limits.drain_max }
}

fn level(settings: &Settings) -> crate::config::settings::LogLevel {
    let verbose = if settings.operational.verbose_logging { Verbose::On } else { Verbose::Off };
    log::effective(settings.telemetry.log_level, verbose)
}

fn connections(settings: &Settings) -> Bounds {
    Bounds::from_settings(settings, Ceiling::of_process())
}

fn first_status(snapshot: &Snapshot) -> Status {
    Status {
        generation: snapshot.generation,
        hash: snapshot.settings.hash.clone(),
        taken_at: clock::now().wall,
        refused: None,
        needs_restart: Vec::new(),
        warnings: snapshot.warnings.iter().map(complaint).collect(),
        watching: Watching::Events,
        pinned: Vec::new(),
    }
}

fn complaint(problem: &Problem) -> Complaint {
    let message = if problem.path.is_empty() {
        problem.message.clone()
    } else {
        format!("{}: {}", problem.path, problem.message)
    };
    Complaint {
        file: problem.file.clone(),
        line: problem.line,
        column: problem.column,
        message,
        hint: problem.hint.clone(),
    }
}

fn shown(address: &Address) -> String {
    match address {
        Address::Tcp(address) => address.to_string(),
        Address::Unix(path) => format!("unix:{}", path.display()),
    }
}

/// Tells the audit what the process itself does.
fn record(observer: &Observer, action: Action, generation: u64, resource: &str) {
    observer.event(Event {
        at: clock::now(),
        action,
        outcome: Outcome::Applied,
        generation,
        resource: resource.to_owned(),
        detail: String::new(),
    });
}

/// The metrics page tells what the listeners and the tables count.
fn read_counts(observer: &Observer, slots: &Slots, shared: &Shared) {
    let (slots, tables) = (slots.clone(), Arc::clone(&shared.tables));
    let snapshots = Arc::clone(&shared.snapshots);
    observer.read_counts(move || {
        let turned = slots.turned();
        let keys = keys::count(&snapshots.load(), clock::mono());
        Counts {
            open: u64::try_from(slots.open()).unwrap_or(u64::MAX),
            refused_full: turned.full,
            refused_client: turned.client,
            refused_memory: turned.memory,
            evicted: turned.evicted,
            panics: slots.panics(),
            stalled: slots.stalled(),
            floods: slots.floods(),
            shared_limits: tables.limits.overflows(),
            keys_missing: keys.missing,
            keys_age: keys.age_s,
        }
    });
}

/// Connections need descriptors; the soft limit is often far below what the process may have.
fn raise_descriptor_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    // Without the right to raise it the gate serves fewer connections; the derived bound follows the limit.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
    // A core dump would hold every secret in plain text.
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
}

impl From<BindFailed> for StartError {
    fn from(failed: BindFailed) -> Self {
        Self::Bind { address: failed.address, error: failed.error }
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(problems) => write!(f, "{problems}"),
            Self::Bind { address, error } => {
                write!(f, "cannot listen on {}: {error}; is another process using it?", shown(address))
            }
            Self::Ports(error) => write!(f, "{error}"),
            Self::Sink(error) => write!(f, "{error}"),
            Self::Thread(error) => write!(f, "cannot start a thread: {error}"),
        }
    }
}

/// A handle to a thread of ours.
type Handle = thread::JoinHandle<()>;
