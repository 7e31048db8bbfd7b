//! How much each caller may: hard windows, smoothing, and the guard against guessing.

use super::Scene;
use crate::sign::{github_post, sha256};
use crate::wire::{Answer, Ask};

const KEY: &str = "one caller's key of good length";
const OTHER: &str = "another caller's key of length";

fn from(address: &str) -> Ask {
    Ask::get("/").field("X-Forwarded-For", address)
}

#[test]
fn never_more_than_the_limit_per_client_and_each_client_for_itself() {
    let scene = Scene::set(
        "security: {trusted_proxies: [127.0.0.0/8]}\n\
         operational: {rate_limit_per_minute: 7}\n\
         routes: [{name: site, path_prefix: /, public: true}]\n",
    );
    for address in ["10.0.0.1", "10.0.0.2", "2001:db8::1"] {
        for _ in 0..7 {
            scene.passes(&from(address));
        }
        for _ in 0..3 {
            quota_told(&scene.refuses(&from(address), 429, "rate_limited"));
        }
    }
    scene.refuses(&from("2001:db8::ffff"), 429, "rate_limited");
    scene.refuses(&from("::ffff:10.0.0.1"), 429, "rate_limited");
    scene.passes(&from("2001:db8:0:1::1"));
    scene.passes(&from("10.0.0.3"));
}

fn quota_told(answer: &Answer) {
    let seconds: u32 = answer.one("retry-after").parse().expect("Retry-After in seconds");
    assert!((1..=61).contains(&seconds), "Retry-After {seconds}");
    assert!(!answer.one("ratelimit").is_empty(), "RateLimit is told: {:?}", answer.fields);
    assert!(!answer.one("ratelimit-policy").is_empty(), "RateLimit-Policy is told: {:?}", answer.fields);
}

#[test]
fn limiting_switched_on_without_a_number_admits_a_hundred_a_minute() {
    let scene = Scene::set(
        "operational: {rate_limiting_enabled: true}\nroutes: [{name: site, path_prefix: /, public: true}]\n",
    );
    for _ in 0..100 {
        assert_eq!(scene.gate.ask(&Ask::get("/")).status, 200);
    }
    scene.refuses(&Ask::get("/"), 429, "rate_limited");
}

#[test]
fn a_routes_limits_count_by_what_they_say() {
    let (key, other) = (sha256(KEY.as_bytes()), sha256(OTHER.as_bytes()));
    let scene = Scene::set(&format!(
        r#"
security: {{trusted_proxies: [127.0.0.0/8]}}
routes:
  - {{name: keyed, path_prefix: /keyed, api_key: {{locations: [header:X-API-Key]}}, rate_limits: [{{name: per-key, limit: 4, window: 1m, by: [api_key]}}]}}
  - {{name: whole, path_prefix: /whole, public: true, rate_limits: [{{name: all, limit: 5, window: 1m, by: [route]}}]}}
  - {{name: smooth, path_prefix: /smooth, public: true, rate_limits: [{{name: burst, rate: 1/m, burst: 3, by: [client_ip]}}]}}
  - {{name: two, path_prefix: /two, public: true, rate_limits: [{{name: wide, limit: 50, window: 1m, by: [client_ip]}}, {{name: narrow, limit: 2, window: 1m, by: [client_ip]}}]}}
api_keys:
  keys:
    - {{id: one, name: one, hash: "sha256:{key}"}}
    - {{id: two, name: two, hash: "sha256:{other}", rate_limit: 2}}
"#
    ));
    let ask = |path: &str, address: &str| Ask::get(path).field("X-Forwarded-For", address);
    for n in 0..4 {
        scene.passes(&ask("/keyed", &format!("10.0.0.{n}")).field("X-API-Key", KEY));
    }
    scene.refuses(&ask("/keyed", "10.0.9.9").field("X-API-Key", KEY), 429, "rate_limited");
    for _ in 0..2 {
        scene.passes(&ask("/keyed", "10.0.0.1").field("X-API-Key", OTHER));
    }
    scene.refuses(&ask("/keyed", "10.0.0.1").field("X-API-Key", OTHER), 429, "rate_limited");
    for n in 0..5 {
        scene.passes(&ask("/whole", &format!("10.1.0.{n}")));
    }
    scene.refuses(&ask("/whole", "10.1.0.99"), 429, "rate_limited");
    for address in ["10.2.0.1", "10.2.0.2"] {
        for _ in 0..3 {
            scene.passes(&ask("/smooth", address));
        }
        scene.refuses(&ask("/smooth", address), 429, "rate_limited");
    }
    for _ in 0..2 {
        scene.passes(&ask("/two", "10.3.0.1"));
    }
    scene.refuses(&ask("/two", "10.3.0.1"), 429, "rate_limited");
}

#[test]
fn a_forged_request_never_costs_its_victim_quota() {
    let secret = "the real secret of good length";
    let scene = Scene::set(&format!(
        "operational: {{rate_limit_per_minute: 3}}\n\
         security: {{webhook_secrets: {{github: \"{secret}\"}}}}\n"
    ));
    for n in 0..50 {
        let forged = github_post("/webhook/github", "a forger's secret of length", format!("{n}").as_bytes());
        scene.refuses(&forged, 401, "signature_wrong");
    }
    for n in 0..3 {
        scene.passes(&github_post("/webhook/github", secret, format!("{n}").as_bytes()));
    }
    scene.refuses(&github_post("/webhook/github", secret, b"one more"), 429, "rate_limited");
}

#[test]
fn too_many_failures_of_one_address_are_refused_before_any_secret_is_compared() {
    let scene = Scene::set(&format!(
        "security: {{trusted_proxies: [127.0.0.0/8]}}\nlimits: {{failures: 20}}\n\
         routes:\n  - {{name: keyed, path_prefix: /k, api_key: {{locations: [header:X-API-Key]}}}}\n  \
         - {{name: site, path_prefix: /, public: true}}\n\
         api_keys: {{keys: [{{id: one, name: one, hash: \"sha256:{}\"}}]}}\n",
        sha256(KEY.as_bytes())
    ));
    let ask =
        |address: &str, key: &str| Ask::get("/k").field("X-Forwarded-For", address).field("X-API-Key", key);
    for _ in 0..20 {
        scene.refuses(&ask("10.0.0.1", "guess"), 401, "key_unknown");
    }
    let told = scene.refuses(&ask("10.0.0.1", "guess"), 429, "flood");
    assert!(told.one("retry-after").parse::<u32>().is_ok_and(|s| (1..=10).contains(&s)), "{told:?}");
    scene.refuses(&ask("10.0.0.1", KEY), 429, "flood");
    scene.refuses(&from("10.0.0.1"), 429, "flood");
    scene.passes(&ask("10.0.0.2", KEY));
    for _ in 0..100 {
        scene.passes(&from("10.0.0.2"));
    }
}

#[test]
fn the_guard_is_off_while_a_private_peer_forwards_undeclared() {
    let scene = Scene::set(
        "limits: {failures: 10}\nroutes:\n  - {name: token, path_prefix: /, shared_secret: {header: X-Token, secrets: [{id: a, value: \"sixteen bytes or more\"}]}}\n",
    );
    for _ in 0..30 {
        scene.refuses(&from("6.6.6.6").field("X-Token", "guess"), 401, "secret_wrong");
    }
    scene.passes(&from("6.6.6.6").field("X-Token", "sixteen bytes or more"));
    let warned = scene.gate.err.all().iter().any(|line| line.contains("trusted_proxies"));
    assert!(warned, "the operator is told:\n{}", scene.gate.err.all().join("\n"));
}

#[test]
fn limiting_switched_off_admits_everything_but_guesses() {
    let scene = Scene::set(
        "operational: {rate_limiting_enabled: false, rate_limit_per_minute: 1}\nlimits: {failures: 5}\nroutes:\n  \
         - {name: token, path_prefix: /t, shared_secret: {header: X-Token, secrets: [{id: a, value: \"sixteen bytes or more\"}]}}\n  \
         - {name: site, path_prefix: /, public: true, rate_limits: [{name: one, limit: 1, window: 1m, by: [route]}]}\n",
    );
    for _ in 0..20 {
        scene.passes(&Ask::get("/"));
    }
    for _ in 0..5 {
        scene.refuses(&Ask::get("/t"), 401, "secret_missing");
    }
    scene.refuses(&Ask::get("/t"), 429, "flood");
}
