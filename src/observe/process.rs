//! The `process_*` metrics, read from `/proc/self` for each page. What cannot be read is left out, not guessed.

use std::fs;
use std::path::Path;

use prometheus::proto::MetricFamily;

use super::names;
use super::page::{float, single};

/// The families that can be read below `root` (`/proc/self`; another directory in tests).
pub(super) fn families(root: &Path) -> Vec<MetricFamily> {
    let mut families = Vec::new();
    if let Some(stat) = fs::read_to_string(root.join("stat")).ok().as_deref().and_then(Stat::parse) {
        let ticks = rustix::param::clock_ticks_per_second().max(1);
        let seconds = |count: u64| float(count) / float(ticks);
        families.push(single(&names::PROCESS_CPU, seconds(stat.cpu_ticks)));
        families.push(single(&names::PROCESS_THREADS, float(stat.threads)));
        families.push(single(&names::PROCESS_VIRTUAL, float(stat.virtual_bytes)));
        let page = u64::try_from(rustix::param::page_size()).unwrap_or(4096);
        families.push(single(&names::PROCESS_RESIDENT, float(stat.resident_pages.saturating_mul(page))));
        if let Some(boot) = boot_time(root) {
            families.push(single(&names::PROCESS_START, float(boot) + seconds(stat.start_ticks)));
        }
    }
    if let Ok(open) = fs::read_dir(root.join("fd")) {
        // The directory itself is open while it is counted.
        families.push(single(&names::PROCESS_OPEN_FDS, float(count(open).saturating_sub(1))));
    }
    if let Some(most) = rustix::process::getrlimit(rustix::process::Resource::Nofile).current {
        families.push(single(&names::PROCESS_MAX_FDS, float(most)));
    }
    families
}

fn count(entries: fs::ReadDir) -> u64 {
    u64::try_from(entries.count()).unwrap_or(u64::MAX)
}

/// Seconds since 1970 at which the machine started.
fn boot_time(root: &Path) -> Option<u64> {
    let stat = fs::read_to_string(root.join("../stat")).ok()?;
    stat.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()
}

/// What is taken from `/proc/self/stat` (proc(5)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stat {
    cpu_ticks: u64,
    threads: u64,
    start_ticks: u64,
    virtual_bytes: u64,
    resident_pages: u64,
}

impl Stat {
    fn parse(text: &str) -> Option<Self> {
        // The second field is the name in parentheses and may hold anything; fields count from the third.
        let (_, rest) = text.rsplit_once(')')?;
        let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
        let field = |number: usize| fields.get(number.checked_sub(3)?)?.parse::<u64>().ok();
        Some(Self {
            cpu_ticks: field(14)?.saturating_add(field(15)?),
            threads: field(20)?,
            start_ticks: field(22)?,
            virtual_bytes: field(23)?,
            resident_pages: field(24)?,
        })
    }
}

#[cfg(test)]
mod tests;
