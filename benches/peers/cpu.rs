//! What a whole process tree has cost: processor time in nanoseconds and resident memory, from /proc.

use std::fs;
use std::path::Path;

use crate::trouble::{Tried, Trouble};

/// A process and everything below it.
#[derive(Clone, Debug)]
pub(crate) struct Tree {
    pids: Vec<u32>,
}

impl Tree {
    /// The tree as it stands now, root first.
    pub(crate) fn of(root: u32) -> Self {
        let parents = parents();
        let mut pids = vec![root];
        let mut at = 0;
        while let Some(&parent) = pids.get(at) {
            pids.extend(parents.iter().filter(|(_, of)| *of == parent).map(|(pid, _)| *pid));
            at += 1;
        }
        Self { pids }
    }

    pub(crate) fn pids(&self) -> &[u32] {
        &self.pids
    }

    /// Nanoseconds on a core so far, of all threads: the first number of each `schedstat`. Exact while the threads
    /// sleep; one that runs is up to a tick behind.
    pub(crate) fn cpu_ns(&self) -> Tried<u64> {
        let mut sum = 0;
        for pid in &self.pids {
            let tasks = fs::read_dir(format!("/proc/{pid}/task"))?;
            for task in tasks {
                sum += thread_ns(&task?.path())?;
            }
        }
        Ok(sum)
    }

    /// Resident memory in KiB, of all processes; pages they share are counted in each, as `ps` does.
    pub(crate) fn rss_kib(&self) -> Tried<u64> {
        let each = self.pids.iter().map(|pid| {
            let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
            let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
            let number = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
            number.ok_or_else(|| Trouble::new(format!("process {pid} has no resident memory")))
        });
        each.sum()
    }
}

fn thread_ns(task: &Path) -> Tried<u64> {
    let text = fs::read_to_string(task.join("schedstat"))?;
    let first = text.split_whitespace().next().and_then(|number| number.parse().ok());
    first.ok_or_else(|| Trouble::new("the kernel keeps no schedstat (CONFIG_SCHED_INFO)"))
}

/// Every process with its parent.
fn parents() -> Vec<(u32, u32)> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter_map(|pid| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name in parentheses may hold anything; the fields begin after the last one.
        let (_, fields) = stat.rsplit_once(')')?;
        Some((pid, fields.split_whitespace().nth(1)?.parse().ok()?))
    })
    .collect()
}
