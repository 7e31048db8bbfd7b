//! The machine a run was made on, as /proc and the programs tell it.

use std::fs;
use std::process::Command;

use crate::cores::Cores;
use crate::proxies::Peer;
use crate::tools::Tools;

/// Lines for the report.
#[derive(Clone, Debug)]
pub(crate) struct Machine {
    pub(crate) lines: Vec<String>,
    /// Programs that ran on average in the minute before.
    pub(crate) load: f64,
}

impl Machine {
    /// As it is now, before anything was started.
    pub(crate) fn look(tools: &Tools, cores: Cores) -> Self {
        let load = read("/proc/loadavg").split(' ').next().and_then(|n| n.parse().ok()).unwrap_or(0.0);
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
            format!("Load average before the run: {load:.2}"),
            format!("Versions: {}; commit {}", versions.join(", "), commit()),
        ];
        Self { lines, load }
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
