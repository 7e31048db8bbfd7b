use std::fs;
use std::path::PathBuf;

use super::*;

mod corpus;
mod examples;
mod hostile;
mod inputs;
mod keys;
mod knowing;
mod overlay;
mod reading;
mod references;
mod routes;
mod telling;

/// A directory of one test's files, removed at the end.
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("sidegate-config-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(super) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Loads `text` as a file of its own, without variables.
pub(super) fn loaded(name: &str, text: &str) -> Result<Loaded, Problems> {
    loaded_with(name, text, &Environment::default())
}

pub(super) fn loaded_with(name: &str, text: &str, env: &Environment) -> Result<Loaded, Problems> {
    let folder = Folder::new(name);
    load(&folder.write("sidegate.yaml", text), LoadMode::Start, env)
}

/// The first lines every file needs, then `rest`.
pub(super) fn with_head(rest: &str) -> String {
    format!("version: 1\nlisten: 127.0.0.1:0\nupstream: http://127.0.0.1:3000\n{rest}")
}

/// The headlines of a load that must fail, without the file's name.
pub(super) fn headlines(name: &str, text: &str) -> Vec<String> {
    let problems = loaded(name, text).expect_err("the file is wrong");
    problems.items.iter().map(|p| format!("{}:{}: {}: {}", p.line, p.column, p.path, p.message)).collect()
}

/// Whether the file at `path` holds `text`; with `UPDATE=1` it is made to.
pub(super) fn written(path: &Path, text: &str) -> bool {
    if Environment::from_process().get("UPDATE").is_some() {
        fs::write(path, text).unwrap();
    }
    fs::read_to_string(path).is_ok_and(|found| found == text)
}
