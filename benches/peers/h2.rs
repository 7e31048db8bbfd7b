//! HTTP/2 load by h2load, which speaks it with prior knowledge to a plain address.

use std::net::SocketAddr;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::tools::Tools;
use crate::trouble::{Tried, Trouble};

/// Sends `requests` on 16 connections with 10 streams each; how long that took.
///
/// # Errors
/// When one of them was not answered 2xx.
pub(crate) fn run(tools: &Tools, proxy: SocketAddr, requests: u64) -> Tried<Duration> {
    let requests = requests.max(16);
    let begun = Instant::now();
    let output = Command::new(&tools.h2load)
        .args(["-n", &requests.to_string(), "-c", "16", "-m", "10", "-t", "1"])
        .args(["--connection-inactivity-timeout", "10"])
        .arg(format!("http://{proxy}/api/orders/17?page=2"))
        .output()?;
    let took = begun.elapsed();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() && text.contains(&format!("status codes: {requests} 2xx")) {
        return Ok(took);
    }
    Err(Trouble::new(format!("h2load saw failures:\n{text}{}", String::from_utf8_lossy(&output.stderr))))
}
