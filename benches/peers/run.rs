//! A whole run: each part in order, then the report.

use std::time::Instant;

use crate::contest::{Ground, Table};
use crate::cores::Cores;
use crate::footprint::{self, Footprint};
use crate::growth::{self, Growth};
use crate::latency::{self, Latency};
use crate::machine::Machine;
use crate::options::{Options, Part};
use crate::origin;
use crate::report;
use crate::stats::median;
use crate::tools::Tools;
use crate::trouble::Tried;

/// Everything that was measured.
#[derive(Default)]
pub(crate) struct Findings {
    pub(crate) tables: Vec<Table>,
    pub(crate) latencies: Vec<Latency>,
    pub(crate) footprints: Vec<Footprint>,
    pub(crate) growth: Option<Growth>,
}

/// Measures what was asked for and writes the report.
pub(crate) fn all(options: &Options) -> Tried<()> {
    let tools = Tools::find()?;
    let cores = Cores::take()?;
    let mut machine = Machine::look(&tools, cores);
    let origin = origin::start()?.port();
    let ground = Ground {
        tools: &tools,
        origin,
        cores,
        rounds: options.rounds,
        length: options.length,
        peers: &options.peers,
    };
    let begun = Instant::now();
    let mut findings = Findings::default();
    for part in &options.parts {
        match part {
            Part::Contest(scenario) => {
                let table = ground.contest(*scenario)?;
                show(&table);
                findings.tables.push(table);
            }
            Part::Latency => findings.latencies = latency::measure(ground)?,
            Part::Footprint => findings.footprints = footprint::measure(ground)?,
            Part::Growth => match growth::measure(ground) {
                Ok(growth) => {
                    println!("\ngrowth\n{growth:#?}");
                    findings.growth = Some(growth);
                }
                // What the product cannot load yet is a finding, not the end of the run.
                Err(trouble) => eprintln!("peers: growth FAILED: {trouble}"),
            },
        }
    }
    machine.end();
    report::write(options, &machine, &findings)?;
    println!("\ntook {} s; {}", begun.elapsed().as_secs(), options.report.display());
    Ok(())
}

fn show(table: &Table) {
    println!("\n{}", table.scenario.name());
    for series in &table.series {
        let (micros, kernel) = (median(&series.micros), series.kernel_share() * 100.0);
        let rate = median(&series.rates);
        println!(
            "  {:16} {micros:8.2} us CPU per request, {kernel:3.0} % kernel  {rate:8.0}/s",
            series.label
        );
    }
    for (label, why) in &table.absent {
        println!("  {label:16} {}", why.lines().next().unwrap_or_default());
    }
}
