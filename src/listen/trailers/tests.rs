use super::{TrailerScanner, Trailers};

fn trailers(bytes: &[u8]) -> Trailers {
    TrailerScanner::default().scan(bytes)
}

#[test]
fn a_trailer_section_ends_with_an_empty_line() {
    for section in ["\r\n", "X-Checksum: abc\r\n\r\n", "A: b\r\nC:\r\n\r\n"] {
        assert_eq!(trailers(section.as_bytes()), Trailers::Whole(section.len()), "{section:?}");
        assert_eq!(
            trailers(format!("{section}GET").as_bytes()),
            Trailers::Whole(section.len()),
            "{section:?}"
        );
        for end in 0..section.len() {
            assert_eq!(trailers(&section.as_bytes()[..end]), Trailers::Partial, "{section:?} to {end}");
        }
    }
}

#[test]
fn trailers_that_should_have_come_early_or_are_malformed_break_the_body() {
    for field in [
        "Transfer-Encoding: chunked",
        "Content-Length: 5",
        "content_length: 5",
        "HOST: a",
        "Authorization: x",
        "Cookie: a=b",
        "Connection: close",
        "X-Forwarded-For: 1.2.3.4",
        "x_forwarded_host: a",
        "Forwarded: for=1",
        "X-Auth-User: root",
        "X-Real-IP: 1",
        "X-API-Key: k",
        "TE: gzip",
        "Trailer: x",
        "Expect: 100-continue",
        "Upgrade: h2c",
        "X-HTTP-Method-Override: PUT",
        "X-Original-URL: /",
        "Bad Name: x",
        "X : y",
        " folded: x",
        "X: a\nY: b",
        "X: \0",
        "nocolon",
        "\nX: y",
    ] {
        assert_eq!(trailers(format!("{field}\r\n\r\n").as_bytes()), Trailers::Broken, "{field:?}");
        assert_eq!(trailers(format!("A: b\r\n{field}\r\n\r\n").as_bytes()), Trailers::Broken, "{field:?}");
    }
}

#[test]
fn a_trailer_section_is_bounded_in_fields_and_bytes() {
    assert!(matches!(trailers(format!("{}\r\n", "A:\r\n".repeat(64)).as_bytes()), Trailers::Whole(_)));
    assert_eq!(trailers("A:\r\n".repeat(65).as_bytes()), Trailers::Broken);
    assert!(matches!(trailers(format!("A: {}\r\n\r\n", "x".repeat(8187)).as_bytes()), Trailers::Whole(_)));
    assert_eq!(trailers(format!("A: {}\r\n\r\n", "x".repeat(8188)).as_bytes()), Trailers::Broken);
    assert_eq!(trailers(format!("A: {}", "x".repeat(8190)).as_bytes()), Trailers::Broken);
}
