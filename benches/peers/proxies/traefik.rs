//! Traefik, the open-source build: forwards; keys and signatures belong to its paid edition.

use super::{Launch, Plan, Site};
use crate::scenario::Scenario;

const STATIC: &str = "global: { checkNewVersion: false, sendAnonymousUsage: false }
log: { level: ERROR }
entryPoints:
  callers: { address: '127.0.0.1:@PORT@' }
providers:
  file: { filename: '@FOLDER@/routes.yaml', watch: false }
";

const DYNAMIC: &str = "http:
  routers:
    all: { rule: 'PathPrefix(`/`)', entryPoints: [callers], service: app }
  services:
    app: { loadBalancer: { servers: [{ url: 'http://127.0.0.1:@ORIGIN@' }] } }
";

pub(super) fn plan(scenario: Scenario, site: Site<'_>) -> Plan {
    match scenario {
        Scenario::Pass | Scenario::Http2 => {
            let launch =
                Launch::new(&site.tools.traefik, &[&format!("--configFile={}", site.file("traefik.yaml"))])
                    .with_file("traefik.yaml", site.fill(STATIC))
                    .with_file("routes.yaml", site.fill(DYNAMIC))
                    .with_variable("GOMAXPROCS", "1");
            Plan::Run(launch)
        }
        Scenario::Keyed | Scenario::Full => Plan::Cannot("API keys are in the paid edition only"),
        Scenario::Signed | Scenario::SignedLarge => Plan::Cannot("HMAC is in the paid edition only"),
    }
}
