//! Adyen's standard notifications: every item of the body carries a signature over eight of its fields.

use std::sync::Arc;

use super::{Claim, Code, CodeFacts, CodeHead, Compiled, Reader, no_options};
use crate::scheme::json::Path;
use crate::scheme::spec::Spec;
use crate::scheme::{MOST_CANDIDATES, Refusal};

/// What is signed of an item, in this order; what is absent is empty.
const FIELDS: [&str; 8] = [
    "pspReference",
    "originalReference",
    "merchantAccountCode",
    "merchantReference",
    "amount.value",
    "amount.currency",
    "eventCode",
    "success",
];

const SIGNATURE: &str = "additionalData.hmacSignature";

/// Makes the scheme; it has no options.
pub(super) fn make(spec: &Spec) -> Compiled {
    no_options(spec)?;
    Ok(Arc::new(Adyen))
}

#[derive(Debug)]
struct Adyen;

struct Items;

impl Code for Adyen {
    fn facts(&self) -> CodeFacts {
        CodeFacts { reads_body: true, ..CodeFacts::default() }
    }

    fn begin(&self, _head: &CodeHead<'_>) -> Result<Box<dyn Reader>, Refusal> {
        Ok(Box::new(Items))
    }
}

impl Reader for Items {
    /// Security: an item without a signature refuses the whole body, and so does a field that holds the separator.
    fn finish(self: Box<Self>, body: &[u8]) -> Result<Vec<Claim>, Refusal> {
        let count = values(body, &format!("notificationItems.*.NotificationRequestItem.{SIGNATURE}"))?.len();
        match count {
            0 => return Err(Refusal::Missing),
            1..=MOST_CANDIDATES => {}
            _ => return Err(Refusal::BodyShape),
        }
        (0..count).map(|item| claim(body, item)).collect()
    }
}

fn claim(body: &[u8], item: usize) -> Result<Claim, Refusal> {
    let field = |name: &str| -> Result<Vec<u8>, Refusal> {
        let mut found = values(body, &format!("notificationItems.{item}.NotificationRequestItem.{name}"))?;
        Ok(found.pop().unwrap_or_default())
    };
    let mut message = Vec::new();
    for (position, name) in FIELDS.into_iter().enumerate() {
        let value = field(name)?;
        if value.contains(&b':') {
            return Err(Refusal::BodyShape);
        }
        if position > 0 {
            message.push(b':');
        }
        message.extend_from_slice(&value);
    }
    Ok(Claim { messages: vec![message], signatures: vec![field(SIGNATURE)?], ..Claim::default() })
}

fn values(body: &[u8], path: &str) -> Result<Vec<Vec<u8>>, Refusal> {
    let path = Path::parse(path).ok_or(Refusal::BodyShape)?;
    let found = path.find(body).map_err(|_| Refusal::BodyShape)?;
    Ok(found.into_iter().map(|value| value.into_owned().into_bytes()).collect())
}

#[cfg(test)]
mod tests;
