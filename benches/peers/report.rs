//! Writes what was found as a document: the goals first, then every number they rest on.

use std::fmt::Write;
use std::fs;

use crate::contest::Table;
use crate::footprint::{AFTERWARDS, CROWD};
use crate::goals::{self, Goal, Room, Verdict};
use crate::growth::Growth;
use crate::latency::Latency;
use crate::machine::Machine;
use crate::options::{Depth, Options};
use crate::proxies::Peer;
use crate::run::Findings;
use crate::stats::{self, Estimate, median, paired_difference, quantile};
use crate::trouble::Tried;

/// Above so many cores, others were using the machine.
const QUIET: f64 = 0.1;

const METHOD: &str = "CPU is that of the whole process tree, from the scheduler's own accounts in /proc, divided by the requests
answered. One worker each: nginx `worker_processes 1`, HAProxy `nbthread 1`, Envoy `--concurrency 1`, Traefik and Caddy
`GOMAXPROCS=1`, Sidegate `workers: 1`. The proxies of a scenario stand side by side and are timed in turn, each round
in an order of its own; a number is the median over the rounds, a ratio that of two medians with the 95 % interval
of a bootstrap over paired rounds, by which the goals are judged. Beside it stands the median of the ratios within a round,
which a machine that is slow for a while does not touch. Connections are kept through all rounds. HTTP/2 has a fifth
of the rounds, of 7,500 requests each; latency as many, of 0.25 s; growth a quarter, of 1 s. Turns are short and
rounds many, because a neighbour on a shared host slows one moment and not the next: what disturbs one proxy then disturbs the one timed
after it. The kernel's part of the CPU is what the clock's ticks found. Requests per second are what the shared core of
load and origin asked for, not what a proxy could do at most. How each proxy does the work stands in
`benches/peers/proxies/`, a file for each. Before it is timed, each proxy must refuse the same bad requests. In doubt a
peer is given its cheaper way. Nothing that protects is switched off in Sidegate: all limits, deadlines and hygiene are on.
";

/// Writes the report to the file that was asked for.
pub(crate) fn write(options: &Options, machine: &Machine, findings: &Findings) -> Tried<()> {
    let text = document(options, machine, findings);
    if let Some(folder) = options.report.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(&options.report, text)?;
    Ok(())
}

fn document(options: &Options, machine: &Machine, findings: &Findings) -> String {
    let mut text =
        "# What a request costs\n\nWritten by `benches/peers/run`; one run, one machine. ".to_owned();
    text.push_str("How it is measured stands at the end.\n\n");
    if options.depth == Depth::Quick {
        text.push_str("**A quick look with few short rounds, not a result.**\n\n");
    }
    if machine.others > QUIET {
        text.push_str("**Other programs were using this machine: nothing here is a result.**\n\n");
    }
    for line in &machine.lines {
        let _ = writeln!(text, "- {line}");
    }
    let _ = writeln!(text, "- {} rounds of {:.2} s", options.rounds, options.length.as_secs_f64());
    text.push_str("\n## Goals\n\n| Part | Goal | Found | |\n|---|---|---|---|\n");
    for goal in goals::judge(findings) {
        let _ = writeln!(text, "| {} | {} | {} | {} |", goal.part, goal.goal, goal.found, verdict(&goal));
    }
    rooms(&mut text, findings);
    text.push_str("\n## CPU per request\n");
    for table in &findings.tables {
        contest(&mut text, table);
    }
    text.push_str("\n### tls\n\nNot yet: Sidegate has no TLS listener.\n");
    latencies(&mut text, findings);
    footprints(&mut text, findings);
    if let Some(growth) = &findings.growth {
        grown(&mut text, growth);
    }
    let _ = write!(text, "\n## How it is measured\n\n{METHOD}");
    text
}

fn rooms(text: &mut String, findings: &Findings) {
    text.push_str(
        "\n## What the kernel leaves\n\nWhat each bound on CPU allows, what of ours is the kernel's (reading, writing and waiting, which every proxy\ndoes), and so what it leaves for our own code. µs a request.\n\n| Part | Bound | allowed | kernel's | left for ours | ours takes |\n|---|---|---|---|---|---|\n",
    );
    for room in goals::rooms(findings) {
        let Room { part, goal, allowed, kernel, own } = room;
        let left = allowed - kernel;
        let _ = writeln!(text, "| {part} | {goal} | {allowed:.1} | {kernel:.1} | {left:.1} | {own:.1} |");
    }
}

fn verdict(goal: &Goal) -> &'static str {
    match goal.verdict {
        Verdict::Met => "met",
        Verdict::Missed => "**not met**",
        Verdict::Unmeasured => "not measured",
    }
}

fn contest(text: &mut String, table: &Table) {
    let _ = writeln!(text, "\n### {}\n\n{}.\n", table.scenario.name(), table.scenario.story());
    text.push_str("| Proxy | µs CPU | middle half | kernel's µs | Sidegate is × | 95 % interval | in the same round | 95 % interval | requests/s |\n|---|---|---|---|---|---|---|---|---|\n");
    let own = table.series.iter().find(|series| series.label == Peer::Sidegate.name());
    for series in &table.series {
        let own = own.filter(|own| own.label != series.label);
        let told = |estimate: Option<Estimate>| {
            let told = estimate.map(|it| format!("{:.2} | {:.2}–{:.2}", it.value, it.low, it.high));
            told.unwrap_or_else(|| "| ".to_owned())
        };
        let ratio = told(own.and_then(|own| stats::ratio(&own.micros, &series.micros)));
        let paired = told(own.and_then(|own| stats::paired_ratio(&own.micros, &series.micros)));
        let _ = writeln!(
            text,
            "| {} | {:.1} | {:.1}–{:.1} | {:.1} | {ratio} | {paired} | {:.0} |",
            series.label,
            median(&series.micros),
            quantile(&series.micros, 0.25),
            quantile(&series.micros, 0.75),
            median(&series.micros) * series.kernel_share(),
            median(&series.rates),
        );
    }
    for (label, why) in &table.absent {
        let why = why.lines().next().unwrap_or_default();
        let _ = writeln!(text, "| {label} | – | | | | | | | {why} |");
    }
}

fn latencies(text: &mut String, findings: &Findings) {
    if findings.latencies.is_empty() {
        return;
    }
    text.push_str("\n## Latency of keyed\n\nOpen loop; counted from when a request was due. The relay checks nothing.\n\n");
    text.push_str(
        "| Way | requests/s | p50 µs | p99 µs | p99, middle half | Sidegate's p99 less it, in the same round | 95 % interval |\n\
         |---|---|---|---|---|---|---|\n",
    );
    for latency in &findings.latencies {
        let own = findings.latencies.iter().find(|own| is_own(own) && own.rate == latency.rate);
        let beside =
            own.filter(|_| !is_own(latency)).and_then(|own| paired_difference(&own.p99, &latency.p99));
        let beside = beside.map_or_else(
            || "| |".to_owned(),
            |it| format!("{:+.0} | {:+.0} to {:+.0} |", it.value, it.low, it.high),
        );
        let _ = writeln!(
            text,
            "| {} | {} | {:.0} | {:.0} | {:.0}–{:.0} | {beside}",
            latency.label,
            latency.rate,
            median(&latency.p50),
            median(&latency.p99),
            quantile(&latency.p99, 0.25),
            quantile(&latency.p99, 0.75),
        );
    }
}

fn is_own(latency: &Latency) -> bool {
    latency.label == Peer::Sidegate.name()
}

fn footprints(text: &mut String, findings: &Findings) {
    if findings.footprints.is_empty() {
        return;
    }
    let _ = writeln!(
        text,
        "\n## Footprint\n\nResident memory of all its processes, whose program was read from the disk anew; start is from exec to the first good answer\n\
         through it.\n\n\
         | Proxy | rules | idle MiB | {CROWD} connections open MiB | after load on them MiB | {} s after they closed MiB | \
         start ms | program MiB |\n|---|---|---|---|---|---|---|---|",
        AFTERWARDS.as_secs()
    );
    for it in &findings.footprints {
        // The relay is this measuring program itself; its size says nothing.
        let binary = if it.label == Peer::Relay.name() { String::new() } else { format!("{:.1}", it.binary) };
        let ready = median(&it.ready);
        let _ = writeln!(
            text,
            "| {} | {} | {:.1} | {:.1} | {:.1} | {:.1} | {ready:.0} | {binary} |",
            it.label, it.rules, it.idle, it.opened, it.loaded, it.left
        );
    }
}

fn grown(text: &mut String, growth: &Growth) {
    text.push_str(
        "\n## Growth\n\n10,000 routes, 1,000,000 denied networks from a file and 100,000 keys from four files, against ten of\neach; callers of as many addresses, with as many keys.\n\n| Rules | µs CPU | middle half |\n|---|---|---|\n",
    );
    for series in &growth.series {
        let (low, high) = (quantile(&series.micros, 0.25), quantile(&series.micros, 0.75));
        let _ = writeln!(text, "| {} | {:.1} | {low:.1}–{high:.1} |", series.label, median(&series.micros));
    }
    let ((calm, worst_calm), (busy, worst_busy)) = (growth.calm, growth.reloading);
    let [few, many, after] = growth.memory;
    let _ = writeln!(
        text,
        "\nOn the proxy's one core, which the reload shares with the worker. Start {:.2} s; reload {:.2} s from the rename of\n\
         the list to the answer of `POST /reload`, about {:.2} s of that on the processor. At 1,000 requests/s: p99 {calm:.2} ms\n\
         and worst {worst_calm:.2} ms calm, p99 {busy:.2} ms and worst {worst_busy:.2} ms with the reload in it. Resident\n\
         memory {few:.1} MiB with ten of each, {many:.1} MiB with all, {after:.1} MiB after the reload.",
        growth.start.as_secs_f64(),
        growth.reload.as_secs_f64(),
        growth.reload_cpu.as_secs_f64(),
    );
}
