use super::*;

fn line(fill: impl FnOnce(&mut Line<'_>)) -> String {
    let mut out = Vec::new();
    let mut line = Line::open(&mut out);
    fill(&mut line);
    line.close();
    String::from_utf8(out).unwrap()
}

fn parsed(text: &str) -> serde_json::Value {
    assert!(text.ends_with("}\n"), "{text}");
    assert_eq!(text.matches('\n').count(), 1, "one line: {text}");
    assert!(text.len() <= LONGEST_LINE, "{} bytes", text.len());
    serde_json::from_str(text).unwrap()
}

#[test]
fn a_line_is_one_json_object() {
    let text = line(|line| {
        line.text("a", "x").number("n", 3_u64).some("none", "");
    });
    assert_eq!(text, "{\"a\":\"x\",\"n\":3}\n");
}

#[test]
fn control_characters_ansi_and_bidi_stay_readable_and_harmless() {
    let evil =
        "a\r\nb\t\0\u{1b}[31m\u{7f}\u{85}\u{9b}\u{202e}\u{2066}\u{2028}\u{feff}\u{200b}\u{e0041}\"\\é漢";
    let text = line(|line| {
        line.text("v", evil);
    });
    assert_eq!(parsed(&text)["v"].as_str(), Some(evil), "nothing is lost");
    assert!(!text.trim_end().chars().any(is_treacherous), "{text}");
}

#[test]
fn long_values_are_cut_and_the_line_stays_json() {
    for filler in ["x", "\u{1b}", "\"", "漢", "\u{e0041}"] {
        let long = filler.repeat(64 * 1024);
        let text = line(|line| {
            for key in ["a", "b", "c", "d", "e", "f", "g", "h"] {
                line.text(key, &long);
            }
            line.number("n", u64::MAX).number("m", u64::MAX);
        });
        let value = parsed(&text);
        assert!(value["a"].as_str().unwrap().ends_with('…'), "marked as cut");
    }
}

#[test]
fn every_char_survives_or_is_escaped() {
    for letter in ('\0'..='\u{ffff}').chain('\u{e0000}'..='\u{e0100}') {
        let value = letter.to_string();
        let text = line(|line| {
            line.text("v", &value);
        });
        assert_eq!(parsed(&text)["v"].as_str(), Some(value.as_str()));
    }
}

#[test]
fn a_stamp_is_rfc_3339_with_milliseconds() {
    let mut stamp = Stamp::default();
    for at in [0, 1_795_255_200_123, 1_795_255_200_999, 1_795_255_201_000, -1] {
        let mut out = Vec::new();
        stamp.write(Wall(at), &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), Wall(at).rfc3339());
    }
}
