//! What a new configuration changes, key by key, for the log and the audit record of a reload.

use std::collections::BTreeMap;

use super::settings::{Address, Operational, Route, SecretEntry, Settings, Sink};
use super::units::{duration_text, size_text};
use crate::base::secret::Secret;
use crate::scheme::handshake::Handshake;

/// When a change takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// With the reload.
    Now,
    /// Not before the process starts again.
    Restart,
}

/// One key that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The key; a route by its name: `routes.github.methods`.
    pub path: String,
    /// What it was; empty when it is new. Never a secret.
    pub was: String,
    /// What it is; empty when it is gone. Never a secret.
    pub is: String,
    /// When it counts.
    pub effect: Effect,
}

/// Keys whose values are taken up once, when the process starts.
pub(crate) const FIXED: &[&str] = &["listen", "ops", "admin", "workers"];

/// Compares two configurations; secrets are told as `changed` only.
pub fn diff(old: &Settings, new: &Settings) -> Vec<Change> {
    let (mut before, after) = (facts(old), facts(new));
    let mut changes = Vec::new();
    for (path, fact) in after {
        let was = before.remove(&path);
        if was.as_ref().is_some_and(|was| was.equals(&fact)) {
            continue;
        }
        let was = was.map(|was| was.text).unwrap_or_default();
        let is = if was == fact.text { format!("{} (changed)", fact.text) } else { fact.text };
        changes.push(Change { effect: effect(&path), path, was, is });
    }
    for (path, gone) in before {
        changes.push(Change { effect: effect(&path), path, was: gone.text, is: String::new() });
    }
    changes.sort_by(|a, b| a.path.cmp(&b.path));
    changes
}

fn effect(path: &str) -> Effect {
    if FIXED.contains(&path) { Effect::Restart } else { Effect::Now }
}

/// A value as text that may be shown, and the secrets it stands for.
struct Fact {
    text: String,
    secrets: Vec<Option<Secret>>,
}

impl Fact {
    fn equals(&self, other: &Fact) -> bool {
        let same = |(a, b): (&Option<Secret>, &Option<Secret>)| match (a, b) {
            (Some(a), Some(b)) => a.matches(b.expose()),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        self.text == other.text
            && self.secrets.len() == other.secrets.len()
            && self.secrets.iter().zip(&other.secrets).all(same)
    }
}

type Facts = BTreeMap<String, Fact>;

fn plain(facts: &mut Facts, path: impl Into<String>, text: impl Into<String>) {
    facts.insert(path.into(), Fact { text: text.into(), secrets: Vec::new() });
}

fn facts(settings: &Settings) -> Facts {
    let Settings {
        listen,
        upstream,
        ops,
        admin,
        workers,
        security,
        operational,
        routes,
        unmatched,
        api_keys,
        telemetry,
        limits,
        identity_prefix,
        hash: _,
        inputs: _,
        fingerprint: _,
    } = settings;
    let mut facts = Facts::new();
    let listen: Vec<String> = listen.iter().map(address).collect();
    plain(&mut facts, "listen", listen.join(", "));
    plain(&mut facts, "ops", address(ops));
    plain(&mut facts, "admin", admin.as_ref().map_or("off".to_owned(), address));
    plain(&mut facts, "workers", workers.map_or("auto".to_owned(), |count| count.to_string()));
    plain(&mut facts, "upstream", format!("{upstream:?}"));
    plain(&mut facts, "security.ip_allowlist", nets(security.ip_allowlist.as_ref()));
    plain(&mut facts, "security.ip_denylist", nets(security.ip_denylist.as_ref()));
    plain(&mut facts, "security.trusted_proxies", format!("{:?}", security.trusted_proxies));
    plain(&mut facts, "security.client_ip_header", format!("{:?}", security.client_ip_header));
    // Where a switch is written is no change of it.
    let operational = Operational { maintenance_line: 0, ..operational.clone() };
    plain(&mut facts, "operational", format!("{operational:?}"));
    plain(&mut facts, "unmatched", format!("{unmatched:?}"));
    plain(&mut facts, "telemetry.log", format!("{:?} {:?}", telemetry.log_level, telemetry.log_format));
    plain(&mut facts, "telemetry.access_log", sink(&telemetry.access_log));
    let strict = if telemetry.audit_strict { " strict" } else { "" };
    plain(&mut facts, "telemetry.audit", format!("{}{strict}", sink(&telemetry.audit)));
    plain(&mut facts, "identity_headers.prefix", identity_prefix.as_str());
    limit_facts(&mut facts, limits);
    routes.iter().for_each(|each| route(&mut facts, each));
    let pepper = Fact { text: "pepper".to_owned(), secrets: vec![api_keys.pepper.clone()] };
    facts.insert("api_keys.pepper".to_owned(), pepper);
    for key in &api_keys.keys {
        let super::settings::ApiKey { id, origin: _, .. } = key;
        let shown = format!(
            "{} roles {:?} permissions {:?} rate_limit {:?} not_before {:?} expires_at {:?} revoked {}",
            key.name, key.roles, key.permissions, key.rate_limit, key.not_before, key.expires_at, key.revoked
        );
        let digest = Some(Secret::new(format!("{:?}", key.digest).into_bytes()));
        facts.insert(format!("api_keys.{id}"), Fact { text: shown, secrets: vec![digest] });
    }
    facts
}

fn limit_facts(facts: &mut Facts, limits: &super::settings::Limits) {
    let durations = [
        ("head_timeout", limits.head_timeout),
        ("keepalive_timeout", limits.keepalive_timeout),
        ("body_idle", limits.body_idle),
        ("body_rate_grace", limits.body_rate_grace),
        ("buffered_body_timeout", limits.buffered_body_timeout),
        ("stalled_stream", limits.stalled_stream),
        ("drain_min", limits.drain_min),
        ("drain_max", limits.drain_max),
        ("tunnel_idle", limits.tunnel_idle),
    ];
    for (name, span) in durations {
        plain(facts, format!("limits.{name}"), duration_text(span));
    }
    let bytes = |size: usize| u64::try_from(size).unwrap_or(u64::MAX);
    let sizes = [
        ("head_size", bytes(limits.head_size)),
        ("uri_size", bytes(limits.uri_size)),
        ("buffered_body", limits.buffered_body),
        ("buffered_total", limits.buffered_total),
        ("body_rate", limits.body_rate),
        ("http2_header_list", u64::from(limits.http2_header_list)),
    ];
    for (name, size) in sizes {
        plain(facts, format!("limits.{name}"), size_text(size));
    }
    let counts = [
        ("head_fields", limits.head_fields),
        ("http2_streams", limits.http2_streams as usize),
        ("failures", limits.failures as usize),
        ("limit_entries", limits.limit_entries),
        ("replay_entries", limits.replay_entries),
        ("audit_queue", limits.audit_queue),
    ];
    for (name, count) in counts {
        plain(facts, format!("limits.{name}"), count.to_string());
    }
    let derived =
        [("connections", limits.connections), ("connections_per_client", limits.connections_per_client)];
    for (name, count) in derived {
        plain(facts, format!("limits.{name}"), count.map_or("auto".to_owned(), |n| n.to_string()));
    }
}

fn route(facts: &mut Facts, route: &Route) {
    let at = |key: &str| format!("routes.{}.{key}", route.name);
    plain(facts, at("path"), format!("{:?}", route.path));
    plain(facts, at("methods"), format!("{:?}", route.methods));
    plain(facts, at("hosts"), format!("{:?}", route.hosts));
    plain(facts, at("require"), format!("{:?}", route.require));
    let authorize = &route.authorize;
    plain(facts, at("authorize"), format!("{:?} {:?}", authorize.roles, authorize.permissions));
    plain(facts, at("ip_allowlist"), nets(route.ip_allowlist.as_ref()));
    plain(facts, at("ip_denylist"), nets(route.ip_denylist.as_ref()));
    let limits: Vec<String> = route
        .rate_limits
        .iter()
        .map(|limit| format!("{} {:?} {:?}", limit.name, limit.budget, limit.by))
        .collect();
    plain(facts, at("rate_limits"), limits.join(", "));
    plain(facts, at("body.max_size"), route.max_body.map_or(String::new(), size_text));
    plain(facts, at("critical"), route.critical.to_string());
    plain(facts, at("public"), route.public.to_string());
    plain(facts, at("upstream"), format!("{:?}", route.upstream));
    if let Some(signature) = &route.signature {
        let text = format!("{} {:?} {:?}", signature.provider, signature.replay, signature.public_url);
        plain(facts, at("signature"), text);
        plain(facts, at("signature.scheme"), fingerprint(&format!("{:?}", signature.plan)));
        facts.insert(at("signature.secrets"), secret_fact(&signature.secrets));
        let handshake = &signature.handshake;
        let names =
            |all: &[&'static Handshake]| all.iter().map(|one| one.name).collect::<Vec<_>>().join(", ");
        let text = format!(
            "{} / {} {:?} {:?}",
            names(&handshake.answered),
            names(&handshake.forwarded),
            handshake.origins,
            handshake.public_id
        );
        plain(facts, at("signature.handshake"), text);
        facts.insert(at("signature.handshake.verify_token"), secret_fact(&handshake.verify_tokens));
    }
    if let Some(resign) = &route.resign {
        facts.insert(at("resign.secrets"), secret_fact(&resign.secrets));
    }
    if let Some(shared) = &route.shared_secret {
        plain(facts, at("shared_secret"), shared.header.as_str());
        facts.insert(at("shared_secret.secrets"), secret_fact(&shared.secrets));
    }
    if let Some(keys) = &route.api_key {
        plain(facts, at("api_key"), format!("{:?}", keys.locations));
    }
}

/// A short name for a text too long to show.
fn fingerprint(text: &str) -> String {
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(text.as_bytes());
    data_encoding::HEXLOWER.encode(digest.first_chunk::<4>().unwrap_or(&[0; 4]))
}

fn secret_fact(entries: &[SecretEntry]) -> Fact {
    let ids: Vec<String> = entries
        .iter()
        .map(|entry| match (&entry.value, entry.not_before, entry.not_after) {
            (None, _, _) => format!("{} (missing)", entry.id),
            (Some(_), None, None) => entry.id.to_string(),
            (Some(_), from, until) => format!("{} {from:?}–{until:?}", entry.id),
        })
        .collect();
    Fact { text: ids.join(", "), secrets: entries.iter().map(|entry| entry.value.clone()).collect() }
}

fn address(address: &Address) -> String {
    match address {
        Address::Tcp(socket) => socket.to_string(),
        Address::Unix(path) => format!("unix:{}", path.display()),
    }
}

fn sink(sink: &Sink) -> String {
    match sink {
        Sink::Off => "off".to_owned(),
        Sink::Stdout => "stdout".to_owned(),
        Sink::File(path) => path.display().to_string(),
    }
}

/// Networks without their lines: moving an entry to another line changes nothing. Long lists by their fingerprint.
fn nets(list: Option<&super::settings::IpList>) -> String {
    /// More than this is told by its number and fingerprint.
    const MOST: usize = 16;
    let Some(list) = list else { return "none".to_owned() };
    let all: Vec<String> = list.nets.iter().map(|(net, _)| net.to_string()).collect();
    let text = all.join(", ");
    if all.len() > MOST { format!("{} networks ({})", all.len(), fingerprint(&text)) } else { text }
}
