//! The access log: one JSON line per request after the last byte of its answer, to a sink of its own.

use super::audit::micros;
use super::channel::Note;
use super::redact::Line;
use super::writer::Script;
use crate::base::clock::Wall;

/// Appends the access-log line of `note`.
pub(super) fn line(note: &Note, script: &mut Script, out: &mut Vec<u8>) {
    let entry = match note {
        Note::Event(_) => return,
        Note::Request(entry) => entry,
    };
    let whole = entry.finished.since(entry.arrived.mono);
    let passed = i64::try_from(whole.as_millis()).unwrap_or(i64::MAX);
    let mut line = Line::open(out);
    line.time("timestamp", Wall(entry.arrived.wall.0.saturating_add(passed)), &mut script.stamp)
        .text("request_id", entry.id.as_str())
        .text("method", entry.method.as_str())
        .text("path", &entry.path)
        .number("status", entry.status)
        .number("bytes", entry.bytes)
        .number("duration_us", micros(whole))
        .text("ip_address", &entry.client.to_string());
    if let Some(name) = entry.shard.as_ref().and_then(|shard| shard.tally.name()) {
        line.text("route", name.as_str());
    }
    line.text("verdict", entry.verdict.word()).some("reason", entry.reason);
    line.close();
}
