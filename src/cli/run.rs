//! `sidegate run`: serve until told to stop.

use std::ffi::OsString;

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
    /// `run --config FILE` and nothing else, as every manifest writes it.
    ///
    /// A gate stays; the parser of the command line, which makes all commands and their help to read one, would stay
    /// resident with it for nothing.
    pub(super) fn plain(line: &[OsString]) -> Option<Self> {
        let [_, run, flag, file] = line else { return None };
        let is_file = file.as_encoded_bytes().first().is_some_and(|first| *first != b'-');
        let config = ConfigFile { config: file.into() };
        (run == "run" && flag == "--config" && is_file).then_some(Self { config })
    }

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

#[cfg(test)]
mod tests;
