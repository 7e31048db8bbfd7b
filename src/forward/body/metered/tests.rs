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
