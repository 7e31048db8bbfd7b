//! The documents say what the code does: every config key, every metric, every dependency stands in its document.

use std::collections::BTreeSet;

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
