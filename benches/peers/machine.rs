//! The machine a run was made on, as /proc and the programs tell it.

use std::fs;
use std::process::Command;
use std::time::Instant;

use crate::cores::Cores;
use crate::proxies::Peer;
use crate::tools::Tools;

/// Lines for the report.
#[derive(Clone, Debug)]
pub(crate) struct Machine {
    pub(crate) lines: Vec<String>,
    /// Cores that everyone else used on average while the run lasted.
    pub(crate) others: f64,
    before: Used,
}

/// Processor time used since the machine started, in ticks: by all, and by this program and what it started.
#[derive(Clone, Copy, Debug)]
struct Used {
    all: f64,
    own: f64,
    at: Instant,
}

/// Ticks in a second, as /proc counts them on every Linux that Debian has.
const TICKS: f64 = 100.0;

impl Machine {
    /// As it is now, before anything was started.
    pub(crate) fn look(tools: &Tools, cores: Cores) -> Self {
        let cpu = read("/proc/cpuinfo");
        let field = |name: &str| {
            let line = cpu.lines().find(|line| line.starts_with(name));
            line.and_then(|line| line.split_once(": ")).map_or("unknown", |(_, value)| value).to_owned()
        };
        let flags = field("flags");
        let has = |flag: &str| flags.split(' ').any(|it| it == flag);
        let told: Vec<&str> =
            ["sha_ni", "avx2", "avx512f", "hypervisor"].into_iter().filter(|flag| has(flag)).collect();
        let memory = read("/proc/meminfo").split_whitespace().nth(1).and_then(|n| n.parse::<u64>().ok());
        let apart = if cores.are_apart() { "a core of its own" } else { "THE SAME CORE as the load" };
        let versions: Vec<String> = Peer::ALL
            .into_iter()
            .filter(|peer| *peer != Peer::Relay)
            .map(|peer| format!("{} {}", peer.name(), tools.version(peer)))
            .collect();
        let lines = vec![
            format!(
                "Processor: {}, {} cores ({})",
                field("model name"),
                cpu.matches("processor\t").count(),
                told.join(", ")
            ),
            format!("Memory: {} MiB", memory.unwrap_or(0) / 1024),
            format!("System: {}, Linux {}", system(), read("/proc/sys/kernel/osrelease").trim()),
            format!("Load generator and origin share one core, the proxy has {apart}"),
            format!("Versions: {}; commit {}", versions.join(", "), commit()),
            format!("Sidegate is {}", tools.build()),
        ];
        Self { lines, others: 0.0, before: Used::now() }
    }

    /// Notes what everyone else used since [`Machine::look`]; everything that was started has ended.
    pub(crate) fn end(&mut self) {
        let now = Used::now();
        let ticks = (now.all - self.before.all) - (now.own - self.before.own);
        self.others = (ticks / TICKS / now.at.duration_since(self.before.at).as_secs_f64()).max(0.0);
        self.lines.push(format!("Everyone else used {:.2} cores on average while this ran", self.others));
    }
}

impl Used {
    fn now() -> Self {
        let sum = |text: &str, fields: std::ops::Range<usize>| {
            let numbers = text.split_whitespace().skip(fields.start).take(fields.len());
            numbers.filter_map(|number| number.parse::<f64>().ok()).sum()
        };
        // After the name in parentheses: user and system time, its own and that of children that have ended.
        let own = read("/proc/self/stat");
        let own = own.rsplit_once(')').map_or(0.0, |(_, fields)| sum(fields, 11..15));
        // user, nice, system; then idle and iowait, which are nobody's; irq, softirq, steal.
        let stat = read("/proc/stat");
        let line = stat.lines().next().unwrap_or_default();
        Self { all: sum(line, 1..4) + sum(line, 6..9), own, at: Instant::now() }
    }
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

fn system() -> String {
    let text = read("/etc/os-release");
    let name = text.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="));
    name.unwrap_or("unknown").trim_matches('"').to_owned()
}

/// The commit that was built, as far as git knows.
fn commit() -> String {
    let git = |arguments: &[&str]| {
        let output =
            Command::new("git").args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        Some(text.trim().to_owned())
    };
    let Some(commit) = git(&["rev-parse", "--short=10", "HEAD"]).filter(|text| !text.is_empty()) else {
        return "unknown".to_owned();
    };
    let changed =
        git(&["status", "--porcelain", "--untracked-files=no"]).is_some_and(|text| !text.is_empty());
    if changed { format!("{commit} with changes") } else { commit }
}
