use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;

use super::super::bench::{App, Gate, read_until, run, upstream};
use super::{GET, OK, POST, status};

/// An app that begins an answer, waits to be told, and ends it with a trailer.
async fn pausing_app(go_on: &Rc<Notify>) -> App {
    let go_on = Rc::clone(go_on);
    App::start(move |mut session| {
        let go_on = Rc::clone(&go_on);
        async move {
            while session.request().await.is_some() {
                session.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: x-sum\r\n\r\n4\r\none \r\n").await;
                go_on.notified().await;
                session.say("3\r\ntwo\r\n0\r\nx-sum: 7\r\nContent-Length: 9\r\n\r\n").await;
            }
        }
    })
    .await
}

#[test]
fn answers_stream_piece_by_piece_and_keep_their_trailers() {
    run(async {
        let go_on = Rc::new(Notify::new());
        let app = pausing_app(&go_on).await;
        let gate = app.gate();
        let mut client = gate.client().await;
        for _ in 0..2 {
            client.write_all(b"GET / HTTP/1.1\r\nHost: app\r\nTE: trailers\r\n\r\n").await.unwrap();
            let first = read_until(&mut client, "one \r\n").await;
            assert!(first.contains("transfer-encoding: chunked"), "{first}");
            let silence = tokio::time::timeout(Duration::from_millis(50), client.read_u8()).await;
            assert!(silence.is_err(), "nothing more before the app says more");
            go_on.notify_one();
            assert_eq!(read_until(&mut client, "\r\n\r\n").await, "3\r\ntwo\r\n0\r\nx-sum: 7\r\n\r\n");
        }
        assert!(app.head(0).contains("te: trailers"), "{}", app.head(0));
        assert_eq!(app.accepted.get(), 1);
    });
}

#[test]
fn an_app_silent_in_the_middle_of_its_answer_is_cut_off() {
    run(async {
        let app = pausing_app(&Rc::default()).await;
        let gate = app.gate();
        let answer = gate.ask(GET).await;
        assert!(answer.ends_with("4\r\none \r\n"), "no clean end: {answer}");
        assert_eq!(gate.target.permits.available_permits(), 8);
    });
}

#[test]
fn an_app_that_speaks_first_is_not_http() {
    run(async {
        let app = App::start(|mut session| async move {
            session.say("220 mail.example ESMTP\r\n").await;
            session.request().await;
        })
        .await;
        let answer = app.gate().ask(POST).await;
        assert_eq!(status(&answer), "502");
        assert!(!answer.contains("ESMTP"));
    });
}

#[test]
fn interim_answers_are_absorbed() {
    run(async {
        let app = App::start(|mut session| async move {
            while session.request().await.is_some() {
                for _ in 0..100 {
                    session
                        .say("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n")
                        .await;
                }
                session.say(OK).await;
            }
        })
        .await;
        let gate = app.gate();
        let answer = gate.ask(GET).await;
        assert!(
            answer.starts_with("HTTP/1.1 200") && answer.ends_with("hi") && !answer.contains("link"),
            "{answer}"
        );
        assert_eq!(status(&gate.ask(POST).await), "200");
        assert_eq!(app.accepted.get(), 1);
    });
}

#[test]
fn a_storm_of_interim_answers_ends_at_the_timeout() {
    run(async {
        let app = App::start(|mut session| async move {
            session.request().await;
            while session.stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await.is_ok() {}
        })
        .await;
        let gate = app.gate();
        assert_eq!(status(&gate.ask(GET).await), "504");
        assert_eq!(gate.told("error", "upstream_timeout"), 1);
    });
}

#[test]
fn a_silent_app_is_slow() {
    run(async {
        let app = App::start(|mut session| async move {
            session.request().await;
            session.request().await;
        })
        .await;
        assert_eq!(status(&app.gate().ask(POST).await), "504");
    });
}

#[test]
fn nobody_listening_is_a_bad_gateway() {
    run(async {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let gate = Gate::new(&upstream(free));
        assert_eq!(status(&gate.ask(GET).await), "502");
        assert_eq!(gate.told("error", "upstream_connect"), 1);
    });
}

#[test]
fn an_answer_cut_short_is_an_answer_cut_short() {
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
    ] {
        run(async move {
            let app = App::start(move |mut session| async move {
                session.request().await;
                session.say(answer).await;
            })
            .await;
            let got = app.gate().ask(GET).await;
            assert!(got.is_empty() || status(&got) == "502", "{got}");
        });
    }
}

#[test]
fn an_answer_that_can_be_read_in_two_ways_is_refused() {
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nhi",
        "HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nhi",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
        "HTTP/1.1 200 OK\r\n folded: x\r\n\r\n",
        "nonsense\r\n\r\n",
    ] {
        run(async move {
            let app = App::answering(answer).await;
            let gate = app.gate();
            let got = gate.ask(GET).await;
            assert_eq!(status(&got), "502", "{answer}");
            assert_eq!(gate.told("error", "upstream_protocol"), 1, "{answer}");
            assert_eq!(status(&gate.ask(GET).await), "502");
            assert_eq!(app.accepted.get(), 2, "never used again");
        });
    }
}

#[test]
fn an_early_answer_to_an_upload_reaches_the_caller() {
    run(async {
        let app = App::start(|mut session| async move {
            session.head().await;
            session.say("HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig").await;
        })
        .await;
        let gate = app.gate();
        let mut client = gate.client().await;
        client.write_all(b"POST / HTTP/1.1\r\nHost: app\r\nContent-Length: 900000\r\n\r\n").await.unwrap();
        let (mut read, mut write) = client.split();
        let upload = async {
            let piece = [b'x'; 9000];
            for _ in 0..100 {
                if write.write_all(&piece).await.is_err() {
                    break;
                }
            }
        };
        let mut answer = Vec::new();
        let (_, read) = tokio::join!(upload, read.read_to_end(&mut answer));
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.starts_with("HTTP/1.1 413") && answer.ends_with("big"), "{answer} {read:?}");
    });
}

#[test]
fn head_and_not_modified_keep_their_length_and_send_no_body() {
    run(async {
        let app = App::start(|mut session| async move {
            while session.request().await.is_some() {
                let status =
                    if session.last_head().starts_with("HEAD") { "200 OK" } else { "304 Not Modified" };
                session.say(&format!("HTTP/1.1 {status}\r\nContent-Length: 5\r\n\r\n")).await;
            }
        })
        .await;
        let gate = app.gate();
        for request in ["HEAD / HTTP/1.1\r\nHost: app\r\n\r\n", GET] {
            let answer = gate.ask(request).await;
            assert!(answer.contains("content-length: 5\r\n") && answer.ends_with("\r\n\r\n"), "{answer}");
        }
        assert_eq!(app.accepted.get(), 1);
    });
}

#[test]
fn an_old_answer_is_passed_on_and_its_connection_closed() {
    run(async {
        let app =
            App::answering("HTTP/1.0 200 Fine\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi")
                .await;
        let gate = app.gate();
        for _ in 0..2 {
            let answer = gate.ask(GET).await;
            assert!(answer.starts_with("HTTP/1.1 200 Fine\r\n") && answer.ends_with("hi"), "{answer}");
        }
        assert_eq!(app.accepted.get(), 2);
    });
}

#[test]
fn an_answer_that_ends_with_a_reset_is_never_whole() {
    run(async {
        let left: Rc<Cell<Option<TcpStream>>> = Rc::default();
        let leave = Rc::clone(&left);
        let app = App::start(move |mut session| {
            let leave = Rc::clone(&leave);
            async move {
                session.head().await;
                session.say("HTTP/1.1 200 OK\r\n\r\nhalf").await;
                leave.set(Some(session.stream));
            }
        })
        .await;
        let gate = app.gate();
        let mut client = gate.client().await;
        client.write_all(b"POST / HTTP/1.1\r\nHost: app\r\nContent-Length: 100\r\n\r\npart").await.unwrap();
        read_until(&mut client, "half\r\n").await;
        let stream = left.take().unwrap();
        // The gate learns of the reset by a write, which takes the error away: reading then looks like the end.
        SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
        drop(stream);
        client.write_all(b"more").await.unwrap();
        let mut rest = Vec::new();
        // How the gate closes is not the point.
        let _ = client.read_to_end(&mut rest).await;
        assert_eq!(String::from_utf8_lossy(&rest), "", "no clean end");
    });
}
