//! From a scheme in words to the rules a request is judged by. Finds every problem, not the first; decides nothing at
//! run time. Called by `Plan::compile`.

use std::time::Duration;

use sha2::{Digest, Sha256};

use super::candidates::{Demand, Items, Reading, Take};
use super::encoding::Encoding;
use super::locator::Locator;
use super::mac::{Hash, KeyRule, Kind};
use super::plan::{Facts, Rules, Stamp};
use super::signed;
use super::spec::{Spec, SpecProblem, TsSpec};
use super::template::Part;
use super::timestamp::{Format, Window};

/// The default message; a token scheme may not say another.
const WHOLE_BODY: &str = "{body}";

/// Checks `spec` whole.
///
/// # Errors
/// Every problem found, in the order of the keys.
pub(super) fn compile(spec: &Spec) -> Result<Rules, Vec<SpecProblem>> {
    let mut found = Problems(Vec::new());
    let kind = kind(spec, &mut found);
    let sig = locators("sig", &spec.sig, &mut found);
    signature_places(spec, &sig, kind, &mut found);
    let items = items(spec, &mut found);
    let reading = Reading {
        kind: kind.unwrap_or(Kind::Token),
        demand: if sig.iter().any(is_plural) { Demand::Every } else { Demand::Any },
        prefix: spec.prefix.clone().unwrap_or_default(),
        encoding: encoding("enc", &spec.enc, &mut found),
    };
    let stamp = spec.ts.as_ref().map(|ts| stamp(ts, &mut found));
    let id = spec.id.as_ref().and_then(|text| locators("id", std::slice::from_ref(text), &mut found).pop());
    let require = require(spec, &mut found);
    let key = key_rule(spec, kind, &mut found);
    let message = match kind {
        Some(Kind::Token) => nothing_signed(spec, &mut found),
        Some(Kind::Hmac(_)) | None => signed::message(spec, stamp.as_ref(), id.as_ref(), &mut found),
    };
    if spec.name.is_empty() {
        found.add("name", "a scheme needs a name".to_owned(), "");
    }
    match kind {
        Some(_) if found.0.is_empty() => {
            let (memory, facts) = (memory(&spec.name), Facts::default());
            Ok(Rules { sig, items, reading, message, stamp, key, id, require, memory, facts }.with_facts())
        }
        Some(_) | None => Err(found.0),
    }
}

pub(super) struct Problems(Vec<SpecProblem>);

impl Problems {
    pub(super) fn add(&mut self, field: &'static str, message: String, hint: &str) {
        self.0.push(SpecProblem { field, message, hint: hint.to_owned() });
    }

    fn not_empty(&mut self, field: &'static str, text: Option<&String>) {
        if text.is_some_and(String::is_empty) {
            self.add(field, format!("{field} is empty"), "leave it out");
        }
    }
}

fn kind(spec: &Spec, found: &mut Problems) -> Option<Kind> {
    let hash = Hash::parse(&spec.hash);
    if hash.is_none() {
        found.add("hash", format!("{:?} is no hash", spec.hash), "known are sha1, sha256, sha384 and sha512");
    }
    match spec.kind.as_str() {
        "hmac" => hash.map(Kind::Hmac),
        "token" => Some(Kind::Token),
        later @ ("digest" | "ed25519" | "ecdsa_p256" | "rsa_pkcs1" | "jwt" | "basic") => {
            found.add(
                "kind",
                format!("{later:?} is not available in this version"),
                "available are hmac and token",
            );
            None
        }
        other => {
            found.add("kind", format!("{other:?} is no kind of scheme"), "available are hmac and token");
            None
        }
    }
}

fn locators(field: &'static str, texts: &[String], found: &mut Problems) -> Vec<Locator> {
    let mut known = Vec::new();
    for text in texts {
        match Locator::parse(text) {
            Ok(locator) if known.contains(&locator) => {
                found.add(field, format!("{text:?} stands twice"), "once is enough");
            }
            Ok(locator) => known.push(locator),
            Err(problem) => found.add(field, problem.message, &problem.hint),
        }
    }
    known
}

fn signature_places(spec: &Spec, sig: &[Locator], kind: Option<Kind>, found: &mut Problems) {
    if spec.sig.is_empty() {
        found.add("sig", "no place of the signature is given".to_owned(), "for example header:X-Signature");
    }
    if sig.iter().any(|locator| matches!(locator, Locator::Item(_))) {
        found.add(
            "sig",
            "sig: names an item of a signature, not its place".to_owned(),
            "name the header, and use field",
        );
    }
    if sig.iter().any(is_plural) {
        let divided = spec.split.is_some() || spec.field.is_some() || spec.pick.is_some();
        if kind != Some(Kind::Token) || divided || sig.len() > 1 {
            found.add("sig", "a path with * stands alone, in a scheme of kind token".to_owned(), "");
        }
    }
}

fn items(spec: &Spec, found: &mut Problems) -> Items {
    for (field, text) in [
        ("split", &spec.split),
        ("kv", &spec.kv),
        ("field", &spec.field),
        ("pick", &spec.pick),
        ("prefix", &spec.prefix),
    ] {
        found.not_empty(field, text.as_ref());
    }
    let take = match (&spec.field, spec.pick.as_deref()) {
        (Some(_), Some(_)) => {
            found.add("pick", "field and pick exclude each other".to_owned(), "leave one out");
            Take::All
        }
        (Some(name), None) => Take::Named(name.clone()),
        (None, Some("rest")) => Take::Rest,
        (None, Some("last")) => Take::Last,
        (None, Some(other)) => {
            found.add("pick", format!("{other:?} is no position"), "known are rest and last");
            Take::All
        }
        (None, None) => Take::All,
    };
    if spec.pick.is_some() && spec.split.is_none() {
        found.add("pick", "a position needs items".to_owned(), "say with split what stands between them");
    }
    let kv = spec.kv.clone().unwrap_or_else(|| "=".to_owned());
    Items { split: spec.split.clone(), kv, take }
}

fn encoding(field: &'static str, name: &str, found: &mut Problems) -> Encoding {
    Encoding::parse(name).unwrap_or_else(|| {
        found.add(field, format!("{name:?} is no encoding"), "known are hex, base64 and base64url");
        Encoding::Hex
    })
}

fn stamp(ts: &TsSpec, found: &mut Problems) -> Stamp {
    if ts.from.is_empty() {
        found.add(
            "ts.from",
            "no place of the timestamp is given".to_owned(),
            "for example header:X-Timestamp",
        );
    }
    let from = locators("ts.from", &ts.from, found);
    if from.iter().any(has_several) {
        found.add("ts.from", "a timestamp has one place".to_owned(), "name it without *");
    }
    if from.iter().any(Locator::is_in_body) && !from.iter().all(Locator::is_in_body) {
        found.add(
            "ts.from",
            "places in the head and in the body exclude each other".to_owned(),
            "name one kind",
        );
    }
    let format = Format::parse(&ts.fmt).unwrap_or_else(|| {
        let hint = "known are unix, unix_ms, auto, rfc3339 and http_date";
        found.add("ts.fmt", format!("{:?} is no format of a timestamp", ts.fmt), hint);
        Format::Unix
    });
    if ts.tol_s == Some(0) {
        found.add("ts.tol", "a tolerance of 0 refuses every message".to_owned(), "for example 300");
    }
    let window =
        Window { tolerance: ts.tol_s.map(Duration::from_secs), future: Duration::from_secs(ts.future_s) };
    Stamp { from, format, window }
}

fn require(spec: &Spec, found: &mut Problems) -> Vec<(Locator, Vec<u8>)> {
    let mut pinned = Vec::new();
    for (place, text) in &spec.require {
        let locator = locators("require", std::slice::from_ref(place), found).pop();
        if text.is_empty() || locator.as_ref().is_some_and(has_several) {
            found.add("require", format!("{place:?} must hold one text that is not empty"), "");
        }
        pinned.extend(locator.map(|locator| (locator, text.clone().into_bytes())));
    }
    pinned
}

fn key_rule(spec: &Spec, kind: Option<Kind>, found: &mut Problems) -> KeyRule {
    let encoding = match spec.key.enc.as_str() {
        "utf8" => None,
        later @ ("pem" | "spki_b64" | "raw_hex" | "raw_b64" | "jwks") => {
            let hint = "available are utf8, base64 and hex";
            found.add("key.enc", format!("{later:?} is not available in this version"), hint);
            None
        }
        other => match Encoding::parse(other) {
            Some(known @ (Encoding::Hex | Encoding::Base64)) => Some(known),
            Some(Encoding::Base64Url) | None => {
                found.add(
                    "key.enc",
                    format!("{other:?} is no encoding of a key"),
                    "known are utf8, base64 and hex",
                );
                None
            }
        },
    };
    if kind == Some(Kind::Token) && encoding.is_some() {
        found.add("key.enc", "a token is compared as it is written".to_owned(), "leave it out");
    }
    if spec.key.strip.iter().any(String::is_empty) {
        found.add("key.strip", "an empty beginning".to_owned(), "leave it out");
    }
    KeyRule { encoding, strip: spec.key.strip.clone() }
}

fn nothing_signed(spec: &Spec, found: &mut Problems) -> Vec<Part> {
    if spec.msg != WHOLE_BODY {
        found.add("msg", "a token signs no message".to_owned(), "leave msg out, or use kind hmac");
    }
    if spec.ts.is_some() {
        found.add("ts.from", "a token signs no timestamp".to_owned(), "leave ts out, or use kind hmac");
    }
    Vec::new()
}

/// Whether there can be more than one value.
pub(super) fn has_several(locator: &Locator) -> bool {
    is_plural(locator) || matches!(locator, Locator::Numbered(_))
}

fn is_plural(locator: &Locator) -> bool {
    match locator {
        Locator::Json(path) => path.is_plural(),
        Locator::Header(_)
        | Locator::Numbered(_)
        | Locator::Query(_)
        | Locator::Form(_)
        | Locator::Item(_) => false,
    }
}

/// The beginning of every replay id: the scheme's name, its length first.
fn memory(name: &str) -> Sha256 {
    let length = u64::try_from(name.len()).unwrap_or(u64::MAX);
    Sha256::new().chain_update(length.to_be_bytes()).chain_update(name)
}
