use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::config::diff::Effect;
use crate::config::settings::Settings;

const SECRET: &str = "canary-0123456789";

#[test]
fn what_holds_is_shown_with_its_origin_and_without_secrets() {
    let text = with_head(&format!(
        "limits: {{ head_size: 4KiB }}\nsecurity: {{ webhook_secrets: {{ github: {SECRET}, mine: [{{ id: x, value: \"${{KEY}}\" }}] }} }}\nkeys: {{ a: {SECRET}a }}\nkey_metadata: {{ {SECRET}a: {{ roles: [r] }} }}\n"
    ));
    let env = Environment::from_pairs([("KEY", "canary-fedcba9876543210")]);
    let shown = loaded_with("shown", &text, &env).unwrap().shown;
    let all = format!("{shown}{}", shown.to_json());
    assert!(!all.contains("canary"), "{all}");
    let row = |path: &str| {
        shown.rows.iter().find(|row| row.path == path).unwrap_or_else(|| panic!("{path}\n{shown}"))
    };
    assert_eq!(row("limits.head_size").value, "4KiB");
    assert!(row("limits.head_size").origin.ends_with("sidegate.yaml:4"));
    assert_eq!(row("limits.head_timeout").value, "10s");
    assert_eq!(row("limits.head_timeout").origin, "default");
    assert_eq!(row("upstream.timeout").origin, "default");
    assert_eq!(row("security.webhook_secrets.github").value, "***");
    assert!(row("security.webhook_secrets.mine[0].value").origin.ends_with("(${KEY})"));
}

#[test]
fn defaults_that_are_shown_are_the_defaults_that_hold() {
    let shown = loaded("defaults", &with_head("")).unwrap().shown;
    let written: String = shown
        .rows
        .iter()
        .filter(|row| row.origin == "default" && row.path.starts_with("limits."))
        .map(|row| format!("  {}: {}\n", row.path.trim_start_matches("limits."), row.value))
        .collect();
    let plain = loaded("plain", &with_head("")).unwrap().settings;
    let explicit = loaded("explicit", &with_head(&format!("limits:\n{written}"))).unwrap().settings;
    assert_eq!(plain.limits, explicit.limits);
    assert!(written.lines().count() >= 20, "{written}");
}

fn settings(rest: &str) -> Settings {
    // A folder for each: tests run beside each other.
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let name = format!("diff-{}", COUNT.fetch_add(1, Ordering::Relaxed));
    loaded(&name, &with_head(rest)).unwrap_or_else(|p| panic!("{p}")).settings
}

#[test]
fn a_difference_names_the_keys_and_when_they_count() {
    let old = settings(&format!("security: {{ webhook_secrets: {{ a: {SECRET} }} }}\n"));
    let new = settings(&format!(
        "workers: 2\nlimits: {{ head_size: 4KiB }}\nsecurity: {{ webhook_secrets: {{ a: {SECRET}x, b: {SECRET} }} }}\n"
    ));
    let changes = diff(&old, &new);
    let of = |path: &str| {
        changes.iter().find(|change| change.path == path).unwrap_or_else(|| panic!("{path} {changes:#?}"))
    };
    assert_eq!(of("workers").effect, Effect::Restart);
    assert_eq!((of("limits.head_size").was.as_str(), of("limits.head_size").is.as_str()), ("32KiB", "4KiB"));
    assert_eq!(of("limits.head_size").effect, Effect::Now);
    assert!(of("routes.a.shared_secret.secrets").is.ends_with("(changed)"));
    assert_eq!(of("routes.b.path").was, "");
    assert!(!format!("{changes:?}").contains("canary"));
    assert!(!changes.iter().any(|change| change.path == "routes.a.path"), "{changes:#?}");
}

#[test]
fn the_query_of_a_url_is_told_as_changed_and_never_shown() {
    let with = |query: &str| {
        settings(&format!(
            "outbound: {{ allowed_hosts: [keys.example.com] }}\nroutes:\n  - name: a\n    path: /a\n    signature: \
             {{ provider: plaid, secrets: [{{ id: k, url: \"https://keys.example.com/set{query}\" }}] }}\n"
        ))
    };
    assert_eq!(diff(&with("?t=canary1"), &with("?t=canary1")), []);
    for (old, new) in [("?t=canary1", "?t=canary2"), ("?t=canary1", ""), ("", "?t=canary2")] {
        let changes = diff(&with(old), &with(new));
        assert_eq!(changes.len(), 1, "{changes:?}");
        assert!(changes[0].is.contains("https://keys.example.com/set"), "{changes:?}");
        assert!(!format!("{changes:?}").contains("canary"), "{changes:?}");
    }
    let with = |query: &str| {
        settings(&format!(
            "routes:\n  - name: a\n    path: /a\n    signature: {{ provider: twilio, secrets: [{{ id: k, value: \
             {SECRET} }}], public_url: \"https://a.example/a{query}\" }}\n"
        ))
    };
    let changes = diff(&with("?t=canary1"), &with("?t=canary2"));
    assert_eq!(changes.len(), 1, "{changes:?}");
    assert!(changes[0].is.contains("https://a.example/a") && !format!("{changes:?}").contains("canary"));
}

#[test]
fn moving_lines_changes_nothing() {
    let text = "security: { ip_denylist: [10.0.0.0/8] }\nroutes:\n  - { name: a, path: /a, public: true }\n";
    assert_eq!(diff(&settings(text), &settings(&format!("# a comment\n\n{text}"))), []);
}

#[test]
fn long_lists_are_told_by_their_number_and_compared_by_what_they_hold() {
    let with = |last: u8| {
        let nets: String = (0..20).map(|n| format!("10.{n}.0.0/16, ")).collect();
        settings(&format!("security: {{ ip_denylist: [{nets}10.99.{last}.0/24] }}\n"))
    };
    assert_eq!(diff(&with(1), &with(1)), []);
    let changes = diff(&with(1), &with(2));
    assert_eq!(changes.len(), 1, "{changes:?}");
    assert_eq!((changes[0].was.as_str(), changes[0].is.as_str()), ("21 networks", "21 networks (changed)"));
}

#[test]
fn each_thing_that_differs_in_a_route_or_a_key_is_told() {
    let with = |route: &str, key: &str| {
        let hash = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
        settings(&format!(
            "routes:\n  - {{ name: same, path: /same, public: true }}\n  - {{ name: a, {route} }}\n\
             api_keys: {{ keys: [{{ id: k, hash: \"{hash}\"{key} }}] }}\n"
        ))
    };
    let old = with("path: /a, api_key: {}", "");
    for (route, key, told) in [
        ("path: /b, api_key: {}", "", "routes.a.path"),
        ("path: /a, methods: [GET], api_key: {}", "", "routes.a.methods"),
        ("path: /a, hosts: [a.example], api_key: {}", "", "routes.a.hosts"),
        ("path: /a, api_key: { locations: [bearer] }", "", "routes.a.api_key"),
        ("path: /a, api_key: {}, authorize: { roles: [x] }", "", "routes.a.authorize"),
        ("path: /a, api_key: {}, body: { max_size: 1MiB }", "", "routes.a.body.max_size"),
        ("path: /a, api_key: {}, critical: true", "", "routes.a.critical"),
        ("path: /a, api_key: {}, upstream: \"http://127.0.0.1:3001\"", "", "routes.a.upstream"),
        ("path: /a, api_key: {}, ip_denylist: [10.0.0.0/8]", "", "routes.a.ip_denylist"),
        ("path: /a, api_key: {}, require: any", "", "routes.a.require"),
        ("path: /a, api_key: {}", ", roles: [x]", "api_keys.k"),
        ("path: /a, api_key: {}", ", revoked: true", "api_keys.k"),
        ("path: /a, api_key: {}", ", rate_limit: 7", "api_keys.k"),
        ("path: /a, api_key: {}", ", name: ann", "api_keys.k"),
    ] {
        let changes = diff(&old, &with(route, key));
        assert_eq!(changes.iter().map(|change| change.path.as_str()).collect::<Vec<_>>(), [told]);
    }
}

#[test]
fn keys_that_need_a_restart_say_so_in_their_document() {
    let documented: Vec<&str> = key_table()
        .iter()
        .filter(|row| row.doc.contains("Cannot change while running"))
        .map(|row| row.path.as_str())
        .collect();
    assert_eq!(documented, diff::FIXED);
}

#[test]
fn every_key_is_explained_in_one_sentence() {
    for row in key_table() {
        assert!(row.doc.ends_with('.') && row.doc.len() > 8, "{}: {}", row.path, row.doc);
        assert!(!row.accepts.is_empty() && !row.since.is_empty(), "{}", row.path);
    }
}

#[test]
fn a_debug_print_of_what_was_loaded_holds_no_secret() {
    let text = with_head(&format!(
        "security: {{ webhook_secrets: {{ github: {SECRET} }} }}\nkeys: {{ a: {SECRET} }}\n"
    ));
    let loaded = loaded("debug", &text).unwrap();
    assert!(!format!("{loaded:?}").contains("canary"));
}
