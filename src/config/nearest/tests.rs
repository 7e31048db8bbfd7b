use super::*;

#[test]
fn a_swapped_pair_of_letters_finds_its_key() {
    assert_eq!(nearest("lsiten", ["listen", "limits"]), Some("listen"));
}

#[test]
fn dashes_and_case_do_not_count() {
    assert_eq!(nearest("IP-Allowlist", ["ip_denylist", "ip_allowlist"]), Some("ip_allowlist"));
}

#[test]
fn a_foreign_word_finds_nothing() {
    assert_eq!(nearest("database", ["listen", "routes", "telemetry"]), None);
}

#[test]
fn a_very_long_word_is_not_compared() {
    assert_eq!(nearest(&"a".repeat(10_000), ["listen"]), None);
}
