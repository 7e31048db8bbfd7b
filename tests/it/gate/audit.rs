//! Audit lines as the suite needs them.

use serde_json::Value;

/// One audit record of a request.
#[derive(Clone, Debug)]
pub(crate) struct Audit {
    /// The line as parsed.
    pub(crate) raw: Value,
}

impl Audit {
    /// Reads one line; `None` when it is no record of a request (a config change, an access line, a log line).
    pub(crate) fn of_request(line: &str) -> Option<Self> {
        let raw: Value = serde_json::from_str(line).ok()?;
        let is_result = RESULTS.contains(&raw.get("result")?.as_str()?);
        let has_request = raw.get("request_id")?.as_str().is_some_and(|id| !id.is_empty());
        (is_result && has_request && raw.get("seq").is_some()).then_some(Self { raw })
    }

    /// All records of requests among `lines`.
    pub(crate) fn of(lines: &[String]) -> Vec<Self> {
        lines.iter().filter_map(|line| Self::of_request(line)).collect()
    }

    /// A text field; empty when absent.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.raw.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    pub(crate) fn id(&self) -> &str {
        self.text("request_id")
    }

    pub(crate) fn result(&self) -> &str {
        self.text("result")
    }

    pub(crate) fn reason(&self) -> &str {
        self.text("reason")
    }

    pub(crate) fn generation(&self) -> u64 {
        self.raw.get("config_generation").and_then(Value::as_u64).unwrap_or(0)
    }
}

const RESULTS: [&str; 6] = ["allow", "deny", "acknowledge", "answer", "would_deny", "error"];
