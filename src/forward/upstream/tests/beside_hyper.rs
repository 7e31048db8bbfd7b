//! The same answers read by our client and by hyper's: what ours takes for whole, hyper does, and reads the same.

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Version};
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::TokioIo;
use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::super::bench::run;
use super::super::{decoder_of, head};
use crate::base::request_id::RequestIds;
use crate::check::Upgrade;
use crate::forward::decoder::Decoded;
use crate::forward::response::{self, Follows, Question};

/// An answer as a reader understood it.
#[derive(Debug, PartialEq, Eq)]
struct Understood {
    status: u16,
    /// Fields that are neither of the connection nor of the framing.
    fields: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
}

fn fields(headers: &HeaderMap) -> Vec<(String, Vec<u8>)> {
    let kept = headers.iter().filter(|(name, _)| name.as_str().starts_with("x-own"));
    let mut kept: Vec<_> = kept.map(|(name, value)| (name.to_string(), value.as_bytes().to_vec())).collect();
    kept.sort();
    kept
}

/// Ours; `None` for anything but a whole answer.
fn ours(wire: &[u8], method: &Method) -> Option<Understood> {
    let mut inbox = Bytes::copy_from_slice(wire);
    let mut parts = loop {
        let (parts, length) = head::read(&inbox).ok()??;
        inbox = inbox.slice(length..);
        if !parts.status.is_informational() {
            break parts;
        }
        if parts.status == 101 {
            return None;
        }
    };
    let id = RequestIds::new(1, 2).next_id();
    let question = Question { method, upgrade: Upgrade::None, id: &id };
    let follows = response::clean(&mut parts, question).ok()?;
    let mut body = Vec::new();
    if let Follows::Body(framing) = follows {
        let mut decoder = decoder_of(framing);
        loop {
            match decoder.decode(&mut inbox) {
                Decoded::Data(piece) => body.extend_from_slice(&piece),
                Decoded::Trailers(_) | Decoded::End => break,
                Decoded::More if decoder.close() => break,
                Decoded::More | Decoded::Broken => return None,
            }
        }
    }
    Some(Understood { status: parts.status.as_u16(), fields: fields(&parts.headers), body })
}

/// hyper's client, with the app closing behind its answer.
async fn hypers(wire: &[u8], method: &Method) -> Option<Understood> {
    let (near, mut far) = tokio::io::duplex(1 << 16);
    let (mut sender, connection) = hyper::client::conn::http1::Builder::new()
        .max_buf_size(32 * 1024)
        .handshake(TokioIo::new(near))
        .await
        .ok()?;
    tokio::task::spawn_local(async move {
        // How it ends shows in the answer.
        let _ = connection.await;
    });
    let wire = wire.to_vec();
    tokio::task::spawn_local(async move {
        let mut request = [0; 1024];
        let _ = far.read(&mut request).await;
        let _ = far.write_all(&wire).await;
        let _ = far.shutdown().await;
        // Kept open for reading, so that only the answer decides.
        while far.read(&mut request).await.is_ok_and(|read| read > 0) {}
    });
    let request = Request::builder().method(method).uri("/").version(Version::HTTP_11).header("host", "app");
    let answer = sender.send_request(request.body(Empty::<Bytes>::new()).ok()?).await.ok()?;
    let (parts, body) = answer.into_parts();
    let body = body.collect().await.ok()?.to_bytes().to_vec();
    Some(Understood { status: parts.status.as_u16(), fields: fields(&parts.headers), body })
}

/// Pieces of which answers are put together, sound and not.
fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        5 => (0u8..4, "[ -~]{0,8}").prop_map(|(n, value)| format!("X-Own-{n}: {value}\r\n")),
        2 => (0u64..12).prop_map(|n| format!("Content-Length: {n}\r\n")),
        2 => Just("Transfer-Encoding: chunked\r\n".to_owned()),
        1 => prop::sample::select(vec![
            "Transfer-Encoding: gzip, chunked\r\n", "Transfer-Encoding: identity\r\n", "transfer-encoding : chunked\r\n",
            "Content-Length: +3\r\n", "Content-Length: 3, 3\r\n", "Content-Length:\r\n", "Connection: close\r\n",
            "Connection: keep-alive\r\n", " folded\r\n", "X-Own-9: a\n", "X-Own: \u{e9}\r\n", "Upgrade: h2c\r\n", "Trailer: x\r\n",
            "HTTP/1.1 200 OK\r\n", "\n", "\r\n",
        ]).prop_map(str::to_owned),
    ]
}

fn body() -> impl Strategy<Value = String> {
    let chunk = prop::sample::select(vec![
        "5\r\nhello\r\n",
        "0\r\n\r\n",
        "2;x=y\r\nhi\r\n",
        "1 \r\nx\r\n",
        "0\r\nx-own: 1\r\n\r\n",
        "A\r\n0123456789\r\n",
        "5\r\nhell",
        "ZZ\r\n",
        "\r\n",
        "5\nhello\n",
        "00000000000000001\r\nx\r\n",
        "hello",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    ]);
    prop::collection::vec(chunk, 0..4).prop_map(|parts| parts.concat())
}

fn wire() -> impl Strategy<Value = String> {
    let start = prop::sample::select(vec![
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.0 200 OK\r\n",
        "HTTP/1.1 204 No Content\r\n",
        "HTTP/1.1 304 Not Modified\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\n",
        "HTTP/1.1 599 \r\n",
        "HTTP/1.1 101 Switching Protocols\r\n",
        "HTTP/1.1 1000 X\r\n",
        "HTTP/2 200 OK\r\n",
    ]);
    let noise = prop::option::weighted(0.3, (any::<prop::sample::Index>(), 0u8..128));
    (start, prop::collection::vec(line(), 0..4), body(), noise).prop_map(|(start, lines, body, noise)| {
        let mut wire = format!("{start}{}\r\n{body}", lines.concat()).into_bytes();
        if let Some((at, byte)) = noise {
            let at = at.index(wire.len());
            wire[at] = byte;
        }
        String::from_utf8_lossy(&wire).into_owned()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn what_we_take_for_whole_hyper_does_too(wire in wire(), head in any::<bool>()) {
        let method = if head { Method::HEAD } else { Method::GET };
        if let Some(ours) = ours(wire.as_bytes(), &method) {
            prop_assert_eq!(run(hypers(wire.as_bytes(), &method)), Some(ours), "{:?}", wire);
        }
    }
}

#[test]
fn sound_answers_are_understood_alike() {
    for (wire, whole) in [
        ("HTTP/1.1 200 OK\r\nX-Own: 1\r\nContent-Length: 5\r\n\r\nhello", true),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nx-own: 2\r\n\r\n",
            true,
        ),
        ("HTTP/1.1 200 OK\r\n\r\nuntil the end", true),
        ("HTTP/1.1 103 Early\r\nX-Own: 0\r\n\r\nHTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n", true),
        ("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello", false),
    ] {
        let found = ours(wire.as_bytes(), &Method::GET);
        assert_eq!(found.is_some(), whole, "{wire:?}");
        assert_eq!(run(hypers(wire.as_bytes(), &Method::GET)), found, "{wire:?}");
    }
}
