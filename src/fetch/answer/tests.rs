use http::StatusCode;

use super::{Answer, MOST_BYTES, Step};
use crate::fetch::get::Failed;

/// Reads `text` in pieces of this size; the connection is closed behind it.
fn read(text: &[u8], piece: usize) -> Result<Vec<u8>, Failed> {
    let mut answer = Answer::default();
    for piece in text.chunks(piece) {
        if answer.take(piece)? == Step::Whole {
            return Ok(answer.into_body());
        }
    }
    answer.close()
}

#[test]
fn every_framing_gives_the_body_whatever_the_pieces() {
    for text in [
        &b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"[..],
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
        b"HTTP/1.0 200 OK\r\n\r\nhello",
        b"HTTP/1.1 200 \r\ncontent-LENGTH:5\r\n\r\nhello",
    ] {
        for piece in [1, 2, 3, 7, 1000] {
            assert_eq!(read(text, piece).unwrap(), b"hello", "{piece}");
        }
    }
    assert_eq!(read(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 9).unwrap(), b"");
}

#[test]
fn what_is_cut_ambiguous_or_broken_is_no_answer() {
    for text in [
        &b""[..],
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello!",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5,5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\nhello\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\nhello",
        b"HTTP/2 200 OK\r\n\r\nhello",
        b"hello",
    ] {
        let text_of = String::from_utf8_lossy(text);
        assert!(matches!(read(text, 1000), Err(Failed::Http(_))), "{text_of}");
    }
}

#[test]
fn another_status_a_coding_and_too_many_bytes_are_refused() {
    let redirect = b"HTTP/1.1 302 Found\r\nLocation: https://x/\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(read(redirect, 9), Err(Failed::Status(StatusCode::FOUND)));
    let interim = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(read(interim, 9), Err(Failed::Status(StatusCode::CONTINUE)));
    let coded = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(read(coded, 9), Err(Failed::Coded));
    let huge = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", MOST_BYTES + 1);
    assert_eq!(read(huge.as_bytes(), 9), Err(Failed::TooLarge), "before a byte of it came");
    for head in ["HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n80000\r\n"]
    {
        let text = [head.as_bytes(), &vec![b'x'; MOST_BYTES + 1]].concat();
        assert_eq!(read(&text, 4096), Err(Failed::TooLarge));
    }
    let long = [&b"HTTP/1.1 200 OK\r\nX: "[..], &vec![b'x'; 20 << 10]].concat();
    assert!(matches!(read(&long, 4096), Err(Failed::Http(_))));
}
