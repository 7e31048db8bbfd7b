//! The slow reference model of the verdict (invariant I4): plain lists, no caches, no shortcuts.
//!
//! Written from the contract alone. It shares no line with the gate and says, for one setup and requests one after
//! another, which status each gets and for which kind of reason.

mod inputs;
mod paths;
mod setup;
mod strategy;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

pub(crate) use inputs::Request;
use inputs::Signing;
pub(crate) use setup::Setup;
pub(crate) use strategy::plays;

use setup::{By, KEYS, Net, Replay, Rule, SECRETS, Sign, key_text};

/// Why a request ends as it does, coarser than the gate's own words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    Forwarded,
    Acknowledged,
    Head,
    Address,
    Path,
    Method,
    Conflict,
    Credential,
    Authorization,
    Size,
    Replayed,
    Maintenance,
    Quota,
}

/// What must come of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Expected {
    pub(crate) status: u16,
    pub(crate) class: Class,
    /// Another refusal that is as good: a path with two readings, refused in its plain one already.
    pub(crate) or: Option<(u16, Class)>,
}

/// What outlives a request: quotas used and messages delivered.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    used: BTreeMap<String, u32>,
    delivered: BTreeSet<Vec<u8>>,
}

/// How one credential stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Absent,
    Good,
    Bad,
}

type Refused = Expected;

fn refuse<T>(status: u16, class: Class) -> Result<T, Refused> {
    Err(Expected { status, class, or: None })
}

impl Setup {
    /// How the rule of a request verifies signatures, for whoever signs it.
    pub(crate) fn sign_of(&self, request: &Request) -> Option<Sign> {
        let path = request.target.split('?').next().unwrap_or_default();
        self.rules[paths::most_specific(&self.rules, path)?].sign
    }
}

impl Memory {
    /// Judges one request, in the order of the contract.
    pub(crate) fn judge(&mut self, setup: &Setup, request: &Request) -> Expected {
        match self.walk(setup, request) {
            Ok(expected) | Err(expected) => expected,
        }
    }

    fn walk(&mut self, setup: &Setup, request: &Request) -> Result<Expected, Refused> {
        if request.target.contains('\\') {
            return refuse(400, Class::Head);
        }
        let client = client_of(setup, request)?;
        listed(setup.allow.as_deref(), &setup.deny, client)?;
        let rule = route(setup, request)?;
        listed(rule.allow.as_deref(), &[], client)?;
        let key = head_credentials(rule, request)?;
        authorized(rule, key)?;
        if rule.max_size.is_some_and(|most| request.body.len() as u64 > most) {
            return refuse(413, Class::Size);
        }
        let message = signed(rule, request)?;
        if let Some(message) = &message
            && self.delivered.contains(message)
        {
            return match rule.replay() {
                Replay::Off => unreachable!("never remembered"),
                Replay::Reject => refuse(409, Class::Replayed),
                Replay::Acknowledge => Ok(Expected { status: 200, class: Class::Acknowledged, or: None }),
            };
        }
        if setup.maintenance && !rule.critical {
            return refuse(503, Class::Maintenance);
        }
        self.admit(setup, rule, client, key)?;
        if let Some(message) = message.filter(|_| !request.app_fails && rule.replay() != Replay::Off) {
            self.delivered.insert(message);
        }
        Ok(Expected { status: if request.app_fails { 500 } else { 200 }, class: Class::Forwarded, or: None })
    }

    /// All limits or none.
    fn admit(
        &mut self,
        setup: &Setup,
        rule: &Rule,
        client: IpAddr,
        key: Option<usize>,
    ) -> Result<(), Refused> {
        let network = network_of(client);
        let mut asked: Vec<(String, u32)> = Vec::new();
        if let Some(limit) = setup.per_minute {
            asked.push((format!("all {network}"), limit));
        }
        if let Some((limit, by)) = rule.limit {
            let name = match (by, key) {
                (By::Client, _) | (By::Key, None) => format!("{} {network}", rule.name),
                (By::Key, Some(key)) => format!("{} key {key}", rule.name),
                (By::Route, _) => rule.name.clone(),
            };
            asked.push((name, limit));
        }
        if let Some((key, limit)) = key.and_then(|key| Some((key, KEYS[key].rate_limit?))) {
            asked.push((format!("key {key}"), limit));
        }
        let full = asked.iter().any(|(name, limit)| self.used.get(name).copied().unwrap_or(0) >= *limit);
        if full {
            return refuse(429, Class::Quota);
        }
        for (name, _) in asked {
            *self.used.entry(name).or_default() += 1;
        }
        Ok(())
    }
}

/// The socket's peer is always loopback; when that is trusted, the forwarding header tells.
fn client_of(setup: &Setup, request: &Request) -> Result<IpAddr, Refused> {
    let peer = IpAddr::from([127, 0, 0, 1]);
    if !setup.trusted || request.forwarded_for.is_empty() {
        return Ok(peer);
    }
    let lines = request.forwarded_for.join(",");
    let mut last = peer;
    for text in lines.split(',').rev() {
        match text.trim().parse::<IpAddr>().map(|hop| hop.to_canonical()) {
            Ok(hop) if hop.is_loopback() => last = hop,
            Ok(hop) => return Ok(hop),
            Err(_) => return refuse(400, Class::Head),
        }
    }
    Ok(last)
}

fn listed(allow: Option<&[Net]>, deny: &[Net], client: IpAddr) -> Result<(), Refused> {
    let denied = deny.iter().any(|net| net.holds(client));
    let allowed = allow.is_none_or(|allow| allow.iter().any(|net| net.holds(client)));
    if denied || !allowed { refuse(403, Class::Address) } else { Ok(()) }
}

/// IPv6 callers are counted by their /64.
fn network_of(client: IpAddr) -> String {
    match client {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => format!("{:?}", &v6.octets()[..8]),
    }
}

/// The most specific rule of the raw path; 400 when another reading of the path has another rule.
fn route<'a>(setup: &'a Setup, request: &Request) -> Result<&'a Rule, Refused> {
    let path = request.target.split('?').next().unwrap_or_default();
    if !paths::is_well_escaped(path) {
        return refuse(400, Class::Path);
    }
    let plain = plain_route(setup, request, path);
    if paths::is_ambiguous(&setup.rules, path) {
        let or = plain.err().map(|refused| (refused.status, refused.class));
        return Err(Expected { status: 400, class: Class::Path, or });
    }
    plain
}

/// The rule of the raw path, host and method.
fn plain_route<'a>(setup: &'a Setup, request: &Request, path: &str) -> Result<&'a Rule, Refused> {
    let Some(number) = paths::most_specific(&setup.rules, path) else { return refuse(404, Class::Path) };
    let rule = &setup.rules[number];
    let host = request.host.to_ascii_lowercase();
    let host = host.split(':').next().unwrap_or_default();
    if !rule.hosts.is_empty() && !rule.hosts.contains(&host) {
        return refuse(404, Class::Path);
    }
    if !rule.methods.is_empty() && !rule.methods.contains(&request.method) {
        return refuse(405, Class::Method);
    }
    Ok(rule)
}

/// Shared secret, then API key; which key it was.
fn head_credentials(rule: &Rule, request: &Request) -> Result<Option<usize>, Refused> {
    let mut proven = Vec::new();
    if rule.token.is_some() {
        proven.push(enough(rule, token_standing(rule, request)?)?);
    }
    let mut key = None;
    if rule.key.is_some() {
        let (standing, found) = key_standing(rule, request)?;
        proven.push(enough(rule, standing)?);
        key = found;
    }
    if rule.sign.is_some() {
        proven.push(!matches!(request.signing, Signing::Absent));
    }
    let none = rule.any && !proven.is_empty() && !proven.contains(&true);
    if none { refuse(401, Class::Credential) } else { Ok(key) }
}

/// Whether a credential was proven; refused when the rule cannot do without.
fn enough(rule: &Rule, standing: Standing) -> Result<bool, Refused> {
    match (rule.any, standing) {
        (_, Standing::Good) => Ok(true),
        (true, Standing::Absent) => Ok(false),
        (false, Standing::Absent) | (_, Standing::Bad) => refuse(401, Class::Credential),
    }
}

fn token_standing(rule: &Rule, request: &Request) -> Result<Standing, Refused> {
    let valid = rule.token.unwrap_or_default();
    match request.token.as_slice() {
        [] => Ok(Standing::Absent),
        [one] => {
            let good =
                valid.iter().any(|secret| !SECRETS[*secret].expired && SECRETS[*secret].value == one.text());
            Ok(if good { Standing::Good } else { Standing::Bad })
        }
        _ => refuse(400, Class::Conflict),
    }
}

fn key_standing(rule: &Rule, request: &Request) -> Result<(Standing, Option<usize>), Refused> {
    let places = rule.key.unwrap_or_default();
    let found = request.keys.iter().filter(|(place, _)| places.contains(place));
    let texts: BTreeSet<String> = found.map(|(_, credential)| credential.text()).collect();
    let Some(text) = texts.first() else { return Ok((Standing::Absent, None)) };
    if texts.len() > 1 {
        return refuse(400, Class::Conflict);
    }
    let known = (0..KEYS.len()).find(|number| key_text(*number) == *text);
    match known.filter(|number| !KEYS[*number].expired && !KEYS[*number].revoked) {
        Some(number) => Ok((Standing::Good, Some(number))),
        None => Ok((Standing::Bad, None)),
    }
}

fn authorized(rule: &Rule, key: Option<usize>) -> Result<(), Refused> {
    let (roles, permissions) = (rule.roles, rule.permissions);
    if roles.is_empty() && permissions.is_empty() {
        return Ok(());
    }
    let Some(key) = key.map(|number| &KEYS[number]) else { return refuse(403, Class::Authorization) };
    let has_role = roles.is_empty() || roles.iter().any(|role| key.roles.contains(role));
    let may = |asked: &&str| key.permissions.iter().any(|held| covers(held, asked));
    if has_role && permissions.iter().all(may) { Ok(()) } else { refuse(403, Class::Authorization) }
}

/// Whether a permission held covers one asked; both may end in `*`.
fn covers(held: &str, asked: &str) -> bool {
    match (held.strip_suffix('*'), asked.strip_suffix('*')) {
        (Some(held), _) if asked.trim_end_matches('*').starts_with(held) => true,
        (_, Some(asked)) => held.starts_with(asked),
        _ => held == asked,
    }
}

/// The signature; the signed message, when it is remembered.
fn signed(rule: &Rule, request: &Request) -> Result<Option<Vec<u8>>, Refused> {
    let Some(sign) = rule.sign else { return Ok(None) };
    match request.signing {
        Signing::Absent if rule.any => Ok(None),
        Signing::Good { secret } if sign.secrets.contains(&secret) && !SECRETS[secret].expired => {
            let message = [rule.name.as_bytes(), b" ", &request.message(sign)].concat();
            Ok(Some(message).filter(|_| rule.replay() != Replay::Off))
        }
        Signing::Absent
        | Signing::Malformed
        | Signing::OtherBody
        | Signing::Stale
        | Signing::Future
        | Signing::Good { .. } => refuse(401, Class::Credential),
    }
}
