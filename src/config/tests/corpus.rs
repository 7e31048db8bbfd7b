//! Every wrong configuration of `tests/config` gives exactly the problems written beside it.
//!
//! `UPDATE=1 cargo test --lib config` rewrites what is written; read the difference before committing it.

use super::*;

/// The variables of the corpus. A first line `# env: NAME=value` adds one, `# mode: reload` sets the mode.
fn settings_of(text: &str) -> (LoadMode, Environment) {
    let mut pairs = vec![("GITHUB_SECRET", "0123456789abcdef"), ("EMPTY", ""), ("SHORT", "short")];
    let mut mode = LoadMode::Start;
    for line in text.lines().take_while(|line| line.starts_with('#')) {
        if let Some((name, value)) = line.strip_prefix("# env: ").and_then(|pair| pair.split_once('=')) {
            pairs.push((name, value));
        }
        if line == "# mode: reload" {
            mode = LoadMode::Reload;
        }
    }
    (mode, Environment::from_pairs(pairs))
}

#[test]
fn every_wrong_file_is_explained_as_written() {
    let mut files: Vec<PathBuf> = fs::read_dir("tests/config")
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "yaml"))
        .collect();
    files.sort();
    assert!(files.len() >= 30, "only {} files", files.len());
    let mut different = Vec::new();
    for path in files {
        let text = fs::read_to_string(&path).unwrap();
        let (mode, env) = settings_of(&text);
        let told = match load(&path, mode, &env) {
            Ok(_) => panic!("{} is accepted", path.display()),
            Err(problems) => problems.to_string(),
        };
        if !written(&path.with_extension("expected"), &told) {
            different.push(format!("{}:\n{told}", path.display()));
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
}

#[test]
fn no_secret_of_a_wrong_file_is_printed() {
    let secrets = [
        "do not print",
        "also-not-this",
        "hunter2",
        "the-first-secret",
        "the-second-secret",
        "the-third-secret",
        "the-fourth",
        "the-sixth",
        "the-comment-secret",
        "a-raw-key-that",
        "short-secret",
        "0123456789abcdef",
        "not*base64",
    ];
    for entry in fs::read_dir("tests/config").unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ext| ext == "expected") {
            let text = fs::read_to_string(&path).unwrap();
            for secret in secrets {
                assert!(!text.contains(secret), "{secret} in {}", path.display());
            }
        }
    }
}
