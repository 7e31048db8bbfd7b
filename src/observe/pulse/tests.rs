use super::*;

const SECOND: u64 = 1_000_000_000;

#[test]
fn a_worker_that_beats_is_well() {
    let pulse = Pulse::new(2, Mono(0));
    pulse.beat(0, Mono(9 * SECOND));
    pulse.beat(1, Mono(9 * SECOND));
    assert_eq!(pulse.check(Mono(19 * SECOND)), Ok(()));
}

#[test]
fn the_worker_silent_longest_is_named_after_ten_seconds() {
    let pulse = Pulse::new(3, Mono(0));
    pulse.beat(0, Mono(5 * SECOND));
    pulse.beat(2, Mono(5 * SECOND));
    let silent = Duration::from_secs(10) + Duration::from_nanos(1);
    assert_eq!(pulse.check(Mono(10 * SECOND + 1)), Err(Stuck { worker: 1, silent }));
}

#[test]
fn a_beat_of_a_worker_there_is_not_does_nothing() {
    let pulse = Pulse::new(1, Mono(0));
    pulse.beat(7, Mono(SECOND));
    assert_eq!(pulse.check(Mono(SECOND)), Ok(()));
}
