//! What is known about each provider, as data. Decides nothing: `Plan::compile` checks a preset as it checks a
//! scheme of the config file.
//!
//! One table per family under `presets/`, one entry per provider: name, title, how sure the facts are, schemes with
//! the strongest first, where the facts were read, and a note where there is something to know. A scheme is made
//! with the words of `shape`, whose defaults most providers share.

mod code;
mod jwt;
mod public;
mod request;
mod shape;
mod signed_body;
mod stamped;
mod standard;
mod token;

use std::sync::LazyLock;

pub use shape::{Shape, Stamp};

use super::spec::Spec;

/// When the facts were last read.
pub const READ_ON: &str = "2026-11";

/// Stands in a locator for the header whose name the operator chooses.
pub const OWN_HEADER: &str = "header:<own>";

/// Every preset, sorted by name.
static ALL: LazyLock<Vec<Preset>> = LazyLock::new(|| {
    let families = [
        signed_body::PRESETS,
        stamped::PRESETS,
        standard::PRESETS,
        request::PRESETS,
        token::PRESETS,
        public::PRESETS,
        jwt::PRESETS,
        code::PRESETS,
    ];
    let mut all = families.concat();
    all.sort_by_key(|preset| preset.name);
    all
});

/// Where facts were read, for sources that many presets share.
const TRIGGER: &str = "npm @trigger.dev/core 4.8.3, webhooks";
const NUXT: &str = "npm nuxt-webhook-validators 0.2.12";
const TERN: &str = "npm @hookflo/tern 4.1.0";
const SKILLS: &str = "hookdeck/webhook-skills f8a4801";
const VERIFIER: &str =
    "a declarative TypeScript verifier and its tests (public index 55077555242, 55548423831)";
const CATALOGUE: &str = "webhooks.cc provider catalogue";
const CHANGELOG: &str = "changelog of a Rust verifier crate (public index 68311274338)";
const ANYMAIL: &str = "anymail/django-anymail 8c40cc4, anymail/webhooks";
const SEEN: &str = "the header's name in three or more unrelated public repositories";
const THIRD_PARTY: &str = "one third-party implementation";
const THIRD_PARTIES: &str = "two or more third-party implementations that agree";
const UNREAD: &str = "general knowledge, not read again";

/// One provider's schemes and what is known about them.
#[derive(Clone, Debug)]
pub struct Preset {
    /// The name in the config file: lower case, `_` between words.
    pub name: &'static str,
    /// The provider's own spelling.
    pub title: &'static str,
    /// How sure the facts are.
    pub verified: Evidence,
    /// Where the facts were read.
    pub sources: &'static [&'static str],
    /// Other names it goes by in the config file.
    pub aliases: &'static [&'static str],
    /// What an operator should know; may be empty.
    pub notes: &'static str,
    /// The published vectors and official libraries that our tests verify it with.
    pub proofs: &'static [&'static str],
    /// Strongest first.
    pub schemes: &'static [NamedSpec],
}

/// How the facts of a preset were checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// Read in the provider's own SDK or server source.
    Sdk,
    /// Read on the provider's own documentation pages.
    Docs,
    /// At least two independent implementations agree.
    Multi,
    /// One third-party implementation.
    Third,
    /// Not read again.
    Memory,
}

/// How far a preset can be relied on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// A published vector or the provider's own library agrees with it in our tests.
    Proven,
    /// The provider's own words or several independent implementations say so.
    Documented,
    /// A single third party or nothing at all says so.
    Experimental,
}

/// One scheme of a preset.
#[derive(Clone, Copy, Debug)]
pub struct NamedSpec {
    /// The variant's name in the config file.
    pub name: &'static str,
    /// Whether the provider keeps it for old receivers only.
    pub deprecated: bool,
    /// The scheme.
    pub shape: Shape,
}

/// A variant no scheme of the preset has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownVariant {
    /// What was asked for.
    pub asked: String,
    /// What there is, strongest first.
    pub known: Vec<&'static str>,
}

/// A table of presets; see the module's words for the order of an entry.
macro_rules! family {
    ($(
        $name:literal $title:literal $evidence:ident
        [$($scheme:expr),+ $(,)?]
        from [$($source:expr),+ $(,)?]
        $(also [$($alias:literal),+])?
        $(proven [$($proof:literal),+])?
        $(note $note:literal)?;
    )+) => {
        pub(super) const PRESETS: &[Preset] = &[$(Preset {
            name: $name,
            title: $title,
            verified: Evidence::$evidence,
            sources: &[$($source),+],
            aliases: &[$($($alias),+)?],
            notes: concat!($($note)?),
            proofs: &[$($($proof),+)?],
            schemes: &[$($scheme),+],
        }),+];
    };
}
use family;

/// A scheme with a name of its own.
const fn named(name: &'static str, shape: Shape) -> NamedSpec {
    NamedSpec { name, deprecated: false, shape }
}

/// A scheme that is kept for old receivers.
const fn old(name: &'static str, shape: Shape) -> NamedSpec {
    NamedSpec { name, deprecated: true, shape }
}

/// Every preset, sorted by name.
pub fn presets() -> &'static [Preset] {
    &ALL
}

/// The preset of that exact name or alias.
pub fn preset(name: &str) -> Option<&'static Preset> {
    ALL.iter().find(|preset| preset.name == name || preset.aliases.contains(&name))
}

impl Preset {
    /// The scheme of that variant name or zero-based number; without one the first, the strongest.
    ///
    /// # Errors
    /// [`UnknownVariant`] with what there is.
    pub fn spec(&self, variant: Option<&str>) -> Result<Spec, UnknownVariant> {
        let found = match variant {
            None => self.schemes.first(),
            Some(asked) => self
                .schemes
                .iter()
                .find(|scheme| scheme.name == asked)
                .or_else(|| asked.parse().ok().and_then(|number: usize| self.schemes.get(number))),
        };
        let unknown = || UnknownVariant {
            asked: variant.unwrap_or_default().to_owned(),
            known: self.schemes.iter().map(|scheme| scheme.name).collect(),
        };
        found.map(|scheme| self.spec_of(scheme)).ok_or_else(unknown)
    }

    /// The schemes a route is judged by: that of the variant alone; without one the first, and beside it those that
    /// count for requests of another form.
    ///
    /// # Errors
    /// [`UnknownVariant`] with what there is.
    pub fn specs(&self, variant: Option<&str>) -> Result<Vec<Spec>, UnknownVariant> {
        let first = self.spec(variant)?;
        if variant.is_some() {
            return Ok(vec![Spec { when: super::WhenSpec::default(), ..first }]);
        }
        let others = self.schemes.iter().skip(1).filter(|scheme| scheme.shape.is_conditional());
        Ok(std::iter::once(first).chain(others.map(|scheme| self.spec_of(scheme))).collect())
    }

    fn spec_of(&self, scheme: &NamedSpec) -> Spec {
        scheme.shape.spec(format!("{}/{}", self.name, scheme.name))
    }

    /// How far it can be relied on.
    pub fn level(&self) -> Level {
        if !self.proofs.is_empty() {
            return Level::Proven;
        }
        match self.verified {
            Evidence::Sdk | Evidence::Docs | Evidence::Multi => Level::Documented,
            Evidence::Third | Evidence::Memory => Level::Experimental,
        }
    }

    /// Whether the facts rest on too little to be sold as supported.
    pub fn is_experimental(&self) -> bool {
        self.level() == Level::Experimental
    }
}

impl Level {
    /// The word in tables: `proven`, `documented`, `experimental`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Proven => "proven",
            Self::Documented => "documented",
            Self::Experimental => "experimental",
        }
    }
}

impl Evidence {
    /// The word in tables: `sdk`, `docs`, `multi`, `third`, `memory`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Sdk => "sdk",
            Self::Docs => "docs",
            Self::Multi => "multi",
            Self::Third => "third",
            Self::Memory => "memory",
        }
    }
}

#[cfg(test)]
mod tests;
