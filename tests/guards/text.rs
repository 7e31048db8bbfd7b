//! Text of the project holds for every machine: no path of one machine, no address of a package registry; packages
//! are asked for by name.

use std::collections::BTreeSet;

use crate::tree::{self, Finding};

/// Written in two pieces, so that this file does not accuse itself.
const PLACES: [(&str, &str); 6] = [
    ("/wo", "rk/"),
    ("/ro", "ot/"),
    ("/ho", "me/"),
    ("/Us", "ers/"),
    ("/opt/wh", "eels"),
    ("/tmp/ba", "sh_"),
];
const REGISTRIES: [(&str, &str); 6] = [
    ("registry.npm", "js.org"),
    ("py", "pi.org"),
    ("pythonh", "osted.org"),
    ("deb.deb", "ian.org"),
    ("static.crates", ".io"),
    ("index.crates", ".io"),
];
/// Written by cargo, which names its registry in every entry.
const WRITTEN_BY_TOOLS: [&str; 1] = ["Cargo.lock"];

fn foreign(path: &str, text: &str) -> Vec<Finding> {
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let mut say =
            |message: String| found.push(Finding { path: path.to_owned(), line: number + 1, message });
        for (a, b) in PLACES {
            if starts_path(line, &format!("{a}{b}")) {
                say(format!(
                    "`{a}{b}` is a place on one machine; use a relative path or a made-up one such as /srv/app"
                ));
            }
        }
        for (a, b) in REGISTRIES {
            if line.contains(&format!("{a}{b}")) {
                say(format!(
                    "`{a}{b}` is a registry's address; install by package name with the client as it is set up"
                ));
            }
        }
    }
    found
}

/// Whether `place` stands in the line as the beginning of a path, not inside a longer one such as `/my/home/`.
fn starts_path(line: &str, place: &str) -> bool {
    line.match_indices(place).any(|(at, _)| {
        let before = line.get(..at).unwrap_or_default().chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || "}_.-".contains(c))
    })
}

/// Documents of ours that a text names and that do not exist: ours have upper-case names; others are sources elsewhere.
fn missing_documents(path: &str, text: &str, known: &BTreeSet<String>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let ends = line.match_indices(".md").map(|(at, _)| at);
        let whole =
            ends.filter(|at| !line.get(at + 3..).is_some_and(|rest| rest.starts_with(char::is_alphanumeric)));
        for at in whole {
            let before = line.get(..at).unwrap_or_default();
            let name: String =
                before.chars().rev().take_while(|c| c.is_alphanumeric() || "-_".contains(*c)).collect();
            let name: String = name.chars().rev().chain(".md".chars()).collect();
            let is_ours =
                name.len() > 3 && !name.trim_end_matches(".md").contains(|c: char| c.is_lowercase());
            if is_ours && !known.contains(&name) {
                let message = format!("there is no `{name}` in this project; name one that a reader has");
                found.push(Finding { path: path.to_owned(), line: number + 1, message });
            }
        }
    }
    found
}

#[test]
fn every_document_named_is_there() {
    let paths = tree::files("");
    let known = paths.iter().filter_map(|path| path.rsplit('/').next()).map(str::to_owned).collect();
    // This file's own tests name documents that are not there.
    let readable = paths.iter().filter(|path| *path != "tests/guards/text.rs" && !path.contains("/oracles/"));
    let findings: Vec<Finding> = readable
        .filter_map(|path| Some((path, std::fs::read_to_string(tree::root().join(path)).ok()?)))
        .flat_map(|(path, text)| missing_documents(path, &text, &known))
        .collect();
    tree::expect_none(&findings);
}

#[test]
fn no_text_names_a_machine_or_a_registry() {
    let paths = tree::files("").into_iter().filter(|path| !WRITTEN_BY_TOOLS.contains(&path.as_str()));
    let findings: Vec<Finding> = paths
        .filter_map(|path| Some((std::fs::read_to_string(tree::root().join(&path)).ok()?, path)))
        .flat_map(|(text, path)| foreign(&path, &text))
        .collect();
    tree::expect_none(&findings);
}

#[test]
fn the_text_guard_can_fail() {
    for (a, b) in PLACES {
        assert_eq!(foreign("README.md", &format!("see\n`{a}{b}x`")).len(), 1, "{a}{b}");
        assert_eq!(foreign("README.md", &format!("{a}{b}x"))[0].line, 1);
    }
    for (a, b) in REGISTRIES {
        assert_eq!(
            foreign("tests/run", &format!("pip install --index-url https://{a}{b}/simple x")).len(),
            1
        );
    }
    assert!(foreign("README.md", "pip install x; /srv/app; my/home/x; /network/").is_empty());
}

#[test]
fn the_document_guard_can_fail() {
    let known = BTreeSet::from(["CONFIG.md".to_owned()]);
    let good = "see `docs/CONFIG.md`, [it](../CONFIG.md#keys), x.mdx, *.md and spec.md of others";
    assert!(missing_documents("README.md", good, &known).is_empty());
    assert_eq!(missing_documents("README.md", "a\nsee `PLAN.md` and CONFIG.md", &known)[0].line, 2);
}
