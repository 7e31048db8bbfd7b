//! Things that are done in one place only: reading the environment and the clocks, naming metrics, touching hyper;
//! and lints that are switched off only with a reason.

use crate::tree::{self, Finding, Source};

/// The one reader of the process environment.
const ENVIRONMENT: &str = "src/config/env.rs";
/// The one reader of the clocks.
const CLOCKS: &str = "src/base/clock.rs";
/// The one list of metric names.
const METRIC_NAMES: &str = "src/observe/names.rs";
/// Where hyper's types may appear; a trailing `/` is a folder.
const HYPER: [&str; 6] = [
    "src/listen/connection.rs",
    "src/listen/connection/",
    "src/forward/wire_body.rs",
    "src/forward/upstream/",
    "src/ops.rs",
    "src/ops/",
];

fn environment(source: &Source) -> Vec<Finding> {
    if source.path == ENVIRONMENT {
        return Vec::new();
    }
    let names = source.identifiers("env").into_iter().filter(|&at| {
        let before = source.code.get(..at).unwrap_or_default().trim_end();
        let after = source.rest(at + "env".len());
        let imported = in_import_of_std(source, at);
        before.ends_with("std::") && !temporary(after) || imported || calls_environment(before, after)
    });
    names
        .map(|at| {
            source.finding(
                at,
                format!("the environment is read in {ENVIRONMENT} only; take the value as an argument"),
            )
        })
        .collect()
}

/// The folder for temporary files, which tests ask for by its full path.
fn temporary(after: &str) -> bool {
    after.starts_with("::temp_dir")
}

/// `use std::{…, env, …}`.
fn in_import_of_std(source: &Source, at: usize) -> bool {
    let before = source.code.get(..at).unwrap_or_default();
    let statement = before.rsplit([';', '}']).next().unwrap_or_default();
    statement.trim_start().trim_start_matches("pub ").starts_with("use std::{")
        && !before.trim_end().ends_with("::")
}

/// `env::var(…)` and its like through an import; `env!(…)` is the compiler's and fine.
fn calls_environment(before: &str, after: &str) -> bool {
    let calls = ["::var", "::vars", "::set_var", "::remove_var", "::args", "::current_"];
    !before.ends_with("::") && calls.iter().any(|call| after.starts_with(call))
}

fn clocks(source: &Source) -> Vec<Finding> {
    if source.path == CLOCKS || source.is_test() {
        return Vec::new();
    }
    let reads = ["Instant::now", "SystemTime::now", "now_utc", "now_local", "elapsed"];
    let mut found: Vec<usize> = reads.iter().flat_map(|read| source.identifiers(read)).collect();
    found.sort_unstable();
    let advice = format!("clocks are read in {CLOCKS} only; take `Now`, `Mono` or `Wall` as an argument");
    found.into_iter().map(|at| source.finding(at, advice.clone())).collect()
}

fn metric_names(source: &Source) -> Vec<Finding> {
    if source.path == METRIC_NAMES || source.is_test() {
        return Vec::new();
    }
    let is_name = |text: &str| {
        let rest = text.split_once("sidegate_").map(|(_, rest)| rest);
        rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_lowercase()))
    };
    source
        .literals
        .iter()
        .filter(|(_, text)| is_name(text))
        .map(|(at, text)| {
            source.finding(
                *at,
                format!("metric name {text:?}: put it into {METRIC_NAMES} and name the constant"),
            )
        })
        .collect()
}

fn hyper(source: &Source) -> Vec<Finding> {
    let allowed =
        |place: &str| source.path == place || place.ends_with('/') && source.path.starts_with(place);
    if HYPER.iter().any(|place| allowed(place)) || source.is_test() {
        return Vec::new();
    }
    let names = ["hyper", "hyper_util"].into_iter().flat_map(|name| source.identifiers(name));
    names
        .map(|at| {
            source.finding(
                at,
                format!(
                    "hyper is named only in {}; use the `http` types or `forward`'s aliases",
                    HYPER.join(", ")
                ),
            )
        })
        .collect()
}

/// `ignore`, `expect` and `allow` attributes that give no reason.
fn unexplained(source: &Source) -> Vec<Finding> {
    let mut found = Vec::new();
    for (at, _) in source.code.match_indices("#[").chain(source.code.match_indices("#![")) {
        let start = source.rest(at).find('[').map_or(at, |n| at + n + 1);
        let body = attribute(source.rest(start));
        let name: String =
            body.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        let explained = match name.as_str() {
            "ignore" => body.contains('='),
            "expect" | "allow" => body.contains("reason ="),
            "cfg_attr" => {
                !["ignore", "expect(", "allow("].iter().any(|lint| body.contains(lint)) || body.contains('=')
            }
            _ => true,
        };
        if !explained {
            found.push(source.finding(
                at,
                format!("`{name}` says why: `#[{name}(…, reason = \"…\")]`, `#[ignore = \"…\"]`"),
            ));
        }
    }
    found
}

fn attribute(rest: &str) -> &str {
    let mut depth = 1_usize;
    for (at, byte) in rest.bytes().enumerate() {
        match byte {
            b'[' => depth += 1,
            b']' if depth == 1 => return rest.get(..at).unwrap_or_default(),
            b']' => depth -= 1,
            _ => {}
        }
    }
    rest
}

fn over_the_tree(guard: impl Fn(&Source) -> Vec<Finding>) {
    let findings: Vec<Finding> = tree::sources("src").iter().flat_map(guard).collect();
    tree::expect_none(&findings);
}

#[test]
fn only_one_file_reads_the_environment() {
    over_the_tree(environment);
}

#[test]
fn only_one_file_reads_the_clocks() {
    over_the_tree(clocks);
}

#[test]
fn only_one_file_names_metrics() {
    over_the_tree(metric_names);
}

#[test]
fn hyper_appears_only_at_the_edges() {
    over_the_tree(hyper);
}

#[test]
fn nothing_is_switched_off_without_a_reason() {
    over_the_tree(unexplained);
    let findings: Vec<Finding> = tree::sources("tests").iter().flat_map(unexplained).collect();
    tree::expect_none(&findings);
}

fn count(guard: impl Fn(&Source) -> Vec<Finding>, path: &str, text: &str) -> usize {
    guard(&Source::new(path, text)).len()
}

#[test]
fn the_environment_guard_can_fail() {
    for bad in [
        "std::env::var(\"A\")",
        "use std::env;",
        "use std::{env, fs};",
        "use std::{fs, env::{self, var}};",
        "env::var_os(x)",
    ] {
        assert_eq!(count(environment, "src/cli/run.rs", bad), 1, "{bad}");
        assert_eq!(count(environment, ENVIRONMENT, bad), 0, "{bad}");
    }
    for good in [
        "env!(\"CARGO_PKG_VERSION\")",
        "config::env::Environment",
        "// std::env::var",
        "std::env::temp_dir()",
    ] {
        assert_eq!(count(environment, "src/cli/run.rs", good), 0, "{good}");
    }
}

#[test]
fn the_clock_guard_can_fail() {
    for bad in [
        "let a = Instant::now();",
        "std::time::SystemTime::now()",
        "OffsetDateTime::now_utc()",
        "start.elapsed()",
    ] {
        assert_eq!(count(clocks, "src/check/quota.rs", bad), 1, "{bad}");
        assert_eq!(count(clocks, CLOCKS, bad), 0, "{bad}");
    }
    assert_eq!(count(clocks, "src/check/quota.rs", "clock::now(); f(now);"), 0);
}

#[test]
fn the_metric_guard_can_fail() {
    assert_eq!(count(metric_names, "src/ops/page.rs", "f(\"sidegate_requests_total\")"), 1);
    assert_eq!(count(metric_names, METRIC_NAMES, "f(\"sidegate_requests_total\")"), 0);
    assert_eq!(count(metric_names, "src/ops/page.rs", "f(\"sidegate_\"); sidegate_x; // \"sidegate_x\""), 0);
}

#[test]
fn the_hyper_guard_can_fail() {
    for bad in ["use hyper::body::Incoming;", "hyper_util::rt::TokioIo::new(x)", "use ::hyper;"] {
        assert_eq!(count(hyper, "src/exchange.rs", bad), 1, "{bad}");
        assert_eq!(count(hyper, "src/ops/server.rs", bad), 0, "{bad}");
    }
    assert_eq!(count(hyper, "src/exchange.rs", "use http::HeaderMap; // hyper::"), 0);
}

#[test]
fn the_reason_guard_can_fail() {
    for bad in [
        "#[ignore]",
        "#[expect(clippy::panic)]",
        "#![allow(dead_code)]",
        "#[allow(\n a,\n b)]",
        "#[cfg_attr(x, ignore)]",
    ] {
        assert_eq!(count(unexplained, "src/x.rs", bad), 1, "{bad}");
    }
    for good in [
        "#[ignore = \"needs a network\"]",
        "#[expect(clippy::panic, reason = \"tests\")]",
        "#[derive(Debug)]",
    ] {
        assert_eq!(count(unexplained, "src/x.rs", good), 0, "{good}");
    }
}
