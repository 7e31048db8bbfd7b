//! Which of many networks holds an address, and which line wrote it.
//!
//! Answers membership only; what a hit means is the caller's. IPv4-mapped IPv6 is folded to IPv4 on both sides, so
//! a list cannot be passed by writing an address the other way. NAT64 and 6to4 are not unwrapped. Used by the IP
//! lists and by the trusted proxies.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};

use self::intervals::Intervals;

mod intervals;

/// A list of networks and its table, built once. Several generations may hold the same one.
#[derive(Debug, Default)]
pub struct Networks {
    list: Vec<(IpNet, u32)>,
    table: NetTable,
}

impl Networks {
    /// Builds the table; each network comes with its tag.
    pub fn new(list: Vec<(IpNet, u32)>) -> Self {
        let table = NetTable::new(list.iter().copied());
        Self { list, table }
    }

    /// The networks in the order they were written, each with its tag.
    pub fn list(&self) -> &[(IpNet, u32)] {
        &self.list
    }

    /// The networks without their tags.
    pub fn iter(&self) -> impl Iterator<Item = IpNet> {
        self.list.iter().map(|(net, _)| *net)
    }

    /// The same for looking up.
    pub fn table(&self) -> &NetTable {
        &self.table
    }
}

/// An immutable set of networks, each with a tag. The most specific network wins; of equal ones the first.
///
/// A lookup is one binary search, over a few numbers for an ordinary list (a linear scan measured no faster) and
/// over a handful that an index names for a long one.
#[derive(Clone, Debug, Default)]
pub struct NetTable {
    v4: Intervals<u32>,
    v6: Intervals<u128>,
}

impl NetTable {
    /// Builds the table; each tag (a config line) is told back by [`NetTable::find`]. A million networks build in
    /// well under a second and take at most 14 bytes each (IPv6: 38).
    pub fn new(nets: impl IntoIterator<Item = (IpNet, u32)>) -> Self {
        let nets = nets.into_iter();
        let mut v4 = Vec::with_capacity(nets.size_hint().0);
        let mut v6 = Vec::new();
        for (net, tag) in nets {
            match folded(net) {
                IpNet::V4(net) => v4.push((u32::from(net.network()), u32::from(net.broadcast()), tag)),
                IpNet::V6(net) => v6.push((u128::from(net.network()), u128::from(net.broadcast()), tag)),
            }
        }
        Self { v4: Intervals::new(v4), v6: Intervals::new(v6) }
    }

    /// The tag of the most specific network that holds `ip`; `None` when none does.
    pub fn find(&self, ip: IpAddr) -> Option<u32> {
        match ip.to_canonical() {
            IpAddr::V4(ip) => self.v4.find(u32::from(ip)),
            IpAddr::V6(ip) => self.v6.find(u128::from(ip)),
        }
    }
}

/// `::ffff:a.b.c.d/n` as the IPv4 network it means. A wider network that merely contains the mapped range, such as
/// `::/0`, stays IPv6: it says nothing of IPv4 callers.
fn folded(net: IpNet) -> IpNet {
    let IpNet::V6(v6) = net else { return net };
    let (Some(v4), Some(prefix)) = (v6.network().to_ipv4_mapped(), v6.prefix_len().checked_sub(96)) else {
        return net;
    };
    Ipv4Net::new(v4, prefix).map_or(net, IpNet::V4)
}

#[cfg(test)]
mod tests;
