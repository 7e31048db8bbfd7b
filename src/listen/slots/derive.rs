//! The bound on connections where the config sets none: from the memory the process may use and the descriptors it
//! may open, so that no number of callers gets it killed.

use std::fs;

use rustix::process::{Resource, getrlimit};

/// Memory kept for everything that is no connection, bytes.
const BASE: u64 = 32 * 1024 * 1024;

/// What one connection may cost, bytes: the engine's two 8 KiB buffers, its future, the socket.
const EACH: u64 = 24 * 1024;

/// What one HTTP/2 connection may cost, bytes: 128 KiB of unread bodies, the header lists and the responses of its
/// streams.
const EACH_HTTP2: u64 = 512 * 1024;

/// Descriptors kept for the app's side, ops, files and a reserve.
const RESERVE: u64 = 64;

/// Never fewer, whatever the surroundings say.
const FEWEST: u64 = 16;

/// What the surroundings allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ceiling {
    /// Bytes of memory; `None`: no limit is set.
    pub memory: Option<u64>,
    /// File descriptors; `None`: no limit is set.
    pub descriptors: Option<u64>,
}

impl Ceiling {
    /// Reads the cgroup's memory limit and the descriptor limit of this process.
    pub fn of_process() -> Self {
        Self { memory: cgroup_memory(), descriptors: getrlimit(Resource::Nofile).current }
    }
}

/// Most connections under `ceiling`: memory at 24 KiB each beyond 32 MiB, and half the descriptors less 64 (each
/// connection may need a second one towards the app).
pub fn derived(ceiling: Ceiling) -> usize {
    let by_memory = ceiling.memory.map_or(u64::MAX, |bytes| bytes.saturating_sub(BASE) / EACH);
    let by_descriptors = ceiling.descriptors.map_or(u64::MAX, |count| (count / 2).saturating_sub(RESERVE));
    usize::try_from(by_memory.min(by_descriptors).max(FEWEST)).unwrap_or(usize::MAX)
}

/// Most HTTP/2 connections under `ceiling`, by memory alone: 512 KiB each beyond 32 MiB.
pub fn derived_http2(ceiling: Ceiling) -> usize {
    let by_memory = ceiling.memory.map_or(u64::MAX, |bytes| bytes.saturating_sub(BASE) / EACH_HTTP2);
    usize::try_from(by_memory.max(FEWEST)).unwrap_or(usize::MAX)
}

/// The memory limit of our cgroup, version 2 or 1; the smallest on the way to the root is what kills.
fn cgroup_memory() -> Option<u64> {
    let own = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let v2 = own.lines().find_map(|line| line.strip_prefix("0::"));
    let v1 = own.lines().find_map(|line| {
        let (controllers, path) = line.split_once(':')?.1.split_once(':')?;
        controllers.split(',').any(|name| name == "memory").then_some(path)
    });
    let limits =
        [("/sys/fs/cgroup", v2, "memory.max"), ("/sys/fs/cgroup/memory", v1, "memory.limit_in_bytes")];
    limits.into_iter().filter_map(|(root, path, file)| smallest(root, path.unwrap_or("/"), file)).min()
}

fn smallest(root: &str, path: &str, file: &str) -> Option<u64> {
    let mut least = None;
    let mut path = path.trim_end_matches('/');
    loop {
        let limit = fs::read_to_string(format!("{root}{path}/{file}")).ok().and_then(|text| limit(&text));
        least = [least, limit].into_iter().flatten().min();
        match path.rsplit_once('/') {
            Some((parent, _)) => path = parent,
            None => return least,
        }
    }
}

/// A limit file's number; `max`, and the huge number cgroup 1 uses for it, mean none.
fn limit(text: &str) -> Option<u64> {
    text.trim().parse().ok().filter(|&bytes| bytes < 1 << 50)
}
