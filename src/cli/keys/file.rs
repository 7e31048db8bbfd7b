//! Adding an entry to a key file: the file is read again as `sidegate run` would, and only replaced if it is valid.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

/// One key as a key file holds it.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    pub(super) id: &'a str,
    pub(super) name: &'a str,
    pub(super) hash: &'a str,
    pub(super) roles: &'a [String],
    pub(super) permissions: &'a [String],
    pub(super) rate_limit: Option<u32>,
    pub(super) expires_at: Option<&'a str>,
}

impl Entry<'_> {
    /// A list item of `keys:`, indented by two; scalars are JSON, which is YAML.
    pub(super) fn yaml(&self) -> String {
        let mut fields = vec![("id", json!(self.id)), ("name", json!(self.name)), ("hash", json!(self.hash))];
        if !self.roles.is_empty() {
            fields.push(("roles", json!(self.roles)));
        }
        if !self.permissions.is_empty() {
            fields.push(("permissions", json!(self.permissions)));
        }
        fields.extend(self.rate_limit.map(|limit| ("rate_limit", json!(limit))));
        fields.extend(self.expires_at.map(|at| ("expires_at", json!(at))));
        let lines = fields.iter().enumerate().map(|(at, (key, value)): (usize, &(&str, Value))| {
            let lead = if at == 0 { "  - " } else { "    " };
            format!("{lead}{key}: {value}\n")
        });
        lines.collect()
    }
}

/// Adds `entry` at the end of the file's `keys:` list, which must be the last thing in it.
///
/// # Errors
/// A sentence that names the file; the file is unchanged then.
pub(super) fn append(path: &Path, entry: &Entry<'_>) -> Result<(), String> {
    let shown = path.display();
    let mut text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(format!("{shown}: cannot read: {error}")),
    };
    let is_new = text.trim().is_empty();
    if is_new {
        text = "keys:\n".to_owned();
    } else if !text.ends_with('\n') {
        text.push('\n');
    }
    let last_section =
        text.lines().rfind(|line| !line.starts_with([' ', '#', '-']) && !line.trim().is_empty());
    if last_section.is_none_or(|line| line.trim_end() != "keys:") {
        return Err(format!(
            "{shown}: `keys:` as a list must be the last section of a key file; add this entry by hand\n{}",
            entry.yaml()
        ));
    }
    text.push_str(&entry.yaml());
    let fresh = beside(path);
    let outcome = write(&fresh, &text).and_then(|()| {
        if let Ok(mode) = fs::metadata(path).map(|found| found.permissions()) {
            fs::set_permissions(&fresh, mode)?;
        }
        fs::rename(&fresh, path)
    });
    outcome.map_err(|error| {
        // The rename failed, so the new file is the only trace to remove.
        let _ = fs::remove_file(&fresh);
        format!("{shown}: cannot write: {error}")
    })
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".new-{}", std::process::id()));
    PathBuf::from(name)
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
