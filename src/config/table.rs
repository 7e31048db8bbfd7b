//! The one table of keys: name, accepted forms, default, a sentence, since when.
//!
//! It drives the check of unknown keys and wrong types, the JSON Schema, `docs/CONFIG.md` and the coverage test of
//! `proxy-config/full.yaml`. A key that is not here cannot be read.

use std::sync::OnceLock;
use std::time::Duration;

use super::units;

mod access;
mod keys;
mod limits;
mod outbound;
mod root;
mod routes;
mod scheme;

pub(crate) use keys::KEY_FILE;
pub(crate) use root::ROOT;

/// What a value may look like. Several forms of one key are alternatives, told apart by scalar, list or map.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Form {
    /// One piece of text of this kind.
    Is(Kind),
    /// A list whose items have one of these forms. Never empty.
    List(&'static [Form]),
    /// A map of these keys.
    Map(&'static Group),
    /// A map from names of the operator's choice to values of one of these forms. Never empty.
    Named(&'static [Form]),
}

/// What a piece of text may be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// Any text.
    Text,
    /// Text that is never printed.
    Secret,
    /// `true` or `false`.
    Boolean,
    /// A whole number in this range, ends included.
    Integer(u64, u64),
    /// A duration in this range, ends included.
    Duration(Duration, Duration),
    /// A size in bytes in this range, ends included.
    Size(u64, u64),
    /// `10/s`.
    Rate,
    /// One of these words in any case; where `off` is one, `false` means it too.
    Word(&'static [&'static str]),
    /// An IP address or a CIDR without host bits.
    Network,
    /// `127.0.0.1:8080` or `unix:/path`.
    Address,
    /// `http://host:port` or `unix:/path`.
    Upstream,
    /// The name of a header.
    Header,
    /// A name: letters, digits and `_ . : -`.
    Name,
    /// A date, RFC 3339.
    Instant,
    /// The path of a file; relative ones start at the config file's directory.
    File,
    /// An HTTP method.
    Method,
    /// A host name without a port.
    Host,
    /// A path or a path template.
    Path,
    /// An absolute http or https URL.
    Url,
    /// `header:NAME`, `bearer`, `basic`, `cookie:NAME` or `query:NAME`.
    KeyLocation,
    /// A digest of an API key: `sha256:` or `hmac-sha256:` and 64 hex digits.
    KeyDigest,
}

/// The keys of one map.
#[derive(Debug)]
pub(crate) struct Group {
    /// What the map describes, as the name of its schema definition.
    pub(crate) name: &'static str,
    /// Its keys, in the order of the documentation.
    pub(crate) keys: &'static [Key],
}

/// One key of a map.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) forms: &'static [Form],
    pub(crate) default: Default,
    /// One sentence.
    pub(crate) doc: &'static str,
    /// First version that knows the key.
    pub(crate) since: &'static str,
}

/// What holds when a key is not written.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Default {
    /// The key must be written.
    Required,
    /// Nothing: the rule does not apply.
    Absent,
    /// This duration.
    Duration(Duration),
    /// This size in bytes.
    Size(u64),
    /// This number.
    Number(u64),
    /// This text or word.
    Text(&'static str),
    /// Something worked out, in words.
    Depends(&'static str),
}

impl Default {
    /// The default as it would be written in a file; `None` when there is nothing to write.
    pub(crate) fn written(self) -> Option<String> {
        match self {
            Self::Required | Self::Absent | Self::Depends(_) => None,
            Self::Duration(span) => Some(units::duration_text(span)),
            Self::Size(bytes) => Some(units::size_text(bytes)),
            Self::Number(number) => Some(number.to_string()),
            Self::Text(text) => Some(text.to_owned()),
        }
    }
}

/// Version of the first release, for [`Key::since`].
const FIRST: &str = "0.1.0";

const TEXT: Form = Form::Is(Kind::Text);
const SECRET: Form = Form::Is(Kind::Secret);
const BOOLEAN: Form = Form::Is(Kind::Boolean);
const NAME: Form = Form::Is(Kind::Name);
const FILE: Form = Form::Is(Kind::File);
const HEADER: Form = Form::Is(Kind::Header);
const INSTANT: Form = Form::Is(Kind::Instant);
const NETWORKS: Form = Form::List(&[Form::Is(Kind::Network)]);
const WORDS: Form = Form::List(&[TEXT]);

/// One whole number from `least` to `most`.
const fn integer(least: u64, most: u64) -> Form {
    Form::Is(Kind::Integer(least, most))
}

/// A duration between two numbers of milliseconds.
const fn millis(least: u64, most: u64) -> Form {
    Form::Is(Kind::Duration(Duration::from_millis(least), Duration::from_millis(most)))
}

/// A key, whether it must be written is said by its default.
const fn key(name: &'static str, forms: &'static [Form], default: Default, doc: &'static str) -> Key {
    Key { name, forms, default, doc, since: FIRST }
}

impl Group {
    /// The key of this name.
    pub(crate) fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }
}

/// One row of the flattened table, for documentation and tests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyDoc {
    /// Full path; `[]` stands for an item of a list, `NAME` for a name of the operator's choice.
    pub path: String,
    /// What may be written, in words.
    pub accepts: String,
    /// What holds when it is not written, in words.
    pub default: String,
    /// What it does, one sentence.
    pub doc: &'static str,
    /// First version that knows the key.
    pub since: &'static str,
}

/// Every key of a version-1 file by its full path, groups before their keys.
pub fn key_table() -> &'static [KeyDoc] {
    static TABLE: OnceLock<Vec<KeyDoc>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut rows = Vec::new();
        flatten(&ROOT, "", &mut rows);
        rows
    })
}

fn flatten(group: &Group, prefix: &str, rows: &mut Vec<KeyDoc>) {
    for key in group.keys {
        let path = if prefix.is_empty() { key.name.to_owned() } else { format!("{prefix}.{}", key.name) };
        let default = match key.default {
            Default::Required => "required".to_owned(),
            Default::Absent => "none".to_owned(),
            Default::Depends(words) => words.to_owned(),
            other @ (Default::Duration(_) | Default::Size(_) | Default::Number(_) | Default::Text(_)) => {
                other.written().map(|text| format!("`{text}`")).unwrap_or_default()
            }
        };
        let accepts = alternatives(key.forms);
        rows.push(KeyDoc { path: path.clone(), accepts, default, doc: key.doc, since: key.since });
        for form in key.forms {
            flatten_form(*form, &path, rows);
        }
    }
}

fn flatten_form(form: Form, path: &str, rows: &mut Vec<KeyDoc>) {
    match form {
        Form::Map(group) => flatten(group, path, rows),
        Form::List(items) => items.iter().for_each(|item| flatten_form(*item, &format!("{path}[]"), rows)),
        Form::Named(values) => values.iter().for_each(|v| flatten_form(*v, &format!("{path}.NAME"), rows)),
        Form::Is(_) => {}
    }
}

/// Forms in words, joined by `or`.
pub(crate) fn alternatives(forms: &[Form]) -> String {
    let mut words: Vec<String> = Vec::new();
    for form in forms {
        match form {
            Form::Is(Kind::Word(list)) => words.extend(list.iter().map(|word| format!("`{word}`"))),
            Form::Is(_) | Form::List(_) | Form::Map(_) | Form::Named(_) => words.push(form.words()),
        }
    }
    listed(&words)
}

/// `a, b or c`.
pub(crate) fn listed(words: &[String]) -> String {
    match words {
        [first @ .., last] if !first.is_empty() => format!("{} or {last}", first.join(", ")),
        [only] => only.clone(),
        _ => String::new(),
    }
}

impl Form {
    /// The form in words, after `expected`.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Is(kind) => kind.words(),
            Self::List(items) => format!("a list ({} each)", alternatives(items)),
            Self::Map(group) if group.keys.len() <= 6 => {
                let keys: Vec<&str> = group.keys.iter().map(|key| key.name).collect();
                format!("a map {{{}}}", keys.join(", "))
            }
            Self::Map(_) => "a map of keys".to_owned(),
            Self::Named(values) => format!("a map of names ({} each)", alternatives(values)),
        }
    }
}

impl Kind {
    /// The kind in words, after `expected`.
    pub(crate) fn words(self) -> String {
        use units::{duration_text, size_text};
        match self {
            Self::Text => "a text".to_owned(),
            Self::Secret => "a secret".to_owned(),
            Self::Boolean => "`true` or `false`".to_owned(),
            Self::Integer(least, most) => format!("a whole number from {least} to {most}"),
            Self::Duration(least, most) => {
                format!("a duration from {} to {}", duration_text(least), duration_text(most))
            }
            Self::Size(least, most) => format!("a size from {} to {}", size_text(least), size_text(most)),
            Self::Rate => "a rate such as 10/s".to_owned(),
            Self::Word(words) => listed(&words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>()),
            Self::Network => "an IP address or a CIDR".to_owned(),
            Self::Address => "an address such as 0.0.0.0:8080 or unix:/path".to_owned(),
            Self::Upstream => "the app's address such as http://127.0.0.1:3000 or unix:/path".to_owned(),
            Self::Header => "the name of a header".to_owned(),
            Self::Name => "a name of letters, digits and _ . : -".to_owned(),
            Self::Instant => "a date such as 2026-12-31T00:00:00Z".to_owned(),
            Self::File => "the path of a file".to_owned(),
            Self::Method => "an HTTP method".to_owned(),
            Self::Host => "a host name".to_owned(),
            Self::Path => "a path that starts with /".to_owned(),
            Self::Url => "an http or https URL".to_owned(),
            Self::KeyLocation => "`header:NAME`, `bearer`, `basic`, `cookie:NAME` or `query:NAME`".to_owned(),
            Self::KeyDigest => "`sha256:` or `hmac-sha256:` and 64 hex digits".to_owned(),
        }
    }
}
