use std::future::poll_fn;
use std::pin::pin;

use tokio::io::AsyncWriteExt;
use tokio::task::coop;

use super::*;
use crate::forward::upstream::bench::run;

/// A socket with `bytes` in it, which the runtime knows of.
async fn spoken(bytes: &[u8]) -> (Socket, UnixStream) {
    let (near, mut far) = UnixStream::pair().expect("a pair of sockets");
    far.write_all(bytes).await.expect("room");
    near.readable().await.expect("readable");
    (Socket::Unix(near), far)
}

#[test]
fn a_task_that_has_used_up_its_turn_still_sees_what_came() {
    run(async {
        let (socket, _far) = spoken(b"x").await;
        assert!(!socket.is_known_quiet());
        let quiet = &mut Context::from_waker(Waker::noop());
        while coop::has_budget_remaining() {
            assert!(pin!(coop::consume_budget()).poll(quiet).is_ready());
        }
        assert!(!socket.is_known_quiet());
    });
}

#[test]
fn a_small_piece_of_a_large_body_holds_no_large_block() {
    run(async {
        for wanted in [0, 100, u64::MAX] {
            let (mut socket, _far) = spoken(b"piece").await;
            let room = ReadRoom::default();
            let read = poll_fn(|cx| socket.poll_fill(&room, wanted, cx)).await.expect("readable");
            assert_eq!(read, "piece");
            let block = read.try_into_mut().expect("nobody else's").capacity();
            assert!(block < 1024, "{wanted}: {block}");
        }
    });
}
