use std::collections::HashMap;

use proptest::prelude::*;

use super::{Entry, SWEEP, Table, capacity};
use crate::base::clock::Mono;
use crate::state::keyed;

#[derive(Debug, Default, PartialEq, Eq)]
struct Note {
    key: u128,
    until: u64,
    value: u64,
}

impl Entry for Note {
    fn fresh(key: u128, now: Mono) -> Self {
        Self { key, until: now.0 + 1, value: 0 }
    }

    fn key(&self) -> u128 {
        self.key
    }

    fn expires(&self) -> Mono {
        Mono(self.until)
    }
}

fn key(number: u64) -> u128 {
    keyed::hash(&number)
}

#[test]
fn hashes_are_stable_and_never_zero() {
    assert_eq!(key(7), key(7));
    assert_ne!(key(7), key(8));
    assert_eq!(keyed::part(u128::MAX, 3), 2);
    assert_eq!(keyed::place(0, 3), 0);
    assert_eq!(keyed::place(u128::MAX, 0), 0);
}

#[test]
fn a_live_entry_is_never_given_up() {
    let mut table: Table<Note> = Table::new();
    for number in 0..100 {
        table.place(key(number), Mono(0), 100).unwrap().until = 1000;
    }
    for number in 100..200 {
        assert!(table.place(key(number), Mono(999), 100).is_none(), "{number}");
    }
    for number in 0..100 {
        assert_eq!(table.find(key(number)).unwrap().until, 1000);
    }
    assert!(table.slots.len() <= capacity(100));
}

#[test]
fn the_dead_make_room() {
    let mut table: Table<Note> = Table::new();
    for number in 0..100 {
        table.place(key(number), Mono(0), 100).unwrap().until = 10 + number;
    }
    let later = Mono(0).plus(SWEEP).plus(SWEEP);
    for number in 100..200 {
        let note = table.place(key(number), later, 100).unwrap();
        assert_eq!(note.value, 0);
        note.until = u64::MAX;
    }
    assert!(table.place(key(300), later.plus(SWEEP), 100).is_none());
}

#[test]
fn a_full_table_is_not_swept_for_every_new_key() {
    let mut table: Table<Note> = Table::new();
    for number in 0..100 {
        table.place(key(number), Mono(0), 100).unwrap().until = u64::MAX;
    }
    assert!(table.place(key(100), Mono(0), 100).is_none());
    let swept = table.next_sweep;
    for number in 101..200 {
        assert!(table.place(key(number), Mono(1), 100).is_none());
    }
    assert_eq!(table.next_sweep, swept);
}

#[test]
fn a_table_shrinks_when_a_flood_is_over() {
    let mut table: Table<Note> = Table::new();
    for number in 0..10_000 {
        table.place(key(number), Mono(0), 10_000).unwrap().until = 10;
    }
    table.rebuild(Mono(20), 10_000);
    assert_eq!((table.used, table.slots.len()), (0, 16));
}

#[test]
fn the_lightest_on_the_way_is_displaced_and_the_heavy_stay() {
    let mut table: Table<Note> = Table::new();
    for number in 0..64 {
        let note = table.place(key(number), Mono(0), 64).unwrap();
        (note.until, note.value) = (u64::MAX, number);
    }
    let mut placed = 0;
    for number in 100..200 {
        placed += usize::from(
            table.displace(key(number), Mono(0), |note| (note.value < 8).then_some(note.value)).is_some_and(
                |note| {
                    (note.until, note.value) = (u64::MAX, 1000);
                    true
                },
            ),
        );
    }
    assert!(placed >= 1, "a slot kept free, or a light one on the way");
    for number in 8..64 {
        assert_eq!(table.find(key(number)).map(|note| note.value), Some(number), "heavy");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn a_table_remembers_what_a_plain_map_does(
        steps in prop::collection::vec((0..60_u64, 0..200_u64, 0..50_u64), 1..300),
        most in 1..50_usize,
    ) {
        let mut table: Table<Note> = Table::new();
        let mut map: HashMap<u64, u64> = HashMap::new();
        let mut now = 0;
        for (number, stay, wait) in steps {
            now += wait;
            map.retain(|_, until| *until > now);
            match table.place(key(number), Mono(now), most) {
                Some(note) => {
                    if let Some(until) = map.get(&number) {
                        prop_assert_eq!(note.until, *until, "a live entry is the same one");
                    }
                    note.until = now + 1 + stay;
                    map.insert(number, now + 1 + stay);
                }
                None => prop_assert!(!map.contains_key(&number), "a live entry is found"),
            }
            prop_assert!(map.len() <= most, "never more alive than allowed");
            for (number, until) in &map {
                prop_assert_eq!(table.find(key(*number)).map(|note| note.until), Some(*until));
            }
            prop_assert!(table.slots.len() <= capacity(most).max(16));
        }
    }
}
