//! A config as the model knows it, and the YAML the gate gets for it.

use std::fmt::Write as _;
use std::net::IpAddr;

use super::inputs::KeyPlace;
use crate::sign::sha256;

/// One secret of the pool.
#[derive(Debug)]
pub(crate) struct Secret {
    pub(crate) value: &'static str,
    pub(crate) expired: bool,
}

/// Secrets all setups choose from.
pub(crate) const SECRETS: [Secret; 4] = [
    Secret { value: "first secret of good length", expired: false },
    Secret { value: "second secret of good length", expired: false },
    Secret { value: "an old secret of good length", expired: true },
    Secret { value: "a foreign secret of length", expired: false },
];

/// One API key of the pool.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) roles: &'static [&'static str],
    pub(crate) permissions: &'static [&'static str],
    pub(crate) rate_limit: Option<u32>,
    pub(crate) expired: bool,
    pub(crate) revoked: bool,
}

/// Keys every setup knows.
pub(crate) const KEYS: [Key; 5] = [
    Key { roles: &["admin"], permissions: &["*"], rate_limit: None, expired: false, revoked: false },
    Key {
        roles: &["reader"],
        permissions: &["search_all", "list"],
        rate_limit: Some(3),
        expired: false,
        revoked: false,
    },
    Key { roles: &[], permissions: &["search_*"], rate_limit: None, expired: false, revoked: false },
    Key { roles: &["admin"], permissions: &["*"], rate_limit: None, expired: true, revoked: false },
    Key { roles: &["admin"], permissions: &["*"], rate_limit: None, expired: false, revoked: true },
];

/// The text of a key of the pool.
pub(crate) fn key_text(number: usize) -> String {
    format!("model-key-number-{number}-with-a-good-length")
}

/// One network.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Net {
    pub(crate) text: &'static str,
}

impl Net {
    /// Bit by bit.
    pub(super) fn holds(self, address: IpAddr) -> bool {
        let (base, length) = self.text.split_once('/').unwrap_or((self.text, "128"));
        let base: IpAddr = base.parse().unwrap();
        let (base, address) = match (base, address) {
            (IpAddr::V4(base), IpAddr::V4(address)) => (base.octets().to_vec(), address.octets().to_vec()),
            (IpAddr::V6(base), IpAddr::V6(address)) => (base.octets().to_vec(), address.octets().to_vec()),
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => return false,
        };
        let length: usize = length.parse().unwrap();
        let bit = |bytes: &[u8], at: usize| bytes[at / 8] >> (7 - at % 8) & 1;
        (0..length.min(base.len() * 8)).all(|at| bit(&base, at) == bit(&address, at))
    }
}

/// Which paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PathRule {
    Exact(&'static str),
    Template(&'static str),
    Prefix(&'static str),
}

/// What a limit counts by.
#[derive(Clone, Copy, Debug)]
pub(crate) enum By {
    Client,
    Key,
    Route,
}

/// What happens to a repeated message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Replay {
    Off,
    Reject,
    Acknowledge,
}

/// A signature rule.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sign {
    /// Stripe signs a time, GitHub does not.
    pub(crate) stamped: bool,
    pub(crate) secrets: &'static [usize],
    /// `None`: the provider's default.
    pub(crate) replay: Option<Replay>,
}

/// One route.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) name: String,
    pub(crate) path: PathRule,
    pub(crate) methods: &'static [&'static str],
    pub(crate) hosts: &'static [&'static str],
    pub(crate) token: Option<&'static [usize]>,
    pub(crate) key: Option<&'static [KeyPlace]>,
    pub(crate) sign: Option<Sign>,
    pub(crate) any: bool,
    pub(crate) roles: &'static [&'static str],
    pub(crate) permissions: &'static [&'static str],
    pub(crate) allow: Option<Vec<Net>>,
    pub(crate) limit: Option<(u32, By)>,
    pub(crate) max_size: Option<u64>,
    pub(crate) critical: bool,
}

/// One whole config.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    pub(crate) allow: Option<Vec<Net>>,
    pub(crate) deny: Vec<Net>,
    pub(crate) trusted: bool,
    pub(crate) per_minute: Option<u32>,
    pub(crate) maintenance: bool,
    pub(crate) rules: Vec<Rule>,
}

impl Rule {
    /// What happens to a repeated message, defaults applied.
    pub(crate) fn replay(&self) -> Replay {
        match self.sign {
            Some(Sign { replay: Some(replay), .. }) => replay,
            Some(Sign { stamped: true, .. }) => Replay::Acknowledge,
            Some(_) | None => Replay::Off,
        }
    }

    fn yaml(&self, out: &mut String) {
        let (key, path) = match self.path {
            PathRule::Exact(path) | PathRule::Template(path) => ("path", path),
            PathRule::Prefix(path) => ("path_prefix", path),
        };
        let mut line = |text: String| writeln!(out, "    {text}").unwrap();
        line(format!("name: {}", self.name));
        line(format!("{key}: \"{path}\""));
        if !self.methods.is_empty() {
            line(format!("methods: [{}]", self.methods.join(", ")));
        }
        if !self.hosts.is_empty() {
            line(format!("hosts: [{}]", self.hosts.join(", ")));
        }
        if let Some(secrets) = self.token {
            line(format!("shared_secret: {{header: X-Token, secrets: {}}}", entries(secrets)));
        }
        if let Some(places) = self.key {
            let places: Vec<&str> = places.iter().map(|place| place.yaml()).collect();
            line(format!("api_key: {{locations: [{}]}}", places.join(", ")));
        }
        if let Some(sign) = self.sign {
            let provider = if sign.stamped { "stripe" } else { "github" };
            let replay = match sign.replay {
                None => "",
                Some(Replay::Off) => ", replay: \"off\"",
                Some(Replay::Reject) => ", replay: reject",
                Some(Replay::Acknowledge) => ", replay: acknowledge",
            };
            line(format!("signature: {{provider: {provider}{replay}, secrets: {}}}", entries(sign.secrets)));
        }
        if self.token.is_none() && self.key.is_none() && self.sign.is_none() {
            line("public: true".to_owned());
        } else {
            line(format!("require: {}", if self.any { "any" } else { "all" }));
        }
        if !self.roles.is_empty() || !self.permissions.is_empty() {
            let quoted =
                |all: &[&str]| all.iter().map(|one| format!("\"{one}\"")).collect::<Vec<_>>().join(", ");
            let both = [("roles", self.roles), ("permissions", self.permissions)];
            let both = both.iter().filter(|(_, texts)| !texts.is_empty());
            let both: Vec<String> =
                both.map(|(name, texts)| format!("{name}: [{}]", quoted(texts))).collect();
            line(format!("authorize: {{{}}}", both.join(", ")));
        }
        if let Some(allow) = &self.allow {
            line(format!("ip_allowlist: {}", nets(allow)));
        }
        if let Some((limit, by)) = self.limit {
            let by = match by {
                By::Client => "client_ip",
                By::Key => "api_key",
                By::Route => "route",
            };
            line(format!("rate_limits: [{{name: l, limit: {limit}, window: 1h, by: [{by}]}}]"));
        }
        if let Some(most) = self.max_size {
            line(format!("body: {{max_size: {most}B}}"));
        }
        line(format!("critical: {}", self.critical));
    }
}

impl Setup {
    /// The part of the config file below the addresses.
    pub(crate) fn yaml(&self) -> String {
        let mut out = String::from("limits: {failures: 0}\nsecurity:\n  client_ip_header: X-Forwarded-For\n");
        if let Some(allow) = &self.allow {
            writeln!(out, "  ip_allowlist: {}", nets(allow)).unwrap();
        }
        if !self.deny.is_empty() {
            writeln!(out, "  ip_denylist: {}", nets(&self.deny)).unwrap();
        }
        if self.trusted {
            writeln!(out, "  trusted_proxies: [127.0.0.0/8]").unwrap();
        }
        writeln!(out, "operational:\n  maintenance_mode: {}", self.maintenance).unwrap();
        if let Some(limit) = self.per_minute {
            writeln!(out, "  rate_limit_per_minute: {limit}").unwrap();
        }
        out.push_str("routes:\n");
        for rule in &self.rules {
            let mut text = String::new();
            rule.yaml(&mut text);
            out.push_str("  -");
            out.push_str(&text[3..]);
        }
        out.push_str("api_keys:\n  keys:\n");
        for (number, key) in KEYS.iter().enumerate() {
            let list =
                |all: &[&str]| all.iter().map(|one| format!("\"{one}\"")).collect::<Vec<_>>().join(", ");
            write!(
                out,
                "    - {{id: k{number}, name: key {number}, hash: \"sha256:{}\"",
                sha256(key_text(number).as_bytes())
            )
            .unwrap();
            for (name, texts) in [("roles", key.roles), ("permissions", key.permissions)] {
                if !texts.is_empty() {
                    write!(out, ", {name}: [{}]", list(texts)).unwrap();
                }
            }
            if let Some(limit) = key.rate_limit {
                write!(out, ", rate_limit: {limit}").unwrap();
            }
            if key.expired {
                out.push_str(", expires_at: 2020-01-01T00:00:00Z");
            }
            if key.revoked {
                out.push_str(", revoked: true");
            }
            out.push_str("}\n");
        }
        out
    }
}

fn nets(nets: &[Net]) -> String {
    let texts: Vec<String> = nets.iter().map(|net| format!("\"{}\"", net.text)).collect();
    format!("[{}]", texts.join(", "))
}

fn entries(secrets: &[usize]) -> String {
    let entry = |number: &usize| {
        let secret = &SECRETS[*number];
        let until = if secret.expired { ", not_after: 2020-01-01T00:00:00Z" } else { "" };
        format!("{{id: s{number}, value: \"{}\"{until}}}", secret.value)
    };
    format!("[{}]", secrets.iter().map(entry).collect::<Vec<_>>().join(", "))
}
