//! Which route a request is for.

use http::Method;

use crate::config::settings::Route;

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

/// All routes, compiled.
#[derive(Debug)]
pub struct RouteTable {}

impl RouteTable {
    /// Compiles the routes.
    ///
    /// # Errors
    /// Every [`RouteConflict`].
    pub fn compile(_routes: &[Route]) -> Result<Self, Vec<RouteConflict>> {
        Ok(Self {})
    }

    /// Finds the route of a request. `host` as from [`super::facts::host_of`]; `path` without query, raw.
    pub fn find(&self, _method: &Method, _host: &str, _path: &str) -> Found {
        Found::Ambiguous
    }
}
