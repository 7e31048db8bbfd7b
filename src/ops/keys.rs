//! Whether what is fetched is there, for `/ready`. Fetches nothing.

use super::ready::{Dependency, Health};
use crate::base::clock::{Mono, Wall};
use crate::config::settings::Remote;
use crate::state::fetched::Fetched;

/// One secret's fetched keys as something the gate depends on. Missing keys degrade the gate and no more: other routes
/// serve, and a restart would fetch nothing sooner. A failed refresh counts once half of `max_stale` is over.
pub(super) fn dependency(fetched: &Fetched, now: Mono) -> Dependency {
    let name = format!("keys of {}/{}", fetched.route, fetched.id);
    let told = fetched.told();
    let problem = told.problem.map(|problem| format!("; last attempt: {problem}")).unwrap_or_default();
    let rule = match &*fetched.remote {
        Remote::At(rule) => rule,
        Remote::Named(_) => {
            let known = fetched.held().iter().filter(|held| now < held.until).count();
            let message = format!("{known} certificates that messages named are in force{problem}");
            return Dependency { name, health: Health::Healthy, message };
        }
    };
    let since = told.fetched.map(Wall::rfc3339).unwrap_or_default();
    match fetched.held().iter().find(|held| now < held.until) {
        Some(held) => {
            let is_old = now.since(held.content.at.mono) > rule.max_stale / 2;
            let health = if is_old { Health::Degraded } else { Health::Healthy };
            Dependency { name, health, message: format!("{} of {since}{problem}", rule.place) }
        }
        None if since.is_empty() => {
            let message = format!("{} is not fetched yet, its deliveries get 503{problem}", rule.place);
            Dependency { name, health: Health::Unhealthy, message }
        }
        None => {
            let message =
                format!("{} of {since} is older than max_stale, its deliveries get 503{problem}", rule.place);
            Dependency { name, health: Health::Unhealthy, message }
        }
    }
}
