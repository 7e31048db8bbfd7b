//! The numbers of the contract, as the binary itself tells them.

use serde_json::Value;

use crate::gate::{Nest, sidegate};

/// `limits` of the contract with their defaults, in the units of the config.
const DEFAULTS: [(&str, &str); 18] = [
    ("head_timeout", "10s"),
    ("head_size", "32KiB"),
    ("head_fields", "100"),
    ("uri_size", "8KiB"),
    ("keepalive_timeout", "75s"),
    ("buffered_body", "1MiB"),
    ("buffered_total", "32MiB"),
    ("body_idle", "15s"),
    ("body_rate", "240B"),
    ("body_rate_grace", "10s"),
    ("buffered_body_timeout", "30s"),
    ("http2_streams", "64"),
    ("http2_header_list", "16KiB"),
    ("stalled_stream", "60s"),
    ("drain_min", "5s"),
    ("drain_max", "25s"),
    ("failures", "2000"),
    ("connect_timeout", "1s"),
];

/// A duration, size or number in its smallest unit.
fn amount(text: &str) -> f64 {
    let at = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let number: f64 = text[..at].parse().unwrap_or_else(|_| panic!("{text:?} is no amount"));
    let unit = match &text[at..] {
        "" | "s" | "B" => 1.0,
        "ms" => 0.001,
        "m" => 60.0,
        "KiB" => 1024.0,
        "MiB" => 1024.0 * 1024.0,
        other => panic!("unit {other:?} of {text:?}"),
    };
    number * unit
}

/// Every `default` that stands below a key of this name.
fn defaults_of(schema: &Value, name: &str, found: &mut Vec<String>) {
    match schema {
        Value::Object(map) => {
            if let Some(default) = map.get(name).and_then(|entry| entry.get("default")) {
                found.push(default.as_str().map_or_else(|| default.to_string(), str::to_owned));
            }
            map.values().for_each(|inner| defaults_of(inner, name, found));
        }
        Value::Array(list) => list.iter().for_each(|inner| defaults_of(inner, name, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn the_schema_states_the_defaults_of_the_contract() {
    let output = sidegate().arg("schema").output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let schema: Value = serde_json::from_slice(&output.stdout).unwrap();
    for (name, expected) in DEFAULTS {
        let mut found = Vec::new();
        defaults_of(&schema, name, &mut found);
        found.dedup();
        let [one] = found.as_slice() else { panic!("{name}: defaults {found:?}") };
        assert_eq!(amount(one), amount(expected), "{name}");
    }
}

#[test]
fn check_show_tells_every_value_and_where_it_came_from() {
    let nest = Nest::new();
    nest.write(
        "gate.yaml",
        "version: 1\nlisten: 127.0.0.1:8080\nupstream: http://127.0.0.1:3000\nlimits: {head_size: 4KiB}\nroutes: [{name: site, path_prefix: /, public: true}]\n",
    );
    let output = sidegate().arg("check").arg("--show").arg(nest.path("gate.yaml")).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let shown = String::from_utf8(output.stdout).unwrap();
    for (name, expected) in DEFAULTS {
        let expected = if name == "head_size" { "4KiB" } else { expected };
        let line = shown
            .lines()
            .find(|line| line.contains(name))
            .unwrap_or_else(|| panic!("no {name} in:\n{shown}"));
        let told = line
            .split(|c: char| c.is_whitespace() || c == ':' || c == ',' || c == '"')
            .filter(|word| word.starts_with(|c: char| c.is_ascii_digit()));
        let told: Vec<f64> = told.map(amount).collect();
        assert_eq!(told.first(), Some(&amount(expected)), "{line}");
        let from = if name == "head_size" { "gate.yaml" } else { "default" };
        assert!(line.contains(from), "where it came from: {line}");
    }
}
