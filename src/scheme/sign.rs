//! The provider's side: makes the headers a request needs to be accepted. For the `send` command and tests; never on
//! the way of a request.

use std::borrow::Cow;
use std::fmt;

use http::HeaderMap;
use http::header::{HeaderName, HeaderValue};

use super::candidates::{Item, Take};
use super::locator::{Locator, Source};
use super::mac::{Key, Material};
use super::message::{Piece, View};
use super::plan::Rules;
use super::template::Part;
use super::{Delivery, Refusal, SignedHead};
use crate::base::clock::Wall;

/// Why a request cannot be signed by a scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignProblem {
    /// The signature stands in the query or the body, which are given.
    NotInHeader,
    /// What would be made cannot be a header value: a token or an id with control characters.
    NotAHeader,
    /// The key was made for another kind of scheme.
    WrongKey,
    /// The scheme would refuse what the request holds, or finds what it signs absent.
    Unfit(Refusal),
}

/// Items beside the signature, in the order they are written.
type Written = Vec<(Item, String)>;

/// See [`Plan::sign`](super::Plan::sign).
pub(super) fn sign(
    rules: &Rules,
    key: &Key,
    delivery: &Delivery<'_>,
    now: Wall,
) -> Result<Vec<(HeaderName, HeaderValue)>, SignProblem> {
    let place = rules.sig.iter().find_map(signature_header).ok_or(SignProblem::NotInHeader)?;
    if !rules.reading.kind.fits(key) {
        return Err(SignProblem::WrongKey);
    }
    let mut made = Made { headers: delivery.head.headers.clone(), new: Vec::new() };
    for (locator, text) in &rules.require {
        if let Locator::Header(name) = locator {
            made.header(name, text)?;
        }
    }
    let mut beside = Written::new();
    let time = rules.stamp.as_ref().map(|stamp| stamp.format.write(now)).unwrap_or_default();
    match rules.stamp.as_ref().and_then(|stamp| stamp.from.first()) {
        Some(Locator::Header(name)) => made.header(name, time.as_bytes())?,
        Some(Locator::Item(item)) => beside.push((item.clone(), time)),
        Some(Locator::Numbered(_) | Locator::Query(_) | Locator::Form(_) | Locator::Json(_)) | None => {}
    }
    fill(&rules.message, delivery.id, &mut made, &mut beside)?;
    let unsigned = written(rules, &beside, None);
    let tag = match &key.material {
        Material::Token(_) => key.secret.expose().to_vec(),
        Material::Mac(_) => {
            let head = SignedHead { headers: &made.headers, ..delivery.head };
            let values = [Cow::Borrowed(unsigned.as_slice())];
            let source = Source { head, body: Some(delivery.body), items: &rules.items, signatures: &values };
            let tag = tag(rules, key, source).map_err(SignProblem::Unfit)?;
            rules.reading.encoding.encode(&tag).into_bytes()
        }
    };
    let mut signature = rules.reading.prefix.clone().into_bytes();
    signature.extend_from_slice(&tag);
    made.header(&place, &written(rules, &beside, Some(&signature)))?;
    Ok(made.new)
}

struct Made {
    /// The request's headers with ours.
    headers: HeaderMap,
    /// Ours.
    new: Vec<(HeaderName, HeaderValue)>,
}

impl Made {
    /// Adds a header unless the request has it.
    fn header(&mut self, name: &HeaderName, value: &[u8]) -> Result<(), SignProblem> {
        if self.headers.contains_key(name) {
            return Ok(());
        }
        let value = HeaderValue::from_bytes(value).map_err(|_| SignProblem::NotAHeader)?;
        self.headers.insert(name.clone(), value.clone());
        self.new.push((name.clone(), value));
        Ok(())
    }
}

/// Gives the delivery's id to every header and item the message needs that is not there yet; of what is optional
/// only to the id's own place.
fn fill(parts: &[Part], id: &str, made: &mut Made, beside: &mut Written) -> Result<(), SignProblem> {
    for part in parts {
        let optional = matches!(part, Part::Optional(_));
        for field in part.fields().into_iter().filter(|field| field.fence.id || !optional) {
            match field.what.place() {
                Some(Locator::Header(name)) => made.header(name, id.as_bytes())?,
                Some(Locator::Item(item)) if !beside.iter().any(|(known, _)| known == item) => {
                    beside.push((item.clone(), id.to_owned()));
                }
                Some(
                    Locator::Item(_)
                    | Locator::Numbered(_)
                    | Locator::Query(_)
                    | Locator::Form(_)
                    | Locator::Json(_),
                )
                | None => {}
            }
        }
    }
    Ok(())
}

fn tag(rules: &Rules, key: &Key, source: Source<'_>) -> Result<Vec<u8>, Refusal> {
    let Material::Mac(mac) = &key.material else { return Err(Refusal::Wrong) };
    let mut mac = mac.clone();
    let time = rules.stamp.as_ref().map(|stamp| stamp.read(&source)).transpose()?;
    let view = View { rules, source, time: time.as_ref().map(|(text, _)| text.as_slice()) };
    view.pieces(&rules.message, &mut |piece| match piece {
        Piece::Bytes(bytes) => mac.update(&bytes),
        Piece::Secret => mac.update(key.secret.expose()),
        Piece::Later(_) => {}
    })?;
    Ok(mac.finish().bytes().to_vec())
}

/// The signature value: the items beside, then the signature; without it while it is not made yet.
fn written(rules: &Rules, beside: &Written, signature: Option<&[u8]>) -> Vec<u8> {
    let kv = rules.items.kv.as_bytes();
    let named = |name: &str, value: &[u8]| [name.as_bytes(), kv, value].concat();
    let positions = beside.iter().filter_map(|(item, _)| match item {
        Item::At(position) => Some(position.saturating_add(1)),
        Item::Named(_) => None,
    });
    let mut items = vec![Vec::new(); positions.max().unwrap_or(0).min(MOST_POSITIONS)];
    for (item, value) in beside {
        match item {
            Item::At(position) => {
                if let Some(place) = items.get_mut(*position) {
                    *place = value.clone().into_bytes();
                }
            }
            Item::Named(name) => items.push(named(name, value.as_bytes())),
        }
    }
    if items.is_empty() && rules.items.take == Take::Rest {
        items.push(b"-".to_vec());
    }
    items.extend(signature.map(|signature| match &rules.items.take {
        Take::Named(name) => named(name, signature),
        Take::All | Take::Rest | Take::Last => signature.to_vec(),
    }));
    items.join(rules.items.split.as_deref().unwrap_or_default().as_bytes())
}

/// Most positional items written before a signature.
const MOST_POSITIONS: usize = 16;

fn signature_header(locator: &Locator) -> Option<HeaderName> {
    match locator {
        Locator::Header(name) => Some(name.clone()),
        Locator::Numbered(beginning) => HeaderName::try_from(format!("{beginning}1")).ok(),
        Locator::Query(_) | Locator::Form(_) | Locator::Json(_) | Locator::Item(_) => None,
    }
}

impl fmt::Display for SignProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotInHeader => f.write_str("the signature of this scheme does not stand in a header"),
            Self::NotAHeader => f.write_str("the secret or the id cannot stand in a header"),
            Self::WrongKey => f.write_str("the key was made for another scheme"),
            Self::Unfit(refusal) => write!(f, "the request cannot be signed by this scheme: {refusal}"),
        }
    }
}
