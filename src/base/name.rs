//! Names an operator gives to things: checked once, then safe as metric labels, log fields and header values.

use std::fmt;
use std::sync::Arc;

/// Longest name accepted, in bytes.
pub const LONGEST: usize = 64;

/// Why a text cannot be a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadName {
    /// No character at all.
    Empty,
    /// More than [`LONGEST`] bytes.
    TooLong,
    /// A character outside `A-Z a-z 0-9 _ . : -`.
    Character(char),
}

impl fmt::Display for BadName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("a name cannot be empty"),
            Self::TooLong => write!(f, "a name has at most {LONGEST} characters"),
            Self::Character(found) => {
                write!(f, "{found:?} cannot stand in a name; allowed are letters, digits and _ . : -")
            }
        }
    }
}

fn checked(text: &str) -> Result<Arc<str>, BadName> {
    if text.is_empty() {
        return Err(BadName::Empty);
    }
    if text.len() > LONGEST {
        return Err(BadName::TooLong);
    }
    match text.chars().find(|c| !(c.is_ascii_alphanumeric() || "_.:-".contains(*c))) {
        Some(found) => Err(BadName::Character(found)),
        None => Ok(Arc::from(text)),
    }
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Checks the characters and the length.
            ///
            /// # Errors
            /// [`BadName`] when the text is empty, too long, or holds a character outside the set.
            pub fn parse(text: &str) -> Result<Self, BadName> {
                checked(text).map(Self)
            }

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name!(
    /// The name of a route: the label in metrics, audit lines and logs.
    RouteName
);
name!(
    /// The public id of an API key.
    KeyId
);
name!(
    /// The id of one secret among several that are valid at once.
    SecretId
);
name!(
    /// The name of one rate limit of a route.
    LimitName
);
