use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::rig::{everything, limits, read_until, with_gate};
use crate::listen::drain::Stage;

const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";

#[test]
fn while_draining_requests_are_served_and_told_to_go() {
    with_gate(limits(), |gate| async move {
        let mut idle = gate.connect().await;
        idle.write_all(GET).await.expect("written");
        assert!(!read_until(&mut idle, "ok").await.contains("connection: close"));
        gate.begin_drain(Duration::from_secs(60));
        idle.write_all(GET).await.expect("written");
        let answer = everything(&mut idle).await;
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("connection: close"), "{answer}");
        let mut fresh = gate.connect().await;
        fresh.write_all(GET).await.expect("written");
        let answer = everything(&mut fresh).await;
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("connection: close"), "{answer}");
    });
}

#[test]
fn when_closing_idle_connections_and_listeners_close_and_begun_work_ends_first() {
    with_gate(limits(), |gate| async move {
        let mut silent = gate.connect().await;
        let mut idle = gate.connect().await;
        idle.write_all(GET).await.expect("written");
        read_until(&mut idle, "ok").await;
        let mut busy = gate.connect().await;
        busy.write_all(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel")
            .await
            .expect("written");
        let mut heading = gate.connect().await;
        heading.write_all(b"GET /late HTTP/1.1\r\n").await.expect("written");
        let mut second = gate.connect().await;
        second.write_all(&[GET, b"GET /late HTTP/1.1\r\n"].concat()).await.expect("written");
        read_until(&mut second, "ok").await;
        gate.until("all are in", |gate| gate.slots.open() == 5 && gate.seen().len() == 3).await;
        gate.begin_drain(Duration::ZERO);
        gate.until("it is closing", |gate| gate.drain.stage() == Stage::Closing).await;
        assert_eq!(everything(&mut silent).await, "");
        assert_eq!(everything(&mut idle).await, "");
        gate.until("three are left", |gate| gate.slots.open() == 3).await;
        assert!(TcpStream::connect(gate.at).await.is_err(), "the listener is closed");
        busy.write_all(b"lo").await.expect("written");
        assert!(everything(&mut busy).await.ends_with("hello"));
        for late in [&mut heading, &mut second] {
            late.write_all(b"Host: a\r\n\r\n").await.expect("written");
            let answer = everything(late).await;
            assert!(answer.contains("connection: close") && answer.ends_with("ok"), "{answer}");
        }
        gate.until("all is over", |gate| gate.slots.open() == 0).await;
    });
}

#[test]
fn a_caller_who_connected_before_the_listener_closed_is_served() {
    with_gate(limits(), |gate| async move {
        let mut waiting = std::net::TcpStream::connect(gate.at).expect("connected");
        std::io::Write::write_all(&mut waiting, GET).expect("written");
        // Nothing ran since the connect: the gate learns of the caller and of the closing at once.
        gate.begin_drain(Duration::ZERO);
        gate.until("it is closing", |gate| gate.drain.stage() == Stage::Closing).await;
        waiting.set_nonblocking(true).expect("set");
        let mut waiting = TcpStream::from_std(waiting).expect("registered");
        assert!(everything(&mut waiting).await.starts_with("HTTP/1.1 200 "));
    });
}
