//! API keys in cookies. A cookie may stand on any of several lines (HTTP/2 splits them), and its name may be
//! percent-encoded, which some frameworks decode.

use std::borrow::Cow;

use http::header::{COOKIE, HeaderMap, HeaderValue};

use super::decoded;

/// Every value of the cookie `name`, as written but for surrounding quotes.
pub(super) fn values<'a>(name: &str, headers: &'a HeaderMap) -> impl Iterator<Item = Cow<'a, [u8]>> {
    headers
        .get_all(COOKIE)
        .iter()
        .flat_map(|line| line.as_bytes().split(|byte| *byte == b';'))
        .filter_map(move |pair| value_of(name, pair).map(Cow::Borrowed))
}

/// Removes the cookie `name` from every line, and lines that held nothing else.
pub(super) fn strip(name: &str, headers: &mut HeaderMap) {
    if values(name, headers).next().is_none() {
        return;
    }
    let lines: Vec<HeaderValue> =
        headers.get_all(COOKIE).iter().filter_map(|line| kept(name, line)).collect();
    let mut lines = lines.into_iter();
    match lines.next() {
        None => {
            headers.remove(COOKIE);
        }
        Some(first) => {
            headers.insert(COOKIE, first);
            for line in lines {
                headers.append(COOKIE, line);
            }
        }
    }
}

/// The line without the cookie; `None` when nothing is left.
fn kept(name: &str, line: &HeaderValue) -> Option<HeaderValue> {
    let pairs = || line.as_bytes().split(|byte| *byte == b';');
    if pairs().all(|pair| value_of(name, pair).is_none()) {
        return Some(line.clone());
    }
    let left: Vec<&[u8]> = pairs().filter(|pair| value_of(name, pair).is_none()).collect();
    let left = left.join(&b';');
    let left = left.trim_ascii();
    if left.is_empty() {
        return None;
    }
    HeaderValue::from_bytes(left).ok()
}

fn value_of<'a>(name: &str, pair: &'a [u8]) -> Option<&'a [u8]> {
    let at = pair.iter().position(|byte| *byte == b'=');
    let (spelled, value) = match at {
        Some(at) => (pair.get(..at)?, pair.get(at + 1..)?.trim_ascii()),
        None => (pair, b"".as_slice()),
    };
    let spelled = decoded(spelled.trim_ascii(), b'+');
    if *spelled != *name.as_bytes() {
        return None;
    }
    Some(value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\"")).unwrap_or(value))
}
