//! Adyen's standard notifications: every item of the body carries a signature over eight of its fields.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Claim, Code, CodeFacts, CodeHead, Compiled, Reader, known_options, option};
use crate::scheme::json::Path;
use crate::scheme::spec::Spec;
use crate::scheme::{MOST_CANDIDATES, Refusal};

/// What is signed of an item, in this order; what is absent is empty.
const FIELDS: [&str; 8] = [
    "pspReference",
    "originalReference",
    ACCOUNT,
    "merchantReference",
    "amount.value",
    "amount.currency",
    "eventCode",
    "success",
];

const ACCOUNT: &str = "merchantAccountCode";

const SIGNATURE: &str = "additionalData.hmacSignature";

/// The option that names the merchant accounts whose items are accepted; without it those of all.
const ACCOUNTS: &str = "merchant_accounts";

/// Makes the scheme.
pub(super) fn make(spec: &Spec) -> Compiled {
    known_options(spec, &[ACCOUNTS])?;
    let accounts: Vec<Vec<u8>> = option(spec, ACCOUNTS).into_iter().map(String::into_bytes).collect();
    Ok(Arc::new(Adyen { accounts: accounts.into() }))
}

#[derive(Debug)]
struct Adyen {
    accounts: Arc<[Vec<u8>]>,
}

struct Items {
    accounts: Arc<[Vec<u8>]>,
}

impl Code for Adyen {
    fn facts(&self) -> CodeFacts {
        CodeFacts { reads_body: true, ..CodeFacts::default() }
    }

    fn begin(&self, _head: &CodeHead<'_>) -> Result<Box<dyn Reader>, Refusal> {
        Ok(Box::new(Items { accounts: Arc::clone(&self.accounts) }))
    }

    fn signed(&self, body: &[u8], sign: &dyn Fn(&[u8]) -> String) -> Option<Vec<u8>> {
        let mut root: Value = serde_json::from_slice(body).ok()?;
        let count = root.pointer("/notificationItems")?.as_array()?.len();
        for item in 0..count {
            let claim = claim(body, item).ok()?;
            let place = root.pointer_mut(&format!("/notificationItems/{item}/NotificationRequestItem"))?;
            let data = place.as_object_mut()?.entry("additionalData").or_insert_with(|| json!({}));
            let signature = sign(claim.messages.first()?);
            data.as_object_mut()?.insert("hmacSignature".to_owned(), Value::String(signature));
        }
        Some(root.to_string().into_bytes())
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
        (0..count)
            .map(|item| {
                let account =
                    values(body, &format!("notificationItems.{item}.NotificationRequestItem.{ACCOUNT}"))?;
                if !self.accounts.is_empty() && !account.iter().any(|own| self.accounts.contains(own)) {
                    return Err(Refusal::BodyShape);
                }
                claim(body, item)
            })
            .collect()
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
