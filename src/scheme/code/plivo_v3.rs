//! Plivo's third signature: the URL without its query, the sorted parameters of query and form, and a nonce.

use std::sync::Arc;

use super::{Claim, Code, CodeFacts, CodeHead, Compiled, Draft, Order, Reader, no_options, query};
use crate::scheme::Refusal;
use crate::scheme::form::{self, Pair};
use crate::scheme::spec::Spec;
use crate::scheme::template::is_id;

const NONCE: &str = "x-plivo-signature-v3-nonce";

/// Makes the scheme; it has no options.
pub(super) fn make(spec: &Spec) -> Compiled {
    no_options(spec)?;
    Ok(Arc::new(Plivo))
}

#[derive(Debug)]
struct Plivo;

struct Call {
    /// Scheme, host and path.
    base: String,
    query: String,
    nonce: String,
    has_form: bool,
}

impl Code for Plivo {
    fn facts(&self) -> CodeFacts {
        CodeFacts {
            headers: &[NONCE, "content-type"],
            reads_body: true,
            body_bound: true,
            stamped: true,
            needs_url: true,
            ..CodeFacts::default()
        }
    }

    fn begin(&self, head: &CodeHead<'_>) -> Result<Box<dyn Reader>, Refusal> {
        let nonce = head.required(NONCE)?;
        let url = head.head.url.ok_or(Refusal::Missing)?;
        if !is_id(nonce.as_bytes())
            || url.contains([';', '#'])
            || !["GET", "POST"].contains(&head.head.method)
        {
            return Err(Refusal::Malformed);
        }
        Ok(Box::new(Call {
            base: url.split_once('?').map_or(url, |(base, _)| base).to_owned(),
            query: query(url).to_owned(),
            nonce: nonce.to_owned(),
            has_form: head.head.method == "POST" && head.has_form(),
        }))
    }

    fn draft(&self, order: &Order<'_>) -> Result<Draft, Refusal> {
        let mut draft = Draft::form(order.body);
        draft.headers.push((NONCE, order.id.to_owned()));
        Ok(draft)
    }
}

impl Reader for Call {
    /// Security: the nonce stands last and holds no dot, so that it cannot be cut elsewhere.
    fn finish(self: Box<Self>, body: &[u8]) -> Result<Vec<Claim>, Refusal> {
        if !self.has_form && !body.is_empty() {
            return Err(Refusal::BodyShape);
        }
        let query = joined(sorted(self.query.as_bytes())?, b"=", b"&");
        let form = joined(sorted(body)?, b"", b"");
        let mut message = self.base.clone().into_bytes();
        if !query.is_empty() || !form.is_empty() {
            message.push(b'?');
            message.extend_from_slice(&query);
        }
        if !query.is_empty() && !form.is_empty() {
            message.push(b'.');
        }
        message.extend_from_slice(&form);
        message.push(b'.');
        message.extend_from_slice(self.nonce.as_bytes());
        Ok(vec![Claim { messages: vec![message], ..Claim::default() }])
    }
}

fn sorted(text: &[u8]) -> Result<Vec<Pair<'_>>, Refusal> {
    let mut fields = form::pairs(text).map_err(|_| Refusal::BodyShape)?;
    fields.sort();
    Ok(fields)
}

fn joined(fields: Vec<Pair<'_>>, kv: &[u8], between: &[u8]) -> Vec<u8> {
    let each: Vec<Vec<u8>> = fields.into_iter().map(|(name, value)| [&*name, kv, &*value].concat()).collect();
    each.join(between)
}
