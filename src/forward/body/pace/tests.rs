use super::*;

const RULES: PaceRules =
    PaceRules { idle: Duration::from_secs(15), rate: 240, grace: Duration::from_secs(10) };

fn at(seconds: u64) -> Mono {
    Mono(seconds * 1_000_000_000)
}

#[test]
fn a_silent_body_has_the_grace_then_nothing() {
    let mut pace = Pace::default();
    assert_eq!(pace.wait(&RULES, at(100)), at(110));
    pace.resume(at(109));
    pace.got(1);
    assert_eq!(pace.wait(&RULES, at(109)), at(110));
    pace.resume(at(110));
    assert_eq!(pace.wait(&RULES, at(110)), at(110));
}

#[test]
fn a_body_that_came_fast_may_pause_as_long_as_idle_allows() {
    let mut pace = Pace::default();
    pace.got(240 * 60);
    assert_eq!(pace.wait(&RULES, at(0)), at(15));
}

#[test]
fn time_in_which_nobody_asked_does_not_count() {
    let mut pace = Pace::default();
    pace.wait(&RULES, at(0));
    pace.resume(at(1));
    assert_eq!(pace.wait(&RULES, at(1000)), at(1009));
}

#[test]
fn without_a_rate_only_idle_counts() {
    let rules = PaceRules { rate: 0, ..RULES };
    let mut pace = Pace::default();
    pace.wait(&rules, at(0));
    pace.resume(at(14));
    assert_eq!(pace.wait(&rules, at(14)), at(29));
}
