//! Whether traffic should come here: one judgement from the configuration, the app, the workers and the drain.
//!
//! *unhealthy* (503): draining, starting, or a worker is stuck: the gate itself should get no traffic. *degraded* (200):
//! a changed configuration is refused, or an app cannot be reached; the gate answers, and says what is wrong.
//! *healthy* (200): everything else. Why the app's absence is not unhealthy: `docs/decisions/0008-ready.md`.

use std::rc::Rc;

use serde_json::{Map, Value, json};

use super::{Desk, Startup, keys, probe, rotation};
use crate::base::clock;
use crate::config::settings::{Settings, Upstream};
use crate::listen::drain::Stage;
use crate::reload::{Status, Watching};

/// How well, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Health {
    Healthy,
    Degraded,
    Unhealthy,
}

impl Health {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Degraded => "degraded",
            Self::Unhealthy => "unhealthy",
        }
    }
}

/// One thing the gate depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Dependency {
    pub(super) name: String,
    pub(super) health: Health,
    pub(super) message: String,
}

/// The whole judgement.
#[derive(Clone, Debug)]
pub(super) struct Readiness {
    pub(super) health: Health,
    pub(super) status: Rc<Status>,
    pub(super) dependencies: Vec<Dependency>,
    /// Why it is unhealthy apart from dependencies.
    pub(super) reasons: Vec<String>,
    /// Rotations that were forgotten.
    pub(super) rotations: Vec<String>,
}

/// Looks at everything.
pub(super) async fn judge(desk: &Desk) -> Readiness {
    let snapshot = desk.snapshots.load();
    let status = desk.reload.status();
    let mut reasons = Vec::new();
    if desk.drain.stage() > Stage::Serving {
        reasons.push("draining: no new traffic should come here".to_owned());
    }
    if desk.startup.get() == Startup::Starting {
        reasons.push("starting: the listeners are not bound yet".to_owned());
    }
    if let Err(stuck) = desk.pulse.check(clock::mono()) {
        reasons.push(super::public::stuck(stuck));
    }
    let mut dependencies = dependencies(desk, &snapshot.settings).await;
    dependencies.extend(snapshot.policy.fetched().map(|fetched| keys::dependency(fetched, clock::mono())));
    let all_reached = dependencies.iter().all(|dependency| dependency.health == Health::Healthy);
    let health = match (reasons.is_empty(), &status.refused, all_reached) {
        (false, _, _) => Health::Unhealthy,
        (true, Some(_), _) | (true, None, false) => Health::Degraded,
        (true, None, true) => Health::Healthy,
    };
    let rotations = rotation::forgotten(&snapshot.settings, &snapshot.meters, clock::now().wall);
    desk.warn_of(&rotations);
    Readiness { health, status: Rc::new(Status::clone(&status)), dependencies, reasons, rotations }
}

async fn dependencies(desk: &Desk, settings: &Settings) -> Vec<Dependency> {
    let mut all = vec![dependency("upstream".to_owned(), &settings.upstream, desk).await];
    for route in &settings.routes {
        let other = route.upstream.as_ref().filter(|other| other.target != settings.upstream.target);
        if let Some(upstream) = other {
            all.push(dependency(format!("upstream of {}", route.name), upstream, desk).await);
        }
    }
    all
}

async fn dependency(name: String, upstream: &Upstream, desk: &Desk) -> Dependency {
    match desk.probes.ask(upstream).await {
        Ok(()) => {
            let message = format!("{} accepts connections", probe::name(&upstream.target));
            Dependency { name, health: Health::Healthy, message }
        }
        Err(message) => Dependency { name, health: Health::Unhealthy, message },
    }
}

impl Readiness {
    /// The answer of `/ready`.
    pub(super) fn json(&self) -> Value {
        let mut dependencies = Map::new();
        for dependency in &self.dependencies {
            let told = json!({ "status": dependency.health.word(), "message": dependency.message });
            dependencies.insert(dependency.name.clone(), told);
        }
        let refused = self.status.refused.as_ref();
        let error = refused.and_then(|refused| refused.complaints.first()).map(ToString::to_string);
        let mut told = json!({
            "status": self.health.word(),
            "timestamp": clock::now().wall.rfc3339(),
            "config": { "generation": self.status.generation, "hash": self.status.hash, "error": error },
            "dependencies": dependencies,
        });
        if let (false, Some(object)) = (self.reasons.is_empty(), told.as_object_mut()) {
            object.insert("reasons".to_owned(), json!(self.reasons));
        }
        told
    }

    /// The answer of `/ready?verbose`: a line for each thing looked at, in the form of the Kubernetes API server's.
    pub(super) fn lines(&self) -> String {
        let status = &self.status;
        let mut lines = Vec::new();
        lines.extend(self.reasons.iter().map(|reason| format!("[-] {reason}")));
        let taken = status.taken_at.rfc3339();
        lines.push(format!("[+] config: generation {} of {taken}, hash {}", status.generation, status.hash));
        for complaint in status.refused.iter().flat_map(|refused| &refused.complaints) {
            lines.push(format!("[-] config: a newer one is refused: {complaint}"));
        }
        lines.extend(status.warnings.iter().map(|warning| format!("[!] config: {warning}")));
        for key in &status.needs_restart {
            lines.push(format!(
                "[!] config: `{key}` was changed and needs a restart; the old value is in use"
            ));
        }
        if let Watching::Polling { because } = &status.watching {
            lines.push(format!("[!] config: changes are noticed within seconds, not at once ({because})"));
        }
        for path in &status.pinned {
            let path = path.display();
            lines.push(format!(
                "[!] config: {path} is mounted alone (subPath) and never updates; mount its directory"
            ));
        }
        lines.extend(self.rotations.iter().map(|rotation| format!("[!] {rotation}")));
        for dependency in &self.dependencies {
            let sign = if dependency.health == Health::Healthy { '+' } else { '-' };
            lines.push(format!("[{sign}] {}: {}", dependency.name, dependency.message));
        }
        lines.push(format!("ready: {}\n", self.health.word()));
        lines.join("\n")
    }
}

#[cfg(test)]
mod tests;
