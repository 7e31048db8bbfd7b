//! `sidegate check FILE`: everything that is wrong with a configuration, without opening a port.

use std::path::PathBuf;

use serde_json::json;

use super::output::Output;
use super::{CONFIG, FINE, Format};
use crate::config::env::Environment;
use crate::config::problem::{Problem, Problems};
use crate::config::{self, LoadMode, Loaded};
use crate::observe::Observer;
use crate::snapshot::Snapshot;

/// Validate a configuration file.
#[derive(Debug, clap::Args)]
pub(super) struct Check {
    /// Configuration file (YAML or JSON)
    file: PathBuf,
    /// Print the effective configuration and where each value comes from; secrets are masked
    #[arg(long)]
    show: bool,
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

impl Check {
    pub(super) fn run(&self, output: &mut Output) -> u8 {
        match validate(&self.file) {
            Ok(snapshot) => {
                self.report_valid(&snapshot, output);
                FINE
            }
            Err(problems) => {
                match self.format {
                    Format::Human => output.complain(problems),
                    Format::Json => {
                        let report = json!({"valid": false, "problems": problems.to_json()});
                        output.say(format_args!("{report:#}"));
                    }
                }
                CONFIG
            }
        }
    }

    fn report_valid(&self, snapshot: &Snapshot, output: &mut Output) {
        let warnings = &snapshot.warnings;
        match self.format {
            Format::Json => {
                let warnings: Vec<_> = warnings.iter().map(Problem::to_json).collect();
                let mut report = json!({"valid": true, "warnings": warnings, "hash": snapshot.settings.hash});
                if let (true, Some(report)) = (self.show, report.as_object_mut()) {
                    report.insert("config".to_owned(), snapshot.shown.to_json());
                }
                output.say(format_args!("{report:#}"));
            }
            Format::Human => {
                for warning in warnings {
                    output.complain(warning);
                }
                if self.show {
                    output.say(&snapshot.shown);
                } else {
                    let routes = snapshot.settings.routes.len();
                    let noun = if routes == 1 { "route" } else { "routes" };
                    output.say(format_args!("{}: valid, {routes} {noun}", self.file.display()));
                }
            }
        }
    }
}

/// Loads and compiles as `run` would, so that nothing `run` refuses is called valid.
fn validate(file: &std::path::Path) -> Result<Snapshot, Problems> {
    let loaded: Loaded = config::load(file, LoadMode::Start, &Environment::from_process())?;
    let inputs = loaded.settings.inputs.clone();
    Snapshot::compile(loaded, None, &Observer::new(1, file)).map_err(|items| Problems { items, inputs })
}
