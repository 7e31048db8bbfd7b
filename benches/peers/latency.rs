//! Latency at a fixed rate, the requests of `keyed`: from when a request was due until its answer was whole.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use crate::contest::{Contestant, Ground};
use crate::load::Driver;
use crate::proxies::Peer;
use crate::scenario::Scenario;
use crate::stats::{Dice, quantile};
use crate::trouble::{Tried, Trouble};

/// Requests per second.
pub(crate) const RATES: [u32; 2] = [1_000, 3_000];
/// No proxy at all: what the load generator and the origin take.
pub(crate) const DIRECT: &str = "no proxy";
const CONNECTIONS: usize = 32;
/// Long enough at the lower rate that a 99th percentile is not one request, and short, so that what disturbs the machine for a
/// moment disturbs few of many slices.
const SLICE: Duration = Duration::from_millis(250);

/// One proxy at one rate, a number for each round, in microseconds.
#[derive(Clone, Debug)]
pub(crate) struct Latency {
    pub(crate) label: String,
    pub(crate) rate: u32,
    pub(crate) p50: Vec<f64>,
    pub(crate) p99: Vec<f64>,
}

/// All who can do `keyed`, the relay, and no proxy.
pub(crate) fn measure(ground: Ground<'_>) -> Tried<Vec<Latency>> {
    let mut running: Vec<Contestant> = Vec::new();
    for &peer in ground.peers {
        let rules = if peer == Peer::Relay { Scenario::Pass } else { Scenario::Keyed };
        running.extend(ground.start(peer, rules, Scenario::Keyed)?);
    }
    let direct = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), ground.origin);
    let mut lanes = vec![(DIRECT.to_owned(), direct)];
    lanes.extend(running.iter().map(|contestant| (contestant.label.clone(), contestant.running.address)));
    let requests = Scenario::Keyed.requests();
    let mut all = Vec::new();
    for rate in RATES {
        let empty = |lane: &(String, SocketAddr)| Latency {
            label: lane.0.clone(),
            rate,
            p50: Vec::new(),
            p99: Vec::new(),
        };
        let mut found: Vec<Latency> = lanes.iter().map(empty).collect();
        let mut dice = Dice(0x0DE4);
        for _ in 0..ground.rounds {
            for number in dice.order(lanes.len()) {
                let (Some((label, address)), Some(latency)) = (lanes.get(number), found.get_mut(number))
                else {
                    continue;
                };
                let once = || {
                    let mut driver = Driver::open(*address, CONNECTIONS, &requests)?;
                    driver.open_loop(rate, SLICE / 5)?;
                    driver.open_loop(rate, SLICE)
                };
                let nanos = once().map_err(|trouble: Trouble| trouble.during(label))?;
                let micros: Vec<f64> = nanos.iter().map(|nanos| *nanos as f64 / 1e3).collect();
                latency.p50.push(quantile(&micros, 0.5));
                latency.p99.push(quantile(&micros, 0.99));
            }
        }
        all.extend(found);
    }
    Ok(all)
}
