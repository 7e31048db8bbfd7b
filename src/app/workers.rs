//! The worker threads: each a single-threaded runtime with its own listeners, pool, deadlines and records.

use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::thread;

use tokio::task::{LocalSet, spawn_local};

use super::Handle;
use crate::base::watchdog::Watchdog;
use crate::config::settings::Settings;
use crate::exchange::{Shared, Worker};
use crate::forward::Forwarder;
use crate::listen::accept;
use crate::listen::bind::Share;
use crate::listen::door::Door;
use crate::listen::drain::Drain;
use crate::observe::{Observer, Pulse};

/// The running workers.
#[derive(Debug)]
pub(super) struct Workers(Vec<Handle>);

/// How many workers `settings` ask for; by default one per core the cgroup allows.
pub(super) fn count(settings: &Settings) -> usize {
    settings.workers.unwrap_or_else(|| thread::available_parallelism().map_or(1, usize::from)).max(1)
}

impl Workers {
    /// Starts one worker per share of the sockets.
    pub(super) fn start(
        shared: &Shared,
        shares: Vec<Share>,
        observer: &Arc<Observer>,
        (drain, pulse): (&Drain, &Pulse),
    ) -> io::Result<Self> {
        let mut handles = Vec::with_capacity(shares.len());
        for (number, share) in shares.into_iter().enumerate() {
            let (shared, observer) = (shared.clone(), Arc::clone(observer));
            let (drain, pulse) = (drain.clone(), pulse.clone());
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            let work = move || {
                let local = LocalSet::new();
                let served = local.block_on(&runtime, async move {
                    spawn_local(pulse.run(number));
                    work(shared, share, &observer, drain).await
                });
                if let Err(error) = served {
                    tracing::error!(worker = number, %error, "a worker cannot serve");
                }
            };
            handles.push(thread::Builder::new().name(format!("worker-{number}")).spawn(work)?);
        }
        Ok(Self(handles))
    }

    /// Waits for all of them to end.
    pub(super) fn join(self) {
        for handle in self.0 {
            // A worker that panicked has nothing more to say.
            let _ = handle.join();
        }
    }
}

async fn work(shared: Shared, share: Share, observer: &Arc<Observer>, drain: Drain) -> io::Result<()> {
    let watchdog = Watchdog::default();
    spawn_local(watchdog.clone().run());
    let forwarder = Forwarder::new(watchdog.clone());
    spawn_local(Rc::clone(&forwarder).run());
    let worker = Rc::new(Worker::new(shared, forwarder, observer.scribe(), watchdog.clone()));
    let door = Rc::new(Door::new(worker, watchdog, drain));
    accept::serve(door, share).await
}
