//! Has the caller requests left? All limits are asked together and charged together: a refusal costs nothing.

use std::net::IpAddr;
use std::time::Duration;

use super::api_key::Key;
use super::deny::{Deny, Quota, Reason};
use crate::base::clock::Mono;
use crate::config::settings::{Budget, LimitBy, Operational, Route};
use crate::state::limit::{Ask, LimitId, LimitKey, LimitTables};

const MINUTE: Duration = Duration::from_secs(60);

/// Most limits one request can meet: the global one, the key's own, and those of the route.
const MOST_ASKS: usize = 16;

/// Most limits one route may have; config refuses more.
pub const MOST_ROUTE_LIMITS: usize = MOST_ASKS - 2;

/// The limit on one client over all routes.
#[derive(Debug)]
pub(super) struct ClientQuota {
    per_minute: Option<Limit>,
}

/// The limits of one route.
#[derive(Debug)]
pub(super) struct RouteQuota {
    limits: Box<[Limit]>,
}

/// One limit, compiled.
#[derive(Debug)]
pub(super) struct Limit {
    id: LimitId,
    name: String,
    budget: Budget,
    by: Vec<LimitBy>,
    line: u32,
}

/// Whose request is counted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counted<'a> {
    pub(super) client: IpAddr,
    pub(super) key: Option<&'a Key>,
}

impl Limit {
    /// The limit a key carries itself, over all routes.
    pub(super) fn of_key(per_minute: u32) -> Self {
        Self::per_minute("api_key", "key_rate_limit", per_minute, LimitBy::ApiKey)
    }

    fn per_minute(scope: &str, name: &str, limit: u32, by: LimitBy) -> Self {
        let budget = Budget::Window { limit, window: MINUTE };
        Self { id: LimitId::of(scope, name, &budget), name: name.to_owned(), budget, by: vec![by], line: 0 }
    }

    fn ask(&self, counted: Counted<'_>) -> Ask {
        let keys = self.by.iter().map(|by| match (by, counted.key) {
            (LimitBy::ClientIp, _) | (LimitBy::ApiKey, None) => LimitKey::client(counted.client),
            (LimitBy::ApiKey, Some(holder)) => LimitKey::key(holder.mark),
            (LimitBy::Route, _) => LimitKey::route(),
        });
        let key = keys.reduce(LimitKey::and).unwrap_or_else(LimitKey::route);
        Ask { limit: self.id, budget: self.budget, key }
    }

    fn refusal(&self, retry_after: u32) -> Deny {
        let (limit, window) = match self.budget {
            Budget::Window { limit, window } => (limit, window.as_secs()),
            Budget::Smooth { interval, burst } => (burst, interval.as_secs().max(1)),
        };
        let mut deny = Deny::new(Reason::RateLimited, self.line)
            .retry_after(retry_after)
            .hint(format!("limit {} is used up for {retry_after} s", self.name));
        deny.quota = Some(Quota {
            name: self.name.clone(),
            limit,
            window: u32::try_from(window).unwrap_or(u32::MAX),
            remaining: 0,
            reset: retry_after,
        });
        deny
    }
}

impl ClientQuota {
    pub(super) fn from_settings(settings: &Operational) -> Self {
        let limit =
            |limit| Limit::per_minute("operational", "rate_limit_per_minute", limit, LimitBy::ClientIp);
        Self { per_minute: settings.rate_limit_per_minute.map(limit) }
    }
}

impl RouteQuota {
    pub(super) fn from_settings(route: &Route) -> Self {
        let compiled = route.rate_limits.iter().map(|limit| Limit {
            id: LimitId::of(route.name.as_str(), limit.name.as_str(), &limit.budget),
            name: limit.name.as_str().to_owned(),
            budget: limit.budget,
            by: limit.by.clone(),
            line: limit.line,
        });
        Self { limits: compiled.collect() }
    }
}

/// Asks every limit that applies, and charges all of them or none.
pub(super) fn check(
    global: &ClientQuota,
    route: Option<&RouteQuota>,
    counted: Counted<'_>,
    (tables, now): (&LimitTables, Mono),
) -> Result<(), Deny> {
    let own = counted.key.and_then(Key::own_limit);
    let applying =
        || global.per_minute.iter().chain(own).chain(route.into_iter().flat_map(|route| &route.limits));
    let mut all = applying();
    let Some(first) = all.next() else { return Ok(()) };
    let told = match all.next() {
        // As most routes have it.
        None => tables.admit(&[first.ask(counted)], now),
        Some(_) => {
            let mut asks = [first.ask(counted); MOST_ASKS];
            let mut count = 0usize;
            for limit in applying() {
                let Some(slot) = asks.get_mut(count) else {
                    return Err(limit.refusal(1));
                };
                *slot = limit.ask(counted);
                count = count.saturating_add(1);
            }
            tables.admit(asks.get(..count).unwrap_or_default(), now)
        }
    };
    match told {
        Ok(_) => Ok(()),
        Err(refused) => Err(applying().nth(refused.index).unwrap_or(first).refusal(refused.retry_after_s)),
    }
}
