//! Routes with exactly one path, found by hash.
//!
//! With thousands of routes the one a request asks for is in no cache, so what most routes are (one path in plain
//! spelling, any host, methods of RFC 9110) stands with its path in one cache line; the others lead on from there.

use std::borrow::Borrow;
use std::collections::{HashMap, HashSet};
use std::hash::{Hash, Hasher};

use http::Method;

use super::pattern::{Pattern, without_trailing_slash};
use super::reading::folded;
use super::takers::{Asked, Chosen, Spot, Tally};
use super::{Spelling, Tier};
use crate::config::settings::Route;

/// Longest path kept beside its rule.
const INLINE: usize = 38;

/// Keyed by the path in lower case without trailing slash; under one key, every spelling of it.
#[derive(Debug, Default)]
pub(super) struct ExactPaths {
    /// As the routes are added.
    adding: HashMap<Box<[u8]>, Vec<Spot>>,
    /// As they are looked up, once all are there.
    entries: HashSet<Entry>,
}

/// One path and what it leads to.
#[derive(Debug)]
#[repr(align(64))]
struct Entry {
    path: Text,
    leads: Leads,
}

#[derive(Debug)]
enum Text {
    Short(u8, [u8; INLINE]),
    Long(Box<[u8]>),
}

#[derive(Debug)]
enum Leads {
    /// One route, for any host, whose path is written as the key is.
    Plain { route: u32, methods: Methods },
    /// Whatever else.
    Spots(Box<[Spot]>),
}

/// Methods of RFC 9110 and PATCH, a bit each; none: any method at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Methods(u16);

impl ExactPaths {
    /// # Errors
    /// The earlier route that could win too.
    pub(super) fn add(&mut self, pattern: &Pattern, index: usize, route: &Route) -> Result<(), usize> {
        let written = Spot::new(&pattern.written, Spelling::Written);
        let spots = self.adding.entry(key(&pattern.written)).or_default();
        if let Some(earlier) =
            spots.iter().filter(|spot| spot.is(&written)).find_map(|spot| spot.meets(route))
        {
            return Err(earlier);
        }
        written.file(spots, index, route);
        for decoded in &pattern.decoded {
            let spots = self.adding.entry(key(decoded)).or_default();
            Spot::new(decoded, Spelling::Read).file(spots, index, route);
        }
        Ok(())
    }

    /// All routes are there; from now on they are found.
    pub(super) fn seal(&mut self) {
        let adding = std::mem::take(&mut self.adding);
        self.entries = adding.into_iter().map(|(key, spots)| Entry::new(key, spots)).collect();
    }
}

impl Tier for ExactPaths {
    fn look(
        &self,
        path: &[u8],
        folded: &[u8],
        asked: Asked<'_>,
        spelling: Spelling,
    ) -> (Option<Chosen>, Option<Chosen>) {
        let Some(entry) = self.entries.get(folded) else { return (None, None) };
        match &entry.leads {
            Leads::Plain { route, methods } => {
                // Fits: it was made from an index.
                let route = *route as usize;
                let chosen =
                    if methods.take(asked.method) { Chosen::One(route) } else { Chosen::WrongMethod(route) };
                ((path == folded).then_some(chosen), Some(chosen))
            }
            Leads::Spots(spots) => {
                let spelled = spots.iter().filter(|spot| spot.counts(spelling) && *spot.path == *path);
                (Tally::of(spelled, asked), Tally::of(spots.iter(), asked))
            }
        }
    }
}

impl Entry {
    fn new(key: Box<[u8]>, spots: Vec<Spot>) -> Self {
        let leads = match spots.as_slice() {
            [spot] => Leads::plain(&key, spot),
            [] | [_, _, ..] => None,
        };
        let leads = leads.unwrap_or_else(|| Leads::Spots(spots.into_boxed_slice()));
        Self { path: Text::new(key), leads }
    }
}

impl Leads {
    /// `None` where there is more to look at than the methods.
    fn plain(key: &[u8], spot: &Spot) -> Option<Self> {
        let (route, methods) = spot.only_taker()?;
        let is_written_so = spot.spelling == Spelling::Written && *spot.path == *key;
        let (route, methods) = (u32::try_from(route).ok()?, Methods::of(methods)?);
        is_written_so.then_some(Self::Plain { route, methods })
    }
}

impl Methods {
    const KNOWN: [Method; 9] = [
        Method::GET,
        Method::POST,
        Method::PUT,
        Method::DELETE,
        Method::HEAD,
        Method::OPTIONS,
        Method::PATCH,
        Method::CONNECT,
        Method::TRACE,
    ];

    /// `None` when there is one among them that has no bit.
    fn of(methods: &[Method]) -> Option<Self> {
        methods.iter().try_fold(0, |all, method| Some(all | Self::bit(method)?)).map(Self)
    }

    fn bit(method: &Method) -> Option<u16> {
        Self::KNOWN.iter().position(|known| known == method).map(|at| 1 << at)
    }

    fn take(self, method: &Method) -> bool {
        self.0 == 0 || Self::bit(method).is_some_and(|bit| self.0 & bit != 0)
    }
}

impl Text {
    fn new(bytes: Box<[u8]>) -> Self {
        let mut short = [0; INLINE];
        match (short.get_mut(..bytes.len()), u8::try_from(bytes.len())) {
            (Some(room), Ok(length)) => {
                room.copy_from_slice(&bytes);
                Self::Short(length, short)
            }
            (Some(_) | None, Ok(_) | Err(_)) => Self::Long(bytes),
        }
    }

    fn bytes(&self) -> &[u8] {
        match self {
            Self::Short(length, bytes) => bytes.get(..usize::from(*length)).unwrap_or_default(),
            Self::Long(bytes) => bytes,
        }
    }
}

impl Borrow<[u8]> for Entry {
    fn borrow(&self) -> &[u8] {
        self.path.bytes()
    }
}

impl Hash for Entry {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.path.bytes().hash(state);
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.path.bytes() == other.path.bytes()
    }
}

impl Eq for Entry {}

fn key(path: &[u8]) -> Box<[u8]> {
    folded(without_trailing_slash(path)).into_owned().into_boxed_slice()
}

#[cfg(test)]
mod tests;
