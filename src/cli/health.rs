//! `sidegate health URL`: the probe for images without a shell.

use std::time::Duration;

use super::http_client::{self, Call};
use super::output::Output;
use super::{BAD, FINE, USAGE};

/// Ask a health or readiness URL.
#[derive(Debug, clap::Args)]
pub(super) struct Health {
    /// For example http://127.0.0.1:9901/ready
    url: String,
    /// Seconds to wait
    #[arg(long, default_value_t = 5, value_name = "SECONDS")]
    timeout: u64,
    /// Print nothing but what is wrong
    #[arg(long, short)]
    quiet: bool,
}

impl Health {
    pub(super) fn run(&self, output: &mut Output) -> u8 {
        let (door, host, target) = match http_client::parse_url(&self.url) {
            Ok(parts) => parts,
            Err(problem) => {
                output.complain(format_args!("error: {problem}"));
                return USAGE;
            }
        };
        let call = Call {
            method: "GET",
            target: &target,
            host: &host,
            headers: &[],
            body: &[],
            timeout: Duration::from_secs(self.timeout.max(1)),
        };
        match http_client::call(&door, &call) {
            Ok(reply) if reply.status == 200 => {
                if !self.quiet {
                    output.say(reply.text().trim_end());
                }
                FINE
            }
            Ok(reply) => {
                output.complain(format_args!("{}: {}", reply.status, reply.text().trim_end()));
                BAD
            }
            Err(problem) => {
                output.complain(format_args!("error: {problem}"));
                BAD
            }
        }
    }
}
