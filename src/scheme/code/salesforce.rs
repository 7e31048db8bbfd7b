//! Salesforce outbound messages: which organisation a SOAP message says it comes from.
//!
//! Nothing is signed. The id is no secret and anyone can write it, so this keeps other organisations out and nobody
//! else: what shows that Salesforce sent the message is its client certificate, verified before the gate, or its
//! addresses. The configuration is refused without one of the checks that the gate can make of these.
//! Source: SOAP API Developer Guide, Understanding the Outbound Messaging WSDL.

mod xml;

use std::sync::Arc;

use super::{Claim, Code, CodeFacts, CodeHead, Compiled, Draft, Order, Reader, UNSIGNED, no_options};
use crate::scheme::Refusal;
use crate::scheme::spec::Spec;

use xml::{Broken, Event, Name};

/// Largest message, bytes: it is read before anything about its sender is known.
const LARGEST: usize = 1024 * 1024;

/// Most notifications of one message, as the WSDL has it.
const MOST_NOTIFICATIONS: usize = 100;

const SOAP: &str = "http://schemas.xmlsoap.org/soap/envelope/";
const OUTBOUND: &str = "http://soap.sforce.com/2005/09/outbound";

/// What stands in a message before its notifications, in this order.
const FIELDS: [&str; 5] = [ORGANIZATION, "ActionId", "SessionId", "EnterpriseUrl", "PartnerUrl"];
const ORGANIZATION: &str = "OrganizationId";

/// Names that an app could take for what was judged, wherever they stood.
const ONCE: [&str; 4] = [ORGANIZATION, "notifications", "Envelope", "Notification"];

/// Makes the scheme; it has no options. The ids that are accepted are given as the route's secrets.
pub(super) fn make(spec: &Spec) -> Compiled {
    no_options(spec)?;
    Ok(Arc::new(Salesforce))
}

#[derive(Debug)]
struct Salesforce;

struct Message;

impl Code for Salesforce {
    fn facts(&self) -> CodeFacts {
        CodeFacts {
            headers: &["content-type", "content-encoding"],
            reads_body: true,
            identifies: true,
            ..CodeFacts::default()
        }
    }

    fn begin(&self, head: &CodeHead<'_>) -> Result<Box<dyn Reader>, Refusal> {
        let (media, parameters) = match head.required("content-type")?.split_once(';') {
            Some((media, parameters)) => (media, Some(parameters)),
            None => (head.required("content-type")?, None),
        };
        let is_utf8 = |text: &str| {
            let said = text.trim().split_once('=');
            said.is_some_and(|(name, value)| {
                name.eq_ignore_ascii_case("charset") && value.trim_matches('"').eq_ignore_ascii_case("utf-8")
            })
        };
        let fits = media.trim().eq_ignore_ascii_case("text/xml") && parameters.is_none_or(is_utf8);
        if !fits || head.line("content-encoding")?.is_some() {
            return Err(Refusal::Malformed);
        }
        Ok(Box::new(Message))
    }

    /// Without a body, a message with one notification; a body that is given names its organisation itself.
    fn draft(&self, order: &Order<'_>) -> Result<Draft, Refusal> {
        let body = order.body.is_empty().then(|| {
            format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<e:Envelope xmlns:e=\"{SOAP}\"><e:Body>\
                 <notifications xmlns=\"{OUTBOUND}\"><OrganizationId>{UNSIGNED}</OrganizationId><ActionId/>\
                 <SessionId/><EnterpriseUrl/><PartnerUrl/><Notification><Id>{}</Id></Notification>\
                 </notifications></e:Body></e:Envelope>\n",
                order.id.replace(['<', '&', '>'], "")
            )
            .into_bytes()
        });
        Ok(Draft { body, ..Draft::of([("content-type", "text/xml; charset=utf-8".to_owned())]) })
    }
}

impl Reader for Message {
    fn finish(self: Box<Self>, body: &[u8]) -> Result<Vec<Claim>, Refusal> {
        if body.len() > LARGEST {
            return Err(Refusal::BodyShape);
        }
        let organization = organization(body).map_err(|_| Refusal::BodyShape)?;
        let signatures = vec![organization.as_bytes().to_vec()];
        Ok(vec![Claim { messages: vec![Vec::new()], signatures, ..Claim::default() }])
    }
}

/// The id in a message, read whole and of exactly the shape the WSDL has.
///
/// Security: an app may look for the id by name only, or take the last one: nothing that could be taken for it stands
/// anywhere else, in any namespace and in any case of letters.
fn organization(body: &[u8]) -> Result<&str, Broken> {
    let mut message = Walk(xml::Reader::new(body)?);
    message.open(SOAP, "Envelope")?;
    message.open(SOAP, "Body")?;
    message.open(OUTBOUND, "notifications")?;
    let mut id = None;
    for field in FIELDS {
        let dressed = message.open(OUTBOUND, field)?;
        let text = message.text()?;
        if field == ORGANIZATION {
            id = text.filter(|id| !dressed && is_id(id));
        }
    }
    let mut count = 0_usize;
    while message.open_or_close(OUTBOUND, "Notification")? {
        count = count.saturating_add(1);
        message.skip()?;
    }
    message.close()?;
    message.close()?;
    message.end()?;
    id.filter(|_| (1..=MOST_NOTIFICATIONS).contains(&count)).ok_or(Broken)
}

/// The id of an organisation: 15 letters and digits, or 18 with the three that tell their case.
fn is_id(text: &str) -> bool {
    matches!(text.len(), 15 | 18)
        && text.starts_with("00D")
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Steps through a document of known shape.
struct Walk<'x>(xml::Reader<'x>);

impl<'x> Walk<'x> {
    /// The next event that is not white space.
    fn next(&mut self) -> Result<Option<Event<'x>>, Broken> {
        loop {
            match self.0.next()? {
                Some(Event::Text(text)) if xml::is_blank(text) => {}
                other => return Ok(other),
            }
        }
    }

    /// The element that must come next; whether it has attributes.
    fn open(&mut self, space: &str, local: &str) -> Result<bool, Broken> {
        match self.next()? {
            Some(Event::Open { name, dressed }) if name == (Name { space, local }) => Ok(dressed),
            Some(Event::Open { .. } | Event::Text(_) | Event::Close) | None => Err(Broken),
        }
    }

    /// Whether that element comes next; otherwise the one around it must end.
    fn open_or_close(&mut self, space: &str, local: &str) -> Result<bool, Broken> {
        match self.next()? {
            Some(Event::Open { name, .. }) if name == (Name { space, local }) => Ok(true),
            Some(Event::Close) => Ok(false),
            Some(Event::Open { .. } | Event::Text(_)) | None => Err(Broken),
        }
    }

    /// The text of the element that was opened, to its end; no element stands in it.
    fn text(&mut self) -> Result<Option<&'x str>, Broken> {
        match self.0.next()? {
            Some(Event::Close) => Ok(None),
            Some(Event::Text(text)) => self.close_now().map(|()| Some(text)),
            Some(Event::Open { .. }) | None => Err(Broken),
        }
    }

    fn close_now(&mut self) -> Result<(), Broken> {
        if self.0.next()? == Some(Event::Close) { Ok(()) } else { Err(Broken) }
    }

    fn close(&mut self) -> Result<(), Broken> {
        if self.next()? == Some(Event::Close) { Ok(()) } else { Err(Broken) }
    }

    fn end(&mut self) -> Result<(), Broken> {
        if self.0.next()?.is_none() { Ok(()) } else { Err(Broken) }
    }

    /// Everything in the element that was opened, to its end.
    fn skip(&mut self) -> Result<(), Broken> {
        let mut depth = 1_usize;
        while depth > 0 {
            match self.0.next()?.ok_or(Broken)? {
                Event::Open { name, .. } if ONCE.iter().any(|one| one.eq_ignore_ascii_case(name.local)) => {
                    return Err(Broken);
                }
                Event::Open { .. } => depth = depth.saturating_add(1),
                Event::Text(_) => {}
                Event::Close => depth = depth.saturating_sub(1),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
