use super::*;

fn text(text: &str) -> Part {
    Part::Text(text.as_bytes().to_vec())
}

fn field(what: What) -> Part {
    Part::Field(Field { what, filters: Vec::new(), optional: false, fence: Fence::default() })
}

#[test]
fn doubled_braces_and_brackets_are_text() {
    assert_eq!(parse("{{{body}}}").unwrap(), [text("{"), field(What::Body), text("}")]);
    assert_eq!(parse("[[{body}]]").unwrap(), [text("["), field(What::Body), text("]")]);
    assert_eq!(parse("a{{}}b").unwrap(), [text("a{}b")]);
}

#[test]
fn filters_apply_from_left_to_right() {
    let parts = parse("{body|sha256raw|sha256hex}").unwrap();
    let Part::Field(field) = &parts[0] else { panic!() };
    assert_eq!(field.filters, [Filter::Sha256Raw, Filter::Sha256Hex]);
    let body =
        |filter: Filter, text: &str| filter.apply(Cow::Owned(text.as_bytes().to_vec())).map(Cow::into_owned);
    assert_eq!(body(Filter::Lower, "AbÉ"), Some("abÉ".as_bytes().to_vec()));
    assert_eq!(body(Filter::Json, "a\"\n\u{1}é"), Some("\"a\\\"\\n\\u0001é\"".as_bytes().to_vec()));
    assert_eq!(Filter::Json.apply(Cow::Borrowed(b"\xff")), None);
    assert_eq!(body(Filter::Crc32, "123456789"), Some(b"3421780262".to_vec()));
    let hex = b"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad".to_vec();
    assert_eq!(body(Filter::Sha256Hex, "abc"), Some(hex));
}

#[test]
fn optional_segments_hold_parts() {
    let inside = vec![text("a="), field(What::At(Locator::parse("header:a").unwrap())), text(";")];
    assert_eq!(parse("[a={header:a};]x").unwrap(), [Part::Optional(inside), text("x")]);
}

#[test]
fn ids_are_of_one_shape() {
    assert!(is_id(b"msg_2KWPBgLlAfxdpx2AI54pPJ85f4W") && is_id(&[b'a'; 128]));
    for bad in [&b""[..], b"a.b", b"a b", b"a/b", b"\xc3\xa9", &[b'a'; 129]] {
        assert!(!is_id(bad));
    }
}
