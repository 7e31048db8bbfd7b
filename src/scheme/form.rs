//! Takes one field out of a query or a urlencoded form, and refuses what apps could read differently: doubled names,
//! names a lenient framework takes for this one, broken percent-encoding, raw `;`. Called by `locator`.

use std::borrow::Cow;

use super::scan;

/// The text can be read in two ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ambiguous;

/// A name and its value, decoded.
pub(super) type Pair<'a> = (Cow<'a, [u8]>, Cow<'a, [u8]>);

/// The decoded value of the field, `None` when there is none of that name.
///
/// # Errors
/// [`Ambiguous`] for anything in the whole text that parsers disagree about, not only in that field.
pub(super) fn find<'a>(text: &'a [u8], name: &str) -> Result<Option<Cow<'a, [u8]>>, Ambiguous> {
    let mut found = None;
    for (key, value) in Written(text) {
        let key = decoded(key)?;
        if !seems(&key, name.as_bytes()) {
            sound(value)?;
            continue;
        }
        if found.is_some() || *key != *name.as_bytes() {
            return Err(Ambiguous);
        }
        found = Some(decoded(value)?);
    }
    Ok(found)
}

/// The value of the only field there is, `None` when there is none at all.
///
/// # Errors
/// [`Ambiguous`] when there are others, or it has another name.
pub(super) fn alone<'a>(text: &'a [u8], name: &str) -> Result<Option<Cow<'a, [u8]>>, Ambiguous> {
    let found = find(text, name)?;
    if Written(text).count() == usize::from(found.is_some()) { Ok(found) } else { Err(Ambiguous) }
}

/// All names and values, decoded, in their order.
///
/// # Errors
/// [`Ambiguous`] for anything parsers disagree about; names may repeat.
pub(super) fn pairs(text: &[u8]) -> Result<Vec<Pair<'_>>, Ambiguous> {
    Written(text).map(|(name, value)| Ok((decoded(name)?, decoded(value)?))).collect()
}

/// Names and values as they are written; of what stands between two `&` the name ends at the first `=`.
struct Written<'a>(&'a [u8]);

impl<'a> Iterator for Written<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        while !self.0.is_empty() {
            let (pair, rest) = self.0.split_at_checked(scan::until(self.0, |byte| byte == b'&'))?;
            self.0 = rest.get(1..).unwrap_or(&[]);
            if !pair.is_empty() {
                let (name, value) = pair.split_at_checked(scan::until(pair, |byte| byte == b'='))?;
                return Some((name, value.get(1..).unwrap_or(&[])));
            }
        }
        None
    }
}

/// What is done with names that stand several times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Repeats {
    /// They are refused.
    Refused,
    /// Their different values count, in order.
    Unique,
}

/// All names and values, decoded, sorted and joined without anything between them, as some providers sign them.
///
/// # Errors
/// As [`find`]; and for repeated names, where they are refused.
pub(super) fn sorted(text: &[u8], repeats: Repeats) -> Result<Vec<u8>, Ambiguous> {
    let mut fields = pairs(text)?;
    fields.sort();
    match repeats {
        Repeats::Unique => fields.dedup(),
        Repeats::Refused => {
            let mut names = fields.iter().map(|(name, _)| name).zip(fields.iter().skip(1));
            if names.any(|(name, (next, _))| name == next) {
                return Err(Ambiguous);
            }
        }
    }
    Ok(fields.into_iter().flat_map(|(name, value)| [name, value]).collect::<Vec<_>>().concat())
}

/// What of a text stands for itself and what has to be read.
fn next_code(text: &[u8]) -> (&[u8], &[u8]) {
    let is_code = |byte: u8| (byte == b'%') | (byte == b'+') | (byte == b';');
    text.split_at_checked(scan::until(text, is_code)).unwrap_or((text, &[]))
}

/// The byte a code stands for, and what follows it: percent-encoding, and `+` as a space.
fn code(text: &[u8]) -> Result<(u8, &[u8]), Ambiguous> {
    match text {
        [b'+', rest @ ..] => Ok((b' ', rest)),
        [b'%', high, low, rest @ ..] => {
            let (high, low) = (digit(*high).ok_or(Ambiguous)?, digit(*low).ok_or(Ambiguous)?);
            Ok(((high << 4) | low, rest))
        }
        _ => Err(Ambiguous),
    }
}

/// A name or a value, decoded.
fn decoded(text: &[u8]) -> Result<Cow<'_, [u8]>, Ambiguous> {
    let (mut plain, mut rest) = next_code(text);
    if rest.is_empty() {
        return Ok(Cow::Borrowed(text));
    }
    let mut out = Vec::with_capacity(text.len());
    while !rest.is_empty() {
        out.extend_from_slice(plain);
        let (byte, after) = code(rest)?;
        out.push(byte);
        (plain, rest) = next_code(after);
    }
    out.extend_from_slice(plain);
    Ok(Cow::Owned(out))
}

/// Whether a text could be decoded.
fn sound(text: &[u8]) -> Result<(), Ambiguous> {
    let (_, mut rest) = next_code(text);
    while !rest.is_empty() {
        (_, rest) = next_code(code(rest)?.1);
    }
    Ok(())
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// Whether some framework files `key` under `name`: PHP trims leading spaces, cuts at NUL and `[`, and writes `_` for
/// `.` and space; others ignore case.
fn seems(key: &[u8], name: &[u8]) -> bool {
    fn lenient(name: &[u8]) -> impl Iterator<Item = u8> {
        let cut = |byte: &u8| !matches!(byte, 0 | b'[');
        name.iter().copied().skip_while(|byte| *byte == b' ').take_while(cut).map(|byte| match byte {
            b'.' | b' ' => b'_',
            other => other.to_ascii_lowercase(),
        })
    }
    key == name || lenient(key).eq(lenient(name))
}

/// A name or a value as it is written in a form. For the sender.
pub(super) fn escaped(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::new();
    for byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(byte) {
            text.push(char::from(*byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

#[cfg(test)]
mod tests;
