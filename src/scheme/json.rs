//! Takes one value out of a JSON text without building it, and refuses every text two parsers could read differently
//! at that place: doubled keys (also in another case), broken grammar, lone surrogates, anything after the end.
//! Never allocates for what it skips; depth is bounded. Called by `locator`.

use std::borrow::Cow;
use std::fmt;

use super::{MOST_CANDIDATES, scan};

/// Deepest nesting that is read.
const DEEPEST: usize = 64;

/// Where in a JSON text a value stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Path {
    steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    /// A key of an object, or a position in an array when it is a number.
    Name { key: String, index: Option<usize> },
    /// Every element of an array.
    Every,
}

/// The text is no JSON, is too deep, holds a key on the path twice, or holds no scalar at the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unfit;

impl Path {
    /// `event.id`, `items.0.id`, `value.*.state`; `None` when a step is empty.
    pub(super) fn parse(text: &str) -> Option<Self> {
        text.split('.')
            .map(|step| match step {
                "" => None,
                "*" => Some(Step::Every),
                key => Some(Step::Name { key: key.to_owned(), index: key.parse().ok() }),
            })
            .collect::<Option<Vec<_>>>()
            .map(|steps| Self { steps })
    }

    /// Its steps as written.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.steps.iter().map(|step| match step {
            Step::Name { key, .. } => key.as_str(),
            Step::Every => "*",
        })
    }

    /// Whether it names more than one value.
    pub(super) fn is_plural(&self) -> bool {
        self.steps.contains(&Step::Every)
    }

    /// The values at the path: strings decoded, numbers and booleans as written. Empty when there is none or it is
    /// null; with `*`, every element has one or the text is unfit, and
    /// there are at most [`MOST_CANDIDATES`].
    ///
    /// # Errors
    /// [`Unfit`].
    pub(super) fn find<'a>(&self, text: &'a [u8]) -> Result<Vec<Cow<'a, str>>, Unfit> {
        let mut scanner = Scanner { text: std::str::from_utf8(text).map_err(|_| Unfit)?, at: 0 };
        let mut found = Vec::new();
        scanner.value(&self.steps, 0, &mut found)?;
        scanner.space();
        if scanner.at == text.len() { Ok(found) } else { Err(Unfit) }
    }
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

/// A part of a string.
enum Piece<'a> {
    Plain(&'a str),
    Escaped(char),
}

type Found<'a> = Vec<Cow<'a, str>>;

impl<'a> Scanner<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn step(&mut self) {
        self.at = self.at.saturating_add(1);
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.step();
        }
    }

    /// Takes `byte`, after white space.
    fn take(&mut self, byte: u8) -> Result<(), Unfit> {
        self.space();
        if self.peek() == Some(byte) {
            self.step();
            Ok(())
        } else {
            Err(Unfit)
        }
    }

    /// After an element: true when another follows, false when `close` was taken.
    fn more(&mut self, close: u8) -> Result<bool, Unfit> {
        self.space();
        let next = self.peek();
        self.step();
        match next {
            Some(b',') => Ok(true),
            Some(byte) if byte == close => Ok(false),
            Some(_) | None => Err(Unfit),
        }
    }

    /// After the opening: true when the list is empty, and its close was taken.
    fn empty(&mut self, close: u8) -> bool {
        self.space();
        let empty = self.peek() == Some(close);
        if empty {
            self.step();
        }
        empty
    }

    fn value(&mut self, path: &[Step], depth: usize, found: &mut Found<'a>) -> Result<(), Unfit> {
        self.space();
        match (path.split_first(), self.peek()) {
            (None, Some(b'{' | b'[')) => Err(Unfit),
            (None, _) => {
                found.extend(self.scalar()?);
                Ok(())
            }
            (Some((Step::Name { key, .. }, rest)), Some(b'{')) => self.member(key, rest, depth, found),
            (Some((Step::Name { index: Some(index), .. }, rest)), Some(b'[')) => {
                self.elements(depth, |scanner, position, depth| {
                    if position == *index { scanner.value(rest, depth, found) } else { scanner.skip(depth) }
                })
            }
            (Some((Step::Every, rest)), Some(b'[')) => self.elements(depth, |scanner, _, depth| {
                let before = found.len();
                scanner.value(rest, depth, found)?;
                if found.len() > before && found.len() <= MOST_CANDIDATES { Ok(()) } else { Err(Unfit) }
            }),
            (Some((Step::Every, _)), _) => Err(Unfit),
            (Some((Step::Name { .. }, _)), _) => self.skip(depth),
        }
    }

    /// An object on the path: the member of that key, which must not be there twice in any case.
    fn member(&mut self, key: &str, rest: &[Step], depth: usize, found: &mut Found<'a>) -> Result<(), Unfit> {
        let mut seen = false;
        self.members(depth, |scanner, name, depth| {
            if !same_folded(name, key) {
                return scanner.skip(depth);
            }
            if std::mem::replace(&mut seen, true) || name != key {
                return Err(Unfit);
            }
            scanner.value(rest, depth, found)
        })
    }

    fn members(
        &mut self,
        depth: usize,
        mut each: impl FnMut(&mut Self, &str, usize) -> Result<(), Unfit>,
    ) -> Result<(), Unfit> {
        let depth = deeper(depth)?;
        self.take(b'{')?;
        let mut more = !self.empty(b'}');
        while more {
            self.space();
            let name = self.string()?;
            self.take(b':')?;
            each(self, &name, depth)?;
            more = self.more(b'}')?;
        }
        Ok(())
    }

    fn elements(
        &mut self,
        depth: usize,
        mut each: impl FnMut(&mut Self, usize, usize) -> Result<(), Unfit>,
    ) -> Result<(), Unfit> {
        let depth = deeper(depth)?;
        self.take(b'[')?;
        let mut more = !self.empty(b']');
        let mut position = 0_usize;
        while more {
            each(self, position, depth)?;
            position = position.saturating_add(1);
            more = self.more(b']')?;
        }
        Ok(())
    }

    fn skip(&mut self, depth: usize) -> Result<(), Unfit> {
        self.space();
        match self.peek() {
            Some(b'{') => self.members(depth, |scanner, _, depth| scanner.skip(depth)),
            Some(b'[') => self.elements(depth, |scanner, _, depth| scanner.skip(depth)),
            Some(b'"') => self.pieces(|_| ()),
            Some(_) => self.scalar().map(drop),
            None => Err(Unfit),
        }
    }

    /// A string, number or boolean; `None` for null.
    fn scalar(&mut self) -> Result<Option<Cow<'a, str>>, Unfit> {
        if self.peek() == Some(b'"') {
            return self.string().map(Some);
        }
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9' | b'a'..=b'z' | b'E' | b'+' | b'-' | b'.')) {
            self.step();
        }
        let word = self.text.get(start..self.at).ok_or(Unfit)?;
        match word {
            "null" => Ok(None),
            "true" | "false" => Ok(Some(Cow::Borrowed(word))),
            number if is_number(number.as_bytes()) => Ok(Some(Cow::Borrowed(number))),
            _ => Err(Unfit),
        }
    }

    fn string(&mut self) -> Result<Cow<'a, str>, Unfit> {
        let mut text = Cow::Borrowed("");
        self.pieces(|piece| match (piece, &mut text) {
            (Piece::Plain(plain), Cow::Borrowed("")) => text = Cow::Borrowed(plain),
            (Piece::Plain(plain), known) => known.to_mut().push_str(plain),
            (Piece::Escaped(escaped), known) => known.to_mut().push(escaped),
        })?;
        Ok(text)
    }

    /// Walks over a string, handing out its parts.
    fn pieces(&mut self, mut each: impl FnMut(Piece<'a>)) -> Result<(), Unfit> {
        if self.peek() != Some(b'"') {
            return Err(Unfit);
        }
        self.step();
        loop {
            let start = self.at;
            let rest = self.text.as_bytes().get(start..).unwrap_or(&[]);
            let plain = scan::until(rest, |byte| (byte == b'"') | (byte == b'\\') | (byte < 0x20));
            self.at = start.saturating_add(plain);
            let closed = match self.peek() {
                Some(b'"') => true,
                Some(b'\\') => false,
                Some(_) | None => return Err(Unfit),
            };
            each(Piece::Plain(self.text.get(start..self.at).ok_or(Unfit)?));
            self.step();
            if closed {
                return Ok(());
            }
            each(Piece::Escaped(self.escape()?));
        }
    }

    /// What follows a backslash.
    fn escape(&mut self) -> Result<char, Unfit> {
        let byte = self.peek().ok_or(Unfit)?;
        self.step();
        Ok(match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{C}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let unit = self.unit()?;
                if !(0xD800..0xDC00).contains(&unit) {
                    return char::from_u32(unit).ok_or(Unfit);
                }
                if self.text.get(self.at..self.at.saturating_add(2)) != Some("\\u") {
                    return Err(Unfit);
                }
                self.at = self.at.saturating_add(2);
                let low = self.unit()?;
                if !(0xDC00..0xE000).contains(&low) {
                    return Err(Unfit);
                }
                let joined = ((unit & 0x3FF) << 10) | (low & 0x3FF);
                return char::from_u32(joined.saturating_add(0x1_0000)).ok_or(Unfit);
            }
            _ => return Err(Unfit),
        })
    }

    /// Four hexadecimal digits.
    fn unit(&mut self) -> Result<u32, Unfit> {
        let end = self.at.saturating_add(4);
        let digits = self.text.get(self.at..end).ok_or(Unfit)?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(Unfit);
        }
        self.at = end;
        u32::from_str_radix(digits, 16).map_err(|_| Unfit)
    }
}

fn deeper(depth: usize) -> Result<usize, Unfit> {
    if depth < DEEPEST { Ok(depth.saturating_add(1)) } else { Err(Unfit) }
}

/// RFC 8259 §6.
fn is_number(text: &[u8]) -> bool {
    fn digits(text: &[u8]) -> Option<&[u8]> {
        let length = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if length == 0 { None } else { text.get(length..) }
    }
    let text = text.strip_prefix(b"-").unwrap_or(text);
    let Some(mut rest) = text.strip_prefix(b"0").or_else(|| digits(text)) else { return false };
    if let Some(fraction) = rest.strip_prefix(b".") {
        let Some(after) = digits(fraction) else { return false };
        rest = after;
    }
    if let [b'e' | b'E', exponent @ ..] = rest {
        let exponent = match exponent {
            [b'+' | b'-', unsigned @ ..] => unsigned,
            unsigned => unsigned,
        };
        let Some(after) = digits(exponent) else { return false };
        rest = after;
    }
    rest.is_empty()
}

/// Whether an app that matches keys without regard to case (Go's `encoding/json` does) takes one for the other.
fn same_folded(one: &str, other: &str) -> bool {
    fn fold(c: char) -> char {
        match c {
            '\u{17F}' => 's',
            '\u{212A}' => 'k',
            other => other.to_ascii_lowercase(),
        }
    }
    one.chars().map(fold).eq(other.chars().map(fold))
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.steps.iter().enumerate() {
            let dot = if position == 0 { "" } else { "." };
            match step {
                Step::Name { key, .. } => write!(f, "{dot}{key}")?,
                Step::Every => write!(f, "{dot}*")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
