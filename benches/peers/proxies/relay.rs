//! The floor: this very program, started again as a relay. See `relay.rs`.

use super::{Launch, Plan, Site};
use crate::scenario::Scenario;

pub(super) fn plan(scenario: Scenario, site: Site<'_>) -> Plan {
    match scenario {
        // The checks are not its work: here it shows what carrying these bytes costs.
        Scenario::Pass => {
            let (listen, origin) = (format!("127.0.0.1:{}", site.port), format!("127.0.0.1:{}", site.origin));
            Plan::Run(Launch::new(&site.tools.own, &["relay", &listen, &origin]))
        }
        Scenario::Keyed | Scenario::Full => Plan::Cannot("checks nothing"),
        Scenario::Signed | Scenario::SignedLarge => Plan::Cannot("checks nothing"),
        Scenario::Http2 => Plan::Cannot("does not know HTTP"),
    }
}
