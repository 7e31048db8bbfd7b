//! Contentful's signed requests: method, path, the headers a signed list names, and the body.

use std::sync::Arc;

use super::{Claim, Code, CodeFacts, CodeHead, Compiled, Draft, Order, Reader, no_options};
use crate::scheme::Refusal;
use crate::scheme::spec::Spec;

const LIST: &str = "x-contentful-signed-headers";
const TIME: &str = "x-contentful-timestamp";

/// Most headers one request may sign.
const MOST_HEADERS: usize = 64;

/// Makes the scheme; it has no options.
pub(super) fn make(spec: &Spec) -> Compiled {
    no_options(spec)?;
    Ok(Arc::new(Contentful))
}

#[derive(Debug)]
struct Contentful;

struct Call {
    /// What stands before the body.
    before: String,
}

impl Code for Contentful {
    fn facts(&self) -> CodeFacts {
        CodeFacts {
            headers: &[LIST, TIME],
            reads_body: true,
            body_bound: true,
            stamped: true,
            ..CodeFacts::default()
        }
    }

    fn begin(&self, head: &CodeHead<'_>) -> Result<Box<dyn Reader>, Refusal> {
        let mut names: Vec<&str> = head.required(LIST)?.split(',').collect();
        names.sort_unstable();
        let is_name = |name: &&str| {
            !name.is_empty()
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte))
        };
        let twice = names.iter().zip(names.iter().skip(1)).any(|(one, next)| one == next);
        if names.len() > MOST_HEADERS || twice || !names.iter().all(is_name) {
            return Err(Refusal::Malformed);
        }
        if !names.contains(&LIST) || !names.contains(&TIME) {
            return Err(Refusal::Missing);
        }
        let mut lines = Vec::new();
        for name in &names {
            let value = head.line(name)?.ok_or(Refusal::Missing)?;
            lines.push(format!("{name}:{}", value.trim()));
        }
        let headers = lines.join(";");
        if !is_plain(&names, &headers) {
            return Err(Refusal::Malformed);
        }
        let path = path(head.head.path_and_query).ok_or(Refusal::Malformed)?;
        Ok(Box::new(Call { before: format!("{}\n{path}\n{headers}\n", head.head.method) }))
    }

    fn draft(&self, _order: &Order<'_>) -> Result<Draft, Refusal> {
        Ok(Draft::of([(LIST, format!("{LIST},{TIME}"))]))
    }
}

impl Reader for Call {
    fn finish(self: Box<Self>, body: &[u8]) -> Result<Vec<Claim>, Refusal> {
        let message = [self.before.as_bytes(), body].concat();
        Ok(vec![Claim { messages: vec![message], ..Claim::default() }])
    }
}

/// Whether the joined headers can be taken apart in one way only.
///
/// Security: values may hold `;`, so that a caller could move the beginning of one header into the value of the one
/// before. No name may stand after a `;` but where it begins its own line.
fn is_plain(names: &[&str], joined: &str) -> bool {
    let whole = format!(";{joined}");
    names.iter().all(|name| whole.matches(&format!(";{name}:")).count() == 1)
}

/// The path as Contentful's library writes it: the query is escaped whole, then everything once more. `None` for a
/// query with a `?`, what follows which that library does not sign.
fn path(target: &str) -> Option<String> {
    Some(match target.split_once('?') {
        Some((_, query)) if query.contains('?') => return None,
        Some((path, query)) if !query.is_empty() => {
            escaped(&format!("{path}?{}", escaped(query, b"-_.!~*'()")), URI)
        }
        Some((path, _)) => escaped(path, URI),
        None => escaped(target, URI),
    })
}

/// What stands as it is in a whole URI.
const URI: &[u8] = b";,/?:@&=+$-_.!~*'()#";

fn escaped(text: &str, plain: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || plain.contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests;
