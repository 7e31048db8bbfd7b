//! What a new configuration changes, key by key, for the log and the audit record of a reload.
//!
//! Routes, keys and networks may be many and are mostly the same: they are compared before they are put into words.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use self::same::{is_same_key, is_same_route};
use super::settings::{Address, ApiKey, IpList, Operational, Route, SecretEntry, Settings, Sink};
use super::units::{duration_text, size_text};
use crate::base::nets::Networks;
use crate::base::secret::Secret;
use crate::scheme::handshake::Handshake;

mod same;

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
    let (mut before, mut after) = (facts(old), facts(new));
    let routes = (old.routes.as_slice(), new.routes.as_slice());
    few((&mut before, &mut after), routes, |route| route.name.as_str(), is_same_route, route);
    let keys = (old.api_keys.keys.as_slice(), new.api_keys.keys.as_slice());
    few((&mut before, &mut after), keys, |key| key.id.as_str(), is_same_key, key);
    changes(before, after)
}

/// The keys of [`FIXED`] whose values differ.
pub fn restarts(old: &Settings, new: &Settings) -> Vec<String> {
    let (mut before, mut after) = (Facts::new(), Facts::new());
    fixed(&mut before, old);
    fixed(&mut after, new);
    changes(before, after).into_iter().map(|change| change.path).collect()
}

fn changes(mut before: Facts, after: Facts) -> Vec<Change> {
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

/// Puts those of two lists into words that are not the same in both.
fn few<T>(
    (before, after): (&mut Facts, &mut Facts),
    (old, new): (&[T], &[T]),
    name: impl Fn(&T) -> &str,
    is_same: impl Fn(&T, &T) -> bool,
    tell: impl Fn(&mut Facts, &T),
) {
    // Most often all that is in front of the first change is the same, in the same order.
    let same =
        old.iter().zip(new).take_while(|(was, one)| name(was) == name(one) && is_same(was, one)).count();
    let (old, new) = (old.get(same..).unwrap_or_default(), new.get(same..).unwrap_or_default());
    let mut left: HashMap<&str, &T> = old.iter().map(|one| (name(one), one)).collect();
    for one in new {
        match left.remove(name(one)) {
            Some(was) if is_same(was, one) => {}
            was => {
                was.into_iter().for_each(|was| tell(before, was));
                tell(after, one);
            }
        }
    }
    left.into_values().for_each(|gone| tell(before, gone));
}

fn effect(path: &str) -> Effect {
    if FIXED.contains(&path) { Effect::Restart } else { Effect::Now }
}

/// A value as text that may be shown, and what it stands for: secrets, and networks too many to write.
#[derive(Default)]
struct Fact {
    text: String,
    secrets: Vec<Option<Secret>>,
    nets: Option<Arc<Networks>>,
}

impl Fact {
    fn equals(&self, other: &Fact) -> bool {
        let same = |(a, b): (&Option<Secret>, &Option<Secret>)| match (a, b) {
            (Some(a), Some(b)) => a.matches(b.expose()),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        let same_nets = match (&self.nets, &other.nets) {
            (Some(a), Some(b)) => Arc::ptr_eq(a, b) || a.iter().eq(b.iter()),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        same_nets
            && self.text == other.text
            && self.secrets.len() == other.secrets.len()
            && self.secrets.iter().zip(&other.secrets).all(same)
    }
}

type Facts = BTreeMap<String, Fact>;

fn plain(facts: &mut Facts, path: impl Into<String>, text: impl Into<String>) {
    facts.insert(path.into(), Fact { text: text.into(), ..Fact::default() });
}

fn secret(text: String, secrets: Vec<Option<Secret>>) -> Fact {
    Fact { text, secrets, nets: None }
}

fn facts(settings: &Settings) -> Facts {
    let Settings {
        listen: _,
        upstream,
        ops: _,
        admin: _,
        workers: _,
        security,
        operational,
        routes: _,
        unmatched,
        api_keys,
        outbound,
        telemetry,
        limits,
        identity_prefix,
        hash: _,
        inputs: _,
        fingerprint: _,
    } = settings;
    let mut facts = Facts::new();
    fixed(&mut facts, settings);
    plain(&mut facts, "upstream", format!("{upstream:?}"));
    facts.insert("security.ip_allowlist".to_owned(), nets(security.ip_allowlist.as_ref()));
    facts.insert("security.ip_denylist".to_owned(), nets(security.ip_denylist.as_ref()));
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
    plain(&mut facts, "outbound.allowed_hosts", format!("{outbound:?}"));
    limit_facts(&mut facts, limits);
    let pepper = secret("pepper".to_owned(), vec![api_keys.pepper.clone()]);
    facts.insert("api_keys.pepper".to_owned(), pepper);
    facts
}

/// [`FIXED`].
fn fixed(facts: &mut Facts, settings: &Settings) {
    let listen: Vec<String> = settings.listen.iter().map(address).collect();
    plain(facts, "listen", listen.join(", "));
    plain(facts, "ops", address(&settings.ops));
    plain(facts, "admin", settings.admin.as_ref().map_or("off".to_owned(), address));
    plain(facts, "workers", settings.workers.map_or("auto".to_owned(), |count| count.to_string()));
}

fn key(facts: &mut Facts, key: &Arc<ApiKey>) {
    let ApiKey {
        id,
        name,
        digest,
        roles,
        permissions,
        rate_limit,
        not_before,
        expires_at,
        revoked,
        origin: _,
    } = key.as_ref();
    let text = format!(
        "{name} roles {roles:?} permissions {permissions:?} rate_limit {rate_limit:?} not_before {not_before:?} \
         expires_at {expires_at:?} revoked {revoked}"
    );
    let digest = Some(Secret::new(format!("{digest:?}").into_bytes()));
    facts.insert(format!("api_keys.{id}"), secret(text, vec![digest]));
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
    facts.insert(at("ip_allowlist"), nets(route.ip_allowlist.as_ref()));
    facts.insert(at("ip_denylist"), nets(route.ip_denylist.as_ref()));
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
        // Its query may hold a token.
        let url = signature.public_url.as_deref().map(|url| url.split_once('?').unwrap_or((url, "")));
        let text = format!("{} {:?} {:?}", signature.provider, signature.replay, url.map(|(shown, _)| shown));
        let query = url.map(|(_, query)| Secret::new(query.into()));
        facts.insert(at("signature"), secret(text, vec![query]));
        plain(facts, at("signature.scheme"), fingerprint(format!("{:?}", signature.plan).as_bytes()));
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

/// A short name for what is too long to show.
fn fingerprint(text: &[u8]) -> String {
    use aws_lc_rs::digest::{SHA256, digest};
    let digest = digest(&SHA256, text);
    data_encoding::HEXLOWER.encode(digest.as_ref().first_chunk::<4>().unwrap_or(&[0; 4]))
}

fn secret_fact(entries: &[SecretEntry]) -> Fact {
    let ids: Vec<String> = entries
        .iter()
        .map(|entry| match (&entry.value, entry.not_before, entry.not_after) {
            (None, _, _) if entry.remote.is_some() => format!("{} from {:?}", entry.id, entry.remote),
            (None, _, _) => format!("{} (missing)", entry.id),
            (Some(_), None, None) => entry.id.to_string(),
            (Some(_), from, until) => format!("{} {from:?}–{until:?}", entry.id),
        })
        .collect();
    let hidden = |entry: &SecretEntry| {
        let query = entry.remote.as_ref().and_then(|remote| remote.hidden());
        entry.value.clone().or_else(|| query.map(|query| Secret::new(query.into())))
    };
    secret(ids.join(", "), entries.iter().map(hidden).collect())
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

/// Networks without their lines: moving an entry to another line changes nothing. Long lists by their number.
fn nets(list: Option<&IpList>) -> Fact {
    /// More than this is told by its number.
    const MOST: usize = 16;
    let Some(list) = list else { return Fact { text: "none".to_owned(), ..Fact::default() } };
    let count = list.nets.list().len();
    let text = if count > MOST {
        format!("{count} networks")
    } else {
        list.nets.iter().map(|net| net.to_string()).collect::<Vec<_>>().join(", ")
    };
    Fact { text, nets: Some(Arc::clone(&list.nets)), ..Fact::default() }
}
