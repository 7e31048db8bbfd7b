//! The goals this project set itself, each judged by the numbers of one run. A ratio is met when the upper end of its
//! 95 % interval is under the bound.

use crate::contest::{OWN_PASS, Series};
use crate::growth;
use crate::proxies::Peer;
use crate::run::Findings;
use crate::scenario::Scenario;
use crate::stats::{self, Estimate, median};

/// How a goal ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Met,
    Missed,
    /// What it compares was not part of this run.
    Unmeasured,
}

/// One goal.
#[derive(Clone, Debug)]
pub(crate) struct Goal {
    pub(crate) part: &'static str,
    pub(crate) goal: String,
    pub(crate) found: String,
    pub(crate) verdict: Verdict,
}

/// A caller may wait so long while everything is read anew, in ms; on the worker itself the reload would be all of it.
const RELOAD_STALL: f64 = 50.0;
const RELOAD: f64 = 1.0;
/// The rate at which latency is judged.
const RATE: u32 = 3_000;

/// A bound on CPU: at most so many times what another takes.
type Bound = (Scenario, &'static str, f64);

fn bounds(findings: &Findings) -> Vec<Bound> {
    let nginx = Peer::Nginx.name();
    vec![
        (Scenario::Pass, nginx, 0.95),
        (Scenario::Pass, Peer::Relay.name(), 1.4),
        (Scenario::Pass, Peer::Envoy.name(), 0.30),
        (Scenario::Keyed, nginx, 0.90),
        (Scenario::Keyed, Peer::Haproxy.name(), 0.80),
        (Scenario::Keyed, Peer::Envoy.name(), 0.25),
        (Scenario::Keyed, OWN_PASS, 1.10),
        (Scenario::Signed, better_signer(findings), 0.60),
        (Scenario::Full, nginx, 0.90),
    ]
}

/// What a bound on CPU leaves for our own code, in µs a request.
pub(crate) struct Room {
    pub(crate) part: &'static str,
    pub(crate) goal: String,
    /// What the bound allows in all.
    pub(crate) allowed: f64,
    /// What the kernel takes of ours.
    pub(crate) kernel: f64,
    /// What our code takes.
    pub(crate) own: f64,
}

/// Of each bound on CPU that was measured.
pub(crate) fn rooms(findings: &Findings) -> Vec<Room> {
    let room = |(scenario, theirs, bound): Bound| {
        let ours = series(findings, scenario, Peer::Sidegate.name())?;
        let all = median(&ours.micros);
        let kernel = all * ours.kernel_share();
        Some(Room {
            part: scenario.name(),
            goal: format!("{bound:.2} × {theirs}"),
            allowed: bound * median(&series(findings, scenario, theirs)?.micros),
            kernel,
            own: all - kernel,
        })
    };
    bounds(findings).into_iter().filter_map(room).collect()
}

/// All goals, in the order of the issue that set them.
pub(crate) fn judge(findings: &Findings) -> Vec<Goal> {
    let ratio = |(scenario, theirs, bound)| ratio(findings, scenario, theirs, bound);
    let mut goals: Vec<Goal> = bounds(findings).into_iter().map(ratio).collect();
    goals.extend(latency(findings));
    goals.extend(footprint(findings));
    goals.extend(growth(findings));
    goals
}

/// The rounds of one label in one scenario.
pub(crate) fn series<'a>(findings: &'a Findings, scenario: Scenario, label: &str) -> Option<&'a Series> {
    let table = findings.tables.iter().find(|table| table.scenario == scenario)?;
    table.series.iter().find(|series| series.label == label)
}

/// nginx with Lua or HAProxy, whichever is cheaper here.
fn better_signer(findings: &Findings) -> &'static str {
    let cost = |peer: Peer| {
        let series = series(findings, Scenario::Signed, peer.name());
        series.map_or(f64::INFINITY, |series| median(&series.micros))
    };
    if cost(Peer::Haproxy) < cost(Peer::Nginx) { Peer::Haproxy.name() } else { Peer::Nginx.name() }
}

fn ratio(findings: &Findings, scenario: Scenario, theirs: &str, bound: f64) -> Goal {
    let ours = series(findings, scenario, Peer::Sidegate.name());
    let other = series(findings, scenario, theirs);
    let estimate = ours.zip(other).and_then(|(a, b)| stats::ratio(&a.micros, &b.micros));
    Goal {
        part: scenario.name(),
        goal: format!("CPU ≤ {bound:.2} × {theirs}"),
        found: estimate.map_or_else(String::new, |e| format!("{:.2} ({:.2}–{:.2})", e.value, e.low, e.high)),
        verdict: within(estimate, bound),
    }
}

fn within(estimate: Option<Estimate>, bound: f64) -> Verdict {
    match estimate {
        Some(estimate) if estimate.high <= bound => Verdict::Met,
        Some(_) => Verdict::Missed,
        None => Verdict::Unmeasured,
    }
}

fn latency(findings: &Findings) -> Vec<Goal> {
    let p99 = |label: &str| {
        let lane = findings.latencies.iter().find(|it| it.label == label && it.rate == RATE);
        lane.map(|it| it.p99.as_slice())
    };
    let than = |theirs: &str, bound: f64, goal: String| {
        let pair = p99(Peer::Sidegate.name()).zip(p99(theirs));
        let estimate = pair.and_then(|(a, b)| stats::difference(a, b));
        let told = |e: Estimate| format!("{:+.0} µs ({:+.0} to {:+.0})", e.value, e.low, e.high);
        let found = estimate.map_or_else(String::new, told);
        Goal { part: "p99 at 3,000/s, keyed", goal, found, verdict: within(estimate, bound) }
    };
    vec![
        than(Peer::Relay.name(), 200.0, "≤ the relay's + 200 µs".to_owned()),
        than(Peer::Nginx.name(), 0.0, "≤ nginx's".to_owned()),
    ]
}

fn footprint(findings: &Findings) -> Vec<Goal> {
    let own = findings.footprints.iter().find(|it| it.label == Peer::Sidegate.name());
    let plain = |part, goal: &str, found: Option<f64>, bound: f64, unit: &str| Goal {
        part,
        goal: goal.to_owned(),
        found: found.map_or_else(String::new, |found| format!("{found:.1} {unit}")),
        verdict: match found {
            Some(found) if found <= bound => Verdict::Met,
            Some(_) => Verdict::Missed,
            None => Verdict::Unmeasured,
        },
    };
    vec![
        plain("memory", "idle ≤ 8 MiB", own.map(|it| it.idle), 8.0, "MiB"),
        plain("memory", "≤ 24 MiB after keyed, 512 connections", own.map(|it| it.loaded), 24.0, "MiB"),
        plain("start", "ready ≤ 50 ms after exec", own.map(|it| median(&it.ready)), 50.0, "ms"),
        plain("size", "binary ≤ 12 MiB", own.map(|it| it.binary), 12.0, "MiB"),
    ]
}

fn growth(findings: &Findings) -> Vec<Goal> {
    let growth = findings.growth.as_ref();
    let of = |label: &str| growth.and_then(|it| it.series.iter().find(|series| series.label == label));
    let pair = of(growth::MANY.label).zip(of(growth::FEW.label));
    let cost = pair.and_then(|(a, b)| stats::ratio(&a.micros, &b.micros));
    let verdict = |found: Option<f64>, bound: f64| match found {
        Some(found) if found <= bound => Verdict::Met,
        Some(_) => Verdict::Missed,
        None => Verdict::Unmeasured,
    };
    let reload = growth.map(|it| it.reload.as_secs_f64());
    let worst = growth.map(|it| it.reloading.1);
    vec![
        Goal {
            part: "growth",
            goal: "CPU ≤ 1.10 × that of ten of each".to_owned(),
            found: cost.map_or_else(String::new, |e| format!("{:.2} ({:.2}–{:.2})", e.value, e.low, e.high)),
            verdict: within(cost, 1.10),
        },
        Goal {
            part: "growth",
            goal: "reload of it all ≤ 1 s".to_owned(),
            found: reload.map_or_else(String::new, |seconds| format!("{seconds:.2} s")),
            verdict: verdict(reload, RELOAD),
        },
        Goal {
            part: "growth",
            goal: format!("not on the workers: no caller waits over {RELOAD_STALL:.0} ms meanwhile"),
            found: worst.map_or_else(String::new, |worst| format!("{worst:.1} ms")),
            verdict: verdict(worst, RELOAD_STALL),
        },
    ]
}
