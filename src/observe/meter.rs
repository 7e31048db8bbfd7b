//! The counters of each route, found when a configuration is compiled so that a request only adds.
//!
//! [`MeterSet`] belongs to one generation; the numbers behind it live on as long as a route of that name does, so
//! counters do not jump back at a reload, and series of removed routes leave the page.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::count::{Count, Own, Phase, Spread, Timed, Timings};
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
    /// How many routes there are, and one more: what belongs to no route comes last.
    places: usize,
    /// The shards of the first worker, then those of the next, so that what one of them writes lies together.
    shards: Arc<[Arc<Shard>]>,
}

/// The counters of one route, one handle per worker.
#[derive(Clone, Copy, Debug)]
pub struct RouteMeter<'a> {
    set: &'a MeterSet,
    place: usize,
}

/// What one worker holds of a route: with its reference count one cache line, and all of it the worker's own, so that
/// cloning it meets nobody.
#[derive(Debug)]
pub(super) struct Shard {
    hot: Arc<Hot>,
    pub(super) tally: Arc<Tally>,
    secrets: Secrets,
    index: usize,
    pub(super) keys: KeyUse,
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
    hot: Box<[Arc<Hot>]>,
    acknowledged: Count,
    handshakes: Count,
    denied: Box<[Count]>,
    failed: Box<[Count]>,
}

/// What requests that pass add to, in this order: two or three cache lines of it are touched.
#[derive(Debug, Default)]
#[repr(C, align(64))]
struct Hot {
    /// By hundreds of the app's status; 0: a status outside 100–599.
    answered: [Own; 6],
    times: Timings,
}

impl MeterSet {
    /// Handles for `routes`, taking over from `before` the numbers of routes and secrets that stay.
    pub(super) fn plan(workers: usize, generation: u64, routes: &[Route], before: Option<&Self>) -> Self {
        let known: HashMap<&str, &Arc<Shard>> = before.into_iter().flat_map(Self::named).collect();
        let mut kinds = Vec::with_capacity(routes.len() + 1);
        for route in routes {
            let old = known.get(route.name.as_str());
            let tally = match old {
                Some(old) => Arc::clone(&old.tally),
                None => Arc::new(Tally::new(workers, Some(route.name.clone()))),
            };
            let secrets = secrets(workers, route, old.map(|old| &old.secrets));
            kinds.push((tally, KeyUse::of(route), secrets));
        }
        let none = before.and_then(|before| before.none().tally()).cloned();
        let none = none.unwrap_or_else(|| Arc::new(Tally::new(workers, None)));
        kinds.push((none, KeyUse::Never, Arc::default()));
        let of_worker = |worker| kinds.iter().map(move |kind| Arc::new(Shard::new(worker, kind)));
        let shards: Vec<_> = (0..workers.max(1)).flat_map(of_worker).collect();
        Self { generation, places: kinds.len(), shards: shards.into() }
    }

    /// The generation these handles were made for.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// The counters of the route at `index` of the settings; those of no route when there is none such.
    pub fn route(&self, index: usize) -> RouteMeter<'_> {
        RouteMeter { set: self, place: index.min(self.places.saturating_sub(1)) }
    }

    /// The counters of requests that belong to no route.
    pub fn none(&self) -> RouteMeter<'_> {
        self.route(usize::MAX)
    }

    /// Every route's handles, those of no route last.
    pub(super) fn all(&self) -> impl Iterator<Item = RouteMeter<'_>> {
        (0..self.places).map(|place| RouteMeter { set: self, place })
    }

    /// Every route by its name; one look-up for each, as there may be thousands.
    fn named(&self) -> impl Iterator<Item = (&str, &Arc<Shard>)> {
        let shards = self.shards.iter().take(self.places);
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

impl<'a> RouteMeter<'a> {
    pub(super) fn tally(self) -> Option<&'a Arc<Tally>> {
        self.shard(0).map(|shard| &shard.tally)
    }

    pub(super) fn shard(self, worker: usize) -> Option<&'a Arc<Shard>> {
        self.set.shards.get(worker.saturating_mul(self.set.places).saturating_add(self.place))
    }

    /// The id of every secret of the route and how often it let a request through.
    pub fn secret_uses(self) -> impl Iterator<Item = (&'a SecretId, u64)> {
        let secrets = self.shard(0).into_iter().flat_map(|shard| shard.secrets.iter());
        secrets.map(|(id, count)| (id, count.sum()))
    }

    pub(super) fn webhook(self) -> Webhook {
        match self.secret_uses().next() {
            Some(_) => Webhook::Yes,
            None => Webhook::No,
        }
    }
}

impl Shard {
    /// The shard of the worker `index`.
    fn new(index: usize, (tally, keys, secrets): &(Arc<Tally>, KeyUse, Secrets)) -> Self {
        // There is one for each worker: how many there are is fixed while the process runs.
        let hot = tally.hot.get(index).cloned().unwrap_or_default();
        Self { hot, tally: Arc::clone(tally), secrets: Arc::clone(secrets), index, keys: *keys }
    }

    /// Counts one ended request. `gate` is the time that was the gate's own.
    pub(super) fn ended(&self, ending: Ending, gate: Duration) {
        let count = match ending {
            Ending::Forwarded(status) => {
                let class = usize::from(status / 100);
                if let Some(own) = self.hot.answered.get(class).or(self.hot.answered.first()) {
                    own.add(1);
                }
                None
            }
            Ending::Acknowledged => Some(&self.tally.acknowledged),
            Ending::Answered => Some(&self.tally.handshakes),
            Ending::Denied(reason) => {
                position(Reason::ALL, &reason).and_then(|place| self.tally.denied.get(place))
            }
            Ending::Failed(failure) => {
                position(&Failure::ALL, &failure).and_then(|place| self.tally.failed.get(place))
            }
        };
        if let Some(count) = count {
            count.add(1);
        }
        self.hot.times.observe(Phase::Gate, gate);
    }

    /// Counts the app's time to the head of its answer.
    pub(super) fn upstream(&self, span: Duration) {
        self.hot.times.observe(Phase::Upstream, span);
    }

    /// Counts a request's time to the last byte of its answer.
    pub(super) fn finished(&self, span: Duration) {
        self.hot.times.observe(Phase::Request, span);
    }

    /// Counts that the secret `id` let a request through.
    pub(super) fn secret_used(&self, id: &str) {
        if let Some((_, count)) = self.secrets.iter().find(|(known, _)| known.as_str() == id) {
            count.add(self.index, 1);
        }
    }
}

impl Tally {
    fn new(workers: usize, name: Option<RouteName>) -> Self {
        let counts = |length: usize| (0..length).map(|_| Count::default()).collect();
        Self {
            name,
            hot: (0..workers.max(1)).map(|_| Arc::default()).collect(),
            acknowledged: Count::default(),
            handshakes: Count::default(),
            denied: counts(Reason::ALL.len()),
            failed: counts(Failure::ALL.len()),
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
        self.timed(Phase::Gate)
    }

    pub(super) fn upstream(&self) -> Timed {
        self.timed(Phase::Upstream)
    }

    pub(super) fn request(&self) -> Timed {
        self.timed(Phase::Request)
    }

    fn timed(&self, phase: Phase) -> Timed {
        Timed::of(phase, self.hot.iter().map(|hot| &hot.times))
    }
}

fn position<T: PartialEq>(all: &[T], wanted: &T) -> Option<usize> {
    all.iter().position(|one| one == wanted)
}

#[cfg(test)]
mod tests;
