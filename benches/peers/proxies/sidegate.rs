//! Sidegate: one worker, everything else as it is by default. Every limit, deadline and invariant is on.

use std::fmt::Write;

use super::{Launch, Site};
use crate::scenario::{self, Scenario};

const BASE: &str = "version: 1
listen: 127.0.0.1:@PORT@
upstream: http://127.0.0.1:@ORIGIN@
ops: 127.0.0.1:@SIDE@
admin: off
workers: 1
";

const PASS: &str = "routes:
  - { name: site, path_prefix: /, public: true }
";

const SIGNED: &str = "routes:
  - name: github
    path: /webhook/github
    methods: [POST]
    signature: { provider: github, secrets: [{ id: current, value: @SECRET@ }], replay: off }
    body: { max_size: 1MiB }
";

pub(super) fn launch(scenario: Scenario, site: Site<'_>) -> Launch {
    let rules = match scenario {
        Scenario::Pass | Scenario::Http2 => PASS.to_owned(),
        Scenario::Keyed | Scenario::Full => keyed(),
        Scenario::Signed | Scenario::SignedLarge => SIGNED.replace("@SECRET@", scenario::SECRET),
    };
    let audit = match scenario {
        Scenario::Full => "{ file: @FOLDER@/audit.log }",
        Scenario::Pass | Scenario::Http2 | Scenario::Keyed | Scenario::Signed | Scenario::SignedLarge => {
            "off"
        }
    };
    let telemetry = format!("telemetry: {{ log: {{ level: warning }}, access_log: off, audit: {audit} }}\n");
    let config = site.fill(&format!("{BASE}{rules}{telemetry}"));
    Launch::new(&site.tools.sidegate, &["run", "--config", &site.file("sidegate.yaml")])
        .with_file("sidegate.yaml", config)
}

fn keyed() -> String {
    let mut text = format!("security:\n  ip_allowlist: [{}]\n", scenario::allowed().join(", "));
    let limit = scenario::QUOTA_PER_MINUTE;
    let _ = write!(
        text,
        "routes:\n  - name: api\n    path_prefix: /\n    api_key: {{}}\n    rate_limits: [{{ name: quota, limit: {limit}, window: 1m, by: [api_key] }}]\n"
    );
    text.push_str("api_keys:\n  keys:\n");
    for number in 0..scenario::KEYS {
        let _ = writeln!(text, "    caller{number}: {}", scenario::key(number));
    }
    text
}
