//! What a scheme signs: checks the template of its message against the rest of the scheme. Called by `compile`.

use super::boundaries;
use super::compile::{Problems, has_several};
use super::locator::Locator;
use super::rules::Stamp;
use super::spec::Spec;
use super::template::{self, Field, Filter, Part, What};

/// The message's parts with their fences; every problem goes to `found`.
pub(super) fn message(
    spec: &Spec,
    stamp: Option<&Stamp>,
    id: Option<&Locator>,
    found: &mut Problems,
) -> Vec<Part> {
    let mut parts = match template::parse(&spec.msg) {
        Ok(parts) => parts,
        Err(problems) => {
            for problem in problems {
                found.add("msg", problem.message, &problem.hint);
            }
            return Vec::new();
        }
    };
    mark(&mut parts, stamp, id);
    let fields: Vec<&Field> = parts.iter().flat_map(Part::fields).collect();
    if !fields.iter().any(|field| field.what != What::Secret) {
        found.add("msg", "the message holds nothing of the request".to_owned(), "for example {body}");
    }
    if fields.iter().filter(|field| is_body(field)).count() > 1 {
        found.add("msg", "the body stands in the message twice".to_owned(), "once is enough");
    }
    if fields.iter().filter_map(|field| field.what.place()).any(has_several) {
        found.add("msg", "a field of the message has one place".to_owned(), "name it without *");
    }
    time(spec, stamp, &parts, found);
    if let Err(blurred) = boundaries::fence(&mut parts, stamp.map(|stamp| stamp.format)) {
        found.add(
            "msg",
            blurred.message,
            "put text between them, as the provider must for its signature to be safe",
        );
    }
    parts
}

/// The same for a plain hash, which proves nothing unless it holds the secret.
pub(super) fn digest(
    spec: &Spec,
    stamp: Option<&Stamp>,
    id: Option<&Locator>,
    found: &mut Problems,
) -> Vec<Part> {
    let mut parts = message(spec, stamp, id, found);
    if !holds_secret(&parts) {
        found.add(
            "msg",
            "a digest without {secret} can be made by anyone".to_owned(),
            "for example {secret}{body}",
        );
    }
    without_nul(&mut parts);
    parts
}

/// A signature cannot be part of what it signs: nobody could make it, and every delivery would be refused.
pub(super) fn apart(sig: &[Locator], parts: &[Part], found: &mut Problems) {
    let fields: Vec<&Field> = parts.iter().flat_map(Part::fields).collect();
    let whole = |field: &&Field| is_body(field) || matches!(field.what, What::At(Locator::FormOnly(_)));
    if sig.iter().any(Locator::is_in_body) && fields.iter().any(whole) {
        found.add(
            "sig",
            "the signature stands in the body, all of which it signs: nobody can make such a one".to_owned(),
            "sign fields of the body ({json:…}, {form:…}), or say which header it stands in",
        );
    }
    if fields.iter().filter_map(|field| field.what.place()).any(|place| sig.contains(place)) {
        found.add(
            "msg",
            "the message holds its own signature: nobody can make such a one".to_owned(),
            "sign another place than that of the signature",
        );
    }
}

/// A time must be signed, and what is signed as a time must have a place.
fn time(spec: &Spec, stamp: Option<&Stamp>, parts: &[Part], found: &mut Problems) {
    let fields: Vec<&Field> = parts.iter().flat_map(Part::fields).collect();
    let beside = |locator: &Locator| matches!(locator, Locator::Item(_));
    let from_beside = stamp.is_some_and(|stamp| stamp.from.iter().any(beside));
    if spec.split.is_none()
        && (from_beside || fields.iter().filter_map(|field| field.what.place()).any(beside))
    {
        found.add("split", "sig: needs items".to_owned(), "say with split what stands between them");
    }
    let named = fields.iter().any(|field| field.what == What::Timestamp);
    let timed = fields.iter().any(|field| field.what == What::Timestamp && field.binds());
    match stamp {
        None if named => {
            found.add("msg", "{timestamp} without a place it comes from".to_owned(), "say ts.from");
        }
        Some(stamp) if !timed && !is_signed_with_body(stamp, parts) => {
            let hint = "put {timestamp} into msg";
            found.add("ts.from", "the timestamp is not signed: anyone could renew it".to_owned(), hint);
        }
        Some(_) | None => {}
    }
}

/// Whether the time is part of a body that is signed.
fn is_signed_with_body(stamp: &Stamp, parts: &[Part]) -> bool {
    covers_body(parts) && stamp.from.iter().all(Locator::is_in_body)
}

/// Tells the fields apart that are the time or the id under another name.
fn mark(parts: &mut [Part], stamp: Option<&Stamp>, id: Option<&Locator>) {
    for part in parts {
        match part {
            Part::Text(_) => {}
            Part::Optional(inside) => mark(inside, stamp, id),
            Part::Field(field) => {
                let What::At(at) = &field.what else { continue };
                field.fence.id = Some(at) == id;
                if stamp.is_some_and(|stamp| stamp.from == [at.clone()]) && field.filters.is_empty() {
                    field.what = What::Timestamp;
                }
            }
        }
    }
}

/// Fences every value of a plain hash off from what such hashes can be extended by.
fn without_nul(parts: &mut [Part]) {
    for part in parts {
        match part {
            Part::Text(_) => {}
            Part::Optional(inside) => without_nul(inside),
            Part::Field(field) => field.fence.no_nul = true,
        }
    }
}

/// Whether the message holds the secret itself, always.
fn holds_secret(parts: &[Part]) -> bool {
    parts.iter().any(|part| match part {
        Part::Field(field) => field.what == What::Secret,
        Part::Text(_) | Part::Optional(_) => false,
    })
}

fn is_body(field: &Field) -> bool {
    matches!(field.what, What::Body | What::FormSorted(_))
}

/// Whether everything of the body that means something changes the message.
pub(super) fn covers_body(parts: &[Part]) -> bool {
    parts.iter().any(|part| match part {
        Part::Field(field) => {
            (is_body(field) || matches!(field.what, What::At(Locator::FormOnly(_))))
                && field.filters.iter().all(|filter| match filter {
                    Filter::Json | Filter::Sha256Hex | Filter::Sha256Raw => true,
                    Filter::Lower | Filter::Crc32 => false,
                })
        }
        Part::Text(_) | Part::Optional(_) => false,
    })
}
