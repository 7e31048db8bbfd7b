//! Which of many networks holds an address, and which line wrote it.
//!
//! Answers membership only; what a hit means is the caller's. IPv4-mapped IPv6 is folded to IPv4 on both sides, so
//! a list cannot be passed by writing an address the other way. NAT64 and 6to4 are not unwrapped. Used by the IP
//! lists and by the trusted proxies.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};

use self::intervals::Intervals;

mod intervals;

/// Below this many networks a linear scan beats any index.
const FEW: usize = 16;

/// An immutable set of networks, each with a tag. The most specific network wins; of equal ones the first.
#[derive(Clone, Debug)]
pub struct NetTable(Shape);

#[derive(Clone, Debug)]
enum Shape {
    /// Most specific first.
    Few(Vec<(IpNet, u32)>),
    Many {
        v4: Intervals<u32>,
        v6: Intervals<u128>,
    },
}

impl NetTable {
    /// Builds the table; each tag (a config line) is told back by [`NetTable::find`]. A million networks build in
    /// well under a second and take 12 bytes each (IPv6: 36).
    pub fn new(nets: impl IntoIterator<Item = (IpNet, u32)>) -> Self {
        let mut nets: Vec<(IpNet, u32)> = nets.into_iter().map(|(net, tag)| (folded(net), tag)).collect();
        if nets.len() < FEW {
            nets.sort_by_key(|(net, _)| std::cmp::Reverse(net.prefix_len()));
            return Self(Shape::Few(nets));
        }
        let v4 = nets.iter().filter_map(|(net, tag)| match net {
            IpNet::V4(net) => Some((u32::from(net.network()), u32::from(net.broadcast()), *tag)),
            IpNet::V6(_) => None,
        });
        let v6 = nets.iter().filter_map(|(net, tag)| match net {
            IpNet::V4(_) => None,
            IpNet::V6(net) => Some((u128::from(net.network()), u128::from(net.broadcast()), *tag)),
        });
        Self(Shape::Many { v4: Intervals::new(v4), v6: Intervals::new(v6) })
    }

    /// The tag of the most specific network that holds `ip`; `None` when none does.
    pub fn find(&self, ip: IpAddr) -> Option<u32> {
        let ip = ip.to_canonical();
        match &self.0 {
            Shape::Few(nets) => nets.iter().find(|(net, _)| net.contains(&ip)).map(|(_, tag)| *tag),
            Shape::Many { v4, v6 } => match ip {
                IpAddr::V4(ip) => v4.find(u32::from(ip)),
                IpAddr::V6(ip) => v6.find(u128::from(ip)),
            },
        }
    }
}

impl Default for NetTable {
    fn default() -> Self {
        Self(Shape::Few(Vec::new()))
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
