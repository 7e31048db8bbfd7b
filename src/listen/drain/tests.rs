use std::time::Duration;

use super::{Drain, Notice, Outcome, Stage, Times};
use crate::exchange::Peer;
use crate::listen::slots::{Bounds, Slots};

const LONG: Duration = Duration::from_secs(3600);

fn times(min: Duration, max: Duration) -> Times {
    Times { min, max }
}

fn run<F: Future>(work: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(async { tokio::time::timeout(Duration::from_secs(20), work).await.expect("an end") })
}

#[test]
fn the_stages_are_walked_in_order_and_never_back() {
    let drain = Drain::new(Slots::new(Bounds::new(1)));
    assert_eq!((drain.stage(), drain.is_draining()), (Stage::Serving, false));
    drain.begin(times(LONG, LONG));
    assert_eq!((drain.stage(), drain.is_draining()), (Stage::Draining, true));
    drain.enter(Stage::Closing);
    drain.begin(times(LONG, LONG));
    drain.terminate(times(LONG, LONG));
    assert_eq!(drain.stage(), Stage::Closing);
}

#[test]
fn a_drain_closes_after_its_minimum_and_waits_for_the_order_to_end() {
    run(async {
        let slots = Slots::new(Bounds::new(1));
        let slot = slots.take(Peer::Unix);
        let drain = Drain::new(slots);
        drain.begin(times(Duration::ZERO, LONG));
        let running = drain.run();
        let outside = async {
            drain.watch().reached(Stage::Closing).await;
            assert_eq!(drain.drained(Duration::from_millis(50)).await, Outcome::Aborted(1));
            drop(slot);
            assert_eq!(drain.drained(LONG).await, Outcome::Clean);
            assert_eq!(drain.stage(), Stage::Closing, "the process stays until it is told to end");
            drain.terminate(times(LONG, LONG));
        };
        assert_eq!(tokio::join!(running, outside).0, Outcome::Clean);
        assert_eq!(drain.stage(), Stage::Over);
    });
}

/// A connection sees the drain begin before it sees it close; the first must not make it deaf to the second.
#[test]
fn a_notice_of_closing_outlives_the_beginning_of_the_drain() {
    run(tokio::task::LocalSet::new().run_until(async {
        let drain = Drain::new(Slots::new(Bounds::new(1)));
        let of_connection = drain.clone();
        let connection = tokio::task::spawn_local(async move {
            let mut watch = of_connection.watch();
            let wait = std::pin::pin!(watch.reached(Stage::Closing));
            let mut notice = Notice::new(wait);
            std::future::poll_fn(|cx| notice.poll(&of_connection, cx)).await;
        });
        for stage in [Stage::Draining, Stage::Closing] {
            tokio::task::yield_now().await;
            drain.enter(stage);
        }
        connection.await.expect("noticed");
    }));
}

#[test]
fn an_idle_process_told_to_end_does_not_wait_for_the_minimum() {
    run(async {
        let drain = Drain::new(Slots::new(Bounds::new(1)));
        drain.terminate(times(LONG, LONG));
        assert_eq!(drain.run().await, Outcome::Clean);
    });
}

#[test]
fn after_the_maximum_what_is_left_is_given_up_and_counted() {
    run(async {
        let slots = Slots::new(Bounds::new(2));
        let _held = (slots.take(Peer::Unix), slots.take(Peer::Unix));
        let drain = Drain::new(slots);
        drain.terminate(times(Duration::ZERO, Duration::from_millis(100)));
        assert_eq!(drain.run().await, Outcome::Aborted(2));
    });
}
