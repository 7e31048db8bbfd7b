//! Whether a signed message can be taken apart in one way only. Where it could not, a caller with one signed message
//! could move bytes from one field to the next and still hold a valid signature over other values.
//!
//! One field, the pivot, may be of any length and content (the body, where there is one). Every field left of it must
//! show where it ends, every field right of it where it begins: by a fixed length, by a shape of its own, or by the
//! text beside it, whose nearest byte the value then may not hold (the fence, checked on every request).

use super::template::{Fence, Field, Filter, Part, What, is_url_byte};
use super::timestamp::Format;

/// Two fields that cannot be told apart, or a segment whose absence cannot be noticed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Blurred {
    pub(super) message: String,
}

/// How a field shows where it ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Extent {
    /// By its length, or because the caller cannot choose it.
    Fixed,
    /// RFC 3339: from either side.
    Date,
    /// A JSON string: from its left end.
    Quoted,
    /// A method: by the first byte of a URL or path.
    Method,
    /// Not at all.
    Free,
}

/// Sets the fences of `parts`, or says which fields run into each other.
///
/// # Errors
/// [`Blurred`].
pub(super) fn fence(parts: &mut [Part], stamp: Option<Format>) -> Result<(), Blurred> {
    segments(parts)?;
    let body = parts.iter().position(is_open_body);
    let mut problem = None;
    let pivots = match body {
        Some(body) => body..body.saturating_add(1),
        None => 0..parts.len().saturating_add(1),
    };
    for pivot in pivots.rev() {
        match around(parts, pivot, stamp) {
            Ok(fences) => {
                apply(parts, &fences);
                return inside(parts);
            }
            Err(blurred) => problem = problem.or(Some(blurred)),
        }
    }
    Err(problem.unwrap_or_else(|| Blurred { message: "the message cannot be taken apart".to_owned() }))
}

/// Fences for every top-level field but the pivot; `pivot == parts.len()`: the end of the message is what all others
/// are left of.
fn around(parts: &[Part], pivot: usize, stamp: Option<Format>) -> Result<Vec<Fence>, Blurred> {
    let after_pivot = pivot.saturating_add(1);
    if parts.iter().skip(after_pivot).any(|part| matches!(part, Part::Optional(_))) {
        return Err(Blurred {
            message: "an optional segment may not follow a field of any length".to_owned(),
        });
    }
    let mut fences = vec![Fence::default(); parts.len()];
    for (at, (part, own)) in parts.iter().zip(fences.iter_mut()).enumerate() {
        let Part::Field(field) = part else { continue };
        *own = field.fence;
        let before = at.checked_sub(1).and_then(|at| parts.get(at));
        let after = parts.get(at.saturating_add(1));
        let (near, edge) = match at.cmp(&pivot) {
            std::cmp::Ordering::Equal => continue,
            std::cmp::Ordering::Less => (after, after.and_then(Part::text).and_then(|text| text.first())),
            std::cmp::Ordering::Greater => (before, before.and_then(Part::text).and_then(|text| text.last())),
        };
        let left = at < pivot;
        match (extent(field, stamp), near) {
            (Extent::Fixed | Extent::Date, _) => {}
            (Extent::Quoted, _) | (Extent::Method | Extent::Free, None) if left => {}
            (Extent::Method, Some(Part::Field(next))) if left && begins_like_a_url(next) => {}
            (Extent::Free, Some(Part::Field(next))) if left && field.fence.id && is_date(next, stamp) => {
                own.no_date = true;
            }
            (Extent::Quoted | Extent::Method | Extent::Free, _) => match edge {
                Some(byte) => own.byte = Some(*byte),
                None => return Err(blurred(field, near)),
            },
        }
    }
    urls(parts, pivot, stamp, &mut fences)?;
    Ok(fences)
}

/// A URL holds the request's own query, so its end is the caller's to choose. It is told from the body by what no URL
/// holds: the body begins with such a byte (JSON does), or, before a URL, does not end in another one.
fn urls(parts: &[Part], pivot: usize, stamp: Option<Format>, fences: &mut [Fence]) -> Result<(), Blurred> {
    for (at, part) in parts.iter().enumerate() {
        let Part::Field(field) = part else { continue };
        if at == pivot || !is_open_url(field) {
            continue;
        }
        let mut between: Vec<usize> = (0..at).rev().collect();
        if at < pivot {
            between = (at.saturating_add(1)..parts.len()).collect();
        }
        let runs_on = |other: &usize| match parts.get(*other) {
            Some(Part::Text(text)) => text.iter().all(|byte| is_url_byte(*byte)),
            Some(Part::Field(next)) => is_of_url_bytes(next, stamp),
            Some(Part::Optional(_)) | None => false,
        };
        let Some(beside) = between.into_iter().find(|other| !runs_on(other)) else { continue };
        match parts.get(beside) {
            Some(Part::Text(_)) | None => {}
            // The provider joins names and values of a form without anything between them: where such a text begins
            // nobody can tell, and no fence would let the provider's own requests pass.
            Some(form) if beside == pivot && is_sorted_form(form) => {}
            Some(body) if beside == pivot && is_open_body(body) => {
                if let Some(body) = fences.get_mut(beside) {
                    body.after_url |= at < pivot;
                    body.before_url |= at > pivot;
                }
            }
            near @ Some(Part::Field(_) | Part::Optional(_)) => return Err(blurred(field, near)),
        }
        if let Some(own) = fences.get_mut(at) {
            own.url = true;
        }
    }
    Ok(())
}

/// A URL whose end the caller can choose: with its query, and not hashed or quoted.
fn is_open_url(field: &Field) -> bool {
    field.what == What::Url && matches!(field.filters.last(), Some(Filter::Lower) | None)
}

/// Whether the value shows its end on either side and holds only bytes of URLs.
fn is_of_url_bytes(field: &Field, stamp: Option<Format>) -> bool {
    match field.filters.last() {
        Some(Filter::Sha256Hex) => return true,
        Some(Filter::Sha256Raw | Filter::Json | Filter::Crc32) => return false,
        Some(Filter::Lower) | None => {}
    }
    field.what == What::Timestamp && matches!(stamp, Some(Format::Unix | Format::UnixMs | Format::Rfc3339))
}

/// Optional segments begin and end with text, consecutive ones and what follows them begin with different bytes,
/// hold no body and no time, and stand left of the body.
fn segments(parts: &[Part]) -> Result<(), Blurred> {
    let problem = |message: &str| Err(Blurred { message: message.to_owned() });
    for (at, part) in parts.iter().enumerate() {
        let Part::Optional(inside) = part else { continue };
        if !matches!((inside.first(), inside.last()), (Some(Part::Text(_)), Some(Part::Text(_)))) {
            return problem("an optional segment must begin and end with text");
        }
        if inside.iter().any(is_mandatory) {
            return problem("an optional segment may hold only fields of the head");
        }
        if parts.iter().take(at).any(is_open_body) {
            return problem("an optional segment may not follow the body");
        }
        let own = first_byte(part);
        let following = parts.iter().skip(at.saturating_add(1));
        let mut ended = false;
        for next in following {
            if first_byte(next).is_none() || first_byte(next) == own {
                return problem("an optional segment must begin differently from what follows it");
            }
            ended = !matches!(next, Part::Optional(_));
            if ended {
                break;
            }
        }
        if !ended && parts.iter().skip(at.saturating_add(1)).any(|next| !matches!(next, Part::Optional(_))) {
            return problem("an optional segment must be followed by text");
        }
    }
    Ok(())
}

/// Fences inside optional segments: each field ends at the text after it.
fn inside(parts: &mut [Part]) -> Result<(), Blurred> {
    for part in parts {
        let Part::Optional(inside) = part else { continue };
        let edges: Vec<Option<u8>> =
            inside.iter().skip(1).map(|next| next.text().and_then(|text| text.first().copied())).collect();
        for (part, edge) in inside.iter_mut().zip(edges) {
            if let Part::Field(field) = part {
                field.fence.byte = Some(edge.ok_or_else(|| blurred(field, None))?);
            }
        }
    }
    Ok(())
}

fn apply(parts: &mut [Part], fences: &[Fence]) {
    for (part, fence) in parts.iter_mut().zip(fences) {
        if let Part::Field(field) = part {
            field.fence = *fence;
        }
    }
}

fn extent(field: &Field, stamp: Option<Format>) -> Extent {
    match field.filters.last() {
        Some(Filter::Sha256Hex | Filter::Sha256Raw) => return Extent::Fixed,
        Some(Filter::Json) => return Extent::Quoted,
        Some(Filter::Crc32) => return Extent::Free,
        Some(Filter::Lower) | None => {}
    }
    match (&field.what, stamp) {
        (What::Timestamp, Some(format)) if format.has_fixed_length() => Extent::Fixed,
        (What::Timestamp, Some(Format::Rfc3339)) => Extent::Date,
        (What::Url | What::UrlNoQuery | What::Secret, _) => Extent::Fixed,
        (What::Method, _) => Extent::Method,
        (What::Timestamp | What::Body | What::FormSorted(_) | What::Path | What::At(_), _) => Extent::Free,
    }
}

fn is_date(field: &Field, stamp: Option<Format>) -> bool {
    extent(field, stamp) == Extent::Date
}

fn begins_like_a_url(field: &Field) -> bool {
    matches!(field.what, What::Url | What::UrlNoQuery | What::Path) && field.filters.is_empty()
}

/// The body itself, whole or as a JSON string.
fn is_open_body(part: &Part) -> bool {
    match part {
        Part::Field(field) => {
            matches!(field.what, What::Body | What::FormSorted(_))
                && !matches!(
                    field.filters.last(),
                    Some(Filter::Sha256Hex | Filter::Sha256Raw | Filter::Crc32)
                )
        }
        Part::Text(_) | Part::Optional(_) => false,
    }
}

fn is_sorted_form(part: &Part) -> bool {
    match part {
        Part::Field(field) => matches!(field.what, What::FormSorted(_)),
        Part::Text(_) | Part::Optional(_) => false,
    }
}

/// What may not be optional.
fn is_mandatory(part: &Part) -> bool {
    match part {
        Part::Field(field) => match &field.what {
            What::Body | What::FormSorted(_) | What::Timestamp | What::Secret => true,
            What::At(locator) => locator.is_in_body(),
            What::Method | What::Url | What::UrlNoQuery | What::Path => false,
        },
        Part::Optional(_) => true,
        Part::Text(_) => false,
    }
}

/// The byte a text or an optional segment begins with.
fn first_byte(part: &Part) -> Option<u8> {
    match part {
        Part::Text(text) => text.first().copied(),
        Part::Optional(inside) => inside.first().and_then(Part::text).and_then(|text| text.first().copied()),
        Part::Field(_) => None,
    }
}

fn blurred(field: &Field, near: Option<&Part>) -> Blurred {
    let other = match near {
        Some(Part::Field(near)) => near.what.to_string(),
        Some(Part::Text(_) | Part::Optional(_)) | None => "what stands beside it".to_owned(),
    };
    Blurred { message: format!("{} and {other} run into each other", field.what) }
}
