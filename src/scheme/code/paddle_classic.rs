//! Paddle Classic: the fields of the form without the signature, sorted, as PHP's `serialize` writes them.
//! Source: the npm package verify-paddle-webhook 1.1.0.

use std::sync::Arc;

use super::{Claim, Code, CodeFacts, CodeHead, Compiled, Draft, Order, Reader, distinct, no_options};
use crate::scheme::Refusal;
use crate::scheme::spec::Spec;

const SIGNATURE: &[u8] = b"p_signature";

/// Makes the scheme; it has no options.
pub(super) fn make(spec: &Spec) -> Compiled {
    no_options(spec)?;
    Ok(Arc::new(Paddle))
}

#[derive(Debug)]
struct Paddle;

struct Form;

impl Code for Paddle {
    fn facts(&self) -> CodeFacts {
        CodeFacts { headers: &["content-type"], reads_body: true, body_bound: true, ..CodeFacts::default() }
    }

    fn begin(&self, head: &CodeHead<'_>) -> Result<Box<dyn Reader>, Refusal> {
        if head.has_form() { Ok(Box::new(Form)) } else { Err(Refusal::Malformed) }
    }

    fn draft(&self, order: &Order<'_>) -> Result<Draft, Refusal> {
        Ok(Draft::form(order.body))
    }
}

impl Reader for Form {
    /// Security: lengths are written before values, so the message comes apart in one way. Names that PHP would make
    /// arrays or numbers of are refused, as is what it would rename.
    fn finish(self: Box<Self>, body: &[u8]) -> Result<Vec<Claim>, Refusal> {
        let fields = distinct(body)?;
        let fields: Vec<_> = fields.into_iter().filter(|(name, _)| **name != *SIGNATURE).collect();
        let is_plain = |name: &[u8]| {
            name.first().is_some_and(|first| first.is_ascii_alphabetic() || *first == b'_')
                && name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
        };
        if fields.is_empty() || !fields.iter().all(|(name, _)| is_plain(name)) {
            return Err(Refusal::BodyShape);
        }
        let mut message = format!("a:{}:{{", fields.len()).into_bytes();
        for text in fields.iter().flat_map(|(name, value)| [name, value]) {
            message.extend_from_slice(format!("s:{}:\"", text.len()).as_bytes());
            message.extend_from_slice(text);
            message.extend_from_slice(b"\";");
        }
        message.push(b'}');
        Ok(vec![Claim { messages: vec![message], ..Claim::default() }])
    }
}

#[cfg(test)]
mod tests;
