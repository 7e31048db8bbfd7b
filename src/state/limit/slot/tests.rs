use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;

use super::{Pool, Slot, Word};
use crate::base::clock::Mono;
use crate::config::settings::Budget;
use crate::state::table::Entry;

const SECOND: u64 = 1_000_000_000;

fn window(limit: u32, seconds: u64) -> Budget {
    Budget::Window { limit, window: Duration::from_secs(seconds) }
}

fn smooth(interval_ms: u64, burst: u32) -> Budget {
    Budget::Smooth { interval: Duration::from_millis(interval_ms), burst }
}

/// One key asked again and again.
struct One {
    slot: Slot,
    budget: Budget,
    pool: Arc<Pool>,
}

impl One {
    fn new(budget: Budget, pool: usize) -> Self {
        Self { slot: Slot::fresh(1, Mono(0)), budget, pool: Pool::new(pool) }
    }

    fn admits(&mut self, now: u64) -> bool {
        let admitted = matches!(self.slot.ask(self.budget, Mono(now)), Word::Yes { .. });
        if admitted {
            self.slot.take(self.budget, Mono(now), &self.pool);
        }
        admitted
    }

    fn until(&self, now: u64) -> Option<u64> {
        match self.slot.ask(self.budget, Mono(now)) {
            Word::Yes { .. } => None,
            Word::No { until } => Some(until),
        }
    }
}

#[test]
fn an_entry_fits_a_cache_line() {
    assert_eq!(size_of::<Slot>(), 64);
}

#[test]
fn the_three_schedules_that_fool_other_windows_get_no_more_than_the_limit() {
    // A steady flood; all at the end of a minute, then a flood; all at its start, then a flood.
    let floods: [fn(u64) -> u64; 3] =
        [|i| i * SECOND / 10, |i| 599 * SECOND / 10 + i * SECOND / 100, |i| i * SECOND / 20];
    for flood in floods {
        let mut one = One::new(window(60, 60), 1);
        let admitted: Vec<u64> = (0..6000).map(flood).filter(|at| one.admits(*at)).collect();
        for first in &admitted {
            let inside = admitted.iter().filter(|at| *at >= first && **at < first + 60 * SECOND).count();
            assert!(inside <= 60, "{inside} in the minute from {first}");
        }
        assert!(admitted.len() >= 60);
    }
}

#[test]
fn a_window_is_full_again_after_one_window_and_one_bucket() {
    for pool in [0, 1] {
        let mut one = One::new(window(5, 60), pool);
        for _ in 0..5 {
            assert!(one.admits(SECOND / 2));
        }
        assert!(!one.admits(60 * SECOND));
        assert_eq!(one.until(60 * SECOND), Some(61 * SECOND));
        assert!(one.admits(61 * SECOND));
    }
}

#[test]
fn what_is_told_as_remaining_is_what_is_left() {
    let mut one = One::new(window(3, 60), 1);
    for left in [2, 1, 0] {
        let word = one.slot.ask(one.budget, Mono(0));
        assert_eq!(word, Word::Yes { remaining: left, more_at: 61 * SECOND });
        assert!(one.admits(0));
    }
    assert_eq!(one.until(0), Some(61 * SECOND));
    let mut one = One::new(smooth(100, 3), 1);
    for left in [2, 1, 0] {
        assert!(
            matches!(one.slot.ask(one.budget, Mono(0)), Word::Yes { remaining, .. } if remaining == left)
        );
        assert!(one.admits(0));
    }
    assert_eq!(one.until(0), Some(SECOND / 10));
}

#[test]
fn a_limit_of_zero_admits_nothing() {
    assert!(!One::new(window(0, 60), 1).admits(0));
    assert!(!One::new(smooth(100, 0), 1).admits(0));
    let zero = Budget::Smooth { interval: Duration::ZERO, burst: 1 };
    let mut one = One::new(zero, 1);
    assert!(one.admits(0) && !one.admits(0), "an interval too short to tell is one nanosecond, not none");
}

#[test]
fn a_clock_reading_from_before_the_newest_counts_as_now() {
    let mut one = One::new(window(2, 60), 1);
    assert!(one.admits(100 * SECOND));
    assert!(one.admits(39 * SECOND), "read earlier, admitted later");
    assert!(!one.admits(40 * SECOND) && !one.admits(160 * SECOND) && one.admits(161 * SECOND));
}

#[test]
fn a_busy_key_gives_its_counters_back() {
    let pool = Pool::new(1);
    let mut slot = Slot::fresh(1, Mono(0));
    for second in 0..7 {
        slot.take(window(100, 60), Mono(second * SECOND), &pool);
    }
    assert!(pool.is_empty());
    assert_eq!(slot.count(Duration::from_secs(60), Mono(7 * SECOND)), 7);
    drop(slot);
    assert!(!pool.is_empty());
}

#[test]
fn without_the_pool_a_steady_key_below_its_limit_is_never_refused() {
    // Half the limit, spread evenly: merged buckets must leave in time.
    let mut one = One::new(window(60, 60), 0);
    for request in 0..1000 {
        assert!(one.admits(request * 2 * SECOND), "request {request}");
    }
}

fn times() -> impl Strategy<Value = Vec<u64>> {
    let gap = prop_oneof![0..SECOND / 100, 0..SECOND, 0..5 * SECOND, 0..70 * SECOND, Just(SECOND), Just(0)];
    prop::collection::vec(gap, 1..250).prop_map(|gaps| {
        let mut at = 0;
        gaps.into_iter()
            .map(|gap| {
                at += gap;
                at
            })
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(100) })]

    #[test]
    fn never_more_than_the_limit_in_any_window_and_never_less_than_an_exact_log_allows(
        times in times(),
        limit in 1..80_u32,
        seconds in prop::sample::select(vec![1_u64, 7, 60, 61, 3600]),
        pool in 0..2_usize,
    ) {
        let length = seconds * SECOND;
        // What a bucket, or a merged group, may add to the window for one request.
        let slack = length.div_ceil(60) * if pool == 0 { 13 } else { 1 };
        let mut one = One::new(window(limit, seconds), pool);
        let mut log: Vec<u64> = Vec::new();
        for now in times {
            let since = |span: u64| log.iter().filter(|at| **at + span > now).count() as u64;
            if one.admits(now) {
                prop_assert!(since(length) < u64::from(limit), "at {}", now);
                log.push(now);
            } else {
                prop_assert!(since(length + slack) >= u64::from(limit), "refused at {} without need", now);
                let until = one.until(now).unwrap();
                prop_assert!(until > now && until <= now + length + slack);
            }
        }
    }

    #[test]
    fn smoothing_equals_a_leaking_bucket(times in times(), burst in 1..20_u32, interval_ms in 1..3000_u64) {
        let mut one = One::new(smooth(interval_ms, burst), 0);
        let interval = u128::from(interval_ms) * 1_000_000;
        // Nanoseconds of work in the bucket, and when that was so.
        let (mut level, mut last) = (0_u128, 0_u64);
        for now in times {
            level = level.saturating_sub(u128::from(now - last));
            last = now;
            let fits = level + interval <= interval * u128::from(burst);
            prop_assert_eq!(one.admits(now), fits, "at {}", now);
            if fits {
                level += interval;
            } else {
                let until = one.until(now).unwrap();
                prop_assert_eq!(u128::from(until - now), level + interval - interval * u128::from(burst));
            }
        }
    }
}
