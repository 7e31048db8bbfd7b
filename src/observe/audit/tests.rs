use std::sync::Arc;

use super::*;
use crate::base::clock::{Mono, Wall};
use crate::observe::redact::LONGEST_LINE;

fn script() -> Script {
    Script { seq: 0, stamp: Stamp::default(), config_file: Arc::from("/etc/sidegate/config.yaml") }
}

#[test]
fn a_reload_is_a_line_of_the_audit() {
    let event = Event {
        at: Now { mono: Mono(1), wall: Wall(0) },
        action: Action::ConfigReload,
        outcome: Outcome::Refused,
        generation: 4,
        resource: "config.yaml".into(),
        detail: "config.yaml:7:3: routes[0].path: expected a path".into(),
    };
    let mut out = Vec::new();
    line(&Note::Event(Box::new(event)), &mut script(), &mut out);
    let told: serde_json::Value = serde_json::from_slice(&out).unwrap();
    assert_eq!(told["action"], "config.reload");
    assert_eq!(told["result"], "refused");
    assert_eq!(told["config_generation"], 4);
    assert_eq!(told["reason"], "config.yaml:7:3: routes[0].path: expected a path");
    assert_eq!(told.get("request_id"), None);
}

#[test]
fn hostile_texts_in_every_field_make_one_bounded_line() {
    let evil = "\u{1b}[31m\r\n\u{202e}\"\\{}".repeat(5_000);
    let mut entry = Entry::new(0);
    entry.set_path(&evil);
    entry.set_subject(&evil);
    entry.set_key_id(&evil);
    entry.set_secret_id(&evil);
    entry.set_hint(&evil);
    entry.line = u32::MAX;
    entry.verdict = Verdict::Deny;
    entry.reason = "signature_wrong";
    entry.method = http::Method::from_bytes("X".repeat(4_000).as_bytes()).unwrap();
    let mut out = Vec::new();
    line(&Note::Request(Box::new(entry)), &mut script(), &mut out);
    assert!(out.len() <= LONGEST_LINE, "{}", out.len());
    assert_eq!(out.iter().filter(|byte| **byte == b'\n').count(), 1);
    let told: serde_json::Value = serde_json::from_slice(&out).unwrap();
    assert_eq!(told["result"], "deny");
    assert_eq!(told["reason"], "signature_wrong");
}

#[test]
fn a_method_cannot_pass_for_an_action_of_the_gate() {
    for (method, told) in [("PURGE", "PURGE"), ("config.reload", "http:config.reload")] {
        let mut entry = Entry::new(0);
        entry.method = http::Method::from_bytes(method.as_bytes()).unwrap();
        let mut out = Vec::new();
        line(&Note::Request(Box::new(entry)), &mut script(), &mut out);
        let line: serde_json::Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(line["action"], told);
    }
}

#[test]
fn lines_are_numbered_without_a_gap() {
    let mut script = script();
    let mut out = Vec::new();
    for _ in 0..3 {
        line(&Note::Request(Box::new(Entry::new(0))), &mut script, &mut out);
    }
    let numbers: Vec<u64> = String::from_utf8(out)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["seq"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, [1, 2, 3]);
}
