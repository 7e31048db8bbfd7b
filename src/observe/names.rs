//! Every metric there is: name, help, kind and labels, in one place. A name written anywhere else fails the guards.
//!
//! To add one: a constant here, its place in [`ALL`], its values in `page.rs`, a line in `docs/OBSERVABILITY.md`.
//! Labels take values from closed sets only: route and secret names of the config, reasons of the verdict enums.

/// What a metric counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only goes up; starts at 0 with the process.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts by size.
    Histogram,
}

/// One metric family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metric {
    /// Name on the page.
    pub name: &'static str,
    /// One sentence for the operator.
    pub help: &'static str,
    /// What it counts.
    pub kind: Kind,
    /// Label names, in the order their values are given.
    pub labels: &'static [&'static str],
}

const fn counter(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Metric {
    Metric { name, help, kind: Kind::Counter, labels }
}

const fn gauge(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Metric {
    Metric { name, help, kind: Kind::Gauge, labels }
}

const fn histogram(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Metric {
    Metric { name, help, kind: Kind::Histogram, labels }
}

/// Value of the `route` label for requests that belong to no route. The parentheses cannot stand in a route's name.
pub const NO_ROUTE: &str = "(none)";
/// Value of the `reason` label where nothing went wrong.
pub const NO_REASON: &str = "ok";

const ROUTE: &[&str] = &["route"];
const SERVICE: &[&str] = &["service"];

/// Verdicts.
pub const REQUESTS: Metric = counter(
    "sidegate_requests_total",
    &["route", "verdict", "reason"],
    "Requests by route, verdict (allow, deny, acknowledge, answer, would_deny, error) and reason.",
);
/// Whole requests.
pub const REQUEST_DURATION: Metric = histogram(
    "sidegate_request_duration_seconds",
    ROUTE,
    "Time from the whole request head to the last byte of the answer, or to the refusal.",
);
/// Our own cost.
pub const GATE_DURATION: Metric = histogram(
    "sidegate_gate_duration_seconds",
    ROUTE,
    "Time the gate itself took until the verdict: without waiting for the caller's body and for the app.",
);
/// The app.
pub const UPSTREAM_DURATION: Metric = histogram(
    "sidegate_upstream_duration_seconds",
    ROUTE,
    "Time from handing the request to the app to the head of its answer.",
);
/// Webhooks received.
pub const WEBHOOK_REQUESTS: Metric = counter(
    "sidegate_webhook_requests_total",
    SERVICE,
    "Requests to a route that checks a signature or a shared secret; service is the route's name.",
);
/// Webhooks the app took.
pub const WEBHOOK_SUCCESS: Metric = counter(
    "sidegate_webhook_success_total",
    SERVICE,
    "Webhooks the app answered with a status below 400, and repeats that were acknowledged.",
);
/// Webhooks the app failed on.
pub const WEBHOOK_ERRORS: Metric = counter(
    "sidegate_webhook_errors_total",
    SERVICE,
    "Webhooks the app answered with 400 or above, and those that failed on the way.",
);
/// Webhooks that proved themselves.
pub const WEBHOOK_AUTH_SUCCESS: Metric = counter(
    "sidegate_webhook_auth_success_total",
    SERVICE,
    "Webhooks whose signature or secret verified, whatever happened to them later.",
);
/// Webhooks that did not.
pub const WEBHOOK_AUTH_FAILED: Metric = counter(
    "sidegate_webhook_auth_failed_total",
    SERVICE,
    "Webhooks refused because a signature or secret was absent, malformed, wrong, stale or expired.",
);
/// The app's webhook handlers.
pub const WEBHOOK_HANDLER_DURATION: Metric = histogram(
    "sidegate_webhook_handler_duration_seconds",
    SERVICE,
    "Time from handing the webhook to the app to the head of its answer.",
);
/// API keys looked at.
pub const KEY_ATTEMPTS: Metric = counter(
    "sidegate_api_key_validation_attempts_total",
    &[],
    "Requests whose API key was judged, a missing one on a route that needs it included.",
);
/// API keys refused.
pub const KEY_FAILURES: Metric = counter(
    "sidegate_api_key_validation_failures_total",
    &[],
    "Requests refused because the API key was missing, malformed, unknown, revoked or expired.",
);
/// Which of several secrets callers use.
pub const SECRET_USED: Metric = counter(
    "sidegate_secret_used_total",
    &["route", "secret"],
    "Requests let through by each secret of a route; one that stays at rest can be retired.",
);
/// Generation in force.
pub const CONFIG_GENERATION: Metric =
    gauge("sidegate_config_generation", &[], "Number of the configuration in force; 1 is the one at start.");
/// Outcome of the last reload.
pub const CONFIG_OK: Metric = gauge(
    "sidegate_config_last_reload_successful",
    &[],
    "1 when the last configuration read was taken, 0 when it was refused and the one before stays in force.",
);
/// Time of the last good load.
pub const CONFIG_OK_AT: Metric = gauge(
    "sidegate_config_last_reload_success_timestamp_seconds",
    &[],
    "When the configuration in force was taken, seconds since 1970.",
);
/// Content in force.
pub const CONFIG_INFO: Metric = gauge(
    "sidegate_config_info",
    &["hash"],
    "Always 1; hash is the SHA-256 over the configuration in force, secrets left out.",
);
/// Reload attempts.
pub const CONFIG_RELOADS: Metric = counter(
    "sidegate_config_reloads_total",
    &["result"],
    "Changed configurations read, by result: applied or refused.",
);
/// Fetches of public keys.
pub const KEY_FETCHES: Metric = counter(
    "sidegate_key_fetches_total",
    &["result"],
    "Fetches of public keys and certificates, by result: applied, or refused when nothing usable came.",
);
/// Keys that are not there.
pub const KEYS_MISSING: Metric = gauge(
    "sidegate_fetched_keys_missing",
    &[],
    "Secrets with a url whose keys are not in force: not fetched yet, or max_stale is over; their routes answer 503.",
);
/// How old fetched keys are.
pub const KEYS_AGE: Metric = gauge(
    "sidegate_fetched_keys_age_seconds",
    &[],
    "Time since the last good fetch of the keys for which it is longest ago.",
);
/// Lost audit lines.
pub const AUDIT_DROPPED: Metric = counter(
    "sidegate_audit_dropped_total",
    &[],
    "Audit records lost because the queue was full or the sink could not be written before the end.",
);
/// Lost access-log lines.
pub const ACCESS_LOG_DROPPED: Metric =
    counter("sidegate_access_log_dropped_total", &[], "Access-log records lost because the queue was full.");
/// Open connections.
pub const CONNECTIONS: Metric =
    gauge("sidegate_connections", &[], "Connections of callers that are open now.");
/// Connections there was no room for.
pub const CONNECTIONS_REFUSED: Metric = counter(
    "sidegate_connections_refused_total",
    &["limit"],
    "Connections closed at once for want of room, by what there was no room under: connections or connections_per_client of limits, or memory for HTTP/2.",
);
/// Idle connections that made room.
pub const CONNECTIONS_EVICTED: Metric = counter(
    "sidegate_connections_evicted_total",
    &[],
    "Idle connections closed early because a new one found no room.",
);
/// Callers that send frames for nothing.
pub const CONNECTIONS_FLOODING: Metric = counter(
    "sidegate_connections_flooding_total",
    &[],
    "HTTP/2 connections ended because the caller sent frames that ask for nothing, such as pings and resets.",
);
/// Callers that do not read.
pub const CONNECTIONS_STALLED: Metric = counter(
    "sidegate_connections_stalled_total",
    &[],
    "Connections and streams ended because the caller did not read its answer in time.",
);
/// Limits without an entry of their own.
pub const LIMITS_SHARED: Metric = counter(
    "sidegate_rate_limits_shared_total",
    &[],
    "Requests counted together with other clients' because limits.limit_entries were in use; raise it if this grows.",
);
/// Defects.
pub const PANICS: Metric = counter(
    "sidegate_panics_total",
    &[],
    "Defects of the gate that ended one connection; anything above 0 is worth a report.",
);
/// Requests under way.
pub const IN_FLIGHT: Metric =
    gauge("sidegate_in_flight_requests", &[], "Requests whose answer is not finished yet.");
/// Version.
pub const BUILD_INFO: Metric = gauge("sidegate_build_info", &["version"], "Always 1; version is the gate's.");

/// CPU.
pub const PROCESS_CPU: Metric =
    counter("process_cpu_seconds_total", &[], "User and system CPU time spent by the process, seconds.");
/// Resident memory.
pub const PROCESS_RESIDENT: Metric =
    gauge("process_resident_memory_bytes", &[], "Resident memory of the process.");
/// Virtual memory.
pub const PROCESS_VIRTUAL: Metric =
    gauge("process_virtual_memory_bytes", &[], "Virtual memory of the process.");
/// Descriptors in use.
pub const PROCESS_OPEN_FDS: Metric = gauge("process_open_fds", &[], "Open file descriptors.");
/// Descriptors allowed.
pub const PROCESS_MAX_FDS: Metric =
    gauge("process_max_fds", &[], "Most file descriptors the process may open.");
/// Threads.
pub const PROCESS_THREADS: Metric = gauge("process_threads", &[], "Threads of the process.");
/// Start time.
pub const PROCESS_START: Metric =
    gauge("process_start_time_seconds", &[], "When the process started, seconds since 1970.");

/// Every metric, for the registry, the documentation and the guards.
pub const ALL: &[&Metric] = &[
    &REQUESTS,
    &REQUEST_DURATION,
    &GATE_DURATION,
    &UPSTREAM_DURATION,
    &WEBHOOK_REQUESTS,
    &WEBHOOK_SUCCESS,
    &WEBHOOK_ERRORS,
    &WEBHOOK_AUTH_SUCCESS,
    &WEBHOOK_AUTH_FAILED,
    &WEBHOOK_HANDLER_DURATION,
    &KEY_ATTEMPTS,
    &KEY_FAILURES,
    &SECRET_USED,
    &CONFIG_GENERATION,
    &CONFIG_OK,
    &CONFIG_OK_AT,
    &CONFIG_INFO,
    &CONFIG_RELOADS,
    &KEY_FETCHES,
    &KEYS_MISSING,
    &KEYS_AGE,
    &AUDIT_DROPPED,
    &ACCESS_LOG_DROPPED,
    &CONNECTIONS,
    &CONNECTIONS_REFUSED,
    &CONNECTIONS_STALLED,
    &CONNECTIONS_EVICTED,
    &CONNECTIONS_FLOODING,
    &LIMITS_SHARED,
    &PANICS,
    &IN_FLIGHT,
    &BUILD_INFO,
    &PROCESS_CPU,
    &PROCESS_RESIDENT,
    &PROCESS_VIRTUAL,
    &PROCESS_OPEN_FDS,
    &PROCESS_MAX_FDS,
    &PROCESS_THREADS,
    &PROCESS_START,
];
