//! `routes`: each entry typed, and the rules between its keys.

use std::collections::HashMap;

use http::Method;

use super::{Reading, Section, addresses, at_most, quota, secrets, security, signature, webhooks};
use crate::base::name::RouteName;
use crate::config::raw::{Content, View};
use crate::config::report::{Fault, printable};
use crate::config::settings::{ApiKeyUse, Authorize, KeyLocation, PathRule, Require, Route, SharedSecret};
use crate::config::{defaults, paths, scalar};

/// Every method there is (RFC 9110, WebDAV) and some.
const MOST_METHODS: usize = 64;
/// Each is looked at for every request.
const MOST_LOCATIONS: usize = 8;

/// A route and where it was written.
pub(super) struct Written<'t> {
    pub(super) route: Route,
    pub(super) view: View<'t>,
}

/// Reads all routes: those of `webhook_secrets` first, then the list.
pub(super) fn routes<'t>(root: Section<'t>, reading: &mut Reading<'_>) -> Vec<Written<'t>> {
    let mut routes = webhooks::routes(root.section("security").get("webhook_secrets"), reading);
    let items = root.get("routes").into_iter().flat_map(|list| list.items());
    for view in items.filter(|item| matches!(item.content(), Content::Map(_))) {
        if let Some(route) = route(view, reading) {
            routes.push(Written { route, view });
        }
    }
    refuse_equal_names(root, reading);
    refuse_doubles(&routes, reading);
    routes
}

/// Names are unique over the list and `webhook_secrets`, also among routes that have other problems.
fn refuse_equal_names(root: Section<'_>, reading: &mut Reading<'_>) {
    let hooks = root.section("security").get("webhook_secrets");
    let mut names: HashMap<&str, u32> =
        hooks.into_iter().flat_map(|map| map.entries()).map(|entry| (entry.key(), entry.line())).collect();
    for view in
        root.get("routes").into_iter().flat_map(|list| list.items()).filter_map(|item| item.get("name"))
    {
        let Some(name) = view.text() else { continue };
        if let Some(line) = names.insert(name, view.line()) {
            let message = format!("the name `{}` is already used on line {line}", printable(name, 64));
            reading.report.error(view.spot(), Fault::new(message, "give each route its own name"));
        }
    }
}

fn route(view: View<'_>, reading: &mut Reading<'_>) -> Option<Route> {
    let section = Section(Some(view));
    let name = section.text("name").and_then(|text| RouteName::parse(text).ok());
    let path = path(section, reading);
    let shared_secret = section.get("shared_secret").map(|view| shared_secret(view, reading));
    let signature = section.get("signature").map(|view| signature::signature(view, reading));
    let api_key = section.get("api_key").map(|view| api_key(view, reading));
    let upstream = section.get("upstream").and_then(|view| {
        let own = std::mem::take(&mut reading.own);
        let upstream = addresses::upstream(view, &own, reading);
        reading.own = own;
        upstream
    });
    let route = Route {
        name: name?,
        line: view.line(),
        path: path?,
        methods: methods(section, reading),
        hosts: section.texts("hosts").iter().filter_map(|host| scalar::host(host).ok()).collect(),
        signature: signature.flatten(),
        shared_secret,
        api_key,
        resign: section.get("resign").and_then(|view| signature::resign(view, reading)),
        require: match section.word("require", &["all", "any"]) {
            Some("any") => Require::Any,
            Some(_) | None => Require::All,
        },
        authorize: authorize(section.section("authorize"), reading),
        ip_allowlist: section.get("ip_allowlist").map(|view| security::ip_list(view, reading)),
        ip_denylist: section.get("ip_denylist").map(|view| security::ip_list(view, reading)),
        rate_limits: section.get("rate_limits").map(|view| quota::limits(view, reading)).unwrap_or_default(),
        max_body: section.section("body").size("max_size"),
        critical: section.is_true("critical"),
        public: section.is_true("public"),
        upstream,
    };
    judge(section, view, &route, reading);
    Some(route)
}

/// The rules between the keys of one route.
///
/// Security: a route without a credential check must say `public: true`, so that leaving one out by mistake never
/// opens it; and one with a check must not, so that the word cannot be read as if it did.
fn judge(section: Section<'_>, view: View<'_>, route: &Route, reading: &mut Reading<'_>) {
    let is_checked = ["signature", "shared_secret", "api_key"].iter().any(|key| section.get(key).is_some());
    let name = &route.name;
    match (is_checked, route.public) {
        (false, false) => {
            let message = format!("the route {name} has no credential check");
            let hint = "add signature, shared_secret or api_key, or write public: true if anyone may call it";
            reading.report.error(view.spot(), Fault::new(message, hint));
        }
        (true, true) => {
            let place = section.get("public").unwrap_or(view);
            let message = format!("the route {name} has a credential check and also says it is public");
            reading.report.error(place.key_spot(), Fault::new(message, "remove one of the two"));
        }
        (true, false) | (false, true) => {}
    }
    if let (Some(place), false) = (section.get("resign"), is_checked) {
        let message = format!("the route {name} would vouch for requests nobody verified");
        reading
            .report
            .error(place.key_spot(), Fault::new(message, "add signature, shared_secret or api_key"));
    }
    let asks = !route.authorize.roles.is_empty() || !route.authorize.permissions.is_empty();
    if asks
        && section.get("api_key").is_none()
        && let Some(place) = section.get("authorize")
    {
        let message = "roles and permissions come with an API key, which this route does not take";
        reading.report.error(place.key_spot(), Fault::new(message, "add api_key: {}"));
    }
    quota::judge_keys(section, route, reading);
    if let Some(own) = &route.signature {
        signature::judge_path(section, own, &route.path, reading);
    }
    let most = defaults::MOST_BUFFERED_BODY;
    if route.max_body.is_some_and(|size| size > most)
        && route.holds_body()
        && let Some(place) = section.section("body").get("max_size")
    {
        let message = "a signed body is held until its signature is verified, so it has at most 25MiB";
        reading.report.error(place.spot(), Fault::new(message, "write 25MiB or less"));
    }
}

fn path(section: Section<'_>, reading: &mut Reading<'_>) -> Option<PathRule> {
    match (section.get("path"), section.get("path_prefix")) {
        (Some(_), Some(prefix)) => {
            let fault = Fault::new("both path and path_prefix are written", "keep one of the two");
            reading.report.error(prefix.key_spot(), fault);
            None
        }
        (None, None) => {
            let view = section.0?;
            let fault = Fault::new("the route has no path", "write path: /exact or path_prefix: /beginning/");
            reading.report.error(view.spot(), fault);
            None
        }
        (Some(view), None) => {
            let text = view.text()?;
            Some(match paths::shape(text).ok()? {
                paths::PathShape::Plain => PathRule::Exact(text.to_owned()),
                paths::PathShape::Template => PathRule::Template(text.to_owned()),
            })
        }
        (None, Some(view)) => {
            let text = view.text()?;
            match paths::shape(text).ok()? {
                paths::PathShape::Plain => Some(PathRule::Prefix(text.to_owned())),
                paths::PathShape::Template => {
                    let message = "names in braces are not accepted in path_prefix";
                    reading
                        .report
                        .error(view.spot(), Fault::new(message, "write the whole template as path"));
                    None
                }
            }
        }
    }
}

fn methods(section: Section<'_>, reading: &mut Reading<'_>) -> Vec<Method> {
    let mut methods: Vec<Method> = Vec::new();
    let items = section.get("methods").into_iter().flat_map(|view| view.items()).collect();
    for item in at_most(MOST_METHODS, items, reading) {
        let Some(method) = item.text().and_then(|text| scalar::method(text).ok()) else { continue };
        if methods.contains(&method) {
            reading.report.warn(item.spot(), Fault::new(format!("{method} is written twice"), "remove one"));
        } else {
            methods.push(method);
        }
    }
    methods
}

fn shared_secret(view: View<'_>, reading: &mut Reading<'_>) -> SharedSecret {
    let section = Section(Some(view));
    let written = section.text("header").unwrap_or(defaults::SECRET_HEADER);
    let header = scalar::header(written).unwrap_or(webhooks::SECRET_HEADER);
    let secrets =
        section.get("secrets").map(|view| secrets::entries(view, &|_| None, reading)).unwrap_or_default();
    SharedSecret { header, secrets, line: view.line() }
}

fn api_key(view: View<'_>, reading: &mut Reading<'_>) -> ApiKeyUse {
    let mut locations: Vec<KeyLocation> = Vec::new();
    let items = view.get("locations").into_iter().flat_map(|view| view.items()).collect();
    for item in at_most(MOST_LOCATIONS, items, reading) {
        let Some(location) = item.text().and_then(|text| scalar::location(text).ok()) else { continue };
        if let KeyLocation::Query(name) = &location {
            let message =
                format!("a key in the query (`{name}`) ends up in logs and histories on its way here");
            reading.report.warn(item.spot(), Fault::new(message, "prefer header:X-API-Key or bearer"));
        }
        if locations.contains(&location) {
            reading.report.error(item.spot(), Fault::new("this place is written twice", "remove one"));
        } else {
            locations.push(location);
        }
    }
    if locations.is_empty() {
        locations.extend(scalar::location(&format!("header:{}", defaults::KEY_HEADER)).ok());
    }
    ApiKeyUse { locations, line: view.line() }
}

fn authorize(section: Section<'_>, reading: &mut Reading<'_>) -> Authorize {
    let permissions = section.get("permissions").map(|view| patterns(view, reading)).unwrap_or_default();
    Authorize { roles: section.texts("roles"), permissions, line: section.line() }
}

/// Reads permissions: `*` only at the end.
pub(super) fn patterns(view: View<'_>, reading: &mut Reading<'_>) -> Vec<String> {
    let mut patterns = Vec::new();
    for item in view.items() {
        let Some(text) = item.text() else { continue };
        if text.strip_suffix('*').unwrap_or(text).contains('*') {
            let message = "`*` stands only at the end of a permission";
            reading
                .report
                .error(item.spot(), Fault::new(message, "write search_* for all that begin with search_"));
        }
        patterns.push(text.to_owned());
    }
    patterns
}

/// No two routes answer the same path with a host and a method in common.
fn refuse_doubles(routes: &[Written<'_>], reading: &mut Reading<'_>) {
    let mut answered: HashMap<(String, &str), Vec<&Written<'_>>> = HashMap::new();
    for written in routes {
        let route = &written.route;
        let path = shape_key(&route.path);
        let hosts = route.hosts.iter().map(String::as_str);
        let any_host = route.hosts.is_empty().then_some("");
        let mut first = None;
        for host in hosts.chain(any_host) {
            let same = answered.entry((path.clone(), host)).or_default();
            first = first.or_else(|| same.iter().find(|other| share_method(&other.route, route)).copied());
            same.push(written);
        }
        if let Some(first) = first {
            let place = written.view.get("path").or(written.view.get("path_prefix")).unwrap_or(written.view);
            let message = format!(
                "the route {} on line {} already answers this path for the same host and method",
                first.route.name, first.route.line
            );
            reading.report.error(place.spot(), Fault::new(message, "tell them apart by hosts or methods"));
        }
    }
}

/// The path with its names left out: two templates that differ in names alone match the same paths.
fn shape_key(path: &PathRule) -> String {
    match path {
        PathRule::Exact(text) => format!("={text}"),
        PathRule::Prefix(text) => format!("^{}", text.strip_suffix('/').unwrap_or(text)),
        PathRule::Template(text) => {
            let segments = text.split('/').map(|s| if s.starts_with('{') { "{}" } else { s });
            format!("~{}", segments.collect::<Vec<_>>().join("/"))
        }
    }
}

fn share_method(a: &Route, b: &Route) -> bool {
    a.methods.is_empty() || b.methods.is_empty() || a.methods.iter().any(|method| b.methods.contains(method))
}
