//! Paths and path templates as routes write them.

use super::report::Fault;

/// Longest path of a route, in bytes.
const LONGEST: usize = 1024;

/// Whether a path has names in braces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PathShape {
    /// No braces.
    Plain,
    /// At least one `{name}` segment.
    Template,
}

/// Reads the shape of a path.
///
/// Security: a path that no request could have in canonical form (`//`, `..`, `\`, `;`) is refused: a route that
/// never matches protects nothing, and its author believes it does.
pub(crate) fn shape(text: &str) -> Result<PathShape, Fault> {
    if !text.starts_with('/') {
        return Err(Fault::new("expected a path that starts with /", ""));
    }
    if text.len() > LONGEST {
        return Err(Fault::new(format!("a path has at most {LONGEST} characters"), ""));
    }
    if let Some(bad) = text.chars().find(|c| !('!'..='~').contains(c)) {
        let message = format!("{bad:?} cannot stand in a path as it is sent");
        return Err(Fault::new(message, "write it percent-encoded"));
    }
    if text.contains(['?', '#']) {
        return Err(Fault::new(
            "a query or fragment is not part of a path",
            "remove it; routes look at the path alone",
        ));
    }
    if text.contains(['\\', ';']) {
        let message = "\\ and ; cannot stand in a path: apps read them differently";
        return Err(Fault::new(message, "requests with them are refused where routes differ"));
    }
    if !escapes_are_whole(text) {
        return Err(Fault::new("% must be followed by two hex digits", ""));
    }
    let mut names: Vec<&str> = Vec::new();
    let mut segments = text.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        if segment.is_empty() && segments.peek().is_some() {
            return Err(Fault::new(
                "`//` cannot stand in a path",
                "requests with it are refused where routes differ",
            ));
        }
        if segment == "." || segment == ".." {
            return Err(Fault::new(
                format!("`{segment}` cannot be a segment of a path"),
                "write the path it leads to",
            ));
        }
        if let Some(name) = template_name(segment)? {
            if names.contains(&name) {
                return Err(Fault::new(
                    format!("the name {{{name}}} is used twice"),
                    "give each its own name",
                ));
            }
            names.push(name);
        }
    }
    Ok(if names.is_empty() { PathShape::Plain } else { PathShape::Template })
}

/// The name of a segment `{name}`; `None` for a plain segment.
fn template_name(segment: &str) -> Result<Option<&str>, Fault> {
    if !segment.contains(['{', '}']) {
        return Ok(None);
    }
    let name = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or("");
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if is_name {
        Ok(Some(name))
    } else {
        Err(Fault::new(
            "braces stand for one whole segment",
            "write /users/{owner}/docs/{id}; names are letters, digits and _",
        ))
    }
}

fn escapes_are_whole(text: &str) -> bool {
    text.split('%').skip(1).all(|rest| {
        let mut digits = rest.bytes();
        let is_hex = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_hexdigit());
        is_hex(digits.next()) && is_hex(digits.next())
    })
}

#[cfg(test)]
mod tests;
