//! What the gate itself may fetch, and from where: hosts the operator named, and the keys that lie there.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// A host that may be asked, over HTTPS alone. What is not named is never asked.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct AllowedHost {
    /// Name or address, lower case, no port.
    pub name: String,
    /// Its port.
    pub port: u16,
    /// Where it is connected to, whatever its name leads to.
    pub address: Option<SocketAddr>,
    /// Roots its certificate must lead to, PEM; `None`: those of Mozilla that are built in.
    pub roots: Option<Arc<[u8]>>,
    /// Which of its addresses count.
    pub reach: Reach,
}

/// Which addresses a name may stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reach {
    /// Those of the public internet.
    Public,
    /// Also loopback, link-local and private ones: the operator said `allow_private`.
    Private,
}

/// Something that lies on an allowed host. Printed without its query, in `Debug` too: that may hold a token.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Place {
    /// Where.
    pub host: Arc<AllowedHost>,
    /// Path and query, as they are asked for.
    pub target: String,
}

/// Keys that are not in the configuration but are fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remote {
    /// What lies at one place.
    At(FetchRule),
    /// The certificate each message names, on one of these hosts.
    Named(Vec<Arc<AllowedHost>>),
}

/// A place and how fresh what lies there must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchRule {
    /// Where.
    pub place: Place,
    /// How often it is asked.
    pub refresh: Duration,
    /// How long what was fetched last counts when nothing newer can be had.
    pub max_stale: Duration,
}

/// Why a URL cannot be fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoPlace {
    /// It is no plain `https://host/path`.
    Malformed,
    /// The host, with its port where it is not 443, is not allowed.
    NotAllowed(String),
}

impl AllowedHost {
    /// As it is written in the list: the port only where it is not 443.
    pub fn written(&self) -> String {
        if self.port == HTTPS { self.name.clone() } else { format!("{}:{}", self.name, self.port) }
    }
}

/// The port of HTTPS.
const HTTPS: u16 = 443;

impl Remote {
    /// What of it may be shown to nobody, though it tells one from another: the query of a URL.
    pub fn hidden(&self) -> Option<&str> {
        match self {
            Self::At(rule) => rule.place.target.split_once('?').map(|(_, query)| query),
            Self::Named(_) => None,
        }
    }
}

impl Place {
    /// The place a URL means, if its host is one of `hosts`.
    ///
    /// Security: one reading of one spelling. User information, fragments, other schemes, white space and backslashes
    /// are refused, and so is a host that differs from an allowed one in more than its letters' case.
    ///
    /// # Errors
    /// [`NoPlace`].
    pub fn parse(url: &str, hosts: &[Arc<AllowedHost>]) -> Result<Self, NoPlace> {
        let rest = url.strip_prefix("https://").ok_or(NoPlace::Malformed)?;
        let (authority, target) = match rest.find(['/', '?']) {
            Some(at) => rest.split_at_checked(at).ok_or(NoPlace::Malformed)?,
            None => (rest, "/"),
        };
        let is_plain = target.bytes().all(|byte| (b'!'..=b'~').contains(&byte) && !b"#\\".contains(&byte));
        if !target.starts_with('/') || !is_plain {
            return Err(NoPlace::Malformed);
        }
        let (name, port) = authority_of(authority).ok_or(NoPlace::Malformed)?;
        let host = hosts.iter().find(|host| host.name == name && host.port == port);
        match host {
            Some(host) => Ok(Self { host: Arc::clone(host), target: target.to_owned() }),
            None => Err(NoPlace::NotAllowed(if port == HTTPS { name } else { format!("{name}:{port}") })),
        }
    }
}

/// Host, in lower case, and port of `host` or `host:port`; `None` when it is neither.
pub(crate) fn authority_of(text: &str) -> Option<(String, u16)> {
    let (name, port) = match text.split_once(':') {
        Some((name, port)) if !port.starts_with(['+', '0']) => (name, port.parse().ok()?),
        Some(_) => return None,
        None => (text, HTTPS),
    };
    let is_name = !name.is_empty()
        && name.len() <= 253
        && !name.starts_with(['-', '.'])
        && !name.ends_with(['-', '.'])
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte));
    is_name.then(|| (name.to_ascii_lowercase(), port))
}

impl fmt::Display for Place {
    /// The URL without its query, which may hold what is nobody's business.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.target.split('?').next().unwrap_or_default();
        write!(f, "https://{}{path}", self.host.written())
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for AllowedHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let roots = if self.roots.is_some() { " own roots" } else { "" };
        write!(f, "{} {:?}{roots}", self.written(), self.reach)
    }
}

#[cfg(test)]
mod tests;
