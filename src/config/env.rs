//! The environment as a value: the only place that reads the process environment.
//!
//! Used by interpolation (`${VAR}`) and by the overlay (`SIDEGATE__A__B=value`).

use std::collections::BTreeMap;
use std::fmt;

use zeroize::Zeroizing;

/// A directory for files of one process, as the system or the operator chose it (`TMPDIR`).
pub fn scratch_directory() -> std::path::PathBuf {
    std::env::temp_dir()
}

/// The command line, the program's name first.
pub fn command_line() -> Vec<std::ffi::OsString> {
    std::env::args_os().collect()
}

/// Variables and their values. Values may be secrets, so nothing here prints them.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<String, Zeroizing<String>>);

impl Environment {
    /// A copy of the process environment; variables that are not UTF-8 are left out, so using one is an error.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    pub fn from_process() -> Self {
        let pairs = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, Zeroizing::new(value.into_string().ok()?)))
        });
        Self(pairs.collect())
    }

    /// An environment of exactly these variables, for tests and examples.
    pub fn from_pairs<N: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.into(), Zeroizing::new(value.into()))).collect())
    }

    /// The value of a variable.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.as_str())
    }

    /// Every variable whose name starts with `prefix`, in the order of names.
    pub fn starting_with<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.0
            .range(prefix.to_owned()..)
            .take_while(move |(name, _)| name.starts_with(prefix))
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Names of all variables, to suggest one for a misspelt reference.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Environment({} variables)", self.0.len())
    }
}
