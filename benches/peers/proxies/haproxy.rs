//! HAProxy: an ACL file of networks, a map file of keys, a stick table that counts per key; signatures with its own
//! `hmac` and `secure_memcmp`.

use super::{Launch, Site};
use crate::scenario::{self, Scenario};

const CONFIG: &str = "global
  nbthread 1
  maxconn 8192
  tune.bufsize @BUFFER@
@GLOBAL@
defaults
  mode http
@DEFAULTS@
  timeout connect 5s
  timeout client 75s
  timeout server 60s
  timeout http-request 10s
  http-reuse always
frontend callers
  bind 127.0.0.1:@PORT@ backlog 4096 @BIND@
  option forwardfor
@RULES@
  default_backend app
backend app
  server app 127.0.0.1:@ORIGIN@
@TABLES@
";

const KEYED: &str = "  acl allowed src -f @FOLDER@/allowed.lst
  http-request deny deny_status 403 unless allowed
  http-request set-var(txn.caller) req.hdr(x-api-key),map_str(@FOLDER@/keys.map)
  http-request deny deny_status 401 unless { var(txn.caller) -m found }
  http-request track-sc0 var(txn.caller) table quota
  http-request deny deny_status 429 if { sc_http_req_rate(0) gt @LIMIT@ }
  http-request del-header X-API-Key
  http-request set-header X-Caller %[var(txn.caller)]";

const TABLES: &str = "backend quota
  stick-table type string len 32 size 100k expire 2m store http_req_rate(60s)";

const SIGNED: &str = "  http-request wait-for-body time 10s at-least 2m
  http-request set-var(txn.given) req.hdr(x-hub-signature-256),word(2,=)
  http-request set-var(txn.mac) req.body,hmac(sha256,@SECRET@),hex,lower
  http-request deny deny_status 401 unless { var(txn.given) -m found }
  http-request deny deny_status 401 unless { var(txn.mac),secure_memcmp(txn.given) }";

pub(super) fn launch(scenario: Scenario, site: Site<'_>) -> Launch {
    let (rules, tables) = match scenario {
        Scenario::Pass | Scenario::Http2 => (String::new(), ""),
        Scenario::Keyed | Scenario::Full => {
            (KEYED.replace("@LIMIT@", &scenario::QUOTA_PER_MINUTE.to_string()), TABLES)
        }
        Scenario::Signed | Scenario::SignedLarge => {
            let secret = data_encoding::BASE64.encode(scenario::SECRET.as_bytes());
            (SIGNED.replace("@SECRET@", &secret), "")
        }
    };
    // A body must fit the buffer whole, or what is beyond is not hashed; the default is 16 KiB.
    let buffer = match scenario {
        Scenario::SignedLarge => "1114112",
        Scenario::Pass | Scenario::Http2 | Scenario::Keyed | Scenario::Full | Scenario::Signed => "16384",
    };
    let (global, defaults) = match scenario {
        Scenario::Full => ("  log stdout format raw local0", "  log global\n  option httplog"),
        Scenario::Pass | Scenario::Http2 | Scenario::Keyed | Scenario::Signed | Scenario::SignedLarge => {
            ("", "")
        }
    };
    let bind = match scenario {
        Scenario::Http2 => "proto h2",
        Scenario::Pass | Scenario::Full | Scenario::Keyed | Scenario::Signed | Scenario::SignedLarge => "",
    };
    let config = CONFIG
        .replace("@BUFFER@", buffer)
        .replace("@GLOBAL@", global)
        .replace("@DEFAULTS@", defaults)
        .replace("@BIND@", bind)
        .replace("@RULES@", &rules)
        .replace("@TABLES@", tables);
    let keys = (0..scenario::KEYS).map(|number| format!("{} caller{number}\n", scenario::key(number)));
    Launch::new(&site.tools.haproxy, &["-db", "-q", "-f", &site.file("haproxy.cfg")])
        .with_file("haproxy.cfg", site.fill(&config))
        .with_file("allowed.lst", format!("{}\n", scenario::allowed().join("\n")))
        .with_file("keys.map", keys.collect())
}
