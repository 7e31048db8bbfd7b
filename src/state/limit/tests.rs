use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use proptest::prelude::*;

use super::{Ask, KeyMark, LimitId, LimitKey, LimitTables, MOST_ASKS, Refused, Standing};
use crate::base::clock::Mono;
use crate::base::name::KeyId;
use crate::config::settings::Budget;

const SECOND: u64 = 1_000_000_000;

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn per_minute(limit: u32) -> Budget {
    Budget::Window { limit, window: Duration::from_secs(60) }
}

fn ask(name: &str, limit: u32, key: LimitKey) -> Ask {
    let budget = per_minute(limit);
    Ask { limit: LimitId::of("route", name, &budget), budget, key }
}

fn client(limit: u32, address: &str) -> [Ask; 1] {
    [ask("client", limit, LimitKey::client(ip(address)))]
}

fn nth(number: u32) -> LimitKey {
    LimitKey::client(IpAddr::V4(Ipv4Addr::from(0x0a00_0000 + number)))
}

#[test]
fn each_client_has_its_own_count() {
    let tables = LimitTables::new(1000);
    for address in ["192.0.2.1", "192.0.2.2", "2001:db8::1"] {
        for left in [1, 0] {
            let told = tables.admit(&client(2, address), Mono(0));
            assert_eq!(told, Ok(Standing { index: 0, remaining: left, reset_s: 61 }), "{address}");
        }
        assert_eq!(
            tables.admit(&client(2, address), Mono(SECOND)),
            Err(Refused { index: 0, retry_after_s: 60 })
        );
    }
    assert_eq!(tables.overflows(), 0);
}

#[test]
fn spellings_of_one_client_share_its_count() {
    let tables = LimitTables::new(1000);
    for same in ["2001:db8::1", "2001:db8::2", "2001:db8::ffff:ffff:ffff:ffff"] {
        assert_eq!(LimitKey::client(ip(same)), LimitKey::client(ip("2001:db8::")), "one /64");
    }
    assert_ne!(LimitKey::client(ip("2001:db8:0:1::1")), LimitKey::client(ip("2001:db8::1")));
    assert!(tables.admit(&client(1, "192.0.2.1"), Mono(0)).is_ok());
    assert!(tables.admit(&client(1, "::ffff:192.0.2.1"), Mono(0)).is_err());
    let low = LimitKey::client(IpAddr::V6(Ipv6Addr::from(0xc000_0201_u128 << 64)));
    assert_ne!(low, LimitKey::client(ip("192.0.2.1")), "families do not meet");
}

#[test]
fn keys_of_different_kinds_and_pairs_never_meet() {
    let id = KeyId::parse("k1").unwrap();
    let (a, b) = (LimitKey::client(ip("192.0.2.1")), LimitKey::key(KeyMark::of(&id)));
    let all = [a, b, LimitKey::route(), a.and(b), b.and(a), a.and(a), b.and(b), LimitKey::route().and(a)];
    for (i, left) in all.iter().enumerate() {
        for (j, right) in all.iter().enumerate() {
            assert_eq!(left.fine == right.fine, i == j, "{i} {j}");
        }
    }
    assert_ne!(a.and(a).fine, LimitKey::client(ip("192.0.2.2")).and(LimitKey::client(ip("192.0.2.2"))).fine);
}

#[test]
fn a_limit_is_told_apart_by_scope_name_and_budget() {
    let id = |scope: &str, name: &str, budget: Budget| LimitId::of(scope, name, &budget);
    let smooth = Budget::Smooth { interval: Duration::from_secs(60), burst: 5 };
    let ids = [
        id("a", "x", per_minute(5)),
        id("b", "x", per_minute(5)),
        id("a", "y", per_minute(5)),
        id("a", "x", per_minute(6)),
        id("a", "x", smooth),
        id("ax", "", per_minute(5)),
    ];
    for (i, left) in ids.iter().enumerate() {
        assert_eq!(ids.iter().filter(|right| *right == left).count(), 1, "{i}");
    }
    assert_eq!(id("a", "x", per_minute(5)), id("a", "x", per_minute(5)), "the same after a reload");
}

#[test]
fn a_request_refused_by_one_limit_costs_the_others_nothing() {
    let tables = LimitTables::new(1000);
    let (tight, wide) = (ask("tight", 1, nth(1)), ask("wide", 5, nth(1)));
    assert!(tables.admit(&[wide, tight], Mono(0)).is_ok());
    for _ in 0..100 {
        assert_eq!(tables.admit(&[wide, tight], Mono(0)).unwrap_err().index, 1);
        assert_eq!(tables.admit(&[tight, wide], Mono(0)).unwrap_err().index, 0);
    }
    for left in [3, 2, 1, 0] {
        assert_eq!(tables.admit(&[wide], Mono(0)).unwrap().remaining, left);
    }
}

#[test]
fn the_tightest_limit_is_told_and_the_longest_wait() {
    let tables = LimitTables::new(1000);
    let hour = Budget::Window { limit: 2, window: Duration::from_secs(3600) };
    let hour = Ask { limit: LimitId::of("r", "hour", &hour), budget: hour, key: nth(1) };
    let minute = ask("minute", 2, nth(1));
    let wide = ask("wide", 50, nth(1));
    assert_eq!(
        tables.admit(&[wide, minute, hour], Mono(0)).map(|told| (told.index, told.remaining)),
        Ok((1, 1))
    );
    assert!(tables.admit(&[wide, minute, hour], Mono(0)).is_ok());
    assert_eq!(tables.admit(&[wide, minute, hour], Mono(0)), Err(Refused { index: 2, retry_after_s: 3660 }));
    assert_eq!(
        tables.admit(&[], Mono(0)),
        Ok(Standing { index: usize::MAX, remaining: u32::MAX, reset_s: 0 })
    );
    assert!(tables.admit(&[wide; MOST_ASKS], Mono(0)).is_ok());
    assert!(
        tables.admit(&[wide; MOST_ASKS + 1], Mono(0)).is_err(),
        "what cannot be charged together is refused"
    );
}

#[test]
fn counts_survive_a_change_of_the_bound() {
    let tables = LimitTables::new(1000);
    assert!(tables.admit(&client(1, "192.0.2.1"), Mono(0)).is_ok());
    for entries in [10, 100_000, 1] {
        tables.set_entries(entries);
        assert!(tables.admit(&client(1, "192.0.2.1"), Mono(0)).is_err(), "{entries}");
    }
}

#[test]
fn a_full_table_never_forgets_and_never_starts_anybody_afresh() {
    let tables = LimitTables::new(64);
    let mut admitted = vec![0; 500];
    // Everybody comes 20 times in one minute, in rounds, so that each returns after many others.
    for round in 0..20_u64 {
        for (number, count) in (0..).zip(admitted.iter_mut()) {
            *count += usize::from(
                tables.admit(&[ask("client", 5, nth(number * 256))], Mono(round * SECOND)).is_ok(),
            );
        }
    }
    assert!(admitted.iter().all(|count| *count <= 5), "{:?}", admitted.iter().max());
    assert!(
        admitted.iter().filter(|count| **count == 5).count() >= 60,
        "those with an entry get what is theirs"
    );
    assert!(tables.overflows() > 100);
}

#[test]
fn churning_through_addresses_does_not_free_the_one_that_is_limited() {
    let tables = LimitTables::new(256);
    let own = client(3, "198.51.100.7");
    for _ in 0..3 {
        assert!(tables.admit(&own, Mono(0)).is_ok());
    }
    for number in 0..5_000 {
        let _ = tables.admit(&[ask("client", 3, nth(number))], Mono(SECOND));
        if number % 100 == 0 {
            assert!(tables.admit(&own, Mono(SECOND)).is_err(), "after {number} others");
        }
    }
}

#[test]
fn a_key_without_an_entry_stays_with_its_shared_cell_when_there_is_room_again() {
    let tables = LimitTables::new(1);
    let short = Budget::Window { limit: 1, window: Duration::from_secs(1) };
    let short = Ask { limit: LimitId::of("r", "short", &short), budget: short, key: nth(1) };
    assert!(tables.admit(&[short], Mono(0)).is_ok(), "takes the only entry");
    let late = ask("client", 2, nth(2));
    assert!(tables.admit(&[late], Mono(0)).is_ok(), "shared");
    // The entry is free now, but the shared cell still holds one request of the minute.
    let later = Mono(5 * SECOND);
    assert_eq!(tables.admit(&[late], later).map(|told| told.remaining), Ok(0));
    assert!(tables.admit(&[late], later).is_err());
    assert!(tables.admit(&[late], Mono(70 * SECOND)).is_ok());
}

#[test]
fn neighbours_without_entries_share_what_one_may() {
    let tables = LimitTables::new(1);
    assert!(tables.admit(&[ask("other", 1, nth(0))], Mono(0)).is_ok(), "takes the only entry");
    let mut admitted = 0;
    for last in 0..=255 {
        admitted += usize::from(tables.admit(&client(10, &format!("192.0.2.{last}")), Mono(0)).is_ok());
    }
    assert_eq!(admitted, 10, "one /24");
    let mut admitted = 0;
    for network in 0..256 {
        admitted +=
            usize::from(tables.admit(&client(10, &format!("2001:db8:1:{network:x}::1")), Mono(0)).is_ok());
    }
    assert!(admitted <= 10, "one /48, unless a /24 met it by chance");
}

#[test]
fn more_overflowing_limits_than_there_are_shared_cells_for_are_refused() {
    let tables = LimitTables::new(1);
    assert!(tables.admit(&[ask("first", 1, nth(0))], Mono(0)).is_ok());
    let admitted =
        (0..20).filter(|i| tables.admit(&[ask(&format!("l{i}"), 5, nth(1))], Mono(0)).is_ok()).count();
    assert_eq!(admitted, 8);
    let later = Mono(100 * SECOND);
    assert!(tables.admit(&[ask("first", 1, nth(0))], later).is_ok());
    assert!(tables.admit(&[ask("l19", 5, nth(1))], later).is_ok(), "cells nobody needs are taken over");
}

#[test]
fn four_threads_together_get_no_more_than_the_limit() {
    for budget in [per_minute(1000), Budget::Smooth { interval: Duration::from_secs(3600), burst: 1000 }] {
        let tables = LimitTables::new(1000);
        let admitted = AtomicUsize::new(0);
        let asks = [
            Ask { limit: LimitId::of("r", "a", &budget), budget, key: nth(1) },
            ask("wide", u32::MAX, nth(1)),
            ask("global", u32::MAX, LimitKey::route()),
        ];
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let (tables, admitted) = (&tables, &admitted);
                let mut asks = asks;
                asks.rotate_left(thread % 3);
                scope.spawn(move || {
                    for step in 0..1000_u64 {
                        // Each thread reads its clock at another moment.
                        let now = Mono(step * 1_000_000 + thread as u64);
                        admitted.fetch_add(usize::from(tables.admit(&asks, now).is_ok()), Ordering::Relaxed);
                    }
                });
            }
        });
        assert_eq!(admitted.into_inner(), 1000, "{budget:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(60) })]

    #[test]
    fn in_a_table_of_any_size_nobody_gets_more_than_the_limit_in_any_window(
        entries in 1..40_usize,
        limit in 1..6_u32,
        requests in prop::collection::vec((0..60_u32, 0..SECOND / 2), 1..800),
    ) {
        let tables = LimitTables::new(entries);
        let budget = Budget::Window { limit, window: Duration::from_secs(10) };
        let id = LimitId::of("r", "l", &budget);
        let mut logs: Vec<Vec<u64>> = vec![Vec::new(); 60];
        let mut now = 0;
        for (number, gap) in requests {
            now += gap;
            if tables.admit(&[Ask { limit: id, budget, key: nth(number) }], Mono(now)).is_ok() {
                let log = &mut logs[number as usize];
                log.push(now);
                let inside = log.iter().filter(|at| **at + 10 * SECOND > now).count();
                prop_assert!(inside <= limit as usize, "{} of {}", inside, limit);
            }
        }
    }
}
