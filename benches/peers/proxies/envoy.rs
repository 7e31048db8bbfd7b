//! Envoy: RBAC by address, the API key filter, the local rate limit. Its limit counts all callers together, which is
//! less work than counting each. It has no HMAC of its own.

use super::{Launch, Plan, Site};
use crate::scenario::{self, Scenario};

const CONFIG: &str = "static_resources:
  listeners:
  - name: callers
    address: { socket_address: { address: 127.0.0.1, port_value: @PORT@ } }
    tcp_backlog_size: 4096
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          '@type': type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: callers
          codec_type: AUTO
          use_remote_address: true
          generate_request_id: false
@LOG@
          route_config:
            virtual_hosts:
            - name: all
              domains: ['*']
              routes: [{ match: { prefix: / }, route: { cluster: app } }]
          http_filters:
@FILTERS@
          - name: envoy.filters.http.router
            typed_config: { '@type': type.googleapis.com/envoy.extensions.filters.http.router.v3.Router }
  clusters:
  - name: app
    type: STATIC
    connect_timeout: 1s
    circuit_breakers: { thresholds: [{ max_connections: 8192, max_pending_requests: 8192, max_requests: 8192 }] }
    load_assignment:
      cluster_name: app
      endpoints:
      - lb_endpoints:
        - endpoint: { address: { socket_address: { address: 127.0.0.1, port_value: @ORIGIN@ } } }
";

const KEYED: &str = "          - name: envoy.filters.http.rbac
            typed_config:
              '@type': type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC
              rules:
                action: ALLOW
                policies:
                  allowed:
                    permissions: [{ any: true }]
                    principals:
@NETWORKS@
          - name: envoy.filters.http.api_key_auth
            typed_config:
              '@type': type.googleapis.com/envoy.extensions.filters.http.api_key_auth.v3.ApiKeyAuth
              key_sources: [{ header: X-API-Key }]
              forwarding: { header: X-Caller, hide_credentials: true }
              credentials:
@KEYS@
          - name: envoy.filters.http.local_ratelimit
            typed_config:
              '@type': type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit
              stat_prefix: quota
              token_bucket: { max_tokens: @LIMIT@, tokens_per_fill: @LIMIT@, fill_interval: 60s }
              filter_enabled: { default_value: { numerator: 100, denominator: HUNDRED } }
              filter_enforced: { default_value: { numerator: 100, denominator: HUNDRED } }";

const LOG: &str = "          access_log:
          - name: envoy.access_loggers.file
            typed_config:
              '@type': type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog
              path: @FOLDER@/access.log";

pub(super) fn plan(scenario: Scenario, site: Site<'_>) -> Plan {
    let filters = match scenario {
        Scenario::Pass | Scenario::Http2 => String::new(),
        Scenario::Keyed | Scenario::Full => keyed(),
        Scenario::Signed | Scenario::SignedLarge => {
            return Plan::Cannot("no HMAC (Wasm or a service beside it)");
        }
    };
    let log = match scenario {
        Scenario::Full => LOG,
        Scenario::Pass | Scenario::Http2 | Scenario::Keyed | Scenario::Signed | Scenario::SignedLarge => "",
    };
    let config = CONFIG.replace("@LOG@", log).replace("@FILTERS@", &filters);
    let path = site.file("envoy.yaml");
    let arguments = ["-c", &path, "--concurrency", "1", "--disable-hot-restart", "--log-level", "error"];
    Plan::Run(Launch::new(&site.tools.envoy, &arguments).with_file("envoy.yaml", site.fill(&config)))
}

fn keyed() -> String {
    let network = |cidr: &String| {
        let (address, length) = cidr.split_once('/').unwrap_or((cidr, "32"));
        format!(
            "                    - direct_remote_ip: {{ address_prefix: {address}, prefix_len: {length} }}\n"
        )
    };
    let networks: String = scenario::allowed().iter().map(network).collect();
    let keys: String = (0..scenario::KEYS)
        .map(|n| format!("              - {{ key: {}, client: caller{n} }}\n", scenario::key(n)))
        .collect();
    KEYED
        .replace("@NETWORKS@", networks.trim_end())
        .replace("@KEYS@", keys.trim_end())
        .replace("@LIMIT@", &scenario::QUOTA_PER_MINUTE.to_string())
}
