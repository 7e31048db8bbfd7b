//! The worker threads: each a single-threaded runtime with its own listeners, pool, deadlines and records.

use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use tokio::runtime::{Builder, LocalOptions};
use tokio::task::spawn_local;

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
    ///
    /// # Errors
    /// When a thread or its runtime cannot be started.
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
            let (started, has_started) = sync_channel(1);
            let work = move || {
                let served = run(&started, async move {
                    spawn_local(pulse.run(number));
                    work(shared, share, &observer, drain).await
                });
                if let Err(error) = served {
                    tracing::error!(worker = number, %error, "a worker cannot serve");
                }
            };
            handles.push(thread::Builder::new().name(format!("worker-{number}")).spawn(work)?);
            has_started.recv().unwrap_or_else(|_| Err(io::ErrorKind::Other.into()))?;
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

/// Runs `work` in a runtime that stays on this thread: its tasks are woken and polled without a set of tasks between
/// them and the scheduler. Says first whether there is one.
fn run(started: &SyncSender<io::Result<()>>, work: impl Future<Output = io::Result<()>>) -> io::Result<()> {
    let runtime = Builder::new_current_thread().enable_all().build_local(LocalOptions::default());
    let (outcome, runtime) = match runtime {
        Ok(runtime) => (Ok(()), Some(runtime)),
        Err(error) => (Err(error), None),
    };
    // Nobody waits for the word only when the process is ending.
    let _ = started.send(outcome);
    runtime.map_or(Ok(()), |runtime| runtime.block_on(work))
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
