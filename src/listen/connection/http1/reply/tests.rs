use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::Response;
use http_body::Frame;
use http_body_util::{Empty, Full};

use super::*;

const GET: Asked = Asked { version: Version::HTTP_11, is_head: false };
const HEAD: Asked = Asked { version: Version::HTTP_11, is_head: true };
const OLD: Asked = Asked { version: Version::HTTP_10, is_head: false };

fn parts(status: u16, fields: &[(&str, &str)]) -> Parts {
    let mut response = Response::builder().status(status);
    for (name, value) in fields {
        response = response.header(*name, *value);
    }
    response.body(()).expect("a response").into_parts().0
}

fn written<B: Body<Data = Bytes>>(
    asked: Asked,
    mut parts: Parts,
    body: &B,
) -> Result<(String, Framing), Mismatch> {
    let mut out = b"left over".to_vec();
    let framing = write(&mut out, asked, &mut parts, body)?;
    Ok((String::from_utf8(out).expect("text"), framing))
}

/// A body whose length nobody knows.
struct Endless;

impl Body for Endless {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(None)
    }
}

#[test]
fn a_length_is_told_once_and_is_the_bodys() {
    let five = Full::new(Bytes::from_static(b"hello"));
    let told = written(GET, parts(200, &[("x-a", "1")]), &five);
    assert_eq!(
        told,
        Ok(("HTTP/1.1 200 OK\r\nx-a: 1\r\ncontent-length: 5\r\n\r\n".to_owned(), Framing::Length(5)))
    );
    let told = written(GET, parts(200, &[("content-length", "5")]), &five);
    assert_eq!(told, Ok(("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n".to_owned(), Framing::Length(5))));
    for lie in ["4", "6", "", "x", "5, 5"] {
        assert_eq!(written(GET, parts(200, &[("content-length", lie)]), &five), Err(Mismatch), "{lie:?}");
    }
}

#[test]
fn a_body_of_unknown_length_comes_in_chunks_or_until_the_close() {
    let told = written(GET, parts(200, &[]), &Endless);
    assert_eq!(
        told,
        Ok(("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_owned(), Framing::Chunked))
    );
    let told = written(OLD, parts(200, &[]), &Endless);
    assert_eq!(told, Ok(("HTTP/1.0 200 OK\r\n\r\n".to_owned(), Framing::Close)));
    assert_eq!(written(GET, parts(200, &[("content-length", "5")]), &Endless), Err(Mismatch));
}

#[test]
fn some_responses_have_no_body_whatever_their_head_says() {
    let five = Full::new(Bytes::from_static(b"hello"));
    for (asked, status) in [(HEAD, 200), (HEAD, 404), (GET, 204), (GET, 304), (GET, 101)] {
        let (head, framing) =
            written(asked, parts(status, &[("content-length", "9")]), &five).expect("written");
        assert_eq!(framing, Framing::None);
        assert!(head.ends_with("content-length: 9\r\n\r\n"), "{head}");
        let (head, _) = written(asked, parts(status, &[]), &Endless).expect("written");
        assert!(!head.contains("content-length") && !head.contains("transfer-encoding"), "{head}");
    }
    let empty = Empty::<Bytes>::new();
    let told = written(GET, parts(200, &[]), &empty);
    assert_eq!(told, Ok(("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".to_owned(), Framing::Length(0))));
}

#[test]
fn reasons_are_the_apps_own_the_usual_or_none() {
    let empty = Empty::<Bytes>::new();
    let mut own = parts(299, &[]);
    own.extensions.insert(ReasonPhrase::from_static(b"Fine"));
    assert!(written(GET, own, &empty).expect("written").0.starts_with("HTTP/1.1 299 Fine\r\n"));
    assert!(written(GET, parts(299, &[]), &empty).expect("written").0.starts_with("HTTP/1.1 299 \r\n"));
    assert!(
        written(GET, parts(404, &[]), &empty).expect("written").0.starts_with("HTTP/1.1 404 Not Found\r\n")
    );
}

#[test]
fn a_response_says_whether_it_is_the_last() {
    let close = parts(200, &[("connection", "close")]);
    assert!(is_last(&close.headers, Framing::Length(0)));
    assert!(is_last(&HeaderMap::new(), Framing::Close));
    assert!(!is_last(&HeaderMap::new(), Framing::Chunked));
}
