//! Facts of a head that several checks share: the host it is for.

use std::borrow::Cow;
use std::str;

use http::header::HOST;
use http::request::Parts;

/// Why the host of a request cannot be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadHost {
    /// Neither an authority in the target nor a `Host` field.
    Missing,
    /// More than one `Host` line.
    Doubled,
    /// No host name or address, or a port that is none.
    Malformed,
    /// The target's authority and `Host` name different hosts.
    Differs,
}

/// The host a request is for: lower case, no port, no trailing dot; IPv6 in brackets.
///
/// Security: host names are equal in any case and with or without the root's dot, and apps treat them so; a route
/// must not be escaped by spelling its host differently. User information and anything else no host can hold is
/// refused rather than cut.
///
/// # Errors
/// [`BadHost`] where there is no host, more than one, or one that cannot be read (RFC 9110 §7.2, RFC 9113 §8.3.1).
pub fn host_of(parts: &Parts) -> Result<Cow<'_, str>, BadHost> {
    let mut lines = parts.headers.get_all(HOST).iter();
    let header = lines.next().map(|line| split(line.as_bytes()).ok_or(BadHost::Malformed)).transpose()?;
    if lines.next().is_some() {
        return Err(BadHost::Doubled);
    }
    let target =
        parts.uri.authority().map(|authority| split(authority.as_str().as_bytes()).ok_or(BadHost::Malformed));
    let chosen = match (target.transpose()?, header) {
        (None, None) => return Err(BadHost::Missing),
        (Some(one), None) | (None, Some(one)) => one,
        (Some(target), Some(header)) if same(target, header) => target,
        (Some(_), Some(_)) => return Err(BadHost::Differs),
    };
    Ok(lower(chosen.host))
}

#[derive(Clone, Copy)]
struct Named<'a> {
    /// Without trailing dot, in any case.
    host: &'a str,
    /// Digits; empty when absent.
    port: &'a str,
}

fn split(authority: &[u8]) -> Option<Named<'_>> {
    let text = str::from_utf8(authority).ok()?;
    let (host, port) = if let Some(rest) = text.strip_prefix('[') {
        let (inside, after) = rest.split_once(']')?;
        inside.parse::<std::net::Ipv6Addr>().ok()?;
        let host = text.get(..inside.len().checked_add(2)?)?;
        (host, if after.is_empty() { "" } else { after.strip_prefix(':')? })
    } else {
        named(text)?
    };
    let is_port = port.is_empty() || port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok();
    is_port.then_some(Named { host, port })
}

/// A host name without its trailing dot, and what follows its colon. Without branches over its bytes: every request
/// comes by here, and hardly one is refused.
fn named(text: &str) -> Option<(&str, &str)> {
    let end = text.bytes().position(|byte| byte == b':').unwrap_or(text.len());
    let (host, port) = text.split_at_checked(end)?;
    // A label is wanted: at the beginning and behind a dot no other dot may stand.
    let (bad, _) = host.bytes().fold((false, b'.'), |(bad, before), byte| {
        let dot = byte == b'.';
        let plain = byte.is_ascii_alphanumeric() | (byte == b'-') | (byte == b'_');
        (bad | !(plain | dot) | (dot & (before == b'.')), byte)
    });
    let host = host.strip_suffix('.').unwrap_or(host);
    (!bad && !host.is_empty()).then_some((host, port.strip_prefix(':').unwrap_or_default()))
}

/// An absent port equals the two a scheme implies.
fn same(a: Named<'_>, b: Named<'_>) -> bool {
    let implied = |port: &str| matches!(port, "" | "80" | "443");
    let one_absent = a.port.is_empty() || b.port.is_empty();
    let ports = a.port == b.port || one_absent && implied(a.port) && implied(b.port);
    ports && a.host.eq_ignore_ascii_case(b.host)
}

fn lower(host: &str) -> Cow<'_, str> {
    if host.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(host.to_ascii_lowercase())
    } else {
        Cow::Borrowed(host)
    }
}

#[cfg(test)]
mod tests;
