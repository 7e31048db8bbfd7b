//! The commands: what an operator types. Decides nothing about requests; prints, and maps outcomes to exit codes.

mod check;
mod demo;
mod drain;
mod health;
mod http_client;
mod keys;
mod output;
mod providers;
mod run;
mod schema;
mod secrets;
mod send;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

use crate::config::env;
use output::Output;

/// Everything is as asked.
const FINE: u8 = 0;
/// The thing asked about is bad: denied, unhealthy, verification failed.
const BAD: u8 = 1;
/// The command line is wrong.
const USAGE: u8 = 2;
/// The configuration is wrong (`EX_CONFIG` of sysexits.h).
const CONFIG: u8 = 78;

/// Stands beside one app and lets through only what passes every check.
#[derive(Debug, Parser)]
#[command(name = "sidegate", version, about, long_about = None, arg_required_else_help = true, max_term_width = 100)]
struct Line {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve: judge requests and forward what passes.
    Run(run::Run),
    /// Validate a configuration file and print every problem it has.
    Check(check::Check),
    /// Sign a body as a webhook provider would and send it.
    Send(send::Send),
    /// Ask a health or readiness URL; exit 0 when it answers 200.
    Health(health::Health),
    /// Make API keys.
    #[command(subcommand)]
    Keys(keys::Keys),
    /// List webhook provider presets, or show one as a scheme.
    Providers(providers::Providers),
    /// Print the JSON Schema of the configuration file.
    Schema,
    /// Ask a running gate to drain, and wait until new requests need no longer be served.
    Drain(drain::Drain),
    /// Start a sample app and a gate in front of it, send real deliveries, and explain each verdict.
    Demo(demo::Demo),
}

/// Shape of what a command prints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    #[default]
    Human,
    /// For programs.
    Json,
}

/// A configuration file given on the command line.
#[derive(Debug, clap::Args)]
struct ConfigFile {
    /// Configuration file (YAML or JSON)
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

/// Parses the command line, runs the command and says how it went.
pub fn main() -> ExitCode {
    if let Some(run) = run::Run::plain(&env::command_line()) {
        return ExitCode::from(run.run(&mut Output::standard()));
    }
    let line = match Line::try_parse() {
        Ok(line) => line,
        Err(error) => {
            let code = if error.use_stderr() { USAGE } else { FINE };
            // A closed pipe is the reader's choice, not a failure of ours.
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    let mut output = Output::standard();
    ExitCode::from(match line.command {
        Command::Run(command) => command.run(&mut output),
        Command::Check(command) => command.run(&mut output),
        Command::Send(command) => command.run(&mut output),
        Command::Health(command) => command.run(&mut output),
        Command::Keys(command) => command.run(&mut output),
        Command::Providers(command) => command.run(&mut output),
        Command::Schema => schema::run(&mut output),
        Command::Drain(command) => command.run(&mut output),
        Command::Demo(command) => command.run(&mut output),
    })
}
