//! Twilio: the URL with or without its port, and the sorted fields of a form, or the hash of a body the URL names.
//!
//! Which hash signs is the scheme's `hash` and nothing a request could choose: where the request names another one,
//! it is refused. Security: names and values of the form are signed with nothing between them, so that whoever has
//! seen one request can cut them elsewhere; only Twilio could mend that.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::{Claim, Code, CodeFacts, CodeHead, Compiled, Draft, Order, Reader, no_options, query};
use crate::scheme::Refusal;
use crate::scheme::encoding::Encoding;
use crate::scheme::form::{self, Repeats};
use crate::scheme::spec::Spec;

/// Names the algorithm where a shared key signs: `key=…,algorithm=HMAC_SHA256`.
const SETTINGS: &str = "x-twilio-webhooks-signature-settings";

/// The parameter of the URL that holds the SHA-256 of a body that is no form, in hexadecimal.
const BODY_HASH: &str = "bodySHA256";

/// Makes the scheme; it has no options.
pub(super) fn make(spec: &Spec) -> Compiled {
    no_options(spec)?;
    let algorithm = if spec.hash == "sha1" { "HMAC_SHA1" } else { "HMAC_SHA256" };
    Ok(Arc::new(Twilio { algorithm }))
}

#[derive(Debug)]
struct Twilio {
    algorithm: &'static str,
}

struct Call {
    /// The URL in both spellings.
    urls: [String; 2],
    body: Body,
}

/// How the body is signed.
enum Body {
    /// By its sorted fields.
    Form,
    /// By its hash in the URL.
    Hash(Vec<u8>),
    /// Not at all: there must be none.
    None,
}

impl Code for Twilio {
    fn facts(&self) -> CodeFacts {
        CodeFacts {
            headers: &[SETTINGS, "content-type"],
            reads_body: true,
            body_bound: true,
            needs_url: true,
            ..CodeFacts::default()
        }
    }

    fn begin(&self, head: &CodeHead<'_>) -> Result<Box<dyn Reader>, Refusal> {
        if algorithm(head.line(SETTINGS)?)? != self.algorithm {
            return Err(Refusal::Malformed);
        }
        let url = head.head.url.ok_or(Refusal::Missing)?;
        let hash = form::find(query(url).as_bytes(), BODY_HASH).map_err(|_| Refusal::Malformed)?;
        let body = match hash {
            Some(hash) => Body::Hash(Encoding::Hex.decode(&hash).ok_or(Refusal::Malformed)?),
            None if head.has_form() => Body::Form,
            None => Body::None,
        };
        Ok(Box::new(Call { urls: spellings(url), body }))
    }

    /// A body is a form, unless the URL has the hash of one that is not.
    fn draft(&self, order: &Order<'_>) -> Result<Draft, Refusal> {
        let is_hashed = order.head.url.is_some_and(|url| query(url).contains(BODY_HASH));
        let mut draft = if is_hashed { Draft::default() } else { Draft::form(order.body) };
        if self.algorithm != "HMAC_SHA1" {
            draft.headers.push((SETTINGS, format!("key=sender,algorithm={}", self.algorithm)));
        }
        Ok(draft)
    }
}

impl Reader for Call {
    fn finish(self: Box<Self>, body: &[u8]) -> Result<Vec<Claim>, Refusal> {
        let fields = match self.body {
            Body::Form => form::sorted(body, Repeats::Unique).map_err(|_| Refusal::BodyShape)?,
            Body::Hash(hash) if Sha256::digest(body).as_slice() == hash => Vec::new(),
            Body::Hash(_) => return Err(Refusal::Wrong),
            Body::None if body.is_empty() => Vec::new(),
            Body::None => return Err(Refusal::BodyShape),
        };
        let messages = self.urls.into_iter().map(|url| [url.as_bytes(), &fields].concat()).collect();
        Ok(vec![Claim { messages, ..Claim::default() }])
    }
}

/// The algorithm a request says it is signed with; SHA-1 where it says nothing.
fn algorithm(settings: Option<&str>) -> Result<&str, Refusal> {
    let items = settings.into_iter().flat_map(|line| line.split(','));
    let mut named = items.filter_map(|item| item.trim().strip_prefix("algorithm="));
    let first = named.next().unwrap_or("HMAC_SHA1");
    if named.next().is_some() { Err(Refusal::Malformed) } else { Ok(first) }
}

/// The URL without a port and with one, as Twilio is not consistent in this.
fn spellings(url: &str) -> [String; 2] {
    let (scheme, rest) = url.split_once("://").unwrap_or(("https", url));
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, rest) = rest.split_at_checked(end).unwrap_or((rest, ""));
    let port = authority
        .rsplit_once(':')
        .filter(|(_, port)| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()));
    let (host, port) = match port {
        Some((host, port)) => (host, port),
        None if scheme == "http" => (authority, "80"),
        None => (authority, "443"),
    };
    [format!("{scheme}://{host}{rest}"), format!("{scheme}://{host}:{port}{rest}")]
}

#[cfg(test)]
mod tests;
