use super::*;
use crate::config::raw::parse;
use std::path::Path;

/// The snippet of a mark on the `needle`, with every scalar hidden but those that `shown` begins.
fn snippet(text: &str, needle: &str, shown: &[&str]) -> Snippet {
    let mut sources = Sources::beside(Path::new("x"));
    let (id, _) = sources.take_main(Path::new("x"), text.as_bytes(), 1 << 20);
    let mut tree = parse::parse(text, id, 10_000, &mut Report::default()).unwrap();
    for node in tree.reachable() {
        if tree.view(node).text().is_some_and(|found| shown.contains(&found)) {
            tree.show(node);
        }
    }
    let start = text.find(needle).unwrap();
    let mark = Mark { line: 1, column: 1, start, end: start + needle.len() };
    Ink::of(&tree).snippet(text, mark).unwrap()
}

#[test]
fn a_scalar_is_hidden_unless_it_is_known_to_be_harmless() {
    let found = snippet("{a: harmless, b: secret, c: harmless}", "c:", &["harmless"]);
    assert_eq!(found.text, "{a: harmless, b: ***, c: harmless}");
    assert_eq!((found.start, found.width), (22, 2));
}

#[test]
fn comments_are_cut_but_a_number_sign_in_a_value_is_not() {
    let found = snippet("a: b#c # secret: d\n", "a", &["b#c"]);
    assert_eq!(found.text, "a: b#c");
}

#[test]
fn every_line_of_a_long_scalar_is_hidden() {
    let text = "a: |\n  secret one\n  secret two\nb: c\n";
    for needle in ["secret one", "secret two"] {
        let found = snippet(text, needle, &["c"]);
        assert!(!found.text.contains("secret"), "{found:?}");
    }
    assert_eq!(snippet(text, "b: c", &["c"]).text, "b: c");
}

#[test]
fn tabs_wide_characters_and_control_characters_keep_the_caret_in_place() {
    let found = snippet("\"ü\\u001b🎵\": \t x\u{202e}y\n", "x", &["x\u{202e}y"]);
    assert_eq!(found.text.chars().nth(found.start), Some('x'));
    assert!(!found.text.contains(['\u{202e}', '\t']));
}

#[test]
fn a_long_line_is_cut_around_the_caret() {
    let text = format!("[{}needle{}]", "1, ".repeat(20_000), ", 2".repeat(20_000));
    let start = text.find("needle").unwrap();
    let mut sources = Sources::beside(Path::new("x"));
    let (id, _) = sources.take_main(Path::new("x"), text.as_bytes(), 1 << 20);
    let tree = parse::parse(&text, id, 100_000, &mut Report::default()).unwrap();
    let mark = Mark { line: 1, column: 1, start, end: start + 6 };
    let found = Ink::of(&tree).snippet(&text, mark).unwrap();
    assert!(found.text.chars().count() <= WIDEST, "{}", found.text.len());
    assert!(found.start + found.width <= found.text.chars().count());
}

#[test]
fn a_line_that_was_not_understood_shows_its_key_only() {
    let of = |text: &str| outline(text, Mark { line: 1, column: 1, start: 0, end: 0 }).unwrap().text;
    assert_eq!(of("  - key: secret # comment"), "  - key: ***");
    assert_eq!(of("key:"), "key:");
    assert_eq!(of("  secret"), "  ***");
    assert_eq!(of("se:cret"), "***");
}

#[test]
fn the_end_of_the_text_is_a_place_too() {
    let text = "a: [b";
    let mark = Mark { line: 2, column: 1, start: text.len(), end: text.len() };
    assert!(outline(text, mark).is_some());
    assert!(outline("", Mark { line: 1, column: 1, start: 0, end: 0 }).is_some());
}

#[test]
fn errors_after_the_bound_still_refuse() {
    let mut report = Report::default();
    let mut sources = Sources::beside(Path::new("x"));
    let (id, _) = sources.take_main(Path::new("x"), b"", 1);
    for _ in 0..MOST + 10 {
        report.warn(Spot::file(id), Fault::new("a warning", ""));
    }
    assert!(!report.is_full() && !report.has_errors());
    for _ in 0..MOST + 10 {
        report.error(Spot::file(id), Fault::new("an error", ""));
    }
    assert!(report.is_full() && report.has_errors());
    let problems = report.into_problems(&sources, &[]);
    assert_eq!(problems.len(), 2 * MOST);
    assert!(problems.last().unwrap().hint.contains("first 200"));
}

#[test]
fn what_lies_within_something_shown_stays_hidden() {
    let ink = Ink {
        file: Sources::beside(Path::new("x")).take_main(Path::new("x"), b"", 1).0,
        ranges: vec![(0, 40, true), (3, 9, false), (20, 26, false)],
    };
    let text = "a: secret\n  b: c\n  secret d\n";
    for needle in ["a", "b", "d"] {
        let start = text.find(needle).unwrap();
        let found = ink.snippet(text, Mark { line: 1, column: 1, start, end: start + 1 }).unwrap();
        assert!(!found.text.contains("secret"), "{found:?}");
    }
}
