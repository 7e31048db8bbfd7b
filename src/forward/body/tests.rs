use std::net::{IpAddr, Ipv4Addr};

use super::script::{Script, Step};
use super::*;
use crate::base::watchdog::Watchdog;
use crate::forward::budget::Budget;

const RULES: CollectRules = CollectRules {
    max: 1000,
    pace: PaceRules { idle: Duration::from_millis(60), rate: 240, grace: Duration::from_secs(10) },
    whole: Duration::from_secs(30),
    ending: Ending::Framed,
};
const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

async fn run(body: Script, rules: &CollectRules) -> (Result<Collected, Failure>, Vec<u8>) {
    let watchdog = Watchdog::default();
    let deadline = watchdog.deadline();
    let mut seen = Vec::new();
    let lease = Budget::new(1 << 20).lease(CLIENT);
    let collecting = collect(body, rules, lease, &deadline, |chunk| seen.extend_from_slice(chunk));
    let result = tokio::select! {
        result = collecting => result,
        () = watchdog.run() => unreachable!("the sweep never ends"),
    };
    (result, seen)
}

#[tokio::test]
async fn pieces_are_joined_and_told_as_they_arrive() {
    let steps = [Step::Data(b"one "), Step::Wait, Step::Data(b"two")];
    let (result, seen) = run(Script::new(steps).declared(7), &RULES).await;
    let collected = result.expect("whole");
    assert_eq!(&collected.bytes[..], b"one two");
    assert_eq!(seen, b"one two");
    assert_eq!(collected.lease.held(), 7, "never more than declared");
}

#[tokio::test]
async fn a_body_of_exactly_the_bound_passes_and_one_byte_more_does_not() {
    static BYTES: [u8; 1001] = [7; 1001];
    let (result, _) = run(Script::new([Step::Data(&BYTES[..1000])]), &RULES).await;
    assert_eq!(result.expect("whole").bytes.len(), 1000);
    let (result, seen) =
        run(Script::new([Step::Data(&BYTES[..600]), Step::Data(&BYTES[..401])]), &RULES).await;
    assert_eq!(result.expect_err("too large"), Failure::ClientBodyTooLarge);
    assert_eq!(seen.len(), 600, "the piece that broke the bound is not hashed");
}

#[tokio::test]
async fn a_declared_length_over_the_bound_is_refused_unread() {
    let (result, _) = run(Script::new([Step::Hang]).declared(1001), &RULES).await;
    assert_eq!(result.expect_err("too large"), Failure::ClientBodyTooLarge);
}

#[tokio::test]
async fn a_body_that_breaks_off_is_no_body() {
    let (result, _) = run(Script::new([Step::Data(b"part"), Step::Break]), &RULES).await;
    assert_eq!(result.expect_err("broken"), Failure::ClientBody);
}

#[tokio::test]
async fn a_stream_that_ends_without_its_flag_was_cut_short() {
    let rules = CollectRules { ending: Ending::Flagged, ..RULES };
    let (result, _) = run(Script::new([Step::Data(b"part")]).cut(), &rules).await;
    assert_eq!(result.expect_err("cut"), Failure::ClientBody);
    let (result, _) = run(Script::new([Step::Data(b"all")]), &rules).await;
    assert_eq!(&result.expect("whole").bytes[..], b"all");
}

#[tokio::test]
async fn silence_ends_at_the_idle_bound() {
    let (result, _) = run(Script::new([Step::Data(b"x"), Step::Hang]), &RULES).await;
    assert_eq!(result.expect_err("slow"), Failure::ClientBodyTimeout);
}

#[tokio::test]
async fn the_whole_body_has_a_deadline_too() {
    let pace = PaceRules { idle: Duration::from_secs(60), ..RULES.pace };
    let rules = CollectRules { pace, whole: Duration::from_millis(50), ..RULES };
    let (result, _) = run(Script::new([Step::Hang]), &rules).await;
    assert_eq!(result.expect_err("slow"), Failure::ClientBodyTimeout);
}

#[tokio::test]
async fn trailers_come_along() {
    let mut fields = HeaderMap::new();
    fields.insert("x-sum", "1".parse().expect("a value"));
    let (result, _) = run(Script::new([Step::Data(b"x"), Step::Trailers(fields.clone())]), &RULES).await;
    assert_eq!(result.expect("whole").trailers, Some(fields));
}

#[tokio::test]
async fn a_body_evicted_while_it_waits_fails_at_once() {
    let budget = Budget::new(100);
    let watchdog = Watchdog::default();
    let deadline = watchdog.deadline();
    static BYTES: [u8; 40] = [0; 40];
    let slow = collect(
        Script::new([Step::Data(&BYTES), Step::Hang]),
        &RULES,
        budget.lease(CLIENT),
        &deadline,
        |_| (),
    );
    let mut slow = std::pin::pin!(slow);
    assert!(poll_fn(|cx| Poll::Ready(slow.as_mut().poll(cx))).await.is_pending());
    let mut other = budget.lease(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 9)));
    other.grow(90).expect("the slow one gives way");
    assert_eq!(slow.await.expect_err("evicted"), Failure::BufferFull);
    assert_eq!(budget.held(), 90);
}

#[test]
fn room_doubles_within_what_is_declared_and_allowed() {
    assert_eq!(capacity(10, None, 1000), 20);
    assert_eq!(capacity(10, Some(5), 1000), 15);
    assert_eq!(capacity(10, Some(0), 1000), 10);
    assert_eq!(capacity(600, None, 1000), 1000);
}
