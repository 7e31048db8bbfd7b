use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncWriteExt;

use crate::base::clock;
use crate::forward::upstream::bench::{App, Bodies, eventually, read_until, run};
use crate::state::replay::{Message, ReplayMemory, Reserved};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: app\r\n\r\n";

/// An app that notes whether it saw a whole request.
async fn noting_app(seen: &Rc<Cell<Option<bool>>>) -> App {
    let seen = Rc::clone(seen);
    App::start(move |mut session| {
        let seen = Rc::clone(&seen);
        async move {
            seen.set(Some(session.request().await.is_some()));
        }
    })
    .await
}

#[test]
fn a_caller_that_leaves_in_the_middle_leaves_no_complete_request() {
    for request in [
        "POST / HTTP/1.1\r\nHost: app\r\nContent-Length: 1000\r\n\r\nhalf",
        "POST / HTTP/1.1\r\nHost: app\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
        "POST / HTTP/1.1\r\nHost: app\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n0\r\n",
    ] {
        run(async move {
            let seen = Rc::new(Cell::new(None));
            let app = noting_app(&seen).await;
            let gate = app.gate();
            let mut client = gate.client().await;
            client.write_all(request.as_bytes()).await.unwrap();
            eventually(|| !app.heads.borrow().is_empty()).await;
            drop(client);
            eventually(|| gate.observer.in_flight() == 0).await;
            eventually(|| seen.get() == Some(false)).await;
            assert_eq!(gate.told("error", "client_body") + gate.told("error", "client_gone"), 1);
            assert_eq!(gate.told("allow", "ok"), 0);
            assert_eq!(gate.target.permits.available_permits(), 8);
        });
    }
}

#[test]
fn a_broken_chunk_never_becomes_a_complete_request() {
    run(async {
        let seen = Rc::new(Cell::new(None));
        let app = noting_app(&seen).await;
        let gate = app.gate();
        let mut client = gate.client().await;
        client
            .write_all(
                b"POST / HTTP/1.1\r\nHost: app\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nZZ\r\n",
            )
            .await
            .unwrap();
        eventually(|| seen.get() == Some(false)).await;
        eventually(|| gate.observer.in_flight() == 0).await;
        assert_eq!(gate.told("allow", "ok"), 0);
    });
}

#[test]
fn the_apps_answer_decides_when_the_caller_has_gone() {
    for (bodies, request) in [
        (Bodies::Streamed, "GET / HTTP/1.1\r\nHost: app\r\n\r\n"),
        (Bodies::Streamed, "POST / HTTP/1.1\r\nHost: app\r\nContent-Length: 4\r\n\r\nbody"),
        (
            Bodies::Streamed,
            "POST / HTTP/1.1\r\nHost: app\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n",
        ),
        (Bodies::Whole, "POST / HTTP/1.1\r\nHost: app\r\nContent-Length: 4\r\n\r\nbody"),
    ] {
        run(async move {
            let answered = Rc::new(Cell::new(false));
            let done = Rc::clone(&answered);
            let app = App::start(move |mut session| {
                let done = Rc::clone(&done);
                async move {
                    assert!(session.request().await.is_some());
                    tokio::time::sleep(Duration::from_millis(80)).await;
                    session.say(OK).await;
                    done.set(true);
                }
            })
            .await;
            let gate = app.gate();
            gate.bodies.set(bodies);
            let mut client = gate.client().await;
            client.write_all(request.as_bytes()).await.unwrap();
            eventually(|| !app.heads.borrow().is_empty()).await;
            tokio::time::sleep(Duration::from_millis(20)).await;
            drop(client);
            eventually(|| answered.get()).await;
            eventually(|| gate.observer.in_flight() == 0).await;
            assert_eq!(gate.told("allow", "ok"), 1, "{request}");
        });
    }
}

#[test]
fn an_app_that_stays_silent_is_recorded_even_when_the_caller_has_gone() {
    run(async {
        let app = App::start(|mut session| async move {
            session.request().await;
            session.request().await;
        })
        .await;
        let gate = app.gate();
        let mut client = gate.client().await;
        client.write_all(GET).await.unwrap();
        eventually(|| !app.heads.borrow().is_empty()).await;
        drop(client);
        eventually(|| gate.observer.in_flight() == 0).await;
        assert_eq!(gate.told("error", "upstream_timeout"), 1);
        assert_eq!(gate.target.permits.available_permits(), 8);
    });
}

#[test]
fn a_caller_that_leaves_during_the_answer_ends_it() {
    run(async {
        let app = App::start(|mut session| async move {
            session.request().await;
            session.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ntick\r\n").await;
            session.request().await;
        })
        .await;
        let gate = app.gate();
        let mut client = gate.client().await;
        client.write_all(GET).await.unwrap();
        read_until(&mut client, "tick").await;
        drop(client);
        eventually(|| gate.observer.in_flight() == 0).await;
        assert_eq!(gate.target.permits.available_permits(), 8);
    });
}

/// What is remembered of message 7 after a POST that carried its reservation, whose caller did as told.
async fn remembered(answer: &'static str, patience: Patience) -> Reserved {
    let app = App::start(move |mut session| async move {
        if session.request().await.is_some() {
            tokio::time::sleep(Duration::from_millis(50)).await;
            session.say(answer).await;
        }
    })
    .await;
    let memory = Arc::new(ReplayMemory::new(16));
    let reserve = |memory: &Arc<ReplayMemory>| {
        memory.reserve(&Message { id: [7; 32], signed_at: None }, Duration::from_secs(60), clock::mono())
    };
    let Reserved::Fresh(reservation) = reserve(&memory) else { unreachable!("nothing is remembered yet") };
    let gate = app.gate();
    gate.reservation.set(Some(reservation));
    let mut client = gate.client().await;
    client.write_all(b"POST / HTTP/1.1\r\nHost: app\r\nContent-Length: 4\r\n\r\nbo").await.unwrap();
    eventually(|| !app.heads.borrow().is_empty()).await;
    assert!(matches!(reserve(&memory), Reserved::InFlight));
    if patience != Patience::LeavesInTheMiddle {
        client.write_all(b"dy").await.unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    if patience == Patience::Stays {
        read_until(&mut client, "\r\n\r\n").await;
    }
    drop(client);
    eventually(|| gate.observer.in_flight() == 0).await;
    reserve(&memory)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Patience {
    Stays,
    Leaves,
    LeavesInTheMiddle,
}

#[test]
fn a_delivery_is_remembered_only_when_the_app_took_it() {
    for patience in [Patience::Stays, Patience::Leaves] {
        for (answer, taken) in [
            (OK, true),
            ("HTTP/1.1 204 No Content\r\n\r\n", true),
            ("HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n", false),
            ("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", false),
            ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", true),
            ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx", false),
            ("", false),
        ] {
            run(async move {
                let after = remembered(answer, patience).await;
                assert_eq!(matches!(after, Reserved::Duplicate), taken, "{answer:?} {patience:?}: {after:?}");
                assert_eq!(matches!(after, Reserved::Fresh(_)), !taken, "{answer:?} {patience:?}: {after:?}");
            });
        }
    }
}

#[test]
fn a_delivery_that_broke_off_may_come_again() {
    run(async {
        let after = remembered(OK, Patience::LeavesInTheMiddle).await;
        assert!(matches!(after, Reserved::Fresh(_)), "{after:?}");
    });
}
