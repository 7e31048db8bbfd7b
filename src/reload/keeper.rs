//! Keeps a good generation in force: reads when asked or when the files changed, tells every outcome once.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use arc_swap::ArcSwap;

use super::files::{Fingerprint, Looker, ways};
use super::status::{Complaint, Outcome, Refused, Status, Watching};
use super::watch::Watch;
use super::{Attempt, Cause, Source, Taken, mounts};
use crate::base::clock;
use crate::observe::{self, Action, Observer};

/// Reads again when the files changed while they were read.
const MOST_READS: usize = 3;
/// Two looks this far apart must see the same before a change nobody told of is read.
const STEADY: Duration = Duration::from_millis(500);
/// How often a change nobody told of is given time to become steady.
const MOST_LOOKS: usize = 20;
/// Complaints logged one by one.
const MOST_LOGGED: usize = 10;

pub(super) struct Keeper<S> {
    looker: Looker,
    source: S,
    status: Arc<ArcSwap<Status>>,
    observer: Arc<Observer>,
    inputs: BTreeSet<PathBuf>,
    /// The inputs under the names they have in their directories.
    files: BTreeSet<PathBuf>,
    /// What the inputs looked like when they were last read.
    seen: Fingerprint,
    /// What they looked like when they were last refused.
    refused: Option<Fingerprint>,
    watch: Option<Watch>,
}

impl<S: Source> Keeper<S> {
    pub(super) fn new(
        source: S,
        status: Arc<ArcSwap<Status>>,
        inputs: Vec<PathBuf>,
        observer: Arc<Observer>,
    ) -> Self {
        let inputs: BTreeSet<PathBuf> = inputs.into_iter().collect();
        let mut looker = Looker::default();
        let seen = looker.look(&inputs);
        Self {
            looker,
            source,
            status,
            observer,
            inputs,
            files: BTreeSet::new(),
            seen,
            refused: None,
            watch: None,
        }
    }

    /// The inputs under the names they have in their directories.
    pub(super) fn files(&self) -> &BTreeSet<PathBuf> {
        &self.files
    }

    /// Begins to watch. The files may have changed between the start and now: then they are read. Where they hold the
    /// same bytes they are not taken apart a second time; what that takes would stay with this thread.
    pub(super) fn begin(&mut self, watch: Result<Watch, String>) {
        match watch {
            Ok(watch) => self.watch = Some(watch),
            Err(because) => self.poll_only(because),
        }
        self.follow();
        if self.source.stands() {
            self.warn_of_pinned();
        } else {
            self.read(Cause::Changed);
        }
    }

    /// Frees what nobody uses any more.
    pub(super) fn tidy(&mut self) {
        self.source.tidy();
    }

    /// Looks although nobody told of a change: the net under the kernel's events.
    pub(super) fn look(&mut self) {
        self.follow();
        let mut last = self.looker.look(&self.inputs);
        if last == self.seen {
            return;
        }
        // Nobody told whether the writer has finished: wait until two looks see the same.
        for _ in 0..MOST_LOOKS {
            thread::sleep(STEADY);
            let now = self.looker.look(&self.inputs);
            if now == last {
                break;
            }
            last = now;
        }
        self.read_if_changed();
    }

    /// The kernel told of a change: its word counts for more than what the files' times say.
    pub(super) fn touched(&mut self) {
        self.looker.forget();
        self.read_if_changed();
    }

    /// Reads when the inputs look different from when they were last read.
    fn read_if_changed(&mut self) {
        if self.looker.look(&self.inputs) != self.seen {
            self.read(Cause::Changed);
        }
    }

    /// Reads now; again when something changed meanwhile, so that what is in force is what lies there.
    pub(super) fn read(&mut self, cause: Cause) -> Outcome {
        let mut told = None;
        for _ in 0..MOST_READS {
            let before = self.looker.look(&self.inputs);
            let status = self.status.load_full();
            let next = status.generation.saturating_add(1);
            let Attempt { inputs, result } = self.attempt(next);
            let inputs: BTreeSet<PathBuf> = inputs.into_iter().chain(self.kept_inputs(&result)).collect();
            let is_same_set = inputs == self.inputs;
            self.inputs = inputs;
            self.seen = self.looker.look(&self.inputs);
            let outcome = self.tell(cause, result);
            let is_steady = is_same_set && before == self.seen;
            told = match (told, outcome) {
                (Some(first @ Outcome::Applied { .. }), Outcome::Unchanged { .. }) => Some(first),
                (_, outcome) => Some(outcome),
            };
            self.follow();
            if is_steady {
                break;
            }
        }
        self.warn_of_pinned();
        told.unwrap_or(Outcome::Unchanged { generation: self.status.load().generation })
    }

    /// While a content is refused, the inputs of the one in force are watched as well: they may come back.
    fn kept_inputs(&self, result: &Result<Taken, Vec<Complaint>>) -> Vec<PathBuf> {
        match result {
            Ok(_) => Vec::new(),
            Err(_) => self.inputs.iter().cloned().collect(),
        }
    }

    fn attempt(&mut self, next: u64) -> Attempt {
        let source = &mut self.source;
        catch_unwind(AssertUnwindSafe(|| source.attempt(next))).unwrap_or_else(|_| {
            let complaint = Complaint {
                file: String::new(),
                line: 0,
                column: 0,
                message: "reading the configuration failed inside the gate".into(),
                hint: "this is a defect of the gate; please report it with the file".into(),
            };
            Attempt { inputs: Vec::new(), result: Err(vec![complaint]) }
        })
    }

    fn tell(&mut self, cause: Cause, result: Result<Taken, Vec<Complaint>>) -> Outcome {
        match result {
            Ok(Taken::Unchanged) => self.unchanged(cause),
            Ok(Taken::Swapped { hash, warnings, needs_restart, changes }) => {
                let now = clock::now();
                let before = self.status.load_full();
                let generation = self.change(|status| {
                    status.generation = status.generation.saturating_add(1);
                    status.hash.clone_from(&hash);
                    status.taken_at = now.wall;
                    status.refused = None;
                    status.warnings.clone_from(&warnings);
                    status.needs_restart.clone_from(&needs_restart);
                });
                self.refused = None;
                self.observer.config_applied(generation, &hash, now.wall);
                self.audit(observe::Outcome::Applied, changes);
                tracing::info!(generation, hash, cause = cause.word(), "a new configuration is in force");
                // What was told of the generation before is not told again with every edit; `/ready?verbose` shows all.
                for warning in warnings.iter().filter(|warning| !before.warnings.contains(warning)) {
                    tracing::warn!(%warning, "the configuration can be improved");
                }
                if !needs_restart.is_empty() {
                    let keys = needs_restart.join(", ");
                    tracing::warn!(
                        keys,
                        "these keys change with a restart only; their old values stay in use"
                    );
                }
                Outcome::Applied { generation, needs_restart }
            }
            Err(complaints) => self.refuse(cause, complaints),
        }
    }

    fn unchanged(&mut self, cause: Cause) -> Outcome {
        let status = self.status.load_full();
        if status.refused.is_some() {
            self.change(|status| status.refused = None);
            self.refused = None;
            self.observer.config_restored();
            self.audit(observe::Outcome::Applied, "the content in force is back in the files".into());
            tracing::info!(generation = status.generation, "the files hold the configuration in force again");
        } else if cause != Cause::Changed {
            // Whoever asked by a signal has no other answer.
            tracing::info!(
                generation = status.generation,
                cause = cause.word(),
                "the configuration is unchanged"
            );
        }
        Outcome::Unchanged { generation: status.generation }
    }

    fn refuse(&mut self, cause: Cause, complaints: Vec<Complaint>) -> Outcome {
        let refused = Refused { at: clock::now().wall, complaints: complaints.clone() };
        let generation = self.change(|status| status.refused = Some(refused.clone()));
        // Once per content: asking again about the same files adds nothing.
        if self.refused.replace(self.seen) != Some(self.seen) {
            self.observer.config_refused();
            let first = complaints.first().map(Complaint::to_string).unwrap_or_default();
            self.audit(observe::Outcome::Refused, first);
            let problems = complaints.len();
            tracing::error!(
                generation,
                problems,
                cause = cause.word(),
                "the new configuration is refused; the \
                generation in force stays until the problems are mended"
            );
            for problem in complaints.iter().take(MOST_LOGGED) {
                tracing::error!(%problem, "the new configuration is refused");
            }
        }
        Outcome::Refused { generation, complaints }
    }

    fn audit(&self, outcome: observe::Outcome, detail: String) {
        self.observer.event(observe::Event {
            at: clock::now(),
            action: Action::ConfigReload,
            outcome,
            generation: self.status.load().generation,
            resource: self.source.name(),
            detail,
        });
    }

    /// Changes the status; this thread is the only one that does. Tells the generation in force.
    fn change(&self, change: impl FnOnce(&mut Status)) -> u64 {
        let mut status = Status::clone(&self.status.load());
        change(&mut status);
        let generation = status.generation;
        self.status.store(Arc::new(status));
        generation
    }

    fn follow(&mut self) {
        let mut directories = BTreeSet::new();
        self.files.clear();
        for input in &self.inputs {
            let ways = ways(input);
            directories.extend(ways.directories);
            self.files.extend(ways.file);
        }
        if let Some(watch) = &mut self.watch
            && let Err(because) = watch.follow(&directories)
        {
            self.poll_only(because);
        }
    }

    /// The kernel does not tell (of everything): looking every few seconds remains.
    fn poll_only(&self, because: String) {
        let watching = Watching::Polling { because };
        if self.status.load().watching != watching {
            if let Watching::Polling { because } = &watching {
                tracing::warn!(
                    because,
                    "changes of the configuration are noticed by looking every few seconds \
                    only; raise fs.inotify.max_user_instances or max_user_watches to notice them at once"
                );
            }
            self.change(|status| status.watching = watching);
        }
    }

    fn warn_of_pinned(&self) {
        let pinned = mounts::pinned(&self.inputs);
        let status = self.status.load();
        if pinned == status.pinned {
            return;
        }
        for path in pinned.iter().filter(|path| !status.pinned.contains(path)) {
            tracing::warn!(path = %path.display(), "this file is mounted alone (subPath), so its updates never \
                arrive; mount its directory instead");
        }
        self.change(|status| status.pinned = pinned);
    }
}
