//! What is known of the configuration in force and of the last attempt to replace it. Read by `ops`.

use std::fmt;
use std::path::PathBuf;

use crate::base::clock::Wall;

/// One thing that is wrong with a configuration, as operators are told. Holds no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// File, as the operator named it; empty when it is about none.
    pub file: String,
    /// 1-based; 0: no line.
    pub line: u32,
    /// 1-based; 0: no column.
    pub column: u32,
    /// Path of the key (`routes[2].secret`) and what was expected and found.
    pub message: String,
    /// What to do; may be empty.
    pub hint: String,
}

impl fmt::Display for Complaint {
    /// `file:line:column: message; hint`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.file.is_empty() {
            f.write_str(&self.file)?;
            for place in [self.line, self.column] {
                if place == 0 {
                    break;
                }
                write!(f, ":{place}")?;
            }
            f.write_str(": ")?;
        }
        f.write_str(&self.message)?;
        if !self.hint.is_empty() {
            write!(f, "; {}", self.hint)?;
        }
        Ok(())
    }
}

/// The configuration in force and the last attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Generation in force; 1 is the one at start.
    pub generation: u64,
    /// SHA-256 over what holds, secrets left out, lower-case hex.
    pub hash: String,
    /// When it came into force.
    pub taken_at: Wall,
    /// Set while what lies in the files is refused and the generation in force is an older content.
    pub refused: Option<Refused>,
    /// Keys whose new values need a restart; the old ones are in use.
    pub needs_restart: Vec<String>,
    /// What someone should look at in the configuration in force.
    pub warnings: Vec<Complaint>,
    /// How changes are noticed.
    pub watching: Watching,
    /// Inputs that are mounted one by one and will never show a change.
    pub pinned: Vec<PathBuf>,
}

/// A content that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// When.
    pub at: Wall,
    /// What is wrong with it; never empty.
    pub complaints: Vec<Complaint>,
}

/// How changes of the files are noticed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Watching {
    /// By the kernel, and by looking every few seconds.
    Events,
    /// By looking every few seconds alone.
    Polling {
        /// Why the kernel does not tell.
        because: String,
    },
}

/// How one attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A new generation is in force.
    Applied {
        /// Its number.
        generation: u64,
        /// Keys whose new values need a restart.
        needs_restart: Vec<String>,
    },
    /// The content is the one in force.
    Unchanged {
        /// The generation in force.
        generation: u64,
    },
    /// The content is refused; the generation in force stays.
    Refused {
        /// The generation in force.
        generation: u64,
        /// What is wrong; never empty.
        complaints: Vec<Complaint>,
    },
}

#[cfg(test)]
mod tests;
