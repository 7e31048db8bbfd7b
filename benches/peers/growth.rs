//! Does the cost of a request stay when the rules are many, and what does a reload of all of them do to callers?
//!
//! Two gates side by side: one with ten of each, one with 10,000 routes, 1,000,000 denied networks in a file and
//! 100,000 keys in files. Both get as many different requests from as many addresses as they have rules for.

use std::fmt::Write;
use std::net::Ipv4Addr;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use crate::contest::{self, Contestant, Ground, Series};
use crate::launch::{self, Running};
use crate::load::{self, Driver};
use crate::proxies::Launch;
use crate::scenario::{self, Scenario};
use crate::stats::{median, quantile};
use crate::trouble::{Tried, Trouble};
use crate::wire;

/// Different requests sent in turn.
const VARIETY: usize = 20_000;
/// A key file may hold so many and stay below the largest size the gate reads.
const KEYS_PER_FILE: usize = 25_000;
const KEY_FILES: [&str; 4] = ["keys-0.yaml", "keys-1.yaml", "keys-2.yaml", "keys-3.yaml"];
/// A turn of the contest.
const TURN: Duration = Duration::from_secs(1);
/// Requests per second while the rules are read anew.
const RATE: u32 = 1_000;
/// How long they are sent before it is looked whether the reload is over.
const SLICE: Duration = Duration::from_millis(500);
const LONGEST_RELOAD: Duration = Duration::from_secs(60);

pub(crate) const FEW: Size = Size { label: "ten of each", routes: 10, networks: 10, keys: 10 };
pub(crate) const MANY: Size =
    Size { label: "all", routes: 10_000, networks: 1_000_000, keys: KEYS_PER_FILE * KEY_FILES.len() };

/// How many rules.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    pub(crate) label: &'static str,
    routes: usize,
    networks: usize,
    keys: usize,
}

/// What was seen.
#[derive(Clone, Debug)]
pub(crate) struct Growth {
    pub(crate) series: Vec<Series>,
    pub(crate) reload: Duration,
    /// Time on the processor that it took: all there was, less what as many requests cost otherwise.
    pub(crate) reload_cpu: Duration,
    /// p99 and worst latency in ms at 1,000 requests a second, calm and while the rules are read.
    pub(crate) calm: (f64, f64),
    pub(crate) reloading: (f64, f64),
    /// From the start of the program to the first good answer.
    pub(crate) start: Duration,
    /// Resident memory in MiB: ten of each, all, all after the reload.
    pub(crate) memory: [f64; 3],
}

/// Measures both gates.
pub(crate) fn measure(ground: Ground<'_>) -> Tried<Growth> {
    let (few, _) = start(ground, FEW)?;
    let (many, admin) = start(ground, MANY)?;
    let started = many.running.ready_after;
    let contestants = [few, many];
    // Turns long enough that each of the many requests is sent in them.
    let longer = Ground { rounds: ground.rounds.div_ceil(4), length: TURN, ..ground };
    let series = longer.rounds(Scenario::Keyed, &contestants)?;
    let [few, many] = &contestants;
    let mib = |it: &Contestant| Ok::<_, Trouble>(it.running.tree.rss_kib()? as f64 / 1024.0);
    let (small, large) = (mib(few)?, mib(many)?);
    let mut driver = Driver::open(many.running.address, 32, &many.requests)?;
    let calm = summary(&driver.open_loop(RATE, SLICE * 4)?);
    let folder = contest::folder_of(&name(MANY));
    let before = many.running.tree.cpu_ns()?;
    let reload = thread::spawn(move || reload(&folder, admin));
    let mut nanos = Vec::new();
    while !reload.is_finished() {
        nanos.extend(driver.open_loop(RATE, SLICE)?);
    }
    let spent = many.running.tree.cpu_ns()? - before;
    let usual = series.last().map_or(0.0, |all| median(&all.micros)) * 1e3 * nanos.len() as f64;
    let reload_cpu = Duration::from_nanos(spent.saturating_sub(usual as u64));
    let reloading = summary(&nanos);
    let reload = reload.join().map_err(|_| Trouble::new("the reload was not measured"))??;
    Ok(Growth {
        series,
        reload,
        reload_cpu,
        calm,
        reloading,
        start: started,
        memory: [small, large, mib(many)?],
    })
}

fn name(size: Size) -> String {
    format!("growth-{}", size.label)
}

fn start(ground: Ground<'_>, size: Size) -> Tried<(Contestant, u16)> {
    let folder = ground.folder(&name(size))?;
    let (port, admin) = launch::free_ports()?;
    let launch = Launch {
        program: ground.tools.sidegate.clone(),
        arguments: ["run", "--config", "sidegate.yaml"].map(str::to_owned).to_vec(),
        environment: Vec::new(),
        files: files(size, port, admin, ground.origin),
    };
    let requests = requests(size);
    let probe = requests.first().map(Vec::as_slice);
    let running = Running::start(&launch, &folder, (port, probe), ground.cores)
        .map_err(|trouble| trouble.during(size.label))?;
    for (what, request) in bad() {
        let (status, _) = load::ask(running.address, running.address.ip(), &request)?;
        if !(400..500).contains(&status) {
            return Err(Trouble::new(format!("{what} was answered {status} with {}", size.label)));
        }
    }
    Ok((Contestant::new(size.label, running, requests), admin))
}

fn files(size: Size, port: u16, admin: u16, origin: u16) -> Vec<(&'static str, String)> {
    let mut config = format!(
        "version: 1\nlisten: 127.0.0.1:{port}\nupstream: http://127.0.0.1:{origin}\nops: 127.0.0.1:0\n\
         admin: 127.0.0.1:{admin}\nworkers: 1\n\
         security: {{ trusted_proxies: [127.0.0.0/8], ip_denylist: {{ file: denied.txt }} }}\n\
         operational: {{ rate_limit_per_minute: {} }}\n\
         telemetry: {{ log: {{ level: warning }}, audit: off }}\n",
        scenario::QUOTA_PER_MINUTE
    );
    let parts: Vec<&'static str> = KEY_FILES.into_iter().take(size.keys.div_ceil(KEYS_PER_FILE)).collect();
    let _ = writeln!(config, "api_keys: {{ files: [{}] }}\nroutes:", parts.join(", "));
    for route in 0..size.routes {
        let _ = writeln!(config, "- {{ name: r{route}, path: /r/{route}, api_key: {{}} }}");
    }
    let denied: String = (0..size.networks).map(|number| format!("{}/25\n", network(number))).collect();
    let mut files = vec![("sidegate.yaml", config), ("denied.txt", denied)];
    for (part, name) in parts.into_iter().enumerate() {
        let mut text = "keys:\n".to_owned();
        let first = part * KEYS_PER_FILE;
        for number in first..size.keys.min(first + KEYS_PER_FILE) {
            let digest = data_encoding::HEXLOWER.encode(&Sha256::digest(scenario::key(number)));
            let _ = writeln!(text, "- {{ id: k{number}, hash: \"sha256:{digest}\" }}");
        }
        files.push((name, text));
    }
    files
}

/// The lower halves of neighbouring /24 networks; callers are in the upper halves, always next to a denied network.
fn network(number: usize) -> Ipv4Addr {
    Ipv4Addr::from_bits(0x1400_0000 + (number as u32) * 256)
}

fn caller(number: usize) -> String {
    Ipv4Addr::from_bits(network(number).to_bits() + 200).to_string()
}

/// Strides without a common factor, so that neighbours in time are far apart in every table.
fn requests(size: Size) -> Vec<Vec<u8>> {
    let one = |turn: usize| {
        let route = turn * 7_919 % size.routes;
        let key = scenario::key(turn * 104_729 % size.keys);
        let from = caller(turn * 1_299_709 % size.networks);
        wire::request(&format!("GET /r/{route}"), &[("X-API-Key", &key), ("X-Forwarded-For", &from)], b"")
    };
    (0..VARIETY).map(one).collect()
}

fn bad() -> Vec<(&'static str, Vec<u8>)> {
    let ask = |path: &str, key: &str, from: &str| {
        wire::request(&format!("GET {path}"), &[("X-API-Key", key), ("X-Forwarded-For", from)], b"")
    };
    let (good, here, denied) = (scenario::key(3), caller(3), network(3).to_string());
    vec![
        ("a denied address", ask("/r/1", &good, &denied)),
        ("an unknown key", ask("/r/1", "key-99999999-0000000000000000", &here)),
        ("an unknown path", ask("/r/none", &good, &here)),
    ]
}

/// p99 and worst, in ms.
fn summary(nanos: &[u64]) -> (f64, f64) {
    let millis: Vec<f64> = nanos.iter().map(|nanos| *nanos as f64 / 1e6).collect();
    (quantile(&millis, 0.99), quantile(&millis, 1.0))
}

/// Denies one more network and asks for a reload; how long until the gate said that it is in force.
fn reload(folder: &Path, admin: u16) -> Tried<Duration> {
    let (list, fresh) = (folder.join("denied.txt"), folder.join("denied.new"));
    let text = std::fs::read_to_string(&list)? + "203.0.113.0/24\n";
    std::fs::write(&fresh, text)?;
    let begun = Instant::now();
    std::fs::rename(&fresh, &list)?;
    let admin = (Ipv4Addr::LOCALHOST, admin).into();
    let request =
        "POST /reload HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let (status, told) =
        load::ask_patiently(admin, Ipv4Addr::LOCALHOST.into(), request.as_bytes(), LONGEST_RELOAD)?;
    let took = begun.elapsed();
    if status == 200 && told.contains("applied") {
        return Ok(took);
    }
    Err(Trouble::new(format!("the reload was answered {status}: {told}")))
}
