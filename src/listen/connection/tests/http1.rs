use std::time::Duration;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::rig::{everything, limits, read_until, with_gate};
use crate::listen::slots::Bounds;

fn statuses(answers: &str) -> Vec<&str> {
    answers.match_indices("HTTP/1.").filter_map(|(at, _)| answers.get(at + 9..at + 12)).collect()
}

#[test]
fn requests_of_one_connection_are_answered_in_order() {
    with_gate(limits(), |gate| async move {
        let many = "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n\
                    POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello\
                    POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n world\r\n0\r\n\r\n\
                    GET /2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n\
                    GET /never HTTP/1.1\r\nHost: a\r\n\r\n";
        let answers = gate.talk(many.as_bytes()).await;
        assert_eq!(statuses(&answers), ["200"; 4], "{answers}");
        assert!(answers.find("hello") < answers.find(" world"));
        assert_eq!(gate.seen(), ["GET /1 1", "POST /echo 2", "POST /echo 2", "GET /2 2"]);
        gate.until("all is over", |gate| gate.slots.open() == 0 && gate.app.under_way.get() == 0).await;
    });
}

#[test]
fn a_thousand_pipelined_requests_are_each_answered_once() {
    with_gate(limits(), |gate| async move {
        let many: String = (0..1000).map(|n| format!("GET /{n} HTTP/1.1\r\nHost: a\r\n\r\n")).collect();
        let answers = gate.talk(many.as_bytes()).await;
        assert_eq!(statuses(&answers), ["200"; 1000]);
        let want: Vec<String> = (0..1000).map(|n| format!("GET /{n} 1")).collect();
        assert_eq!(gate.seen(), want);
    });
}

#[test]
fn a_refused_head_gets_one_answer_and_the_connection_closes() {
    with_gate(limits(), |gate| async move {
        for (head, status) in [
            ("GET / HTTP/1.1\nHost: a\r\n\r\n", "400"),
            ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400"),
            (
                "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                "400",
            ),
            ("GET / HTTP/3.0\r\nHost: a\r\n\r\n", "505"),
            ("CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", "405"),
            ("GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: x\r\n\r\n", "400"),
            ("\u{16}\u{3}\u{1}", "400"),
            ("GET / HT", "400"),
        ] {
            gate.app.seen.borrow_mut().clear();
            let ahead = "GET /ahead HTTP/1.1\r\nHost: a\r\n\r\n";
            let behind = "GET /behind HTTP/1.1\r\nHost: a\r\n\r\n";
            let behind = if head == "GET / HT" { "" } else { behind };
            let answers = gate.talk(format!("{ahead}{head}{behind}").as_bytes()).await;
            assert_eq!(statuses(&answers), ["200", status], "{head:?}: {answers}");
            assert!(answers.contains("connection: close"), "{answers}");
            assert!(!answers.contains("100 Continue"));
            assert_eq!(gate.seen().len(), 2, "{:?}", gate.seen());
            let alone = gate.talk(format!("{head}{behind}").as_bytes()).await;
            assert_eq!(statuses(&alone), [status], "{head:?}: {alone}");
        }
    });
}

#[test]
fn an_early_answer_is_sent_without_100_and_survives_a_large_unread_body() {
    with_gate(limits(), |gate| async move {
        let expect = "POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n";
        let mut stream = gate.connect().await;
        stream.write_all(expect.as_bytes()).await.expect("written");
        let answer = everything(&mut stream).await;
        assert_eq!(statuses(&answer), ["401"], "{answer}");
        assert!(answer.contains("connection: close"));
        for framing in ["Content-Length: 200000", "Transfer-Encoding: chunked"] {
            let head = format!("POST /early HTTP/1.1\r\nHost: a\r\n{framing}\r\n\r\n");
            let body = if framing.starts_with('C') {
                "y".repeat(200_000)
            } else {
                format!("30D40\r\n{}", "y".repeat(200_000))
            };
            let answer = gate.talk(format!("{head}{body}").as_bytes()).await;
            assert_eq!(statuses(&answer), ["401"], "{framing}: {answer}");
            assert!(answer.ends_with("early"), "{answer}");
        }
    });
}

#[test]
fn a_go_ahead_never_stands_in_the_middle_of_an_answer() {
    with_gate(limits(), |gate| async move {
        let head = "POST /mixed HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n";
        let mut stream = gate.connect().await;
        stream.write_all(head.as_bytes()).await.expect("written");
        let answer = everything(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\nmixed"), "{answer}");
        assert!(answer.contains("connection: close") && !answer.contains("100 Continue"), "{answer}");
    });
}

#[test]
fn a_body_that_is_wanted_gets_its_100() {
    with_gate(limits(), |gate| async move {
        let mut stream = gate.connect().await;
        let head = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n";
        stream.write_all(head.as_bytes()).await.expect("written");
        read_until(&mut stream, "100 Continue\r\n\r\n").await;
        stream.write_all(b"hello").await.expect("written");
        let answer = read_until(&mut stream, "hello").await;
        assert_eq!(statuses(&answer), ["200"]);
        assert!(!answer.contains("connection: close"), "the connection goes on");
    });
}

#[test]
fn a_small_unread_body_does_not_cost_the_connection_and_is_never_a_request() {
    with_gate(limits(), |gate| async move {
        let evil = "GET /evil HTTP/1.1\r\nHost: a\r\n\r\n";
        let post = format!("POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{evil}", evil.len());
        let answers = gate.talk(format!("{post}GET /next HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes()).await;
        assert_eq!(statuses(&answers), ["401", "200"], "{answers}");
        assert_eq!(gate.seen(), ["POST /early 2", "GET /next 1"]);
    });
}

#[test]
fn a_body_kept_beyond_its_request_never_reads_the_next_one() {
    with_gate(limits(), |gate| async move {
        for (framing, body) in
            [("Content-Length: 6", "unread"), ("Transfer-Encoding: chunked", "6\r\nunread\r\n0\r\n\r\n")]
        {
            let lend = format!("POST /lend HTTP/1.1\r\nHost: a\r\n{framing}\r\n\r\n{body}");
            let steal = "POST /steal HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nsecret";
            let answers = gate.talk(format!("{lend}{steal}").as_bytes()).await;
            assert_eq!(statuses(&answers), ["200", "409"], "{answers}");
            assert!(!answers.contains("secret") && !answers.contains("unread"), "{answers}");
        }
    });
}

#[test]
fn a_caller_of_http_1_0_gets_one_answer_in_its_own_tongue() {
    with_gate(limits(), |gate| async move {
        let old = "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /evil HTTP/1.0\r\n\r\n";
        let answers = gate.talk(old.as_bytes()).await;
        assert!(answers.starts_with("HTTP/1.0 200 OK\r\n") && answers.ends_with("ok"), "{answers}");
        assert_eq!(gate.seen(), ["GET / 1"]);
    });
}

#[test]
fn a_broken_body_is_an_error_to_its_reader_and_ends_the_connection() {
    with_gate(limits(), |gate| async move {
        for body in [
            "5\r\nhello0\r\n\r\n",
            "5\nhello\r\n0\r\n\r\n",
            "5\r\nhello\r\n0\r\nContent-Length: 1\r\n\r\n",
            "5\r\nhel",
        ] {
            gate.app.seen.borrow_mut().clear();
            let post = format!("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{body}");
            let behind = if body.ends_with("hel") { "" } else { "GET /behind HTTP/1.1\r\nHost: a\r\n\r\n" };
            let answers = gate.talk(format!("{post}{behind}").as_bytes()).await;
            assert_eq!(statuses(&answers), ["400"], "{body:?}: {answers}");
            assert!(answers.contains("connection: close") && answers.contains("broken body"), "{answers}");
            assert_eq!(gate.seen(), ["POST /echo 2"]);
        }
    });
}

#[test]
fn a_switched_connection_is_a_tunnel_and_gets_the_bytes_sent_ahead() {
    with_gate(limits(), |gate| async move {
        let mut stream = gate.connect().await;
        let head = "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n";
        stream.write_all(format!("{head}GET /evil HTTP/1.1\r\n\r\n").as_bytes()).await.expect("written");
        let answer = read_until(&mut stream, "/evil HTTP/1.1\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 101 ") && answer.contains("upgrade: websocket"), "{answer}");
        assert!(!answer.contains("connection: close"), "{answer}");
        stream.write_all(b"more").await.expect("written");
        read_until(&mut stream, "more").await;
        stream.shutdown().await.expect("half closed");
        assert_eq!(everything(&mut stream).await, "");
        assert_eq!(gate.seen(), ["GET /ws 3"]);
        gate.until("the slot is free", |gate| gate.slots.open() == 0).await;
    });
}

#[test]
fn a_switch_nobody_asked_for_is_an_error_and_no_tunnel() {
    with_gate(limits(), |gate| async move {
        let answers =
            gate.talk(b"GET /ws HTTP/1.1\r\nHost: a\r\n\r\nGET /evil HTTP/1.1\r\nHost: a\r\n\r\n").await;
        assert_eq!(statuses(&answers), ["500"], "{answers}");
        assert!(answers.contains("connection: close"));
        assert_eq!(gate.seen(), ["GET /ws 1"]);
    });
}

#[test]
fn a_refused_switch_closes_the_connection_and_what_came_behind_is_no_request() {
    with_gate(limits(), |gate| async move {
        let head = "GET /x HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n";
        let answers = gate.talk(format!("{head}GET /evil HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes()).await;
        assert_eq!(statuses(&answers), ["200"], "{answers}");
        assert!(answers.contains("connection: close"));
        assert_eq!(gate.seen(), ["GET /x 3"]);
    });
}

#[test]
fn a_panic_is_answered_with_500_and_costs_only_its_connection() {
    with_gate(limits(), |gate| async move {
        let panic = "GET /panic HTTP/1.1\r\nHost: a\r\n\r\nGET /next HTTP/1.1\r\nHost: a\r\n\r\n";
        let answers = gate.talk(panic.as_bytes()).await;
        assert_eq!(statuses(&answers), ["500"], "{answers}");
        assert_eq!(gate.slots.panics(), 1);
        assert_eq!(statuses(&gate.talk(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await), ["200"]);
        gate.until("all is over", |gate| gate.slots.open() == 0 && gate.app.under_way.get() == 0).await;
    });
}

#[test]
fn a_slow_head_gets_408_and_silence_a_quiet_close() {
    let limits = crate::config::settings::Limits { head_timeout: Duration::from_millis(150), ..limits() };
    with_gate(limits, |gate| async move {
        let mut silent = gate.connect().await;
        let mut slow = gate.connect().await;
        let mut preface = gate.connect().await;
        slow.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nX: ").await.expect("written");
        preface.write_all(b"PRI * HTTP/2.0\r\n\r\nSM").await.expect("written");
        assert_eq!(everything(&mut silent).await, "");
        let answer = everything(&mut slow).await;
        assert_eq!(statuses(&answer), ["408"], "{answer}");
        let answer = everything(&mut preface).await;
        assert_eq!(statuses(&answer), ["408"], "{answer}");
        assert_eq!(gate.seen(), ["refused head_timeout"; 2]);
        gate.until("all is over", |gate| gate.slots.open() == 0).await;
    });
}

#[test]
fn an_idle_connection_is_closed_quietly_and_a_dribbled_second_head_gets_408() {
    let limits = crate::config::settings::Limits {
        keepalive_timeout: Duration::from_millis(300),
        head_timeout: Duration::from_millis(150),
        ..limits()
    };
    with_gate(limits, |gate| async move {
        let mut idle = gate.connect().await;
        idle.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.expect("written");
        assert_eq!(statuses(&everything(&mut idle).await), ["200"]);
        let mut slow = gate.connect().await;
        slow.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\n").await.expect("written");
        let answers = everything(&mut slow).await;
        assert_eq!(statuses(&answers), ["200", "408"], "{answers}");
    });
}

#[test]
fn a_caller_that_does_not_read_is_let_go() {
    let limits = crate::config::settings::Limits { stalled_stream: Duration::from_millis(200), ..limits() };
    with_gate(limits, |gate| async move {
        let mut stream = gate.connect_narrow().await;
        let many = "GET /big HTTP/1.1\r\nHost: a\r\n\r\n".repeat(8);
        stream.write_all(many.as_bytes()).await.expect("written");
        gate.until("it is served", |gate| !gate.seen().is_empty()).await;
        gate.until("it is let go", |gate| gate.slots.open() == 0).await;
        assert_eq!((gate.app.under_way.get(), gate.slots.stalled()), (0, 1));
        let mut sink = vec![0; 1 << 20];
        while stream.read(&mut sink).await.is_ok_and(|count| count > 0) {}
    });
}

#[test]
fn above_the_bound_on_connections_a_caller_is_closed_at_once() {
    with_gate(limits(), |gate| async move {
        gate.slots.set(Bounds::new(1));
        let mut first = gate.connect().await;
        first
            .write_all(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe")
            .await
            .expect("written");
        gate.until("it is under way", |gate| gate.app.under_way.get() == 1).await;
        let mut second = gate.connect().await;
        assert_eq!(everything(&mut second).await, "");
        assert_eq!((gate.slots.turned().full, gate.slots.turned().evicted), (1, 0));
        drop(first);
        gate.until("the slot is free", |gate| gate.slots.open() == 0).await;
        assert_eq!(statuses(&gate.talk(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await), ["200"]);
    });
}

#[test]
fn an_idle_connection_makes_room_for_a_caller_above_the_bound() {
    with_gate(limits(), |gate| async move {
        gate.slots.set(Bounds::new(2));
        let mut busy = gate.connect().await;
        busy.write_all(b"GET /hang HTTP/1.1\r\nHost: a\r\n\r\n").await.expect("written");
        let mut idle = gate.connect().await;
        idle.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.expect("written");
        read_until(&mut idle, "ok").await;
        gate.until("one is under way", |gate| gate.app.under_way.get() == 1).await;
        assert_eq!(statuses(&gate.talk(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await), ["200"]);
        assert_eq!(everything(&mut idle).await, "", "closed without a word");
        assert_eq!((gate.slots.turned().full, gate.slots.turned().evicted), (0, 1));
        assert_eq!(gate.app.under_way.get(), 1, "what is under way goes on");
    });
}

#[test]
fn a_half_closed_caller_still_gets_its_answer() {
    with_gate(limits(), |gate| async move {
        let answer = gate.talk(b"GET /big HTTP/1.1\r\nHost: a\r\n\r\n").await;
        assert_eq!(answer.matches('x').count(), 4 << 20);
    });
}

/// Target and field lines the scanner accepts, drawn from all it may accept.
fn accepted() -> impl Strategy<Value = (String, Vec<(String, String)>)> {
    let target = r#"/[!-"$-;=@-\[\]-_a-~]{0,20}(\?[!$-;=?-\[\]-~]{0,20})?"#;
    let field = ("[!#$%&'*+.^_`|~0-9A-Za-z-]{1,12}", "([!-~]([ \t!-~]{0,20}[!-~])?)?");
    (target, prop::collection::vec(field, 0..90))
}

#[test]
fn what_the_tap_accepts_the_engine_reads_alike() {
    let special = ["host", "content-length", "transfer-encoding", "upgrade", "connection", "expect"];
    let mut runner = TestRunner::new(Config { cases: 300, failure_persistence: None, ..Config::default() });
    let cases: Vec<_> =
        (0..300).map(|_| accepted().new_tree(&mut runner).expect("a value").current()).collect();
    with_gate(limits(), |gate| async move {
        for (target, fields) in cases {
            gate.app.seen.borrow_mut().clear();
            let plain = |name: &str| !special.contains(&name.to_ascii_lowercase().replace('_', "-").as_str());
            let fields: Vec<_> = fields.into_iter().filter(|(name, _)| plain(name)).collect();
            let lines: String = fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
            let answer =
                gate.talk(format!("X~Y {target} HTTP/1.1\r\nHost: a\r\n{lines}\r\n").as_bytes()).await;
            assert_eq!(statuses(&answer), ["200"], "{target:?} {lines:?} {answer}");
            assert_eq!(gate.seen(), [format!("X~Y {target} {}", fields.len() + 1)]);
        }
    });
}
