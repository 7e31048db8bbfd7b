//! `rate_limits` of a route.

use super::{Reading, Section, at_most};
use crate::base::name::LimitName;
use crate::config::raw::View;
use crate::config::report::Fault;
use crate::config::settings::{Budget, LimitBy, RateLimit, Route};
use crate::config::{scalar, units};

/// All of them are asked for every request.
const MOST_LIMITS: usize = 16;

const FORMS: &str = "write limit: 60 and window: 1m, or rate: 10/s and burst: 20";

/// Reads the limits of one route; their names are unique.
pub(super) fn limits(view: View<'_>, reading: &mut Reading<'_>) -> Vec<RateLimit> {
    let mut limits: Vec<RateLimit> = Vec::new();
    for item in at_most(MOST_LIMITS, view.items().collect(), reading) {
        let section = Section(Some(item));
        let budget = budget(section, item, reading);
        let by = by(section, reading);
        let Some(name) = section.text("name").and_then(|text| LimitName::parse(text).ok()) else { continue };
        if limits.iter().any(|other| other.name == name) {
            let fault = Fault::new(format!("the name {name} is used twice in this route"), "");
            reading.report.error(item.spot(), fault);
        }
        if let Some(budget) = budget {
            limits.push(RateLimit { name, budget, by, line: item.line() });
        }
    }
    limits
}

fn budget(section: Section<'_>, view: View<'_>, reading: &mut Reading<'_>) -> Option<Budget> {
    let is_written = |key: &str| section.get(key).is_some();
    match (is_written("limit"), is_written("window"), is_written("rate"), is_written("burst")) {
        (true, true, false, false) => {
            Some(Budget::Window { limit: section.number("limit")?, window: section.duration("window")? })
        }
        (false, false, true, true) => {
            let interval = units::rate(section.text("rate")?).ok()?;
            Some(Budget::Smooth { interval, burst: section.number("burst")? })
        }
        (true | false, true | false, true | false, true | false) => {
            let message = "a limit has either limit and window, or rate and burst";
            reading.report.error(view.spot(), Fault::new(message, FORMS));
            None
        }
    }
}

fn by(section: Section<'_>, reading: &mut Reading<'_>) -> Vec<LimitBy> {
    let mut by = Vec::new();
    for item in section.get("by").into_iter().flat_map(|view| view.items()) {
        let Some(word) = item.text().and_then(|text| scalar::word(text, &["client_ip", "api_key", "route"]))
        else {
            continue;
        };
        let one = match word {
            "api_key" => LimitBy::ApiKey,
            "route" => LimitBy::Route,
            _ => LimitBy::ClientIp,
        };
        if by.contains(&one) {
            reading.report.error(item.spot(), Fault::new(format!("{word} is written twice"), "remove one"));
        } else {
            by.push(one);
        }
    }
    if by.is_empty() {
        by.push(LimitBy::ClientIp);
    }
    by
}

/// A limit per key on a route without keys would count by address; that is hardly meant.
pub(super) fn judge_keys(section: Section<'_>, route: &Route, reading: &mut Reading<'_>) {
    if route.api_key.is_some() {
        return;
    }
    for view in section.get("rate_limits").into_iter().flat_map(|view| view.items()) {
        let keyed =
            view.get("by").into_iter().flat_map(|by| by.items()).find(|item| item.text() == Some("api_key"));
        if let Some(item) = keyed {
            let message = "this route takes no API key, so nothing can be counted by it";
            reading
                .report
                .error(item.spot(), Fault::new(message, "write client_ip or route, or add api_key: {}"));
        }
    }
}
