//! The readings of a path an app might make: what it may decode, fold, cut, merge and resolve, in any order.
//!
//! Enumerates; selects nothing. Case and trailing slashes are not enumerated but looked up loosely, in `route`.

use std::borrow::Cow;

mod step;

pub(super) use step::percent_decoded;

/// Most readings told apart. Ordinary paths have one to four; beyond this the path is refused.
const MOST_READINGS: usize = 64;

/// Most bytes of readings, or twice the path if that is more: bounds the work for a hostile path. The path and its
/// decoded form fit, so a long path that is merely encoded passes.
const MOST_BYTES: usize = 16 * 1024;

/// How often an app may decode.
const MOST_DECODINGS: u8 = 2;

/// What a path holds, told in one pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Census {
    /// Nothing that any reading changes, but for case and a trailing slash.
    Plain,
    /// Something some apps read otherwise.
    Special,
    /// Something no path can hold: no `/` in front, control, non-ASCII, `?` or `#`.
    Refused,
}

/// A path has more readings than can be told apart, a broken escape, or an escape no app reads well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unreadable;

/// The readings of one path.
#[derive(Debug)]
pub(super) struct Readings(Vec<Reading>);

#[derive(Debug)]
struct Reading {
    text: Vec<u8>,
    /// How often it may still be decoded.
    decodings: u8,
}

/// Looks at every byte once.
pub(super) fn census(path: &[u8]) -> Census {
    if path.first() != Some(&b'/') {
        return Census::Refused;
    }
    let mut census = Census::Plain;
    let mut before = 0;
    for byte in path {
        match byte {
            b'?' | b'#' | 0..=0x1f | 0x7f.. => return Census::Refused,
            b'%' | b'\\' | b';' | b' ' => census = Census::Special,
            b'/' | b'.' if before == b'/' => census = Census::Special,
            _ => {}
        }
        before = *byte;
    }
    census
}

/// Lower case. Security: also the four characters outside ASCII that some case mapping turns into an ASCII letter
/// (K of Kelvin, long s, dotted and dotless i), which a decoded path may hold.
pub(super) fn folded(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.iter().any(|byte| byte.is_ascii_uppercase() || !byte.is_ascii()) {
        return Cow::Borrowed(text);
    }
    let mut lower = Vec::with_capacity(text.len());
    let mut rest = text;
    loop {
        let (letter, after) = match rest {
            [] => return Cow::Owned(lower),
            [0xe2, 0x84, 0xaa, after @ ..] => (b'k', after),
            [0xc5, 0xbf, after @ ..] => (b's', after),
            [0xc4, 0xb0 | 0xb1, after @ ..] => (b'i', after),
            [byte, after @ ..] => (byte.to_ascii_lowercase(), after),
        };
        lower.push(letter);
        rest = after;
    }
}

impl Readings {
    /// Every text that any sequence of steps makes of `path`, decoding at most twice.
    ///
    /// # Errors
    /// [`Unreadable`].
    pub(super) fn of(path: &[u8]) -> Result<Self, Unreadable> {
        if step::has_broken_escape(path) {
            return Err(Unreadable);
        }
        let mut readings = Self(vec![Reading { text: path.to_vec(), decodings: MOST_DECODINGS }]);
        let budget = MOST_BYTES.max(path.len().saturating_mul(2));
        let mut bytes = 0_usize;
        let mut at = 0;
        while let Some(reading) = readings.0.get(at) {
            let (text, decodings) = (reading.text.clone(), reading.decodings);
            bytes = bytes.saturating_add(text.len());
            if step::is_unreadable(&text) || bytes > budget {
                return Err(Unreadable);
            }
            for made in step::plain(&text) {
                readings.add(made, decodings)?;
            }
            if let Some(left) = decodings.checked_sub(1) {
                for made in step::decodings(&text) {
                    readings.add(made, left)?;
                }
            }
            at += 1;
        }
        Ok(readings)
    }

    /// All but the path itself.
    pub(super) fn others(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().skip(1).map(|reading| reading.text.as_slice())
    }

    fn add(&mut self, text: Vec<u8>, decodings: u8) -> Result<(), Unreadable> {
        let known = |reading: &Reading| reading.decodings >= decodings && reading.text == text;
        if self.0.iter().any(known) {
            return Ok(());
        }
        if self.0.len() == MOST_READINGS {
            return Err(Unreadable);
        }
        self.0.push(Reading { text, decodings });
        Ok(())
    }
}

#[cfg(test)]
mod tests;
