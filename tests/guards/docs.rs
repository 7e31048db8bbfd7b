//! The documents say what the code does: every config key, every metric, every dependency stands in its document.

use std::collections::BTreeSet;

use serde_json::Value;
use sidegate::config;

use crate::tree::{self, Finding};

const DEPENDENCIES: &str = "docs/DEPENDENCIES.md";

/// The direct dependencies a manifest names, in every table of dependencies.
fn direct(manifest: &str) -> BTreeSet<String> {
    let mut inside = false;
    let mut names = BTreeSet::new();
    for line in manifest.lines() {
        if let Some(table) = line.trim().strip_prefix('[') {
            let table = table.trim_end_matches(']');
            inside = table.ends_with("dependencies");
            if let Some((_, name)) = table.split_once("dependencies.") {
                names.insert(name.to_owned());
            }
            continue;
        }
        let name = line.split(['=', '.', ' ']).next().unwrap_or_default();
        if inside && !name.is_empty() && !name.starts_with('#') {
            names.insert(name.to_owned());
        }
    }
    names
}

/// The names that have a line of their own: a list item or table row that starts with the name in back quotes.
fn described(document: &str) -> BTreeSet<String> {
    let name = |line: &str| {
        let line = line.trim_start_matches(['-', '|', '*', ' ']).strip_prefix('`')?;
        let (name, rest) = line.split_once('`')?;
        (rest.split_whitespace().count() >= 3).then(|| name.to_owned())
    };
    document.lines().filter_map(name).collect()
}

fn dependency_findings(manifest: &str, document: &str) -> Vec<Finding> {
    let (direct, described) = (direct(manifest), described(document));
    let say = |message: String| Finding { path: DEPENDENCIES.to_owned(), line: 1, message };
    let missing = direct.difference(&described).map(|name| {
        say(format!("`{name}` is a direct dependency; add a line that says what we would otherwise write"))
    });
    let stale = described
        .difference(&direct)
        .map(|name| say(format!("`{name}` is no dependency any more; delete its line")));
    missing.chain(stale).collect()
}

#[test]
fn every_dependency_says_what_it_saves() {
    tree::expect_none(&dependency_findings(&tree::read("Cargo.toml"), &tree::read(DEPENDENCIES)));
}

#[test]
fn the_dependency_guard_can_fail_both_ways() {
    let manifest = "[package]\nname = \"x\"\n[dependencies]\na = \"1\"\nb.workspace = true\n[dev-dependencies]\nc = { version = \"1\" }\n[target.'cfg(unix)'.dependencies.d]\nversion = \"1\"\n[profile.dev]\ndebug = 1\n";
    let whole = "- `a`: saves us a parser\n| `b` | saves us a pool |\n- `c`: saves us a generator\n- `d`: saves us a loop\n";
    assert!(dependency_findings(manifest, whole).is_empty());
    assert_eq!(dependency_findings(manifest, &whole.replace("`b`", "`z`")).len(), 2);
    assert_eq!(dependency_findings(manifest, "- `a`\n- `b`: one two three").len(), 3);
}

const CONFIG: &str = "docs/CONFIG.md";
const OBSERVABILITY: &str = "docs/OBSERVABILITY.md";

/// Keys that have no table row of their own; a row starts with the key's last part in back quotes.
fn undocumented(keys: &[&str], document: &str) -> Vec<Finding> {
    let rows = described_rows(document);
    let last = |key: &str| key.rsplit('.').next().unwrap_or(key).trim_end_matches("[]").to_owned();
    let missing = keys.iter().filter(|key| last(key) != "NAME" && !rows.contains(&last(key)));
    let say = |key: &&str| Finding {
        path: CONFIG.to_owned(),
        line: 1,
        message: format!("the key `{key}` is not described; add it with its default and what it does"),
    };
    missing.map(say).collect()
}

fn described_rows(document: &str) -> BTreeSet<String> {
    document
        .lines()
        .filter_map(|line| Some(line.strip_prefix("| `")?.split_once('`')?.0.to_owned()))
        .collect()
}

/// Whether the schema has a place for a key of the table: `a.b[].c`, `NAME` standing for any name.
fn in_schema(schema: &Value, path: &str) -> bool {
    let steps: Vec<&str> = path.split('.').flat_map(|part| part.split_inclusive("[]")).collect();
    let mut steps: Vec<String> = steps.into_iter().map(str::to_owned).collect();
    let mut flat = Vec::new();
    for step in steps.drain(..) {
        match step.strip_suffix("[]") {
            Some(name) => {
                flat.extend([name.to_owned(), "[]".to_owned()].into_iter().filter(|part| !part.is_empty()));
            }
            None => flat.push(step),
        }
    }
    walk(schema, schema, &flat, 0)
}

fn walk(root: &Value, at: &Value, steps: &[String], depth: usize) -> bool {
    if depth > 64 {
        return false;
    }
    let Some((step, rest)) = steps.split_first() else { return true };
    if let Some(target) =
        at.get("$ref").and_then(Value::as_str).and_then(|path| root.pointer(path.trim_start_matches('#')))
    {
        return walk(root, target, steps, depth + 1);
    }
    let below = match step.as_str() {
        "[]" => at.get("items"),
        "NAME" => at.get("additionalProperties"),
        name => at.get("properties").and_then(|properties| properties.get(name)),
    };
    if below.is_some_and(|below| walk(root, below, rest, depth + 1)) {
        return true;
    }
    let alternatives =
        ["anyOf", "oneOf", "allOf"].into_iter().filter_map(|key| at.get(key)?.as_array()).flatten();
    alternatives.into_iter().any(|one| walk(root, one, steps, depth + 1))
}

/// Metrics the document does not name, and names in it that are no metric.
fn metric_findings(metrics: &[&str], document: &str) -> Vec<Finding> {
    let say = |line: usize, message: String| Finding { path: OBSERVABILITY.to_owned(), line, message };
    let missing = metrics.iter().filter(|name| !document.contains(&format!("`{name}")));
    let mut found: Vec<Finding> =
        missing.map(|name| say(1, format!("the metric `{name}` is not described; add its line"))).collect();
    let endings = ["", "_bucket", "_sum", "_count"];
    for (number, line) in document.lines().enumerate() {
        for rest in line.split("sidegate_").skip(1) {
            let word: String = rest.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect();
            let name = format!("sidegate_{word}");
            let known =
                metrics.iter().any(|metric| endings.iter().any(|end| format!("{metric}{end}") == name));
            if !known && !word.is_empty() {
                found.push(say(number + 1, format!("`{name}` is no metric; correct or delete it")));
            }
        }
    }
    found
}

#[test]
fn every_config_key_is_documented() {
    let keys: Vec<&str> = config::key_table().iter().map(|key| key.path.as_str()).collect();
    assert!(keys.len() > 50, "config::key_table() lists every key");
    let fresh = config::config_md();
    tree::expect_none(&undocumented(&keys, &fresh));
}

#[test]
fn every_config_key_is_in_the_schema() {
    let schema = config::json_schema();
    let missing: Vec<&str> = config::key_table()
        .iter()
        .map(|key| key.path.as_str())
        .filter(|path| !in_schema(&schema, path))
        .collect();
    assert!(missing.is_empty(), "keys the JSON schema does not know: {missing:?}");
}

#[test]
fn the_key_guards_can_fail() {
    assert_eq!(undocumented(&["a.b", "a.c", "a.NAME", "a.d[]"], "| `b` | x |\n| `cc` |\n| `d` |").len(), 1);
    let schema = serde_json::json!({
        "properties": {"a": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"$ref": "#/$defs/x"}}]},
                       "m": {"additionalProperties": {"$ref": "#/$defs/x"}}},
        "$defs": {"x": {"properties": {"b": {}}}}
    });
    for good in ["a", "a[].b", "m.NAME.b"] {
        assert!(in_schema(&schema, good), "{good}");
    }
    for bad in ["b", "a.b", "a[].c", "m.b", "m.NAME.c"] {
        assert!(!in_schema(&schema, bad), "{bad}");
    }
}

#[test]
fn the_metric_guard_can_fail_both_ways() {
    let document = "`sidegate_a_total{route}`: …\n`sidegate_b_seconds_bucket`\n";
    assert!(metric_findings(&["sidegate_a_total", "sidegate_b_seconds"], document).is_empty());
    assert_eq!(metric_findings(&["sidegate_a_total", "sidegate_b_seconds", "process_x"], document).len(), 1);
    assert_eq!(metric_findings(&["sidegate_a_total"], document).len(), 1);
}
