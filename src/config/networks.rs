//! Networks and addresses as text, strict: what a list says must be what it admits.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use ipnet::{IpNet, Ipv4Net};

use super::report::Fault;
use super::settings::{Address, UpstreamTarget};

/// Reads an address or a CIDR; IPv4-mapped IPv6 becomes IPv4.
///
/// Security: host bits are refused (`10.0.0.1/8` reads as one machine and admits 16 million), and so are mapped
/// prefixes shorter than 96 bits, which would cover all of IPv4.
pub(crate) fn net(text: &str) -> Result<IpNet, Fault> {
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address, Some(length)),
        None => (text, None),
    };
    let wrong = || {
        Fault::new("expected an IP address or a CIDR", "write it as 192.0.2.7, 10.0.0.0/8 or 2001:db8::/32")
    };
    let address: IpAddr = address.parse().map_err(|_| wrong())?;
    let widest = if address.is_ipv4() { 32 } else { 128 };
    let length: u8 = match length {
        Some(text) => text.parse().ok().filter(|_| is_plain_number(text)).ok_or_else(wrong)?,
        None => widest,
    };
    if length > widest {
        return Err(Fault::new(format!("a prefix of this family has at most {widest} bits"), ""));
    }
    let folded = address.to_canonical();
    let length = match (address, folded) {
        (IpAddr::V6(_), IpAddr::V4(_)) => match length.checked_sub(96) {
            Some(length) => length,
            None => {
                let message = "an IPv4-mapped prefix shorter than /96 covers every IPv4 address and more";
                return Err(Fault::new(message, "write the IPv4 network itself, such as 10.0.0.0/8"));
            }
        },
        (IpAddr::V4(_) | IpAddr::V6(_), _) => length,
    };
    let net = IpNet::new(folded, length).map_err(|_| wrong())?;
    if net.addr() != net.network() {
        let hint = format!("write {} for the network, or {folded} for the one address", net.trunc());
        return Err(Fault::new(format!("the address has bits set outside its /{length} prefix"), hint));
    }
    Ok(net)
}

/// Reads what most lines of a long list are: an IPv4 address or CIDR and nothing else. `None`: [`net`] has to look.
pub(crate) fn plain_v4(text: &[u8]) -> Option<Ipv4Net> {
    let mut rest = text;
    let mut address = 0_u32;
    for part in 0..4 {
        let (value, after) = small_number(rest)?;
        address = address << 8 | u32::from(u8::try_from(value).ok()?);
        rest = if part < 3 { after.strip_prefix(b".")? } else { after };
    }
    let length = match rest {
        [] => 32,
        [b'/', digits @ ..] => match small_number(digits)? {
            (length @ 0..=32, []) => length,
            _ => return None,
        },
        _ => return None,
    };
    // A shift by 32 would be none at all.
    let host_bits = u32::MAX.checked_shr(length).unwrap_or(0);
    if address & host_bits != 0 {
        return None;
    }
    Ipv4Net::new(address.into(), u8::try_from(length).ok()?).ok()
}

/// One to three digits at the front, without a zero before others, and what follows them.
fn small_number(text: &[u8]) -> Option<(u32, &[u8])> {
    let count = text.iter().take(4).take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = text.split_at_checked(count)?;
    match digits {
        [] | [_, _, _, _] | [b'0', _, ..] => None,
        digits => Some((digits.iter().fold(0, |value, digit| value * 10 + u32::from(digit & 0x0f)), rest)),
    }
}

/// Reads `127.0.0.1:8080`, `[::1]:8080` or `unix:/path`.
pub(crate) fn address(text: &str) -> Result<Address, Fault> {
    if let Some(path) = text.strip_prefix("unix:") {
        return unix_path(path).map(Address::Unix);
    }
    if let Ok(address) = text.parse::<SocketAddr>() {
        return Ok(Address::Tcp(address));
    }
    let port = text.strip_prefix(':').unwrap_or(text);
    if port.parse::<u16>().is_ok() && is_plain_number(port) {
        let message = "expected an address and a port, found a port alone";
        return Err(Fault::new(
            message,
            format!("write 0.0.0.0:{port} for every IPv4 address, 127.0.0.1:{port} for this machine only"),
        ));
    }
    if let Some((host, port)) = text.rsplit_once(':')
        && host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok()
        && is_plain_number(port)
    {
        return Err(Fault::new("the port is not in 1–65535", "write a port such as 8080"));
    }
    Err(Fault::new(
        "expected an address to listen on",
        "write 0.0.0.0:8080, 127.0.0.1:8080, [::]:8080 or unix:/path; names are not resolved here",
    ))
}

/// Reads the app's address: `http://host:port` or `unix:/path`.
pub(crate) fn upstream(text: &str) -> Result<UpstreamTarget, Fault> {
    const FORM: &str = "write http://127.0.0.1:3000 or unix:/path/to/socket";
    if let Some(path) = text.strip_prefix("unix:") {
        return unix_path(path).map(UpstreamTarget::Unix);
    }
    for scheme in ["https://", "h2c://"] {
        if text.starts_with(scheme) {
            let message = format!("{scheme} to the app is not available in this version");
            return Err(Fault::new(message, "write http:// (the app is beside the gate) or unix:/path"));
        }
    }
    let Some(rest) = text.strip_prefix("http://") else {
        return Err(Fault::new("expected the address of the app", FORM));
    };
    let authority = rest.strip_suffix('/').unwrap_or(rest);
    if authority.contains('@') {
        return Err(Fault::new("a user name or password is not accepted here", FORM));
    }
    if authority.contains(['/', '?', '#']) {
        let message = "a path is not accepted here: requests keep the path they came with";
        return Err(Fault::new(message, FORM));
    }
    let (host, port) = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, tail)) if host.parse::<std::net::Ipv6Addr>().is_ok() => (host, tail),
        Some(_) => return Err(Fault::new("expected the address of the app", FORM)),
        None => match authority.find(':').and_then(|at| authority.split_at_checked(at)) {
            Some(parts) => parts,
            None => (authority, ""),
        },
    };
    if host.is_empty() || !host.chars().all(|c| c.is_ascii_alphanumeric() || "-._:".contains(c)) {
        return Err(Fault::new("expected a host name or an IP address", FORM));
    }
    let port = match port.strip_prefix(':') {
        Some(digits) => digits.parse().ok().filter(|port| *port > 0 && is_plain_number(digits)),
        None if port.is_empty() => Some(80),
        None => None,
    };
    match port {
        Some(port) => Ok(UpstreamTarget::Tcp { host: host.to_owned(), port }),
        None => Err(Fault::new("the port is not in 1–65535", FORM)),
    }
}

fn unix_path(path: &str) -> Result<PathBuf, Fault> {
    /// Bytes of `sun_path` less its end mark on Linux.
    const LONGEST: usize = 107;
    if !path.starts_with('/') {
        return Err(Fault::new("the path of a unix socket must be absolute", "write unix:/run/name.sock"));
    }
    if path.len() > LONGEST || path.contains('\0') {
        return Err(Fault::new(format!("the path of a unix socket has at most {LONGEST} bytes"), ""));
    }
    Ok(PathBuf::from(path))
}

/// Digits only, no sign, no leading zero.
fn is_plain_number(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'))
}

#[cfg(test)]
mod tests;
