use std::sync::Arc;
use std::time::Duration;

use super::{EARLY, Ended, Errand, MOST_NAMED_A_MINUTE, Outcome, Plan};
use crate::base::clock::Mono;
use crate::base::name::SecretId;
use crate::config::settings::{AllowedHost, FetchRule, Place, Reach, Remote};
use crate::scheme::{self, NamedCertificate, Trusted};
use crate::state::fetched::{Fetched, Named};

const HOUR: Duration = Duration::from_secs(3600);
const GOOD: Ended = Ended { outcome: Outcome::Good, refresh: HOUR };
const BAD: Ended = Ended { outcome: Outcome::Bad, refresh: HOUR };
/// The middle of the spread.
const MIDDLE: u64 = 100;

fn host() -> Arc<AllowedHost> {
    let name = "sns.eu-west-1.amazonaws.com".to_owned();
    Arc::new(AllowedHost { name, port: 443, address: None, roots: None, reach: Reach::Public })
}

fn source(provider: &str, remote: Remote) -> Vec<Arc<Fetched>> {
    let mut spec = scheme::preset(provider).unwrap().spec(None).unwrap();
    spec.give_examples();
    let plan = Arc::new(scheme::Plan::compile(&spec).unwrap());
    vec![Arc::new(Fetched::new("route", SecretId::parse("id").unwrap(), Arc::new(remote), plan))]
}

fn listed() -> Vec<Arc<Fetched>> {
    let place = Place { host: host(), target: "/set".to_owned() };
    source("plaid", Remote::At(FetchRule { place, refresh: HOUR, max_stale: HOUR * 24 }))
}

fn at(seconds: u64) -> Mono {
    Mono(seconds * 1_000_000_000)
}

fn named(number: usize) -> NamedCertificate {
    let url = format!("https://sns.eu-west-1.amazonaws.com/{number}.pem");
    NamedCertificate { url, names: vec!["sns.amazonaws.com".to_owned()], trust: Trusted::ByHost }
}

#[test]
fn a_place_is_asked_at_once_then_once_in_each_refresh() {
    let (mut plan, sources) = (Plan::default(), listed());
    let errands = plan.due(&sources, at(0), 4);
    assert_eq!(errands.len(), 1);
    assert!(plan.due(&sources, at(0), 4).is_empty(), "one at a time");
    plan.landed(&errands[0], GOOD, at(1), MIDDLE);
    assert_eq!(plan.next(&sources, at(1)), Some(at(3601)));
    assert!(plan.due(&sources, at(3600), 4).is_empty());
    assert_eq!(plan.due(&sources, at(3601), 4), errands);
}

#[test]
fn the_next_visit_is_spread_by_a_tenth_and_no_more() {
    for chance in [0, 1, 100, 200, 201, u64::MAX] {
        let (mut plan, sources) = (Plan::default(), listed());
        let errands = plan.due(&sources, at(0), 4);
        plan.landed(&errands[0], GOOD, at(0), chance);
        let next = plan.next(&sources, at(0)).unwrap();
        assert!(next >= at(3240) && next <= at(3960), "{chance}: {next:?}");
    }
}

#[test]
fn failures_are_tried_again_ever_more_rarely_and_never_rarer_than_refresh() {
    let (mut plan, sources) = (Plan::default(), listed());
    let mut now = at(0);
    for pause in [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300] {
        let errands = plan.due(&sources, now, 4);
        assert_eq!(errands.len(), 1);
        plan.landed(&errands[0], BAD, now, MIDDLE);
        let next = plan.next(&sources, now).unwrap();
        assert_eq!(next.since(now), Duration::from_secs(pause));
        now = next;
    }
    let errands = plan.due(&sources, now, 4);
    plan.landed(&errands[0], Ended { outcome: Outcome::Bad, refresh: Duration::from_secs(5) }, now, MIDDLE);
    assert_eq!(plan.next(&sources, now).unwrap().since(now), Duration::from_secs(5));
}

#[test]
fn missed_keys_bring_one_visit_a_minute_forward_however_many_are_missed() {
    let (mut plan, sources) = (Plan::default(), listed());
    let errands = plan.due(&sources, at(0), 4);
    plan.landed(&errands[0], GOOD, at(0), MIDDLE);
    let mut visits = 0;
    for second in 1..=600 {
        for _ in 0..100 {
            sources[0].miss();
        }
        for errand in plan.due(&sources, at(second), 4) {
            visits += 1;
            plan.landed(&errand, GOOD, at(second), MIDDLE);
        }
    }
    assert_eq!(visits, 10, "600 s, and {EARLY:?} between two");
}

#[test]
fn a_secret_that_joins_a_place_asked_before_is_fetched_within_a_minute() {
    let (mut plan, mut sources) = (Plan::default(), listed());
    let errands = plan.due(&sources, at(0), 4);
    plan.landed(&errands[0], GOOD, at(0), MIDDLE);
    sources.extend(listed());
    assert_eq!(plan.due(&sources, at(10), 4), errands, "not after the hour of the first one");
    plan.landed(&errands[0], GOOD, at(10), MIDDLE);
    sources.extend(listed());
    assert!(plan.due(&sources, at(11), 4).is_empty());
    assert_eq!(plan.next(&sources, at(11)), Some(at(70)));
    assert_eq!(plan.due(&sources, at(70), 4), errands);
}

#[test]
fn certificates_are_asked_for_six_times_a_minute_at_most_and_each_once_at_a_time() {
    let sources = source("aws_sns", Remote::Named(vec![host()]));
    let mut plan = Plan::default();
    let (mut visits, mut number) = (0, 0);
    for second in 0..60 {
        for _ in 0..50 {
            number += 1;
            assert_eq!(sources[0].ask(named(number), at(second)), Named::Awaited);
        }
        let errands = plan.due(&sources, at(second), 4);
        assert!(plan.due(&sources, at(second), 4).iter().all(|errand| !errands.contains(errand)));
        for errand in errands {
            visits += 1;
            sources[0].failed(&errand.place, at(second + 600), at(second));
            plan.landed(&errand, BAD, at(second), MIDDLE);
        }
    }
    assert!(visits <= MOST_NAMED_A_MINUTE * 2, "{visits}");
    assert!(visits >= MOST_NAMED_A_MINUTE, "{visits}");
}

#[test]
fn a_place_nobody_needs_any_longer_is_forgotten_and_lost_errands_begin_again() {
    let (mut plan, sources) = (Plan::default(), listed());
    let errands = plan.due(&sources, at(0), 4);
    plan.lost();
    assert_eq!(plan.due(&sources, at(0), 4), errands);
    assert!(plan.due(&[], at(1), 4).is_empty());
    assert_eq!(plan.next(&[], at(1)), None);
    plan.landed(&Errand { named: None, ..errands[0].clone() }, GOOD, at(1), MIDDLE);
    assert_eq!(plan.next(&[], at(1)), None);
}

#[test]
fn what_finds_no_free_flight_stays_due() {
    let (mut plan, sources) = (Plan::default(), listed());
    assert!(plan.due(&sources, at(0), 0).is_empty());
    assert_eq!(plan.due(&sources, at(0), 1).len(), 1);
}
