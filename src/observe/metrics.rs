//! What the metrics page shows: the numbers that belong to no route, the routes in force, and the page itself.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock};

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{Registry, TextEncoder};

use super::channel::{Channel, lock};
use super::count::{Count, Spread};
use super::meter::MeterSet;
use super::{names, page, process};
use crate::base::clock::Wall;
use crate::config::settings::Route;

/// Numbers that belong to no route, and the routes now shown.
#[derive(Debug)]
pub(super) struct Board {
    pub(super) shards: usize,
    pub(super) counts: OnceLock<Reader>,
    pub(super) in_flight: Spread,
    pub(super) key_attempts: Spread,
    pub(super) key_failures: Spread,
    pub(super) reloads_applied: Count,
    pub(super) reloads_refused: Count,
    pub(super) fetches_applied: Count,
    pub(super) fetches_refused: Count,
    pub(super) shown: Mutex<Option<MeterSet>>,
    pub(super) config: Mutex<ConfigState>,
}

/// What the listeners and the tables count themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Connections open now.
    pub open: u64,
    /// Connections refused because there were as many as may be.
    pub refused_full: u64,
    /// Connections refused because their client had its share.
    pub refused_client: u64,
    /// HTTP/2 connections refused because there was no memory for them.
    pub refused_memory: u64,
    /// Idle connections closed to make room.
    pub evicted: u64,
    /// Panics caught while a connection was served.
    pub panics: u64,
    /// Connections and streams ended because the caller did not read.
    pub stalled: u64,
    /// HTTP/2 connections ended because they sent frames for their own sake.
    pub floods: u64,
    /// Requests whose limit was counted together with others'.
    pub shared_limits: u64,
    /// Secrets whose keys are to be fetched and are not in force.
    pub keys_missing: u64,
    /// Age of the oldest fetched keys in force, seconds.
    pub keys_age: u64,
}

/// Asks for these counts.
pub(super) struct Reader(pub(super) Box<dyn Fn() -> Counts + Send + Sync>);

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reader")
    }
}

/// The configuration as metrics tell it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigState {
    /// Generation in force; 0: none yet.
    pub generation: u64,
    /// SHA-256 over its inputs, lower-case hex.
    pub hash: String,
    /// Whether the last one read was taken.
    pub last: LastReload,
    /// When the one in force was taken.
    pub taken_at: Wall,
}

/// Whether the last configuration read was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastReload {
    /// It is in force.
    Applied,
    /// It was refused; the one before stays.
    Refused,
}

impl Board {
    pub(super) fn new(shards: usize) -> Self {
        Self {
            shards,
            counts: OnceLock::new(),
            in_flight: Spread::new(shards),
            key_attempts: Spread::new(shards),
            key_failures: Spread::new(shards),
            reloads_applied: Count::default(),
            reloads_refused: Count::default(),
            fetches_applied: Count::default(),
            fetches_refused: Count::default(),
            shown: Mutex::new(None),
            config: Mutex::new(ConfigState {
                generation: 0,
                hash: String::new(),
                last: LastReload::Applied,
                taken_at: Wall(0),
            }),
        }
    }

    /// Handles for the routes of a generation; nothing is shown until [`Board::show`].
    pub(super) fn plan(&self, generation: u64, routes: &[Route]) -> MeterSet {
        MeterSet::plan(self.shards, generation, routes, lock(&self.shown).as_ref())
    }

    pub(super) fn counts(&self) -> Counts {
        self.counts.get().map(|reader| (reader.0)()).unwrap_or_default()
    }

    /// Shows exactly the routes of `set` from now on.
    pub(super) fn show(&self, set: &MeterSet) {
        *lock(&self.shown) = Some(set.clone());
    }
}

/// Collects everything for a page.
struct Pages {
    board: Arc<Board>,
    audit: Arc<Channel>,
    access: Arc<Channel>,
    descriptions: Vec<Desc>,
}

impl Collector for Pages {
    fn desc(&self) -> Vec<&Desc> {
        self.descriptions.iter().collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let mut families = page::of_board(&self.board);
        let shown = lock(&self.board.shown).clone();
        families.extend(page::of_routes(shown.as_ref()));
        families.extend(page::of_losses(self.audit.lost(), self.access.lost()));
        families.extend(process::families(&PathBuf::from("/proc/self")));
        families
    }
}

/// The registry behind `/metrics`.
pub(super) fn registry(
    board: Arc<Board>,
    audit: Arc<Channel>,
    access: Arc<Channel>,
) -> prometheus::Result<Registry> {
    let mut descriptions = Vec::with_capacity(names::ALL.len());
    for metric in names::ALL {
        let labels = metric.labels.iter().map(|label| (*label).to_owned()).collect();
        descriptions.push(Desc::new(
            metric.name.to_owned(),
            metric.help.to_owned(),
            labels,
            Default::default(),
        )?);
    }
    let registry = Registry::new();
    registry.register(Box::new(Pages { board, audit, access, descriptions }))?;
    Ok(registry)
}

/// The page in the Prometheus text format 0.0.4.
pub(super) fn render(registry: &Registry) -> String {
    // Writing to a string cannot fail, and no family on the page is empty or without a name.
    TextEncoder::new().encode_to_string(&registry.gather()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
