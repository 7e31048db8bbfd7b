use std::time::Duration;

use bytes::Bytes;
use h2::client::{Builder, ResponseFuture, SendRequest};
use http::{Method, Request};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinHandle;

use super::rig::{Gate, PATIENCE, everything, limits, with_gate};
use crate::config::settings::Limits;
use crate::listen::drain::Stage;
use crate::listen::slots::Bounds;

/// A client and the task that drives its connection; the task ends with the connection.
async fn connect(gate: &Gate, window: u32) -> (SendRequest<Bytes>, JoinHandle<Result<(), h2::Error>>) {
    let stream = gate.connect().await;
    let mut builder = Builder::new();
    builder.initial_window_size(window).enable_push(false);
    let (client, connection) = builder.handshake(stream).await.expect("a handshake");
    (client, tokio::task::spawn_local(connection))
}

async fn get(client: &mut SendRequest<Bytes>, path: &str) -> ResponseFuture {
    let request = Request::get(format!("http://a{path}")).body(()).expect("a request");
    let mut ready = client.clone().ready().await.expect("ready");
    ready.send_request(request, true).expect("sent").0
}

/// The whole body, releasing the window as it comes.
async fn body(response: ResponseFuture) -> Result<(u16, Vec<u8>), h2::Error> {
    let response = response.await?;
    let status = response.status().as_u16();
    let mut stream = response.into_body();
    let mut all = Vec::new();
    while let Some(piece) = stream.data().await {
        let piece = piece?;
        stream.flow_control().release_capacity(piece.len())?;
        all.extend_from_slice(&piece);
    }
    Ok((status, all))
}

async fn ended(driver: JoinHandle<Result<(), h2::Error>>) -> Result<(), h2::Error> {
    tokio::time::timeout(PATIENCE, driver).await.expect("the connection ends").expect("no panic")
}

#[test]
fn streams_of_one_connection_are_served_side_by_side() {
    with_gate(limits(), |gate| async move {
        let (mut client, driver) = connect(&gate, 65_535).await;
        let hanging = get(&mut client, "/hang").await;
        let big = get(&mut client, "/big").await;
        let post = Request::builder().method(Method::POST).uri("http://a/echo").body(()).expect("a request");
        let (echo, mut upload) =
            client.clone().ready().await.expect("ready").send_request(post, false).expect("sent");
        upload.send_data(Bytes::from_static(b"hello"), true).expect("sent");
        let (echo, big) = tokio::join!(body(echo), body(big));
        assert_eq!(echo.expect("an answer"), (200, b"hello".to_vec()));
        assert_eq!(big.expect("an answer").1.len(), 4 << 20);
        assert_eq!(
            body(get(&mut client, "/panic").await).await.expect("an answer"),
            (500, b"panicked".to_vec())
        );
        assert_eq!(body(get(&mut client, "/").await).await.expect("an answer"), (200, b"ok".to_vec()));
        assert_eq!((gate.app.under_way.get(), gate.slots.panics()), (1, 1));
        drop((hanging, client));
        gate.until("the given-up request is dropped", |gate| *gate.app.dropped.borrow() == 1).await;
        gate.until("all is over", |gate| gate.app.under_way.get() == 0).await;
        driver.abort();
        gate.until("the slot is free", |gate| gate.slots.open() == 0).await;
    });
}

fn stalling() -> Limits {
    Limits { stalled_stream: Duration::from_millis(300), ..limits() }
}

#[test]
fn a_stream_whose_window_stays_closed_is_reset_and_others_go_on() {
    with_gate(stalling(), |gate| async move {
        for window in [0, 1] {
            let (mut client, driver) = connect(&gate, window).await;
            let stalled = get(&mut client, "/big").await.await.expect("a head");
            let mut stalled = stalled.into_body();
            let end = loop {
                match stalled.data().await {
                    Some(Ok(_)) => {}
                    Some(Err(error)) => break error,
                    None => panic!("the response cannot have come through"),
                }
            };
            assert!(end.is_reset() && end.is_remote(), "{end}");
            assert_eq!(
                body(get(&mut client, "/early").await).await.map(|(status, _)| status).ok(),
                (window > 0).then_some(401)
            );
            drop((client, stalled));
            let _ = ended(driver).await;
        }
        assert!(gate.slots.stalled() >= 2);
        gate.until("all is over", |gate| gate.slots.open() == 0 && gate.app.under_way.get() == 0).await;
    });
}

#[test]
fn a_window_opened_byte_by_byte_does_not_keep_a_stream() {
    with_gate(stalling(), |gate| async move {
        let (mut client, driver) = connect(&gate, 1).await;
        let response = get(&mut client, "/big").await.await.expect("a head");
        let mut stream = response.into_body();
        let mut got = 0;
        let end = loop {
            match stream.data().await {
                Some(Ok(piece)) => {
                    got += piece.len();
                    tokio::time::sleep(Duration::from_millis(5)).await;
                    let _ = stream.flow_control().release_capacity(piece.len());
                }
                Some(Err(error)) => break error,
                None => panic!("the response cannot have come through"),
            }
        };
        assert!(end.is_reset() && got > 1, "{end} after {got}");
        drop((client, stream));
        let _ = ended(driver).await;
    });
}

#[test]
fn a_response_left_in_the_engine_by_a_closed_window_ends_the_connection() {
    with_gate(stalling(), |gate| async move {
        let (mut client, driver) = connect(&gate, 1).await;
        let response = get(&mut client, "/").await.await.expect("a head");
        let _kept = response.into_body();
        let _ = ended(driver).await;
        gate.until("all is over", |gate| gate.slots.open() == 0).await;
        assert_eq!(gate.slots.stalled(), 1);
    });
}

#[test]
fn opening_streams_to_cancel_them_ends_the_connection() {
    with_gate(limits(), |gate| async move {
        let (client, driver) = connect(&gate, 65_535).await;
        let mut sent = 0;
        while sent < 1000 && !driver.is_finished() {
            let Ok(mut ready) = client.clone().ready().await else { break };
            let request = Request::get("http://a/hang").body(()).expect("a request");
            let Ok((response, _)) = ready.send_request(request, true) else { break };
            sent += 1;
            // The stream is looked at before it is given up: this is no flood the engine counts.
            for _ in 0..200 {
                if gate.seen().len() >= sent || driver.is_finished() {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            drop(response);
        }
        let _ = ended(driver).await;
        assert!((100..200).contains(&sent), "{sent}");
        gate.until("all is over", |gate| gate.slots.open() == 0 && gate.app.under_way.get() == 0).await;
        assert_eq!(*gate.app.dropped.borrow(), gate.seen().len());
        client.clone().ready().await.expect_err("gone");
    });
}

#[test]
fn a_connection_without_streams_is_closed_in_time() {
    let limits = Limits {
        head_timeout: Duration::from_millis(200),
        keepalive_timeout: Duration::from_millis(200),
        ..limits()
    };
    with_gate(limits, |gate| async move {
        let (_client, never) = connect(&gate, 65_535).await;
        let (mut client, used) = connect(&gate, 65_535).await;
        body(get(&mut client, "/").await).await.expect("an answer");
        for driver in [never, used] {
            ended(driver).await.expect("a graceful end");
        }
        let mut mute = gate.connect().await;
        mute.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.expect("written");
        let mut rest = Vec::new();
        mute.read_to_end(&mut rest).await.expect("an end although nothing was acknowledged");
        gate.until("all is over", |gate| gate.slots.open() == 0).await;
    });
}

#[test]
fn while_draining_a_connection_is_told_to_go_after_its_first_request_and_loses_none() {
    with_gate(limits(), |gate| async move {
        let (mut client, driver) = connect(&gate, 65_535).await;
        body(get(&mut client, "/").await).await.expect("an answer");
        let hello = get(&mut client, "/big").await;
        gate.begin_drain(Duration::from_secs(60));
        assert_eq!(body(hello).await.expect("the answer under way").1.len(), 4 << 20);
        ended(driver).await.expect("a graceful end");
        let (mut fresh, driver) = connect(&gate, 65_535).await;
        assert_eq!(body(get(&mut fresh, "/").await).await.expect("an answer").0, 200);
        ended(driver).await.expect("a graceful end");
        gate.until("all is over", |gate| gate.slots.open() == 0).await;
    });
}

#[test]
fn when_closing_streams_under_way_end_first() {
    with_gate(limits(), |gate| async move {
        let (_idle, idle) = connect(&gate, 65_535).await;
        let (client, driver) = connect(&gate, 65_535).await;
        let post = Request::builder().method(Method::POST).uri("http://a/echo").body(()).expect("a request");
        let (echo, mut upload) =
            client.clone().ready().await.expect("ready").send_request(post, false).expect("sent");
        gate.until("it is under way", |gate| gate.app.under_way.get() == 1).await;
        gate.begin_drain(Duration::ZERO);
        gate.until("it is closing", |gate| gate.drain.stage() == Stage::Closing).await;
        ended(idle).await.expect("a graceful end");
        upload.send_data(Bytes::from_static(b"hello"), true).expect("sent");
        assert_eq!(body(echo).await.expect("an answer"), (200, b"hello".to_vec()));
        drop(client);
        ended(driver).await.expect("a graceful end");
        gate.until("all is over", |gate| gate.slots.open() == 0).await;
    });
}

/// One frame on stream `on`.
fn frame(kind: u8, flags: u8, on: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("short").to_be_bytes();
    [&length[1..], &[kind, flags, 0, 0, 0, on], payload].concat()
}

#[test]
fn frames_for_their_own_sake_end_the_connection_soon() {
    with_gate(limits(), |gate| async move {
        let floods = [frame(6, 0, 0, b"12345678"), frame(4, 0, 0, b""), frame(2, 0, 1, b"\0\0\0\0\x10")];
        for (ended, flood) in floods.into_iter().enumerate() {
            let mut stream = gate.connect().await;
            stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.expect("written");
            stream.write_all(&frame(4, 0, 0, b"")).await.expect("written");
            let flood = flood.repeat(100);
            let mut sent = 0;
            while sent < 100_000 && stream.write_all(&flood).await.is_ok() {
                sent += 100;
            }
            gate.until("it is ended", |gate| gate.slots.floods() == ended as u64 + 1).await;
            gate.until("all is over", |gate| gate.slots.open() == 0).await;
        }
    });
}

#[test]
fn an_idle_http2_connection_makes_room_and_is_told_with_goaway() {
    with_gate(limits(), |gate| async move {
        gate.slots.set(Bounds::new(1));
        let (mut first, driver) = connect(&gate, 65_535).await;
        assert_eq!(body(get(&mut first, "/").await).await.expect("an answer").0, 200);
        // The answer is here a moment before the gate knows that its stream is over.
        let mut said = String::new();
        while !said.starts_with("HTTP/1.1 200 ") {
            let mut second = gate.connect().await;
            let _ = second.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
            said = everything(&mut second).await;
        }
        ended(driver).await.expect("a graceful end");
        assert_eq!(gate.slots.turned().evicted, 1);
    });
}

#[test]
fn http2_connections_take_more_of_the_room() {
    with_gate(limits(), |gate| async move {
        gate.slots.set(Bounds::new(100).within((512 + 3 * 24) * 1024));
        let (mut first, driver) = connect(&gate, 65_535).await;
        let hanging = get(&mut first, "/hang").await;
        gate.until("it is under way", |gate| gate.app.under_way.get() == 1).await;
        let mut second = gate.connect().await;
        second.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.expect("written");
        let mut rest = Vec::new();
        second.read_to_end(&mut rest).await.expect("closed");
        assert!(rest.is_empty());
        assert!(gate.talk(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.starts_with("HTTP/1.1 200 "));
        assert_eq!(gate.slots.turned().memory, 1);
        drop((hanging, first));
        ended(driver).await.expect("a graceful end");
        gate.until("the slot is free", |gate| gate.slots.open() == 0).await;
        let (mut third, _driver) = connect(&gate, 65_535).await;
        assert_eq!(body(get(&mut third, "/").await).await.expect("an answer").0, 200);
    });
}
