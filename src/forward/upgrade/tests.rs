use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::forward::upstream::bench::{App, eventually, read_until, run};

const ASK: &[u8] =
    b"GET /chat HTTP/1.1\r\nHost: app\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
const SWITCH: &str = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

/// An app that switches, greets in the same breath, and echoes until the caller ends.
async fn echoing_app() -> App {
    App::start(|mut session| async move {
        session.head().await;
        session.say(&format!("{SWITCH}hello ")).await;
        let mut bytes = [0; 1024];
        loop {
            match session.stream.read(&mut bytes).await.unwrap_or(0) {
                0 => break,
                count => session.stream.write_all(&bytes[..count]).await.unwrap(),
            }
        }
        session.say("bye").await;
    })
    .await
}

#[test]
fn a_websocket_carries_bytes_both_ways_until_both_sides_end() {
    run(async {
        let app = echoing_app().await;
        let gate = app.gate();
        let mut client = gate.client().await;
        client.write_all(ASK).await.unwrap();
        let head = read_until(&mut client, "hello ").await;
        assert!(head.starts_with("HTTP/1.1 101 Switching Protocols\r\n"), "{head}");
        assert!(head.contains("sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"), "{head}");
        assert!(
            head.contains("upgrade: websocket\r\n") && head.contains("connection: Upgrade\r\n"),
            "{head}"
        );
        assert!(app.head(0).contains("upgrade: websocket\r\n"), "{}", app.head(0));
        assert!(app.head(0).contains("connection: Upgrade\r\n"), "{}", app.head(0));
        client.write_all(b"ping").await.unwrap();
        assert_eq!(read_until(&mut client, "ping").await, "ping");
        client.shutdown().await.unwrap();
        let mut rest = String::new();
        client.read_to_string(&mut rest).await.unwrap();
        assert_eq!(rest, "bye", "the app may go on after the caller has ended its side");
        eventually(|| gate.tunnel.get() == Some(Ended::Closed)).await;
        assert_eq!(gate.target.permits.available_permits(), 8);
    });
}

#[test]
fn a_silent_tunnel_ends() {
    run(async {
        let app = echoing_app().await;
        let gate = app.gate();
        let mut client = gate.client().await;
        client.write_all(ASK).await.unwrap();
        read_until(&mut client, "hello ").await;
        for _ in 0..6 {
            tokio::time::sleep(Duration::from_millis(100)).await;
            client.write_all(b".").await.unwrap();
            assert_eq!(client.read_u8().await.unwrap(), b'.', "a tunnel in use lives longer than its limit");
        }
        assert!(client.read_u8().await.is_err());
        assert_eq!(gate.tunnel.get(), Some(Ended::Silent));
    });
}

#[test]
fn a_tunnel_ends_when_the_gate_says_so() {
    run(async {
        let app = echoing_app().await;
        let gate = app.gate();
        let mut client = gate.client().await;
        client.write_all(ASK).await.unwrap();
        read_until(&mut client, "hello ").await;
        gate.stop.notify_one();
        assert!(client.read_u8().await.is_err());
        assert_eq!(gate.tunnel.get(), Some(Ended::Stopped));
    });
}

#[test]
fn an_app_that_does_not_switch_just_answers_and_its_connection_is_not_used_again() {
    run(async {
        let app = App::answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi").await;
        let gate = app.gate();
        for count in 1..3 {
            let mut client = gate.client().await;
            client.write_all(ASK).await.unwrap();
            // Bytes the caller sends before the switch must not reach the app as a request.
            client.write_all(b"GET /smuggled HTTP/1.1\r\nHost: app\r\n\r\n").await.unwrap();
            let answer = read_until(&mut client, "\r\n\r\nhi").await;
            assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
            assert!(!answer.contains("upgrade"), "{answer}");
            eventually(|| app.accepted.get() >= count).await;
            drop(client);
        }
        assert_eq!(gate.tunnel.get(), None);
    });
}

#[test]
fn what_the_caller_sent_early_goes_first() {
    run(async {
        let app = echoing_app().await;
        let gate = app.gate();
        let (tunnel, client) = {
            let (near, far) = tokio::io::duplex(1024);
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let dialled = tokio::net::TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
            let (mut other, _) = listener.accept().await.unwrap();
            tokio::task::spawn_local(async move {
                let mut bytes = [0; 64];
                while let Ok(count @ 1..) = other.read(&mut bytes).await {
                    other.write_all(&bytes[..count]).await.unwrap();
                }
            });
            let permit = std::sync::Arc::clone(&gate.target.permits).try_acquire_owned().unwrap();
            let socket = Stream::Tcp(dialled);
            let switched = Switched { socket, read: Bytes::from_static(b"greeting "), permit };
            let watchdog = Watchdog::default();
            let tunnel = Tunnel::new(switched, Duration::from_secs(5), watchdog);
            (tunnel.run(far, Bytes::from_static(b"early "), std::future::pending()), near)
        };
        let ended = tokio::task::spawn_local(tunnel);
        let (mut read, mut write) = tokio::io::split(client);
        write.write_all(b"late").await.unwrap();
        write.shutdown().await.unwrap();
        let mut all = String::new();
        read.read_to_string(&mut all).await.unwrap();
        assert_eq!(all, "greeting early late");
        assert_eq!(ended.await.unwrap(), Ended::Closed);
    });
}
