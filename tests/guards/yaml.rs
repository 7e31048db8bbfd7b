//! Every YAML shown to a reader is loaded by the real validator: the blocks of README and docs, and whole files of
//! `proxy-config/`. What a reader copies must work.
//!
//! A block without `version:` is part of a file and is completed with the smallest rest. Kubernetes manifests
//! (`apiVersion:`) and compose files (`services:`) belong to other validators. A block that shows a mistake on purpose
//! is fenced as `text`.

use std::collections::BTreeSet;
use std::path::Path;

use sidegate::config::env::Environment;
use sidegate::config::problem::{Problem, Severity};
use sidegate::config::{self, LoadMode};

use crate::tree::{self, Finding};

/// What a part of a file lacks to be whole.
const SMALLEST: [(&str, &str); 3] =
    [("version", "1"), ("listen", "127.0.0.1:8080"), ("upstream", "http://127.0.0.1:3000")];
/// Top-level keys of files that are not ours.
const OF_OTHERS: [&str; 3] = ["apiVersion", "services", "scrape_configs"];

/// One block of YAML, with the line its first line stands on.
#[derive(Debug, PartialEq, Eq)]
struct Block {
    line: usize,
    text: String,
}

/// The fenced blocks of a Markdown text whose language is `yaml` or `yml`.
fn blocks(markdown: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let mut open: Option<(Block, String)> = None;
    for (number, line) in markdown.lines().enumerate() {
        let inside = line.trim_start();
        match open.take() {
            None => {
                let indent = line.len() - inside.len();
                if let Some(language) = inside.strip_prefix("```")
                    && ["yaml", "yml"].contains(&language.split([' ', ',', '{']).next().unwrap_or_default())
                {
                    open = Some((Block { line: number + 2, text: String::new() }, " ".repeat(indent)));
                }
            }
            Some((block, _)) if inside.starts_with("```") => found.push(block),
            Some((mut block, indent)) => {
                block.text.push_str(line.strip_prefix(&indent).unwrap_or(inside));
                block.text.push('\n');
                open = Some((block, indent));
            }
        }
    }
    found
}

/// Keys that start a line without indentation.
fn top_level(text: &str) -> BTreeSet<&str> {
    let key = |line: &'_ str| -> Option<usize> {
        let end = line.find(':')?;
        line.get(..end)?.chars().all(|c| c.is_alphanumeric() || c == '_').then_some(end)
    };
    text.lines().filter_map(|line| line.get(..key(line)?)).filter(|name| !name.is_empty()).collect()
}

/// The block as a whole file, or nothing when it is for another program.
fn whole(text: &str) -> Option<String> {
    let keys = top_level(text);
    if OF_OTHERS.iter().any(|key| keys.contains(key)) {
        return None;
    }
    if keys.contains("version") || text.trim_start().starts_with('{') {
        return Some(text.to_owned());
    }
    let missing = SMALLEST.iter().filter(|(key, _)| !keys.contains(key));
    // After the block, so that the validator's lines stay the block's own.
    Some(format!("{text}{}", missing.map(|(key, value)| format!("{key}: {value}\n")).collect::<String>()))
}

/// A value for every variable the text names: long and random enough for a secret, decodable as base64 and hex, and
/// another one for each name, since two equal keys are a mistake.
fn environment(text: &str) -> Environment {
    let names = text.split("${").skip(1).filter_map(|rest| rest.split([':', '}']).next());
    let value = |name: &str| match name {
        _ if name.contains("URL") || name.contains("UPSTREAM") => "http://127.0.0.1:3000".to_owned(),
        _ if name.ends_with("PORT") => "8080".to_owned(),
        _ => {
            let own =
                name.bytes().fold(17_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)));
            format!("{own:016x}9b2e4860a3f1c5d79b2e4860a3f1c5d79b2e4860a3f1c5d7")
        }
    };
    Environment::from_pairs(names.filter(|name| *name != "file").map(|name| (name, value(name))))
}

/// What the validator says against a text, as findings at the lines of `path`. Files the text names stand in
/// `folder`.
fn loaded(path: &str, first_line: usize, text: &str, folder: &Path) -> Vec<Finding> {
    let Some(whole) = whole(text) else { return Vec::new() };
    let file = folder.join("sidegate.yaml");
    let env = environment(&whole);
    let Err(problems) = config::load_text(&file, whole.as_bytes(), LoadMode::Start, &env) else {
        return Vec::new();
    };
    let finding = |problem: &Problem| Finding {
        path: path.to_owned(),
        line: first_line + usize::try_from(problem.line).unwrap_or(1).saturating_sub(1),
        message: format!(
            "the validator refuses this YAML: {}: {} ({})",
            problem.path, problem.message, problem.hint
        ),
    };
    problems.items.iter().filter(|problem| problem.severity == Severity::Error).map(finding).collect()
}

/// An empty folder of this test's own.
fn folder(name: &str) -> std::path::PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("guards-{name}"));
    std::fs::create_dir_all(&folder).expect("a temporary folder");
    folder
}

#[test]
fn every_yaml_block_of_the_documents_loads() {
    let folder = folder("documents");
    let paths =
        tree::files("").into_iter().filter(|path| path.ends_with(".md") && !path.starts_with("tests/"));
    let mut findings = Vec::new();
    for path in paths {
        for block in blocks(&tree::read(&path)) {
            findings.extend(loaded(&path, block.line, &block.text, &folder));
        }
    }
    tree::expect_none(&findings);
}

#[test]
fn every_example_file_loads() {
    let folder = Path::new("proxy-config");
    let paths = tree::files("proxy-config").into_iter();
    let findings: Vec<Finding> = paths
        .filter(|path| {
            [".yaml", ".yml", ".json"].iter().any(|end| path.ends_with(end)) && !path.contains("schema")
        })
        // A key file is loaded by the example that names it.
        .filter(|path| top_level(&tree::read(path)).contains("listen"))
        .flat_map(|path| loaded(&path, 1, &tree::read(&path), folder))
        .collect();
    tree::expect_none(&findings);
}

#[test]
fn blocks_are_found_wherever_they_stand() {
    let text =
        "a\n```yaml\nx: 1\n```\n- b\n  ```yml title\n  y:\n    z: 2\n  ```\n```rust\nversion: 1\n```\n";
    let found = blocks(text);
    assert_eq!(found[0], Block { line: 3, text: "x: 1\n".to_owned() });
    assert_eq!(found[1], Block { line: 7, text: "y:\n  z: 2\n".to_owned() });
    assert_eq!(found.len(), 2);
}

#[test]
fn parts_are_completed_and_files_of_others_left_alone() {
    let part = whole("listen: 0.0.0.0:80\nroutes: []\n").expect("ours");
    assert_eq!(part, "listen: 0.0.0.0:80\nroutes: []\nversion: 1\nupstream: http://127.0.0.1:3000\n");
    assert_eq!(whole("version: 1\n").as_deref(), Some("version: 1\n"));
    assert_eq!(whole("apiVersion: v1\nkind: Pod\n"), None);
}

#[test]
fn the_yaml_guard_can_fail() {
    let folder = folder("failing");
    let good = "security:\n  webhook_secrets: { github: \"${GITHUB_WEBHOOK_SECRET}\" }\n";
    assert_eq!(loaded("README.md", 10, good, &folder), Vec::new());
    let bad = loaded("README.md", 10, &good.replace("security", "securty"), &folder);
    assert!(bad.iter().any(|finding| finding.line == 10), "{bad:?}");
    assert!(
        !loaded("README.md", 1, "routes: [{name: a, path: /, public: true, colour: red}]\n", &folder)
            .is_empty()
    );
}
