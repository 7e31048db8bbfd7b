//! Reads RFC 7239 `Forwarded`, strictly and from the left, because quotes can only be followed from there.
//!
//! Security: each line is read on its own and every byte must fit the grammar. A caller who opens a quote to swallow
//! what an honest proxy appends makes the header unreadable, which refuses the request.

use std::net::IpAddr;

use http::HeaderMap;
use http::header::FORWARDED;

use super::{BadForwarding, Bare, MOST_HOPS, address};

/// The `for` of each element, left to right, all lines joined; `None` where it is absent or names no address.
pub(super) fn hops(headers: &HeaderMap) -> Result<Vec<Option<IpAddr>>, BadForwarding> {
    let mut hops = Vec::new();
    for line in headers.get_all(FORWARDED) {
        let mut rest = line.as_bytes();
        loop {
            if hops.len() == MOST_HOPS {
                return Err(BadForwarding);
            }
            let (hop, after) = element(rest).ok_or(BadForwarding)?;
            hops.push(hop);
            match after {
                Some(after) => rest = after,
                None => break,
            }
        }
    }
    Ok(hops)
}

/// One `name=value;name=value` element and what follows its comma.
fn element(mut rest: &[u8]) -> Option<(Option<IpAddr>, Option<&[u8]>)> {
    let mut hop: Option<Option<IpAddr>> = None;
    loop {
        rest = rest.trim_ascii_start();
        if !matches!(rest.first(), None | Some(b',' | b';')) {
            let (name, value, after) = pair(rest)?;
            if name.eq_ignore_ascii_case(b"for") && hop.replace(address(value, Bare::Refused)).is_some() {
                return None;
            }
            rest = after.trim_ascii_start();
        }
        match rest.split_first() {
            None => return Some((hop.flatten(), None)),
            Some((b',', after)) => return Some((hop.flatten(), Some(after))),
            Some((b';', after)) => rest = after,
            Some(_) => return None,
        }
    }
}

/// `name=value` and what follows. The value comes without its quotes; one with an escape is never an address.
fn pair(text: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let end = text.iter().position(|byte| !is_token(*byte))?;
    let (name, rest) = text.split_at_checked(end).filter(|(name, _)| !name.is_empty())?;
    let rest = rest.strip_prefix(b"=")?;
    match rest.strip_prefix(b"\"") {
        Some(quoted) => {
            let end = closing_quote(quoted)?;
            Some((name, quoted.get(..end)?, quoted.get(end + 1..)?))
        }
        None => {
            // `:` and brackets need quotes by the grammar; many proxies leave them out, and nothing else can be meant.
            let bare = |byte: &u8| is_token(*byte) || b":[]".contains(byte);
            let end = rest.iter().position(|byte| !bare(byte)).unwrap_or(rest.len());
            rest.split_at_checked(end)
                .filter(|(value, _)| !value.is_empty())
                .map(|(value, after)| (name, value, after))
        }
    }
}

fn closing_quote(quoted: &[u8]) -> Option<usize> {
    let mut bytes = quoted.iter().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'"' => return Some(at),
            b'\\' => {
                bytes.next()?;
            }
            b'\t' | b' '..=b'~' => {}
            _ => return None,
        }
    }
    None
}

/// RFC 9110 §5.6.2.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}
