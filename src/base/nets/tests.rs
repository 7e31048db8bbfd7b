use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use ipnet::IpNet;
use proptest::prelude::*;

use super::NetTable;
use crate::base::clock;

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn table(nets: &[&str]) -> NetTable {
    NetTable::new(nets.iter().zip(1..).map(|(net, tag)| (net.parse().unwrap(), tag)))
}

/// The same list made long enough for the interval table by networks no test asks about.
fn long_table(nets: &[&str]) -> NetTable {
    let fill =
        (0..64_u32).map(|i| (IpNet::new(IpAddr::V4(Ipv4Addr::from(0xF000_0000 + i)), 32).unwrap(), 900));
    NetTable::new(nets.iter().zip(1..).map(|(net, tag)| (net.parse().unwrap(), tag)).chain(fill))
}

/// Compares one bit after the other.
fn naive(nets: &[(IpNet, u32)], ip: IpAddr) -> Option<u32> {
    fn bits(ip: IpAddr) -> Vec<bool> {
        match ip {
            IpAddr::V4(ip) => (0..32).map(|i| u32::from(ip) >> (31 - i) & 1 == 1).collect(),
            IpAddr::V6(ip) => (0..128).map(|i| u128::from(ip) >> (127 - i) & 1 == 1).collect(),
        }
    }
    let plain = |ip: IpAddr| {
        let IpAddr::V6(v6) = ip else { return ip };
        if v6.segments()[..6] != [0, 0, 0, 0, 0, 0xffff] {
            return ip;
        }
        let octets = v6.octets();
        IpAddr::V4(Ipv4Addr::new(octets[12], octets[13], octets[14], octets[15]))
    };
    let asked = bits(plain(ip));
    let mut best: Option<(usize, u32)> = None;
    for (net, tag) in nets {
        let (mut start, mut length) = (net.network(), usize::from(net.prefix_len()));
        if plain(start) != start && length >= 96 {
            (start, length) = (plain(start), length - 96);
        }
        let wanted = bits(start);
        if wanted.len() == asked.len()
            && wanted[..length] == asked[..length]
            && best.is_none_or(|(longest, _)| length > longest)
        {
            best = Some((length, *tag));
        }
    }
    best.map(|(_, tag)| tag)
}

#[test]
fn an_empty_table_holds_nothing() {
    assert_eq!(NetTable::default().find(ip("10.0.0.1")), None);
    assert_eq!(NetTable::new([]).find(ip("::1")), None);
}

#[test]
fn the_most_specific_network_wins_whatever_the_order() {
    let nets = ["10.0.0.0/8", "10.1.2.0/24", "10.1.0.0/16", "10.1.2.3/32"];
    for table in [table(&nets), long_table(&nets)] {
        assert_eq!(table.find(ip("10.1.2.3")), Some(4));
        assert_eq!(table.find(ip("10.1.2.4")), Some(2));
        assert_eq!(table.find(ip("10.1.3.0")), Some(3));
        assert_eq!(table.find(ip("10.0.255.255")), Some(1));
        assert_eq!(table.find(ip("10.2.0.0")), Some(1));
        assert_eq!(table.find(ip("11.0.0.0")), None);
        assert_eq!(table.find(ip("9.255.255.255")), None);
    }
}

#[test]
fn of_equal_networks_the_first_is_told() {
    let nets = ["10.0.0.0/8", "10.0.0.0/8", "2001:db8::/32", "2001:db8::/32"];
    for table in [table(&nets), long_table(&nets)] {
        assert_eq!(table.find(ip("10.9.9.9")), Some(1));
        assert_eq!(table.find(ip("2001:db8::1")), Some(3));
    }
}

#[test]
fn a_mapped_address_is_the_ipv4_address_it_holds() {
    for table in [table(&["10.0.0.0/8"]), long_table(&["10.0.0.0/8"])] {
        assert_eq!(table.find(ip("::ffff:10.1.2.3")), Some(1));
        assert_eq!(table.find(ip("::ffff:0a01:0203")), Some(1));
        assert_eq!(table.find(ip("::10.1.2.3")), None, "v4-compatible is not mapped");
        assert_eq!(table.find(ip("64:ff9b::10.1.2.3")), None, "NAT64 is not unwrapped");
        assert_eq!(table.find(ip("2002:0a01:0203::1")), None, "6to4 is not unwrapped");
    }
}

#[test]
fn a_mapped_network_is_the_ipv4_network_it_holds() {
    for table in [table(&["::ffff:10.0.0.0/104"]), long_table(&["::ffff:10.0.0.0/104"])] {
        assert_eq!(table.find(ip("10.200.0.1")), Some(1));
        assert_eq!(table.find(ip("::ffff:10.200.0.1")), Some(1));
        assert_eq!(table.find(ip("11.0.0.1")), None);
    }
}

#[test]
fn all_of_ipv6_is_none_of_ipv4_and_the_reverse() {
    for table in [table(&["::/0"]), long_table(&["::/0"])] {
        assert_eq!(table.find(ip("10.0.0.1")), None);
        assert_eq!(table.find(ip("::ffff:10.0.0.1")), None);
        assert_eq!(table.find(ip("fe80::1")), Some(1));
        assert_eq!(table.find(IpAddr::V6(Ipv6Addr::from(u128::MAX))), Some(1));
    }
    for table in [table(&["0.0.0.0/0"]), long_table(&["0.0.0.0/0"])] {
        assert_eq!(table.find(ip("255.255.255.255")), Some(1));
        assert_eq!(table.find(ip("0.0.0.0")), Some(1));
        assert_eq!(table.find(ip("::ffff:0.0.0.0")), Some(1));
        assert_eq!(table.find(ip("::1")), None);
    }
}

#[test]
fn a_million_networks_build_fast_and_answer_fast() {
    // A full odd multiplier spreads them; every fourth nests in a /16.
    let nets = (0..1_000_000_u32).map(|i| {
        let spread = i.wrapping_mul(2_654_435_761);
        let prefix = if i % 1000 == 0 { 16 } else { 24 + (i % 9) as u8 };
        (IpNet::new(IpAddr::V4(Ipv4Addr::from(spread)), prefix).unwrap().trunc(), i)
    });
    let nets: Vec<_> = nets.collect();
    let begun = clock::mono();
    let table = NetTable::new(nets.iter().copied());
    let built = clock::mono().since(begun);
    let begun = clock::mono();
    let mut hits = 0_usize;
    for i in 0..1_000_000_u32 {
        hits += usize::from(table.find(IpAddr::V4(Ipv4Addr::from(i.wrapping_mul(2_246_822_519)))).is_some());
    }
    let asked = clock::mono().since(begun);
    assert!(hits > 10_000);
    // Generous: an unoptimised build on a shared machine.
    assert!(built < Duration::from_secs(20), "{built:?}");
    assert!(asked < Duration::from_secs(10), "{asked:?}");
    for (net, _) in nets.iter().step_by(997) {
        assert!(table.find(net.network()).is_some() && table.find(net.broadcast()).is_some());
    }
}

/// Addresses and networks from a small space, so that they meet.
fn near() -> impl Strategy<Value = IpAddr> {
    let few =
        prop_oneof![Just(0_u32), Just(1), Just(0x0a00_0000), Just(0x0aff_ffff), Just(u32::MAX), 0..64_u32];
    let v4 = (few.clone(), 0..8_u32, 0..32_u32).prop_map(|(base, change, at)| base ^ (change << at));
    let v6 = (few, 0..8_u128, 0..128_u32, any::<bool>())
        .prop_map(|(base, change, at, low)| u128::from(base) << if low { 0 } else { 96 } ^ (change << at));
    prop_oneof![
        v4.clone().prop_map(|ip| IpAddr::V4(ip.into())),
        v4.prop_map(|ip| IpAddr::V6(Ipv4Addr::from(ip).to_ipv6_mapped())),
        v6.prop_map(|ip| IpAddr::V6(ip.into())),
    ]
}

fn nets(most: usize) -> impl Strategy<Value = Vec<(IpNet, u32)>> {
    let net = (near(), 0..=128_u8).prop_map(|(ip, length)| {
        let length = if ip.is_ipv4() { length.min(32) } else { length };
        IpNet::new(ip, length).unwrap().trunc()
    });
    prop::collection::vec(net, 0..most).prop_map(|nets| nets.into_iter().zip(1..).collect())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn every_answer_equals_a_bit_by_bit_matcher(
        nets in prop_oneof![nets(16), nets(80)],
        asked in prop::collection::vec(near(), 24),
    ) {
        let table = NetTable::new(nets.iter().copied());
        let edges = nets.iter().flat_map(|(net, _)| [net.network(), net.broadcast()]);
        for ip in asked.into_iter().chain(edges) {
            prop_assert_eq!(table.find(ip), naive(&nets, ip), "{} in {:?}", ip, nets);
        }
    }

    #[test]
    fn the_index_changes_no_answer(
        seed in any::<u32>(),
        asked in prop::collection::vec(any::<u32>(), 4),
    ) {
        let nets: Vec<(IpNet, u32)> = (0..1500_u32).map(|i| {
            let start = i.wrapping_mul(2_654_435_761).wrapping_add(seed);
            (IpNet::new(IpAddr::V4(start.into()), 8 + (start % 25) as u8).unwrap().trunc(), i)
        }).collect();
        let table = NetTable::new(nets.iter().copied());
        for ip in asked {
            let ip = IpAddr::V4(ip.into());
            prop_assert_eq!(table.find(ip), naive(&nets, ip));
        }
    }

    #[test]
    fn the_index_changes_no_answer_where_networks_crowd(
        seed in any::<u32>(),
        spread in 9..=28_u32,
        asked in prop::collection::vec(0..600_usize, 3),
    ) {
        // Both families, all within a part of the space, but for one far behind.
        let crowd = (0..300_u32).flat_map(|i| {
            let offset = i.wrapping_mul(2_654_435_761).wrapping_add(seed) >> (32 - spread);
            let v6 = 0x2001_0db8_u128 << 96 | u128::from(offset) << 60;
            [
                (IpAddr::V4((0x0a00_0000 + offset).into()), 20 + i % 13),
                (IpAddr::V6(v6.into()), 30 + i % 99),
            ]
        });
        let far = [(IpAddr::V4(u32::MAX.into()), 32), (IpAddr::V6(u128::MAX.into()), 128)];
        let nets: Vec<(IpNet, u32)> = crowd
            .chain(far)
            .map(|(ip, length)| IpNet::new(ip, length as u8).unwrap().trunc())
            .zip(1..)
            .collect();
        let table = NetTable::new(nets.iter().copied());
        let edges = asked.iter().flat_map(|at| [nets[*at].0.network(), nets[*at].0.broadcast()]);
        for ip in edges.flat_map(beside) {
            prop_assert_eq!(table.find(ip), naive(&nets, ip), "{}", ip);
        }
    }
}

/// The address and its neighbours.
fn beside(ip: IpAddr) -> [IpAddr; 3] {
    match ip {
        IpAddr::V4(ip) => {
            let ip = u32::from(ip);
            [ip.wrapping_sub(1), ip, ip.wrapping_add(1)].map(|ip| IpAddr::V4(ip.into()))
        }
        IpAddr::V6(ip) => {
            let ip = u128::from(ip);
            [ip.wrapping_sub(1), ip, ip.wrapping_add(1)].map(|ip| IpAddr::V6(ip.into()))
        }
    }
}
