//! Reads XML (1.0, namespaces 1.0) of the narrow kind SOAP clients write, and refuses all that readers differ in:
//! document types and the entities they declare, comments, CDATA, processing instructions, other encodings, names
//! beyond ASCII, prefixes nobody declared, elements deeper than [`DEEPEST`]. One pass, nothing copied.

/// Deepest element that is read; a message of Salesforce has about seven levels.
const DEEPEST: usize = 32;

/// Most attributes of one element.
const MOST_ATTRIBUTES: usize = 32;

/// Something readers of XML could take in two ways, or no XML.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Broken;

/// The name of an element, its prefix resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Name<'x> {
    /// The namespace; empty: none.
    pub(super) space: &'x str,
    pub(super) local: &'x str,
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event<'x> {
    /// An element begins; whether it has any attribute, declarations of namespaces among them.
    Open { name: Name<'x>, dressed: bool },
    /// Text inside an element, references not resolved; never empty.
    Text(&'x str),
    /// The innermost open element ends.
    Close,
}

/// A document being read.
pub(super) struct Reader<'x> {
    rest: &'x str,
    /// Names of the open elements as written.
    open: Vec<&'x str>,
    /// Prefixes (empty: the default) and what they stand for, with the depth they were declared at.
    scopes: Vec<(usize, &'x str, &'x str)>,
    /// The last element was empty: its end comes next.
    closing: bool,
    begun: bool,
}

impl<'x> Reader<'x> {
    /// Begins a document.
    ///
    /// # Errors
    /// [`Broken`] when it is no UTF-8, has characters that XML has not, or a declaration that says anything unusual.
    pub(super) fn new(bytes: &'x [u8]) -> Result<Self, Broken> {
        let text = std::str::from_utf8(bytes).map_err(|_| Broken)?;
        let is_char = |one: char| match one {
            '\t' | '\n' | '\r' => true,
            '\u{FEFF}' | '\u{FFFE}' | '\u{FFFF}' => false,
            other => !other.is_control(),
        };
        if !text.chars().all(is_char) {
            return Err(Broken);
        }
        let rest = match text.strip_prefix("<?") {
            Some(after) => {
                let (said, rest) = after.split_once("?>").ok_or(Broken)?;
                if !is_usual(said) {
                    return Err(Broken);
                }
                rest
            }
            None => text,
        };
        Ok(Self { rest, open: Vec::new(), scopes: Vec::new(), closing: false, begun: false })
    }

    /// The next event; `None` at the end of a document that is whole.
    ///
    /// # Errors
    /// [`Broken`].
    pub(super) fn next(&mut self) -> Result<Option<Event<'x>>, Broken> {
        if std::mem::take(&mut self.closing) {
            return self.close().map(Some);
        }
        let end = self.rest.find('<').unwrap_or(self.rest.len());
        let (text, rest) = self.rest.split_at_checked(end).ok_or(Broken)?;
        if !text.is_empty() {
            self.rest = rest;
            return match self.open.is_empty() {
                true if is_blank(text) => self.next(),
                true => Err(Broken),
                false if text.contains("]]>") || !has_known_references(text) => Err(Broken),
                false => Ok(Some(Event::Text(text))),
            };
        }
        if rest.is_empty() {
            return if self.begun && self.open.is_empty() { Ok(None) } else { Err(Broken) };
        }
        // A quoted value may hold `>`; one that does is refused below, because the tag ends before its quote does.
        let (tag, after) = rest.strip_prefix('<').and_then(|rest| rest.split_once('>')).ok_or(Broken)?;
        self.rest = after;
        match tag.strip_prefix('/') {
            Some(name) => {
                let name = name.trim_end_matches(SPACE);
                if self.open.last() != Some(&name) { Err(Broken) } else { self.close().map(Some) }
            }
            None => self.opened(tag).map(Some),
        }
    }

    fn opened(&mut self, tag: &'x str) -> Result<Event<'x>, Broken> {
        if (self.begun && self.open.is_empty()) || self.open.len() >= DEEPEST {
            return Err(Broken);
        }
        let (tag, is_empty) = match tag.strip_suffix('/') {
            Some(tag) => (tag, true),
            None => (tag, false),
        };
        let end = tag.find(SPACE).unwrap_or(tag.len());
        let (written, attributes) = tag.split_at_checked(end).ok_or(Broken)?;
        let (prefix, local) = parts(written).ok_or(Broken)?;
        self.begun = true;
        self.open.push(written);
        let others = self.attributes(attributes)?;
        if others.iter().any(|prefix| self.space_of(prefix).is_none()) {
            return Err(Broken);
        }
        let name = Name { space: self.space_of(prefix).ok_or(Broken)?, local };
        self.closing = is_empty;
        Ok(Event::Open { name, dressed: !attributes.trim_matches(SPACE).is_empty() })
    }

    /// Declares the namespaces among the attributes; the prefixes of the others.
    ///
    /// Security: two attributes of one local name are refused, so that none is taken for another.
    fn attributes(&mut self, mut rest: &'x str) -> Result<Vec<&'x str>, Broken> {
        let mut others = Vec::new();
        let mut seen: Vec<(&str, &str)> = Vec::new();
        loop {
            let next = rest.trim_start_matches(SPACE);
            if next.is_empty() {
                return Ok(others);
            }
            let (name, after) = next.split_once('=').ok_or(Broken)?;
            let after = after.trim_start_matches(SPACE);
            let quote = after.chars().next().filter(|quote| matches!(quote, '"' | '\'')).ok_or(Broken)?;
            let (value, after) = after.strip_prefix(quote).and_then(|v| v.split_once(quote)).ok_or(Broken)?;
            let is_apart = next.len() < rest.len() && (after.is_empty() || after.starts_with(SPACE));
            if !is_apart || !has_known_references(value) || seen.len() >= MOST_ATTRIBUTES {
                return Err(Broken);
            }
            rest = after;
            let (prefix, local) = parts(name.trim_end_matches(SPACE)).ok_or(Broken)?;
            let (kind, key) = match (prefix, local) {
                ("xmlns", local) => ("xmlns", local),
                ("", "xmlns") => ("xmlns", ""),
                (_, local) => ("", local),
            };
            if seen.contains(&(kind, key)) {
                return Err(Broken);
            }
            seen.push((kind, key));
            if kind.is_empty() {
                others.extend((!prefix.is_empty()).then_some(prefix));
            } else if matches!(key, "xml" | "xmlns") || value.contains('&') || value.is_empty() {
                return Err(Broken);
            } else {
                self.scopes.push((self.open.len(), key, value));
            }
        }
    }

    fn space_of(&self, prefix: &str) -> Option<&'x str> {
        let declared = self.scopes.iter().rev().find(|(_, known, _)| *known == prefix);
        match declared {
            Some((_, _, space)) => Some(space),
            None if prefix.is_empty() => Some(""),
            None => None,
        }
    }

    fn close(&mut self) -> Result<Event<'x>, Broken> {
        let depth = self.open.len();
        self.scopes.retain(|(declared, _, _)| *declared < depth);
        self.open.pop().map(|_| Event::Close).ok_or(Broken)
    }
}

/// White space of XML.
const SPACE: [char; 4] = [' ', '\t', '\r', '\n'];

/// Whether there is nothing but white space.
pub(super) fn is_blank(text: &str) -> bool {
    text.trim_matches(SPACE).is_empty()
}

/// Whether an XML declaration says version 1.0, and UTF-8 where it says an encoding.
fn is_usual(said: &str) -> bool {
    let words: Vec<&str> = said.split(SPACE).filter(|word| !word.is_empty()).collect();
    let is = |word: &str, name: &str, values: &[&str]| {
        let value = word.strip_prefix(name).and_then(|rest| rest.strip_prefix('='));
        let bare = |value: &str| {
            ['"', '\''].iter().any(|quote| {
                let inner = value.strip_prefix(*quote).and_then(|value| value.strip_suffix(*quote));
                inner.is_some_and(|inner| values.iter().any(|known| inner.eq_ignore_ascii_case(known)))
            })
        };
        value.is_some_and(bare)
    };
    match words.as_slice() {
        ["xml", version, others @ ..] if is(version, "version", &["1.0"]) => match others {
            [] => true,
            [one] => is(one, "encoding", &["UTF-8"]) || is(one, "standalone", &["yes", "no"]),
            [one, two] => is(one, "encoding", &["UTF-8"]) && is(two, "standalone", &["yes", "no"]),
            _ => false,
        },
        _ => false,
    }
}

/// Prefix and local part of a name; `None` when it is none.
fn parts(name: &str) -> Option<(&str, &str)> {
    let (prefix, local) = name.split_once(':').unwrap_or(("", name));
    let is_plain = |part: &str| {
        part.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
    };
    let fits = is_plain(local) && (is_plain(prefix) || prefix.is_empty()) && !name.starts_with(':');
    fits.then_some((prefix, local))
}

/// Whether every `&` begins one of the five references XML has by itself, or that of a character.
fn has_known_references(text: &str) -> bool {
    !text.contains('<')
        && text.split('&').skip(1).all(|after| {
            let Some((name, _)) = after.split_once(';') else { return false };
            let number = match name.strip_prefix("#x") {
                Some(digits) => Some((digits, 16)),
                None => name.strip_prefix('#').map(|digits| (digits, 10)),
            };
            match number {
                Some((digits, radix)) => {
                    let is_number = digits.chars().all(|digit| digit.is_digit(radix)) && digits.len() <= 8;
                    let code = u32::from_str_radix(digits, radix).ok().filter(|_| is_number);
                    code.and_then(char::from_u32).is_some_and(|one| !one.is_control() || SPACE.contains(&one))
                }
                None => matches!(name, "amp" | "lt" | "gt" | "quot" | "apos"),
            }
        })
}

#[cfg(test)]
mod tests;
