use super::*;
use crate::scheme::mac::{Hash, Prepared};

fn prepared(key: &str) -> Arc<Prepared> {
    Arc::new(Prepared::new(Hash::Sha256, key.as_bytes()))
}

fn tag(place: &Place) -> Option<Vec<u8>> {
    place.made(lanes()).tags.first().copied().flatten().map(Vec::from)
}

fn place(key: &str, message: &str) -> Place {
    Place::new(message.as_bytes().to_vec(), vec![prepared(key)], None)
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
        let due = alone(&format!("key {first}"), &format!("message {first}"));
        assert_eq!(tag(&places[first]), Some(due));
        assert_eq!(waiting(), 0, "all were made in one go");
        for (at, place) in places.iter().enumerate() {
            let due = alone(&format!("key {at}"), &format!("message {at}"));
            assert_eq!(tag(place), Some(due));
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
        assert_eq!(tag(&place), Some(due));
    }
}

#[test]
fn one_that_is_alone_is_told_so_and_waits_no_more() {
    let place = place("key", "message");
    assert_eq!(tag(&place), None);
    assert_eq!(waiting(), 0);
    let _late = (0..4).map(|_| super::tests::place("key", "other")).collect::<Vec<_>>();
    assert_eq!(tag(&place), None, "once settled it stays");
}

#[test]
fn no_more_than_two_rounds_of_the_lanes_are_made_at_a_time() {
    let places: Vec<Place> = (0..40).map(|at| place("key", &format!("message {at}"))).collect();
    assert!(tag(&places[0]).is_some());
    assert_eq!(waiting(), 40 - MOST_AT_ONCE);
    assert!(tag(&places[30]).is_some(), "one in the middle takes those who waited longest with it");
    assert_eq!(waiting(), 40 - 2 * MOST_AT_ONCE);
}

#[test]
fn who_would_leave_lanes_empty_waits_for_more() {
    let mut places: Vec<Place> = (0..11).map(|at| place("key", &format!("message {at}"))).collect();
    assert!(tag(&places[0]).is_some());
    assert_eq!(waiting(), 3);
    places.extend((11..16).map(|at| place("key", &format!("message {at}"))));
    assert_eq!(tag(&places[8]), Some(alone("key", "message 8")));
    assert_eq!(waiting(), 0);
}

#[test]
fn one_message_under_several_keys_and_its_name_need_no_company() {
    let keys = ["one", "two", "three"];
    let opening = Arc::new(Opening::new("github"));
    let place = Place::new(b"message".to_vec(), keys.map(prepared).into(), Some(Arc::clone(&opening)));
    let made = place.made(lanes());
    let tags: Vec<_> = made.tags.iter().map(|tag| tag.map(Vec::from)).collect();
    assert_eq!(tags, keys.map(|key| Some(alone(key, "message"))));
    let mut name = opening.hasher().clone();
    name.update(b"message");
    assert_eq!(made.id.map(Vec::from), Some(name.finish().bytes().to_vec()));
}

#[test]
fn a_key_that_cannot_go_along_leaves_the_others_their_own_tags() {
    let mut keys: Vec<Arc<Prepared>> = ["one", "two", "three"].map(prepared).into();
    keys.insert(1, Arc::new(Prepared::new(Hash::Sha512, b"another hash")));
    let place = Place::new(b"message".to_vec(), keys, Some(Arc::new(Opening::new("github"))));
    let tags: Vec<_> = place.made(lanes()).tags.iter().map(|tag| tag.map(Vec::from)).collect();
    let due = |key| Some(alone(key, "message"));
    assert_eq!(tags, [due("one"), None, due("two"), due("three")]);
}

#[test]
fn a_message_with_more_keys_than_go_at_once_is_made_all_the_same() {
    let keys = (0..20).map(|at| prepared(&format!("key {at}"))).collect();
    let place = Place::new(b"message".to_vec(), keys, None);
    assert!(place.made(lanes()).tags.iter().all(Option::is_some));
}
