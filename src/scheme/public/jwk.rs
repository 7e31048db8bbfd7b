//! JSON Web Key Sets (RFC 7517) of public keys, as a file holds them.
//!
//! Security: symmetric keys (`oct`) are never taken from a set: what can be read by all must not verify HMACs. A set
//! that holds a private key is refused whole.

use serde_json::{Map, Value};

use super::der;
use super::spki::{Bare, Curve};
use crate::scheme::encoding::Encoding;

/// Most keys of a set; large identity providers publish about ten.
const MOST_KEYS: usize = 32;

/// A key of a set.
#[derive(Clone, Debug)]
pub(super) struct Jwk {
    pub(super) key: Bare,
    /// What a token names it by.
    pub(super) id: Option<String>,
    /// The only algorithm it is for, where it says so.
    pub(super) algorithm: Option<String>,
}

/// The public keys for signatures in a set, or in a single key; `None` when the text is no set, one of its keys is
/// broken, private, or there are none or too many of them. Keys of kinds we do not know are left out.
pub(super) fn set(text: &[u8]) -> Option<Vec<Jwk>> {
    let set: Value = serde_json::from_slice(text).ok()?;
    let single = [set.clone()];
    let all = match set.get("keys") {
        Some(keys) => keys.as_array()?.as_slice(),
        None => &single,
    };
    if all.len() > MOST_KEYS {
        return None;
    }
    let mut keys = Vec::new();
    for one in all {
        let fields = one.as_object()?;
        if ["d", "p", "q", "k"].iter().any(|private| fields.contains_key(*private)) {
            return None;
        }
        if is_for_signatures(fields)
            && let Some(key) = bare(fields)?
        {
            let word = |name: &str| fields.get(name).and_then(Value::as_str).map(str::to_owned);
            keys.push(Jwk { key, id: word("kid"), algorithm: word("alg") });
        }
    }
    (!keys.is_empty()).then_some(keys)
}

fn is_for_signatures(fields: &Map<String, Value>) -> bool {
    let verifies = |ops: &Value| ops.as_array().is_some_and(|ops| ops.iter().any(|op| op == "verify"));
    fields.get("use").is_none_or(|usage| usage == "sig") && fields.get("key_ops").is_none_or(verifies)
}

/// The key itself; inside, `None` when its kind is not known.
fn bare(fields: &Map<String, Value>) -> Option<Option<Bare>> {
    let word = |name: &str| fields.get(name).and_then(Value::as_str);
    let bytes = |name: &str| Encoding::Base64Url.decode(word(name)?.as_bytes());
    let key = match (word("kty")?, word("crv")) {
        ("OKP", Some("Ed25519")) => Bare::Ed25519(bytes("x")?),
        ("RSA", _) => {
            let numbers = [der::integer(&bytes("n")?)?, der::integer(&bytes("e")?)?].concat();
            Bare::Rsa(der::written(der::SEQUENCE, &numbers)?)
        }
        ("EC", Some(name)) => {
            let curve = match name {
                "P-256" => Curve::P256,
                "P-384" => Curve::P384,
                "P-521" => Curve::P521,
                _ => return Some(None),
            };
            let (x, y) = (bytes("x")?, bytes("y")?);
            if x.len() != curve.width() || y.len() != curve.width() {
                return None;
            }
            Bare::Point(curve, [&[4], x.as_slice(), y.as_slice()].concat())
        }
        _ => return Some(None),
    };
    key.checked().map(Some)
}
