//! The counters of each route, found when a configuration is compiled so that a request only adds.
//!
//! [`MeterSet`] belongs to one generation; the numbers behind it live on as long as a route of that name does, so
//! counters do not jump back at a reload, and series of removed routes leave the page.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::count::{Count, GATE_BOUNDS, REQUEST_BOUNDS, Spread, Timed, Timing};
use crate::base::failure::Failure;
use crate::base::name::{RouteName, SecretId};
use crate::check::deny::Reason;
use crate::config::settings::{Require, Route};

/// How a request ended, as far as counters care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// The app answered with this status.
    Forwarded(u16),
    /// A repeat, answered without the app.
    Acknowledged,
    /// A provider's handshake, answered without the app.
    Answered,
    /// Refused by policy.
    Denied(Reason),
    /// The world failed.
    Failed(Failure),
}

/// The counters of one generation's routes.
#[derive(Clone, Debug)]
pub struct MeterSet {
    generation: u64,
    routes: Arc<[RouteMeter]>,
    none: RouteMeter,
}

/// The counters of one route, one handle per worker.
#[derive(Clone, Debug)]
pub struct RouteMeter {
    shards: Arc<[Arc<Shard>]>,
}

/// What one worker holds of a route. Its reference count is the worker's own, so cloning it meets nobody.
#[derive(Debug)]
#[repr(align(128))]
pub(super) struct Shard {
    pub(super) tally: Arc<Tally>,
    pub(super) keys: KeyUse,
    index: usize,
    secrets: Secrets,
}

/// Whether a route judges API keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyUse {
    Never,
    /// One of several credentials a caller may choose.
    Chosen,
    Always,
}

/// Whether a route receives webhooks: it checks a signature or a shared secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Webhook {
    No,
    Yes,
}

/// How often each secret of a route let a request through.
type Secrets = Arc<[(SecretId, Arc<Spread>)]>;

/// The numbers of one route, kept over reloads.
#[derive(Debug)]
pub(super) struct Tally {
    name: Option<RouteName>,
    hot: Box<[Hot]>,
    acknowledged: Count,
    handshakes: Count,
    denied: Box<[Count]>,
    failed: Box<[Count]>,
}

#[derive(Debug, Default)]
#[repr(align(128))]
struct Hot {
    /// By hundreds of the app's status; 0: a status outside 100–599.
    answered: [Count; 6],
    gate: Timing,
    upstream: Timing,
    request: Timing,
}

impl MeterSet {
    /// Handles for `routes`, taking over from `before` the numbers of routes and secrets that stay.
    pub(super) fn plan(shards: usize, generation: u64, routes: &[Route], before: Option<&Self>) -> Self {
        let none = match before {
            Some(before) => before.none.clone(),
            None => {
                RouteMeter::new(shards, &Arc::new(Tally::new(shards, None)), KeyUse::Never, Arc::default())
            }
        };
        let known: HashMap<&str, &Arc<Shard>> = before.into_iter().flat_map(Self::named).collect();
        let routes = routes
            .iter()
            .map(|route| {
                let old = known.get(route.name.as_str());
                let tally = match old {
                    Some(old) => Arc::clone(&old.tally),
                    None => Arc::new(Tally::new(shards, Some(route.name.clone()))),
                };
                let old_secrets = old.map(|old| &old.secrets);
                RouteMeter::new(shards, &tally, KeyUse::of(route), secrets(shards, route, old_secrets))
            })
            .collect();
        Self { generation, routes, none }
    }

    /// The generation these handles were made for.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// The counters of the route at `index` of the settings; those of no route when there is none such.
    pub fn route(&self, index: usize) -> &RouteMeter {
        self.routes.get(index).unwrap_or(&self.none)
    }

    /// The counters of requests that belong to no route.
    pub fn none(&self) -> &RouteMeter {
        &self.none
    }

    /// Every route's handles, those of no route last.
    pub(super) fn all(&self) -> impl Iterator<Item = &RouteMeter> {
        self.routes.iter().chain([&self.none])
    }

    /// Every route by its name; one look-up for each, as there may be thousands.
    fn named(&self) -> impl Iterator<Item = (&str, &Arc<Shard>)> {
        let shards = self.routes.iter().filter_map(|meter| meter.shards.first());
        shards.filter_map(|shard| Some((shard.tally.name.as_ref()?.as_str(), shard)))
    }
}

fn secrets(shards: usize, route: &Route, before: Option<&Secrets>) -> Secrets {
    let shared = route.shared_secret.iter().flat_map(|rule| &rule.secrets);
    let signing = route.signature.iter().flat_map(|rule| &rule.secrets);
    let mut all: Vec<(SecretId, Arc<Spread>)> = Vec::new();
    for entry in shared.chain(signing) {
        if all.iter().any(|(id, _)| *id == entry.id) {
            continue;
        }
        let old = before.and_then(|before| before.iter().find(|(id, _)| *id == entry.id));
        let count = old.map_or_else(|| Arc::new(Spread::new(shards)), |(_, count)| Arc::clone(count));
        all.push((entry.id.clone(), count));
    }
    all.into()
}

impl KeyUse {
    fn of(route: &Route) -> Self {
        match (&route.api_key, route.require) {
            (None, _) => Self::Never,
            (Some(_), Require::All) => Self::Always,
            (Some(_), Require::Any) if route.signature.is_none() && route.shared_secret.is_none() => {
                Self::Always
            }
            (Some(_), Require::Any) => Self::Chosen,
        }
    }
}

impl RouteMeter {
    fn new(shards: usize, tally: &Arc<Tally>, keys: KeyUse, secrets: Secrets) -> Self {
        let shard =
            |index| Arc::new(Shard { tally: Arc::clone(tally), keys, index, secrets: Arc::clone(&secrets) });
        Self { shards: (0..shards.max(1)).map(shard).collect() }
    }

    pub(super) fn tally(&self) -> Option<&Arc<Tally>> {
        self.shards.first().map(|shard| &shard.tally)
    }

    pub(super) fn shard(&self, index: usize) -> Option<&Arc<Shard>> {
        self.shards.get(index)
    }

    /// The id of every secret of the route and how often it let a request through.
    pub fn secret_uses(&self) -> impl Iterator<Item = (&SecretId, u64)> {
        self.shards
            .first()
            .into_iter()
            .flat_map(|shard| shard.secrets.iter())
            .map(|(id, count)| (id, count.sum()))
    }

    pub(super) fn webhook(&self) -> Webhook {
        match self.secret_uses().next() {
            Some(_) => Webhook::Yes,
            None => Webhook::No,
        }
    }
}

impl Shard {
    /// Counts one ended request. `gate` is the time that was the gate's own.
    pub(super) fn ended(&self, ending: Ending, gate: Duration) {
        self.tally.ended(self.index, ending);
        if let Some(hot) = self.tally.hot.get(self.index) {
            hot.gate.observe(&GATE_BOUNDS, gate);
        }
    }

    /// Counts the app's time to the head of its answer.
    pub(super) fn upstream(&self, span: Duration) {
        if let Some(hot) = self.tally.hot.get(self.index) {
            hot.upstream.observe(&REQUEST_BOUNDS, span);
        }
    }

    /// Counts a request's time to the last byte of its answer.
    pub(super) fn finished(&self, span: Duration) {
        if let Some(hot) = self.tally.hot.get(self.index) {
            hot.request.observe(&REQUEST_BOUNDS, span);
        }
    }

    /// Counts that the secret `id` let a request through.
    pub(super) fn secret_used(&self, id: &str) {
        if let Some((_, count)) = self.secrets.iter().find(|(known, _)| known.as_str() == id) {
            count.add(self.index, 1);
        }
    }
}

impl Tally {
    fn new(shards: usize, name: Option<RouteName>) -> Self {
        let counts = |length: usize| (0..length).map(|_| Count::default()).collect();
        Self {
            name,
            hot: (0..shards.max(1)).map(|_| Hot::default()).collect(),
            acknowledged: Count::default(),
            handshakes: Count::default(),
            denied: counts(Reason::ALL.len()),
            failed: counts(Failure::ALL.len()),
        }
    }

    fn ended(&self, shard: usize, ending: Ending) {
        let count = match ending {
            Ending::Forwarded(status) => {
                let class = usize::from(status / 100);
                self.hot.get(shard).and_then(|hot| hot.answered.get(class).or(hot.answered.first()))
            }
            Ending::Acknowledged => Some(&self.acknowledged),
            Ending::Answered => Some(&self.handshakes),
            Ending::Denied(reason) => position(Reason::ALL, &reason).and_then(|place| self.denied.get(place)),
            Ending::Failed(failure) => {
                position(&Failure::ALL, &failure).and_then(|place| self.failed.get(place))
            }
        };
        if let Some(count) = count {
            count.add(1);
        }
    }

    /// Name of the route; `None`: the numbers of requests without one.
    pub(super) fn name(&self) -> Option<&RouteName> {
        self.name.as_ref()
    }

    /// Requests the app answered, by hundreds of the status; 0: a status outside 100–599.
    pub(super) fn answered(&self) -> [u64; 6] {
        let mut all = [0_u64; 6];
        for hot in &self.hot {
            for (sum, count) in all.iter_mut().zip(&hot.answered) {
                *sum = sum.wrapping_add(count.get());
            }
        }
        all
    }

    pub(super) fn acknowledged(&self) -> u64 {
        self.acknowledged.get()
    }

    pub(super) fn handshakes(&self) -> u64 {
        self.handshakes.get()
    }

    pub(super) fn denied(&self) -> impl Iterator<Item = (Reason, u64)> {
        Reason::ALL.iter().copied().zip(self.denied.iter().map(Count::get))
    }

    pub(super) fn failed(&self) -> impl Iterator<Item = (Failure, u64)> {
        Failure::ALL.into_iter().zip(self.failed.iter().map(Count::get))
    }

    pub(super) fn gate(&self) -> Timed {
        Timed::of(self.hot.iter().map(|hot| &hot.gate))
    }

    pub(super) fn upstream(&self) -> Timed {
        Timed::of(self.hot.iter().map(|hot| &hot.upstream))
    }

    pub(super) fn request(&self) -> Timed {
        Timed::of(self.hot.iter().map(|hot| &hot.request))
    }
}

fn position<T: PartialEq>(all: &[T], wanted: &T) -> Option<usize> {
    all.iter().position(|one| one == wanted)
}

#[cfg(test)]
mod tests;
