//! Braintree: a form of two fields, a payload and its signatures, each beside the public id of its key.
//!
//! The ids are no part of the proof: every signature is tried under every secret of the route.

use std::sync::Arc;

use super::{
    Claim, Code, CodeFacts, CodeHead, Compiled, Draft, Order, Reader, UNSIGNED, distinct, no_options,
};
use crate::scheme::Refusal;
use crate::scheme::encoding::Encoding;
use crate::scheme::form::escaped;
use crate::scheme::spec::Spec;

/// Makes the scheme; it has no options.
pub(super) fn make(spec: &Spec) -> Compiled {
    no_options(spec)?;
    Ok(Arc::new(Braintree))
}

#[derive(Debug)]
struct Braintree;

struct Form;

impl Code for Braintree {
    fn facts(&self) -> CodeFacts {
        CodeFacts { headers: &["content-type"], reads_body: true, body_bound: true, ..CodeFacts::default() }
    }

    fn begin(&self, head: &CodeHead<'_>) -> Result<Box<dyn Reader>, Refusal> {
        if head.has_form() { Ok(Box::new(Form)) } else { Err(Refusal::Malformed) }
    }

    /// The body given is what the payload holds.
    fn draft(&self, order: &Order<'_>) -> Result<Draft, Refusal> {
        let payload = format!("{}\n", Encoding::Base64.encode(order.body));
        let body = format!("bt_signature=sender%7C{UNSIGNED}&bt_payload={}", escaped(payload.as_bytes()));
        Ok(Draft { body: Some(body.clone().into_bytes()), ..Draft::form(body.as_bytes()) })
    }
}

impl Reader for Form {
    /// Security: a field beside the two would be unsigned, so there may be none. The payload is signed with or
    /// without a line end after it, whatever the sender wrote; what is remembered is the one without.
    fn finish(self: Box<Self>, body: &[u8]) -> Result<Vec<Claim>, Refusal> {
        let fields = distinct(body)?;
        let [(payload_name, payload), (signature_name, signature)] = fields.as_slice() else {
            return Err(Refusal::BodyShape);
        };
        let is_payload = |byte: &u8| byte.is_ascii_alphanumeric() || b"+=/\n".contains(byte);
        if **payload_name != *b"bt_payload"
            || **signature_name != *b"bt_signature"
            || !payload.iter().all(is_payload)
        {
            return Err(Refusal::BodyShape);
        }
        let bare = payload.strip_suffix(b"\n").unwrap_or(payload);
        if bare.is_empty() {
            return Err(Refusal::BodyShape);
        }
        let signatures: Vec<Vec<u8>> = signature
            .split(|byte| *byte == b'&')
            .filter_map(|pair| {
                pair.iter().position(|byte| *byte == b'|').and_then(|at| pair.get(at.saturating_add(1)..))
            })
            .map(<[u8]>::to_vec)
            .collect();
        if signatures.is_empty() {
            return Err(Refusal::Missing);
        }
        let messages = vec![bare.to_vec(), [bare, b"\n"].concat()];
        Ok(vec![Claim { messages, signatures, ..Claim::default() }])
    }
}
