//! PayPal: id and time of the transmission, the id of the webhook, and the CRC-32 of the body.
//!
//! A CRC is no hash: whoever holds one signed delivery can make another body with the same. What stops that is the
//! memory against replay, for the signed message is the same; the body counts as not signed.
//! Source: the PyPI package paypalrestsdk 1.13.3, notifications.py.

use std::sync::Arc;

use super::{
    Claim, Code, CodeFacts, CodeHead, Compiled, Draft, NamedCertificate, Naming, Order, Reader, Trusted,
    known_options, option,
};
use crate::scheme::Refusal;
use crate::scheme::spec::{Spec, SpecProblem};

const ID: &str = "paypal-transmission-id";
const CERTIFICATE: &str = "paypal-cert-url";

/// Whom PayPal's certificates for messages are issued to, in production and in the sandbox.
const NAMES: [&str; 2] =
    ["messageverificationcerts.paypal.com", "messageverificationcerts.sandbox.paypal.com"];

/// Makes the scheme. Options: `webhook_id`, as PayPal's page shows it for this URL; it must be given.
pub(super) fn make(spec: &Spec) -> Compiled {
    known_options(spec, &["webhook_id"])?;
    match (option(spec, "webhook_id").as_slice(), &spec.ts) {
        ([id], Some(_)) if is_id(id) => Ok(Arc::new(PayPal { webhook: id.clone() })),
        (_, Some(_)) => Err(vec![SpecProblem {
            field: "options",
            message: "webhook_id must be given: it is part of what is signed".to_owned(),
            hint: "copy it from the webhook's page at PayPal".to_owned(),
        }]),
        (_, None) => Err(vec![SpecProblem {
            field: "ts.from",
            message: "the time is part of what is signed".to_owned(),
            hint: "write ts: {from: header:PAYPAL-TRANSMISSION-TIME, fmt: rfc3339}".to_owned(),
        }]),
    }
}

#[derive(Debug)]
struct PayPal {
    webhook: String,
}

/// What is signed before the CRC.
struct Begun(String);

impl Code for PayPal {
    fn facts(&self) -> CodeFacts {
        CodeFacts { headers: &[ID], reads_body: true, stamped: true, ..CodeFacts::default() }
    }

    fn begin(&self, head: &CodeHead<'_>) -> Result<Box<dyn Reader>, Refusal> {
        let id = head.required(ID)?;
        let time = head.time.and_then(|time| std::str::from_utf8(time).ok()).ok_or(Refusal::Missing)?;
        if !is_id(id) {
            return Err(Refusal::Malformed);
        }
        Ok(Box::new(Begun(format!("{id}|{time}|{}|", self.webhook))))
    }

    fn draft(&self, order: &Order<'_>) -> Result<Draft, Refusal> {
        Ok(Draft::of([(ID, order.id.to_owned())]))
    }

    fn certificates_of(&self) -> Option<&'static str> {
        Some("paypal")
    }

    fn certificate(&self, from: Naming<'_>) -> Option<NamedCertificate> {
        let Naming::Head(headers) = from else { return None };
        let mut lines = headers.get_all(CERTIFICATE).iter();
        let (Some(line), None) = (lines.next(), lines.next()) else { return None };
        let url = line.to_str().ok().filter(|url| is_of_paypal(url))?.to_owned();
        let names = NAMES.map(str::to_owned).to_vec();
        Some(NamedCertificate { url, names, trust: Trusted::ByChain })
    }
}

/// `https://….paypal.com/v1/notifications/certs/CERT-…`.
fn is_of_paypal(url: &str) -> bool {
    let parts = url.strip_prefix("https://").and_then(|rest| rest.split_once('/'));
    let Some((host, path)) = parts else { return false };
    let is_host = host.ends_with(".paypal.com")
        && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte));
    is_host && path.strip_prefix("v1/notifications/certs/CERT-").is_some_and(is_id)
}

impl Reader for Begun {
    fn finish(self: Box<Self>, body: &[u8]) -> Result<Vec<Claim>, Refusal> {
        let message = format!("{}{}", self.0, crc32fast::hash(body)).into_bytes();
        Ok(vec![Claim { messages: vec![message], ..Claim::default() }])
    }
}

fn is_id(text: &str) -> bool {
    (1..=128).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

#[cfg(test)]
mod tests;
