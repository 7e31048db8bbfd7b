//! Fetches the public keys that the configuration names by URL, on a thread of its own, and puts them in force.
//!
//! Asks only hosts the operator allowed, only over verified HTTPS, and only as often as `plan` says: what callers send
//! can bring a fetch forward, never cause more than a bounded number. Judges no request and makes none wait. While
//! nothing is to be fetched there is no thread, no TLS and no root certificate in memory. Started by `app`.

mod address;
mod answer;
mod certificate;
mod get;
mod landing;
mod plan;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::base::clock;
use crate::observe::Observer;
use crate::snapshot::Snapshots;
use crate::state::fetched::Fetched;
use get::{Client, Failed};
use landing::Landing;
use plan::{Errand, Plan};

/// Fetches under way at once; one slow host must not hold up the others.
const MOST_FLIGHTS: usize = 4;
/// Longest sleep: nothing is due, and nobody rang.
const LONGEST_SLEEP: Duration = Duration::from_secs(3600);

/// Shortest sleep: what is due and finds no free flight waits for one to land.
const SHORTEST_SLEEP: Duration = Duration::from_millis(50);

/// The fetcher, running or not yet needed; cloning shares it.
#[derive(Clone, Debug)]
pub struct Fetcher(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    snapshots: Arc<Snapshots>,
    observer: Arc<Observer>,
    bell: Arc<Notify>,
    ended: AtomicBool,
    /// Whether the thread has been started.
    started: Mutex<bool>,
}

/// What came of one errand.
type Landed = (Errand, Result<Vec<u8>, Failed>);

impl Fetcher {
    /// A fetcher for the configuration in force, whichever it is; asleep until [`Fetcher::follow`].
    pub fn new(snapshots: Arc<Snapshots>, observer: Arc<Observer>) -> Self {
        let bell = Arc::new(Notify::new());
        let (ended, started) = (AtomicBool::new(false), Mutex::new(false));
        Self(Arc::new(Inner { snapshots, observer, bell, ended, started }))
    }

    /// A configuration came into force. Starts the thread when it names something to fetch for the first time.
    ///
    /// # Errors
    /// The thread or its runtime cannot be started; nothing is fetched then.
    pub fn follow(&self) -> std::io::Result<()> {
        let inner = &self.0;
        let mut started = inner.started.lock().unwrap_or_else(PoisonError::into_inner);
        if !*started && inner.snapshots.load().policy.fetched().next().is_some() {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            let inner = Arc::clone(inner);
            thread::Builder::new().name("fetch".into()).spawn(move || {
                runtime.block_on(run(&inner));
                // A name that is being resolved cannot be given up; the process does not wait for it.
                runtime.shutdown_background();
            })?;
            *started = true;
        }
        inner.bell.notify_one();
        Ok(())
    }

    /// Ends the thread; what is in force stays.
    pub fn stop(&self) {
        self.0.ended.store(true, Ordering::Release);
        self.0.bell.notify_one();
    }
}

async fn run(inner: &Inner) {
    let client = Client::default();
    let mut plan = Plan::default();
    let mut landing = Landing::new(Arc::clone(&inner.observer));
    let mut flights: JoinSet<Landed> = JoinSet::new();
    while !inner.ended.load(Ordering::Acquire) {
        let sources = sources(inner);
        let now = clock::mono();
        landing.look(&sources, clock::now());
        let free = MOST_FLIGHTS.saturating_sub(flights.len());
        for errand in plan.due(&sources, now, free) {
            let client = client.clone();
            flights.spawn(async move {
                let bytes = client.get(&errand.place).await;
                (errand, bytes)
            });
        }
        let pause = plan.next(&sources, now).map_or(LONGEST_SLEEP, |at| at.since(now));
        let pause = pause.clamp(SHORTEST_SLEEP, LONGEST_SLEEP);
        tokio::select! {
            () = inner.bell.notified() => {}
            () = tokio::time::sleep(pause) => {}
            Some(landed) = flights.join_next() => match landed {
                Ok((errand, result)) => {
                    let ended = landing.land(&self::sources(inner), &errand, result, clock::now());
                    plan.landed(&errand, ended, clock::mono(), getrandom::u64().unwrap_or(100));
                }
                Err(_) => plan.lost(),
            },
        }
        client.forget_idle(&sources);
    }
}

/// Everything that is to be fetched now, by where it lies; every one of them rings.
fn sources(inner: &Inner) -> Vec<Arc<Fetched>> {
    let all: Vec<Arc<Fetched>> = inner.snapshots.load().policy.fetched().cloned().collect();
    for fetched in &all {
        fetched.ring(&inner.bell);
    }
    all
}
