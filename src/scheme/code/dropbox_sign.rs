//! Dropbox Sign: a JSON text in a form, which carries a hash over its event's time and type and nothing else.

use std::sync::Arc;

use super::{Claim, Code, CodeFacts, CodeHead, Compiled, FORM, Reader, multipart, no_options};
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
}

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
