//! Whether a Host value names one host and at most one port (RFC 9112 §3.2, stricter: no user info, no list, no
//! percent-encoding, nothing empty).

use std::net::Ipv6Addr;

use crate::check::deny::Reason;

use super::bytes;

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
    let after = after_name(value)?;
    if value.len() - after.len() > LONGEST {
        return None;
    }
    match after {
        [] => Some(()),
        [b':', digits @ ..] => port(digits),
        _ => None,
    }
}

/// What follows the host name at the beginning: labels with a dot between each two, and perhaps one behind the last.
fn after_name(value: &[u8]) -> Option<&[u8]> {
    let mut rest = value;
    loop {
        let (label, after) = bytes::label(rest);
        match (label, after) {
            ([_, ..], [b'.', after @ ..]) => rest = after,
            ([_, ..], _) => return Some(after),
            // Only the root's dot may stand without a label behind it.
            ([], _) if rest.len() < value.len() => return Some(rest),
            ([], _) => return None,
        }
    }
}

fn port(digits: &[u8]) -> Option<()> {
    if !matches!(digits.len(), 1..=5) || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number = digits.iter().fold(0_u32, |sum, &digit| sum * 10 + u32::from(digit - b'0'));
    (1..=65_535).contains(&number).then_some(())
}
