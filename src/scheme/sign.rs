//! The provider's side: makes what a request needs to be accepted. For the `send` command and tests; never on the way
//! of a request.

mod place;

use std::borrow::Cow;
use std::fmt;

use http::HeaderMap;
use http::header::{HeaderName, HeaderValue};

use super::candidates::{Item, Take};
use super::code::{CodeHead, Draft, Order, UNSIGNED};
use super::encoding::Encoding;
use super::key::{Key, Kind, Lane};
use super::locator::{Locator, Source};
use super::message::{Piece, View};
use super::public::Jwa;
use super::rules::Rules;
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
    /// Keys of this scheme are public, and this one only verifies.
    PublicKey,
    /// The scheme would refuse what the request holds, or finds what it signs absent.
    Unfit(Refusal),
}

/// A request as its provider would send it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivered {
    /// Headers that were added.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Path and query.
    pub path_and_query: String,
    /// The body.
    pub body: Vec<u8>,
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
    if !rules.sig.iter().any(is_header) {
        return Err(SignProblem::NotInHeader);
    }
    let made = deliver(rules, key, delivery, now)?;
    if made.path_and_query != delivery.head.path_and_query {
        return Err(SignProblem::Unfit(Refusal::Missing));
    }
    if made.body != delivery.body { Err(SignProblem::Unfit(Refusal::BodyShape)) } else { Ok(made.headers) }
}

/// See [`Plan::deliver`](super::Plan::deliver).
pub(super) fn deliver(
    rules: &Rules,
    key: &Key,
    delivery: &Delivery<'_>,
    now: Wall,
) -> Result<Delivered, SignProblem> {
    if !rules.reading.kind.signs_with(key) {
        let is_public = rules.reading.kind.is_public();
        return Err(if is_public { SignProblem::PublicKey } else { SignProblem::WrongKey });
    }
    let mut made = Made::new(delivery);
    if let Some(code) = &rules.code
        && let Some(body) = code.signed(&made.body, &|message| encoded(rules, key, message))
    {
        return Ok(Delivered { headers: made.new, path_and_query: made.target, body });
    }
    let draft = drafted(rules, key, delivery, now)?;
    let is_placed = rules.sig.is_empty() || draft.value.is_some() || draft.headers.iter().any(is_unsigned);
    for (name, value) in &draft.headers {
        made.header(&HeaderName::from_static(name), value.as_bytes())?;
    }
    if let Some(body) = draft.body {
        made.body = body;
    }
    for (locator, text) in rules.require.iter().filter(|(place, _)| is_header(place) || rules.code.is_some())
    {
        made.put(locator, text)?;
    }
    let mut beside = Written::new();
    let time = rules.stamp.as_ref().map(|stamp| stamp.format.write(now)).unwrap_or_default();
    match rules.stamp.as_ref().and_then(|stamp| stamp.from.first()) {
        Some(Locator::Item(item)) => beside.push((item.clone(), time)),
        Some(place) => made.put(place, time.as_bytes())?,
        None => {}
    }
    fill(&rules.message, delivery.id, &mut made, &mut beside)?;
    let unsigned = draft.value.map_or_else(|| written(rules, &beside, None), String::into_bytes);
    let text = text(rules, key, &made, (delivery, &unsigned, now))?;
    let signature = [rules.reading.prefix.as_bytes(), &text].concat();
    let place = rules.sig.iter().find(|place| is_header(place)).or(rules.sig.first());
    match place {
        Some(place) if !is_placed => made.put(place, &written(rules, &beside, Some(&signature)))?,
        Some(place) if !unsigned.is_empty() => made.put(place, &unsigned)?,
        Some(_) => {}
        None => {}
    }
    if is_placed {
        made.replace(UNSIGNED, &signature)?;
    }
    Ok(Delivered { headers: made.new, path_and_query: made.target, body: made.body })
}

/// What code puts into a delivery before it is signed.
fn drafted(rules: &Rules, key: &Key, delivery: &Delivery<'_>, now: Wall) -> Result<Draft, SignProblem> {
    let Some(code) = &rules.code else { return Ok(Draft::default()) };
    let token = |among: &[Jwa]| key.token(among);
    let order = Order { head: delivery.head, body: delivery.body, id: delivery.id, now, token: &token };
    code.draft(&order).map_err(SignProblem::Unfit)
}

fn is_unsigned((_, value): &(&'static str, String)) -> bool {
    value.contains(UNSIGNED)
}

/// The signature as it is written, without its prefix.
fn text(
    rules: &Rules,
    key: &Key,
    made: &Made,
    (delivery, unsigned, now): (&Delivery<'_>, &[u8], Wall),
) -> Result<Vec<u8>, SignProblem> {
    Ok(match rules.reading.kind {
        Kind::Token => key.secret.expose().to_vec(),
        Kind::Basic => {
            let credentials = Encoding::Base64.encode(key.secret.expose());
            format!("Basic {credentials}").into_bytes()
        }
        Kind::Hmac(_) | Kind::Digest(_) | Kind::Public(..) => {
            let values = [Cow::Borrowed(unsigned)];
            let source = Source {
                head: made.head(delivery),
                body: Some(&made.body),
                items: &rules.items,
                signatures: &values,
            };
            let tag = tag(rules, key, source, now).map_err(SignProblem::Unfit)?;
            rules.reading.encoding.encode(&tag).into_bytes()
        }
    })
}

/// A message's signature as it is written.
fn encoded(rules: &Rules, key: &Key, message: &[u8]) -> String {
    let mut lane = Lane::new(key);
    lane.put(message);
    let signature = lane.finish().made().unwrap_or_default();
    format!("{}{}", rules.reading.prefix, rules.reading.encoding.encode(&signature))
}

fn is_header(place: &Locator) -> bool {
    match place {
        Locator::Header(_) | Locator::Numbered(_) => true,
        Locator::Query(_) | Locator::Form(_) | Locator::FormOnly(_) | Locator::Json(_) | Locator::Item(_) => {
            false
        }
    }
}

struct Made {
    /// The request's headers with ours.
    headers: HeaderMap,
    /// Ours.
    new: Vec<(HeaderName, HeaderValue)>,
    target: String,
    body: Vec<u8>,
}

impl Made {
    fn new(delivery: &Delivery<'_>) -> Self {
        Self {
            headers: delivery.head.headers.clone(),
            new: Vec::new(),
            target: delivery.head.path_and_query.to_owned(),
            body: delivery.body.to_vec(),
        }
    }

    fn head<'m>(&'m self, delivery: &Delivery<'m>) -> SignedHead<'m> {
        SignedHead { headers: &self.headers, path_and_query: &self.target, ..delivery.head }
    }

    /// Puts a value to its place unless the request has one there.
    fn put(&mut self, place: &Locator, value: &[u8]) -> Result<(), SignProblem> {
        let first = |beginning: &String| HeaderName::try_from(format!("{beginning}1")).ok();
        match place {
            Locator::Header(name) => self.header(name, value)?,
            Locator::Numbered(beginning) => {
                let name = first(beginning).ok_or(SignProblem::NotAHeader)?;
                self.header(&name, value)?;
            }
            Locator::Query(name) => self.target = place::query(&self.target, name, value),
            Locator::Form(name) | Locator::FormOnly(name) => {
                self.body = place::form(&self.body, name, value);
            }
            Locator::Json(path) => {
                self.body =
                    place::json(&self.body, path, value).ok_or(SignProblem::Unfit(Refusal::BodyShape))?;
            }
            Locator::Item(_) => {}
        }
        Ok(())
    }

    /// Puts the signature where the draft has a place for it.
    fn replace(&mut self, place: &str, signature: &[u8]) -> Result<(), SignProblem> {
        let text = std::str::from_utf8(signature).map_err(|_| SignProblem::NotAHeader)?;
        for (_, value) in &mut self.new {
            if let Ok(old) = value.to_str()
                && old.contains(place)
            {
                *value =
                    HeaderValue::from_str(&old.replace(place, text)).map_err(|_| SignProblem::NotAHeader)?;
            }
        }
        if let Ok(body) = std::str::from_utf8(&self.body)
            && body.contains(place)
        {
            self.body = body.replace(place, text).into_bytes();
        }
        Ok(())
    }

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

/// Gives the delivery's id to every place the message needs that is not filled yet; of what is optional only to the
/// id's own.
fn fill(parts: &[Part], id: &str, made: &mut Made, beside: &mut Written) -> Result<(), SignProblem> {
    for part in parts {
        let segment = matches!(part, Part::Optional(_));
        for field in part.fields() {
            if !field.fence.id && (segment || field.optional) {
                continue;
            }
            match field.what.place() {
                Some(Locator::Item(item)) if !beside.iter().any(|(known, _)| known == item) => {
                    beside.push((item.clone(), id.to_owned()));
                }
                Some(Locator::Item(_)) | None => {}
                Some(place) => made.put(place, id.as_bytes())?,
            }
        }
    }
    Ok(())
}

fn tag(rules: &Rules, key: &Key, source: Source<'_>, now: Wall) -> Result<Vec<u8>, Refusal> {
    let mut lane = Lane::new(key);
    let time = rules.stamp.as_ref().map(|stamp| stamp.read(&source)).transpose()?;
    let time = time.as_ref().map(|(text, _)| text.as_slice());
    if let Some(code) = &rules.code {
        let reader = code.begin(&CodeHead { head: source.head, now, values: source.signatures, time })?;
        let claims = reader.finish(source.body.unwrap_or_default())?;
        let claim = claims.first().ok_or(Refusal::Missing)?;
        lane = Lane::stepped(key, &claim.steps).ok_or(Refusal::Wrong)?;
        lane.put(claim.messages.first().ok_or(Refusal::Missing)?);
    } else {
        let view = View { rules, source, time };
        view.pieces(&rules.message, &mut |piece| match piece {
            Piece::Bytes(bytes) => lane.put(&bytes),
            Piece::Secret => lane.put_secret(),
            Piece::Later(_) => {}
        })?;
    }
    lane.finish().made().ok_or(Refusal::Wrong)
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

impl fmt::Display for SignProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotInHeader => f.write_str("the signature of this scheme does not stand in a header"),
            Self::NotAHeader => f.write_str("the secret or the id cannot stand in a header"),
            Self::WrongKey => f.write_str("the key was made for another scheme"),
            Self::PublicKey => {
                f.write_str("keys of this scheme are public: only who has the private one can sign")
            }
            Self::Unfit(refusal) => write!(f, "the request cannot be signed by this scheme: {refusal}"),
        }
    }
}
