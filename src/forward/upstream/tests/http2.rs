use std::cell::RefCell;
use std::rc::Rc;

use bytes::Bytes;
use h2::Reason;
use http::{HeaderMap, Request, Version};

use super::super::bench::{App, Bodies, Gate, eventually, run};
use super::OK;

/// An app that keeps the bodies it got; `None` for one that broke off.
async fn keeping_app(kept: &Rc<RefCell<Vec<Option<String>>>>) -> App {
    let kept = Rc::clone(kept);
    App::start(move |mut session| {
        let kept = Rc::clone(&kept);
        async move {
            while session.head().await.is_some() {
                let body = session.body().await.map(|body| String::from_utf8(body).unwrap());
                let whole = body.is_some();
                kept.borrow_mut().push(body);
                if !whole {
                    break;
                }
                session.say(OK).await;
            }
        }
    })
    .await
}

fn request(method: &str) -> Request<()> {
    let request = Request::builder().method(method).version(Version::HTTP_2);
    request.uri("http://app.example/x?y").body(()).unwrap()
}

async fn answer(response: h2::client::ResponseFuture) -> (u16, Bytes) {
    let response = response.await.unwrap();
    let status = response.status().as_u16();
    let mut body = response.into_body();
    let bytes = body.data().await.transpose().unwrap().unwrap_or_default();
    (status, bytes)
}

#[test]
fn a_body_without_length_arrives_in_chunks_whatever_the_method() {
    for (method, bodies) in [
        ("POST", Bodies::Streamed),
        ("GET", Bodies::Streamed),
        ("DELETE", Bodies::Streamed),
        ("POST", Bodies::Whole),
    ] {
        run(async move {
            let kept = Rc::default();
            let app = keeping_app(&kept).await;
            let gate = app.gate();
            gate.bodies.set(bodies);
            let mut client = gate.client2().await;
            let (response, mut stream) = client.send_request(request(method), false).unwrap();
            stream.send_data(Bytes::from_static(b"abc"), false).unwrap();
            stream.send_data(Bytes::from_static(b"de"), true).unwrap();
            assert_eq!(answer(response).await, (200, Bytes::from_static(b"hi")));
            let body = kept.borrow()[0].clone().unwrap();
            match bodies {
                Bodies::Streamed => assert!(body.ends_with("\r\n0\r\n\r\n"), "{body:?}"),
                Bodies::Whole => assert_eq!(body, "abcde"),
            }
            assert!(app.head(0).contains("host: app.example\r\n"), "{}", app.head(0));
            assert!(app.head(0).starts_with(&format!("{method} /x?y HTTP/1.1\r\n")), "{}", app.head(0));
        });
    }
}

#[test]
fn trailers_reach_the_app_when_they_were_announced() {
    for bodies in [Bodies::Streamed, Bodies::Whole] {
        run(async move {
            let kept = Rc::default();
            let app = keeping_app(&kept).await;
            let gate = app.gate();
            gate.bodies.set(bodies);
            let mut client = gate.client2().await;
            let mut request = request("POST");
            request.headers_mut().insert("trailer", "x-sum".parse().unwrap());
            let (response, mut stream) = client.send_request(request, false).unwrap();
            stream.send_data(Bytes::from_static(b"abc"), false).unwrap();
            let mut trailers = HeaderMap::new();
            trailers.insert("x-sum", "3".parse().unwrap());
            trailers.insert("x-sidegate-roles", "admin".parse().unwrap());
            stream.send_trailers(trailers).unwrap();
            assert_eq!(answer(response).await.0, 200);
            let body = kept.borrow()[0].clone().unwrap();
            assert_eq!(body, "3\r\nabc\r\n0\r\nx-sum: 3\r\n\r\n");
        });
    }
}

#[test]
fn a_stream_that_is_reset_never_becomes_a_complete_request() {
    for reason in [Reason::NO_ERROR, Reason::CANCEL, Reason::INTERNAL_ERROR] {
        run(async move {
            let kept = Rc::default();
            let app = keeping_app(&kept).await;
            let gate = app.gate();
            let mut client = gate.client2().await;
            let (_response, mut stream) = client.send_request(request("POST"), false).unwrap();
            stream.send_data(Bytes::from_static(b"half"), false).unwrap();
            eventually(|| !app.heads.borrow().is_empty()).await;
            stream.send_reset(reason);
            eventually(|| !kept.borrow().is_empty()).await;
            assert_eq!(kept.borrow()[0], None, "{reason:?}");
            eventually(|| gate.observer.in_flight() == 0).await;
            assert_eq!(gate.told("allow", "ok"), 0);
        });
    }
}

#[test]
fn an_answer_that_breaks_off_resets_its_stream() {
    run(async {
        let app = App::start(|mut session| async move {
            session.request().await;
            session.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n").await;
            tokio::time::sleep(std::time::Duration::from_millis(30)).await;
        })
        .await;
        let gate: Rc<Gate> = app.gate();
        let mut client = gate.client2().await;
        let (response, _) = client.send_request(request("GET"), true).unwrap();
        let mut body = response.await.unwrap().into_body();
        assert_eq!(body.data().await.unwrap().unwrap(), "half");
        assert!(body.data().await.unwrap().is_err());
    });
}

#[test]
fn answers_lose_what_belongs_to_http1() {
    run(async {
        let app = App::answering(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: x-hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\n\
             Trailer: x-sum\r\n\r\n2\r\nhi\r\n0\r\nx-sum: 7\r\n\r\n",
        )
        .await;
        let gate = app.gate();
        let mut client = gate.client2().await;
        let (response, _) = client.send_request(request("GET"), true).unwrap();
        let response = response.await.unwrap();
        for gone in ["transfer-encoding", "connection", "x-hop", "keep-alive"] {
            assert!(!response.headers().contains_key(gone), "{gone}");
        }
        let mut body = response.into_body();
        assert_eq!(body.data().await.unwrap().unwrap(), "hi");
        assert!(body.data().await.is_none());
        assert_eq!(body.trailers().await.unwrap().unwrap()["x-sum"], "7");
        eventually(|| gate.observer.in_flight() == 0).await;
    });
}
