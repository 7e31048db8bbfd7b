//! Notices changed inputs and puts a new generation into force, while the old one serves until the swap.
//!
//! A thread of its own waits for the kernel, for the clock and for requests (`SIGHUP`, `POST /reload`). Whatever is
//! wrong with a new content, the generation in force stays and everyone who asks is told. Decides when to read and
//! what to tell; how to read and to swap is the [`Source`]'s.

mod files;
mod keeper;
mod mounts;
mod status;
mod watch;

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::oneshot;

use crate::base::clock;
use crate::observe::Observer;
use keeper::Keeper;
pub use status::{Complaint, Outcome, Refused, Status, Watching};
use watch::{Touch, Watch};

/// Quiet time after the last event before the files are read.
const QUIET: Duration = Duration::from_millis(200);
/// Longest wait for quiet.
const LONGEST_UNREST: Duration = Duration::from_secs(1);
/// Longest wait for a writer that holds an input open.
const LONGEST_WRITER: Duration = Duration::from_secs(10);
/// How far the thread steps back. It keeps a tenth of a processor that is busy all the time: a deny list that grows
/// because of an attack must come into force during it.
const NICE: i32 = 10;
/// How often the files are looked at although nothing was told.
const POLL: Duration = Duration::from_secs(3);

/// Reads, compiles and swaps. Implemented above the layers that can.
pub trait Source: Send + 'static {
    /// Reads everything once. When it differs from what is in force and is right, compiles it as `next` and puts it
    /// into force.
    fn attempt(&mut self, next: u64) -> Attempt;

    /// Whether the files hold, byte for byte, what is in force. Whoever cannot tell says no, and is asked to read.
    fn stands(&mut self) -> bool {
        false
    }

    /// Frees what earlier attempts left behind and nobody uses any more. Called every few seconds.
    fn tidy(&mut self);

    /// The main file, as the operator named it.
    fn name(&self) -> String;
}

/// What came of one [`Source::attempt`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Every file that was read or looked for.
    pub inputs: Vec<PathBuf>,
    /// How it ended.
    pub result: Result<Taken, Vec<Complaint>>,
}

/// A content that is right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It is the one in force.
    Unchanged,
    /// It is in force now.
    Swapped {
        /// SHA-256 over what holds, secrets left out, lower-case hex.
        hash: String,
        /// What someone should look at.
        warnings: Vec<Complaint>,
        /// Keys whose new values need a restart.
        needs_restart: Vec<String>,
        /// What changed, for the audit; no secret. May be empty.
        changes: String,
    },
}

/// Why the files are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// They changed.
    Changed,
    /// `SIGHUP`.
    Signal,
    /// `POST /reload`.
    Asked,
}

impl Cause {
    /// The word in logs.
    pub fn word(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Signal => "signal",
            Self::Asked => "asked",
        }
    }
}

/// What wakes the thread.
enum Wake {
    Touched(Touch),
    Asked(Cause, oneshot::Sender<Outcome>),
    Stop,
}

/// The running reload; cloning shares it.
#[derive(Clone)]
pub struct Reload {
    wake: Sender<Wake>,
    status: Arc<ArcSwap<Status>>,
}

/// The reload thread has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended;

impl Reload {
    /// Starts the thread. `status` tells the generation in force, `inputs` every file it was read from.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub fn start(
        source: impl Source,
        status: Status,
        inputs: Vec<PathBuf>,
        observer: Arc<Observer>,
    ) -> std::io::Result<Self> {
        let (wake, woken) = channel();
        let status = Arc::new(ArcSwap::from_pointee(status));
        let mut keeper = Keeper::new(source, Arc::clone(&status), inputs, observer);
        let watch = Watch::start(wake.clone());
        thread::Builder::new().name("reload".into()).spawn(move || {
            step_back();
            keeper.begin(watch);
            let mut looked = clock::mono();
            loop {
                // Whoever tells without end must not keep the files from being looked at.
                let left = POLL.saturating_sub(clock::mono().since(looked));
                let heard = if left.is_zero() { Some(Heard::Nothing) } else { next(&woken, left) };
                let Some(heard) = heard else { break };
                let is_look = matches!(heard, Heard::Nothing);
                if run(&mut keeper, heard, &woken).is_break() {
                    break;
                }
                if is_look {
                    looked = clock::mono();
                }
            }
        })?;
        Ok(Self { wake, status })
    }

    /// What is in force and what was refused last.
    pub fn status(&self) -> Arc<Status> {
        self.status.load_full()
    }

    /// Reads the files now and tells how it ended.
    ///
    /// # Errors
    /// [`Ended`] when the thread has ended.
    pub async fn trigger(&self, cause: Cause) -> Result<Outcome, Ended> {
        let (answer, outcome) = oneshot::channel();
        self.wake.send(Wake::Asked(cause, answer)).map_err(|_| Ended)?;
        outcome.await.map_err(|_| Ended)
    }

    /// Has the files read soon; the outcome is logged. For signals, which cannot wait.
    pub fn nudge(&self, cause: Cause) {
        let (answer, _) = oneshot::channel();
        // When the thread has ended, so does the gate.
        let _ = self.wake.send(Wake::Asked(cause, answer));
    }

    /// Ends the thread; what is in force stays.
    pub fn stop(&self) {
        // It has ended already when nobody listens.
        let _ = self.wake.send(Wake::Stop);
    }
}

/// Lets the workers have the processor first: where they share one with this thread, no caller waits for it.
fn step_back() {
    // Without the call a reload is as correct, and callers wait a little.
    let _ = rustix::process::setpriority_process(None, NICE);
}

enum Heard {
    Nothing,
    Wake(Wake),
}

fn next(woken: &Receiver<Wake>, wait: Duration) -> Option<Heard> {
    match woken.recv_timeout(wait) {
        Ok(wake) => Some(Heard::Wake(wake)),
        Err(RecvTimeoutError::Timeout) => Some(Heard::Nothing),
        Err(RecvTimeoutError::Disconnected) => None,
    }
}

fn run(keeper: &mut Keeper<impl Source>, heard: Heard, woken: &Receiver<Wake>) -> ControlFlow<()> {
    match heard {
        Heard::Nothing => {
            keeper.tidy();
            keeper.look();
        }
        Heard::Wake(Wake::Stop) => return ControlFlow::Break(()),
        Heard::Wake(Wake::Asked(cause, answer)) => {
            // Whoever asked may have stopped waiting.
            let _ = answer.send(keeper.read(cause));
        }
        // A log beside the configuration is written all the time. An input that is written under another name of it
        // is found by looking.
        Heard::Wake(Wake::Touched(Touch::Writing(path))) if !keeper.files().contains(&path) => {}
        Heard::Wake(Wake::Touched(touch)) => {
            let mut unrest = Unrest::default();
            unrest.add(touch);
            settle(woken, &mut unrest, keeper.files())?;
            if unrest.asked.is_empty() {
                keeper.touched();
            }
            for (cause, answer) in unrest.asked {
                let _ = answer.send(keeper.read(cause));
            }
        }
    }
    ControlFlow::Continue(())
}

/// The events of one change, until they settle.
#[derive(Debug, Default)]
struct Unrest {
    /// Files that are open for writing as far as we were told.
    written: BTreeSet<PathBuf>,
    /// Who asked meanwhile.
    asked: Vec<(Cause, oneshot::Sender<Outcome>)>,
}

impl Unrest {
    fn add(&mut self, touch: Touch) {
        match touch {
            Touch::Writing(path) => {
                self.written.insert(path);
            }
            Touch::Settled(paths) if paths.is_empty() => self.written.clear(),
            Touch::Settled(paths) => {
                for path in paths {
                    self.written.remove(&path);
                }
            }
        }
    }
}

/// Waits until nothing was told for [`QUIET`] or someone asks, at most [`LONGEST_UNREST`]; while one of `files` is
/// being written, up to [`LONGEST_WRITER`], so that half a file is not taken for a whole one.
fn settle(woken: &Receiver<Wake>, unrest: &mut Unrest, files: &BTreeSet<PathBuf>) -> ControlFlow<()> {
    let start = clock::mono();
    loop {
        let is_written = unrest.written.iter().any(|path| files.contains(path));
        let (longest, pause) =
            if is_written { (LONGEST_WRITER, LONGEST_WRITER) } else { (LONGEST_UNREST, QUIET) };
        let left = longest.saturating_sub(clock::mono().since(start)).min(pause);
        if left.is_zero() || (!unrest.asked.is_empty() && !is_written) {
            return ControlFlow::Continue(());
        }
        match next(woken, left) {
            None | Some(Heard::Wake(Wake::Stop)) => return ControlFlow::Break(()),
            Some(Heard::Nothing) => return ControlFlow::Continue(()),
            Some(Heard::Wake(Wake::Touched(touch))) => unrest.add(touch),
            Some(Heard::Wake(Wake::Asked(cause, answer))) => unrest.asked.push((cause, answer)),
        }
    }
}

#[cfg(test)]
mod tests;
