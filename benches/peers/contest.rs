//! One scenario, all who can take part: equal work checked first, then rounds in which each is timed in turn.

use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use crate::calm::Yardstick;
use crate::cores::Cores;
use crate::cpu::Spent;
use crate::h2;
use crate::launch::{self, Running};
use crate::load::{self, Driver};
use crate::proxies::{Peer, Plan, Site};
use crate::scenario::Scenario;
use crate::tools::{self, Tools};
use crate::trouble::{Tried, Trouble};

/// What every measurement needs.
#[derive(Clone, Copy)]
pub(crate) struct Ground<'a> {
    pub(crate) tools: &'a Tools,
    pub(crate) origin: u16,
    pub(crate) cores: Cores,
    pub(crate) yardstick: &'a Yardstick,
    pub(crate) rounds: usize,
    /// Time each proxy is loaded in a round.
    pub(crate) length: Duration,
    pub(crate) peers: &'a [Peer],
}

/// One proxy in a contest.
pub(crate) struct Contestant {
    pub(crate) label: String,
    pub(crate) running: Running,
    pub(crate) requests: Vec<Vec<u8>>,
}

/// What one proxy cost, a number for each round.
#[derive(Clone, Debug)]
pub(crate) struct Series {
    pub(crate) label: String,
    /// CPU microseconds of the whole process tree per request.
    pub(crate) micros: Vec<f64>,
    /// All it spent, for the kernel's part of it.
    pub(crate) spent: Spent,
    /// Requests answered per second.
    pub(crate) rates: Vec<f64>,
}

/// One turn: processor time, requests answered, and how long they took.
struct Turn {
    spent: Spent,
    requests: u64,
    took: Duration,
}

/// A contest that is over.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) scenario: Scenario,
    pub(crate) series: Vec<Series>,
    /// Who cannot take part, and why; and who failed.
    pub(crate) absent: Vec<(String, String)>,
}

impl Series {
    fn new(label: &str) -> Self {
        Self { label: label.to_owned(), micros: Vec::new(), spent: Spent::default(), rates: Vec::new() }
    }

    fn add(&mut self, turn: &Turn) {
        self.micros.push(turn.spent.ns as f64 / 1e3 / turn.requests as f64);
        self.rates.push(turn.requests as f64 / turn.took.as_secs_f64());
        self.spent = self.spent + turn.spent;
    }

    /// What of its time was the kernel's, as the clock's ticks found it: right to a few hundredths.
    pub(crate) fn kernel_share(&self) -> f64 {
        self.spent.kernel_ticks as f64 / (self.spent.kernel_ticks + self.spent.user_ticks).max(1) as f64
    }
}

impl Contestant {
    pub(crate) fn new(label: &str, running: Running, requests: Vec<Vec<u8>>) -> Self {
        Self { label: label.to_owned(), running, requests }
    }
}

/// The folder of a proxy of that name.
pub(crate) fn folder_of(name: &str) -> PathBuf {
    tools::workshop().join("run").join(name.replace(' ', "-"))
}

impl Ground<'_> {
    /// A fresh folder for a proxy.
    pub(crate) fn folder(&self, name: &str) -> Tried<PathBuf> {
        let folder = folder_of(name);
        // What an earlier run left.
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder)?;
        Ok(folder)
    }

    /// Starts `peer` with the rules of `rules`, to be asked the requests of `asked`.
    pub(crate) fn start(
        &self,
        peer: Peer,
        rules: Scenario,
        asked: Scenario,
    ) -> Tried<Result<Contestant, &'static str>> {
        let folder = self.folder(&format!("{}-{}", peer.name(), rules.name()))?;
        let (port, side) = launch::free_ports()?;
        let site = Site { folder: &folder, port, side, origin: self.origin, tools: self.tools };
        let launch = match peer.plan(rules, site) {
            Plan::Run(launch) => launch,
            Plan::Cannot(why) => return Ok(Err(why)),
        };
        let requests = asked.requests();
        let probe = match rules {
            // Its plain requests would be refused where only HTTP/2 is spoken.
            Scenario::Http2 => None,
            Scenario::Pass | Scenario::Keyed | Scenario::Signed | Scenario::SignedLarge | Scenario::Full => {
                requests.first().map(Vec::as_slice)
            }
        };
        let running = Running::start(&launch, &folder, (port, probe), self.cores)?;
        Ok(Ok(Contestant::new(peer.name(), running, requests)))
    }

    /// All of one scenario.
    pub(crate) fn contest(&self, scenario: Scenario) -> Tried<Table> {
        let mut contestants = Vec::new();
        let mut absent = Vec::new();
        for &peer in self.peers {
            let ready = self.start(peer, scenario, scenario).and_then(|started| {
                if let Ok(contestant) = &started {
                    refuses(contestant, scenario)?;
                }
                Ok(started)
            });
            match ready {
                Ok(Ok(contestant)) => contestants.push(contestant),
                Ok(Err(why)) => absent.push((peer.name().to_owned(), why.to_owned())),
                Err(trouble) => {
                    eprintln!("peers: {} FAILED {}: {trouble}", peer.name(), scenario.name());
                    absent.push((peer.name().to_owned(), format!("FAILED: {trouble}")));
                }
            }
        }
        if scenario == Scenario::Keyed && self.peers.contains(&Peer::Sidegate) {
            // In the same rounds, so that what the checks cost is a paired ratio too.
            if let Ok(mut plain) = self.start(Peer::Sidegate, Scenario::Pass, Scenario::Pass)? {
                OWN_PASS.clone_into(&mut plain.label);
                contestants.push(plain);
            }
        }
        let series = self.rounds(scenario, &contestants)?;
        Ok(Table { scenario, series, absent })
    }

    /// The rounds. Each begins with another proxy, so that none always follows the same one.
    pub(crate) fn rounds(&self, scenario: Scenario, contestants: &[Contestant]) -> Tried<Vec<Series>> {
        let mut all: Vec<Series> = contestants.iter().map(|it| Series::new(&it.label)).collect();
        for round in 0..self.rounds {
            for turn in 0..contestants.len() {
                let number = (round + turn) % contestants.len();
                let (Some(contestant), Some(series)) = (contestants.get(number), all.get_mut(number)) else {
                    continue;
                };
                let turn = self.yardstick.calmly(|| self.time(scenario, contestant));
                series.add(&turn.map_err(|trouble| {
                    trouble.during(&format!("{}, {}", contestant.label, scenario.name()))
                })?);
            }
        }
        Ok(all)
    }

    /// One proxy, once.
    fn time(&self, scenario: Scenario, contestant: &Contestant) -> Tried<Turn> {
        let running = &contestant.running;
        if scenario == Scenario::Http2 {
            let requests = (self.length.as_secs_f64() * 15_000.0) as u64;
            h2::run(self.tools, running.address, requests / 8)?;
            let tree = running.tree_now();
            let before = tree.spent()?;
            let took = h2::run(self.tools, running.address, requests)?;
            thread::sleep(settle(scenario));
            return Ok(Turn { spent: tree.spent()? - before, requests, took });
        }
        let mut driver = Driver::open(running.address, scenario.connections(), &contestant.requests)?;
        driver.closed(self.length / 5)?;
        thread::sleep(settle(scenario));
        let tree = running.tree_now();
        let before = tree.spent()?;
        let requests = driver.closed(self.length)?;
        thread::sleep(settle(scenario));
        let spent = tree.spent()? - before;
        if requests == 0 {
            return Err(Trouble::new("no request was answered"));
        }
        Ok(Turn { spent, requests, took: self.length })
    }
}

/// The gate without checks among those who check.
pub(crate) const OWN_PASS: &str = "Sidegate, pass";

/// Until what is written later is written too: logs wait for up to 200 ms.
fn settle(scenario: Scenario) -> Duration {
    match scenario {
        Scenario::Full => Duration::from_millis(300),
        Scenario::Pass | Scenario::Keyed | Scenario::Signed | Scenario::SignedLarge | Scenario::Http2 => {
            Duration::from_millis(20)
        }
    }
}

/// Equal work: whoever lets a bad request through does not take part.
fn refuses(contestant: &Contestant, scenario: Scenario) -> Tried<()> {
    for bad in scenario.bad() {
        let (status, _) = load::ask(contestant.running.address, bad.from, &bad.request)?;
        if !(400..500).contains(&status) {
            return Err(Trouble::new(format!(
                "{} was answered {status} where a refusal was due: not the same work, not timed",
                bad.what
            )));
        }
    }
    Ok(())
}
