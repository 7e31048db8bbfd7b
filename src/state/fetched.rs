//! Keys that are fetched: which are in force, until when, and whether someone misses one.
//!
//! Written by `fetch`, read by the checks without a lock; a check whose signature no key verifies leaves word here and
//! goes on. Fetches nothing and reads no clock. What was fetched survives a reload: the next generation adopts it.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use arc_swap::ArcSwap;
use tokio::sync::Notify;

use crate::base::clock::{Mono, Now, Wall};
use crate::base::name::SecretId;
use crate::base::secret::Secret;
use crate::config::settings::{NoPlace, Place, Remote};
use crate::scheme::{Key, KeyProblem, NamedCertificate, Plan};

/// Certificates that messages name and that are kept at once: providers sign with one, and with two during a change.
pub const MOST_NAMED: usize = 4;
/// Certificates that wait to be fetched; forged messages can name any number.
const MOST_ASKED: usize = 4;
/// Names that led nowhere and are remembered for a while.
const MOST_FAILED: usize = 64;

/// What is fetched for one secret of one route.
#[derive(Debug)]
pub struct Fetched {
    /// The route, for whoever is told.
    pub route: String,
    /// The secret's id.
    pub id: SecretId,
    /// Where it comes from.
    pub remote: Arc<Remote>,
    plan: Arc<Plan>,
    held: ArcSwap<Vec<Held>>,
    told: Mutex<Told>,
    asked: Mutex<Asked>,
    /// A signature was verified by none of the keys since the last fetch that was asked for, or there never were any.
    missed: AtomicBool,
    /// Wakes who fetches; set by whom.
    bell: OnceLock<Arc<Notify>>,
}

/// A key in force.
#[derive(Clone, Debug)]
pub struct Held {
    /// Made for the plan of its route.
    pub key: Key,
    /// What it was made from.
    pub content: Arc<Content>,
    /// Counts until then, and not at that moment.
    pub until: Mono,
}

/// What was fetched.
#[derive(Debug, PartialEq, Eq)]
pub struct Content {
    /// From where.
    pub place: Place,
    /// The answer's body.
    pub bytes: Vec<u8>,
    /// When it was last seen to be so.
    pub at: Now,
}

/// How things stand with what is fetched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// When something was last fetched.
    pub fetched: Option<Wall>,
    /// Why the last attempt failed; none when it did not.
    pub problem: Option<String>,
}

#[derive(Debug, Default)]
struct Asked {
    wanted: Vec<(Place, NamedCertificate)>,
    /// With the end of the time it is not asked again.
    failed: Vec<(Place, Mono)>,
}

/// What is known of a certificate that a message names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// It is in force, or could not be had: waiting changes nothing.
    Settled,
    /// It is being fetched, or will be once others are.
    Awaited,
    /// It lies on a host that is not allowed.
    NotAllowed(String),
}

/// Why what was fetched cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unusable {
    /// It is no key of the scheme.
    NoKey(KeyProblem),
    /// It is a certificate that does not count now.
    Over,
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoKey(problem) => write!(f, "what lies there cannot be used: {problem}"),
            Self::Over => f.write_str("the certificate does not count now: its dates say so"),
        }
    }
}

impl Fetched {
    /// Nothing is in force yet.
    pub fn new(route: &str, id: SecretId, remote: Arc<Remote>, plan: Arc<Plan>) -> Self {
        Self {
            route: route.to_owned(),
            id,
            remote,
            plan,
            held: ArcSwap::default(),
            told: Mutex::default(),
            asked: Mutex::default(),
            // Its place may have been asked just now for another route, and then not be due for long.
            missed: AtomicBool::new(true),
            bell: OnceLock::new(),
        }
    }

    /// The keys, some of which may be over: see [`Held::until`].
    pub fn held(&self) -> Arc<Vec<Held>> {
        self.held.load_full()
    }

    /// Whether a key counts at `now`.
    pub fn is_in_force(&self, now: Mono) -> bool {
        self.held.load().iter().any(|held| now < held.until)
    }

    /// How things stand.
    pub fn told(&self) -> Told {
        lock(&self.told).clone()
    }

    /// Leaves word of how an attempt ended.
    pub fn tell(&self, told: Told) {
        *lock(&self.told) = told;
    }

    /// Rings `bell` from now on when something is missed.
    pub fn ring(&self, bell: &Arc<Notify>) {
        // Another one is never set: there is one fetcher.
        let _ = self.bell.set(Arc::clone(bell));
    }

    /// A signature was verified by none of the keys; there may be a newer one. Cheap and bounded: until the fetcher
    /// takes the word nothing more happens.
    pub fn miss(&self) {
        if !self.missed.swap(true, Ordering::Relaxed) {
            self.wake();
        }
    }

    /// Whether a key was missed.
    pub fn is_missed(&self) -> bool {
        self.missed.load(Ordering::Relaxed)
    }

    /// The word of [`Fetched::miss`] is taken, or there is something new.
    pub fn forget_miss(&self) {
        self.missed.store(false, Ordering::Relaxed);
    }

    /// A message names a certificate under which it was not verified.
    pub fn ask(&self, named: NamedCertificate, now: Mono) -> Named {
        let Remote::Named(hosts) = &*self.remote else { return Named::Settled };
        let place = match Place::parse(&named.url, hosts) {
            Ok(place) => place,
            Err(NoPlace::NotAllowed(host)) => return Named::NotAllowed(host),
            Err(NoPlace::Malformed) => return Named::Settled,
        };
        if self.held.load().iter().any(|held| held.content.place == place && now < held.until) {
            return Named::Settled;
        }
        let mut asked = lock(&self.asked);
        if asked.failed.iter().any(|(failed, until)| *failed == place && now < *until) {
            return Named::Settled;
        }
        let is_new = !asked.wanted.iter().any(|(wanted, _)| *wanted == place);
        if is_new && asked.wanted.len() < MOST_ASKED {
            asked.wanted.push((place, named));
            drop(asked);
            self.wake();
        }
        Named::Awaited
    }

    /// The certificates messages have named and that are still to be had.
    pub fn wanted(&self) -> Vec<(Place, NamedCertificate)> {
        lock(&self.asked).wanted.clone()
    }

    /// Whether the certificate at `place` is among them.
    pub fn wants(&self, place: &Place) -> bool {
        lock(&self.asked).wanted.iter().any(|(wanted, _)| wanted == place)
    }

    /// A certificate that was wanted could not be had; it is not asked for again before `until`.
    pub fn failed(&self, place: &Place, until: Mono, now: Mono) {
        let Remote::Named(_) = &*self.remote else { return };
        let mut asked = lock(&self.asked);
        asked.wanted.retain(|(wanted, _)| wanted != place);
        asked.failed.retain(|(_, end)| now < *end);
        if asked.failed.len() >= MOST_FAILED {
            asked.failed.remove(0);
        }
        asked.failed.push((place.clone(), until));
    }

    /// Puts `content` in force until `until`, in place of what came from the same place.
    ///
    /// # Errors
    /// [`Unusable`]; everything stays as it was.
    pub fn put(&self, content: &Arc<Content>, until: Mono) -> Result<(), Unusable> {
        let secret = Secret::new(content.bytes.trim_ascii().to_vec());
        let key = self.plan.key(&secret).map_err(Unusable::NoKey)?;
        let now = content.at;
        if !key.covers(now.wall) {
            return Err(Unusable::Over);
        }
        let mut held: Vec<Held> = self.held.load().iter().cloned().collect();
        held.retain(|held| held.content.place != content.place && now.mono < held.until);
        // The oldest goes first: a provider does not return to it.
        while held.len() >= MOST_NAMED {
            held.remove(0);
        }
        held.push(Held { key, content: Arc::clone(content), until });
        self.held.store(Arc::new(held));
        self.forget_miss();
        lock(&self.asked).wanted.retain(|(wanted, _)| *wanted != content.place);
        self.tell(Told { fetched: Some(now.wall), problem: None });
        Ok(())
    }

    /// Whether what counts there counts here: it lies at the same place, or messages of the same provider named it.
    pub fn is_like(&self, other: &Self) -> bool {
        match (&*self.remote, &*other.remote) {
            (Remote::At(rule), Remote::At(other)) => rule.place == other.place,
            (Remote::Named(_), Remote::Named(_)) => {
                self.plan.certificates_of().is_some()
                    && self.plan.certificates_of() == other.plan.certificates_of()
            }
            (Remote::At(_), Remote::Named(_)) | (Remote::Named(_), Remote::At(_)) => false,
        }
    }

    /// Takes over what `before`, of the generation before, has of the same places.
    ///
    /// Security: nothing if it is not [alike](Self::is_like). What made a certificate believed for one provider need
    /// not be enough for another.
    pub fn adopt(&self, before: &Self) {
        if !self.is_like(before) {
            return;
        }
        for held in before.held.load().iter() {
            let until = match &*self.remote {
                Remote::At(rule) => held.content.at.mono.plus(rule.max_stale),
                Remote::Named(hosts) if hosts.contains(&held.content.place.host) => held.until,
                Remote::Named(_) => continue,
            };
            // What is no key of the changed scheme is fetched anew, and then told of.
            let _ = self.put(&held.content, until);
        }
        self.tell(before.told());
    }

    fn wake(&self) {
        if let Some(bell) = self.bell.get() {
            bell.notify_one();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
