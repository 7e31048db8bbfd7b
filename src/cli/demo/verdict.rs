//! Finds the audit line of a request and says it in one phrase.

use std::path::Path;
use std::thread;
use std::time::Duration;

use serde_json::Value;

/// Audit lines are on disk within 200 ms; this many looks, 20 ms apart, are ample.
const LOOKS: u32 = 100;

/// What the audit at `path` says of the request, once it is there.
pub(super) fn of(path: &Path, request_id: &str) -> Option<String> {
    for _ in 0..LOOKS {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let found =
            lines.into_iter().find(|line| line.get("request_id").and_then(Value::as_str) == Some(request_id));
        if let Some(line) = found {
            return Some(phrase(&line));
        }
        thread::sleep(Duration::from_millis(20));
    }
    None
}

fn phrase(line: &Value) -> String {
    let word = |key: &str| line.get(key).and_then(Value::as_str).filter(|word| !word.is_empty());
    let mut parts = vec![word("result").unwrap_or("?").to_owned()];
    parts.extend(word("reason").map(str::to_owned));
    parts.extend(word("secret_id").map(|id| format!("by secret {id}")));
    parts.extend(word("key_id").map(|id| format!("by key {id}")));
    let file =
        |rule: &str| rule.rsplit('/').next().map_or_else(String::new, |rule| format!("rule at {rule}"));
    parts.extend(word("rule").map(file));
    parts.extend(word("hint").map(|hint| format!("({hint})")));
    parts.join("  ")
}
