use std::collections::BTreeSet;

use proptest::prelude::*;

use super::{Census, MOST_READINGS, Readings, Unreadable, census, folded};

fn others(path: &str) -> BTreeSet<String> {
    Readings::of(path.as_bytes()).unwrap().others().map(|text| text.escape_ascii().to_string()).collect()
}

fn set(texts: &[&str]) -> BTreeSet<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[test]
fn a_plain_path_has_one_reading() {
    for path in ["/", "/a", "/a/b/", "/A-b_c.d~e/:@!$&'()*+,=", "/a.b/..c/d..", "/[x]|{y}"] {
        assert_eq!(others(path), set(&[]), "{path}");
    }
    assert_eq!(census(b"/A-b_c.d~e/:@!$&'()*+,="), Census::Plain);
    for path in ["/.a", "/a//b", "/a%41", "/a;b", "/a\\b", "/a b", "//", "/./"] {
        assert_eq!(census(path.as_bytes()), Census::Special, "{path}");
    }
    for path in ["", "a", "*", "/a?", "/a#", "/a\u{e9}", "/a\u{7f}", "/a\u{1}"] {
        assert_eq!(census(path.as_bytes()), Census::Refused, "{path:?}");
    }
}

#[test]
fn each_step_and_every_combination_is_a_reading() {
    assert_eq!(others("/a%2Fb"), set(&["/a/b"]));
    assert_eq!(others("/a%252Fb"), set(&["/a%2Fb", "/a/b"]));
    assert_eq!(others("/a%25252Fb"), set(&["/a%252Fb", "/a%2Fb"]), "decoded at most twice");
    assert_eq!(others("/x/..;/a"), set(&["/x/../a", "/a", "/x/..", "/"]));
    assert_eq!(others("/a//../b"), set(&["/a/../b", "/b", "/a/b"]));
    assert_eq!(others("/a%5cb"), set(&["/a\\\\b", "/a/b"]));
    assert_eq!(others("/a%3Fb"), set(&["/a?b", "/a"]));
    assert_eq!(others("/a%0ab%20"), set(&["/a\\nb ", "/a", "/ab"]));
    assert!(others("/x%2Fy/%2e%2e/z").contains("/z"), "dots decoded, the slash not, as RFC 3986 normalises");
}

#[test]
fn dots_at_the_end_leave_a_slash_and_never_climb_over_the_root() {
    assert_eq!(others("/a/."), set(&["/a/"]));
    assert_eq!(others("/a/b/.."), set(&["/a/"]));
    assert_eq!(others("/.."), set(&["/"]));
    assert_eq!(others("/../../a"), set(&["/a"]));
}

#[test]
fn a_broken_escape_is_unreadable_and_one_made_by_decoding_is_not() {
    for path in ["/%", "/%4", "/%4g", "/%g4", "/a%%41", "/%u0041"] {
        assert_eq!(Readings::of(path.as_bytes()).unwrap_err(), Unreadable, "{path}");
    }
    assert_eq!(others("/100%25"), set(&["/100%"]));
    assert_eq!(others("/50%25-off"), set(&["/50%-off"]));
}

#[test]
fn what_no_two_decoders_agree_on_is_unreadable() {
    for path in [
        "/%00",
        "/%2500",
        "/%c0%ae",
        "/%C1%81",
        "/%e0%80%af",
        "/%F0%80%80%af",
        "/%25c0%25af",
        "/%c0%2541%25ae%c0%ae",
    ] {
        assert_eq!(Readings::of(path.as_bytes()).unwrap_err(), Unreadable, "{path}");
    }
    for path in ["/%C3%A9", "/%e9", "/%F0%9F%98%80", "/%e0%a4%85"] {
        assert!(Readings::of(path.as_bytes()).is_ok(), "{path}");
    }
}

#[test]
fn too_many_readings_are_unreadable() {
    let path = "/a;x//..%2fb\\%5c.%2e%252f%3b;/./%253f";
    assert_eq!(Readings::of(path.as_bytes()).unwrap_err(), Unreadable);
}

#[test]
fn letters_outside_ascii_that_map_into_it_are_folded() {
    assert_eq!(&*folded("/\u{212a}e\u{17f}\u{130}\u{131}Z\u{e9}".as_bytes()), "/kesiiz\u{e9}".as_bytes());
    assert!(matches!(folded(b"/abc"), std::borrow::Cow::Borrowed(_)));
    // Every character whose lower or upper case begins with an ASCII letter is among them.
    for letter in
        ('\u{80}'..=char::MAX).filter(|c| c.to_lowercase().next().is_some_and(|l| l.is_ascii_alphabetic()))
    {
        assert!("\u{212a}\u{130}".contains(letter), "{letter:?} lower");
    }
    let alone = |c: &char| c.to_uppercase().count() == 1 && c.to_uppercase().all(|u| u.is_ascii_alphabetic());
    for letter in ('\u{80}'..=char::MAX).filter(alone) {
        assert!("\u{17f}\u{131}".contains(letter), "{letter:?} upper");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn readings_are_bounded_begin_with_a_slash_and_never_repeat_the_path(path in "/[a-c%25eE.;/\\\\ ]{0,40}") {
        if let Ok(readings) = Readings::of(path.as_bytes()) {
            prop_assert!(readings.0.len() <= MOST_READINGS);
            for text in readings.others() {
                prop_assert!(text.starts_with(b"/") && text.len() <= path.len());
            }
        }
    }
}
