//! Text of the project holds for every machine: no path of one machine, no address of a package registry; packages
//! are asked for by name.

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
