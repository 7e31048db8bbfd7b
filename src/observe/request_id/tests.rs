use http::HeaderValue;

use super::*;

fn headers(values: &[&str]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append(HEADER, HeaderValue::from_str(value).unwrap());
    }
    headers
}

#[test]
fn one_well_shaped_id_is_taken_over() {
    assert_eq!(sent(&headers(&["abcdefgh-1"])).unwrap().as_str(), "abcdefgh-1");
}

#[test]
fn no_id_a_bad_one_and_two_are_none() {
    for values in [&[][..], &["short"], &["abcdefgh-1", "abcdefgh-1"], &["has space in it"]] {
        assert_eq!(sent(&headers(values)), None, "{values:?}");
    }
}

#[test]
fn two_sources_make_different_ids() {
    assert_ne!(source(Mono(1)).next_id(), source(Mono(1)).next_id());
}
