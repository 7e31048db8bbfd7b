//! `sidegate drain`: for `preStop`. Asks the admin port to drain and returns once the shortest drain time is over.

use std::path::PathBuf;
use std::time::Duration;

use super::http_client::{self, Call, Door};
use super::output::Output;
use super::{BAD, FINE, USAGE};

/// Ask a running gate to drain.
#[derive(Debug, clap::Args)]
pub(super) struct Drain {
    /// The gate's `admin` address: 127.0.0.1:9902 or unix:/path
    #[arg(long, default_value = "127.0.0.1:9902", value_name = "ADDRESS")]
    admin: String,
    /// Return at once instead of waiting
    #[arg(long)]
    no_wait: bool,
    /// Seconds to wait at most
    #[arg(long, default_value_t = 30, value_name = "SECONDS")]
    timeout: u64,
}

impl Drain {
    pub(super) fn run(&self, output: &mut Output) -> u8 {
        let (door, host) = match self.door() {
            Ok(door) => door,
            Err(problem) => {
                output.complain(format_args!("error: {problem}"));
                return USAGE;
            }
        };
        let ask = |method: &str, target: &str| {
            let timeout = Duration::from_secs(self.timeout.max(1));
            http_client::call(&door, &Call { method, target, host: &host, headers: &[], body: &[], timeout })
        };
        let steps = [("POST", "/drain"), ("GET", "/wait-for-drain")];
        for (method, target) in steps.into_iter().take(if self.no_wait { 1 } else { 2 }) {
            match ask(method, target) {
                Ok(reply) if reply.status < 300 => output.say(reply.text().trim_end()),
                Ok(reply) => {
                    output.complain(format_args!(
                        "error: {target}: {} {}",
                        reply.status,
                        reply.text().trim_end()
                    ));
                    return BAD;
                }
                Err(problem) => {
                    output.complain(format_args!(
                        "error: {problem}; is the gate running, and `admin` not off?"
                    ));
                    return BAD;
                }
            }
        }
        FINE
    }

    fn door(&self) -> Result<(Door, String), String> {
        match self.admin.strip_prefix("unix:") {
            Some(path) => Ok((Door::Unix(PathBuf::from(path)), "localhost".to_owned())),
            None if self.admin.contains("://") => {
                http_client::parse_url(&self.admin).map(|(door, host, _)| (door, host))
            }
            // As `admin` is written in the configuration.
            None => {
                http_client::parse_url(&format!("http://{}", self.admin)).map(|(door, host, _)| (door, host))
            }
        }
    }
}
