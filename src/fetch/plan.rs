//! When what is fetched: pure bookkeeping over places, so that no caller of the gate can cause more than a bounded
//! number of fetches. Time comes in as an argument.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::base::clock::Mono;
use crate::config::settings::{Place, Remote};
use crate::scheme::NamedCertificate;
use crate::state::fetched::Fetched;

/// First pause after a failure; doubled with each further one.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// Longest pause after failures, where `refresh` is not shorter.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);
/// Between two fetches that a signature nobody could verify brought forward.
pub(super) const EARLY: Duration = Duration::from_secs(60);
/// Certificates that messages named are fetched at most so often in each [`EARLY`], for each secret of a route.
pub(super) const MOST_NAMED_A_MINUTE: usize = 6;

/// Something to fetch now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Errand {
    /// Where it lies.
    pub(super) place: Place,
    /// What a message said of it, where one named it.
    pub(super) named: Option<NamedCertificate>,
}

/// How an errand ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It is in force.
    Good,
    /// Nothing new is in force.
    Bad,
}

/// An errand's end, and how often its place is to be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ended {
    pub(super) outcome: Outcome,
    pub(super) refresh: Duration,
}

/// Every place and when it is due.
#[derive(Debug, Default)]
pub(super) struct Plan {
    places: HashMap<Place, Visit>,
    /// When certificates were fetched because messages named them, by route and secret.
    named: HashMap<(String, String), Vec<Mono>>,
    /// Places that messages named and that are being asked.
    flying: Vec<Place>,
}

/// One place.
#[derive(Debug)]
struct Visit {
    due: Mono,
    /// Failures since it last went well.
    failures: u32,
    is_flying: bool,
    /// When it may next be asked before it is due.
    early: Mono,
}

impl Plan {
    /// What is to be fetched now, at most `free` of it.
    pub(super) fn due(&mut self, sources: &[Arc<Fetched>], now: Mono, free: usize) -> Vec<Errand> {
        self.places.retain(|place, _| {
            sources.iter().any(|source| matches!(&*source.remote, Remote::At(rule) if rule.place == *place))
        });
        let mut errands = Vec::new();
        for source in sources {
            match &*source.remote {
                Remote::At(rule) => {
                    let fresh = Visit { due: now, failures: 0, is_flying: false, early: now };
                    let visit = self.places.entry(rule.place.clone()).or_insert(fresh);
                    if source.is_missed() && visit.due > now && visit.early <= now {
                        visit.due = now;
                        visit.early = now.plus(EARLY);
                    }
                    if visit.due <= now && !visit.is_flying && errands.len() < free {
                        visit.is_flying = true;
                        source.forget_miss();
                        errands.push(Errand { place: rule.place.clone(), named: None });
                    }
                }
                Remote::Named(_) => {
                    let room = free.saturating_sub(errands.len());
                    errands.extend(self.named(source, now, room));
                }
            }
        }
        errands
    }

    fn named(&mut self, source: &Fetched, now: Mono, room: usize) -> Vec<Errand> {
        let past = self.named.entry(key(source)).or_default();
        past.retain(|at| now.since(*at) < EARLY);
        let room = room.min(MOST_NAMED_A_MINUTE.saturating_sub(past.len()));
        let flying = &mut self.flying;
        let fresh = source.wanted().into_iter().filter(|(place, _)| !flying.contains(place)).take(room);
        let errands: Vec<Errand> = fresh.map(|(place, named)| Errand { place, named: Some(named) }).collect();
        past.extend(errands.iter().map(|_| now));
        flying.extend(errands.iter().map(|errand| errand.place.clone()));
        errands
    }

    /// When to look again, if nobody rings; `None`: not before somebody does.
    pub(super) fn next(&self, sources: &[Arc<Fetched>], now: Mono) -> Option<Mono> {
        let due = self.places.values().filter(|visit| !visit.is_flying).map(|visit| visit.due);
        let other = sources.iter().filter_map(|source| match &*source.remote {
            Remote::At(rule) => {
                let held = source.held();
                let over = held.iter().map(|held| held.until).find(|until| *until > now);
                let early = self.places.get(&rule.place).filter(|_| source.is_missed());
                over.into_iter().chain(early.map(|visit| visit.early)).min()
            }
            Remote::Named(_) if source.wanted().is_empty() => None,
            Remote::Named(_) => {
                let past = self.named.get(&key(source)).filter(|past| past.len() >= MOST_NAMED_A_MINUTE)?;
                past.first().map(|at| at.plus(EARLY))
            }
        });
        due.chain(other).min()
    }

    /// An errand ended. The next visit is `refresh` away, spread by up to a tenth either way by `chance`, so that a
    /// fleet that started together does not ask together.
    pub(super) fn landed(&mut self, errand: &Errand, ended: Ended, now: Mono, chance: u64) {
        self.flying.retain(|place| *place != errand.place);
        let Some(visit) = self.places.get_mut(&errand.place).filter(|_| errand.named.is_none()) else {
            return;
        };
        visit.is_flying = false;
        let pause = match ended.outcome {
            Outcome::Good => {
                visit.failures = 0;
                ended.refresh
            }
            Outcome::Bad => {
                let doubled = FIRST_PAUSE.saturating_mul(1 << visit.failures.min(16));
                visit.failures = visit.failures.saturating_add(1);
                doubled.min(LONGEST_PAUSE).min(ended.refresh)
            }
        };
        visit.due = now.plus(spread(pause, chance));
    }

    /// Errands were lost with their task; each may be begun again.
    pub(super) fn lost(&mut self) {
        self.flying.clear();
        self.places.values_mut().for_each(|visit| visit.is_flying = false);
    }
}

fn key(source: &Fetched) -> (String, String) {
    (source.route.clone(), source.id.to_string())
}

/// Between nine and eleven tenths of `pause`.
fn spread(pause: Duration, chance: u64) -> Duration {
    let thousandths = 900_u32.saturating_add(u32::try_from(chance % 201).unwrap_or(100));
    pause.saturating_mul(thousandths) / 1000
}

#[cfg(test)]
mod tests;
