//! Which route a request is for: exact before template before longest prefix, by the raw bytes of the path.
//!
//! An app may read a path otherwise than we do: decode it, fold its case, resolve its dots. Where any such reading
//! leads to another rule than the bytes, the answer is [`Found::Ambiguous`] and the request is refused; nothing is
//! ever repaired. Decides nothing about credentials. Called once per request, by the checks.
//!
//! Each reading is looked up twice: *as spelled* (case and trailing slash count) and *loosely* (neither counts). An
//! app in between, that ignores only one of them, sees every route of the first look and none beyond the second, so
//! when both lead to one route its own look does too.

use http::Method;

use crate::config::settings::{PathRule, Route};

use self::exact::ExactPaths;
use self::pattern::Pattern;
use self::prefix::Prefixes;
use self::reading::{Census, Readings};
use self::takers::{Asked, Chosen};
use self::template::Templates;

mod exact;
mod pattern;
mod prefix;
mod reading;
mod takers;
mod template;

/// Two routes that could both win, or one route (`first == second`) whose path cannot be matched soundly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteConflict {
    /// Index of the earlier route.
    pub first: usize,
    /// Index of the later route.
    pub second: usize,
    /// What collides and what to do.
    pub why: String,
}

/// Where a request leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// This route, by its index in the settings.
    Route(usize),
    /// The path has routes, this one among them, but none for the method: 405.
    WrongMethod(usize),
    /// The path has routes, this one among them, but none for the host: 404, never forwarded as unmatched.
    WrongHost(usize),
    /// No route has the path.
    Unmatched,
    /// A reading of the path an app might make selects something else than its raw bytes do: 400.
    Ambiguous,
}

/// All routes, compiled. Looking one up costs the same for ten routes and for ten thousand, and allocates nothing
/// for a path of plain lower-case characters.
#[derive(Debug, Default)]
pub struct RouteTable {
    exact: ExactPaths,
    templates: Templates,
    prefixes: Prefixes,
}

/// What one reading of the path selects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Look {
    as_spelled: Chosen,
    loosely: Chosen,
}

/// Whose spelling of a route counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spelling {
    /// The config's own.
    Written,
    /// Its decoded forms too: a reading that decodes the request decodes the route.
    Read,
}

impl RouteTable {
    /// Compiles the routes.
    ///
    /// # Errors
    /// Every [`RouteConflict`]: two routes whose paths, hosts and methods meet on one level, and paths with parts
    /// (dots, `;`, encoded separators) that apps read in different ways.
    pub fn compile(routes: &[Route]) -> Result<Self, Vec<RouteConflict>> {
        let mut table = Self::default();
        let mut conflicts = Vec::new();
        for (index, route) in routes.iter().enumerate() {
            if let Err(conflict) = table.add(index, route) {
                conflicts.push(conflict.said(index, routes));
            }
        }
        table.exact.seal();
        if conflicts.is_empty() { Ok(table) } else { Err(conflicts) }
    }

    /// Finds the route of a request. `host` as told by [`super::facts::host_of`]; `path` raw, without query.
    pub fn find(&self, method: &Method, host: &str, path: &str) -> Found {
        let asked = Asked { method, host };
        let path = path.as_bytes();
        let census = reading::census(path);
        if census == Census::Refused {
            return Found::Ambiguous;
        }
        let look = self.look(path, asked, Spelling::Written);
        let raw = look.as_spelled;
        if !raw.agrees(look.loosely) {
            return Found::Ambiguous;
        }
        if census == Census::Special && !self.all_readings_agree(path, asked, raw) {
            return Found::Ambiguous;
        }
        match raw {
            Chosen::One(route) => Found::Route(route),
            Chosen::WrongMethod(route) => Found::WrongMethod(route),
            Chosen::WrongHost(route) => Found::WrongHost(route),
            Chosen::Nothing => Found::Unmatched,
            Chosen::Several => Found::Ambiguous,
        }
    }

    /// Exact routes that no request can reach, because another route differs from them only in case or trailing
    /// slash: every request for either is ambiguous. For a warning.
    pub fn unreachable(&self, routes: &[Route]) -> Vec<usize> {
        let lost = |route: &Route| {
            let PathRule::Exact(path) = &route.path else { return false };
            let method = route.methods.first().unwrap_or(&Method::GET);
            let host = route.hosts.first().map_or("", String::as_str);
            self.find(method, host, path) == Found::Ambiguous
        };
        routes.iter().enumerate().filter(|(_, route)| lost(route)).map(|(index, _)| index).collect()
    }

    fn add(&mut self, index: usize, route: &Route) -> Result<(), Clash> {
        let pattern = Pattern::parse(&route.path).map_err(Clash::Path)?;
        match &route.path {
            PathRule::Exact(_) => self.exact.add(&pattern, index, route),
            PathRule::Template(_) => self.templates.add(&pattern, index, route),
            PathRule::Prefix(_) => self.prefixes.add(&pattern, index, route),
        }
        .map_err(Clash::With)
    }

    fn all_readings_agree(&self, path: &[u8], asked: Asked<'_>, raw: Chosen) -> bool {
        let Ok(readings) = Readings::of(path) else { return false };
        readings.others().all(|reading| {
            let look = self.look(reading, asked, Spelling::Read);
            raw.agrees(look.as_spelled) && raw.agrees(look.loosely)
        })
    }

    fn look(&self, path: &[u8], asked: Asked<'_>, spelling: Spelling) -> Look {
        let cut = pattern::without_trailing_slash(path);
        let folded = reading::folded(cut);
        let mut as_spelled = None;
        let mut loosely = None;
        let steps: [&dyn Tier; 3] = [&self.exact, &self.templates, &self.prefixes];
        for tier in steps {
            let (spelled, loose) = tier.look(path, &folded, asked, spelling);
            as_spelled = as_spelled.or(spelled);
            loosely = loosely.or(loose);
            if as_spelled.is_some() && loosely.is_some() {
                break;
            }
        }
        Look {
            as_spelled: as_spelled.unwrap_or(Chosen::Nothing),
            loosely: loosely.unwrap_or(Chosen::Nothing),
        }
    }
}

/// One level of precedence.
trait Tier {
    /// What `path` selects on this level as spelled, and loosely; `None` where no route of this level has it.
    /// `folded` is the path in lower case without its trailing slash.
    fn look(
        &self,
        path: &[u8],
        folded: &[u8],
        asked: Asked<'_>,
        spelling: Spelling,
    ) -> (Option<Chosen>, Option<Chosen>);
}

/// Why a route cannot be added.
enum Clash {
    /// With this earlier route.
    With(usize),
    /// Its own path.
    Path(String),
}

impl Clash {
    fn said(self, index: usize, routes: &[Route]) -> RouteConflict {
        let name = |index: usize| routes.get(index).map_or("", |route| route.name.as_str());
        match self {
            Self::With(first) => RouteConflict {
                first,
                second: index,
                why: format!(
                    "routes `{}` and `{}` could both win: their paths are equally specific and their hosts and methods \
                     meet; make one path more specific, or give them different hosts or methods",
                    name(first),
                    name(index)
                ),
            },
            Self::Path(why) => {
                RouteConflict { first: index, second: index, why: format!("route `{}`: {why}", name(index)) }
            }
        }
    }
}

#[cfg(test)]
mod tests;
