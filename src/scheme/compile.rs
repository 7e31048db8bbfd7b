//! From a scheme in words to the rules a request is judged by. Finds every problem, not the first; decides nothing at
//! run time. Called by `Plan::compile`.

use std::sync::Arc;
use std::time::Duration;

use super::candidates::{Demand, Items, Reading, Take};
use super::code::{self, Code};
use super::encoding::Encoding;
use super::key::Kind;
use super::locator::Locator;
use super::mac::{Hash, Opening};
use super::public;
use super::rules::{Facts, Rules, Stamp};
use super::signed;
use super::spec::{Spec, SpecProblem, TsSpec};
use super::template::Part;
use super::timestamp::{Format, Window};
use super::when::When;

mod keys;

/// The default message; a token scheme may not say another.
const WHOLE_BODY: &str = "{body}";

/// Checks `spec` whole.
///
/// # Errors
/// Every problem found, in the order of the keys.
pub(super) fn compile(spec: &Spec) -> Result<Rules, Vec<SpecProblem>> {
    let mut found = Problems(Vec::new());
    let kind = kind(spec, &mut found);
    let sig = signature_places(spec, kind, &mut found);
    let items = items(spec, &mut found);
    let reading = Reading {
        kind: kind.unwrap_or(Kind::Token),
        demand: if sig.iter().any(is_plural) { Demand::Every } else { Demand::Any },
        prefix: if is_token(spec) { String::new() } else { spec.prefix.clone().unwrap_or_default() },
        encoding: match is_token(spec) {
            true => Encoding::Base64Url,
            false => encoding("enc", &spec.enc, &mut found),
        },
    };
    let stamp = spec.ts.as_ref().map(|ts| stamp(ts, &mut found));
    let id = spec.id.as_ref().and_then(|text| locators("id", std::slice::from_ref(text), &mut found).pop());
    let require = require(spec, &mut found);
    let key = keys::key_rule(spec, kind, &mut found);
    let code = code(spec, &mut found);
    let message = match (kind, &code) {
        (Some(kind), _) if !kind.signs_message() => nothing_signed(spec, &mut found),
        (_, Some(_)) => told_by_code(spec, &mut found),
        (Some(Kind::Digest(_)), None) => signed::digest(spec, stamp.as_ref(), id.as_ref(), &mut found),
        (Some(_) | None, None) => signed::message(spec, stamp.as_ref(), id.as_ref(), &mut found),
    };
    signed::apart(&sig, &message, &mut found);
    let when = When::parse(&spec.when, &mut found);
    let decoded = decoded(spec, &mut found);
    for (name, example) in &spec.asks {
        if !spec.options.iter().any(|(given, _)| given == name) {
            let message = format!("{name} must be given: only you know it");
            found.add("options", message, &format!("write options: {{{name}: {example:?}}}"));
        }
    }
    if spec.name.is_empty() {
        found.add("name", "a scheme needs a name".to_owned(), "");
    }
    match kind {
        Some(_) if found.0.is_empty() => {
            let (memory, facts) = (Arc::new(Opening::new(&spec.name)), Facts::default());
            let rules = Rules {
                sig,
                items,
                reading,
                message,
                stamp,
                key,
                id,
                require,
                code,
                when,
                decoded,
                memory,
                facts,
            };
            rules.with_facts().map_err(|problem| vec![problem])
        }
        Some(_) | None => Err(found.0),
    }
}

/// Checks that several schemes can share their keys, and a message remembered for one is known to all.
///
/// # Errors
/// [`SpecProblem`] of the first that cannot.
pub(super) fn joined(mut all: Vec<Rules>) -> Result<Vec<Rules>, SpecProblem> {
    let Some(first) = all.first().cloned() else {
        let message = "no scheme is given".to_owned();
        return Err(SpecProblem { field: "sig", message, hint: String::new() });
    };
    for other in all.iter_mut().skip(1) {
        if !first.reading.kind.is_same(other.reading.kind) || first.key != other.key {
            return Err(SpecProblem {
                field: "key",
                message: "schemes that are chosen from by request share kind, hash and key".to_owned(),
                hint: "make them two routes".to_owned(),
            });
        }
        if !other.when.is_conditional() {
            return Err(SpecProblem {
                field: "when",
                message: "every scheme but the first says when it counts".to_owned(),
                hint: "for example when: {content_type: form}".to_owned(),
            });
        }
        other.memory = Arc::clone(&first.memory);
    }
    Ok(all)
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
        "digest" => hash.map(Kind::Digest),
        "token" => Some(Kind::Token),
        "basic" => Some(Kind::Basic),
        other => {
            let Some(algorithm) = public::algorithm(other) else {
                let names: Vec<&str> =
                    ["hmac", "digest", "token", "basic"].into_iter().chain(public::names()).collect();
                let hint = format!("available are {}", names.join(", "));
                found.add("kind", format!("{other:?} is no kind of scheme in this version"), &hint);
                return None;
            };
            if let Some(hash) = hash
                && !algorithm.takes(hash)
            {
                let message = format!("{:?} signs through no {:?}", other, spec.hash);
                found.add("hash", message, "leave it out, or take another hash");
            }
            hash.map(|hash| Kind::Public(algorithm, hash))
        }
    }
}

/// Whether signatures are those of JSON Web Tokens, which have one form.
fn is_token(spec: &Spec) -> bool {
    spec.kind == public::JWT
}

fn code(spec: &Spec, found: &mut Problems) -> Option<Arc<dyn Code>> {
    let usual = is_token(spec).then_some(public::JWT);
    let name = spec.code.as_deref().or(usual);
    if let Some(name) = name
        && is_token(spec) != (name == public::JWT)
    {
        let message = format!("kind {} and code {name} do not fit", spec.kind);
        found.add("code", message, "kind jwt and code jwt belong together");
        return None;
    }
    let Some(name) = name else {
        if let Some((option, _)) = spec.options.first() {
            found.add("options", format!("{option:?}: this scheme has no options"), "leave them out");
        }
        return None;
    };
    match code::make(name, spec) {
        Some(Ok(code)) if code.facts().identifies != (spec.kind == "token") => {
            let message = format!("kind {} and code {name} do not fit", spec.kind);
            found.add("code", message, "leave code out, or take the kind of a preset that has it");
            None
        }
        Some(Ok(code)) if code.facts().identifies && !spec.sig.is_empty() => {
            found.add("sig", format!("code {name} finds what is compared itself"), "leave sig out");
            None
        }
        Some(Ok(code)) => Some(code),
        Some(Err(problems)) => {
            found.0.extend(problems);
            None
        }
        None => {
            let hint = format!("known are {}", code::names().collect::<Vec<_>>().join(", "));
            found.add("code", format!("{name:?} is no code scheme"), &hint);
            None
        }
    }
}

/// Code says what is signed: a template beside it would not be followed.
fn told_by_code(spec: &Spec, found: &mut Problems) -> Vec<Part> {
    if spec.msg != WHOLE_BODY {
        found.add("msg", "the code of this scheme says what is signed".to_owned(), "leave msg out");
    }
    if spec.ts.as_ref().is_some_and(|ts| ts.from.iter().any(|from| from.starts_with("sig:"))) {
        found.add("ts.from", "beside code the time does not stand in the signature".to_owned(), "");
    }
    Vec::new()
}

fn decoded(spec: &Spec, found: &mut Problems) -> bool {
    match spec.body.as_str() {
        "raw" => false,
        "decoded" => {
            if spec.code.is_some() || spec.kind == "token" || spec.kind == "basic" {
                found.add("body", "only a message made by msg can be of the decoded body".to_owned(), "");
            }
            true
        }
        other => {
            found.add("body", format!("{other:?} is no form of the body"), "known are raw and decoded");
            false
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

fn signature_places(spec: &Spec, kind: Option<Kind>, found: &mut Problems) -> Vec<Locator> {
    let is_basic = matches!(kind, Some(Kind::Basic));
    let usual = ["header:Authorization".to_owned()];
    let texts = if is_basic && spec.sig.is_empty() { &usual[..] } else { &spec.sig[..] };
    let sig = locators("sig", texts, found);
    if texts.is_empty() && spec.code.is_none() {
        found.add("sig", "no place of the signature is given".to_owned(), "for example header:X-Signature");
    }
    if sig.iter().any(|locator| matches!(locator, Locator::Item(_))) {
        found.add(
            "sig",
            "sig: names an item of a signature, not its place".to_owned(),
            "name the header, and use field",
        );
    }
    let divided = spec.split.is_some() || spec.field.is_some() || spec.pick.is_some();
    if sig.iter().any(is_plural) && (!matches!(kind, Some(Kind::Token)) || divided || sig.len() > 1) {
        found.add("sig", "a path with * stands alone, in a scheme of kind token".to_owned(), "");
    }
    if is_basic && (divided || spec.prefix.is_some()) {
        found.add("prefix", "credentials of kind basic have one form".to_owned(), "leave it out");
    }
    sig
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
        let hint = "known are unix, unix_ms, auto, rfc3339, http_date and iso_basic";
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

fn nothing_signed(spec: &Spec, found: &mut Problems) -> Vec<Part> {
    if spec.msg != WHOLE_BODY {
        found.add("msg", "a token signs no message".to_owned(), "leave msg out, or use kind hmac");
    }
    if spec.ts.is_some() {
        found.add("ts.from", "a token signs no timestamp".to_owned(), "leave ts out, or use kind hmac");
    }
    if spec.code.is_some() && spec.kind != "token" {
        found.add("code", "credentials sign no message".to_owned(), "leave code out");
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
        | Locator::FormOnly(_)
        | Locator::Item(_) => false,
    }
}
