use super::*;
use crate::observe::tests::{keyed, route, webhook};

fn allow(set: &MeterSet, index: usize, times: u64) {
    for _ in 0..times {
        set.route(index).shard(0).unwrap().ended(Ending::Forwarded(200), Duration::ZERO);
    }
}

fn allowed(set: &MeterSet, index: usize) -> u64 {
    set.route(index).tally().unwrap().answered().iter().sum()
}

#[test]
fn a_route_that_stays_keeps_its_numbers_at_another_place() {
    let before = MeterSet::plan(2, 1, &[route("a"), route("b")], None);
    allow(&before, 1, 3);
    let after = MeterSet::plan(2, 2, &[route("b"), route("c")], Some(&before));
    assert_eq!((allowed(&after, 0), allowed(&after, 1)), (3, 0));
    allow(&before, 1, 1);
    assert_eq!(allowed(&after, 0), 4, "a request judged by the old generation still counts");
}

#[test]
fn a_route_that_left_and_came_back_starts_at_zero() {
    let first = MeterSet::plan(1, 1, &[route("a")], None);
    allow(&first, 0, 1);
    let second = MeterSet::plan(1, 2, &[route("b")], Some(&first));
    let third = MeterSet::plan(1, 3, &[route("a")], Some(&second));
    assert_eq!(allowed(&third, 0), 0);
}

#[test]
fn secrets_come_and_go_and_those_that_stay_keep_their_numbers() {
    let before = MeterSet::plan(1, 1, &[webhook("hook", &["old", "new"])], None);
    before.route(0).shard(0).unwrap().secret_used("new");
    before.route(0).shard(0).unwrap().secret_used("unknown");
    let after = MeterSet::plan(1, 2, &[webhook("hook", &["new", "newer"])], Some(&before));
    let used: Vec<_> =
        after.route(0).secret_uses().map(|(id, used)| (id.as_str().to_owned(), used)).collect();
    assert_eq!(used, [("new".to_owned(), 1), ("newer".to_owned(), 0)]);
}

#[test]
fn an_unknown_route_counts_as_none() {
    let set = MeterSet::plan(1, 1, &[route("a")], None);
    allow(&set, 99, 1);
    assert_eq!(set.none().tally().unwrap().answered(), [0, 0, 1, 0, 0, 0]);
}

#[test]
fn every_class_of_status_has_its_place() {
    let set = MeterSet::plan(1, 1, &[route("a")], None);
    let shard = set.route(0).shard(0).unwrap();
    for status in [101, 200, 299, 302, 404, 500, 999] {
        shard.ended(Ending::Forwarded(status), Duration::ZERO);
    }
    assert_eq!(shard.tally.answered(), [1, 1, 2, 1, 1, 1]);
}

#[test]
fn every_reason_and_failure_has_its_own_count() {
    let set = MeterSet::plan(1, 1, &[route("a")], None);
    let shard = set.route(0).shard(0).unwrap();
    for reason in Reason::ALL {
        shard.ended(Ending::Denied(*reason), Duration::ZERO);
    }
    for failure in Failure::ALL {
        shard.ended(Ending::Failed(failure), Duration::ZERO);
    }
    assert!(shard.tally.denied().all(|(_, count)| count == 1));
    assert!(shard.tally.failed().all(|(_, count)| count == 1));
}

#[test]
fn a_route_says_whether_its_callers_must_show_a_key() {
    let any = Route { require: Require::Any, ..webhook("w", &["a"]) };
    let both = Route { api_key: keyed("k").api_key, ..any.clone() };
    assert_eq!(KeyUse::of(&route("r")), KeyUse::Never);
    assert_eq!(KeyUse::of(&keyed("k")), KeyUse::Always);
    assert_eq!(KeyUse::of(&both), KeyUse::Chosen);
    assert_eq!(KeyUse::of(&Route { require: Require::All, ..both }), KeyUse::Always);
    assert_eq!(KeyUse::of(&Route { require: Require::Any, ..keyed("k") }), KeyUse::Always);
}
