//! What a verdict says of itself: to the caller little, to the operator all.

use std::collections::BTreeMap;

use super::Scene;
use crate::sign::github_post;
use crate::wire::{Ask, Wire};

const SECRET: &str = "the hook's secret of length";

fn scene() -> Scene {
    Scene::set(&format!(
        "limits: {{failures: 0}}\nroutes:\n  \
         - {{name: hook, path: /hook, methods: [POST], signature: {{provider: github, secrets: [{{id: q4, value: \"{SECRET}\"}}]}}}}\n  \
         - {{name: keyed, path_prefix: /k, api_key: {{locations: [header:X-API-Key, bearer]}}}}\n  \
         - {{name: small, path: /small, public: true, body: {{max_size: 10B}}}}\n  \
         - {{name: closed, path: /closed, public: true, ip_allowlist: [10.0.0.0/8]}}\n\
         api_keys: {{keys: [{{id: k, name: k, value: \"a key of quite good length\"}}]}}\n"
    ))
}

#[test]
fn every_refusal_has_one_shape_and_one_text_per_status() {
    let scene = scene();
    let asks = [
        (Ask::get("/x/../hook"), 400),
        (Ask::post("/hook", "{}"), 401),
        (github_post("/hook", "not the secret, but long", b"{}"), 401),
        (Ask::get("/k"), 401),
        (Ask::get("/k").field("X-API-Key", "unknown"), 401),
        (Ask::get("/closed"), 403),
        (Ask::get("/nowhere"), 404),
        (Ask::get("/hook"), 405),
        (Ask::post("/small", "more than ten"), 413),
    ];
    let mut texts: BTreeMap<u16, Vec<String>> = BTreeMap::new();
    for (ask, status) in asks {
        let answer = scene.gate.ask(&ask);
        assert_eq!(answer.status, status, "{ask:?}");
        assert!(answer.one("content-type").starts_with("application/json"), "{:?}", answer.fields);
        let body = answer.json();
        let keys: Vec<&String> = body.as_object().unwrap().keys().collect();
        assert_eq!(keys.len(), 3, "{body}");
        assert_eq!(body["status"], status, "{body}");
        assert_eq!(body["request_id"], answer.id());
        texts.entry(status).or_default().push(body["error"].as_str().unwrap().to_owned());
        assert!(answer.all("server").is_empty() || answer.one("server") == "sidegate");
        assert!(answer.all("x-sidegate-route").is_empty(), "nothing inner goes out");
    }
    for (status, mut texts) in texts {
        texts.dedup();
        assert_eq!(texts.len(), 1, "{status}: {texts:?}");
    }
    assert!(
        !scene.gate.ask(&Ask::get("/k")).one("www-authenticate").is_empty(),
        "a bearer route names its scheme"
    );
    assert!(!scene.gate.ask(&Ask::get("/hook")).one("allow").is_empty(), "405 names the methods");
}

#[test]
fn a_record_names_the_rule_and_what_decided() {
    let scene = scene();
    let good = scene.gate.ask(&github_post("/hook", SECRET, b"{}"));
    let record = scene.gate.record(good.id());
    assert_eq!((record.result(), record.text("route")), ("allow", "hook"));
    assert_eq!((record.text("action"), record.text("resource")), ("POST", "/hook"));
    assert_eq!((record.text("secret_id"), record.text("ip_address")), ("q4", "127.0.0.1"));
    assert_eq!(record.generation(), scene.gate.generation());
    assert!(record.raw["duration_us"].as_u64().is_some_and(|us| us > 0 && us < 10_000_000), "{}", record.raw);
    let record = scene.gate.record(scene.gate.ask(&Ask::get("/closed?token=abc")).id());
    assert_eq!(
        (record.result(), record.reason(), record.text("route")),
        ("deny", "ip_not_allowed", "closed")
    );
    assert!(!record.raw.to_string().contains("abc"), "no query: {}", record.raw);
    let config = std::fs::read_to_string(scene.gate.nest.path("gate.yaml")).unwrap();
    let line = config.lines().position(|line| line.contains("ip_allowlist")).unwrap() + 1;
    assert!(record.raw["rule"].to_string().contains(&line.to_string()), "line {line}: {}", record.raw);
}

#[test]
fn sequence_numbers_have_no_gap_and_lines_are_on_disk_at_once() {
    let scene = scene();
    let mut wire = Wire::to(scene.gate.data);
    for n in 0..200 {
        let answer = wire.ask(&Ask::get(&format!("/nowhere/{n}")));
        assert_eq!(answer.status, 404);
    }
    drop(wire);
    let ended = scene.gate.stop();
    let numbers: Vec<u64> = ended
        .out
        .iter()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok()?.get("seq")?.as_u64())
        .collect();
    assert!(numbers.len() >= 200);
    for pair in numbers.windows(2) {
        assert_eq!(pair[1], pair[0] + 1, "{numbers:?}");
    }
}

#[test]
fn the_counters_add_up_to_the_records() {
    let scene = scene();
    let asks = [
        github_post("/hook", SECRET, b"{}"),
        github_post("/hook", "not the secret, but long", b"{}"),
        Ask::post("/hook", "{}"),
        Ask::get("/k").field("X-API-Key", "unknown"),
        Ask::get("/closed"),
        Ask::get("/nowhere"),
        Ask::post("/small", "ok"),
    ];
    for (times, ask) in asks.iter().enumerate() {
        for _ in 0..=times {
            scene.gate.ask(ask);
        }
    }
    let expected = [
        ("hook", "allow", "", 1.0),
        ("hook", "deny", "signature_wrong", 2.0),
        ("hook", "deny", "signature_missing", 3.0),
        ("keyed", "deny", "key_unknown", 4.0),
        ("closed", "deny", "ip_not_allowed", 5.0),
        ("small", "allow", "", 7.0),
    ];
    for (route, verdict, reason, count) in expected {
        let mut labels = vec![format!("route=\"{route}\""), format!("verdict=\"{verdict}\"")];
        if !reason.is_empty() {
            labels.push(format!("reason=\"{reason}\""));
        }
        let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
        crate::pace::until(crate::pace::SOON, &format!("{labels:?} reach {count}"), || {
            (scene.gate.metric("sidegate_requests_total", &labels) == count).then_some(())
        });
    }
    assert_eq!(scene.gate.metric("sidegate_requests_total", &["reason=\"no_route\""]), 6.0);
    assert_eq!(scene.gate.metric("sidegate_requests_total", &[]), 28.0);
    let before = scene.gate.metrics().lines().count();
    for n in 0..300 {
        let odd = Ask::new(["GET", "PURGE", "X"][n % 3], &format!("/odd/{n}")).host(&format!("h{n}.test"));
        scene.gate.ask(&odd.field("User-Agent", &format!("agent {n}")));
    }
    assert!(scene.gate.metrics().lines().count() <= before + 2, "series do not grow with what callers send");
}
