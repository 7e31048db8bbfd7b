use super::*;
use crate::scheme::mac::{Hash, Prepared};

fn begun(key: &str) -> Begun {
    Prepared::new(Hash::Sha256, key.as_bytes()).begun().cloned().unwrap()
}

fn place(key: &str, message: &str) -> Place {
    Place::new(message.as_bytes().to_vec(), vec![begun(key)])
}

fn lanes() -> Lanes {
    Lanes::if_quicker().unwrap()
}

fn waiting() -> usize {
    WAITING.with_borrow(VecDeque::len)
}

fn alone(key: &str, message: &str) -> Vec<u8> {
    let mut mac = Prepared::new(Hash::Sha256, key.as_bytes()).mac().clone();
    mac.update(message.as_bytes());
    mac.finish().bytes().to_vec()
}

#[test]
fn each_has_its_own_digest_whoever_comes_first() {
    for first in 0..5 {
        let places: Vec<Place> =
            (0..5).map(|at| place(&format!("key {at}"), &format!("message {at}"))).collect();
        let first_digest = places[first].digests(lanes())[0];
        assert_eq!(waiting(), 0, "all were made in one go");
        assert_eq!(
            first_digest.map(Vec::from),
            Some(alone(&format!("key {first}"), &format!("message {first}")))
        );
        for (at, place) in places.iter().enumerate() {
            let due = alone(&format!("key {at}"), &format!("message {at}"));
            assert_eq!(place.digests(lanes())[0].map(Vec::from), Some(due));
        }
    }
}

#[test]
fn one_that_leaves_is_not_hashed_and_the_others_are() {
    let places: Vec<Place> = (0..5).map(|at| place("key", &format!("message {at}"))).collect();
    let mut places = places.into_iter();
    drop(places.next());
    assert_eq!(waiting(), 4);
    for (at, place) in places.enumerate() {
        let due = alone("key", &format!("message {}", at + 1));
        assert_eq!(place.digests(lanes())[0].map(Vec::from), Some(due));
    }
}

#[test]
fn one_that_is_alone_is_told_so_and_waits_no_more() {
    let place = place("key", "message");
    assert_eq!(place.digests(lanes()), [None]);
    assert_eq!(waiting(), 0);
    let _late = (0..4).map(|_| super::tests::place("key", "other")).collect::<Vec<_>>();
    assert_eq!(place.digests(lanes()), [None], "once settled it stays");
}

#[test]
fn no_more_than_two_rounds_of_the_lanes_are_made_at_a_time() {
    let places: Vec<Place> = (0..40).map(|at| place("key", &format!("message {at}"))).collect();
    places[0].digests(lanes());
    assert_eq!(waiting(), 40 - MOST_AT_ONCE);
    assert!(
        places[30].digests(lanes())[0].is_some(),
        "one in the middle takes those who waited longest with it"
    );
    assert_eq!(waiting(), 40 - 2 * MOST_AT_ONCE);
}

#[test]
fn who_would_leave_lanes_empty_waits_for_more() {
    let mut places: Vec<Place> = (0..11).map(|at| place("key", &format!("message {at}"))).collect();
    places[0].digests(lanes());
    assert_eq!(waiting(), 3);
    places.extend((11..16).map(|at| place("key", &format!("message {at}"))));
    assert_eq!(places[8].digests(lanes())[0].map(Vec::from), Some(alone("key", "message 8")));
    assert_eq!(waiting(), 0);
}

#[test]
fn one_message_under_several_keys_needs_no_company() {
    let place = Place::new(b"message".to_vec(), ["one", "two", "three", "four"].map(begun).into());
    let made: Vec<_> = place.digests(lanes()).iter().map(|digest| digest.map(Vec::from)).collect();
    assert_eq!(made, ["one", "two", "three", "four"].map(|key| Some(alone(key, "message"))));
}

#[test]
fn a_digest_with_more_keys_than_go_at_once_is_made_all_the_same() {
    let begun: Vec<Begun> = (0..20).map(|at| super::tests::begun(&format!("key {at}"))).collect();
    let place = Place::new(b"message".to_vec(), begun);
    assert!(place.digests(lanes()).iter().all(Option::is_some));
}
