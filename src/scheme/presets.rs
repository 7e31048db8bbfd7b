//! What is known about each provider, as data. Decides nothing: `Plan::compile` checks a preset as it checks a
//! scheme of the config file.
//!
//! One file per family under `presets/`; [`ALL`] names every preset once, in alphabetical order.

mod plain;
mod stamped;
mod standard;
mod token;

use super::spec::{KeySpec, Spec, TsSpec};

/// Every preset, sorted by name.
const ALL: &[Preset] =
    &[plain::GITHUB, token::GITLAB, stamped::SLACK, standard::STANDARD_WEBHOOKS, stamped::STRIPE];

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
    /// What an operator should know; may be empty.
    pub notes: &'static str,
    /// Whether the signature covers the whole body. Where it does not, the body is only as good as the way it came.
    pub body_bound: bool,
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

/// One scheme of a preset.
#[derive(Clone, Debug)]
pub struct NamedSpec {
    /// The variant's name in the config file.
    pub name: &'static str,
    /// Whether the provider keeps it for old receivers only.
    pub deprecated: bool,
    /// The scheme.
    pub shape: Shape,
}

/// A [`Spec`] as constant data; fields mean the same.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// See [`Spec::kind`].
    pub kind: &'static str,
    /// See [`Spec::hash`].
    pub hash: &'static str,
    /// See [`Spec::sig`].
    pub sig: &'static [&'static str],
    /// See [`Spec::split`].
    pub split: Option<&'static str>,
    /// See [`Spec::kv`].
    pub kv: Option<&'static str>,
    /// See [`Spec::field`].
    pub field: Option<&'static str>,
    /// See [`Spec::pick`].
    pub pick: Option<&'static str>,
    /// See [`Spec::prefix`].
    pub prefix: Option<&'static str>,
    /// See [`Spec::enc`].
    pub enc: &'static str,
    /// See [`Spec::msg`].
    pub msg: &'static str,
    /// See [`Spec::ts`].
    pub ts: Option<Stamp>,
    /// See [`KeySpec::enc`].
    pub key_enc: &'static str,
    /// See [`KeySpec::strip`].
    pub key_strip: &'static [&'static str],
    /// Where the delivery's id stands; only trusted where the signed message holds it. See [`Spec::id`].
    pub id: Option<&'static str>,
    /// See [`Spec::require`].
    pub require: &'static [(&'static str, &'static str)],
}

/// A [`TsSpec`] as constant data; fields mean the same.
#[derive(Clone, Copy, Debug)]
pub struct Stamp {
    /// See [`TsSpec::from`].
    pub from: &'static [&'static str],
    /// See [`TsSpec::fmt`].
    pub fmt: &'static str,
    /// See [`TsSpec::tol_s`].
    pub tol_s: Option<u64>,
}

/// A variant no scheme of the preset has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownVariant {
    /// What was asked for.
    pub asked: String,
    /// What there is, strongest first.
    pub known: Vec<&'static str>,
}

/// HMAC-SHA256 over the body, hex, key as written: what most presets differ from in two or three fields.
const HMAC: Shape = Shape {
    kind: "hmac",
    hash: "sha256",
    sig: &[],
    split: None,
    kv: None,
    field: None,
    pick: None,
    prefix: None,
    enc: "hex",
    msg: "{body}",
    ts: None,
    key_enc: "utf8",
    key_strip: &[],
    id: None,
    require: &[],
};

/// The secret itself in a header.
const TOKEN: Shape = Shape { kind: "token", ..HMAC };

/// Every preset, sorted by name.
pub fn presets() -> &'static [Preset] {
    ALL
}

/// The preset of that exact name.
pub fn preset(name: &str) -> Option<&'static Preset> {
    ALL.iter().find(|preset| preset.name == name)
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
        found.map(|scheme| scheme.shape.spec(format!("{}/{}", self.name, scheme.name))).ok_or_else(|| {
            UnknownVariant {
                asked: variant.unwrap_or_default().to_owned(),
                known: self.schemes.iter().map(|scheme| scheme.name).collect(),
            }
        })
    }

    /// Whether the facts rest on too little to be sold as supported.
    pub fn is_experimental(&self) -> bool {
        match self.verified {
            Evidence::Sdk | Evidence::Docs | Evidence::Multi => false,
            Evidence::Third | Evidence::Memory => true,
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

impl Shape {
    fn spec(&self, name: String) -> Spec {
        Spec {
            name,
            kind: self.kind.into(),
            hash: self.hash.into(),
            sig: owned(self.sig),
            split: self.split.map(Into::into),
            kv: self.kv.map(Into::into),
            field: self.field.map(Into::into),
            pick: self.pick.map(Into::into),
            prefix: self.prefix.map(Into::into),
            enc: self.enc.into(),
            msg: self.msg.into(),
            ts: self.ts.map(|stamp| TsSpec {
                from: owned(stamp.from),
                fmt: stamp.fmt.into(),
                tol_s: stamp.tol_s,
                ..TsSpec::default()
            }),
            key: KeySpec { enc: self.key_enc.into(), strip: owned(self.key_strip), ..KeySpec::default() },
            id: self.id.map(Into::into),
            require: self.require.iter().map(|(at, text)| ((*at).into(), (*text).into())).collect(),
            ..Spec::default()
        }
    }
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[cfg(test)]
mod tests;
