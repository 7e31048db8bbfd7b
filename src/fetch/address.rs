//! Which addresses a host's name may lead to: those of the public internet, unless the operator said otherwise.
//!
//! Security: whoever answers for a name (its owner, or a forged DNS answer) could else point the gate at the metadata
//! service of a cloud, at the app behind it, or at its own admin port. The addresses that are judged here are the ones
//! that are connected to; the name is not resolved a second time.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::config::settings::Reach;

/// Whether a connection to `ip` may be made.
pub(super) fn may_reach(ip: IpAddr, reach: Reach) -> bool {
    match reach {
        Reach::Private => !ip.is_unspecified() && !ip.is_multicast(),
        Reach::Public => match ip.to_canonical() {
            IpAddr::V4(ip) => is_public_v4(ip),
            IpAddr::V6(ip) => is_public_v6(ip),
        },
    }
}

/// Not in the registry of special addresses (RFC 6890).
fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let is_special = match (a, b, c) {
        // This network, private, loopback.
        (0 | 10 | 127, _, _) => true,
        // Shared by carriers; link-local, with the metadata services; private.
        (100, 64..=127, _) | (169, 254, _) | (172, 16..=31, _) | (192, 168, _) => true,
        // Protocol assignments, documentation, 6to4 relays, benchmarks.
        (192, 0, 0 | 2) | (192, 88, 99) | (198, 18 | 19, _) | (198, 51, 100) | (203, 0, 113) => true,
        // Multicast, reserved, broadcast.
        (224..=255, _, _) => true,
        _ => false,
    };
    !is_special
}

/// In what is given out for the public internet, 2000::/3, and no address of IPv4 in disguise.
fn is_public_v6(ip: Ipv6Addr) -> bool {
    let [first, second, ..] = ip.segments();
    let is_given_out = (0x2000..=0x3fff).contains(&first);
    // Teredo and other protocols, documentation, 6to4.
    let is_special = first == 0x2001 && (second < 0x0200 || second == 0x0db8)
        || first == 0x2002
        || first == 0x3fff && second < 0x1000;
    is_given_out && !is_special
}

#[cfg(test)]
mod tests;
