//! From the verdict to the app and back: request hygiene, bodies, the upstream pool, responses, refusals as bytes.
//!
//! Decides nothing about who may pass: it takes a `Permit` by value and sends exactly what that owns. Called by `exchange`.

pub mod answer;
mod bell;
pub mod body;
pub mod budget;
pub mod decoder;
mod desk;
mod in_flight;
mod names;
pub mod out_body;
pub mod outgoing;
mod pool;
mod request;
mod response;
mod rules;
mod target;
pub mod upgrade;
mod upload;
mod upstream;
mod wire_body;

use std::cell::RefCell;
use std::fmt;
use std::future::Future;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use crate::base::clock;
use crate::base::inbox::Room;
use crate::base::watchdog::Watchdog;

pub use in_flight::{Errand, Sent};
pub use out_body::OutBody;
pub use rules::ForwardRules;
pub use target::Target;
pub use upgrade::Tunnel;
pub use wire_body::{Source, WireBody};

use bell::Bell;
use desk::Desk;
use in_flight::{InFlight, Judged};
use pool::Pool;

/// How often idle connections are looked at; one is closed at most this late. A worker with none does not wake.
const SWEEP: Duration = Duration::from_millis(250);

/// Forwards the requests of one worker.
pub struct Forwarder {
    desk: Rc<Desk>,
    pools: RefCell<Vec<Rc<Pool>>>,
    room: Room,
    idle: Rc<Bell>,
}

impl Forwarder {
    /// A forwarder without connections. [`Forwarder::run`] must be running beside it.
    pub fn new(watchdog: Watchdog) -> Rc<Self> {
        let desk = Rc::new(Desk::new(watchdog));
        Rc::new(Self { desk, pools: RefCell::default(), room: Room::default(), idle: Rc::default() })
    }

    /// Sends a judged request to `target`, its app, and resolves with the head of the answer.
    ///
    /// Dropping the future tells that the caller has gone: a request the app has been given whole is finished by
    /// [`Forwarder::run`], any other ends there.
    pub fn send(&self, errand: Errand, target: &Arc<Target>) -> impl Future<Output = Sent> + use<> {
        let Errand { permit, record, rules, lease, at } = errand;
        self.fly(Judged { granted: permit.take(), record, rules, lease, at }, target)
    }

    fn fly(&self, judged: Judged, target: &Arc<Target>) -> InFlight {
        InFlight::new(judged, self.pool(target), Rc::clone(&self.desk))
    }

    /// Closes idle connections in time and finishes requests whose caller has gone, for ever. One task per
    /// worker.
    pub async fn run(self: Rc<Self>) {
        tokio::join!(self.close_idle(), self.finish_orphans());
    }

    async fn close_idle(&self) {
        loop {
            self.idle.heard().await;
            loop {
                tokio::time::sleep(SWEEP).await;
                if !self.sweep() {
                    break;
                }
            }
        }
    }

    /// Returns whether anything is idle still. Forgets pools of apps no configuration names any more.
    fn sweep(&self) -> bool {
        let now = clock::mono();
        let mut any = false;
        self.pools.borrow_mut().retain(|pool| {
            let idle = pool.sweep(now);
            any |= idle;
            idle || Rc::strong_count(pool) > 1 || Arc::strong_count(pool.target()) > 1
        });
        any
    }

    async fn finish_orphans(&self) {
        let _staff = self.desk.staff();
        loop {
            for orphan in self.desk.orphans().await {
                tokio::task::spawn_local(orphan);
            }
        }
    }

    fn pool(&self, target: &Arc<Target>) -> Rc<Pool> {
        let mut pools = self.pools.borrow_mut();
        if let Some(pool) = pools.iter().find(|pool| Arc::ptr_eq(pool.target(), target)) {
            return Rc::clone(pool);
        }
        let (watchdog, room) = (self.desk.watchdog(), self.room.clone());
        let pool = Pool::new(Arc::clone(target), watchdog, room, Rc::clone(&self.idle));
        pools.push(Rc::clone(&pool));
        pool
    }
}

impl fmt::Debug for Forwarder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Forwarder").field("pools", &self.pools).finish_non_exhaustive()
    }
}
