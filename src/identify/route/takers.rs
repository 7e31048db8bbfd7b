//! The routes of one path: which of them takes a host and a method.

use std::collections::HashMap;

use http::Method;

use super::Spelling;
use crate::config::settings::Route;

/// What a request asks beside its path.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    pub(super) method: &'a Method,
    pub(super) host: &'a str,
}

/// What a path selects together with host and method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Chosen {
    Nothing,
    One(usize),
    Several,
    WrongMethod(usize),
    WrongHost(usize),
}

impl Chosen {
    /// Whether a reading that selects `reading` changes nothing for a request whose bytes select `self`.
    pub(super) fn agrees(self, reading: Self) -> bool {
        match self {
            Self::One(_) | Self::Nothing => self == reading,
            Self::Several => false,
            // Refused whatever a reading finds; only a reading that leads somewhere is told as ambiguous.
            Self::WrongMethod(_) | Self::WrongHost(_) => match reading {
                Self::One(_) | Self::Several => false,
                Self::Nothing | Self::WrongMethod(_) | Self::WrongHost(_) => true,
            },
        }
    }
}

/// One spelling of a path and the routes that have it.
#[derive(Debug)]
pub(super) struct Spot {
    /// The path as written (or decoded), trailing slash included.
    pub(super) path: Box<[u8]>,
    /// [`Spelling::Written`] when the config spells it so.
    pub(super) spelling: Spelling,
    first: Option<usize>,
    any_host: Vec<Taker>,
    by_host: HashMap<Box<str>, Vec<Taker>>,
}

#[derive(Clone, Debug)]
struct Taker {
    route: usize,
    /// Empty: any.
    methods: Vec<Method>,
}

impl Spot {
    pub(super) fn new(path: &[u8], spelling: Spelling) -> Self {
        Self { path: path.into(), spelling, first: None, any_host: Vec::new(), by_host: HashMap::new() }
    }

    /// Whether it counts in a look with this spelling.
    pub(super) fn counts(&self, spelling: Spelling) -> bool {
        spelling == Spelling::Read || self.spelling == Spelling::Written
    }

    /// Whether `other` is the same path in the same spelling.
    pub(super) fn is(&self, other: &Self) -> bool {
        self.spelling == other.spelling && self.path == other.path
    }

    /// Adds the route to the spot among `spots` that is this one, or to this one as a new spot.
    pub(super) fn file(mut self, spots: &mut Vec<Self>, index: usize, route: &Route) {
        if let Some(same) = spots.iter_mut().find(|spot| spot.is(&self)) {
            same.add(index, route);
            return;
        }
        self.add(index, route);
        spots.push(self);
    }

    fn add(&mut self, index: usize, route: &Route) {
        let taker = Taker { route: index, methods: route.methods.clone() };
        self.first = self.first.or(Some(index));
        if route.hosts.is_empty() {
            self.any_host.push(taker);
            return;
        }
        for host in &route.hosts {
            let takers = self.by_host.entry(host.as_str().into()).or_default();
            if takers.last().is_none_or(|last| last.route != index) {
                takers.push(taker.clone());
            }
        }
    }

    /// Route and methods, where one route has the path, for any host.
    pub(super) fn only_taker(&self) -> Option<(usize, &[Method])> {
        match self.any_host.as_slice() {
            [only] if self.by_host.is_empty() => Some((only.route, &only.methods)),
            [] | [_, ..] => None,
        }
    }

    /// The earlier route, if any, that takes a host and method which `route` takes too.
    pub(super) fn meets(&self, route: &Route) -> Option<usize> {
        let first =
            |takers: &[Taker]| takers.iter().find(|taker| taker.meets(route)).map(|taker| taker.route);
        if route.hosts.is_empty() {
            return first(&self.any_host).or_else(|| self.by_host.values().filter_map(|t| first(t)).min());
        }
        let same_host = |host: &String| self.by_host.get(host.as_str()).and_then(|takers| first(takers));
        first(&self.any_host).or_else(|| route.hosts.iter().find_map(same_host))
    }

    /// Adds what this spot selects.
    pub(super) fn tally(&self, asked: Asked<'_>, tally: &mut Tally) {
        let by_host = self.by_host.get(asked.host).map(Vec::as_slice).unwrap_or_default();
        if self.any_host.is_empty() && by_host.is_empty() {
            tally.wrong_host = tally.wrong_host.or(self.first);
        }
        for taker in self.any_host.iter().chain(by_host) {
            if taker.methods.is_empty() || taker.methods.contains(asked.method) {
                tally.take(taker.route);
            } else {
                tally.wrong_method = tally.wrong_method.or(Some(taker.route));
            }
        }
    }
}

impl Taker {
    fn meets(&self, route: &Route) -> bool {
        self.methods.is_empty()
            || route.methods.is_empty()
            || self.methods.iter().any(|method| route.methods.contains(method))
    }
}

/// What several spots of one level select together.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    taken: Option<usize>,
    several: Option<usize>,
    wrong_method: Option<usize>,
    wrong_host: Option<usize>,
}

impl Tally {
    /// Over all `spots`; `None` when there are none: the level does not have the path.
    pub(super) fn of<'a>(spots: impl Iterator<Item = &'a Spot>, asked: Asked<'_>) -> Option<Chosen> {
        let mut tally = None;
        for spot in spots {
            spot.tally(asked, tally.get_or_insert_default());
        }
        tally.map(Self::chosen)
    }

    /// What was selected.
    pub(super) fn chosen(self) -> Chosen {
        match self {
            Self { several: Some(_), .. } => Chosen::Several,
            Self { taken: Some(route), .. } => Chosen::One(route),
            Self { wrong_method: Some(route), .. } => Chosen::WrongMethod(route),
            Self { wrong_host: Some(route), .. } => Chosen::WrongHost(route),
            Self { several: None, taken: None, wrong_method: None, wrong_host: None } => Chosen::Nothing,
        }
    }

    fn take(&mut self, route: usize) {
        match self.taken {
            Some(first) if first != route => self.several = Some(route),
            Some(_) => {}
            None => self.taken = Some(route),
        }
    }
}
