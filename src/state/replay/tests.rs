use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::time::Duration;

use super::{Message, ReplayMemory, Reservation, Reserved, Slot};
use crate::base::clock::{Mono, Now, Wall};

const KEEP: Duration = Duration::from_secs(600);

fn id(number: u32) -> Message {
    let mut id = [7; 32];
    id[..4].copy_from_slice(&number.to_le_bytes());
    Message { id, signed_at: None }
}

fn memory(entries: usize) -> Arc<ReplayMemory> {
    Arc::new(ReplayMemory::new(entries))
}

fn at(seconds: u64) -> Mono {
    Mono(seconds * 1_000_000_000)
}

fn fresh(memory: &Arc<ReplayMemory>, number: u32, now: Mono) -> Reservation {
    match memory.reserve(&id(number), KEEP, now) {
        Reserved::Fresh(reservation) => reservation,
        Reserved::InFlight | Reserved::Duplicate | Reserved::Older | Reserved::Full => {
            panic!("{number} is not fresh")
        }
    }
}

#[test]
fn a_delivered_message_is_a_duplicate_until_its_time_is_over() {
    let memory = memory(1000);
    fresh(&memory, 1, at(0)).commit(at(5));
    for now in [5, 6, 604] {
        assert!(matches!(memory.reserve(&id(1), KEEP, at(now)), Reserved::Duplicate), "{now}");
    }
    assert!(matches!(memory.reserve(&id(1), KEEP, at(605)), Reserved::Fresh(_)));
    assert!(matches!(memory.reserve(&id(2), KEEP, at(6)), Reserved::Fresh(_)), "another message");
}

#[test]
fn a_message_under_way_is_in_flight_however_long_it_takes() {
    let memory = memory(1000);
    let first = fresh(&memory, 1, at(0));
    for now in [0, 600, 1_000_000] {
        assert!(matches!(memory.reserve(&id(1), KEEP, at(now)), Reserved::InFlight), "{now}");
    }
    first.commit(at(1_000_000));
    assert!(matches!(memory.reserve(&id(1), KEEP, at(1_000_001)), Reserved::Duplicate));
}

#[test]
fn a_message_that_was_not_delivered_may_come_again() {
    let memory = memory(1000);
    drop(fresh(&memory, 1, at(0)));
    let again = fresh(&memory, 1, at(0));
    assert!(matches!(memory.reserve(&id(1), KEEP, at(0)), Reserved::InFlight));
    again.commit(at(0));
    assert!(matches!(memory.reserve(&id(1), KEEP, at(0)), Reserved::Duplicate));
}

#[test]
fn each_message_is_kept_for_its_own_time() {
    let memory = memory(1000);
    for (number, seconds) in [(1, 10), (2, 100)] {
        match memory.reserve(&id(number), Duration::from_secs(seconds), at(0)) {
            Reserved::Fresh(reservation) => reservation.commit(at(0)),
            Reserved::InFlight | Reserved::Duplicate | Reserved::Older | Reserved::Full => {
                panic!("{number} is not fresh")
            }
        }
    }
    assert!(matches!(memory.reserve(&id(1), KEEP, at(50)), Reserved::Fresh(_)));
    assert!(matches!(memory.reserve(&id(2), KEEP, at(50)), Reserved::Duplicate));
}

#[test]
fn full_memory_refuses_and_forgets_nothing() {
    let memory = memory(8);
    for number in 0..4 {
        fresh(&memory, number, at(0)).commit(at(0));
    }
    let under_way: Vec<Reservation> = (4..8).map(|number| fresh(&memory, number, at(0))).collect();
    for number in 100..1000 {
        assert!(matches!(memory.reserve(&id(number), KEEP, at(1)), Reserved::Full), "{number}");
    }
    for number in 0..4 {
        assert!(matches!(memory.reserve(&id(number), KEEP, at(1)), Reserved::Duplicate), "{number}");
    }
    for number in 4..8 {
        assert!(matches!(memory.reserve(&id(number), KEEP, at(1)), Reserved::InFlight), "{number}");
    }
    drop(under_way);
    for number in 100..104 {
        fresh(&memory, number, at(2)).commit(at(2));
    }
    assert!(matches!(memory.reserve(&id(104), KEEP, at(3)), Reserved::Full));
    fresh(&memory, 105, at(601)).commit(at(601));
}

#[test]
fn a_bound_raised_while_running_makes_room_and_a_lowered_one_forgets_nothing() {
    let memory = memory(2);
    fresh(&memory, 1, at(0)).commit(at(0));
    fresh(&memory, 2, at(0)).commit(at(0));
    assert!(matches!(memory.reserve(&id(3), KEEP, at(0)), Reserved::Full));
    memory.set_entries(3);
    fresh(&memory, 3, at(0)).commit(at(0));
    memory.set_entries(1);
    for number in 1..=3 {
        assert!(matches!(memory.reserve(&id(number), KEEP, at(1)), Reserved::Duplicate));
    }
    assert!(matches!(memory.reserve(&id(4), KEEP, at(1)), Reserved::Full));
}

#[test]
fn a_commit_releases_nothing_that_is_anothers_by_then() {
    let memory = memory(10);
    let Reserved::Fresh(first) = memory.reserve(&id(1), Duration::ZERO, at(0)) else { panic!() };
    first.commit(at(0));
    let second = fresh(&memory, 1, at(0));
    assert!(matches!(memory.reserve(&id(1), KEEP, at(0)), Reserved::InFlight));
    drop(second);
}

#[test]
fn of_eight_at_the_same_time_exactly_one_is_let_through() {
    let memory = memory(10_000);
    let (fresh, barrier) = (AtomicUsize::new(0), Barrier::new(8));
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for number in 0..200 {
                    barrier.wait();
                    match memory.reserve(&id(number), KEEP, at(1)) {
                        Reserved::Fresh(reservation) => {
                            fresh.fetch_add(1, Ordering::Relaxed);
                            reservation.commit(at(1));
                        }
                        Reserved::InFlight | Reserved::Duplicate => {}
                        other @ (Reserved::Older | Reserved::Full) => panic!("{other:?}"),
                    }
                }
            });
        }
    });
    assert_eq!(fresh.into_inner(), 200);
}

#[test]
fn a_reservation_moves_between_threads_and_a_message_is_small() {
    fn sent<T: Send + Sync>() {}
    sent::<Reservation>();
    assert_eq!(size_of::<Slot>(), 32);
}

#[test]
fn what_was_signed_before_the_memory_began_is_not_taken() {
    let begun = Now { mono: at(100), wall: Wall(1_790_000_000_500) };
    let memory = Arc::new(ReplayMemory::new(1000).since(begun));
    let signed = |number, ms| Message { signed_at: Some(Wall(ms)), ..id(number) };
    for ms in [1_790_000_000_500 - 1_000, 1_789_999_999_000, 0, i64::MIN] {
        assert!(matches!(memory.reserve(&signed(1, ms), KEEP, at(100)), Reserved::Older), "{ms}");
        assert!(matches!(memory.reserve(&signed(1, ms), KEEP, at(699)), Reserved::Older), "{ms}");
    }
    for (number, ms) in
        [(2, 1_789_999_999_501), (3, 1_790_000_000_000), (4, 1_790_000_060_000), (5, i64::MAX)]
    {
        let reserved = memory.reserve(&signed(number, ms), KEEP, at(100));
        let Reserved::Fresh(reservation) = reserved else { panic!("{ms}: {reserved:?}") };
        reservation.commit(at(100));
        assert!(matches!(memory.reserve(&signed(number, ms), KEEP, at(101)), Reserved::Duplicate), "{ms}");
    }
    let untimed = memory.reserve(&id(6), KEEP, at(100));
    assert!(matches!(untimed, Reserved::Fresh(_)), "no time is known: {untimed:?}");
    let later = memory.reserve(&signed(7, 1_789_999_999_000), KEEP, at(700));
    assert!(matches!(later, Reserved::Fresh(_)), "by then its window alone decides: {later:?}");
}
