//! HTTP Signatures as in draft-cavage-http-signatures-12, with a shared secret.
//!
//! The request names what it signs; a scheme says what must be among it. Not supported and therefore refused:
//! `(created)` and `(expires)`, doubled header lines, any algorithm but the scheme's own.

use std::sync::Arc;

use sha2::{Digest, Sha256, Sha512};

use super::{
    Claim, Code, CodeFacts, CodeHead, Compiled, Draft, Order, Reader, UNSIGNED, known_options, option,
};
use crate::scheme::Refusal;
use crate::scheme::encoding::Encoding;
use crate::scheme::spec::{Spec, SpecProblem};

const TARGET: &str = "(request-target)";

/// What must be signed unless the scheme says otherwise; `digest` too where there is a body.
const USUAL: [&str; 3] = [TARGET, "host", "date"];

/// Most headers one request may sign.
const MOST_HEADERS: usize = 64;

/// Makes the scheme. Options: `headers` (what must be signed), `key_id` (the only ids that are accepted).
pub(super) fn make(spec: &Spec) -> Compiled {
    known_options(spec, &["headers", "key_id"])?;
    let mut needed = option(spec, "headers");
    if needed.is_empty() {
        needed = USUAL.map(str::to_owned).to_vec();
    }
    needed.iter_mut().for_each(|name| name.make_ascii_lowercase());
    if spec.ts.is_some() && !needed.iter().any(|name| name == "date") {
        return Err(vec![SpecProblem {
            field: "options",
            message: "the time is in the header Date, which must be signed".to_owned(),
            hint: "add date to headers".to_owned(),
        }]);
    }
    let algorithm = format!("hmac-{}", spec.hash);
    Ok(Arc::new(Cavage { needed, ids: option(spec, "key_id"), algorithm }))
}

#[derive(Debug)]
struct Cavage {
    needed: Vec<String>,
    ids: Vec<String>,
    algorithm: String,
}

struct Call {
    message: String,
    signature: String,
    /// The signed `Digest`.
    digest: Option<String>,
}

impl Code for Cavage {
    fn facts(&self) -> CodeFacts {
        CodeFacts {
            headers: &["authorization", "signature", "host", "date", "digest"],
            reads_body: true,
            body_bound: true,
            stamped: self.needed.iter().any(|name| name == "date"),
            ..CodeFacts::default()
        }
    }

    fn begin(&self, head: &CodeHead<'_>) -> Result<Box<dyn Reader>, Refusal> {
        let written = match (head.line("authorization")?, head.line("signature")?) {
            (Some(_), Some(_)) => return Err(Refusal::Malformed),
            (None, None) => return Err(Refusal::Missing),
            (None, Some(line)) => line,
            (Some(line), None) => {
                let (scheme, rest) = line.split_once(' ').ok_or(Refusal::Malformed)?;
                if !scheme.eq_ignore_ascii_case("signature") {
                    return Err(Refusal::Missing);
                }
                rest
            }
        };
        let said = Said::read(written)?;
        let known = said.algorithm.is_none_or(|name| name == self.algorithm || name == "hs2019");
        if !known || (!self.ids.is_empty() && !self.ids.iter().any(|id| id == said.key_id)) {
            return Err(Refusal::Malformed);
        }
        let names: Vec<&str> = said.headers.split(' ').collect();
        let twice = names.iter().enumerate().any(|(at, name)| names.iter().take(at).any(|one| one == name));
        if names.len() > MOST_HEADERS || twice {
            return Err(Refusal::Malformed);
        }
        if !self.needed.iter().all(|name| names.contains(&name.as_str())) {
            return Err(Refusal::Missing);
        }
        let lines: Result<Vec<String>, Refusal> = names.iter().map(|name| line(head, name)).collect();
        let digest = if names.contains(&"digest") { head.line("digest")?.map(str::to_owned) } else { None };
        Ok(Box::new(Call { message: lines?.join("\n"), signature: said.signature.to_owned(), digest }))
    }

    /// Signs what must be signed, and a digest of the body.
    fn draft(&self, order: &Order<'_>) -> Result<Draft, Refusal> {
        let mut names: Vec<&str> = self.needed.iter().map(String::as_str).collect();
        if !names.contains(&"digest") {
            names.push("digest");
        }
        let id = self.ids.first().map_or("sender", String::as_str);
        let signature = format!(
            "Signature keyId=\"{id}\",algorithm=\"{}\",headers=\"{}\",signature=\"{UNSIGNED}\"",
            self.algorithm,
            names.join(" ")
        );
        let digest = Encoding::Base64.encode(&Sha256::digest(order.body));
        Ok(Draft::of([("digest", format!("SHA-256={digest}")), ("authorization", signature)]))
    }
}

impl Reader for Call {
    /// Security: a body without a signed digest would be anyone's.
    fn finish(self: Box<Self>, body: &[u8]) -> Result<Vec<Claim>, Refusal> {
        match &self.digest {
            Some(digest) => is_of(body, digest)?,
            None if body.is_empty() => {}
            None => return Err(Refusal::BodyShape),
        }
        Ok(vec![Claim {
            messages: vec![self.message.into_bytes()],
            signatures: vec![self.signature.into_bytes()],
            ..Claim::default()
        }])
    }
}

/// What a request says of its signature.
struct Said<'a> {
    key_id: &'a str,
    signature: &'a str,
    algorithm: Option<&'a str>,
    headers: &'a str,
}

impl<'a> Said<'a> {
    /// Reads `name="value",…`: every name once, no other names, no escapes.
    fn read(text: &'a str) -> Result<Self, Refusal> {
        let (mut key_id, mut signature, mut algorithm, mut headers) = (None, None, None, None);
        let mut rest = text.trim();
        loop {
            let (name, after) = rest.split_once("=\"").ok_or(Refusal::Malformed)?;
            let (value, after) = after.split_once('"').ok_or(Refusal::Malformed)?;
            let place = match name {
                "keyId" => &mut key_id,
                "signature" => &mut signature,
                "algorithm" => &mut algorithm,
                "headers" => &mut headers,
                _ => return Err(Refusal::Malformed),
            };
            if value.is_empty() || value.contains('\\') || place.replace(value).is_some() {
                return Err(Refusal::Malformed);
            }
            rest = match after.trim_start().strip_prefix(',') {
                Some(next) => next.trim_start(),
                None if after.trim().is_empty() => break,
                None => return Err(Refusal::Malformed),
            };
        }
        Ok(Self {
            key_id: key_id.ok_or(Refusal::Malformed)?,
            signature: signature.ok_or(Refusal::Missing)?,
            algorithm,
            headers: headers.unwrap_or("date"),
        })
    }
}

/// One line of the message.
fn line(head: &CodeHead<'_>, name: &str) -> Result<String, Refusal> {
    if name == TARGET {
        return Ok(format!(
            "{TARGET}: {} {}",
            head.head.method.to_ascii_lowercase(),
            head.head.path_and_query
        ));
    }
    let is_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
    if name.is_empty() || !name.bytes().all(is_name) {
        return Err(Refusal::Malformed);
    }
    let value = head.line(name)?.ok_or(Refusal::Missing)?;
    Ok(format!("{name}: {}", value.trim()))
}

/// Whether every digest of a `Digest` header (RFC 3230) is the body's, and one of them is no weak one.
fn is_of(body: &[u8], digests: &str) -> Result<(), Refusal> {
    let mut is_strong = false;
    for digest in digests.split(',') {
        let (name, value) = digest.trim().split_once('=').ok_or(Refusal::Malformed)?;
        let own = match name.to_ascii_uppercase().as_str() {
            "SHA-256" => Sha256::digest(body).to_vec(),
            "SHA-512" => Sha512::digest(body).to_vec(),
            _ => continue,
        };
        is_strong = true;
        if Encoding::Base64.decode(value.as_bytes()).ok_or(Refusal::Malformed)? != own {
            return Err(Refusal::Wrong);
        }
    }
    if is_strong { Ok(()) } else { Err(Refusal::Malformed) }
}
