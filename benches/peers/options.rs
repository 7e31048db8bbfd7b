//! The command line.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::proxies::Peer;
use crate::scenario::Scenario;
use crate::tools;
use crate::trouble::{Tried, Trouble};

pub(crate) const USAGE: &str =
    "usage: benches/peers/run [--quick] [--rounds N] [--seconds S] [--only SCENARIO,…] \
[--peers NAME,…] [--report FILE]
scenarios: pass keyed signed signed-1m full h2, and latency footprint growth
";

/// A part of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Contest(Scenario),
    Latency,
    Footprint,
    Growth,
}

/// How thorough a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Depth {
    Quick,
    Full,
}

/// What was asked for.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) depth: Depth,
    pub(crate) rounds: usize,
    pub(crate) length: Duration,
    pub(crate) parts: Vec<Part>,
    pub(crate) peers: Vec<Peer>,
    pub(crate) report: PathBuf,
}

impl Part {
    fn all() -> Vec<Self> {
        let contests = Scenario::ALL.into_iter().map(Self::Contest);
        contests.chain([Self::Latency, Self::Footprint, Self::Growth]).collect()
    }

    fn name(self) -> &'static str {
        match self {
            Self::Contest(scenario) => scenario.name(),
            Self::Latency => "latency",
            Self::Footprint => "footprint",
            Self::Growth => "growth",
        }
    }
}

impl Options {
    /// Reads the arguments after the program's name.
    pub(crate) fn parse(arguments: &[String]) -> Tried<Self> {
        let is_quick = arguments.iter().any(|argument| argument == "--quick");
        let full_report = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/PERFORMANCE.md");
        let mut options = Self {
            depth: if is_quick { Depth::Quick } else { Depth::Full },
            rounds: if is_quick { 10 } else { 100 },
            length: Duration::from_millis(if is_quick { 100 } else { 150 }),
            parts: Part::all(),
            peers: Peer::ALL.to_vec(),
            // A quick look is no result to publish.
            report: if is_quick { tools::workshop().join("quick.md") } else { full_report },
        };
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            let mut value = || rest.next().ok_or_else(|| Trouble::new(format!("{argument} needs a value")));
            match argument.as_str() {
                // What cargo itself says to every bench.
                "--bench" | "--quick" => {}
                "--rounds" => options.rounds = number(value()?)?,
                "--seconds" => {
                    options.length = Duration::try_from_secs_f64(number(value()?)?).unwrap_or_default()
                }
                "--only" => options.parts = named(value()?, &Part::all(), |part| part.name())?,
                "--peers" => options.peers = named(value()?, &Peer::ALL, |peer| peer.name())?,
                "--report" => options.report = PathBuf::from(value()?),
                other => return Err(Trouble::new(format!("unknown option {other}\n{USAGE}"))),
            }
        }
        options.rounds = options.rounds.clamp(1, 1_000);
        Ok(options)
    }
}

fn number<T: std::str::FromStr>(text: &str) -> Tried<T> {
    text.parse().map_err(|_| Trouble::new(format!("{text} is no number\n{USAGE}")))
}

/// The ones a list separated by commas names, in the list's order.
fn named<T: Copy>(list: &str, all: &[T], name: impl Fn(T) -> &'static str) -> Tried<Vec<T>> {
    let one = |word: &str| {
        let found = all.iter().copied().find(|it| name(*it).eq_ignore_ascii_case(word));
        found.ok_or_else(|| Trouble::new(format!("there is no {word}\n{USAGE}")))
    };
    list.split(',').map(one).collect()
}
