//! The top level of a file: where to listen, the app, and the groups of the rest.

use super::{
    BOOLEAN, Default, FILE, Form, Group, Kind, TEXT, access, integer, key, keys, limits, millis, outbound,
    routes,
};
use crate::config::defaults;

const ADDRESS: Form = Form::Is(Kind::Address);
const LISTEN_FORMS: &[Form] = &[ADDRESS, Form::Map(&LISTENER), Form::List(&[ADDRESS, Form::Map(&LISTENER)])];
pub(super) const UPSTREAM_FORMS: &[Form] = &[Form::Is(Kind::Upstream), Form::Map(&UPSTREAM)];

/// A whole file.
pub(crate) static ROOT: Group = Group {
    name: "config",
    keys: &[
        key(
            "version",
            &[Form::Is(Kind::Word(&["1"]))],
            Default::Required,
            "Version of this file's language.",
        ),
        key(
            "listen",
            LISTEN_FORMS,
            Default::Required,
            "Where callers connect; port 0 takes any free port. Cannot change while running.",
        ),
        key("upstream", UPSTREAM_FORMS, Default::Required, "The app that gets the requests that pass."),
        key(
            "ops",
            &[ADDRESS],
            Default::Text(defaults::OPS),
            "Where /health, /ready, /startup and /metrics are served, read-only; port 0 takes any free port. Cannot change while running.",
        ),
        key(
            "admin",
            &[ADDRESS, Form::Is(Kind::Word(&["off"]))],
            Default::Text(defaults::ADMIN),
            "Where the admin API is served; a loopback address or a unix socket only. Cannot change while running.",
        ),
        key(
            "workers",
            &[Form::Is(Kind::Word(&["auto"])), integer(1, 1024)],
            Default::Text("auto"),
            "Number of worker threads; `auto` takes the CPU quota. Cannot change while running.",
        ),
        key("security", &[Form::Map(&access::SECURITY)], Default::Absent, "Rules for every route."),
        key(
            "operational",
            &[Form::Map(&OPERATIONAL)],
            Default::Absent,
            "Switches an operator turns while the gate runs.",
        ),
        key(
            "routes",
            &[Form::List(&[Form::Map(&routes::ROUTE)])],
            Default::Absent,
            "What callers may reach, and what each place asks of them; the most specific route wins, never the order.",
        ),
        key(
            "unmatched",
            &[Form::Is(Kind::Word(&["deny"])), Form::Map(&UNMATCHED)],
            Default::Text("deny"),
            "What happens to a request no route matches: `deny` answers 404.",
        ),
        key("api_keys", &[Form::Map(&keys::API_KEYS)], Default::Absent, "The API keys callers may present."),
        key("keys", keys::KEYS_FORMS, Default::Absent, "The same as `api_keys.keys`."),
        key("key_metadata", keys::METADATA_FORMS, Default::Absent, "The same as `api_keys.key_metadata`."),
        key(
            "outbound",
            &[Form::Map(&outbound::OUTBOUND)],
            Default::Absent,
            "What the gate itself may fetch; without it, nothing.",
        ),
        key("telemetry", &[Form::Map(&TELEMETRY)], Default::Absent, "Logs and records."),
        key(
            "limits",
            &[Form::Map(&limits::LIMITS)],
            Default::Absent,
            "Bounds on what one request, one client and all of them together may cost.",
        ),
        key("identity_headers", &[Form::Map(&IDENTITY)], Default::Absent, "How the app is told who called."),
    ],
};

static LISTENER: Group = Group {
    name: "listener",
    keys: &[key("address", &[ADDRESS], Default::Required, "An address and a port, or unix:/path.")],
};

static UPSTREAM: Group = Group {
    name: "upstream",
    keys: &[
        key("url", &[Form::Is(Kind::Upstream)], Default::Required, "http://host:port or unix:/path."),
        key(
            "connect_timeout",
            &[millis(10, 60_000)],
            Default::Duration(defaults::CONNECT_TIMEOUT),
            "Longest time to connect; then 504.",
        ),
        key(
            "timeout",
            &[millis(10, 86_400_000)],
            Default::Duration(defaults::UPSTREAM_TIMEOUT),
            "Longest time from the request sent to the head of the answer; then 504.",
        ),
        key(
            "idle_timeout",
            &[millis(0, 3_600_000)],
            Default::Duration(defaults::UPSTREAM_IDLE),
            "How long an idle connection is kept for the next request; 0s keeps none.",
        ),
        key(
            "max_connections",
            &[integer(1, 1_000_000)],
            Default::Number(defaults::UPSTREAM_CONNECTIONS as u64),
            "Most connections to the app at once, over all workers.",
        ),
    ],
};

static OPERATIONAL: Group = Group {
    name: "operational",
    keys: &[
        key(
            "rate_limiting_enabled",
            &[BOOLEAN],
            Default::Depends("`true`"),
            "`false` turns off every request limit: this one, those of the routes and those of the keys. The flood guard stays.",
        ),
        key(
            "rate_limit_per_minute",
            &[integer(1, 1_000_000_000)],
            Default::Depends("none; 100 where `rate_limiting_enabled: true` is written"),
            "Most requests of one client in any 60 seconds, over all routes.",
        ),
        key("verbose_logging", &[BOOLEAN], Default::Text("false"), "Raises the log level to DEBUG."),
        key(
            "maintenance_mode",
            &[BOOLEAN],
            Default::Text("false"),
            "Answers 503 on every route that is not `critical`, after its checks.",
        ),
        key(
            "maintenance_message",
            &[TEXT],
            Default::Text(defaults::MAINTENANCE_MESSAGE),
            "Told to callers during maintenance.",
        ),
        key(
            "maintenance_retry_after",
            &[integer(0, 604_800)],
            Default::Number(defaults::MAINTENANCE_RETRY_AFTER as u64),
            "`Retry-After` during maintenance, in seconds.",
        ),
    ],
};

static UNMATCHED: Group = Group {
    name: "unmatched",
    keys: &[key(
        "forward",
        &[TEXT],
        Default::Required,
        "Sends such requests to the app without any credential check; the value is the reason why you want that.",
    )],
};

static TELEMETRY: Group = Group {
    name: "telemetry",
    keys: &[
        key("log", &[Form::Map(&LOG)], Default::Absent, "The gate's own log, on standard error."),
        key(
            "access_log",
            &[Form::Is(Kind::Word(&["off", "stdout"])), Form::Map(&LOG_FILE)],
            Default::Text("off"),
            "One line per request.",
        ),
        key(
            "audit",
            &[Form::Is(Kind::Word(&["off", "stdout"])), Form::Map(&AUDIT)],
            Default::Text("stdout"),
            "One JSON line per verdict.",
        ),
    ],
};

static LOG: Group = Group {
    name: "log",
    keys: &[
        key(
            "level",
            &[Form::Is(Kind::Word(&["debug", "info", "warning", "error", "critical"]))],
            Default::Text("info"),
            "Least severe level written.",
        ),
        key(
            "format",
            &[Form::Is(Kind::Word(&["json", "text"]))],
            Default::Text("json"),
            "`json`: one object a line; `text`: for reading at a terminal.",
        ),
    ],
};

static LOG_FILE: Group = Group {
    name: "log_file",
    keys: &[key("file", &[FILE], Default::Required, "The file lines are appended to.")],
};

static AUDIT: Group = Group {
    name: "audit",
    keys: &[
        key("file", &[FILE], Default::Depends("standard output"), "The file records are appended to."),
        key(
            "strict",
            &[BOOLEAN],
            Default::Text("false"),
            "Refuses a request with 503 when its record cannot be queued; otherwise the loss is counted.",
        ),
    ],
};

static IDENTITY: Group = Group {
    name: "identity_headers",
    keys: &[key(
        "prefix",
        &[TEXT],
        Default::Text(defaults::IDENTITY_PREFIX),
        "Beginning of the headers that tell the app who called; a caller's own headers of these names are removed.",
    )],
};
