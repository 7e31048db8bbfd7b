//! The audit record: one JSON line per verdict and per change of the configuration, numbered, none lost uncounted.

use std::borrow::Cow;
use std::time::Duration;

use http::Method;

use super::channel::Note;
use super::entry::{Entry, Verdict};
use super::redact::{Line, Stamp};
use super::writer::{Script, wall};
use crate::base::clock::Now;

/// Something other than a request that the audit tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When.
    pub at: Now,
    /// What.
    pub action: Action,
    /// How it ended.
    pub outcome: Outcome,
    /// Generation in force afterwards.
    pub generation: u64,
    /// What it was done to: a file, or empty.
    pub resource: String,
    /// For the operator: the first problem with its position, or what changed. Never a secret. May be empty.
    pub detail: String,
}

/// What an [`Event`] tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// The configuration at start.
    ConfigLoad,
    /// A changed configuration.
    ConfigReload,
    /// Public keys that were fetched.
    KeysFetch,
    /// Draining began.
    Drain,
    /// The gate ends.
    Stop,
}

/// How an [`Event`] ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Done.
    Applied,
    /// Not done; everything is as before.
    Refused,
}

impl Action {
    fn word(self) -> &'static str {
        match self {
            Self::ConfigLoad => "config.load",
            Self::ConfigReload => "config.reload",
            Self::KeysFetch => "keys.fetch",
            Self::Drain => "gate.drain",
            Self::Stop => "gate.stop",
        }
    }
}

impl Outcome {
    fn word(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Refused => "refused",
        }
    }
}

/// Appends the audit line of `note`.
pub(super) fn line(note: &Note, script: &mut Script, out: &mut Vec<u8>) {
    let seq = script.next();
    match note {
        Note::Request(entry) => request(seq, entry, script, out),
        Note::Event(event) => {
            let mut line = Line::open(out);
            line.number("seq", seq)
                .time("timestamp", event.at.wall, &mut script.stamp)
                .text("action", event.action.word())
                .some("resource", &event.resource)
                .text("result", event.outcome.word())
                .some("reason", &event.detail)
                .number("config_generation", event.generation);
            line.close();
        }
    }
}

fn request(seq: u64, entry: &Entry, script: &mut Script, out: &mut Vec<u8>) {
    let mut line = Line::open(out);
    line.number("seq", seq)
        .time("timestamp", entry.told_at(), &mut script.stamp)
        .text("request_id", entry.id.as_str())
        .some("user_id", &entry.subject)
        .text("action", &action(&entry.method))
        .text("resource", &entry.path)
        .text("result", entry.verdict.word());
    match entry.verdict {
        Verdict::Allow | Verdict::Acknowledge | Verdict::Answer => {}
        Verdict::Deny | Verdict::Error => {
            line.text("reason", entry.reason);
        }
    }
    line.number("status", entry.status).text("ip_address", &entry.client.to_string());
    if let Some(name) = entry.shard.as_ref().and_then(|shard| shard.tally.name()) {
        line.text("route", name.as_str());
    }
    if entry.line > 0 {
        line.text("rule", &format!("{}:{}", script.config_file, entry.line));
    }
    line.some("hint", &entry.hint)
        .some("secret_id", &entry.secret_id)
        .some("key_id", &entry.key_id)
        .number("config_generation", entry.generation)
        .number("duration_us", micros(entry.ended.since(entry.arrived.mono)));
    line.close();
}

/// The action of a request is its method.
///
/// Security: actions of the gate itself have a dot in them. A caller may choose any token for a method, so one with a
/// dot is marked and cannot pass for them.
fn action(method: &Method) -> Cow<'_, str> {
    let method = method.as_str();
    if method.contains('.') { Cow::Owned(format!("http:{method}")) } else { Cow::Borrowed(method) }
}

/// Whole microseconds.
pub(super) fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}

/// Appends the line that tells how many lines are missing before it.
pub(super) fn lost_line(seq: u64, fresh: u64, total: u64, stamp: &mut Stamp, out: &mut Vec<u8>) {
    let mut line = Line::open(out);
    line.number("seq", seq)
        .time("timestamp", wall(), stamp)
        .text("action", "records.lost")
        .number("lost", fresh)
        .number("lost_total", total);
    line.close();
}

#[cfg(test)]
mod tests;
