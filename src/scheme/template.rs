//! The template of a signed message: text, fields in braces with filters, optional segments in brackets.
//! Only the syntax; what a field means for a scheme is decided in `compile`, whether two fields can be told apart in
//! `boundaries`.

use std::borrow::Cow;
use std::fmt;

use super::encoding::Encoding;
use super::form::Repeats;
use super::locator::{Locator, NoLocator};
use super::mac::{Hash, Hasher, Tag};

/// One piece of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Taken as it stands.
    Text(Vec<u8>),
    /// Taken from the request.
    Field(Field),
    /// Left out when something inside is absent.
    Optional(Vec<Part>),
}

/// A value of the request inside the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) what: What,
    /// Applied left to right.
    pub(super) filters: Vec<Filter>,
    /// Whether it is empty where there is none.
    pub(super) optional: bool,
    /// What the value may not hold, so that its end is where it seems to be.
    pub(super) fence: Fence,
}

/// Which value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// The raw body.
    Body,
    /// All fields of a urlencoded body, names and values, sorted and joined.
    FormSorted(Repeats),
    /// The text of the signed time.
    Timestamp,
    /// The method.
    Method,
    /// The URL the provider called.
    Url,
    /// The same up to `?`.
    UrlNoQuery,
    /// The path as received, without the query.
    Path,
    /// The key's own bytes.
    Secret,
    /// Any other place.
    At(Locator),
}

/// What is done with a value before it is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Filter {
    /// ASCII letters in lower case.
    Lower,
    /// As a JSON string, quotes included.
    Json,
    /// SHA-256, lower-case hexadecimal.
    Sha256Hex,
    /// SHA-256, 32 raw bytes.
    Sha256Raw,
    /// CRC-32 (IEEE), decimal.
    Crc32,
}

/// A restriction on a value, checked on every request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Fence {
    /// Not this byte: the text that follows (or precedes) the field begins (or ends) with it.
    pub(super) byte: Option<u8>,
    /// Only `A-Z a-z 0-9 _ : -`, 1 to 128 of them: the field is the delivery's id.
    pub(super) id: bool,
    /// No RFC 3339 time inside: one follows directly.
    pub(super) no_date: bool,
    /// Only bytes of URLs: it is one, and something else must be told from it.
    pub(super) url: bool,
    /// Empty, or begins with a byte no URL holds: one precedes it.
    pub(super) after_url: bool,
    /// Does not end in a URL: one follows.
    pub(super) before_url: bool,
    /// No NUL: a plain hash is made over it. What such a hash could be extended by always holds one (FIPS 180-4 §5.1:
    /// the length is 64 or 128 bits), and no text does.
    pub(super) no_nul: bool,
}

/// What is wrong with a template.
pub(super) type TemplateProblem = NoLocator;

/// Reads a template.
///
/// # Errors
/// Every problem found.
pub(super) fn parse(text: &str) -> Result<Vec<Part>, Vec<TemplateProblem>> {
    let mut reader = Reader { rest: text, parts: Vec::new(), open: None, problems: Vec::new() };
    while let Some(next) = reader.rest.chars().next() {
        reader.piece(next);
    }
    if reader.open.is_some() {
        reader.problem(
            "an optional segment is not closed",
            "write ] at its end, or [[ for the character itself",
        );
    }
    if reader.problems.is_empty() { Ok(reader.parts) } else { Err(reader.problems) }
}

struct Reader<'a> {
    rest: &'a str,
    /// Done so far; while a segment is open, what stands before it.
    parts: Vec<Part>,
    /// The open optional segment.
    open: Option<Vec<Part>>,
    problems: Vec<TemplateProblem>,
}

impl Reader<'_> {
    fn piece(&mut self, next: char) {
        let doubled = match next {
            '{' => self.skip("{{"),
            '}' => self.skip("}}"),
            '[' => self.skip("[["),
            ']' => self.skip("]]"),
            _ => false,
        };
        if doubled {
            return self.text(next);
        }
        let rest = self.rest;
        self.rest = rest.get(next.len_utf8()..).unwrap_or_default();
        match next {
            '{' => self.field(),
            '}' => self.problem("a } without its {", "write }} for the character itself"),
            '[' if self.open.is_some() => {
                self.problem("an optional segment inside another", "write [[ for the character itself");
            }
            '[' => self.open = Some(Vec::new()),
            ']' => match self.open.take() {
                Some(inside) => self.parts.push(Part::Optional(inside)),
                None => self.problem("a ] without its [", "write ]] for the character itself"),
            },
            other => self.text(other),
        }
    }

    fn skip(&mut self, token: &str) -> bool {
        let Some(rest) = self.rest.strip_prefix(token) else { return false };
        self.rest = rest;
        true
    }

    fn text(&mut self, next: char) {
        let mut buffer = [0; 4];
        let bytes = next.encode_utf8(&mut buffer).as_bytes();
        let parts = self.open.as_mut().unwrap_or(&mut self.parts);
        match parts.last_mut() {
            Some(Part::Text(known)) => known.extend_from_slice(bytes),
            Some(Part::Field(_) | Part::Optional(_)) | None => parts.push(Part::Text(bytes.to_vec())),
        }
    }

    fn field(&mut self) {
        let Some((inside, rest)) = self.rest.split_once('}') else {
            self.rest = "";
            return self.problem("a { without its }", "write {{ for the character itself");
        };
        self.rest = rest;
        let mut words = inside.split('|');
        let name = words.next().unwrap_or_default();
        let optional_name = name.strip_suffix('?');
        let what = what(optional_name.unwrap_or(name));
        let mut filters = Vec::new();
        for word in words {
            match Filter::parse(word) {
                Some(filter) => filters.push(filter),
                None => self.problem(
                    &format!("{word:?} is no filter"),
                    "known are lower, json, sha256hex, sha256raw and crc32",
                ),
            }
        }
        match what {
            Ok(what) if optional_name.is_some() && what.place().is_none() => {
                self.problem(&format!("{what} is never absent"), "leave out its ?");
            }
            Ok(what) => {
                let optional = optional_name.is_some();
                let field = Part::Field(Field { what, filters, optional, fence: Fence::default() });
                self.open.as_mut().unwrap_or(&mut self.parts).push(field);
            }
            Err(problem) => self.problems.push(problem),
        }
    }

    fn problem(&mut self, message: &str, hint: &str) {
        self.problems.push(NoLocator { message: message.to_owned(), hint: hint.to_owned() });
    }
}

fn what(name: &str) -> Result<What, NoLocator> {
    Ok(match name {
        "body" => What::Body,
        "form_sorted" => What::FormSorted(Repeats::Refused),
        "form_sorted_unique" => What::FormSorted(Repeats::Unique),
        "timestamp" => What::Timestamp,
        "method" => What::Method,
        "url" => What::Url,
        "url_no_query" => What::UrlNoQuery,
        "path" => What::Path,
        "secret" => What::Secret,
        locator if locator.contains(':') => What::At(Locator::parse(locator)?),
        other => {
            return Err(NoLocator {
                message: format!("{{{other}}} is no placeholder"),
                hint: "known are {body} {timestamp} {method} {url} {url_no_query} {path} {secret} {form_sorted} \
                       {form_sorted_unique} and locators such as {header:NAME}"
                    .to_owned(),
            });
        }
    })
}

impl Part {
    /// The text, where it is one.
    pub(super) fn text(&self) -> Option<&[u8]> {
        match self {
            Self::Text(text) => Some(text),
            Self::Field(_) | Self::Optional(_) => None,
        }
    }

    /// The fields inside, in order.
    pub(super) fn fields(&self) -> Vec<&Field> {
        match self {
            Self::Text(_) => Vec::new(),
            Self::Field(field) => vec![field],
            Self::Optional(inside) => inside.iter().flat_map(Self::fields).collect(),
        }
    }
}

impl Field {
    /// Whether another value would make another message: a CRC can be met at will.
    pub(super) fn binds(&self) -> bool {
        !self.filters.contains(&Filter::Crc32)
    }
}

impl What {
    /// The place, where it is none with a name of its own.
    pub(super) fn place(&self) -> Option<&Locator> {
        match self {
            Self::At(locator) => Some(locator),
            Self::Body
            | Self::FormSorted(_)
            | Self::Timestamp
            | Self::Method
            | Self::Url
            | Self::UrlNoQuery
            | Self::Path
            | Self::Secret => None,
        }
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Body => f.write_str("{body}"),
            Self::FormSorted(Repeats::Refused) => f.write_str("{form_sorted}"),
            Self::FormSorted(Repeats::Unique) => f.write_str("{form_sorted_unique}"),
            Self::Timestamp => f.write_str("{timestamp}"),
            Self::Method => f.write_str("{method}"),
            Self::Url => f.write_str("{url}"),
            Self::UrlNoQuery => f.write_str("{url_no_query}"),
            Self::Path => f.write_str("{path}"),
            Self::Secret => f.write_str("{secret}"),
            Self::At(locator) => write!(f, "{{{locator}}}"),
        }
    }
}

impl Filter {
    fn parse(name: &str) -> Option<Self> {
        match name {
            "lower" => Some(Self::Lower),
            "json" => Some(Self::Json),
            "sha256hex" => Some(Self::Sha256Hex),
            "sha256raw" => Some(Self::Sha256Raw),
            "crc32" => Some(Self::Crc32),
            _ => None,
        }
    }

    /// The value after this filter; `None` when it is no text and must be.
    pub(super) fn apply(self, value: Cow<'_, [u8]>) -> Option<Cow<'_, [u8]>> {
        Some(match self {
            Self::Lower if value.iter().any(u8::is_ascii_uppercase) => Cow::Owned(value.to_ascii_lowercase()),
            Self::Lower => value,
            Self::Json => {
                let text = std::str::from_utf8(&value).ok()?;
                Cow::Owned(serde_json::to_vec(text).ok()?)
            }
            Self::Sha256Hex => Cow::Owned(Encoding::Hex.encode(sha256(&value).bytes()).into_bytes()),
            Self::Sha256Raw => Cow::Owned(sha256(&value).bytes().to_vec()),
            Self::Crc32 => Cow::Owned(crc32fast::hash(&value).to_string().into_bytes()),
        })
    }
}

impl Fence {
    /// Whether each piece of a value shows by itself whether it keeps within the fence.
    pub(super) fn is_only_about_pieces(&self) -> bool {
        *self == Self { no_nul: self.no_nul, ..Self::default() }
    }

    /// What such a fence says of one piece.
    pub(super) fn admits_piece(&self, piece: &[u8]) -> bool {
        !self.no_nul || !piece.contains(&0)
    }

    /// Whether the value keeps within the fence.
    pub(super) fn admits(&self, value: &[u8]) -> bool {
        self.byte.is_none_or(|byte| !value.contains(&byte))
            && (!self.id || is_id(value))
            && (!self.no_date || !super::timestamp::holds_a_date(value))
            && (!self.url || value.iter().all(|byte| is_url_byte(*byte)))
            && (!self.after_url || !value.first().is_some_and(|byte| is_url_byte(*byte)))
            && (!self.before_url || !ends_in_a_url(value))
            && (!self.no_nul || !value.contains(&0))
    }
}

/// By what makes the MACs, which is about twice as fast here as the crate `sha2`.
fn sha256(value: &[u8]) -> Tag {
    let mut hasher = Hasher::new(Hash::Sha256);
    hasher.update(value);
    hasher.finish()
}

/// A byte that stands in URLs: RFC 3986 §2, but for brackets, which stand only around addresses there.
pub(super) fn is_url_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~%:/?#@!$&'()*+,;=".contains(&byte)
}

/// Whether the longest end made of bytes of URLs holds `://`.
fn ends_in_a_url(value: &[u8]) -> bool {
    let start = value.iter().rposition(|byte| !is_url_byte(*byte)).map_or(0, |at| at.saturating_add(1));
    value.get(start..).is_some_and(|end| end.windows(3).any(|part| part == b"://"))
}

/// 1 to 128 of `A-Z a-z 0-9 _ : -`.
pub(super) fn is_id(value: &[u8]) -> bool {
    (1..=128).contains(&value.len())
        && value.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':' | b'-'))
}

#[cfg(test)]
mod tests;
