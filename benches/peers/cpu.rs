//! What a whole process tree has cost: processor time in nanoseconds and resident memory, from /proc.

use std::fs;
use std::ops::{Add, Sub};
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

    /// What it has spent so far.
    pub(crate) fn spent(&self) -> Tried<Spent> {
        let mut spent = Spent { ns: self.cpu_ns()?, ..Spent::default() };
        for pid in &self.pids {
            let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
            // After the name in parentheses, which may hold anything: the twelfth and thirteenth fields.
            let mut ticks = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace().skip(11);
            let mut next = || ticks.next().and_then(|number| number.parse::<u64>().ok()).unwrap_or(0);
            spent.user_ticks += next();
            spent.kernel_ticks += next();
        }
        Ok(spent)
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

/// Processor time of a whole tree.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Spent {
    /// Nanoseconds, exactly.
    pub(crate) ns: u64,
    /// Clock ticks that found it in user space, and in the kernel: a sample.
    pub(crate) user_ticks: u64,
    pub(crate) kernel_ticks: u64,
}

impl Add for Spent {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            ns: self.ns + other.ns,
            user_ticks: self.user_ticks + other.user_ticks,
            kernel_ticks: self.kernel_ticks + other.kernel_ticks,
        }
    }
}

impl Sub for Spent {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self {
            ns: self.ns.saturating_sub(before.ns),
            user_ticks: self.user_ticks.saturating_sub(before.user_ticks),
            kernel_ticks: self.kernel_ticks.saturating_sub(before.kernel_ticks),
        }
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
