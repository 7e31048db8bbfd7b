//! What came back becomes keys in force, or leaves those that are; every change is told once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::certificate;
use super::get::Failed;
use super::plan::{Ended, Errand, Outcome};
use crate::base::clock::Now;
use crate::config::settings::Remote;
use crate::observe::{self, Action, Event, Observer};
use crate::scheme::NamedCertificate;
use crate::state::fetched::{Content, Fetched, Told};

/// How long a certificate that a message named counts before it is fetched again.
const NAMED_FOR: Duration = Duration::from_secs(24 * 60 * 60);
/// How long a certificate that is none, or is not there, is not asked for again.
const NOT_AGAIN: Duration = Duration::from_secs(600);
/// The same where the host did not answer: a message that names it may well be genuine.
const NOT_NOW: Duration = Duration::from_secs(10);

/// Puts answers in force.
#[derive(Debug)]
pub(super) struct Landing {
    observer: Arc<Observer>,
    /// Route and secret of keys that are over.
    over: BTreeSet<Name>,
    /// The failure that was last told of a route's secret.
    failing: BTreeMap<Name, String>,
}

/// Route and secret.
type Name = (String, String);

/// Why nothing was taken, and for how long a certificate is not asked for again.
type Refused = (String, Duration);

impl Landing {
    pub(super) fn new(observer: Arc<Observer>) -> Self {
        Self { observer, over: BTreeSet::new(), failing: BTreeMap::new() }
    }

    /// Tells once of keys that were in force and are over.
    pub(super) fn look(&mut self, sources: &[Arc<Fetched>], now: Now) {
        for source in sources.iter().filter(|source| matches!(*source.remote, Remote::At(_))) {
            if source.is_in_force(now.mono) {
                self.over.remove(&name(source));
            } else if source.told().fetched.is_some() && self.over.insert(name(source)) {
                let problem = source.told().problem.unwrap_or_default();
                tracing::error!(route = source.route, secret = %source.id, problem, "max_stale is over: the fetched \
                    keys no longer count, and what needs them is answered 503");
                self.record(
                    source,
                    (observe::Outcome::Refused, format!("max_stale is over: {problem}")),
                    now,
                );
            }
        }
    }

    /// Takes what came of an errand to everything that waits for it.
    pub(super) fn land(
        &mut self,
        sources: &[Arc<Fetched>],
        errand: &Errand,
        result: Result<Vec<u8>, Failed>,
        now: Now,
    ) -> Ended {
        let mut ended = Ended { outcome: Outcome::Good, refresh: NAMED_FOR };
        let content = result.map(|bytes| Arc::new(Content { place: errand.place.clone(), bytes, at: now }));
        for source in sources {
            let taken = match (&*source.remote, &errand.named) {
                (Remote::At(rule), None) if rule.place == errand.place => {
                    ended.refresh = ended.refresh.min(rule.refresh);
                    self.take(source, &content, (now, rule.max_stale))
                }
                (Remote::Named(_), Some(named)) if source.wants(&errand.place) => {
                    let judged = content.as_ref().map_or(Ok(()), |content| judged(content, named, now));
                    judged.and_then(|()| self.take(source, &content, (now, NAMED_FOR)))
                }
                (Remote::At(_) | Remote::Named(_), Some(_) | None) => continue,
            };
            if let Err((problem, pause)) = taken {
                ended.outcome = Outcome::Bad;
                source.failed(&errand.place, now.mono.plus(pause), now.mono);
                self.failed(source, errand, problem, now);
            }
        }
        self.observer.fetched(match ended.outcome {
            Outcome::Good => observe::Outcome::Applied,
            Outcome::Bad => observe::Outcome::Refused,
        });
        ended
    }

    fn take(
        &mut self,
        source: &Fetched,
        content: &Result<Arc<Content>, Failed>,
        (now, keep): (Now, Duration),
    ) -> Result<(), Refused> {
        let content = content.as_ref().map_err(|failed| (failed.to_string(), pause(failed)))?;
        let held = source.held();
        let before = held.iter().find(|held| held.content.place == content.place);
        let is_new = before.is_none_or(|before| before.content.bytes != content.bytes);
        source.put(content, now.mono.plus(keep)).map_err(|refused| (refused.to_string(), NOT_AGAIN))?;
        let was_failing = self.failing.remove(&name(source)).is_some();
        if is_new {
            let place = content.place.to_string();
            let digest = fingerprint(&content.bytes);
            tracing::info!(route = source.route, secret = %source.id, place, digest, "fetched keys are in force");
            let was = before.map_or_else(|| "none".to_owned(), |before| fingerprint(&before.content.bytes));
            let detail = format!("{place}: sha256 {was} became {digest}");
            self.record(source, (observe::Outcome::Applied, detail), now);
        } else if was_failing {
            tracing::info!(route = source.route, secret = %source.id, "keys are fetched again, and are the same");
        }
        Ok(())
    }

    fn failed(&mut self, source: &Fetched, errand: &Errand, problem: String, now: Now) {
        let told = format!("{}: {problem}", errand.place);
        source.tell(Told { fetched: source.told().fetched, problem: Some(told.clone()) });
        // Once per cause: a host that stays down adds nothing with each attempt.
        let before = self.failing.insert(name(source), told.clone());
        if before.as_ref() != Some(&told) {
            let in_force = source.is_in_force(now.mono);
            tracing::warn!(route = source.route, secret = %source.id, problem = told, in_force,
                "keys could not be fetched; those in force, if any, stay until max_stale");
            self.record(source, (observe::Outcome::Refused, told), now);
        }
    }

    fn record(&self, source: &Fetched, (outcome, detail): (observe::Outcome, String), now: Now) {
        self.observer.event(Event {
            at: now,
            action: Action::KeysFetch,
            outcome,
            generation: self.observer.generation(),
            resource: format!("{}/{}", source.route, source.id),
            detail,
        });
    }
}

/// Whether a certificate that a message named may be believed.
fn judged(content: &Content, named: &NamedCertificate, now: Now) -> Result<(), Refused> {
    certificate::judge(&content.bytes, named, &content.place.host, now.wall)
        .map_err(|untrusted| (untrusted.to_string(), NOT_AGAIN))
}

fn pause(failed: &Failed) -> Duration {
    match failed {
        Failed::Status(status) if status.is_client_error() => NOT_AGAIN,
        Failed::TooLarge | Failed::Coded | Failed::Private => NOT_AGAIN,
        Failed::Status(_) | Failed::Slow | Failed::NoAddress(_) => NOT_NOW,
        Failed::Connect(_) | Failed::Tls(_) | Failed::Http(_) => NOT_NOW,
    }
}

fn name(source: &Fetched) -> Name {
    (source.route.clone(), source.id.to_string())
}

/// A short name for what was fetched.
fn fingerprint(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    data_encoding::HEXLOWER.encode(digest.first_chunk::<8>().unwrap_or(&[0; 8]))
}
