use std::task::Waker;

use super::*;

const MIB: u64 = 1024 * 1024;

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

fn waiting(lease: &mut Lease) -> Poll<()> {
    lease.poll_evicted(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn bytes_come_back_when_the_lease_ends() {
    let budget = Budget::new(MIB);
    let mut lease = budget.lease(ip("192.0.2.1"));
    lease.grow(1000).expect("room");
    lease.grow(500).expect("nothing to do");
    assert_eq!((budget.held(), lease.held()), (1000, 1000));
    drop(lease);
    assert_eq!(budget.held(), 0);
    assert!(budget.lock().clients.is_empty());
}

#[test]
fn the_oldest_waiting_body_gives_way() {
    let budget = Budget::new(100);
    let mut oldest = budget.lease(ip("192.0.2.1"));
    let mut second = budget.lease(ip("192.0.2.2"));
    oldest.grow(50).expect("room");
    assert!(waiting(&mut oldest).is_pending());
    second.grow(40).expect("room");
    assert!(waiting(&mut second).is_pending());
    let mut third = budget.lease(ip("192.0.2.3"));
    third.grow(60).expect("the oldest gives way");
    assert!(waiting(&mut oldest).is_ready());
    assert!(waiting(&mut second).is_pending());
    assert_eq!(oldest.grow(60), Err(Failure::BufferFull));
    assert_eq!(budget.held(), 100);
    drop(oldest);
    assert_eq!(budget.held(), 100, "an evicted body has nothing to give back");
    drop((second, third));
    assert_eq!(budget.held(), 0);
}

#[test]
fn a_whole_body_never_gives_way() {
    let budget = Budget::new(100);
    let mut whole = budget.lease(ip("192.0.2.1"));
    whole.grow(80).expect("room");
    assert!(waiting(&mut whole).is_pending());
    whole.settle().expect("still there");
    let mut late = budget.lease(ip("192.0.2.2"));
    assert_eq!(late.grow(30), Err(Failure::BufferFull));
    drop(whole);
    late.grow(30).expect("room again");
}

#[test]
fn a_client_with_several_bodies_has_a_quarter() {
    let budget = Budget::new(100);
    let mut first = budget.lease(ip("2001:db8::1"));
    let mut second = budget.lease(ip("2001:db8::2"));
    first.grow(20).expect("room");
    assert_eq!(second.grow(10), Err(Failure::BufferFull), "one /64 is one client");
    second.grow(5).expect("25 in all");
    let mut other = budget.lease(ip("2001:db8:1::1"));
    other.grow(75).expect("a single body may take what is left");
}

#[test]
fn a_body_larger_than_everything_is_refused_and_evicts_nobody() {
    let budget = Budget::new(100);
    let mut first = budget.lease(ip("192.0.2.1"));
    first.grow(10).expect("room");
    assert!(waiting(&mut first).is_pending());
    let mut huge = budget.lease(ip("192.0.2.2"));
    assert_eq!(huge.grow(101), Err(Failure::BufferFull));
    assert!(waiting(&mut first).is_pending());
}

#[test]
fn the_oldest_itself_is_refused_when_it_asks_for_more() {
    let budget = Budget::new(100);
    let mut oldest = budget.lease(ip("192.0.2.1"));
    oldest.grow(50).expect("room");
    assert!(waiting(&mut oldest).is_pending());
    let mut whole = budget.lease(ip("192.0.2.2"));
    whole.grow(50).expect("room");
    assert_eq!(oldest.grow(60), Err(Failure::BufferFull));
    drop(oldest);
    assert_eq!(budget.held(), 50);
}

#[test]
fn settling_after_eviction_fails() {
    let budget = Budget::new(100);
    let mut slow = budget.lease(ip("192.0.2.1"));
    slow.grow(90).expect("room");
    assert!(waiting(&mut slow).is_pending());
    let mut quick = budget.lease(ip("192.0.2.2"));
    quick.grow(50).expect("the slow one gives way");
    assert_eq!(slow.settle(), Err(Failure::BufferFull));
    drop(slow);
    assert_eq!(budget.held(), 50);
}
