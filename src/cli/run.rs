//! `sidegate run`: serve until told to stop.

use super::output::Output;
use super::{BAD, CONFIG, ConfigFile, FINE};
use crate::app::{self, StartError};
use crate::config::env::Environment;

/// Serve.
#[derive(Debug, clap::Args)]
pub(super) struct Run {
    #[command(flatten)]
    config: ConfigFile,
}

impl Run {
    pub(super) fn run(&self, output: &mut Output) -> u8 {
        match app::start(&self.config.config, Environment::from_process()) {
            Ok(running) => {
                running.serve_until_signalled();
                FINE
            }
            Err(StartError::Config(problems)) => {
                output.complain(problems);
                CONFIG
            }
            Err(other) => {
                output.complain(format_args!("error: {other}"));
                BAD
            }
        }
    }
}
