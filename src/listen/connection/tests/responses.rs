use std::io::ErrorKind;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::rig::{limits, read_until, with_gate};
use crate::config::settings::Limits;

#[test]
fn a_pause_between_two_bursts_is_no_stall() {
    let stalled_stream = Duration::from_millis(300);
    let limits = Limits { stalled_stream, ..limits() };
    with_gate(limits, |gate| async move {
        let mut stream = gate.connect().await;
        stream.write_all(b"GET /spring HTTP/1.1\r\nHost: a\r\n\r\n").await.expect("written");
        read_until(&mut stream, "\r\n\r\n").await;
        for burst in 0..3 {
            // More writes than a task may do in one turn, and too few bytes to count as progress by themselves.
            gate.app.spring.pour(200);
            let (mut taken, mut piece) = (0, [0; 4096]);
            while taken < 200 * 8 {
                let count = stream.read(&mut piece).await.expect("a burst");
                assert!(count > 0, "burst {burst} ended after {taken} bytes");
                taken += piece.iter().take(count).filter(|byte| **byte == b'~').count();
            }
            tokio::time::sleep(stalled_stream * 2).await;
        }
        assert_eq!((gate.slots.open(), gate.slots.stalled()), (1, 0));
    });
}

#[test]
fn a_refused_request_for_a_head_gets_no_body_however_it_begins() {
    with_gate(limits(), |gate| async move {
        for lead in ["", "\r\n"] {
            let answer = gate.talk(format!("{lead}HEAD / HTTP/1.1\r\nHost: a b\r\n\r\n").as_bytes()).await;
            assert!(
                answer.starts_with("HTTP/1.1 400 ") && answer.ends_with("\r\n\r\n"),
                "{lead:?}: {answer}"
            );
        }
    });
}

#[test]
fn a_response_that_ends_with_its_connection_and_breaks_off_is_reset() {
    with_gate(limits(), |gate| async move {
        let mut stream = gate.connect().await;
        stream.write_all(b"GET /spring HTTP/1.0\r\n\r\n").await.expect("written");
        gate.app.spring.pour(1);
        assert!(read_until(&mut stream, "~~~~~~~~").await.starts_with("HTTP/1.0 200 OK\r\n"));
        gate.app.spring.breaks.set(true);
        gate.app.spring.pour(0);
        let end = stream.read(&mut [0; 64]).await;
        assert_eq!(end.map_err(|error| error.kind()), Err(ErrorKind::ConnectionReset));
    });
}

#[test]
fn what_comes_behind_the_last_request_does_not_destroy_its_answer() {
    with_gate(limits(), |gate| async move {
        let mut stream = gate.connect_narrow().await;
        let last = b"GET /big HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
        stream.write_all(last).await.expect("written");
        gate.until("it is served", |gate| gate.seen().len() == 1).await;
        stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.expect("written");
        let mut all = Vec::new();
        stream.read_to_end(&mut all).await.expect("no reset");
        assert_eq!(all.iter().filter(|byte| **byte == b'x').count(), 4 << 20);
        assert_eq!(gate.seen().len(), 1, "{:?}", gate.seen());
    });
}
