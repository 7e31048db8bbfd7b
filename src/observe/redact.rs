//! What may stand in a line, and how: JSON objects of at most [`LONGEST_LINE`] bytes whose texts cannot break the
//! line, steer a terminal or reorder what is read.
//!
//! Redaction is by type: a line takes numbers, closed words, names of the config and texts the callers of this module
//! chose to keep (a path without its query, never a header, a body or a key). `base::secret::Secret` has no way here.

use std::io::Write;

use crate::base::clock::Wall;

/// Longest line, bytes, its newline included: what a log collector takes whole.
pub(super) const LONGEST_LINE: usize = 8 * 1024;
/// Longest value in a line as written, bytes.
const LONGEST_VALUE: usize = 2 * 1024;
/// Room kept for the end of a value, of the line and for what has no text.
const SPARE: usize = 64;

/// Writes one JSON object, then a newline.
pub(super) struct Line<'a> {
    out: &'a mut Vec<u8>,
    start: usize,
}

impl<'a> Line<'a> {
    /// Begins a line at the end of `out`.
    pub(super) fn open(out: &'a mut Vec<u8>) -> Self {
        let start = out.len();
        out.push(b'{');
        Self { out, start }
    }

    /// A text; cut when too long.
    pub(super) fn text(&mut self, key: &str, value: &str) -> &mut Self {
        if self.key(key) {
            let room = self.left().min(LONGEST_VALUE);
            self.out.push(b'"');
            escape(value, room, self.out);
            self.out.push(b'"');
        }
        self
    }

    /// A text, left out when empty.
    pub(super) fn some(&mut self, key: &str, value: &str) -> &mut Self {
        if value.is_empty() { self } else { self.text(key, value) }
    }

    /// A whole number.
    pub(super) fn number(&mut self, key: &str, value: impl Into<u64>) -> &mut Self {
        if self.key(key) {
            let _ = write!(self.out, "{}", value.into());
        }
        self
    }

    /// What is JSON already: a number, `true`, `false`.
    pub(super) fn literal(&mut self, key: &str, json: &str) -> &mut Self {
        if self.key(key) {
            self.out.extend_from_slice(json.as_bytes());
        }
        self
    }

    /// A time, RFC 3339 in UTC with milliseconds.
    pub(super) fn time(&mut self, key: &str, value: Wall, stamp: &mut Stamp) -> &mut Self {
        if self.key(key) {
            self.out.push(b'"');
            stamp.write(value, self.out);
            self.out.push(b'"');
        }
        self
    }

    /// Ends the line.
    pub(super) fn close(self) {
        self.out.extend_from_slice(b"}\n");
    }

    fn left(&self) -> usize {
        LONGEST_LINE.saturating_sub(self.out.len().saturating_sub(self.start)).saturating_sub(SPARE)
    }

    /// Writes the key; not when the line has no room for it and a value.
    fn key(&mut self, key: &str) -> bool {
        if self.left() < key.len().saturating_add(SPARE) {
            return false;
        }
        if self.out.last() != Some(&b'{') {
            self.out.push(b',');
        }
        self.out.push(b'"');
        escape(key, SPARE, self.out);
        self.out.extend_from_slice(b"\":");
        true
    }
}

/// Appends `value` as the inside of a JSON string of at most `room` bytes, and `…` where it was cut.
pub(super) fn escape(value: &str, room: usize, out: &mut Vec<u8>) {
    let plain = |byte: &u8| matches!(*byte, b' '..=b'~') && *byte != b'"' && *byte != b'\\';
    if value.len() <= room && value.as_bytes().iter().all(plain) {
        out.extend_from_slice(value.as_bytes());
        return;
    }
    let end = out.len().saturating_add(room);
    for letter in value.chars() {
        if out.len().saturating_add(12) > end {
            out.extend_from_slice("…".as_bytes());
            return;
        }
        match letter {
            '"' => out.extend_from_slice(b"\\\""),
            '\\' => out.extend_from_slice(b"\\\\"),
            '\n' => out.extend_from_slice(b"\\n"),
            _ if is_treacherous(letter) => {
                for unit in letter.encode_utf16(&mut [0; 2]) {
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
            _ => out.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
}

/// Whether a letter can break a line, steer a terminal, be unseen or turn the reading order.
pub(super) fn is_treacherous(letter: char) -> bool {
    letter.is_control()
        || matches!(letter,
            '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202f}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// Formats times; the part down to the second is made once per second.
#[derive(Debug, Default)]
pub(super) struct Stamp {
    second: Option<i64>,
    text: String,
}

impl Stamp {
    /// Appends `at`: `2026-11-21T10:00:00.000Z`.
    pub(super) fn write(&mut self, at: Wall, out: &mut Vec<u8>) {
        let second = at.unix_seconds();
        if self.second != Some(second) {
            self.text = Wall(second.saturating_mul(1000)).rfc3339();
            self.text.truncate(self.text.find('.').unwrap_or(0));
            self.second = Some(second);
        }
        out.extend_from_slice(self.text.as_bytes());
        let _ = write!(out, ".{:03}Z", at.0.rem_euclid(1000));
    }
}

#[cfg(test)]
mod tests;
