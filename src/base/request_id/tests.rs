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

#[test]
fn a_well_shaped_id_of_a_proxy_is_taken_over() {
    let longest = "a".repeat(LONGEST);
    for good in
        ["4bf92f3577b34da6a3ce929d0e0e4736", "7b0c8b9e-3c5d-4d9a-9f0e-0d4f3f1a2b3c", "abc_12.3", &longest]
    {
        assert_eq!(RequestId::parse(good.as_bytes()).unwrap().as_str(), good);
    }
}

#[test]
fn an_id_of_another_shape_is_refused() {
    let long = "a".repeat(LONGEST + 1);
    for bad in
        ["", "seven77", "has space", "semi;colon-x", "new\nline-xx", "<script>alert", "grüße-aus", &long]
    {
        assert_eq!(RequestId::parse(bad.as_bytes()), Err(BadRequestId), "{bad:?}");
    }
}

#[test]
fn the_digits_are_those_of_the_number() {
    let spread = (0..64).map(|shift| 0x9e37_79b9_7f4a_7c15_u64.rotate_left(shift));
    for value in [0, 9, 10, 15, 16, u64::MAX, 0x0123_4567_89ab_cdef].into_iter().chain(spread) {
        let mut text = [0; 16];
        write_hex(value, &mut text);
        assert_eq!(std::str::from_utf8(&text), Ok(format!("{value:016x}").as_str()));
    }
}
