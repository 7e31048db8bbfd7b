use super::*;
use crate::forward::decoder::Decoded;

fn head(text: &str) -> Head {
    let bytes = Bytes::copy_from_slice(text.as_bytes());
    let (head, length) = read(&bytes, EXPECTED).expect("a head").expect("whole");
    assert_eq!(length, text.find("\r\n\r\n").expect("an end") + 4);
    for end in 0..length {
        assert!(matches!(read(&bytes.slice(..end), EXPECTED), Ok(None)), "{end}");
    }
    head
}

#[test]
fn a_head_is_read_as_it_stands() {
    for lead in ["", "\r\n"] {
        let found = head(&format!(
            "{lead}PURGE /a%2F?b=%20 HTTP/1.1\r\nHost: a\r\nX-Two: 1\r\nx-two:2 \r\nEmpty:\r\n\r\nGET"
        ));
        assert_eq!((found.parts.method.as_str(), found.parts.version), ("PURGE", Version::HTTP_11));
        assert_eq!(found.parts.uri, "/a%2F?b=%20");
        let two: Vec<_> = found.parts.headers.get_all("x-two").iter().collect();
        assert_eq!(two, ["1", "2"]);
        assert!(found.parts.headers["empty"].is_empty());
        assert_eq!(found.parts.headers.len(), 4);
        assert!(found.body.is_done());
        assert_eq!(found.wishes, Wishes::default());
    }
    assert_eq!(head("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n").parts.uri, "*");
}

#[test]
fn the_body_is_read_as_the_head_frames_it() {
    let found = head("POST / HTTP/1.1\r\nHost: a\r\ncontent-LENGTH: 12\r\n\r\n");
    assert_eq!(found.body.left(), Some(12));
    assert!(head("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n").body.is_done());
    let mut found = head("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    assert_eq!(found.body.left(), None);
    // No tolerance for callers: blanks behind a size are for apps only.
    assert!(matches!(found.body.decode(&mut Bytes::from_static(b"1 \r\nx\r\n0\r\n\r\n")), Decoded::Broken));
}

#[test]
fn what_the_caller_asks_of_the_connection_is_heard() {
    for (line, wishes) in [
        ("Expect: 100-Continue", Wishes { go_ahead: true, ..Wishes::default() }),
        ("TE: deflate, trailers", Wishes { trailers: true, ..Wishes::default() }),
        ("Connection: x, Close", Wishes { close: true, ..Wishes::default() }),
        ("Connection: closed", Wishes::default()),
        ("X-Expect: 100-continue", Wishes::default()),
    ] {
        assert_eq!(head(&format!("POST / HTTP/1.1\r\nHost: a\r\n{line}\r\n\r\n")).wishes, wishes, "{line}");
    }
    let old =
        head("POST / HTTP/1.0\r\nExpect: 100-continue\r\nConnection: keep-alive\r\nTE: trailers\r\n\r\n");
    assert_eq!(old.wishes, Wishes { close: true, ..Wishes::default() });
}

#[test]
fn what_the_tap_never_hands_on_is_no_head() {
    for text in [
        "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1 \r\nHost: a\r\n\r\n",
        "GET / HTTP/2.0\r\nHost: a\r\n\r\n",
        "GET /\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
        "GET / HTTP/1.1\r\n folded\r\n\r\n",
        "GET / HTTP/1.1\r\nContent-Length: +1\r\nContent-Length: x\r\n\r\n",
        "G\u{e9}T / HTTP/1.1\r\n\r\n",
    ] {
        assert!(matches!(read(&Bytes::copy_from_slice(text.as_bytes()), EXPECTED), Err(Unread)), "{text:?}");
    }
}
