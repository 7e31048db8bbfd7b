use std::collections::HashSet;

use super::*;

#[test]
fn ids_are_distinct_and_made_of_hexadecimal_digits() {
    let mut ids = RequestIds::new(7, 1);
    let made: HashSet<RequestId> = (0..10_000).map(|_| ids.next_id()).collect();
    assert_eq!(made.len(), 10_000);
    for id in made {
        assert_eq!(id.as_str().len(), LENGTH);
        assert!(id.as_bytes().iter().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(b)));
    }
}

#[test]
fn two_workers_never_make_the_same_id() {
    let (mut one, mut other) = (RequestIds::new(1, 5), RequestIds::new(2, 5));
    assert_ne!(one.next_id(), other.next_id());
}
