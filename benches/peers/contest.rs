//! One scenario, all who can take part: equal work checked first, then rounds in which each is timed in turn.
//!
//! On a shared host a neighbour on the same physical core or in the same cache slows one moment by half and leaves the
//! next alone; the system does not see it. So turns are short and rounds are many: what slows one proxy slows the next.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use crate::cores::Cores;
use crate::cpu::{Spent, Tree};
use crate::h2;
use crate::launch::{self, Running};
use crate::load::{self, Driver};
use crate::proxies::{Peer, Plan, Site};
use crate::scenario::Scenario;
use crate::stats::Dice;
use crate::tools::{self, Tools};
use crate::trouble::{Tried, Trouble};

/// What every measurement needs.
#[derive(Clone, Copy)]
pub(crate) struct Ground<'a> {
    pub(crate) tools: &'a Tools,
    pub(crate) origin: u16,
    pub(crate) cores: Cores,
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

/// One proxy under load, and what it cost so far.
struct Lane<'a> {
    series: Series,
    address: SocketAddr,
    tree: Tree,
    /// Its connections, kept through all rounds; HTTP/2 is spoken by a program of its own.
    driver: Option<Driver<'a>>,
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
        let (port, side) = launch::free_ports()?;
        // The port tells two of one kind apart.
        let folder = self.folder(&format!("{}-{}-{port}", peer.name(), rules.name()))?;
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
        if scenario == Scenario::Pass && self.peers.contains(&Peer::Sidegate) {
            contestants.extend(self.unguided()?);
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

    /// The gate as cargo builds it by itself, where another build is measured.
    fn unguided(&self) -> Tried<Option<Contestant>> {
        if self.tools.sidegate == self.tools.plain {
            return Ok(None);
        }
        let tools = Tools { sidegate: self.tools.plain.clone(), ..self.tools.clone() };
        let ground = Ground { tools: &tools, ..*self };
        let started = ground.start(Peer::Sidegate, Scenario::Pass, Scenario::Pass)?;
        Ok(started.ok().map(|started| Contestant { label: UNGUIDED.to_owned(), ..started }))
    }

    /// The rounds, each in an order of its own: what one proxy leaves in the caches is not always met by the same other.
    pub(crate) fn rounds(&self, scenario: Scenario, contestants: &[Contestant]) -> Tried<Vec<Series>> {
        let lanes = contestants.iter().map(|it| self.open(scenario, it));
        let mut lanes = lanes.collect::<Tried<Vec<Lane<'_>>>>()?;
        let mut dice = Dice(0x0DE4);
        for _ in 0..self.rounds_of(scenario) {
            for number in dice.order(lanes.len()) {
                let Some(lane) = lanes.get_mut(number) else { continue };
                let turn = self.time(scenario, lane);
                lane.series.add(&turn.map_err(|trouble| {
                    trouble.during(&format!("{}, {}", lane.series.label, scenario.name()))
                })?);
            }
        }
        Ok(lanes.into_iter().map(|lane| lane.series).collect())
    }

    /// How often each is timed.
    fn rounds_of(&self, scenario: Scenario) -> usize {
        match scenario {
            Scenario::Http2 => self.rounds.div_ceil(5),
            Scenario::Pass | Scenario::Keyed | Scenario::Signed | Scenario::SignedLarge | Scenario::Full => {
                self.rounds
            }
        }
    }

    /// Connects to one proxy and warms it up.
    fn open<'a>(&self, scenario: Scenario, contestant: &'a Contestant) -> Tried<Lane<'a>> {
        let series = Series::new(&contestant.label);
        let address = contestant.running.address;
        if scenario == Scenario::Http2 {
            h2::run(self.tools, address, HTTP2_REQUESTS)?;
            return Ok(Lane { series, address, tree: contestant.running.tree_now(), driver: None });
        }
        let mut driver = Driver::open(address, scenario.connections(), &contestant.requests)?;
        driver.closed(self.length * 3)?;
        Ok(Lane { series, address, tree: contestant.running.tree_now(), driver: Some(driver) })
    }

    /// One proxy, once.
    fn time(&self, scenario: Scenario, lane: &mut Lane<'_>) -> Tried<Turn> {
        let Some(driver) = &mut lane.driver else {
            let before = lane.tree.spent()?;
            let took = h2::run(self.tools, lane.address, HTTP2_REQUESTS)?;
            thread::sleep(settle(scenario));
            return Ok(Turn { spent: lane.tree.spent()? - before, requests: HTTP2_REQUESTS, took });
        };
        // The caches are another's.
        driver.closed(self.length / 5)?;
        thread::sleep(settle(scenario));
        let before = lane.tree.spent()?;
        let requests = driver.closed(self.length)?;
        thread::sleep(settle(scenario));
        let spent = lane.tree.spent()? - before;
        if requests == 0 {
            return Err(Trouble::new("no request was answered"));
        }
        Ok(Turn { spent, requests, took: self.length })
    }
}

/// Requests of one turn over HTTP/2: enough that those who open connections do not count.
const HTTP2_REQUESTS: u64 = 7_500;

/// The gate without checks among those who check.
pub(crate) const OWN_PASS: &str = "Sidegate, pass";

/// The gate built without counts of what requests do.
const UNGUIDED: &str = "Sidegate, unguided";

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
