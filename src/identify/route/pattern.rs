//! A route's path as written: what it may hold, and how apps that decode it spell it.

use super::reading::{self, Census, Readings};
use crate::config::settings::PathRule;

/// A checked path and its decoded spellings.
#[derive(Debug)]
pub(super) struct Pattern {
    pub(super) written: Vec<u8>,
    /// Never holds `written`.
    pub(super) decoded: Vec<Vec<u8>>,
}

impl Pattern {
    /// # Errors
    /// Says what in the path no route can hold.
    pub(super) fn parse(rule: &PathRule) -> Result<Self, String> {
        let (PathRule::Exact(path) | PathRule::Template(path) | PathRule::Prefix(path)) = rule;
        let written = path.as_bytes().to_vec();
        let census = reading::census(&written);
        if census == Census::Refused {
            return Err(format!(
                "path {path:?} must begin with `/` and hold visible ASCII without `?` and `#`"
            ));
        }
        match rule {
            PathRule::Exact(_) => {}
            PathRule::Prefix(_) => has_one_reading(&written)?,
            PathRule::Template(_) => {
                has_one_reading(&written)?;
                has_whole_variables(&written)?;
            }
        }
        if census == Census::Plain {
            return Ok(Self { written, decoded: Vec::new() });
        }
        let readings = Readings::of(&written).map_err(|_| {
            format!("path {path:?} has a broken escape, or more readings than can be told apart")
        })?;
        let decoded = readings.others().map(<[u8]>::to_vec).collect();
        Ok(Self { written, decoded })
    }
}

/// The segments of a path without trailing slash; none for the root.
pub(super) fn segments(cut: &[u8]) -> impl Iterator<Item = &[u8]> + Clone {
    cut.split(|byte| *byte == b'/').skip(1)
}

/// The path without one trailing slash; the root is empty.
pub(super) fn without_trailing_slash(path: &[u8]) -> &[u8] {
    path.strip_suffix(b"/").unwrap_or(path)
}

/// Whether a segment of a template stands for any segment.
pub(super) fn is_variable(segment: &[u8]) -> bool {
    segment.starts_with(b"{")
}

/// A prefix or template goes before text of the caller's. Security: parts that apps read in different ways would let
/// that text climb from one route into another which only some apps see; escapes of bytes that cannot stand raw
/// (space, non-ASCII) are safe, as only decoding makes them.
fn has_one_reading(path: &[u8]) -> Result<(), String> {
    let bad = |what: &str| {
        Err(format!(
            "a prefix or template cannot hold {what}, which apps read in different ways; write the plain path, or an \
             exact `path`"
        ))
    };
    if path.windows(2).any(|pair| pair == b"//") {
        return bad("`//`");
    }
    if segments(path).any(|segment| segment == b"." || segment == b"..") {
        return bad("dot segments");
    }
    if path.iter().any(|byte| matches!(byte, b';' | b'\\')) {
        return bad("`;` or `\\`");
    }
    let plain = reading::percent_decoded(path, |byte| !byte.is_ascii() || byte == b' ');
    if plain.contains(&b'%') {
        return bad("an escape of a character that can stand as it is");
    }
    Ok(())
}

fn has_whole_variables(path: &[u8]) -> Result<(), String> {
    let braces = |part: &[u8]| part.iter().any(|byte| matches!(byte, b'{' | b'}'));
    let fine = |segment: &[u8]| match segment.strip_prefix(b"{").and_then(|rest| rest.strip_suffix(b"}")) {
        Some(name) => !name.is_empty() && !braces(name),
        None => !braces(segment),
    };
    if segments(path).all(fine) {
        Ok(())
    } else {
        Err("a name in braces stands for one whole segment: /users/{owner}/docs/{id}".to_owned())
    }
}
