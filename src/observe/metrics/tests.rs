use std::path::Path;
use std::time::Duration;

use super::*;
use crate::base::failure::Failure;
use crate::check::deny::Reason;
use crate::observe::meter::Ending;
use crate::observe::tests::{keyed, route, series, webhook};
use crate::observe::{Observer, most_series};

fn count_series(page: &str) -> usize {
    page.lines().filter(|line| !line.starts_with('#')).count()
}

#[test]
fn the_page_has_as_many_series_as_the_configuration_says_and_no_more() {
    let observer = Observer::new(2, Path::new("gate.yaml"));
    let set = observer.plan(1, &[route("a"), webhook("b", &["x", "y"]), webhook("c", &["x"]), keyed("d")]);
    observer.show(&set);
    for meter in set.all() {
        let shard = meter.shard(1).unwrap();
        shard.ended(Ending::Acknowledged, Duration::ZERO);
        shard.ended(Ending::Answered, Duration::ZERO);
        for reason in Reason::ALL {
            shard.ended(Ending::Denied(*reason), Duration::ZERO);
        }
        for failure in Failure::ALL {
            shard.ended(Ending::Failed(failure), Duration::ZERO);
        }
    }
    assert_eq!(count_series(&observer.page()), most_series(4, 2, 3));
}

#[test]
fn series_of_a_removed_route_leave_the_page_and_come_only_with_their_generation() {
    let observer = Observer::new(1, Path::new("gate.yaml"));
    observer.show(&observer.plan(1, &[route("a")]));
    let next = observer.plan(2, &[route("b")]);
    assert!(!observer.page().contains("route=\"b\""), "planned is not shown");
    observer.show(&next);
    let page = observer.page();
    assert!(page.contains("route=\"b\"") && !page.contains("route=\"a\""));
}

#[test]
fn the_configuration_in_force_is_told() {
    let observer = Observer::new(1, Path::new("gate.yaml"));
    observer.config_applied(1, "ab12", Wall(1_000_500));
    observer.config_refused();
    for (name, value) in [
        ("sidegate_config_generation", 1.0),
        ("sidegate_config_info{hash=\"ab12\"}", 1.0),
        ("sidegate_config_last_reload_successful", 0.0),
        ("sidegate_config_last_reload_success_timestamp_seconds", 1000.5),
        ("sidegate_config_reloads_total{result=\"refused\"}", 1.0),
    ] {
        assert_eq!(series(&observer, name), Some(value), "{name}");
    }
    observer.config_applied(2, "cd34", Wall(2_000_000));
    assert_eq!(series(&observer, "sidegate_config_last_reload_successful"), Some(1.0));
    assert_eq!(series(&observer, "sidegate_config_info{hash=\"ab12\"}"), None);
}

#[test]
fn a_histogram_is_cumulative_and_ends_in_infinity() {
    let observer = Observer::new(1, Path::new("gate.yaml"));
    let set = observer.plan(1, &[route("a")]);
    observer.show(&set);
    let shard = set.route(0).shard(0).unwrap();
    for millis in [1, 20, 60_000] {
        shard.finished(Duration::from_millis(millis));
    }
    for (bound, value) in [("0.001", 1.0), ("0.025", 2.0), ("10", 2.0), ("+Inf", 3.0)] {
        let name = format!("sidegate_request_duration_seconds_bucket{{route=\"a\",le=\"{bound}\"}}");
        assert_eq!(series(&observer, &name), Some(value), "{name}");
    }
    assert_eq!(series(&observer, "sidegate_request_duration_seconds_sum{route=\"a\"}"), Some(60.021));
}
