//! The documents say what the code does: every config key, every metric, every dependency stands in its document.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;
use sidegate::base::failure::{Failure, Origin};
use sidegate::check::deny::Reason;
use sidegate::config;
use sidegate::observe::names::{self, Kind};

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

/// The tables that follow from the code: metrics, reasons of refusals, failures of the world.
fn tables() -> [String; 3] {
    let metrics = names::ALL.iter().map(|metric| {
        let kind = match metric.kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        let labels: Vec<String> = metric.labels.iter().map(|label| format!("`{label}`")).collect();
        format!("| `{}` | {kind} | {} | {} |\n", metric.name, labels.join(" "), metric.help)
    });
    let reasons = Reason::ALL.iter();
    let reasons = reasons.map(|r| format!("| `{}` | {} | {} |\n", r.word(), r.status(), r.advice()));
    let failures = Failure::ALL.iter().map(|failure| {
        let origin = match failure.origin() {
            Origin::Upstream => "app",
            Origin::Client => "caller",
            Origin::Gate => "gate",
        };
        format!("| `{}` | {} | {origin} |\n", failure.reason(), failure.status())
    });
    [
        format!("| Metric | Kind | Labels | Counts |\n|---|---|---|---|\n{}", metrics.collect::<String>()),
        format!(
            "| Reason | Status | What it means, what would change it |\n|---|---|---|\n{}",
            reasons.collect::<String>()
        ),
        format!("| Reason | Status | Where |\n|---|---|---|\n{}", failures.collect::<String>()),
    ]
}

/// Whole tables the document lacks.
fn stale_tables<'a>(tables: &'a [String], document: &str) -> Vec<&'a str> {
    tables.iter().map(String::as_str).filter(|table| !document.contains(*table)).collect()
}

/// Names in a document that look like metrics and are none.
fn invented_metrics(path: &str, metrics: &[&str], document: &str) -> Vec<Finding> {
    let mut found = Vec::new();
    for (number, line) in document.lines().enumerate() {
        for rest in line.split("sidegate_").skip(1) {
            let word: String = rest.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect();
            let name = format!("sidegate_{word}");
            let endings = ["", "_bucket", "_sum", "_count"];
            let known =
                metrics.iter().any(|metric| endings.iter().any(|end| format!("{metric}{end}") == name));
            // A word that ends in _ stands for several, as in `sidegate_config_…`.
            if !known && !word.is_empty() && !word.ends_with('_') {
                let message = format!("`{name}` is no metric; correct or delete it");
                found.push(Finding { path: path.to_owned(), line: number + 1, message });
            }
        }
    }
    found
}

#[test]
fn every_metric_reason_and_failure_is_documented() {
    let tables = tables();
    let stale = stale_tables(&tables, &tree::read(OBSERVABILITY)).join("\n");
    let fresh = Path::new(env!("CARGO_TARGET_TMPDIR")).join("tables.md");
    std::fs::write(&fresh, &stale).expect("a temporary file");
    assert!(
        stale.is_empty(),
        "{OBSERVABILITY}: tables are not what the code says; take them from {}",
        fresh.display()
    );
}

#[test]
fn no_document_invents_a_metric() {
    let metrics: Vec<&str> = names::ALL.iter().map(|metric| metric.name).collect();
    let paths = tree::files("").into_iter().filter(|path| path.ends_with(".md"));
    let findings: Vec<Finding> =
        paths.flat_map(|path| invented_metrics(&path, &metrics, &tree::read(&path))).collect();
    tree::expect_none(&findings);
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
fn the_table_and_metric_guards_can_fail() {
    let tables = tables();
    let document = format!("# x\n\n{}\ny\n\n{}\n{}", tables[0], tables[1], tables[2]);
    assert!(stale_tables(&tables, &document).is_empty());
    assert_eq!(stale_tables(&tables, &document.replace("| 401 |", "| 403 |")).len(), 1);
    let metrics = ["sidegate_a_total", "sidegate_b_seconds"];
    let good = "`sidegate_a_total{route}`, sidegate_b_seconds_bucket, `sidegate_b_…`\n";
    assert!(invented_metrics("README.md", &metrics, good).is_empty());
    assert_eq!(invented_metrics("README.md", &metrics, "x\n`sidegate_a_totals`")[0].line, 2);
}

/// Decisions are cited by number: each begins with four digits, and no two with the same.
fn decision_findings(names: &[String]) -> Vec<Finding> {
    let mut known = BTreeSet::new();
    let odd = names.iter().filter(|name| {
        let number = name.split('-').next().unwrap_or_default();
        let is_number = number.len() == 4 && number.bytes().all(|byte| byte.is_ascii_digit());
        !is_number || !known.insert(number.to_owned())
    });
    let message = "a decision needs a number of its own".to_owned();
    odd.map(|name| Finding { path: format!("docs/decisions/{name}"), line: 1, message: message.clone() })
        .collect()
}

#[test]
fn every_decision_has_a_number_of_its_own() {
    let paths = tree::files("docs/decisions");
    let names: Vec<String> =
        paths.iter().filter_map(|path| path.strip_prefix("docs/decisions/")).map(str::to_owned).collect();
    assert!(names.len() >= 9, "{names:?}");
    tree::expect_none(&decision_findings(&names));
    let doubled = ["0001-a.md", "0002-b.md", "0002-c.md", "x.md"].map(str::to_owned);
    assert_eq!(decision_findings(&doubled).len(), 2, "the guard can fail");
}
