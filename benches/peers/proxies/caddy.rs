//! Caddy: forwards; limits and HMAC need plugins that its build does not have.

use super::{Launch, Plan, Site};
use crate::scenario::Scenario;

const CONFIG: &str = "{
  admin off
  auto_https off
  persist_config off
  log { 
    level ERROR
  }
  servers {
    protocols h1 h2c
  }
}
http://:@PORT@ {
  bind 127.0.0.1
  reverse_proxy 127.0.0.1:@ORIGIN@
}
";

pub(super) fn plan(scenario: Scenario, site: Site<'_>) -> Plan {
    match scenario {
        Scenario::Pass | Scenario::Http2 => {
            let path = site.file("Caddyfile");
            let launch =
                Launch::new(&site.tools.caddy, &["run", "--config", &path, "--adapter", "caddyfile"])
                    .with_file("Caddyfile", site.fill(CONFIG))
                    .with_variable("HOME", site.file(""))
                    .with_variable("GOMAXPROCS", "1");
            Plan::Run(launch)
        }
        Scenario::Keyed | Scenario::Full => Plan::Cannot("rate limits need a plugin"),
        Scenario::Signed | Scenario::SignedLarge => Plan::Cannot("HMAC needs a plugin"),
    }
}
