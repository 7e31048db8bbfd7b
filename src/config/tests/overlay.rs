use super::*;
use crate::config::settings::*;

fn with(env: &[(&str, &str)], rest: &str) -> Result<Loaded, Problems> {
    loaded_with(
        &format!("overlay-{}", rest.len()),
        &with_head(rest),
        &Environment::from_pairs(env.iter().copied()),
    )
}

const ROUTE: &str = "routes:\n  - { name: a, path: /a, public: true }\n";

#[test]
fn a_variable_beats_the_file_and_the_file_beats_the_default() {
    let file = "operational: { maintenance_mode: false, maintenance_retry_after: 7 }\n";
    let loaded = with(&[("SIDEGATE__OPERATIONAL__MAINTENANCE_MODE", "true")], file).unwrap();
    let operational = loaded.settings.operational;
    assert!(operational.maintenance_mode);
    assert_eq!(operational.maintenance_retry_after, 7);
    assert_eq!(operational.maintenance_message, defaults::MAINTENANCE_MESSAGE);
    let origin = |path: &str| {
        let row = loaded.shown.rows.iter().find(|row| row.path == path).unwrap();
        row.origin.clone()
    };
    assert_eq!(origin("operational.maintenance_mode"), "SIDEGATE__OPERATIONAL__MAINTENANCE_MODE");
    assert!(origin("operational.maintenance_retry_after").ends_with("sidegate.yaml:4"));
    assert_eq!(origin("operational.maintenance_message"), "default");
}

#[test]
fn groups_the_file_does_not_have_are_made() {
    let env = [("SIDEGATE__LIMITS__HEAD_TIMEOUT", "3s"), ("SIDEGATE__TELEMETRY__LOG__LEVEL", "DEBUG")];
    let settings = with(&env, ROUTE).unwrap().settings;
    assert_eq!(settings.limits.head_timeout.as_secs(), 3);
    assert_eq!(settings.telemetry.log_level, LogLevel::Debug);
}

#[test]
fn items_are_named_by_number_and_lists_by_commas() {
    let env =
        [("SIDEGATE__ROUTES__0__CRITICAL", "true"), ("SIDEGATE__SECURITY__IP_ALLOWLIST", "10.0.0.0/8, ::1")];
    let settings = with(&env, ROUTE).unwrap().settings;
    assert!(settings.routes[0].critical);
    let nets: Vec<String> =
        settings.security.ip_allowlist.unwrap().nets.list().iter().map(|n| n.0.to_string()).collect();
    assert_eq!(nets, ["10.0.0.0/8", "::1/128"]);
}

#[test]
fn a_secret_can_come_from_the_overlay_and_is_not_resolved_again() {
    let env = [("SIDEGATE__SECURITY__WEBHOOK_SECRETS__MINE", "0123456789$${abcdef}")];
    let loaded = with(&env, "").unwrap();
    let secret = loaded.settings.routes[0].shared_secret.as_ref().unwrap();
    assert!(secret.secrets[0].value.as_ref().unwrap().matches(b"0123456789$${abcdef}"));
    assert!(!loaded.shown.to_string().contains("0123456789"));
}

#[test]
fn an_undefined_reference_that_is_overridden_does_not_matter() {
    let env = [("SIDEGATE__SECURITY__IP_ALLOWLIST", "10.0.0.0/8")];
    assert!(with(&env, "security: { ip_allowlist: [\"${NOWHERE}\"] }\n").is_ok());
}

#[test]
fn a_name_that_leads_to_no_key_is_told_by_its_name() {
    for name in [
        "SIDEGATE__LISTENN",
        "SIDEGATE__",
        "SIDEGATE__OPERATIONAL__",
        "SIDEGATE__ROUTES__1__CRITICAL",
        "SIDEGATE__ROUTES__-1",
        "SIDEGATE__LISTEN__ADDRESS__X",
        "SIDEGATE__LIMITS",
        "SIDEGATE__OPERATIONAL____MAINTENANCE_MODE",
    ] {
        let problems = with(&[(name, "1")], ROUTE).unwrap_err();
        assert!(problems.items.iter().any(|p| p.file == name), "{name}: {problems}");
    }
}

#[test]
fn other_variables_of_the_platform_are_left_alone() {
    let env =
        [("SIDEGATE_PORT", "tcp://10.0.0.1:80"), ("SIDEGATE_SERVICE_HOST", "10.0.0.1"), ("SIDEGATE", "x")];
    assert!(with(&env, ROUTE).is_ok());
}
