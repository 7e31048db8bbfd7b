//! One attempt to put a changed configuration into force: load, compile, direct, swap; on any error nothing changes.

use std::path::PathBuf;
use std::sync::Arc;

use super::{complaint, connections, level};
use crate::config::env::Environment;
use crate::config::problem::{Problem, Severity};
use crate::config::settings::{ApiKeys, Settings};
use crate::config::{self, Known, LoadMode, Loaded};
use crate::exchange::Shared;
use crate::fetch::Fetcher;
use crate::listen::slots::Slots;
use crate::observe::Observer;
use crate::observe::log::Log;
use crate::reload::{Attempt, Complaint, Source, Taken};
use crate::snapshot::Snapshot;

/// The configuration file and everything a new content is put into.
pub(super) struct ConfigSource {
    /// What the process started with, without its secrets: keys that need a restart are compared with these.
    pub(super) fixed: Settings,
    pub(super) file: PathBuf,
    pub(super) environment: Environment,
    pub(super) known: Known,
    pub(super) shared: Shared,
    pub(super) observer: Arc<Observer>,
    pub(super) log: Log,
    pub(super) slots: Slots,
    pub(super) fetcher: Fetcher,
}

impl Source for ConfigSource {
    fn attempt(&mut self, next: u64) -> Attempt {
        match config::load_again(&self.file, LoadMode::Reload, &self.environment, &mut self.known) {
            Err(problems) => Attempt { result: Err(complaints(&problems.items)), inputs: problems.inputs },
            Ok(loaded) => {
                let inputs = loaded.settings.inputs.clone();
                if loaded.settings.fingerprint == self.shared.snapshots.load().settings.fingerprint {
                    return Attempt { inputs, result: Ok(Taken::Unchanged) };
                }
                Attempt { inputs, result: self.take(loaded, next) }
            }
        }
    }

    fn stands(&mut self) -> bool {
        self.known.stands()
    }

    fn tidy(&mut self) {
        self.shared.snapshots.sweep();
    }

    fn name(&self) -> String {
        self.file.display().to_string()
    }
}

impl ConfigSource {
    fn take(&self, loaded: Loaded, next: u64) -> Result<Taken, Vec<Complaint>> {
        let before = self.shared.snapshots.load();
        let snapshot =
            Snapshot::compile(loaded, Some(&before), &self.observer).map_err(|items| complaints(&items))?;
        debug_assert_eq!(snapshot.generation, next, "the reload and the snapshot count alike");
        let settings = &snapshot.settings;
        self.observer
            .direct(&settings.telemetry, settings.limits.audit_queue)
            .map_err(|error| vec![told(&error)])?;
        let changes = config::diff(&before.settings, settings);
        let needs_restart = config::restarts(&self.fixed, settings);
        let taken = Taken::Swapped {
            hash: settings.hash.clone(),
            warnings: snapshot.warnings.iter().map(complaint).collect(),
            needs_restart,
            changes: changes.iter().map(|change| change.path.as_str()).collect::<Vec<_>>().join(", "),
        };
        self.apply(settings);
        self.observer.show(&snapshot.meters);
        self.shared.snapshots.store(snapshot);
        if let Err(error) = self.fetcher.follow() {
            tracing::error!(%error, "no thread can be started to fetch keys; the routes that need them answer 503");
        }
        Ok(taken)
    }

    /// What lives outside the snapshot takes over the new bounds.
    fn apply(&self, settings: &Settings) {
        self.shared.tables.apply(&settings.limits);
        self.shared.budget.set_total(settings.limits.buffered_total);
        self.slots.set(connections(settings));
        self.log.set(level(settings), settings.telemetry.log_format);
    }
}

/// What a later configuration is compared with for keys that need a restart; holds no secret.
pub(super) fn fixed(settings: &Settings) -> Settings {
    let mut fixed = settings.clone();
    fixed.routes = Vec::new();
    fixed.api_keys = ApiKeys::default();
    (fixed.security.ip_allowlist, fixed.security.ip_denylist) = (None, None);
    fixed
}

fn complaints(problems: &[Problem]) -> Vec<Complaint> {
    problems.iter().filter(|problem| problem.severity == Severity::Error).map(complaint).collect()
}

fn told(error: &impl ToString) -> Complaint {
    Complaint { file: String::new(), line: 0, column: 0, message: error.to_string(), hint: String::new() }
}
