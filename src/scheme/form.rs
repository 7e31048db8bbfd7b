//! Takes one field out of a query or a urlencoded form, and refuses what apps could read differently: doubled names,
//! names a lenient framework takes for this one, broken percent-encoding, raw `;`. Called by `locator`.

use std::borrow::Cow;

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
    for pair in text.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
        let cut = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
        let key = decoded(pair.get(..cut).unwrap_or(pair))?;
        let value = decoded(pair.get(cut.saturating_add(1)..).unwrap_or(&[]))?;
        if !seems(&key, name.as_bytes()) {
            continue;
        }
        if found.is_some() || *key != *name.as_bytes() {
            return Err(Ambiguous);
        }
        found = Some(value);
    }
    Ok(found)
}

/// The value of the only field there is, `None` when there is none at all.
///
/// # Errors
/// [`Ambiguous`] when there are others, or it has another name.
pub(super) fn alone<'a>(text: &'a [u8], name: &str) -> Result<Option<Cow<'a, [u8]>>, Ambiguous> {
    let found = find(text, name)?;
    let fields = text.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()).count();
    if fields == usize::from(found.is_some()) { Ok(found) } else { Err(Ambiguous) }
}

/// All names and values, decoded, in their order.
///
/// # Errors
/// [`Ambiguous`] for anything parsers disagree about; names may repeat.
pub(super) fn pairs(text: &[u8]) -> Result<Vec<Pair<'_>>, Ambiguous> {
    let mut fields = Vec::new();
    for pair in text.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
        let cut = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
        let name = decoded(pair.get(..cut).unwrap_or(pair))?;
        fields.push((name, decoded(pair.get(cut.saturating_add(1)..).unwrap_or(&[]))?));
    }
    Ok(fields)
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

/// Percent-decoding with `+` as a space.
fn decoded(text: &[u8]) -> Result<Cow<'_, [u8]>, Ambiguous> {
    if text.contains(&b';') {
        return Err(Ambiguous);
    }
    if !text.iter().any(|byte| matches!(byte, b'%' | b'+')) {
        return Ok(Cow::Borrowed(text));
    }
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.iter().copied();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'+' => b' ',
            b'%' => {
                let high = bytes.next().and_then(digit).ok_or(Ambiguous)?;
                let low = bytes.next().and_then(digit).ok_or(Ambiguous)?;
                (high << 4) | low
            }
            other => other,
        });
    }
    Ok(Cow::Owned(out))
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
