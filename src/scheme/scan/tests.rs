//! Against looking at every byte in turn.

use super::*;

#[test]
fn the_first_stop_is_found_wherever_it_stands() {
    for length in 0..200 {
        assert_eq!(until(&vec![b'x'; length], |byte| byte == b'&'), length, "none in {length}");
        for at in 0..length {
            let mut text = vec![b'x'; length];
            text[at] = b'&';
            assert_eq!(until(&text, |byte| byte == b'&'), at, "at {at} of {length}");
            *text.last_mut().unwrap() = b'&';
            assert_eq!(until(&text, |byte| byte == b'&'), at, "the first of two, at {at} of {length}");
        }
    }
}
