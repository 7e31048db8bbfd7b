//! The part of a scheme that says how a secret becomes a key.

use super::Problems;
use crate::scheme::key::{Derive, KeyForm, KeyRule, Kind};
use crate::scheme::spec::Spec;

/// Checks `key` against the kind it is for.
pub(super) fn key_rule(spec: &Spec, kind: Option<Kind>, found: &mut Problems) -> KeyRule {
    let form = form(spec, kind, found);
    let derive = Derive::parse(&spec.key.derive).unwrap_or_else(|| {
        let message = format!("{:?} is nothing that is made of a key", spec.key.derive);
        found.add("key.derive", message, "known are none, sha1, sha256 and aws4");
        Derive::None
    });
    let is_compared = kind.is_some_and(|kind| !kind.signs_message());
    if is_compared && (form != KeyForm::Utf8 || derive != Derive::None) {
        found.add("key.enc", "a token is compared as it is written".to_owned(), "leave it out");
    }
    if kind.is_some_and(Kind::is_public) && derive != Derive::None {
        found.add("key.derive", "a public key is used as it is".to_owned(), "leave it out");
    }
    for beginning in &spec.key.strip {
        if beginning.is_empty() {
            found.add("key.strip", "an empty beginning".to_owned(), "leave it out");
        }
        if beginning.starts_with('*') || beginning.matches('*').count() > 1 {
            found.add("key.strip", format!("{beginning:?}: one * after the first character"), "");
        }
    }
    KeyRule { form, strip: spec.key.strip.clone(), derive }
}

fn form(spec: &Spec, kind: Option<Kind>, found: &mut Problems) -> KeyForm {
    let written = spec.key.enc.as_str();
    let known = KeyForm::parse(written);
    let (known, hint) = match kind {
        Some(Kind::Public(algorithm, _)) => (known.filter(|form| algorithm.reads(*form)), PUBLIC),
        Some(Kind::Hmac(_) | Kind::Digest(_) | Kind::Token | Kind::Basic) | None => {
            (known.filter(|form| !form.is_public()), SECRET)
        }
    };
    known.unwrap_or_else(|| {
        found.add("key.enc", format!("{written:?} is no encoding of a key of this kind"), hint);
        KeyForm::Utf8
    })
}

const SECRET: &str = "known are utf8, base64 and hex";
const PUBLIC: &str = "known are pem, spki_b64, raw_hex, raw_b64 and jwks";
