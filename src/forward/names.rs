//! Which header names never reach the app as the caller wrote them: connection-bound fields, overrides of method and
//! URL, and every alias of what the gate itself tells the app.
//!
//! An app behind CGI or WSGI reads `X_Sidegate_Route`, `x.sidegate.route` and `X-Sidegate-Route` as one name, so
//! names are compared with every character that is no letter and no digit read as `-`. Decides by names alone, in one
//! pass; called by [`request`](super::request) for the head and for trailers.

use http::header::HeaderName;
use http::{HeaderMap, header};

use crate::config::settings::{ClientIpHeader, KeyLocation, Settings};

/// Whether the socket's peer is a trusted proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PeerTrust {
    /// Its forwarding headers are kept and appended to.
    Trusted,
    /// Its forwarding headers are dropped.
    Untrusted,
}

/// What happens to a field the caller sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// Goes to the app.
    Keep,
    /// Does not.
    Strip,
}

/// What a name is to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Bound to this connection, or an override of what was judged: nobody may send it on.
    Bound,
    /// Says where the request came from: only a trusted proxy may.
    Forwarding,
    /// Nothing special.
    Plain,
}

/// The names of one configuration.
#[derive(Clone, Debug)]
pub(super) struct Names {
    /// Beginning of the identity headers, in dashed form.
    prefix: String,
    /// The named header of the trusted proxies, where they have one.
    client_ip: Option<HeaderName>,
    /// Every header a check reads, with its dashed form.
    judged: Vec<(HeaderName, String)>,
    /// Whether one of `judged` is not its own dashed form (`x_token`), so that plain names can be its aliases.
    odd_judged: bool,
}

/// Fields whose alias would change framing, credentials or the target in an app that folds names.
const SENSITIVE: [&str; 12] = [
    "authorization",
    "content-encoding",
    "content-length",
    "content-type",
    "cookie",
    "host",
    "origin",
    "range",
    "referer",
    "trailer",
    "transfer-encoding",
    "x-request-id",
];

/// Further fields that must come with the head or not at all, as the listener has it for HTTP/1 (RFC 9110 §6.5.1).
const NEVER_LATE: [&str; 6] = ["cache-control", "max-forwards", "pragma", "set-cookie", "via", "x-api-key"];

/// Beginnings of such names.
const NEVER_LATE_FAMILIES: [&str; 4] = ["content-", "x-auth-", "x-http-method", "x-original-"];

impl Names {
    /// Collects the names that matter from `settings`.
    pub(super) fn from_settings(settings: &Settings) -> Self {
        let mut judged = Vec::new();
        for route in &settings.routes {
            judged.extend(
                route.signature.iter().flat_map(|signature| signature.plan.headers().iter().cloned()),
            );
            // An alias of a header the gate signs with would stand beside it.
            judged.extend(route.resign.iter().flat_map(|resign| resign.plan.headers().iter().cloned()));
            judged.extend(route.shared_secret.iter().map(|secret| secret.header.clone()));
            judged.extend(
                route.api_key.iter().flat_map(|api_key| api_key.locations.iter().filter_map(header_of)),
            );
        }
        let client_ip = match &settings.security.client_ip_header {
            ClientIpHeader::Single(name) => Some(name.clone()),
            ClientIpHeader::XForwardedFor | ClientIpHeader::Forwarded => None,
        };
        Self::new(&settings.identity_prefix, client_ip, judged)
    }

    pub(super) fn new(prefix: &str, client_ip: Option<HeaderName>, judged: Vec<HeaderName>) -> Self {
        let mut judged: Vec<_> =
            judged.into_iter().map(|name| (name.clone(), dashed(name.as_str()))).collect();
        // Each once: thousands of routes read the same few, and whoever sends odd names has all of them looked at.
        judged.sort_unstable_by(|(a, _), (b, _)| a.as_str().cmp(b.as_str()));
        judged.dedup();
        let odd_judged = judged.iter().any(|(name, dashed)| name.as_str() != dashed);
        Self { prefix: dashed(sound(prefix)), client_ip, judged, odd_judged }
    }

    /// What happens to the field `name` of a head with the fields `present`.
    pub(super) fn fate(&self, name: &HeaderName, trust: PeerTrust, present: &HeaderMap) -> Fate {
        let text = name.as_str();
        if is_odd(text) {
            return self.fate_of_odd(name, present);
        }
        if text.starts_with(&self.prefix) || (self.odd_judged && self.is_alias_of_judged(name, text)) {
            return Fate::Strip;
        }
        match (kind(text), trust) {
            (Kind::Plain, PeerTrust::Untrusted) if self.client_ip.as_ref() == Some(name) => Fate::Strip,
            (Kind::Plain, _) | (Kind::Forwarding, PeerTrust::Trusted) => Fate::Keep,
            (Kind::Bound, _) | (Kind::Forwarding, PeerTrust::Untrusted) => Fate::Strip,
        }
    }

    /// What happens to a trailer field. Trailers come after the verdict, so they may name nothing a verdict, the
    /// framing or the gate's own fields rest on, and no odd name at all.
    pub(super) fn fate_of_trailer(&self, name: &HeaderName) -> Fate {
        let text = name.as_str();
        let special = is_odd(text)
            || text.starts_with(&self.prefix)
            || NEVER_LATE.contains(&text)
            || NEVER_LATE_FAMILIES.iter().any(|family| text.starts_with(family))
            || kind(text) != Kind::Plain
            || SENSITIVE.contains(&text)
            || self.client_ip.as_ref() == Some(name)
            || self.judged.iter().any(|(judged, dashed)| judged == name || dashed == text);
        if special { Fate::Strip } else { Fate::Keep }
    }

    /// A name with a character other than letters, digits and `-`: dropped when an app could take it for one of
    /// ours, for one that was judged, or for another field of this head.
    fn fate_of_odd(&self, name: &HeaderName, present: &HeaderMap) -> Fate {
        let dashed = dashed(name.as_str());
        let special = dashed.starts_with(&self.prefix)
            || kind(&dashed) != Kind::Plain
            || SENSITIVE.contains(&dashed.as_str())
            || self.client_ip.as_ref().is_some_and(|header| header.as_str() == dashed)
            || self.is_alias_of_judged(name, &dashed)
            || present.contains_key(dashed.as_str());
        if special { Fate::Strip } else { Fate::Keep }
    }

    fn is_alias_of_judged(&self, name: &HeaderName, dashed: &str) -> bool {
        self.judged.iter().any(|(exact, form)| form == dashed && exact != name)
    }
}

/// The beginning of the identity headers' names: the default's for one that begins no header name, which config refuses.
///
/// Security: the one place that decides, so that what is stripped is what the gate writes.
pub(super) fn sound(prefix: &str) -> &str {
    let begins_a_name = HeaderName::from_bytes([prefix.as_bytes(), b"route"].concat().as_slice()).is_ok();
    if begins_a_name { prefix } else { "x-sidegate-" }
}

fn header_of(location: &KeyLocation) -> Option<HeaderName> {
    match location {
        KeyLocation::Header(name) => Some(name.clone()),
        KeyLocation::Bearer | KeyLocation::Basic => Some(header::AUTHORIZATION),
        KeyLocation::Cookie(_) => Some(header::COOKIE),
        KeyLocation::Query(_) => None,
    }
}

/// Which bytes make a (lower-case) header name odd.
const ODD: [bool; 256] = {
    let mut odd = [true; 256];
    let mut byte = 0_u8;
    while byte < 0x80 {
        #[expect(
            clippy::indexing_slicing,
            reason = "evaluated while compiling; a byte is always in the table"
        )]
        {
            odd[byte as usize] = !(byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        }
        byte += 1;
    }
    odd
};

/// Whether a (lower-case) header name holds anything but letters, digits and `-`. Looks at every byte without branching:
/// names are short, and on ordinary requests none is odd.
fn is_odd(name: &str) -> bool {
    name.bytes().fold(false, |odd, b| odd | ODD.get(usize::from(b)).copied().unwrap_or(true))
}

/// The name with everything that is no letter and no digit read as `-`, in lower case.
fn dashed(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect()
}

/// What a name in dashed form is. Looks at the first letter first: most names need no more.
fn kind(name: &str) -> Kind {
    let (bound, forwarding): (&[&str], &[&str]) = match name.as_bytes().first() {
        Some(b'c') => (&["connection"], &["cf-connecting-ip", "cf-connecting-ipv6", "client-ip"]),
        Some(b'e') => (&["expect"], &[]),
        Some(b'f') => (&[], &["forwarded", "forwarded-for", "fastly-client-ip", "front-end-https"]),
        Some(b'h') => (&["http2-settings"], &[]),
        Some(b'k') => (&["keep-alive"], &[]),
        Some(b'p') => {
            return if name == "proxy" || name.starts_with("proxy-") { Kind::Bound } else { Kind::Plain };
        }
        Some(b't') => (&["te"], &["true-client-ip"]),
        Some(b'u') => (&["upgrade"], &[]),
        Some(b'x') => return kind_of_x(name),
        _ => return Kind::Plain,
    };
    if bound.contains(&name) {
        Kind::Bound
    } else if forwarding.contains(&name) {
        Kind::Forwarding
    } else {
        Kind::Plain
    }
}

fn kind_of_x(name: &str) -> Kind {
    match name {
        "x-http-method-override"
        | "x-http-method"
        | "x-method-override"
        | "x-original-method"
        | "x-original-uri"
        | "x-original-url"
        | "x-rewrite-uri"
        | "x-rewrite-url" => Kind::Bound,
        "x-real-ip"
        | "x-client-ip"
        | "x-cluster-client-ip"
        | "x-envoy-external-address"
        | "x-original-forwarded-for"
        | "x-original-host"
        | "x-original-proto"
        | "x-originating-ip"
        | "x-remote-addr"
        | "x-remote-ip"
        | "x-url-scheme"
        | "x-forwarded" => Kind::Forwarding,
        _ if name.starts_with("x-forwarded-") => Kind::Forwarding,
        _ => Kind::Plain,
    }
}

#[cfg(test)]
mod tests;
