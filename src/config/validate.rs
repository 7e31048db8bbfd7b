//! Tree → [`Settings`]: types, defaults and the rules between keys. Never stops at the first problem.
//!
//! Called by `config::load` after the shape check, so a value that is there can be read.

use std::sync::Arc;

use super::LoadMode;
use super::known::Known;
use super::raw::{Tree, View};
use super::report::{Fault, Report};
use super::settings::{Address, AllowedHost, Fingerprint, Settings, Unmatched};
use super::source::Sources;
use super::{defaults, env::Environment, scalar};
use crate::base::clock::Wall;

mod addresses;
mod api_keys;
mod between;
mod handshake;
mod key_lines;
mod key_metadata;
mod operational;
mod outbound;
mod quota;
mod remote;
mod routes;
mod secrets;
mod section;
mod security;
mod signature;
mod webhooks;

pub(crate) use section::Section;

/// What the reading of one configuration needs and leaves behind.
pub(crate) struct Reading<'e> {
    /// Where problems go.
    pub(crate) report: Report,
    /// Where files come from.
    pub(crate) sources: Sources,
    /// What large files meant before.
    pub(crate) known: &'e mut Known,
    /// What a missing secret means.
    pub(crate) mode: LoadMode,
    /// Variables for references in key files.
    pub(crate) env: &'e Environment,
    /// The time dates are held against.
    pub(crate) now: Wall,
    /// Trees of further files, kept for snippets.
    pub(crate) trees: Vec<Tree>,
    /// The gate's own addresses, which no upstream may be.
    own: Vec<Address>,
    /// Hosts that keys may be fetched from.
    outbound: Vec<Arc<AllowedHost>>,
}

impl<'e> Reading<'e> {
    /// A reading that has found nothing yet.
    pub(crate) fn new(
        sources: Sources,
        mode: LoadMode,
        (env, known): (&'e Environment, &'e mut Known),
        now: Wall,
    ) -> Self {
        let (report, trees, own) = (Report::default(), Vec::new(), Vec::new());
        Self { report, sources, known, mode, env, now, trees, own, outbound: Vec::new() }
    }
}

/// Reads a whole document. `None` when something without which there are no settings is missing, which the shape
/// check has told.
pub(crate) fn settings(root: View<'_>, reading: &mut Reading<'_>) -> Option<Settings> {
    let root = Section(Some(root));
    let own = addresses::own(root, reading);
    reading.own.extend(own.listen.iter().chain([&own.ops]).chain(&own.admin).cloned());
    let upstream = root.get("upstream").and_then(|view| {
        let own = std::mem::take(&mut reading.own);
        let upstream = addresses::upstream(view, &own, reading);
        reading.own = own;
        upstream
    });
    reading.outbound = outbound::allowed_hosts(root.section("outbound"), reading);
    let security = security::security(root.section("security"), reading);
    let operational = operational::operational(root.section("operational"));
    let written = routes::routes(root, reading);
    let unmatched = unmatched(root, reading);
    if root.get("routes").is_none()
        && root.section("security").get("webhook_secrets").is_none()
        && unmatched == Unmatched::Deny
        && let Some(view) = root.0
    {
        let hint = "add routes, or security.webhook_secrets";
        reading
            .report
            .warn(view.spot(), Fault::new("there are no routes, so every request is answered 404", hint));
    }
    let api_keys = api_keys::api_keys(root, &written, reading);
    let telemetry = operational::telemetry(root.section("telemetry"), reading);
    let limits = operational::limits(root.section("limits"), reading);
    let identity_prefix = identity_prefix(root.section("identity_headers"), reading);
    between::judge_bodies(&written, &limits, reading);
    between::judge_proofs(&written, &security, reading);
    between::judge_prefix(root, &written, (&identity_prefix, &security), reading);
    let mut settings = Settings {
        listen: own.listen,
        upstream: upstream?,
        ops: own.ops,
        admin: own.admin,
        workers: root.number("workers"),
        security,
        operational,
        routes: written.into_iter().map(|written| written.route).collect(),
        unmatched,
        api_keys,
        outbound: std::mem::take(&mut reading.outbound),
        telemetry,
        limits,
        identity_prefix,
        hash: String::new(),
        fingerprint: Fingerprint::default(),
        inputs: Vec::new(),
    };
    if operational::limits_are_off(root.section("operational")) {
        drop_limits(&mut settings, root, reading);
    }
    Some(settings)
}

/// The first `most` of some items. More of them are a problem: some are compared with each other, and some are gone
/// through for every request.
fn at_most<'t>(most: usize, items: Vec<View<'t>>, reading: &mut Reading<'_>) -> Vec<View<'t>> {
    if let Some(one) = items.get(most) {
        let message = format!("there are {} items here; {most} are the most", items.len());
        reading.report.error(one.spot(), Fault::new(message, "remove some"));
    }
    items.into_iter().take(most).collect()
}

/// `rate_limiting_enabled: false` turns off every request limit, wherever it is written.
fn drop_limits(settings: &mut Settings, root: Section<'_>, reading: &mut Reading<'_>) {
    let of_routes: usize = settings.routes.iter().map(|route| route.rate_limits.len()).sum();
    let of_keys = settings.api_keys.keys.iter().filter(|key| key.rate_limit.is_some()).count();
    if of_routes + of_keys > 0
        && let Some(view) = root.section("operational").get("rate_limiting_enabled")
    {
        let message =
            format!("{} limits of routes and keys are written and not applied", of_routes + of_keys);
        reading.report.warn(view.key_spot(), Fault::new(message, "write true to apply them"));
    }
    settings.routes.iter_mut().for_each(|route| route.rate_limits.clear());
    for key in settings.api_keys.keys.iter_mut().filter(|key| key.rate_limit.is_some()) {
        Arc::make_mut(key).rate_limit = None;
    }
}

fn unmatched(root: Section<'_>, reading: &mut Reading<'_>) -> Unmatched {
    let Some(view) = root.section("unmatched").get("forward") else { return Unmatched::Deny };
    let reason = view.text().unwrap_or("").trim();
    if reason.split_whitespace().count() < 2 {
        let hint = "say in a few words why such requests may pass without any check";
        reading.report.error(view.spot(), Fault::new("expected a reason", hint));
    } else {
        let message = "requests that match no route reach the app without any credential check";
        reading.report.warn(
            view.spot(),
            Fault::new(message, "the reason is written beside it; unmatched: deny is safe"),
        );
    }
    Unmatched::Forward { reason: reason.to_owned() }
}

/// Security: callers' headers that begin so are removed, so a prefix as short as `x-` would remove the signature.
fn identity_prefix(section: Section<'_>, reading: &mut Reading<'_>) -> String {
    let written = section.text("prefix").unwrap_or(defaults::IDENTITY_PREFIX);
    let prefix = written.to_ascii_lowercase();
    let is_header = scalar::header(&format!("{prefix}route")).is_ok();
    let is_long = (5..=32).contains(&prefix.len());
    let is_common =
        ["x-forwarded-", "x-request-", "x-hub-", "x-real-", "content-", "accept-", "access-control-", "sec-"]
            .iter()
            .any(|common| prefix.starts_with(common) || common.starts_with(&prefix));
    if let Some(view) = section.get("prefix")
        && (!is_header || !is_long || is_common || !prefix.ends_with('-'))
    {
        let message = "expected the beginning of header names that nobody else uses, ending in -";
        reading.report.error(view.spot(), Fault::new(message, "write X-Sidegate- or X-Yourname-"));
    }
    prefix
}
