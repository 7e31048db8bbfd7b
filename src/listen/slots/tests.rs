use std::net::{IpAddr, SocketAddr};

use super::derive::{EACH, EACH_HTTP2, derived};
use super::{Bounds, LARGE_HEADS, NoRoom, Slot, Slots};
use crate::base::clock;
use crate::exchange::Peer;

fn from(ip: &str) -> Peer {
    Peer::Tcp(SocketAddr::new(ip.parse::<IpAddr>().expect("an address"), 1))
}

fn is_asked(slot: &Slot) -> bool {
    slot.tenant().is_asked_to_leave()
}

/// Takes one that has been idle since now.
fn idle(slots: &Slots, ip: &str) -> Slot {
    let slot = slots.take(from(ip)).expect("room");
    slot.tenant().rest(clock::mono());
    slot
}

#[test]
fn a_slot_comes_back_when_it_is_dropped_and_one_too_many_is_counted() {
    let slots = Slots::new(Bounds::new(2));
    let first = slots.take(Peer::Unix);
    let second = slots.take(Peer::Unix);
    assert!(first.is_ok() && second.is_ok());
    assert_eq!(slots.take(Peer::Unix).err(), Some(NoRoom::Connections));
    assert_eq!((slots.open(), slots.turned().full), (2, 1));
    drop(first);
    assert!(slots.take(Peer::Unix).is_ok());
    assert_eq!(slots.open(), 1);
}

#[test]
fn the_one_idle_for_longest_makes_room_and_one_at_work_never_does() {
    let slots = Slots::new(Bounds::new(4));
    let _busy = slots.take(Peer::Unix);
    let (first, second) = (idle(&slots, "192.0.2.1"), idle(&slots, "192.0.2.2"));
    let back_at_work = idle(&slots, "192.0.2.3");
    back_at_work.tenant().work();
    let newcomer = slots.take(Peer::Unix).expect("the place of the first");
    assert!(is_asked(&first) && !is_asked(&second) && !is_asked(&back_at_work));
    assert_eq!((slots.open(), slots.turned().evicted), (5, 1));
    assert_eq!(slots.take(Peer::Unix).err(), Some(NoRoom::Connections), "one at a time is on its way out");
    drop(first);
    let _another = slots.take(Peer::Unix).expect("the place of the second");
    assert!(is_asked(&second));
    drop((second, back_at_work, newcomer));
    assert_eq!(slots.open(), 2);
    assert!(slots.take(Peer::Unix).is_ok());
}

#[test]
fn a_client_at_its_share_makes_room_among_its_own_only() {
    let slots = Slots::new(Bounds::new(100).per_client(2));
    let other = idle(&slots, "192.0.2.9");
    let own = idle(&slots, "192.0.2.1");
    let _busy = slots.take(from("192.0.2.1"));
    let _third = slots.take(from("::ffff:192.0.2.1")).expect("in place of its own idle one");
    assert!(is_asked(&own) && !is_asked(&other));
    drop(own);
    assert_eq!(slots.take(from("192.0.2.1")).err(), Some(NoRoom::Client));
    assert_eq!((slots.turned().client, slots.turned().full), (1, 0));
    assert!(slots.take(from("192.0.2.2")).is_ok() && slots.take(Peer::Unix).is_ok());
}

#[test]
fn an_ipv6_client_is_its_network() {
    let slots = Slots::new(Bounds::new(100).per_client(1));
    let _first = slots.take(from("2001:db8::1")).expect("room");
    assert_eq!(slots.take(from("2001:db8::ffff:1")).err(), Some(NoRoom::Client));
    assert!(slots.take(from("2001:db8:0:1::1")).is_ok());
}

#[test]
fn a_newcomer_is_not_idle_before_its_time() {
    let slots = Slots::new(Bounds::new(1));
    let newcomer = slots.take(Peer::Unix).expect("room");
    newcomer.tenant().rest(clock::mono().plus(std::time::Duration::from_secs(3600)));
    assert_eq!(slots.take(Peer::Unix).err(), Some(NoRoom::Connections));
}

#[test]
fn http2_and_http1_share_one_room() {
    let slots = Slots::new(Bounds::new(100).within(EACH_HTTP2 + 2 * EACH));
    let first = slots.take(Peer::Unix).expect("room");
    first.widen().expect("room for one");
    let second = slots.take(Peer::Unix).expect("room");
    assert_eq!(second.widen(), Err(NoRoom::Memory));
    let third = slots.take(Peer::Unix).expect("room");
    assert_eq!(slots.take(Peer::Unix).err(), Some(NoRoom::Connections));
    drop(first);
    second.widen().expect("room again");
    drop((second, third));
    assert_eq!((slots.open(), slots.turned().memory), (0, 1));
}

#[test]
fn an_idle_http2_connection_makes_room_for_as_many_as_it_cost() {
    let slots = Slots::new(Bounds::new(100).within(EACH_HTTP2));
    let first = idle(&slots, "192.0.2.1");
    first.widen().expect("room for one");
    let _others: Vec<_> =
        (0..EACH_HTTP2 / EACH).map(|_| slots.take(Peer::Unix).expect("its place")).collect();
    assert_eq!(slots.turned().evicted, 1);
    assert_eq!(slots.take(Peer::Unix).err(), Some(NoRoom::Connections));
}

#[test]
fn a_lower_bound_turns_nobody_out_who_is_at_work() {
    let slots = Slots::new(Bounds::new(3));
    let all: Vec<_> = (0..3).map(|_| slots.take(Peer::Unix).expect("room")).collect();
    slots.set(Bounds::new(1));
    assert!(all.iter().all(|slot| !is_asked(slot)));
    assert!(slots.take(Peer::Unix).is_err());
    drop(all);
    assert!(slots.take(Peer::Unix).is_ok());
}

#[test]
fn the_bound_follows_the_smaller_of_memory_and_descriptors() {
    const MIB: u64 = 1 << 20;
    assert_eq!(derived(12 * MIB, 1024, None), 96, "each may have a message under way");
    assert_eq!(derived(128 * MIB, 1024, None), 1024);
    assert_eq!(derived(128 * MIB + 240 * 1024, 1024, None), 1034, "more than can be under way");
    assert_eq!(derived(128 * MIB, 1024, Some(1024)), 448);
    assert_eq!(derived(0, 1024, None), 16);
    assert_eq!(derived(u64::MAX, 10, Some(20_000)), 9936);
}

#[test]
fn large_heads_share_one_room() {
    let slots = Slots::new(Bounds::new(1));
    let all = slots.hold_head(LARGE_HEADS);
    assert!(all.is_some() && slots.hold_head(1).is_none());
    drop(all);
    assert!(slots.hold_head(1).is_some());
}
