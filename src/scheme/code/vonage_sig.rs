//! Vonage's older signature of messages: the sorted parameters of a query or a form, with `sig` among them.
//!
//! In what is signed `&` and `=` inside values are replaced, so that a value with `_` may stand for one of these: the
//! signature does not cover that difference.

use std::sync::Arc;

use super::{Claim, Code, CodeFacts, CodeHead, Compiled, Draft, Order, Reader, distinct, no_options, query};
use crate::scheme::Refusal;
use crate::scheme::spec::Spec;

const SIGNATURE: &[u8] = b"sig";

/// Makes the scheme; it has no options.
pub(super) fn make(spec: &Spec) -> Compiled {
    no_options(spec)?;
    Ok(Arc::new(Vonage))
}

#[derive(Debug)]
struct Vonage;

enum Place {
    /// A GET, with these parameters.
    Query(String),
    /// A form.
    Form,
}

impl Code for Vonage {
    fn facts(&self) -> CodeFacts {
        CodeFacts { headers: &["content-type"], reads_body: true, stamped: true, ..CodeFacts::default() }
    }

    fn begin(&self, head: &CodeHead<'_>) -> Result<Box<dyn Reader>, Refusal> {
        if head.head.method == "GET" {
            Ok(Box::new(Place::Query(query(head.head.path_and_query).to_owned())))
        } else if head.has_form() {
            Ok(Box::new(Place::Form))
        } else {
            Err(Refusal::Malformed)
        }
    }

    fn draft(&self, order: &Order<'_>) -> Result<Draft, Refusal> {
        Ok(if order.head.method == "GET" { Draft::default() } else { Draft::form(b"timestamp") })
    }
}

impl Reader for Place {
    /// Security: a name with `&` or `=` could pass for two parameters, and is refused; so is a message without time.
    fn finish(self: Box<Self>, body: &[u8]) -> Result<Vec<Claim>, Refusal> {
        let text = match &*self {
            Self::Query(_) if !body.is_empty() => return Err(Refusal::BodyShape),
            Self::Query(query) => query.as_bytes(),
            Self::Form => body,
        };
        let mut message = Vec::new();
        let mut timed = false;
        for (name, value) in distinct(text)?.iter().filter(|(name, _)| **name != *SIGNATURE) {
            if name.is_empty() || name.iter().any(|byte| b"&=".contains(byte)) {
                return Err(Refusal::BodyShape);
            }
            timed |= **name == *b"timestamp";
            message.push(b'&');
            message.extend_from_slice(name);
            message.push(b'=');
            message.extend(value.iter().map(|byte| if b"&=".contains(byte) { b'_' } else { *byte }));
        }
        if !timed {
            return Err(Refusal::Missing);
        }
        Ok(vec![Claim { messages: vec![message], ..Claim::default() }])
    }
}
