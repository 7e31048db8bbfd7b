use std::net::{IpAddr, Ipv4Addr};

use super::FloodGuard;
use crate::base::clock::Mono;

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn nth(number: u32) -> IpAddr {
    IpAddr::V4(Ipv4Addr::from(number.wrapping_mul(2_654_435_761)))
}

fn at(millis: u64) -> Mono {
    Mono(millis * 1_000_000)
}

fn fail(guard: &FloodGuard, ip: IpAddr, times: u32, now: Mono) {
    (0..times).for_each(|_| guard.count(ip, now));
}

#[test]
fn an_address_is_refused_from_its_threshold_on_and_nobody_else_is() {
    let guard = FloodGuard::new(5);
    fail(&guard, ip("192.0.2.1"), 4, at(0));
    assert_eq!(guard.refused(ip("192.0.2.1"), at(0)), None);
    fail(&guard, ip("192.0.2.1"), 1, at(0));
    assert_eq!(guard.refused(ip("192.0.2.1"), at(0)), Some(11));
    assert_eq!(guard.refused(ip("::ffff:192.0.2.1"), at(0)), Some(11));
    assert_eq!(guard.refused(ip("192.0.2.2"), at(0)), None);
}

#[test]
fn ten_seconds_after_its_failures_an_address_is_free_again() {
    let guard = FloodGuard::new(5);
    fail(&guard, ip("192.0.2.1"), 5, at(0));
    assert!(guard.refused(ip("192.0.2.1"), at(10_000)).is_some());
    assert_eq!(guard.refused(ip("192.0.2.1"), at(10_200)), None);
    fail(&guard, ip("192.0.2.1"), 4, at(10_200));
    assert_eq!(guard.refused(ip("192.0.2.1"), at(10_200)), None);
}

#[test]
fn failures_are_counted_in_any_ten_seconds_not_from_a_fixed_start() {
    let guard = FloodGuard::new(10);
    fail(&guard, ip("192.0.2.1"), 5, at(9_000));
    fail(&guard, ip("192.0.2.1"), 5, at(11_000));
    assert!(guard.refused(ip("192.0.2.1"), at(11_000)).is_some());
}

#[test]
fn ipv6_addresses_of_one_network_count_together() {
    let guard = FloodGuard::new(4);
    for last in 1..=4 {
        fail(&guard, ip(&format!("2001:db8::{last}")), 1, at(0));
    }
    assert!(guard.refused(ip("2001:db8::ffff"), at(0)).is_some());
    assert_eq!(guard.refused(ip("2001:db8:0:1::1"), at(0)), None);
}

#[test]
fn zero_turns_the_guard_off_and_a_change_applies_at_once() {
    let guard = FloodGuard::new(0);
    fail(&guard, ip("192.0.2.1"), 100, at(0));
    assert_eq!(guard.refused(ip("192.0.2.1"), at(0)), None);
    guard.set_threshold(3);
    fail(&guard, ip("192.0.2.1"), 3, at(1));
    assert!(guard.refused(ip("192.0.2.1"), at(1)).is_some());
    guard.set_threshold(10);
    assert_eq!(guard.refused(ip("192.0.2.1"), at(1)), None);
    guard.set_threshold(0);
    assert_eq!(guard.refused(ip("192.0.2.1"), at(1)), None);
}

#[test]
fn no_crowd_of_failing_addresses_gets_an_innocent_refused() {
    let guard = FloodGuard::new(20);
    // So many addresses that nearly every counter of the sketch is above the threshold; its hashes are drawn anew each
    // time.
    for number in 0..25_000 {
        fail(&guard, nth(number), 2, at(u64::from(number) / 10));
    }
    // Somebody is refused, so that everybody is looked at.
    fail(&guard, ip("192.0.2.1"), 20, at(2_500));
    let blamed = (1..=100).filter(|key| guard.sketch.count(*key, at(2_500)) > 20).count();
    assert!(blamed > 50, "the sketch alone would refuse {blamed} of 100");
    for number in 0..25_000 {
        assert_eq!(guard.refused(nth(number), at(2_500)), None, "{number} failed twice");
    }
    assert_eq!(guard.refused(ip("198.51.100.7"), at(2_500)), None);
}

#[test]
fn in_a_crowd_the_one_that_fails_most_is_still_found() {
    let guard = FloodGuard::new(100);
    let loud = ip("198.51.100.7");
    let mut failed = 0;
    for number in 0..16_000 {
        fail(&guard, nth(number), 1, at(u64::from(number) / 10));
        if number > 8_000 && number % 20 == 0 && guard.refused(loud, at(u64::from(number) / 10)).is_none() {
            fail(&guard, loud, 1, at(u64::from(number) / 10));
            failed += 1;
        }
    }
    assert!(failed <= 113, "an eighth late at most: {failed}");
    assert!(guard.refused(loud, at(1_600)).is_some());
}

#[test]
fn four_threads_count_every_failure_once() {
    let guard = FloodGuard::new(4000);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| fail(&guard, ip("192.0.2.1"), 999, at(1)));
        }
    });
    assert_eq!(guard.refused(ip("192.0.2.1"), at(1)), None);
    fail(&guard, ip("192.0.2.1"), 4, at(1));
    assert!(guard.refused(ip("192.0.2.1"), at(1)).is_some());
}
