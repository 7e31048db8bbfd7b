//! Whether a rotation was forgotten: a secret that ends soon, and only it lets requests through. Reads what the workers
//! counted; nothing here is on a request's way. Called by `ready`.

use crate::base::clock::Wall;
use crate::base::name::SecretId;
use crate::config::settings::{Route, SecretEntry, Settings};
use crate::observe::MeterSet;

/// How long before its end a secret should no longer be the only one in use, milliseconds.
const AHEAD: i64 = 30 * 24 * 60 * 60 * 1_000;

/// One sentence for each route whose callers use no other secret than those that end within 30 days.
pub(super) fn forgotten(settings: &Settings, meters: &MeterSet, now: Wall) -> Vec<String> {
    let told = settings.routes.iter().enumerate().filter_map(|(index, route)| {
        let uses: Vec<(&SecretId, u64)> = meters.route(index).secret_uses().collect();
        of_route(route, &uses, now)
    });
    told.collect()
}

fn of_route(route: &Route, uses: &[(&SecretId, u64)], now: Wall) -> Option<String> {
    let used = |entry: &&SecretEntry| uses.iter().any(|(id, count)| **id == entry.id && *count > 0);
    let signature = route.signature.iter().flat_map(|signature| &signature.secrets);
    let shared = route.shared_secret.iter().flat_map(|shared| &shared.secrets);
    let in_use: Vec<&SecretEntry> = signature.chain(shared).filter(used).collect();
    let ends = |entry: &&SecretEntry| entry.not_after.filter(|end| *end < now.0.saturating_add(AHEAD));
    // The last of them is when callers are locked out; one in use that goes on means the rotation is under way.
    let last = in_use.iter().map(ends).collect::<Option<Vec<i64>>>()?.into_iter().max()?;
    let names: Vec<&str> = in_use.iter().map(|entry| entry.id.as_str()).collect();
    let (name, end) = (&route.name, Wall(last).rfc3339());
    let word = if last < now.0 { "ended" } else { "ends" };
    Some(format!(
        "route {name}: callers use no secret but {}, which {word} at {end}; give them one that goes on",
        names.join(", ")
    ))
}
