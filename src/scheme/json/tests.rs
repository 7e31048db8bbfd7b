use super::*;

fn find<'a>(path: &str, text: &'a str) -> Result<Vec<Cow<'a, str>>, Unfit> {
    Path::parse(path).unwrap().find(text.as_bytes())
}

fn one(path: &str, text: &str) -> Option<String> {
    find(path, text).unwrap().pop().map(Cow::into_owned)
}

#[test]
fn scalars_are_found_by_key_and_by_position() {
    let text = r#" { "a" : { "b" : [ 1, "x", {"c": true} ] }, "n": null, "0": "key" } "#;
    assert_eq!(one("a.b.0", text).as_deref(), Some("1"));
    assert_eq!(one("a.b.1", text).as_deref(), Some("x"));
    assert_eq!(one("a.b.2.c", text).as_deref(), Some("true"));
    assert_eq!(one("0", text).as_deref(), Some("key"));
    for absent in ["a.b.3", "a.x", "a.b.c", "n", "n.x", "a.b.1.x", "z"] {
        assert_eq!(one(absent, text), None, "{absent}");
    }
    assert_eq!(find("a", text), Err(Unfit), "an object is no scalar");
    assert_eq!(find("a.b", text), Err(Unfit), "nor is an array");
}

#[test]
fn numbers_keep_their_spelling() {
    for number in ["0", "-0", "1.50", "1e5", "-1.5E+10", "123456789012345678901234567890"] {
        assert_eq!(one("a", &format!("{{\"a\":{number}}}")).as_deref(), Some(number));
    }
    for bad in ["01", "1.", ".5", "+1", "1e", "--1", "0x1", "1_0", "NaN", "Infinity", "tru", "truee", "-", ""]
    {
        assert_eq!(find("a", &format!("{{\"a\":{bad}}}")), Err(Unfit), "{bad}");
    }
}

#[test]
fn strings_are_decoded_and_broken_ones_refused() {
    assert_eq!(one("a", r#"{"a":"\u0041\ud83d\ude00\n\"\\\/é"}"#).as_deref(), Some("A😀\n\"\\/é"));
    assert_eq!(one("a", r#"{"\u0061":"x"}"#).as_deref(), Some("x"));
    for bad in [r"\ud83d", r"\ude00", r"\ud83d\u0041", r"\x41", r"\u00", r"\u+041", "\n", "\u{0}"] {
        assert_eq!(find("a", &format!("{{\"a\":\"{bad}\"}}")), Err(Unfit), "{bad:?}");
        assert_eq!(find("a", &format!("{{\"x\":\"{bad}\"}}")), Err(Unfit), "also where it is only skipped");
    }
}

#[test]
fn a_key_on_the_path_stands_once_however_it_is_spelled() {
    for text in [
        r#"{"key":1,"key":1}"#,
        r#"{"key":1,"Key":1}"#,
        r#"{"KEY":1,"key":1}"#,
        r#"{"Key":1}"#,
        r#"{"key":1,"\u006Bey":1}"#,
        "{\"key\":1,\"\u{212A}ey\":1}",
    ] {
        assert_eq!(find("key", text), Err(Unfit), "{text}");
        assert_eq!(find("o.key", &format!("{{\"o\":{text}}}")), Err(Unfit), "{text}");
    }
    assert_eq!(
        one("key", r#"{"other":1,"other":2,"key":3}"#).as_deref(),
        Some("3"),
        "other keys are the app's"
    );
    assert_eq!(find("class", "{\"class\":1,\"cla\u{17F}s\":2}"), Err(Unfit));
}

#[test]
fn a_star_takes_every_element_or_none() {
    assert_eq!(find("v.*.s", r#"{"v":[{"s":"1"},{"s":"2"}]}"#).unwrap(), ["1", "2"]);
    assert_eq!(find("v.*", "{\"v\":[]}").unwrap(), [""; 0]);
    for text in [r#"{"v":[{"s":"1"},{}]}"#, r#"{"v":[{"s":"1"},null]}"#, r#"{"v":{"s":"1"}}"#, r#"{"v":"1"}"#]
    {
        assert_eq!(find("v.*.s", text), Err(Unfit), "{text}");
    }
}

#[test]
fn depth_is_bounded() {
    let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    assert!(find("a", &nested(DEEPEST)).is_ok());
    assert_eq!(find("a", &nested(DEEPEST + 1)), Err(Unfit));
    assert_eq!(find("a", &nested(100_000)), Err(Unfit));
}

#[test]
fn only_one_whole_text_is_read() {
    for bad in [
        "",
        " ",
        "{\"a\":1}{}",
        "{\"a\":1} x",
        "\u{feff}{\"a\":1}",
        "{\"a\":1",
        "{\"a\":1,}",
        "{a:1}",
        "[1,]",
        "{\"a\":1}\0",
    ] {
        assert_eq!(find("a", bad), Err(Unfit), "{bad:?}");
    }
    assert_eq!(Path::parse("a").unwrap().find(b"{\"a\":\"\xff\"}"), Err(Unfit));
}
