use std::time::Duration;

use http_body_util::BodyExt;

use super::super::script::{Script, Step};
use super::*;

const RULES: PaceRules =
    PaceRules { idle: Duration::from_millis(60), rate: 240, grace: Duration::from_secs(10) };

async fn run(body: Script, max: Option<u64>, ending: Ending) -> Result<usize, Failure> {
    let watchdog = Watchdog::default();
    let metered = Metered::new(body, max, RULES, ending, watchdog.clone());
    tokio::select! {
        whole = metered.collect() => whole.map(|whole| whole.to_bytes().len()).map_err(|broken| broken.0),
        () = watchdog.run() => unreachable!("the sweep never ends"),
    }
}

#[tokio::test]
async fn a_body_within_its_bounds_streams_through() {
    let steps = || [Step::Data(b"one "), Step::Wait, Step::Data(b"two")];
    assert_eq!(run(Script::new(steps()), Some(7), Ending::Framed).await, Ok(7));
    assert_eq!(run(Script::new(steps()), None, Ending::Flagged).await, Ok(7));
}

#[tokio::test]
async fn one_byte_too_many_breaks_it() {
    let steps = [Step::Data(b"one "), Step::Data(b"two")];
    assert_eq!(run(Script::new(steps), Some(6), Ending::Framed).await, Err(Failure::ClientBodyTooLarge));
}

#[tokio::test]
async fn a_declared_length_over_the_bound_breaks_it_unread() {
    let body = Script::new([Step::Hang]).declared(8);
    assert_eq!(run(body, Some(7), Ending::Framed).await, Err(Failure::ClientBodyTooLarge));
}

#[tokio::test]
async fn silence_breaks_it() {
    let body = Script::new([Step::Data(b"x"), Step::Hang]);
    assert_eq!(run(body, None, Ending::Framed).await, Err(Failure::ClientBodyTimeout));
}

#[tokio::test]
async fn an_end_without_its_flag_breaks_it() {
    let body = Script::new([Step::Data(b"part")]).cut();
    assert_eq!(run(body, None, Ending::Flagged).await, Err(Failure::ClientBody));
}

#[tokio::test]
async fn a_break_is_the_callers_failure() {
    let body = Script::new([Step::Data(b"part"), Step::Break]);
    assert_eq!(run(body, None, Ending::Framed).await, Err(Failure::ClientBody));
}

/// Polls until nothing more comes without the caller.
fn pieces(body: Script, ending: Ending) -> (Vec<Bytes>, Option<Result<(), Failure>>) {
    let watchdog = Watchdog::default();
    let mut metered = Metered::new(body, None, RULES, ending, watchdog);
    let mut cx = Context::from_waker(std::task::Waker::noop());
    let mut pieces = Vec::new();
    loop {
        match Pin::new(&mut metered).poll_frame(&mut cx) {
            Poll::Pending => return (pieces, None),
            Poll::Ready(None) => return (pieces, Some(Ok(()))),
            Poll::Ready(Some(Err(broken))) => return (pieces, Some(Err(broken.0))),
            Poll::Ready(Some(Ok(frame))) => pieces.extend(frame.into_data()),
        }
    }
}

#[test]
fn the_piece_that_reaches_the_declared_length_waits_for_the_end() {
    let begun = [Step::Data(b"one "), Step::Data(b"two"), Step::Hang];
    assert_eq!(pieces(Script::new(begun).declared(7), Ending::Flagged), (vec![Bytes::from("one ")], None));
    let framed = [Step::Data(b"one "), Step::Data(b"two"), Step::Hang];
    let all = vec![Bytes::from("one "), Bytes::from("two")];
    assert_eq!(pieces(Script::new(framed).declared(7), Ending::Framed), (all.clone(), None));
    let ended = [Step::Data(b"one "), Step::Data(b"two"), Step::Data(b"")];
    assert_eq!(pieces(Script::new(ended).declared(7), Ending::Flagged), (all.clone(), Some(Ok(()))));
    let trailed = [Step::Data(b"one "), Step::Data(b"two"), Step::Trailers(http::HeaderMap::new())];
    assert_eq!(pieces(Script::new(trailed).declared(7), Ending::Flagged), (all, Some(Ok(()))));
}

#[test]
fn what_breaks_behind_the_declared_length_leaves_the_body_unfinished() {
    for last in [Step::Break, Step::Data(b"")] {
        let steps = [Step::Data(b"one "), Step::Data(b"two"), last];
        let (pieces, end) = pieces(Script::new(steps).declared(7).cut(), Ending::Flagged);
        assert_eq!((pieces, end), (vec![Bytes::from("one ")], Some(Err(Failure::ClientBody))));
    }
}
