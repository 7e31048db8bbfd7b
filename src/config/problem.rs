//! What is wrong with a configuration: told with file, line, column, the line itself and a way out.
//!
//! Never holds a secret: messages quote no secret value, and a [`Snippet`] is masked where it is made. Made by
//! `config::load` and by whoever compiles `Settings` further (route conflicts).

use std::fmt;
use std::path::PathBuf;

use serde_json::{Value, json};

/// Whether a finding stops the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The configuration cannot be used.
    Error,
    /// It can be used, and someone should look.
    Warning,
}

impl Severity {
    /// The word printed before the message.
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// The written line a problem is about, secrets masked, control characters replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snippet {
    /// The line, or the part of a long line around the place.
    pub text: String,
    /// Characters before the caret.
    pub start: usize,
    /// Number of carets, at least one.
    pub width: usize,
}

/// One finding about a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Whether it stops the configuration.
    pub severity: Severity,
    /// File as it was named to us, or the name of an environment variable.
    pub file: String,
    /// Path of the key: `routes[2].signature.secrets`; empty when it is about the whole file.
    pub path: String,
    /// 1-based line; 0 when there is none.
    pub line: u32,
    /// 1-based column in characters; 0 when there is none.
    pub column: u32,
    /// What was expected and what was found.
    pub message: String,
    /// What to do about it; may be empty.
    pub hint: String,
    /// The line itself, where there is one.
    pub snippet: Option<Snippet>,
}

impl Problem {
    /// An error about one line, for stages that no longer have the text.
    pub fn error_at(file: &str, line: u32, path: String, message: String) -> Self {
        Self {
            severity: Severity::Error,
            file: file.to_owned(),
            path,
            line,
            column: 0,
            message,
            hint: String::new(),
            snippet: None,
        }
    }

    /// The same problem with a way out.
    #[must_use]
    pub fn with_hint(mut self, hint: String) -> Self {
        self.hint = hint;
        self
    }

    /// `file:line:column: error: path: message` without snippet or hint, for a log line or `/ready`.
    pub fn headline(&self) -> String {
        let mut place = self.file.clone();
        if self.line > 0 {
            place.push_str(&format!(":{}", self.line));
            if self.column > 0 {
                place.push_str(&format!(":{}", self.column));
            }
        }
        let subject = if self.path.is_empty() { String::new() } else { format!("{}: ", self.path) };
        format!("{place}: {}: {subject}{}", self.severity.word(), self.message)
    }

    /// The problem as one JSON object, for `--format json`.
    pub fn to_json(&self) -> Value {
        json!({
            "severity": self.severity.word(),
            "file": self.file,
            "path": self.path,
            "line": self.line,
            "column": self.column,
            "message": self.message,
            "hint": self.hint,
            "snippet": self.snippet.as_ref().map(|s| s.text.clone()),
        })
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.headline())?;
        let gutter = self.line.to_string();
        if let Some(snippet) = &self.snippet {
            write!(f, "\n {gutter} | {}", snippet.text)?;
            write!(f, "\n {:w$} | ", "", w = gutter.len())?;
            write!(f, "{:start$}{:^<width$}", "", "", start = snippet.start, width = snippet.width.max(1))?;
        }
        if !self.hint.is_empty() {
            write!(f, "\n {:w$} hint: {}", "", self.hint, w = gutter.len())?;
        }
        Ok(())
    }
}

/// Why a configuration cannot be used: every problem of every file, in the order of the files' lines.
#[derive(Clone, Debug, Default)]
pub struct Problems {
    /// At least one error, and the warnings found beside it.
    pub items: Vec<Problem>,
    /// Every file that was or should have been read; a change of any of them is worth another try.
    pub inputs: Vec<PathBuf>,
}

impl Problems {
    /// How many of them stop the configuration.
    pub fn errors(&self) -> usize {
        self.items.iter().filter(|p| p.severity == Severity::Error).count()
    }

    /// The problems as a JSON array.
    pub fn to_json(&self) -> Value {
        Value::Array(self.items.iter().map(Problem::to_json).collect())
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for problem in &self.items {
            writeln!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

#[cfg(test)]
mod tests;
