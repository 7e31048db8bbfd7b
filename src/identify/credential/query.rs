//! API keys in the query. Names are compared decoded, as every app reads them: `%78-key` is `x-key`.
//!
//! Security: `;` parts too, as it once was a separator and some apps still take it for one; a key must neither hide
//! from us there nor go on to the app.

use std::borrow::Cow;

use http::Uri;
use http::uri::PathAndQuery;

use super::decoded;

/// Every value of the parameter `name`, decoded.
pub(super) fn values<'a>(name: &str, query: &'a str) -> impl Iterator<Item = Cow<'a, [u8]>> {
    pairs(query).filter_map(move |pair| value_of(name, pair))
}

/// Removes the parameter `name` with one separator each; the other bytes of the query stay.
pub(super) fn strip(name: &str, uri: &mut Uri) {
    let Some(query) = uri.query().filter(|query| values(name, query).next().is_some()) else { return };
    let kept = kept(name, query);
    let target = if kept.is_empty() { uri.path().to_owned() } else { format!("{}?{kept}", uri.path()) };
    let mut pieces = uri.clone().into_parts();
    // A part of a valid query is valid. Were it not, the judged target goes on unchanged rather than another one.
    let Ok(target) = PathAndQuery::try_from(target) else { return };
    pieces.path_and_query = Some(target);
    if let Ok(stripped) = Uri::from_parts(pieces) {
        *uri = stripped;
    }
}

fn kept(name: &str, query: &str) -> String {
    let mut kept = String::with_capacity(query.len());
    let mut any = false;
    for piece in query.split_inclusive(['&', ';']) {
        let pair = piece.trim_end_matches(['&', ';']);
        if value_of(name, pair).is_none() {
            kept.push_str(piece);
            any = true;
        } else if piece.len() == pair.len() && any {
            // The last pair goes: so does the separator before it.
            kept.pop();
        }
    }
    kept
}

fn pairs(query: &str) -> impl Iterator<Item = &str> {
    query.split(['&', ';'])
}

fn value_of<'a>(name: &str, pair: &'a str) -> Option<Cow<'a, [u8]>> {
    let (spelled, value) = pair.split_once('=').unwrap_or((pair, ""));
    (*decoded(spelled.as_bytes(), b' ') == *name.as_bytes()).then(|| decoded(value.as_bytes(), b' '))
}
