//! Whether traffic should come here: one judgement from the configuration, the app, the workers and the drain.
//!
//! *unhealthy* (503): draining, a worker is stuck, or the app cannot be reached: this instance can serve nobody, others
//! may. *degraded* (200): a changed configuration is refused, the app of a single route cannot be reached, or the app
//! is down during maintenance, when callers get the maintenance answer from us. *healthy* (200): everything else.

use std::rc::Rc;

use serde_json::{Map, Value, json};

use super::probe::{self, Found};
use super::{Desk, Startup};
use crate::base::clock;
use crate::config::settings::Settings;
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
    /// How much its trouble is ours.
    pub(super) effect: Health,
}

/// The whole judgement.
#[derive(Clone, Debug)]
pub(super) struct Readiness {
    pub(super) health: Health,
    pub(super) status: Rc<Status>,
    pub(super) dependencies: Vec<Dependency>,
    /// Why it is unhealthy apart from dependencies.
    pub(super) reasons: Vec<String>,
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
    let dependencies = dependencies(desk, &snapshot.settings).await;
    let own = match (reasons.is_empty(), &status.refused) {
        (false, _) => Health::Unhealthy,
        (true, Some(_)) => Health::Degraded,
        (true, None) => Health::Healthy,
    };
    let health = dependencies.iter().map(|dependency| dependency.effect).chain([own]).max().unwrap_or(own);
    Readiness { health, status: Rc::new(Status::clone(&status)), dependencies, reasons }
}

async fn dependencies(desk: &Desk, settings: &Settings) -> Vec<Dependency> {
    let main = desk.probes.ask(&settings.upstream).await;
    let effect = if settings.operational.maintenance_mode { Health::Degraded } else { Health::Unhealthy };
    let mut all =
        vec![dependency("upstream".to_owned(), probe::name(&settings.upstream.target), main, effect)];
    for route in &settings.routes {
        let Some(upstream) = route.upstream.as_ref().filter(|other| other.target != settings.upstream.target)
        else {
            continue;
        };
        let found = desk.probes.ask(upstream).await;
        let name = format!("upstream of {}", route.name);
        all.push(dependency(name, probe::name(&upstream.target), found, Health::Degraded));
    }
    all
}

fn dependency(name: String, target: String, found: Found, effect: Health) -> Dependency {
    match found {
        Ok(()) => Dependency {
            name,
            health: Health::Healthy,
            message: format!("{target} accepts connections"),
            effect: Health::Healthy,
        },
        Err(message) => Dependency { name, health: Health::Unhealthy, message, effect },
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
        let error = self.status.refused.as_ref().map(|refused| {
            let first = refused.complaints.first();
            json!({
                "file": first.map(|complaint| complaint.file.as_str()),
                "line": first.map(|complaint| complaint.line),
                "column": first.map(|complaint| complaint.column),
                "message": first.map(ToString::to_string),
                "problems": refused.complaints.len(),
                "since": refused.at.rfc3339(),
            })
        });
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
