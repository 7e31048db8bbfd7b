use bytes::Bytes;
use proptest::prelude::*;

use super::*;

fn parts(text: &str) -> Parts {
    let (parts, length) = read(&Bytes::copy_from_slice(text.as_bytes())).expect("a head").expect("whole");
    assert_eq!(length, text.find("\r\n\r\n").expect("an end") + 4);
    parts
}

#[test]
fn a_head_is_read_as_it_stands() {
    let found = parts(
        "HTTP/1.1 299 Fine Enough\r\nSet-Cookie: a=1\r\nset-cookie:b=2 \r\nX-Bytes: \u{e9}\r\nEmpty:\r\n\r\nrest",
    );
    assert_eq!((found.status.as_u16(), found.version), (299, Version::HTTP_11));
    let cookies: Vec<_> = found.headers.get_all("set-cookie").iter().collect();
    assert_eq!(cookies, ["a=1", "b=2"]);
    assert_eq!(found.headers["x-bytes"].as_bytes(), "\u{e9}".as_bytes());
    assert!(found.headers["empty"].is_empty());
    let reason = found.extensions.get::<hyper::ext::ReasonPhrase>().expect("a reason of its own");
    assert_eq!(reason.as_bytes(), b"Fine Enough");
    assert!(parts("HTTP/1.1 200 OK\r\n\r\n").extensions.is_empty());
    assert!(parts("HTTP/1.1 200\r\n\r\n").extensions.is_empty());
}

#[test]
fn a_part_of_a_head_is_awaited() {
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n";
    for end in 1..head.len() {
        assert_eq!(
            read(&Bytes::copy_from_slice(&head.as_bytes()[..end])).map(|found| found.is_none()),
            Ok(true),
            "{end}"
        );
    }
}

#[test]
fn what_is_no_head_is_malformed() {
    for text in [
        "220 mail.example ESMTP\r\n",
        "HTTP/2 200 OK\r\n\r\n",
        "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/1.1 099 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\n folded: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\na: b\r\n c\r\n\r\n",
        "HTTP/1.1 200 OK\r\nbad name: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nname : x\r\n\r\n",
        "HTTP/1.1 200 OK\r\n: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\na: \0\r\n\r\n",
        "HTTP/1.1 200 OK\r\na: b\rc\r\n\r\n",
    ] {
        assert_eq!(read(&Bytes::copy_from_slice(text.as_bytes())).map(|_| ()), Err(Malformed), "{text:?}");
    }
    let crowded = format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(FIELDS + 1));
    assert_eq!(read(&crowded.into()).map(|_| ()), Err(Malformed));
    let full = format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(FIELDS));
    assert_eq!(read(&full.into()).expect("a head").expect("whole").0.headers.len(), FIELDS);
}

#[test]
fn only_an_answer_of_today_that_says_nothing_else_keeps_its_connection() {
    for (head, open) in [
        ("HTTP/1.1 200 OK\r\n\r\n", true),
        ("HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n\r\n", true),
        ("HTTP/1.1 200 OK\r\nConnection: closed\r\n\r\n", true),
        ("HTTP/1.1 200 OK\r\nConnection: x, Close\r\n\r\n", false),
        ("HTTP/1.1 200 OK\r\nConnection: x\r\nConnection: close\r\n\r\n", false),
        ("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\n", false),
    ] {
        assert_eq!(keeps_open(&parts(head)), open, "{head:?}");
    }
}

#[test]
fn trailers_end_with_an_empty_line() {
    let section = Bytes::from_static(b"x-sum: 7\r\n\r\nHTTP/1.1");
    let (found, length) = read_trailers(&section).expect("trailers").expect("whole");
    assert_eq!((found["x-sum"].as_bytes(), length), (&b"7"[..], 12));
    assert_eq!(read_trailers(&Bytes::from_static(b"\r\n")), Ok(Some((HeaderMap::new(), 2))));
    assert_eq!(read_trailers(&Bytes::from_static(b"x-sum: 7\r\n")), Ok(None));
    assert_eq!(read_trailers(&Bytes::from_static(b"x sum: 7\r\n\r\n")), Err(Malformed));
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200), sound in any::<bool>()) {
        let mut text = if sound { b"HTTP/1.1 200 OK\r\n".to_vec() } else { Vec::new() };
        text.extend(bytes);
        text.extend(b"\r\n\r\n");
        let text = Bytes::from(text);
        if let Ok(Some((parts, length))) = read(&text) {
            prop_assert!(length <= text.len());
            prop_assert!(parts.headers.values().all(|value| !value.as_bytes().contains(&b'\n')));
        }
        let _ = read_trailers(&text);
    }
}
