//! Dropbox Sign: a JSON text in a form, which carries a hash over its event's time and type and nothing else.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::{
    Claim, Code, CodeFacts, CodeHead, Compiled, Draft, FORM, Order, Reader, UNSIGNED, multipart, no_options,
};
use crate::scheme::Refusal;
use crate::scheme::form;
use crate::scheme::json::Path;
use crate::scheme::spec::Spec;
use crate::scheme::when::media_type;

/// The form's field.
const FIELD: &str = "json";

/// Makes the scheme; it has no options.
pub(super) fn make(spec: &Spec) -> Compiled {
    no_options(spec)?;
    Ok(Arc::new(DropboxSign))
}

#[derive(Debug)]
struct DropboxSign;

/// Where the JSON text stands.
enum Place {
    /// In the only field of a multipart body with this boundary.
    Multipart(String),
    /// In the only field of a form.
    Form,
    /// It is the body.
    Body,
}

impl Code for DropboxSign {
    fn facts(&self) -> CodeFacts {
        CodeFacts { headers: &["content-type"], reads_body: true, ..CodeFacts::default() }
    }

    fn begin(&self, head: &CodeHead<'_>) -> Result<Box<dyn Reader>, Refusal> {
        let place = match media_type(&head.head).as_deref() {
            Some(FORM) => Place::Form,
            Some("application/json") => Place::Body,
            Some(_) | None => {
                let boundary =
                    multipart::boundary(head.required("content-type")?).ok_or(Refusal::Malformed)?;
                Place::Multipart(boundary.to_owned())
            }
        };
        Ok(Box::new(place))
    }

    /// A multipart body with the JSON given in it, or the JSON where its type is said; what is signed of it and is not
    /// there is added.
    fn draft(&self, order: &Order<'_>) -> Result<Draft, Refusal> {
        let mut root: Map<String, Value> = match order.body.trim_ascii() {
            [] => Map::new(),
            text => serde_json::from_slice(text).map_err(|_| Refusal::BodyShape)?,
        };
        let event = root.entry("event").or_insert_with(|| json!({}));
        let event = event.as_object_mut().ok_or(Refusal::BodyShape)?;
        for (name, value) in [
            ("event_time", order.now.unix_seconds().to_string()),
            ("event_type", "callback_test".to_owned()),
            ("event_hash", UNSIGNED.to_owned()),
        ] {
            event.entry(name).or_insert(Value::String(value));
        }
        let text = Value::Object(root).to_string();
        if media_type(&order.head).as_deref() == Some("application/json") {
            return Ok(Draft { body: Some(text.into_bytes()), ..Draft::default() });
        }
        let body = multipart::of(BOUNDARY, FIELD, &text).into_bytes();
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        Ok(Draft { body: Some(body), ..Draft::of([("content-type", kind)]) })
    }
}

/// What divides the bodies our sender makes.
const BOUNDARY: &str = "sidegate-7d3a91c05e";

impl Reader for Place {
    /// Security: the time has ten digits, so that it cannot run into the type.
    fn finish(self: Box<Self>, body: &[u8]) -> Result<Vec<Claim>, Refusal> {
        let owned;
        let json = match &*self {
            Self::Body => body,
            Self::Multipart(boundary) => multipart::only(body, boundary, FIELD).ok_or(Refusal::BodyShape)?,
            Self::Form => {
                owned =
                    form::alone(body, FIELD).map_err(|_| Refusal::BodyShape)?.ok_or(Refusal::BodyShape)?;
                &owned
            }
        };
        let (time, kind, hash) =
            (event(json, "event_time")?, event(json, "event_type")?, event(json, "event_hash")?);
        if time.len() != 10 || !time.bytes().all(|byte| byte.is_ascii_digit()) || kind.is_empty() {
            return Err(Refusal::BodyShape);
        }
        let message = [time, kind].concat().into_bytes();
        Ok(vec![Claim { messages: vec![message], signatures: vec![hash.into_bytes()], ..Claim::default() }])
    }
}

fn event(json: &[u8], field: &str) -> Result<String, Refusal> {
    let path = Path::parse(&format!("event.{field}")).ok_or(Refusal::BodyShape)?;
    let mut found = path.find(json).map_err(|_| Refusal::BodyShape)?;
    found.pop().map(std::borrow::Cow::into_owned).ok_or(Refusal::BodyShape)
}
