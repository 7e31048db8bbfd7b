use std::task::Waker;

use http::Request;
use http::request::Parts;
use tokio::io::AsyncReadExt;
use tokio::net::UnixStream;

use super::*;
use crate::base::clock;
use crate::forward::body::Broken;
use crate::forward::upload::{UpBody, Upload};
use crate::forward::upstream::bench::run;

fn parts(method: &str, target: &str, fields: &[(&str, &str)]) -> Parts {
    let mut request = Request::builder().method(method).uri(target);
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    request.body(()).expect("a request").into_parts().0
}

fn message(parts: &Parts, framing: Framing, body: UpBody, mut head: Vec<u8>) -> Outgoing<UpBody> {
    write_request_line(&mut head, &parts.method, &parts.uri);
    write_fields(&mut head, &parts.headers);
    head.extend_from_slice(b"\r\n");
    Outgoing::new(head, framing, body)
}

fn body(bytes: &'static [u8], trailers: Option<HeaderMap>) -> UpBody {
    UpBody::whole(Bytes::from_static(bytes), trailers, &Upload::new(clock::mono()))
}

fn trailers() -> HeaderMap {
    HeaderMap::from_iter([("x-sum".parse().expect("a name"), "7".parse().expect("a value"))])
}

/// Writes all of `request` to a socket and returns what comes out of it.
async fn written(mut request: Outgoing<UpBody>) -> Result<String, Unsound<Broken>> {
    let (near, mut far) = UnixStream::pair().expect("a pair of sockets");
    let mut socket = near;
    let sent = std::future::poll_fn(|cx| {
        loop {
            match ready!(request.poll_refill(cx)) {
                Ok(true) => assert!(ready!(request.poll_flush(&mut socket, cx)).is_ok()),
                Ok(false) => return Poll::Ready(Ok(())),
                Err(failure) => return Poll::Ready(Err(failure)),
            }
        }
    });
    sent.await?;
    assert!(request.is_done());
    drop(socket);
    let mut bytes = Vec::new();
    far.read_to_end(&mut bytes).await.expect("readable");
    Ok(String::from_utf8(bytes).expect("text"))
}

#[test]
fn head_and_body_are_written_as_they_are() {
    run(async {
        for (framing, body, wire) in [
            (Framing::None, body(b"", None), ""),
            (Framing::Length(5), body(b"hello", None), "hello"),
            (Framing::Length(5), body(b"hello", Some(trailers())), "hello"),
            (Framing::Chunked, body(b"hello, world!", None), "d\r\nhello, world!\r\n0\r\n\r\n"),
            (Framing::Chunked, body(b"hello", Some(trailers())), "5\r\nhello\r\n0\r\nx-sum: 7\r\n\r\n"),
            (Framing::Chunked, body(b"", None), "0\r\n\r\n"),
        ] {
            let parts = parts("POST", "/a?b", &[("host", "app"), ("x-two", "1"), ("x-two", "2")]);
            let sent = written(message(&parts, framing, body, Vec::new())).await;
            let head = "POST /a?b HTTP/1.1\r\nhost: app\r\nx-two: 1\r\nx-two: 2\r\n\r\n";
            assert_eq!(sent, Ok(format!("{head}{wire}")), "{framing:?}");
        }
    });
}

#[test]
fn a_target_is_never_empty() {
    run(async {
        for (target, line) in [("*", "*"), ("/?", "/?"), ("http://app", "/"), ("http://app?q", "/?q")] {
            let request = message(&parts("OPTIONS", target, &[]), Framing::None, body(b"", None), Vec::new());
            assert_eq!(written(request).await, Ok(format!("OPTIONS {line} HTTP/1.1\r\n\r\n")));
        }
    });
}

#[test]
fn a_body_that_is_not_what_was_declared_is_never_whole() {
    run(async {
        for (framing, failure) in [
            (Framing::Length(4), Unsound::TooLong),
            (Framing::Length(6), Unsound::TooShort),
            (Framing::Length(u64::MAX), Unsound::TooShort),
        ] {
            let request = message(&parts("POST", "/", &[]), framing, body(b"hello", None), Vec::new());
            assert_eq!(written(request).await, Err(failure), "{framing:?}");
        }
    });
}

#[test]
fn a_request_can_be_begun_again() {
    run(async {
        let mut request =
            message(&parts("PUT", "/", &[]), Framing::Length(5), body(b"hello", None), Vec::new());
        let quiet = &mut Context::from_waker(Waker::noop());
        assert!(matches!(request.poll_refill(quiet), Poll::Ready(Ok(true))));
        request.advance(21);
        assert!(request.has_begun() && !request.is_done());
        let again = request.again(body(b"hello", None));
        assert!(!again.has_begun());
        assert_eq!(written(again).await, Ok("PUT / HTTP/1.1\r\n\r\nhello".to_owned()));
    });
}

#[test]
fn a_piece_is_never_lost_to_the_next() {
    let quiet = &mut Context::from_waker(Waker::noop());
    let chunked =
        |bytes| message(&parts("PUT", "/", &[]), Framing::Chunked, body(bytes, Some(trailers())), Vec::new());
    let mut small = chunked(b"hello");
    let mut large = chunked(&[b'x'; 0x500]);
    for _ in 0..3 {
        assert!(matches!(small.poll_refill(quiet), Poll::Ready(Ok(true))));
        assert!(small.head.rest().ends_with(b" HTTP/1.1\r\n\r\n5\r\nhello\r\n"));
        assert!(small.before.rest().is_empty() && small.piece.is_empty());
        assert!(matches!(large.poll_refill(quiet), Poll::Ready(Ok(true))));
        assert_eq!((large.piece.len(), large.before.rest()), (0x500, &b"500\r\n"[..]));
    }
}

#[test]
fn room_is_used_again_unless_it_is_large() {
    let mut small = message(&parts("GET", "/", &[]), Framing::None, body(b"", None), Vec::with_capacity(100));
    small.shrink();
    assert!(small.take_room().capacity() >= 100);
    let mut large =
        message(&parts("GET", "/", &[]), Framing::None, body(b"", None), Vec::with_capacity(9000));
    large.shrink();
    assert_eq!(large.take_room().capacity(), 0);
}
