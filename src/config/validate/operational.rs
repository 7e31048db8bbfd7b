//! The parts that only have values: `operational`, `telemetry`, `limits`, `workers`.

use super::{Reading, Section};
use crate::config::defaults;
use crate::config::report::Fault;
use crate::config::settings::{Limits, LogFormat, LogLevel, Operational, Sink, Telemetry};

/// Reads the switches. A limit per minute is on where a number is written or the switch is thrown on.
pub(super) fn operational(section: Section<'_>) -> Operational {
    let per_minute = section.number("rate_limit_per_minute");
    let is_written = section.get("rate_limiting_enabled").is_some();
    let rate_limit_per_minute = match (is_written, section.is_true("rate_limiting_enabled")) {
        (true, false) => None,
        (true, true) => Some(per_minute.unwrap_or(defaults::RATE_PER_MINUTE)),
        (false, _) => per_minute,
    };
    Operational {
        rate_limit_per_minute,
        verbose_logging: section.is_true("verbose_logging"),
        maintenance_mode: section.is_true("maintenance_mode"),
        maintenance_line: section.get("maintenance_mode").map_or(0, |view| view.line()),
        maintenance_message: section
            .text("maintenance_message")
            .unwrap_or(defaults::MAINTENANCE_MESSAGE)
            .to_owned(),
        maintenance_retry_after: section
            .number("maintenance_retry_after")
            .unwrap_or(defaults::MAINTENANCE_RETRY_AFTER),
    }
}

/// Whether the operator switched every request limit off.
pub(super) fn limits_are_off(section: Section<'_>) -> bool {
    section.get("rate_limiting_enabled").is_some() && !section.is_true("rate_limiting_enabled")
}

/// Reads logs and records.
pub(super) fn telemetry(section: Section<'_>, reading: &Reading<'_>) -> Telemetry {
    let log = section.section("log");
    let level = log.word("level", &["debug", "info", "warning", "error", "critical"]);
    let log_level = match level {
        Some("debug") => LogLevel::Debug,
        Some("warning") => LogLevel::Warning,
        Some("error") => LogLevel::Error,
        Some("critical") => LogLevel::Critical,
        Some(_) | None => LogLevel::Info,
    };
    let log_format = match log.word("format", &["json", "text"]) {
        Some("text") => LogFormat::Text,
        Some(_) | None => LogFormat::Json,
    };
    let audit = section.section("audit");
    Telemetry {
        log_level,
        log_format,
        access_log: sink(section, "access_log", Sink::Off, reading),
        audit: sink(section, "audit", Sink::Stdout, reading),
        audit_strict: audit.is_true("strict"),
    }
}

fn sink(section: Section<'_>, key: &str, default: Sink, reading: &Reading<'_>) -> Sink {
    if let Some(path) = section.section(key).text("file") {
        return Sink::File(reading.sources.resolve(path));
    }
    match section.word(key, &["off", "stdout"]) {
        Some("off") => Sink::Off,
        Some("stdout") => Sink::Stdout,
        Some(_) | None => default,
    }
}

/// Reads the bounds, and holds them against each other.
pub(super) fn limits(section: Section<'_>, reading: &mut Reading<'_>) -> Limits {
    let mut limits = Limits {
        head_timeout: section.duration_or("head_timeout", defaults::HEAD_TIMEOUT),
        head_size: section.size_or("head_size", defaults::HEAD_SIZE),
        head_fields: section.number_or("head_fields", defaults::HEAD_FIELDS),
        uri_size: section.size_or("uri_size", defaults::URI_SIZE),
        keepalive_timeout: section.duration_or("keepalive_timeout", defaults::KEEPALIVE),
        connections: section.number("connections"),
        connections_per_client: section.number("connections_per_client"),
        buffered_body: section.size_or("buffered_body", defaults::BUFFERED_BODY),
        buffered_total: section.size_or("buffered_total", defaults::BUFFERED_TOTAL),
        body_idle: section.duration_or("body_idle", defaults::BODY_IDLE),
        body_rate: section.size_or("body_rate", defaults::BODY_RATE),
        body_rate_grace: section.duration_or("body_rate_grace", defaults::BODY_RATE_GRACE),
        buffered_body_timeout: section.duration_or("buffered_body_timeout", defaults::BUFFERED_BODY_TIMEOUT),
        http2_streams: section.number_or("http2_streams", defaults::HTTP2_STREAMS),
        http2_header_list: section.size_or("http2_header_list", defaults::HTTP2_HEADER_LIST),
        stalled_stream: section.duration_or("stalled_stream", defaults::STALLED_STREAM),
        drain_min: section.duration_or("drain_min", defaults::DRAIN_MIN),
        drain_max: section.duration_or("drain_max", defaults::DRAIN_MAX),
        failures: section.number_or("failures", defaults::FAILURES),
        limit_entries: section.number_or("limit_entries", defaults::LIMIT_ENTRIES),
        replay_entries: section.number_or("replay_entries", defaults::REPLAY_ENTRIES),
        audit_queue: section.number_or("audit_queue", defaults::AUDIT_QUEUE),
        tunnel_idle: section.duration_or("tunnel_idle", defaults::TUNNEL_IDLE),
    };
    let pairs = [
        ("drain_min", limits.drain_min > limits.drain_max, "is longer than drain_max"),
        ("uri_size", limits.uri_size > limits.head_size, "is larger than head_size, which holds it"),
        ("buffered_body", limits.buffered_body > limits.buffered_total, "is larger than buffered_total"),
    ];
    for (key, is_wrong, message) in pairs {
        if is_wrong
            && let Some(view) = section.get(key)
            && !reading.report.has_error_at(&view.spot())
        {
            reading
                .report
                .error(view.spot(), Fault::new(format!("{key} {message}"), "change one of the two"));
        }
    }
    // Only a written value contradicts; a default gives way.
    limits.drain_min = limits.drain_min.min(limits.drain_max);
    limits.uri_size = limits.uri_size.min(limits.head_size);
    limits.buffered_body = limits.buffered_body.min(limits.buffered_total);
    limits
}
