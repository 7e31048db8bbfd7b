//! Sidegate beside its peers: what a request costs in each of them, for the same work, in one run on one machine.
//!
//! `benches/peers/run` installs the peers and starts this. Decides nothing about the product; prints what it saw and
//! writes a report. Under `cargo test` it does nothing.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a bench prints its figures and reads clocks"
)]

use std::process::ExitCode;

mod contest;
mod cores;
mod cpu;
mod footprint;
mod goals;
mod growth;
mod h2;
mod latency;
mod launch;
mod load;
mod machine;
mod options;
mod origin;
mod proxies;
mod relay;
mod report;
mod run;
mod scenario;
mod stats;
mod tools;
mod trouble;
mod wire;

use options::Options;
use trouble::{Tried, Trouble};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match begin(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(trouble) => {
            eprintln!("peers: {trouble}");
            ExitCode::FAILURE
        }
    }
}

fn begin(arguments: &[String]) -> Tried<()> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if let ["relay", listen, origin] = words.as_slice() {
        let address = |text: &str| text.parse().map_err(|_| Trouble::new("no address"));
        return relay::run(address(listen)?, address(origin)?);
    }
    if !words.contains(&"--bench") {
        println!("peers: measures only as `benches/peers/run` or `cargo bench --bench peers`");
        return Ok(());
    }
    run::all(&Options::parse(arguments)?)
}
