use super::*;

#[test]
fn a_spread_sums_what_every_worker_added() {
    let spread = Spread::new(3);
    spread.add(0, 2);
    spread.add(2, 5);
    assert_eq!(spread.sum(), 7);
}

#[test]
fn a_spread_as_gauge_may_be_decreased_on_another_worker_than_it_was_increased_on() {
    let spread = Spread::new(2);
    spread.add(0, 3);
    spread.subtract(1, 2);
    assert_eq!(spread.sum(), 1);
}

#[test]
fn a_spread_of_no_workers_still_counts() {
    let spread = Spread::new(0);
    spread.add(0, 1);
    assert_eq!(spread.sum(), 1);
}

#[test]
fn a_span_equal_to_a_bound_counts_under_it() {
    let timings = Timings::default();
    timings.observe(Phase::Request, Duration::from_millis(1));
    timings.observe(Phase::Request, Duration::from_nanos(MS + 1));
    let timed = Timed::of(Phase::Request, [&timings].into_iter());
    assert_eq!(timed.sizes[0], 1);
    assert_eq!(timed.sizes[1], 1);
    assert_eq!(timed.nanos, 2 * MS + 1);
}

#[test]
fn a_span_above_every_bound_counts_last() {
    let timings = Timings::default();
    timings.observe(Phase::Gate, Duration::from_secs(60));
    assert_eq!(Timed::of(Phase::Gate, [&timings].into_iter()).sizes[BOUNDS], 1);
}

#[test]
fn a_phase_counts_for_itself_alone() {
    let phases = [Phase::Gate, Phase::Upstream, Phase::Request];
    for phase in phases {
        let timings = Timings::default();
        timings.observe(phase, Duration::from_micros(7));
        for other in phases {
            let timed = Timed::of(other, [&timings, &timings].into_iter());
            let seen = if other == phase { (2, 14 * US) } else { (0, 0) };
            assert_eq!((timed.count(), timed.nanos), seen);
        }
    }
}

#[test]
fn bounds_rise() {
    for bounds in [REQUEST_BOUNDS, GATE_BOUNDS] {
        assert!(bounds.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
