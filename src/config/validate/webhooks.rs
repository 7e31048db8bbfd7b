//! `security.webhook_secrets`: the short form of a route `POST /webhook/NAME` per entry.

use http::Method;
use http::header::HeaderName;

use super::routes::Written;
use super::{Reading, secrets, signature};
use crate::base::name::RouteName;
use crate::config::nearest::nearest;
use crate::config::raw::View;
use crate::config::report::Fault;
use crate::config::settings::{Authorize, PathRule, Require, Route, SharedSecret};
use crate::scheme;

/// The header of a webhook whose name is no provider's; its text is [`crate::config::defaults::SECRET_HEADER`].
pub(super) const SECRET_HEADER: HeaderName = HeaderName::from_static("x-webhook-secret");

/// Expands the entries, in the order they are written.
pub(super) fn routes<'t>(map: Option<View<'t>>, reading: &mut Reading<'_>) -> Vec<Written<'t>> {
    let mut routes = Vec::new();
    let entries = || map.into_iter().flat_map(|map| map.entries());
    for view in entries().take(MOST_LOOKED_AT) {
        warn_of_misspelling(view, reading);
    }
    for view in entries() {
        let is_segment = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
        let name = match RouteName::parse(view.key()) {
            Ok(name) if view.key().chars().all(is_segment) && !view.key().starts_with('.') => name,
            Ok(_) | Err(_) => {
                let message =
                    "this name becomes the path /webhook/NAME: letters, digits, _ . and - are accepted";
                reading
                    .report
                    .error(view.key_spot(), Fault::new(message, "a path of another form needs a route"));
                continue;
            }
        };
        if let Some(route) = route(name, view, reading) {
            routes.push(Written { route, view });
        }
    }
    routes
}

fn route(name: RouteName, view: View<'_>, reading: &mut Reading<'_>) -> Option<Route> {
    let (signature, shared_secret) = match scheme::preset(name.as_str()) {
        Some(preset) => (Some(signature::of_preset(preset, view, reading)?), None),
        None => {
            let secrets = secrets::entries(view, &|_| None, reading);
            (None, Some(SharedSecret { header: SECRET_HEADER, secrets, line: view.line() }))
        }
    };
    Some(Route {
        path: PathRule::Exact(format!("/webhook/{name}")),
        name,
        line: view.line(),
        methods: vec![Method::POST],
        hosts: Vec::new(),
        signature,
        shared_secret,
        api_key: None,
        resign: None,
        require: Require::All,
        authorize: Authorize::default(),
        ip_allowlist: None,
        ip_denylist: None,
        rate_limits: Vec::new(),
        max_body: None,
        critical: false,
        public: false,
        upstream: None,
    })
}

/// Shorter names are near to some provider's by chance.
const SHORTEST_MISSPELLING: usize = 5;

/// Most entries that are looked through for misspellings.
const MOST_LOOKED_AT: usize = 64;

/// `githb` would quietly become a shared secret that GitHub never sends.
fn warn_of_misspelling(view: View<'_>, reading: &mut Reading<'_>) {
    let name = view.key();
    let names =
        || scheme::presets().iter().flat_map(|preset| preset.aliases.iter().copied().chain([preset.name]));
    let is_other_case = names().any(|known| known.eq_ignore_ascii_case(&name.replace('-', "_")));
    if scheme::preset(name).is_some() || (name.len() < SHORTEST_MISSPELLING && !is_other_case) {
        return;
    }
    if RouteName::parse(name).is_ok()
        && let Some(near) = nearest(name, names())
    {
        let message =
            format!("{name} is no known provider, so callers must send the secret in X-Webhook-Secret");
        reading.report.warn(view.key_spot(), Fault::new(message, format!("did you mean `{near}`?")));
    }
}
