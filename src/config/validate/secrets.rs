//! Secrets: one or several, inline or from a file, each with an id and the time it is valid.
//!
//! Security: nothing here puts a byte of a secret into a message; the only things told are its length and its id.

use crate::base::name::SecretId;
use crate::base::secret::Secret;
use crate::config::raw::{Content, Made, View};
use crate::config::report::Fault;
use crate::config::settings::SecretEntry;
use crate::config::source::Unreadable;
use crate::config::{LoadMode, defaults, interpolate};
use crate::scheme::MOST_KEYS;

use super::addresses::one_or_many;
use super::{Reading, Section, at_most, remote};

/// Whether a secret may be short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Strength {
    /// At least [`defaults::LEAST_SECRET_BYTES`].
    Strong,
    /// Any length but zero, with a warning: the entry says `allow_weak`.
    AnyLength,
}

/// Reads the secrets of one credential; their ids are unique. `unusable` tells what keeps a secret from being a
/// key of the credential.
pub(super) fn entries(
    view: View<'_>,
    unusable: &dyn Fn(&Secret) -> Option<Fault>,
    reading: &mut Reading<'_>,
) -> Vec<SecretEntry> {
    let mut read: Vec<SecretEntry> = Vec::new();
    for view in at_most(MOST_KEYS, one_or_many(view), reading) {
        let Some(entry) = entry(view, &read, reading) else { continue };
        if let Some(fault) = entry.value.as_ref().and_then(unusable) {
            reading.report.error(view.get("value").unwrap_or(view).spot(), fault);
        }
        read.push(entry);
    }
    read
}

fn entry(view: View<'_>, before: &[SecretEntry], reading: &mut Reading<'_>) -> Option<SecretEntry> {
    let section = Section(Some(view));
    let is_map = matches!(view.content(), Content::Map(_));
    let value_view = if is_map { section.get("value") } else { Some(view) };
    let strength =
        if is_map && section.is_true("allow_weak") { Strength::AnyLength } else { Strength::Strong };
    let url = section.get("url").filter(|_| is_map);
    if url.is_none()
        && let Some(idle) = section.get("refresh").or(section.get("max_stale")).filter(|_| is_map)
    {
        reading.report.error(idle.key_spot(), Fault::new("this belongs to url", "remove it, or write url"));
    }
    let value = match (value_view, section.get("file").filter(|_| is_map)) {
        (Some(other), _) | (None, Some(other)) if url.is_some() => {
            let fault = Fault::new("a url is written beside value or file", "keep one of them");
            reading.report.error(other.key_spot(), fault);
            return None;
        }
        (None, None) if url.is_some() => None,
        (Some(_), Some(file)) => {
            let fault = Fault::new("both value and file are written", "keep one of the two");
            reading.report.error(file.key_spot(), fault);
            return None;
        }
        (None, None) => {
            let fault =
                Fault::new("this entry holds no secret", "write value: \"${VARIABLE}\" or file: /path");
            reading.report.error(view.spot(), fault);
            return None;
        }
        (Some(view), None) => inline(view, strength, reading),
        (None, Some(file)) => from_file(file, strength, reading),
    };
    let id = id(section, value_view, before, reading)?;
    if let Some(value) = &value
        && before.iter().any(|other| other.value.as_ref().is_some_and(|known| known.matches(value.expose())))
    {
        let message = format!("{id} is the same secret as another entry");
        reading.report.warn(view.spot(), Fault::new(message, "remove one of the two"));
    }
    let (not_before, not_after) = validity(section, ("not_before", "not_after"), reading);
    let remote = match url {
        Some(_) => Some(remote::remote(section, reading)?),
        None => None,
    };
    Some(SecretEntry { id, value, remote, not_before, not_after, line: view.line() })
}

/// Reads the time something is valid: both ends are optional, and a span that is over or empty is told.
pub(super) fn validity(
    section: Section<'_>,
    (from, until): (&str, &str),
    reading: &mut Reading<'_>,
) -> (Option<i64>, Option<i64>) {
    let (start, end) = (section.instant(from), section.instant(until));
    if let (Some(end), Some(view)) = (end, section.get(until)) {
        if start.is_some_and(|start| start >= end) {
            let fault = Fault::new(format!("{until} is not after {from}, so it is never valid"), "");
            reading.report.error(view.spot(), fault);
        } else if end <= reading.now.0 {
            let fault = Fault::new("this date has passed, so it is no longer valid", "remove the entry");
            reading.report.warn(view.spot(), fault);
        }
    }
    (start, end)
}

fn id(
    section: Section<'_>,
    value: Option<View<'_>>,
    before: &[SecretEntry],
    reading: &mut Reading<'_>,
) -> Option<SecretId> {
    let is_taken = |id: &SecretId| before.iter().any(|other| other.id == *id);
    if let Some(view) = section.get("id") {
        let id = SecretId::parse(view.text()?).ok()?;
        if is_taken(&id) {
            let fault = Fault::new(format!("the id {id} is used twice"), "give each secret its own id");
            reading.report.error(view.spot(), fault);
        }
        return Some(id);
    }
    let source = value.and_then(|view| view.scalar()).map(|scalar| &scalar.made);
    let suggested = match source {
        Some(Made::Variable(name)) => SecretId::parse(name).ok(),
        Some(Made::File(path) | Made::Missing(path, _)) => stem(path),
        Some(Made::Written | Made::Mixed | Made::Unresolved) => None,
        None => section.text("file").and_then(stem),
    };
    match suggested.filter(|id| !is_taken(id)) {
        Some(id) => Some(id),
        None => (before.len() + 1..)
            .filter_map(|number| SecretId::parse(&format!("secret-{number}")).ok())
            .find(|id| !is_taken(id)),
    }
}

fn stem(path: &str) -> Option<SecretId> {
    let name = path.rsplit('/').next().unwrap_or(path);
    SecretId::parse(name).ok()
}

/// Reads a secret that stands in the file, or was put there by a reference.
pub(super) fn inline(view: View<'_>, strength: Strength, reading: &mut Reading<'_>) -> Option<Secret> {
    let scalar = view.scalar()?;
    match &scalar.made {
        Made::Unresolved => None,
        Made::Missing(path, reason) => unavailable(view, path, reason, reading),
        Made::Written | Made::Variable(_) | Made::File(_) | Made::Mixed => {
            judged(view, scalar.text.as_bytes().to_vec(), strength, reading)
        }
    }
}

/// Reads a secret from a file of its own, which may hold any bytes.
pub(super) fn from_file(view: View<'_>, strength: Strength, reading: &mut Reading<'_>) -> Option<Secret> {
    let path = view.text()?;
    match reading.sources.read(path, defaults::MOST_SECRET_BYTES).1 {
        Ok(bytes) => {
            let trimmed = match std::str::from_utf8(&bytes) {
                Ok(text) => interpolate::without_newline(text).as_bytes(),
                Err(_) => bytes.strip_suffix(b"\n").unwrap_or(&bytes),
            };
            judged(view, trimmed.to_vec(), strength, reading)
        }
        Err(reason) => unavailable(view, path, &reason, reading),
    }
}

/// At start the rest of the gate serves and this part answers 503; on reload the last good state is better.
fn unavailable(view: View<'_>, path: &str, reason: &Unreadable, reading: &mut Reading<'_>) -> Option<Secret> {
    missing(view, reason.fault(path), "what needs it answers 503 until the file can be read", reading);
    None
}

/// Tells of a file of secrets that cannot be read, as grave as the load mode has it.
pub(super) fn missing(view: View<'_>, fault: Fault, at_start: &str, reading: &mut Reading<'_>) {
    match reading.mode {
        LoadMode::Start => reading.report.warn(view.spot(), Fault::new(fault.message, at_start)),
        LoadMode::Reload => reading.report.error(view.spot(), fault),
    }
}

fn judged(view: View<'_>, bytes: Vec<u8>, strength: Strength, reading: &mut Reading<'_>) -> Option<Secret> {
    let secret = Secret::new(without_margin(bytes));
    let bytes = secret.expose();
    let least = defaults::LEAST_SECRET_BYTES;
    if bytes.iter().all(u8::is_ascii_whitespace) {
        let message = if bytes.is_empty() { "the secret is empty" } else { "the secret is only white space" };
        let hint = "an empty secret would let everybody in; set the variable or fill the file";
        reading.report.error(view.spot(), Fault::new(message, hint));
        return None;
    }
    if bytes.first().is_some_and(u8::is_ascii_whitespace) || bytes.last().is_some_and(u8::is_ascii_whitespace)
    {
        let hint = "one newline at the end of a file is cut; remove the rest";
        reading.report.error(view.spot(), Fault::new("the secret begins or ends with white space", hint));
        return None;
    }
    if bytes.len() < least {
        let message = format!("the secret has {} bytes; at least {least} are needed", bytes.len());
        match strength {
            Strength::Strong => {
                let hint = "make a longer one, or write {value: …, allow_weak: true} if the provider's cannot be longer";
                reading.report.error(view.spot(), Fault::new(message, hint));
                return None;
            }
            Strength::AnyLength => {
                reading.report.warn(view.spot(), Fault::new(message, "allow_weak accepts it"))
            }
        }
    }
    Some(secret)
}

/// White space around PEM and JSON is no part of either: block scalars and editors put it there.
fn without_margin(bytes: Vec<u8>) -> Vec<u8> {
    let inside = bytes.trim_ascii();
    match inside.starts_with(b"-----BEGIN ") || inside.starts_with(b"{\"") {
        true if inside.len() < bytes.len() => inside.to_vec(),
        true | false => bytes,
    }
}
