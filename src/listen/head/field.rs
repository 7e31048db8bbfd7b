//! One field line of a head or of a trailer section, read from its raw bytes. Says what is there, not whether it may
//! be there; called by the head scanner and the trailer scanner.

use super::bytes;

/// Longest field name, bytes: longer ones exist only in attacks.
const LONGEST_NAME: usize = 256;

/// What stands at the beginning of some bytes.
#[derive(Debug)]
pub(in crate::listen) enum Line<'a> {
    /// A whole field line.
    Field(Field<'a>),
    /// The empty line that ends the section: two bytes.
    End,
    /// The line is not whole yet.
    Partial,
    /// No reading of RFC 9112 §5 fits: folded, bare CR or LF, control bytes, space before the colon, no name.
    Bad,
}

/// One field line.
#[derive(Debug)]
pub(in crate::listen) struct Field<'a> {
    /// A token.
    pub(in crate::listen) name: &'a [u8],
    /// Without the white space around it.
    pub(in crate::listen) value: &'a [u8],
    /// Where the value begins in the line.
    pub(in crate::listen) value_at: usize,
    /// Length of the line with its CRLF.
    pub(in crate::listen) len: usize,
}

/// Reads one line.
pub(in crate::listen) fn read(line: &[u8]) -> Line<'_> {
    let (name, rest) = bytes::token(line);
    match (name, rest) {
        ([], [b'\r', b'\n', ..]) => Line::End,
        ([], [b'\r']) => Line::Partial,
        _ if name.len() > LONGEST_NAME => Line::Bad,
        (_, []) => Line::Partial,
        ([_, ..], [b':', rest @ ..]) => value(name, rest),
        _ => Line::Bad,
    }
}

fn value<'a>(name: &'a [u8], rest: &'a [u8]) -> Line<'a> {
    let (content, end) = bytes::content(rest);
    let value = bytes::trim_start(content);
    let lead = content.len() - value.len();
    let value = bytes::trim_end(value);
    match end {
        [b'\r', b'\n', ..] => Line::Field(Field {
            name,
            value,
            value_at: name.len() + 1 + lead,
            len: name.len() + 1 + content.len() + 2,
        }),
        [] | [b'\r'] => Line::Partial,
        _ => Line::Bad,
    }
}

impl Field<'_> {
    /// Whether the name equals `name` (lower case, `-`) in any case and with `_` for `-`: several apps read both alike.
    pub(in crate::listen) fn is_or_aliases(&self, name: &[u8]) -> bool {
        self.name.len() == name.len() && self.begins_or_aliases(name)
    }

    /// Whether the name begins with `family`, read the same way.
    pub(in crate::listen) fn begins_or_aliases(&self, family: &[u8]) -> bool {
        let alike =
            |(&have, &want): (&u8, &u8)| have.eq_ignore_ascii_case(&want) || (want == b'-' && have == b'_');
        self.name.len() >= family.len() && self.name.iter().zip(family).all(alike)
    }
}
