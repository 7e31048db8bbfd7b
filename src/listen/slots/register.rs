//! Who is connected, and who goes when there is no room. One register for all workers, under one lock that is taken
//! when a connection begins and when it ends, never for a request.
//!
//! When there is no room, the connection idle for longest is asked to leave and the newcomer is let in at once: what
//! was asked to leave is counted apart until it has, and those are bounded too. A connection with a request under
//! way is never asked. A client at its share makes room among its own connections only.

use std::collections::HashMap;
use std::sync::Arc;

use crate::base::clock::Mono;

use super::derive::{Bounds, EACH, EACH_HTTP2};
use super::tenant::{Household, Tenant};

/// One in so many connections may be on its way out at once, besides those that are counted.
const LEAVING: usize = 8;

/// A look at all connections finds leavers for an eighth of them, and is repeated only after so many nanoseconds for
/// each of them, so that callers who find no room cost little.
const LOOK_NANOS: u64 = 2_000;

/// Why a caller finds no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoRoom {
    /// There are `limits.connections`, none of them idle.
    Connections,
    /// The client has its share, none of them idle.
    Client,
    /// Memory for an HTTP/2 connection.
    Memory,
}

/// Numbers since start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Turned {
    /// Refused for [`NoRoom::Connections`].
    pub full: u64,
    /// Refused for [`NoRoom::Client`].
    pub client: u64,
    /// Refused for [`NoRoom::Memory`].
    pub memory: u64,
    /// Idle connections asked to leave.
    pub evicted: u64,
}

#[derive(Debug)]
pub(super) struct Register {
    pub(super) bounds: Bounds,
    tenants: Vec<Arc<Tenant>>,
    households: HashMap<Household, Members>,
    ripe: Ripe,
    /// Bytes that those who are counted may cost.
    held: u64,
    /// Asked to leave and still here.
    leaving: usize,
    pub(super) turned: Turned,
}

#[derive(Debug, Default)]
struct Members {
    count: usize,
    ripe: Ripe,
}

/// Connections found idle at the last look, the one idle for longest last.
#[derive(Debug, Default)]
struct Ripe {
    found: Vec<(Mono, Arc<Tenant>)>,
    look_after: u64,
}

impl Register {
    pub(super) fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            tenants: Vec::new(),
            households: HashMap::new(),
            ripe: Ripe::default(),
            held: 0,
            leaving: 0,
            turned: Turned::default(),
        }
    }

    /// Connections open, those on their way out included.
    pub(super) fn open(&self) -> usize {
        self.tenants.len()
    }

    /// Lets one in, if need be in place of an idle one.
    pub(super) fn admit(&mut self, household: Option<Household>, now: Mono) -> Result<Arc<Tenant>, NoRoom> {
        let admitted = self.make_room(household, now);
        match admitted {
            Ok(()) => {}
            Err(NoRoom::Connections) => self.turned.full += 1,
            Err(NoRoom::Client) => self.turned.client += 1,
            Err(NoRoom::Memory) => self.turned.memory += 1,
        }
        admitted?;
        let tenant = Arc::new(Tenant::new(household, (self.tenants.len(), EACH)));
        self.tenants.push(Arc::clone(&tenant));
        self.held = self.held.saturating_add(EACH);
        if let Some(household) = household {
            self.households.entry(household).or_default().count += 1;
        }
        Ok(tenant)
    }

    /// Counts a connection as HTTP/2 from now on.
    pub(super) fn widen(&mut self, tenant: &Tenant, now: Mono) -> Result<(), NoRoom> {
        let more = EACH_HTTP2.saturating_sub(EACH);
        if tenant.is_asked_to_leave() {
            return Ok(());
        }
        while self.held.saturating_add(more) > self.bounds.room {
            if !self.evict(None, now) {
                self.turned.memory += 1;
                return Err(NoRoom::Memory);
            }
        }
        tenant.add_cost(more);
        self.held = self.held.saturating_add(more);
        Ok(())
    }

    /// Strikes out a connection that has ended.
    pub(super) fn remove(&mut self, tenant: &Tenant) {
        let seat = tenant.seat();
        if seat >= self.tenants.len() {
            return;
        }
        self.tenants.swap_remove(seat);
        if let Some(moved) = self.tenants.get(seat) {
            moved.sit(seat);
        }
        tenant.leave();
        if tenant.is_asked_to_leave() {
            self.leaving = self.leaving.saturating_sub(1);
        } else {
            self.uncount(tenant);
        }
        if self.tenants.is_empty() {
            // What many callers needed at once is not kept for ever.
            self.tenants = Vec::new();
            self.households = HashMap::new();
            self.ripe = Ripe::default();
        }
    }

    fn make_room(&mut self, household: Option<Household>, now: Mono) -> Result<(), NoRoom> {
        let count =
            household.and_then(|household| self.households.get(&household)).map_or(0, |own| own.count);
        if count >= self.bounds.per_client && !self.evict(household, now) {
            return Err(NoRoom::Client);
        }
        while self.counted() >= self.bounds.most || self.held.saturating_add(EACH) > self.bounds.room {
            if !self.evict(None, now) {
                return Err(NoRoom::Connections);
            }
        }
        Ok(())
    }

    fn counted(&self) -> usize {
        self.tenants.len().saturating_sub(self.leaving)
    }

    /// Asks the connection idle for longest to leave, of one household or of all; whether there was one.
    fn evict(&mut self, whose: Option<Household>, now: Mono) -> bool {
        if self.leaving > self.counted() / LEAVING {
            return false;
        }
        let mut ripe = match whose {
            None => std::mem::take(&mut self.ripe),
            Some(household) => self
                .households
                .get_mut(&household)
                .map(|own| std::mem::take(&mut own.ripe))
                .unwrap_or_default(),
        };
        let found = self.ripest(&mut ripe, whose, now);
        match whose {
            None => self.ripe = ripe,
            Some(household) => {
                if let Some(own) = self.households.get_mut(&household) {
                    own.ripe = ripe;
                }
            }
        }
        let Some(tenant) = found else { return false };
        self.uncount(&tenant);
        self.leaving += 1;
        self.turned.evicted += 1;
        tenant.ask_to_leave();
        true
    }

    fn ripest(&self, ripe: &mut Ripe, whose: Option<Household>, now: Mono) -> Option<Arc<Tenant>> {
        loop {
            while let Some((since, tenant)) = ripe.found.pop() {
                let is_still = tenant.idle_since(now) == Some(since);
                if is_still && tenant.is_here() && !tenant.is_asked_to_leave() {
                    return Some(tenant);
                }
            }
            if now.0 < ripe.look_after {
                return None;
            }
            let all = u64::try_from(self.tenants.len()).unwrap_or(u64::MAX);
            ripe.look_after = now.0.saturating_add(all.saturating_mul(LOOK_NANOS)).saturating_add(1);
            ripe.found = self.look(whose, now);
        }
    }

    fn look(&self, whose: Option<Household>, now: Mono) -> Vec<(Mono, Arc<Tenant>)> {
        let of_interest = |tenant: &&Arc<Tenant>| {
            !tenant.is_asked_to_leave() && (whose.is_none() || tenant.household == whose)
        };
        let idle = self.tenants.iter().filter(of_interest);
        let mut found: Vec<_> =
            idle.filter_map(|tenant| Some((tenant.idle_since(now)?, Arc::clone(tenant)))).collect();
        found.sort_unstable_by_key(|(since, _)| std::cmp::Reverse(*since));
        let most = self.tenants.len() / LEAVING + 1;
        found.drain(..found.len().saturating_sub(most));
        found.shrink_to_fit();
        found
    }

    fn uncount(&mut self, tenant: &Tenant) {
        self.held = self.held.saturating_sub(tenant.cost());
        let Some(household) = tenant.household else { return };
        if let Some(own) = self.households.get_mut(&household) {
            own.count = own.count.saturating_sub(1);
            if own.count == 0 {
                self.households.remove(&household);
            }
        }
    }
}
