use std::future::Future;
use std::pin::pin;
use std::task::Waker;

use tokio::io::AsyncWriteExt;
use tokio::task::coop;

use super::*;

fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    tokio::task::LocalSet::new().block_on(&runtime, test);
}

#[test]
fn a_task_that_has_used_up_its_turn_still_sees_what_came() {
    run(async {
        let (near, mut far) = UnixStream::pair().expect("a pair of sockets");
        far.write_all(b"x").await.expect("room");
        near.readable().await.expect("readable");
        let stream = Stream::Unix(near);
        assert!(!stream.is_known_quiet());
        let quiet = &mut Context::from_waker(Waker::noop());
        while coop::has_budget_remaining() {
            assert!(pin!(coop::consume_budget()).poll(quiet).is_ready());
        }
        assert!(!stream.is_known_quiet());
    });
}

#[test]
fn an_end_is_neither_quiet_nor_bytes() {
    run(async {
        let (near, far) = UnixStream::pair().expect("a pair of sockets");
        let stream = Stream::Unix(near);
        assert!(stream.is_quiet() && !stream.has_bytes());
        drop(far);
        assert!(!stream.is_quiet() && !stream.has_bytes());
    });
}
