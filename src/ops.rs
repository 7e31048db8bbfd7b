//! Seen from outside: the ops port (health, readiness, startup, metrics) and the admin port, on a thread of their own,
//! so that a loaded gate still answers its probes. Never passes the checks, never judges a caller's request.

mod admin;
mod answer;
mod keys;
mod probe;
mod public;
mod ready;
mod rotation;
mod server;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use tokio::sync::{Notify, Semaphore};
use tokio::task::LocalSet;

use crate::config::settings::Address;
use crate::listen::drain::Drain;
use crate::observe::{Observer, Pulse};
use crate::reload::Reload;
use crate::snapshot::Snapshots;
use probe::Probes;
use server::Door;
pub use server::{BindError, Port};

/// Metrics pages being sent at once.
const MOST_SCRAPES: usize = 4;

/// What the ports look at and turn.
#[derive(Clone)]
pub struct Parts {
    /// Metrics and audit.
    pub observer: Arc<Observer>,
    /// Reloads and their outcomes.
    pub reload: Reload,
    /// Heartbeats of the workers.
    pub pulse: Pulse,
    /// The way out.
    pub drain: Drain,
    /// The configuration in force.
    pub snapshots: Arc<Snapshots>,
}

/// Whether the listeners of the data ports are bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Startup {
    Starting,
    Started,
}

/// Tells the ports that the gate has started; shared.
#[derive(Clone, Debug, Default)]
struct StartupFlag(Arc<AtomicBool>);

impl StartupFlag {
    fn get(&self) -> Startup {
        if self.0.load(Ordering::Acquire) { Startup::Started } else { Startup::Starting }
    }
}

/// What all requests of the ports share.
struct Desk {
    observer: Arc<Observer>,
    reload: Reload,
    pulse: Pulse,
    drain: Drain,
    snapshots: Arc<Snapshots>,
    startup: StartupFlag,
    probes: Probes,
    scrapes: Arc<Semaphore>,
    /// Forgotten rotations the log has been told of.
    told: RefCell<BTreeSet<String>>,
}

impl Desk {
    /// Logs each sentence once.
    fn warn_of(&self, rotations: &[String]) {
        let mut told = self.told.borrow_mut();
        // Those that were mended are told of again when they come back.
        told.retain(|known| rotations.contains(known));
        for rotation in rotations {
            if told.insert(rotation.clone()) {
                tracing::warn!("{rotation}");
            }
        }
    }
}

/// The sockets of both ports, open but silent.
#[derive(Debug)]
pub struct Bound {
    ops: (Door, Address),
    admin: Option<(Door, Address)>,
}

/// The running ports.
#[derive(Debug)]
pub struct Ops {
    startup: StartupFlag,
    end: Arc<Notify>,
    sockets: Vec<PathBuf>,
}

impl Bound {
    /// Opens both ports, so that a wrong address is found before anything runs.
    ///
    /// # Errors
    /// [`BindError`] with the port, the address and a way out.
    pub fn open(ops: &Address, admin: Option<&Address>) -> Result<Self, BindError> {
        let open = |port: Port, address: &Address| -> Result<_, BindError> {
            let door = Door::open(port, address)?;
            let real = door.address(address);
            Ok((door, real))
        };
        Ok(Self {
            ops: open(Port::Ops, ops)?,
            admin: admin.map(|address| open(Port::Admin, address)).transpose()?,
        })
    }

    /// Where the ports are; the kernel chooses where the config says port 0.
    pub fn addresses(&self) -> impl Iterator<Item = (Port, &Address)> {
        let admin = self.admin.as_ref().map(|(_, address)| (Port::Admin, address));
        [(Port::Ops, &self.ops.1)].into_iter().chain(admin)
    }

    /// Serves both ports on a thread of their own.
    ///
    /// # Errors
    /// When the thread or its runtime cannot be started.
    pub fn serve(self, parts: Parts) -> std::io::Result<Ops> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let startup = StartupFlag::default();
        let end = Arc::new(Notify::new());
        let sockets = self.addresses().filter_map(|(_, address)| match address {
            Address::Tcp(_) => None,
            Address::Unix(path) => Some(path.clone()),
        });
        let ops = Ops { startup: startup.clone(), end: Arc::clone(&end), sockets: sockets.collect() };
        for (port, address) in self.addresses() {
            tracing::info!(port = port.word(), address = %server::shown(address), "listening");
        }
        thread::Builder::new().name("ops".into()).spawn(move || {
            let desk = Rc::new(Desk {
                observer: parts.observer,
                reload: parts.reload,
                pulse: parts.pulse,
                drain: parts.drain,
                snapshots: parts.snapshots,
                startup,
                probes: Probes::default(),
                scrapes: Arc::new(Semaphore::new(MOST_SCRAPES)),
                told: RefCell::default(),
            });
            let local = LocalSet::new();
            for (port, door) in [(Port::Ops, Some(self.ops)), (Port::Admin, self.admin)] {
                let Some((door, _)) = door else { continue };
                let desk = Rc::clone(&desk);
                local.spawn_local(async move {
                    if let Err(cause) = door.serve(port, desk).await {
                        tracing::error!(port = port.word(), %cause, "the port cannot be served; restart the gate");
                    }
                });
            }
            local.block_on(&runtime, end.notified());
        })?;
        Ok(ops)
    }
}

impl Ops {
    /// The listeners of the data ports are bound: `/startup` is fine from now on.
    pub fn started(&self) {
        self.startup.0.store(true, Ordering::Release);
    }

    /// Closes both ports and takes their socket files away.
    pub fn end(&self) {
        self.end.notify_one();
        for path in &self.sockets {
            // One that is gone already is in no one's way.
            let _ = std::fs::remove_file(path);
        }
    }
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
