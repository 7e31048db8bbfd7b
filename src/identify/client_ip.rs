//! Which address a request counts for: the socket's peer, or what a trusted proxy says of it.
//!
//! Only the configured header is read, and only from a trusted peer; `X-Forwarded-For` and `Forwarded` are never
//! mixed. Reads addresses and refuses nothing else: what headers go on to the app is forwarding's business.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str;

use http::HeaderMap;
use http::header::{FORWARDED, HeaderName};

use crate::base::nets::NetTable;
use crate::config::settings::{ClientIpHeader, Security};

mod forwarded;

/// Most hops a forwarding header may list, over all its lines. Real chains have a handful.
pub const MOST_HOPS: usize = 32;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");

/// Whose forwarding header is believed, and which header that is.
#[derive(Clone, Debug)]
pub struct ClientIpRules {
    trusted: Trusted,
    header: ClientIpHeader,
}

/// The client a request counts for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Client {
    /// The client's address, IPv4-mapped IPv6 folded to IPv4.
    pub ip: IpAddr,
    /// Whether the socket's peer is a trusted proxy: its forwarding headers are appended to, not replaced.
    pub peer_trusted: bool,
}

/// The forwarding header of a trusted proxy cannot be read, or does not lead to an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadForwarding;

/// Whether a socket's peer may stand for many callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proxy {
    /// It stands for itself.
    No,
    /// It has a private address and no proxy is declared, so it may be one that was forgotten.
    Possible,
    /// It is a trusted proxy.
    Declared,
}

/// The declared proxies.
#[derive(Clone, Debug)]
enum Trusted {
    Nobody,
    Nets(NetTable),
}

impl ClientIpRules {
    /// Compiles the rules.
    pub fn from_settings(security: &Security) -> Self {
        let nets = &security.trusted_proxies;
        let trusted = match nets.is_empty() {
            true => Trusted::Nobody,
            false => Trusted::Nets(NetTable::new(nets.iter().map(|net| (*net, 0)))),
        };
        Self { trusted, header: security.client_ip_header.clone() }
    }

    /// The client of a request whose socket peer is `peer`.
    ///
    /// The peer itself, unless it is trusted and the header is present: then the first untrusted address from the
    /// right, or the leftmost when all are trusted. What stands left of the client was written by it and is not
    /// read.
    ///
    /// # Errors
    /// [`BadForwarding`] when the peer is trusted and its header has an unreadable or nameless (`unknown`) hop on
    /// the way, lists more than [`MOST_HOPS`], or is a single-value header on several lines.
    pub fn resolve(&self, peer: IpAddr, headers: &HeaderMap) -> Result<Client, BadForwarding> {
        let peer = peer.to_canonical();
        if !self.trusts(peer) {
            return Ok(Client { ip: peer, peer_trusted: false });
        }
        let told = match &self.header {
            ClientIpHeader::XForwardedFor => self.walk_x_forwarded_for(headers)?,
            ClientIpHeader::Forwarded => self.walk(forwarded::hops(headers)?.into_iter().rev())?,
            ClientIpHeader::Single(name) => single(name, headers)?,
        };
        Ok(Client { ip: told.unwrap_or(peer), peer_trusted: true })
    }

    /// Whether a private peer sends forwarding headers although no proxy is trusted: an undeclared proxy, behind
    /// which all callers share one address. The flood guard is off for such a peer.
    pub fn undeclared_proxy(&self, peer: IpAddr, headers: &HeaderMap) -> bool {
        // One look at each name costs less than three searches.
        let sent = || {
            headers.keys().any(|name| {
                [&FORWARDED, &X_FORWARDED_FOR, &X_REAL_IP].contains(&name)
                    || matches!(&self.header, ClientIpHeader::Single(own) if own == name)
            })
        };
        matches!(self.trusted, Trusted::Nobody) && is_private(peer.to_canonical()) && sent()
    }

    /// Whether others may stand behind `peer`, as far as can be told before it has sent anything.
    pub fn proxy(&self, peer: IpAddr) -> Proxy {
        let peer = peer.to_canonical();
        match self.trusted {
            Trusted::Nobody if is_private(peer) => Proxy::Possible,
            Trusted::Nets(_) if self.trusts(peer) => Proxy::Declared,
            Trusted::Nobody | Trusted::Nets(_) => Proxy::No,
        }
    }

    fn trusts(&self, ip: IpAddr) -> bool {
        match &self.trusted {
            Trusted::Nobody => false,
            Trusted::Nets(nets) => nets.find(ip).is_some(),
        }
    }

    /// All lines joined in order. Counting first bounds the work and refuses absurd chains whole.
    fn walk_x_forwarded_for(&self, headers: &HeaderMap) -> Result<Option<IpAddr>, BadForwarding> {
        let lines = headers.get_all(&X_FORWARDED_FOR);
        let tokens = || lines.iter().rev().flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
        if tokens().take(MOST_HOPS + 1).count() > MOST_HOPS {
            return Err(BadForwarding);
        }
        self.walk(tokens().map(|token| address(token.trim_ascii(), Bare::Allowed)))
    }

    /// From the right: the first untrusted hop; the last one when all are trusted; nothing when there is none.
    fn walk(&self, hops: impl Iterator<Item = Option<IpAddr>>) -> Result<Option<IpAddr>, BadForwarding> {
        let mut leftmost = None;
        for hop in hops {
            let ip = hop.ok_or(BadForwarding)?;
            leftmost = Some(ip);
            if !self.trusts(ip) {
                break;
            }
        }
        Ok(leftmost)
    }
}

/// Whether an IPv6 address may stand without brackets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bare {
    Allowed,
    Refused,
}

/// An address as proxies write it: `1.2.3.4`, `1.2.3.4:80`, `[::1]`, `[::1]:80`, and `::1` where `bare` allows it.
///
/// Security: zone ids, leading zeros and short IPv4 forms are no addresses here; two parsers could read them as two
/// callers.
fn address(token: &[u8], bare: Bare) -> Option<IpAddr> {
    let text = str::from_utf8(token).ok()?;
    let (ip, port) = if let Some(rest) = text.strip_prefix('[') {
        let (inside, after) = rest.split_once(']')?;
        (
            IpAddr::V6(inside.parse::<Ipv6Addr>().ok()?),
            after.strip_prefix(':').or((!after.is_empty()).then_some("")),
        )
    } else if let Ok(ip) = text.parse::<Ipv4Addr>() {
        (IpAddr::V4(ip), None)
    } else if let Ok(ip) = text.parse::<Ipv6Addr>() {
        return (bare == Bare::Allowed).then_some(IpAddr::V6(ip).to_canonical());
    } else {
        let (host, port) = text.split_once(':')?;
        (IpAddr::V4(host.parse::<Ipv4Addr>().ok()?), Some(port))
    };
    match port {
        None => Some(ip.to_canonical()),
        Some(port) => is_port(port).then_some(ip.to_canonical()),
    }
}

/// RFC 7239 §6: a number, or `_` and a name that hides it.
fn is_port(port: &str) -> bool {
    match port.strip_prefix('_') {
        Some(hidden) => {
            !hidden.is_empty() && hidden.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
        }
        None => (1..=5).contains(&port.len()) && port.bytes().all(|b| b.is_ascii_digit()),
    }
}

/// Exactly one line that holds one address.
fn single(name: &HeaderName, headers: &HeaderMap) -> Result<Option<IpAddr>, BadForwarding> {
    let mut lines = headers.get_all(name).iter();
    let Some(line) = lines.next() else { return Ok(None) };
    if lines.next().is_some() {
        return Err(BadForwarding);
    }
    address(line.as_bytes().trim_ascii(), Bare::Allowed).map(Some).ok_or(BadForwarding)
}

/// Addresses that no caller from the internet has: private, loopback, link-local, shared (RFC 6598), unique local.
fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let shared = matches!(ip.octets(), [100, second, ..] if second & 0xc0 == 64);
            ip.is_private() || ip.is_loopback() || ip.is_link_local() || shared
        }
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests;
