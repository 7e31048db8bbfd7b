//! The one error of this program: a sentence for the person who runs it.

use std::fmt;
use std::io;

/// Why a measurement could not be made.
#[derive(Debug)]
pub(crate) struct Trouble(String);

pub(crate) type Tried<T> = Result<T, Trouble>;

impl Trouble {
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }

    /// The same trouble, with what was being done in front.
    pub(crate) fn during(self, what: &str) -> Self {
        Self(format!("{what}: {}", self.0))
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self(error.to_string())
    }
}

impl From<rustix::io::Errno> for Trouble {
    fn from(error: rustix::io::Errno) -> Self {
        Self(error.to_string())
    }
}
