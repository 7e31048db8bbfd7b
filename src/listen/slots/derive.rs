//! How many connections there may be: from the config, and from the memory the process may use and the descriptors it
//! may open, so that no number of callers gets it killed.
//!
//! Every kind of connection counts with the most it can cost, measured over real sockets (`tests/it/slow`), and all
//! kinds share one room: what HTTP/2 takes, HTTP/1 does not have.

use std::fs;
use std::net::IpAddr;

use rustix::process::{Resource, getrlimit};

use crate::config::settings::{Limits, Settings};
use crate::exchange::Peer;
use crate::identify::client_ip::{ClientIpRules, Proxy};
use crate::listen::door::ROOM;

use super::LARGE_HEADS;
use super::tenant::Household;

/// The process itself, bytes: code, threads, one generation of rules and the next.
const PROCESS: u64 = 16 * 1024 * 1024;

/// What one connection may cost, bytes: its head with what was read along; the fields, its future, the socket (8 KiB).
pub(super) const EACH: u64 = ROOM as u64 + 8 * 1024;

/// What a message that streams through may hold besides, bytes: the pieces the engines have read ahead and not yet
/// written, on both sides.
const STREAM: u64 = 104 * 1024;

/// What one HTTP/2 connection may cost, bytes: 128 KiB of unread bodies, and the header lists of its streams.
pub(super) const EACH_HTTP2: u64 = 512 * 1024;

/// One entry of the rate-limit tables, of the replay memory, and of the audit queue, bytes.
const LIMIT_ENTRY: u64 = 96;
const REPLAY_ENTRY: u64 = 64;
const RECORD: u64 = 512;

/// Connections get this part of the memory, however little of it the rest leaves.
const LEAST_PART: u64 = 4;

/// HTTP/2 and idle connections have at least this part, however many messages may be under way.
const IDLE_PART: u64 = 8;

/// One client may have this part of the connections.
const SHARE: usize = 4;

/// Descriptors kept for the app's side, ops, files and a reserve.
const RESERVE: u64 = 64;

/// Never fewer, whatever the surroundings say.
const FEWEST: u64 = 16;

/// What the surroundings allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ceiling {
    /// Bytes of memory; `None`: unknown.
    pub memory: Option<u64>,
    /// File descriptors; `None`: no limit is set.
    pub descriptors: Option<u64>,
}

/// The bounds on connections.
#[derive(Clone, Debug)]
pub struct Bounds {
    pub(super) most: usize,
    /// Bytes they may cost together.
    pub(super) room: u64,
    pub(super) per_client: usize,
    shared_by: Option<(ClientIpRules, Written)>,
}

/// Whether the share of a client is the operator's own number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Written {
    No,
    Yes,
}

impl Ceiling {
    /// Reads the cgroup's memory limit, or half of the machine's memory where there is none, and the descriptor limit
    /// of this process.
    pub fn of_process() -> Self {
        let memory = cgroup_memory().or_else(|| machine_memory().map(|bytes| bytes / 2));
        Self { memory, descriptors: getrlimit(Resource::Nofile).current }
    }
}

impl Bounds {
    /// `most` connections, whatever they cost and whosever they are.
    pub fn new(most: usize) -> Self {
        Self { most, room: u64::MAX, per_client: usize::MAX, shared_by: None }
    }

    /// The same, costing at most `bytes` together: 24 KiB each, 512 KiB for HTTP/2.
    #[must_use]
    pub fn within(self, bytes: u64) -> Self {
        Self { room: bytes, ..self }
    }

    /// The same, of which one client has at most `count`.
    #[must_use]
    pub fn per_client(self, count: usize) -> Self {
        Self { per_client: count, ..self }
    }

    /// What `settings` say, and `ceiling` where they say nothing.
    ///
    /// Memory: what the buffers and tables of `settings` leave (a quarter at least) is shared by connections at 24 KiB
    /// each, and 104 KiB more for as many as can have a message under way to the app. Descriptors: half of them less
    /// 64, since each connection may need a second one towards the app.
    pub fn from_settings(settings: &Settings, ceiling: Ceiling) -> Self {
        let limits = &settings.limits;
        let room = ceiling.memory.map_or(u64::MAX, |memory| for_connections(memory, limits));
        let streams = streams(settings);
        let most = limits.connections.unwrap_or_else(|| derived(room, streams, ceiling.descriptors));
        let least = u64::try_from(most).unwrap_or(u64::MAX).saturating_mul(EACH);
        let idle = room.saturating_sub(streams.saturating_mul(STREAM));
        let idle = idle.max(ceiling.memory.map_or(0, |memory| memory / IDLE_PART));
        let (per_client, written) = match limits.connections_per_client {
            Some(count) => (count, Written::Yes),
            None => ((most / SHARE).max(1), Written::No),
        };
        let rules = ClientIpRules::from_settings(&settings.security);
        Self { most, room: idle.max(least), per_client, shared_by: Some((rules, written)) }
    }

    /// The one `peer` is counted with. `None`: many callers may stand behind it, and it is not counted.
    pub(super) fn household(&self, peer: Peer) -> Option<Household> {
        let Peer::Tcp(address) = peer else { return None };
        let ip: IpAddr = address.ip();
        let Some((rules, written)) = &self.shared_by else { return Some(Household::of(ip)) };
        match (rules.proxy(ip), written) {
            (Proxy::Declared, _) | (Proxy::Possible, Written::No) => None,
            (Proxy::Possible, Written::Yes) | (Proxy::No, _) => Some(Household::of(ip)),
        }
    }
}

/// Bytes of `memory` that connections may cost.
fn for_connections(memory: u64, limits: &Limits) -> u64 {
    let entries = |count: usize, each: u64| u64::try_from(count).unwrap_or(u64::MAX).saturating_mul(each);
    let others = [
        PROCESS,
        entries(LARGE_HEADS, 1),
        limits.buffered_total,
        entries(limits.limit_entries, LIMIT_ENTRY),
        entries(limits.replay_entries, REPLAY_ENTRY),
        entries(limits.audit_queue, RECORD),
    ];
    let others = others.into_iter().fold(0, u64::saturating_add);
    memory.saturating_sub(others).max(memory / LEAST_PART)
}

/// Messages that can be under way to all apps at once.
fn streams(settings: &Settings) -> u64 {
    let own = settings.routes.iter().filter_map(|route| route.upstream.as_ref());
    let all = own.chain([&settings.upstream]).map(|upstream| upstream.max_connections);
    all.fold(0, |sum, count| sum.saturating_add(u64::try_from(count).unwrap_or(u64::MAX)))
}

pub(super) fn derived(room: u64, streams: u64, descriptors: Option<u64>) -> usize {
    let busy = EACH + STREAM;
    let by_memory = match room.checked_sub(streams.saturating_mul(busy)) {
        Some(rest) => streams.saturating_add(rest / EACH),
        None => room / busy,
    };
    let by_descriptors = descriptors.map_or(u64::MAX, |count| (count / 2).saturating_sub(RESERVE));
    usize::try_from(by_memory.min(by_descriptors).max(FEWEST)).unwrap_or(usize::MAX)
}

fn machine_memory() -> Option<u64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
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
