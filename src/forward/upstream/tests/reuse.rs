use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request};
use tokio::io::AsyncWriteExt;
use tokio::sync::Notify;
use tokio::task::spawn_local;

use super::super::Link;
use super::super::bench::{App, Bodies, Gate, eventually, read_until, run, upstream};
use super::{GET, OK, POST, status};
use crate::base::clock;
use crate::check::{Payload, Upgrade};
use crate::forward::in_flight::Sent;
use crate::forward::pool::Risk;
use crate::forward::upstream::Care;

#[test]
fn connections_are_used_again() {
    run(async {
        let app = App::answering(OK).await;
        let gate = app.gate();
        for _ in 0..3 {
            assert_eq!(status(&gate.ask(GET).await), "200");
            assert_eq!(status(&gate.ask(POST).await), "200");
        }
        assert_eq!(app.accepted.get(), 1);
    });
}

#[test]
fn a_connection_the_app_closed_is_noticed_before_it_is_used() {
    run(async {
        let app = App::start(|mut session| async move {
            session.request().await;
            session.say(OK).await;
        })
        .await;
        let gate = app.gate();
        for request in [GET, POST, POST, GET, POST] {
            assert_eq!(status(&gate.ask(request).await), "200");
        }
        assert_eq!(app.accepted.get(), 5);
    });
}

/// An app that answers one request after the other; the connection of this number leaves after its first one when told.
async fn leaving_app(leaver: usize, leave: &Rc<Notify>) -> App {
    let leave = Rc::clone(leave);
    App::start(move |mut session| {
        let leave = Rc::clone(&leave);
        async move {
            session.request().await;
            // The second to come is the last to rest.
            tokio::time::sleep(Duration::from_millis(10 + 20 * session.number as u64)).await;
            session.say(OK).await;
            if session.number == leaver {
                leave.notified().await;
                return;
            }
            while session.request().await.is_some() {
                session.say(OK).await;
            }
        }
    })
    .await
}

/// A request of no bytes, for which a connection was chosen, and which lets others be judged first.
async fn yielding(gate: &Gate, method: &Method) -> Pin<Box<dyn Future<Output = Sent>>> {
    let request = Request::builder().method(method).uri("/").header("host", "app");
    let parts = request.body(()).unwrap().into_parts().0;
    let payload = Payload::Whole { bytes: Bytes::new(), trailers: None };
    let judged = gate.judged(parts, payload, Upgrade::None);
    let mut flight: Pin<Box<dyn Future<Output = Sent>>> = Box::pin(gate.forwarder.fly(judged, &gate.target));
    assert!(poll_fn(|cx| Poll::Ready(flight.as_mut().poll(cx).is_pending())).await);
    flight
}

#[test]
fn a_connection_the_app_closes_while_others_are_judged_carries_nothing() {
    for (method, idle) in [(Method::GET, 1), (Method::POST, 1), (Method::GET, 2), (Method::POST, 2)] {
        run(async move {
            let leave = Rc::new(Notify::new());
            let app = leaving_app(idle - 1, &leave).await;
            let gate = app.gate();
            let asks = (0..idle).map(|_| {
                let gate = Rc::clone(&gate);
                spawn_local(async move { gate.ask(GET).await })
            });
            for ask in asks.collect::<Vec<_>>() {
                assert_eq!(status(&ask.await.unwrap()), "200");
            }
            let flight = yielding(&gate, &method).await;
            leave.notify_one();
            tokio::time::sleep(Duration::from_millis(30)).await;
            assert_eq!(app.heads.borrow().len(), idle, "nothing was sent yet");
            assert!(matches!(flight.await, Sent::Response(response) if response.status() == 200), "{method}");
            // By the other idle one, where there is one.
            assert_eq!((app.accepted.get(), app.heads.borrow().len()), (2, idle + 1), "{method}");
        });
    }
}

#[test]
fn a_connection_that_grows_old_while_others_are_judged_carries_no_post() {
    for (method, connections) in [(Method::GET, 1), (Method::POST, 2)] {
        run(async move {
            let app = App::answering(OK).await;
            let gate = app.gate();
            assert_eq!(status(&gate.ask(GET).await), "200");
            let flight = yielding(&gate, &method).await;
            tokio::time::sleep(Duration::from_millis(520)).await;
            assert!(matches!(flight.await, Sent::Response(response) if response.status() == 200), "{method}");
            assert_eq!(app.accepted.get(), connections, "{method}");
        });
    }
}

/// An app whose first connection answers once and then takes one more request without answering.
async fn dying_app() -> App {
    App::start(|mut session| async move {
        session.request().await;
        session.say(OK).await;
        if session.request().await.is_some() && session.number == 0 {
            return;
        }
        session.say(OK).await;
    })
    .await
}

#[test]
fn an_idempotent_request_survives_a_connection_that_dies_under_it() {
    run(async {
        let app = dying_app().await;
        let gate = app.gate();
        assert_eq!(status(&gate.ask(GET).await), "200");
        assert_eq!(status(&gate.ask(GET).await), "200");
        assert_eq!((app.accepted.get(), app.heads.borrow().len()), (2, 3));
    });
}

#[test]
fn a_post_is_never_sent_twice() {
    run(async {
        let app = dying_app().await;
        let gate = app.gate();
        gate.bodies.set(Bodies::Whole);
        assert_eq!(status(&gate.ask(POST).await), "200");
        assert_eq!(status(&gate.ask(POST).await), "502");
        assert_eq!((app.accepted.get(), app.heads.borrow().len()), (1, 2));
        assert_eq!(gate.told("error", "upstream_reset"), 1);
    });
}

#[test]
fn a_new_connection_that_dies_is_a_failure_at_once() {
    run(async {
        let app = App::start(|mut session| async move {
            session.request().await;
        })
        .await;
        assert_eq!(status(&app.gate().ask(GET).await), "502");
        assert_eq!(app.accepted.get(), 1);
    });
}

#[test]
fn bytes_nobody_asked_for_never_reach_another_request() {
    let stray = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret";
    for answer in [format!("{OK}{stray}"), format!("{OK}X"), format!("{OK}\r\n\r\n")] {
        run(async move {
            let app = App::start(move |mut session| {
                let answer = answer.clone();
                async move {
                    session.request().await;
                    session.say(&answer).await;
                    session.request().await;
                    session.say(&answer).await;
                }
            })
            .await;
            let gate = app.gate();
            for request in [GET, GET, POST] {
                let answer = gate.ask(request).await;
                assert!(answer.ends_with("\r\n\r\nhi"), "{answer}");
            }
            assert_eq!(app.accepted.get(), 3);
        });
    }
}

#[test]
fn bytes_that_come_while_a_connection_is_idle_end_it() {
    run(async {
        let app = App::start(|mut session| async move {
            session.request().await;
            session.say(OK).await;
            tokio::time::sleep(Duration::from_millis(30)).await;
            session.say("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret").await;
            session.request().await;
        })
        .await;
        let gate = app.gate();
        for request in [GET, POST, GET] {
            let answer = gate.ask(request).await;
            assert!(answer.ends_with("\r\n\r\nhi"), "{answer}");
            tokio::time::sleep(Duration::from_millis(80)).await;
        }
        assert_eq!(app.accepted.get(), 3);
    });
}

#[test]
fn a_connection_whose_request_was_not_finished_is_not_used_again() {
    run(async {
        let app = App::start(|mut session| async move {
            session.head().await;
            session.say(OK).await;
            // Keeps the connection open and reads on.
            while session.request().await.is_some() {
                session.say(OK).await;
            }
        })
        .await;
        let gate = app.gate();
        let mut client = gate.client().await;
        client.write_all(b"POST / HTTP/1.1\r\nHost: app\r\nContent-Length: 1000\r\n\r\npart").await.unwrap();
        let answer = read_until(&mut client, "\r\n\r\nhi").await;
        assert_eq!(status(&answer), "200");
        assert_eq!(status(&gate.ask(GET).await), "200");
        assert_eq!(app.accepted.get(), 2);
    });
}

#[test]
fn a_body_with_a_get_closes_its_connection() {
    run(async {
        let app = App::answering(OK).await;
        let gate = app.gate();
        let request = "GET / HTTP/1.1\r\nHost: app\r\nContent-Length: 4\r\n\r\nbody";
        assert_eq!(status(&gate.ask(request).await), "200");
        assert!(app.head(0).contains("connection: close"));
        assert_eq!(status(&gate.ask(GET).await), "200");
        assert_eq!(app.accepted.get(), 2);
    });
}

#[test]
fn idle_connections_are_closed_in_time_without_traffic() {
    run(async {
        let closed = std::rc::Rc::new(std::cell::Cell::new(false));
        let seen = std::rc::Rc::clone(&closed);
        let app = App::start(move |mut session| {
            let seen = std::rc::Rc::clone(&seen);
            async move {
                session.request().await;
                session.say(OK).await;
                assert!(session.request().await.is_none());
                seen.set(true);
            }
        })
        .await;
        let idle_timeout = Duration::from_millis(100);
        let gate = Gate::new(&crate::config::settings::Upstream { idle_timeout, ..upstream(app.address) });
        assert_eq!(status(&gate.ask(GET).await), "200");
        assert_eq!(gate.target.permits.available_permits(), 7);
        eventually(|| closed.get()).await;
        assert_eq!(gate.target.permits.available_permits(), 8);
    });
}

#[test]
fn a_request_that_must_not_be_repeated_gets_only_a_fresh_connection() {
    run(async {
        let app = App::answering(OK).await;
        let gate = app.gate();
        assert_eq!(status(&gate.ask(POST).await), "200");
        tokio::time::sleep(Duration::from_millis(520)).await;
        assert_eq!(status(&gate.ask(GET).await), "200");
        assert_eq!(app.accepted.get(), 1);
        tokio::time::sleep(Duration::from_millis(520)).await;
        assert_eq!(status(&gate.ask(POST).await), "200");
        assert_eq!(app.accepted.get(), 2);
    });
}

#[test]
fn a_body_declared_where_none_may_be_ends_its_connection() {
    for (head, rest) in [
        ("HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n", "0\r\n\r\n"),
        ("HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n", "hi"),
        ("HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n", "0\r\n\r\n"),
    ] {
        run(async move {
            let app = App::start(move |mut session| async move {
                session.request().await;
                session.say(head).await;
                // What was declared comes when the gate has taken the answer for whole.
                if session.number == 0 && session.request().await.is_none() {
                    return;
                }
                session.say(rest).await;
                session.say(OK).await;
            })
            .await;
            let gate = app.gate();
            assert_eq!(status(&gate.ask(GET).await), head.get(9..12).unwrap());
            gate.ask(GET).await;
            assert_eq!(app.accepted.get(), 2, "{head}");
        });
    }
}

/// The connection the gate has idle.
async fn idle(gate: &Gate) -> Box<Link> {
    let pool = gate.forwarder.pool(&gate.target);
    pool.take_idle(Risk::Once, Care::Look, clock::mono()).expect("one is idle")
}

#[test]
fn an_idle_connection_holds_nothing_of_what_it_carried() {
    run(async {
        let chunk = "x".repeat(0x1000);
        let answer: &'static str =
            format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1000\r\n{chunk}\r\n0\r\n\r\n")
                .leak();
        let app = App::answering(answer).await;
        let gate = app.gate();
        let long = "y".repeat(20_000);
        let answer = gate.ask(&format!("GET / HTTP/1.1\r\nHost: app\r\nX-Long: {long}\r\n\r\n")).await;
        assert_eq!(status(&answer), "200");
        let mut link = idle(&gate).await;
        assert!(link.out.held() < 8192, "{}", link.out.held());
        assert!(
            std::mem::take(link.inbox.bytes_mut()).try_into_mut().map_or(true, |bytes| bytes.capacity() == 0),
            "a block is held"
        );
    });
}
