use super::{Ceiling, LARGE_HEADS, Slots, derived, derived_http2};

#[test]
fn a_slot_comes_back_when_it_is_dropped_and_one_too_many_is_counted() {
    let slots = Slots::new(2);
    let first = slots.take();
    let second = slots.take();
    assert!(first.is_some() && second.is_some());
    assert!(slots.take().is_none());
    assert_eq!((slots.open(), slots.refused()), (2, 1));
    drop(first);
    assert!(slots.take().is_some());
    assert_eq!(slots.open(), 1);
}

#[test]
fn the_bound_follows_the_smaller_of_memory_and_descriptors() {
    let of = |memory: Option<u64>, descriptors: Option<u64>| derived(Ceiling { memory, descriptors });
    assert_eq!(of(Some(128 << 20), None), 4096);
    assert_eq!(of(Some(128 << 20), Some(1024)), 448);
    assert_eq!(of(Some(256 << 20), Some(20_000)), 9557);
    assert_eq!(of(Some(1 << 20), None), 16);
    assert_eq!(of(None, None), usize::MAX);
}

#[test]
fn http2_connections_have_a_bound_of_their_own_by_memory_alone() {
    let of = |memory: Option<u64>| derived_http2(Ceiling { memory, descriptors: Some(100) });
    assert_eq!((of(Some(128 << 20)), of(Some(1 << 20)), of(None)), (192, 16, usize::MAX));
    let slots = Slots::new(10);
    slots.set_most_http2(1);
    let first = slots.take_http2();
    assert!(first.is_some() && slots.take_http2().is_none());
    drop(first);
    assert!(slots.take_http2().is_some());
    assert_eq!(slots.refused(), 1);
}

#[test]
fn large_heads_share_one_room() {
    let slots = Slots::new(1);
    let all = slots.hold_head(LARGE_HEADS);
    assert!(all.is_some() && slots.hold_head(1).is_none());
    drop(all);
    assert!(slots.hold_head(1).is_some());
}
