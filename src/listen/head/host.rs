//! Whether a Host value names one host and at most one port (RFC 9112 §3.2, stricter: no user info, no list, no
//! percent-encoding, nothing empty).

use std::net::Ipv6Addr;

use crate::check::deny::Reason;

/// Longest host name, bytes (RFC 1035 §2.3.4).
const LONGEST: usize = 253;

/// Judges `host[:port]`.
///
/// # Errors
/// [`Reason::HostInvalid`].
pub(super) fn judge(value: &[u8]) -> Result<(), Reason> {
    valid(value).ok_or(Reason::HostInvalid)
}

fn valid(value: &[u8]) -> Option<()> {
    if let [b'[', rest @ ..] = value {
        let end = rest.iter().position(|&byte| byte == b']')?;
        let (address, after) = rest.split_at_checked(end)?;
        std::str::from_utf8(address).ok()?.parse::<Ipv6Addr>().ok()?;
        return match after {
            [b']'] => Some(()),
            [b']', b':', digits @ ..] => port(digits),
            _ => None,
        };
    }
    match value.iter().position(|&byte| byte == b':') {
        None => name(value),
        Some(colon) => {
            let (host, after) = value.split_at_checked(colon)?;
            name(host)?;
            port(after.get(1..)?)
        }
    }
}

fn name(host: &[u8]) -> Option<()> {
    let labels = host.strip_suffix(b".").unwrap_or(host);
    let whole = labels.split(|&byte| byte == b'.').all(|label| {
        !label.is_empty()
            && label.iter().all(|&byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    });
    (whole && host.len() <= LONGEST).then_some(())
}

fn port(digits: &[u8]) -> Option<()> {
    if !matches!(digits.len(), 1..=5) || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number = digits.iter().fold(0_u32, |sum, &digit| sum * 10 + u32::from(digit - b'0'));
    (1..=65_535).contains(&number).then_some(())
}
