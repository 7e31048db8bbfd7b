//! JSON Web Tokens (RFC 7519) that a provider sends with a delivery, in a header or as the whole body: takes the token
//! apart strictly, judges its claims, and says that header and payload were signed. Never sees a key; which keys an
//! algorithm may be verified with is `public/jws`'s.
//!
//! Options: `alg` (must be given), `iss`, `aud`, `sub` and `claim.NAME` (one of the values must stand there),
//! `require` (claims that must be present), `unique` (a claim that no two messages share), `max_age` and `leeway` in
//! seconds, `body_claim` with `body_enc` (the body's SHA-256), `url_claim` with `url_enc` (that of the URL, or
//! `plain`), `query_claim` with `base_path` (the request's hash as Atlassian Connect makes it) and `bare` (a request
//! without body needs no body claim).

mod claims;
mod options;
mod qsh;
mod sent;

use std::sync::Arc;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::{Claim, Code, CodeFacts, CodeHead, Compiled, Draft, Order, Reader};
use crate::base::clock::Wall;
use crate::scheme::Refusal;
use crate::scheme::encoding::Encoding;
use crate::scheme::public::{Jose, segment};
use crate::scheme::spec::Spec;

use claims::Payload;
use options::{Options, Written};

/// Longest token in a header, bytes; larger ones are refused before they are decoded.
const LONGEST_IN_HEAD: usize = 16 * 1024;

/// Makes the scheme.
pub(super) fn make(spec: &Spec) -> Compiled {
    options::read(spec).map(|options| Arc::new(Jwt { options: Arc::new(options) }) as Arc<dyn Code>)
}

#[derive(Debug)]
struct Jwt {
    options: Arc<Options>,
}

/// What was read of a head.
enum Found {
    /// The token, and what it says of the body.
    Token { signed: Claim, body: Option<Vec<u8>> },
    /// The body will be the token.
    InBody(Wall),
}

struct Waiting {
    options: Arc<Options>,
    found: Found,
}

/// A token taken apart.
struct Token {
    signed: Claim,
    payload: Payload,
}

impl Code for Jwt {
    fn facts(&self) -> CodeFacts {
        let options = &self.options;
        let binds_body = options.in_body || options.body.is_some();
        CodeFacts {
            reads_body: binds_body,
            body_bound: binds_body,
            stamped: binds_body && options.is_dated(),
            needs_url: options.url.is_some(),
            reads_signatures: true,
            ..CodeFacts::default()
        }
    }

    fn begin(&self, head: &CodeHead<'_>) -> Result<Box<dyn Reader>, Refusal> {
        let options = Arc::clone(&self.options);
        if options.in_body {
            return Ok(Box::new(Waiting { options, found: Found::InBody(head.now) }));
        }
        let token = match head.values {
            [] => return Err(Refusal::Missing),
            [one] => after_prefix(one, &options.prefix).ok_or(Refusal::Missing)?,
            _ => return Err(Refusal::Malformed),
        };
        if token.len() > LONGEST_IN_HEAD {
            return Err(Refusal::Malformed);
        }
        let Token { signed, payload } = take_apart(token, &options)?;
        options.judge(&payload, head.now)?;
        if let Some((name, written)) = &options.url {
            let url = head.head.url.ok_or(Refusal::Missing)?;
            let said = payload.text(name)?.ok_or(Refusal::Wrong)?;
            if !is_of(*written, &said, url.as_bytes()) {
                return Err(Refusal::Wrong);
            }
        }
        if let Some(name) = &options.query {
            let said = payload.text(name)?.ok_or(Refusal::Wrong)?;
            let canonical = qsh::canonical(
                head.head.method,
                head.head.path_and_query,
                &options.base_path,
                &options.query_tokens,
            )?;
            if !is_of(Written::Hash(Encoding::Hex), &said, canonical.as_bytes()) {
                return Err(Refusal::Wrong);
            }
        }
        let body = match &options.body {
            Some((name, _)) => payload.text(name)?,
            None => None,
        };
        Ok(Box::new(Waiting { options, found: Found::Token { signed, body } }))
    }

    fn draft(&self, order: &Order<'_>) -> Result<Draft, Refusal> {
        sent::draft(&self.options, order)
    }
}

impl Reader for Waiting {
    fn finish(self: Box<Self>, body: &[u8]) -> Result<Vec<Claim>, Refusal> {
        let Waiting { options, found } = *self;
        match found {
            Found::InBody(now) => {
                let Token { signed, payload } = take_apart(body, &options).map_err(of_body)?;
                options.judge(&payload, now).map_err(of_body)?;
                Ok(vec![signed])
            }
            Found::Token { signed, body: said } => {
                let holds = match (&options.body, said) {
                    (None, _) => true,
                    (Some((_, written)), Some(said)) => is_of(*written, &said, body),
                    (Some(_), None) => options.bare && body.is_empty(),
                };
                if holds { Ok(vec![signed]) } else { Err(Refusal::Wrong) }
            }
        }
    }
}

/// What stands behind the prefix; the name of an authentication scheme (RFC 9110 §11.1) is read in any case.
fn after_prefix<'v>(value: &'v [u8], prefix: &str) -> Option<&'v [u8]> {
    let (beginning, token) = value.split_at_checked(prefix.len())?;
    let fits = match prefix.strip_suffix(' ') {
        Some(_) => beginning.eq_ignore_ascii_case(prefix.as_bytes()),
        None => beginning == prefix.as_bytes(),
    };
    (fits && !token.is_empty()).then_some(token)
}

/// Header and payload are what was signed; the third segment is the signature.
fn take_apart(token: &[u8], options: &Options) -> Result<Token, Refusal> {
    let mut segments = token.split(|byte| *byte == b'.');
    let (Some(header), Some(payload), Some(signature), None) =
        (segments.next(), segments.next(), segments.next(), segments.next())
    else {
        return Err(Refusal::Malformed);
    };
    let jose = Jose::read(header).ok_or(Refusal::Malformed)?;
    if !options.algorithms.contains(&jose.algorithm) {
        return Err(Refusal::Malformed);
    }
    let payload = Payload::read(segment(payload).ok_or(Refusal::Malformed)?)?;
    // Its one spelling is checked here; the engine decodes it.
    segment(signature).ok_or(Refusal::Malformed)?;
    let end = token.len().saturating_sub(signature.len()).saturating_sub(1);
    let message = token.get(..end).ok_or(Refusal::Malformed)?.to_vec();
    let signed = Claim { messages: vec![message], signatures: vec![signature.to_vec()], ..Claim::default() };
    Ok(Token { signed, payload })
}

/// Whether a claim tells of these bytes.
fn is_of(written: Written, said: &[u8], bytes: &[u8]) -> bool {
    match written {
        Written::Plain => said == bytes,
        Written::Hash(encoding) => encoding
            .decode(said)
            .is_some_and(|hash| hash.as_slice().ct_eq(Sha256::digest(bytes).as_slice()).into()),
    }
}

fn of_body(refusal: Refusal) -> Refusal {
    if refusal == Refusal::Malformed { Refusal::BodyShape } else { refusal }
}

#[cfg(test)]
mod tests;
