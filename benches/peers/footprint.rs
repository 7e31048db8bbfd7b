//! What a proxy takes before and after work: memory, time to start, size on disk.

use std::fs::{self, File};
use std::path::Path;
use std::thread;
use std::time::Duration;

use crate::contest::{Contestant, Ground};
use crate::load::Driver;
use crate::proxies::Peer;
use crate::scenario::Scenario;
use crate::trouble::Tried;

/// Connections under which memory is looked at.
pub(crate) const CROWD: usize = 512;
/// How long a proxy has to take in new connections.
const TAKING_IN: Duration = Duration::from_millis(300);
/// How often each is started.
const STARTS: usize = 20;
/// How long the crowd asks.
const LOAD: Duration = Duration::from_millis(1_500);
/// How long it has to give memory back.
pub(crate) const AFTERWARDS: Duration = Duration::from_secs(5);

/// One proxy. Memory is resident, of the whole process tree, in MiB.
#[derive(Clone, Debug)]
pub(crate) struct Footprint {
    pub(crate) label: &'static str,
    /// Of what scenario the rules were: who cannot do `keyed` is measured as it forwards.
    pub(crate) rules: &'static str,
    pub(crate) idle: f64,
    /// With 512 connections on which nothing was sent.
    pub(crate) opened: f64,
    /// After load on 512 connections, while they are open.
    pub(crate) loaded: f64,
    /// [`AFTERWARDS`] after all of them were closed.
    pub(crate) left: f64,
    /// From the start of the program to its first good answer, in ms, of each start.
    pub(crate) ready: Vec<f64>,
    /// The program file, in MiB.
    pub(crate) binary: f64,
}

/// All of them, one after the other.
pub(crate) fn measure(ground: Ground<'_>) -> Tried<Vec<Footprint>> {
    let mut all = Vec::new();
    for &peer in ground.peers {
        let rules = match peer {
            Peer::Sidegate | Peer::Nginx | Peer::Haproxy | Peer::Envoy => Scenario::Keyed,
            Peer::Relay | Peer::Traefik | Peer::Caddy => Scenario::Pass,
        };
        let measured = one(ground, peer, rules).map_err(|trouble| trouble.during(peer.name()))?;
        all.extend(measured);
    }
    Ok(all)
}

fn one(ground: Ground<'_>, peer: Peer, rules: Scenario) -> Tried<Option<Footprint>> {
    let mut ready = Vec::new();
    let mut last: Option<Contestant> = None;
    for _ in 0..ground.rounds.min(STARTS) {
        // The one before ends first, so that no two start beside each other.
        drop(last.take());
        let Ok(contestant) = ground.start(peer, rules, rules)? else { return Ok(None) };
        ready.push(contestant.running.ready_after.as_secs_f64() * 1e3);
        last = Some(contestant);
    }
    if last.take().is_none() {
        return Ok(None);
    }
    forget(ground.tools.program(peer))?;
    let Ok(contestant) = ground.start(peer, rules, rules)? else { return Ok(None) };
    thread::sleep(Duration::from_millis(500));
    let mib = || Ok::<_, crate::trouble::Trouble>(contestant.running.tree.rss_kib()? as f64 / 1024.0);
    let idle = mib()?;
    let requests = rules.requests();
    let mut driver = Driver::open(contestant.running.address, CROWD, &requests)?;
    thread::sleep(TAKING_IN);
    let opened = mib()?;
    driver.closed(LOAD)?;
    let loaded = mib()?;
    drop(driver);
    thread::sleep(AFTERWARDS);
    let left = mib()?;
    let binary = fs::metadata(ground.tools.program(peer))?.len() as f64 / f64::from(1 << 20);
    let (label, rules) = (peer.name(), rules.name());
    Ok(Some(Footprint { label, rules, idle, opened, loaded, left, ready, binary }))
}

/// Has the file read from the disk when it is next asked for, as on a node that just came up. Of one that was written a
/// moment ago, the kernel maps more along with what is touched than of one that was read.
fn forget(program: &Path) -> Tried<()> {
    let file = File::open(program)?;
    file.sync_all()?;
    rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed).map_err(std::io::Error::from)?;
    Ok(())
}
