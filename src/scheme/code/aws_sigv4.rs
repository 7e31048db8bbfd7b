//! AWS Signature Version 4 in the `Authorization` header, strictly: the body is always hashed, every `x-amz-` header
//! and the content type must be signed, paths and queries that could be read in two ways are refused.
//!
//! Presigned URLs, unsigned and chunked payloads are not accepted.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::{
    Claim, Code, CodeFacts, CodeHead, Compiled, Draft, Order, Reader, UNSIGNED, known_options, option, query,
};
use crate::scheme::Refusal;
use crate::scheme::encoding::Encoding;
use crate::scheme::spec::Spec;
use crate::scheme::timestamp::Format;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const END: &str = "aws4_request";
const TIME: &str = "x-amz-date";
const PAYLOAD: &str = "x-amz-content-sha256";

/// Most headers one request may sign.
const MOST_HEADERS: usize = 64;

/// Makes the scheme. Options: `region`, `service`, `access_key`: what the credential must name; any where not given.
pub(super) fn make(spec: &Spec) -> Compiled {
    known_options(spec, &["region", "service", "access_key"])?;
    Ok(Arc::new(SigV4 {
        regions: option(spec, "region"),
        services: option(spec, "service"),
        ids: option(spec, "access_key"),
    }))
}

#[derive(Debug)]
struct SigV4 {
    regions: Vec<String>,
    services: Vec<String>,
    ids: Vec<String>,
}

struct Call {
    /// Everything of the canonical request before the payload's hash.
    before: String,
    /// What is signed before the canonical request's hash.
    scope: String,
    steps: Vec<Vec<u8>>,
    signature: String,
    /// What the request says its payload hashes to.
    payload: Option<String>,
}

impl Code for SigV4 {
    fn facts(&self) -> CodeFacts {
        CodeFacts {
            headers: &["authorization", "host", "content-type", TIME, PAYLOAD],
            reads_body: true,
            body_bound: true,
            stamped: true,
            ..CodeFacts::default()
        }
    }

    fn begin(&self, head: &CodeHead<'_>) -> Result<Box<dyn Reader>, Refusal> {
        let said = Said::read(head.required("authorization")?)?;
        let time = head.required(TIME)?;
        let allows = |known: &[String], own: &str| known.is_empty() || known.iter().any(|one| one == own);
        if !time.starts_with(said.date)
            || !allows(&self.ids, said.id)
            || !allows(&self.regions, said.region)
            || !allows(&self.services, said.service)
        {
            return Err(Refusal::Malformed);
        }
        let names = said.names(head)?;
        let mut before = format!(
            "{}\n{}\n{}\n",
            head.head.method,
            path(head.head.path_and_query, said.service)?,
            sorted_query(query(head.head.path_and_query))?
        );
        for name in &names {
            let value = head.line(name)?.ok_or(Refusal::Missing)?;
            let words: Vec<&str> = value.split_ascii_whitespace().collect();
            before.push_str(&format!("{name}:{}\n", words.join(" ")));
        }
        before.push_str(&format!("\n{}\n", said.headers));
        let scope = [said.date, said.region, said.service, END];
        Ok(Box::new(Call {
            before,
            scope: format!("{ALGORITHM}\n{time}\n{}\n", scope.join("/")),
            steps: scope.map(|step| step.as_bytes().to_vec()).to_vec(),
            signature: said.signature.to_owned(),
            payload: head.line(PAYLOAD)?.map(str::to_owned),
        }))
    }

    /// Signs the Host, the type of the body and every `x-amz-` header; the credential is that of the options.
    fn draft(&self, order: &Order<'_>) -> Result<Draft, Refusal> {
        let headers = order.head.headers;
        let own = headers.get(TIME).and_then(|line| line.to_str().ok());
        let time = own.map_or_else(|| Format::IsoBasic.write(order.now), str::to_owned);
        let date = time.split_once('T').map_or("", |(date, _)| date);
        let first = |known: &[String], usual: &str| known.first().map_or(usual, String::as_str).to_owned();
        let scope = [
            first(&self.ids, "SIDEGATESENDER"),
            date.to_owned(),
            first(&self.regions, "us-east-1"),
            first(&self.services, "execute-api"),
            END.to_owned(),
        ]
        .join("/");
        let mut names = vec!["host", TIME, PAYLOAD];
        let must = |name: &&str| *name == "content-type" || name.starts_with("x-amz-");
        names.extend(headers.keys().map(http::HeaderName::as_str).filter(must));
        names.sort_unstable();
        names.dedup();
        let signed = names.join(";");
        Ok(Draft::of([
            (TIME, time),
            (PAYLOAD, Encoding::Hex.encode(&Sha256::digest(order.body))),
            (
                "authorization",
                format!("{ALGORITHM} Credential={scope}, SignedHeaders={signed}, Signature={UNSIGNED}"),
            ),
        ]))
    }
}

impl Reader for Call {
    fn finish(self: Box<Self>, body: &[u8]) -> Result<Vec<Claim>, Refusal> {
        let hash = Encoding::Hex.encode(&Sha256::digest(body));
        if self.payload.is_some_and(|said| said != hash) {
            return Err(Refusal::Wrong);
        }
        let request = Sha256::digest([self.before.as_bytes(), hash.as_bytes()].concat());
        let message = [self.scope, Encoding::Hex.encode(&request)].concat().into_bytes();
        Ok(vec![Claim {
            messages: vec![message],
            signatures: vec![self.signature.into_bytes()],
            steps: self.steps,
        }])
    }
}

/// The `Authorization` header, taken apart.
struct Said<'a> {
    id: &'a str,
    date: &'a str,
    region: &'a str,
    service: &'a str,
    headers: &'a str,
    signature: &'a str,
}

impl<'a> Said<'a> {
    fn read(line: &'a str) -> Result<Self, Refusal> {
        let rest = line.strip_prefix(ALGORITHM).ok_or(Refusal::Missing)?;
        let (mut credential, mut headers, mut signature) = (None, None, None);
        for item in rest.strip_prefix(' ').ok_or(Refusal::Malformed)?.split(',') {
            let (name, value) = item.trim().split_once('=').ok_or(Refusal::Malformed)?;
            let place = match name {
                "Credential" => &mut credential,
                "SignedHeaders" => &mut headers,
                "Signature" => &mut signature,
                _ => return Err(Refusal::Malformed),
            };
            if value.is_empty() || place.replace(value).is_some() {
                return Err(Refusal::Malformed);
            }
        }
        let scope: Vec<&str> = credential.ok_or(Refusal::Malformed)?.split('/').collect();
        let [id, date, region, service, END] = scope.as_slice() else { return Err(Refusal::Malformed) };
        let is_word = |word: &&str| {
            !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        };
        if ![*id, *region, *service].iter().all(is_word) || date.len() != 8 {
            return Err(Refusal::Malformed);
        }
        Ok(Self {
            id,
            date,
            region,
            service,
            headers: headers.ok_or(Refusal::Malformed)?,
            signature: signature.ok_or(Refusal::Missing)?,
        })
    }

    /// The names of the signed headers: sorted, none twice, and all that must be among them.
    fn names(&self, head: &CodeHead<'_>) -> Result<Vec<&'a str>, Refusal> {
        let names: Vec<&str> = self.headers.split(';').collect();
        let is_name = |name: &&str| {
            !name.is_empty()
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte))
        };
        let is_sorted = names.iter().zip(names.iter().skip(1)).all(|(one, next)| one < next);
        if names.len() > MOST_HEADERS || !is_sorted || !names.iter().all(is_name) {
            return Err(Refusal::Malformed);
        }
        let must = |name: &str| name == "content-type" || name.starts_with("x-amz-");
        let own = head.head.headers.keys().map(http::HeaderName::as_str).filter(|name| must(name));
        let all = own.chain(["host", TIME]).all(|name| names.contains(&name));
        if all { Ok(names) } else { Err(Refusal::Missing) }
    }
}

/// The canonical path: escaped once more than it came, but for S3, which takes it as it is.
///
/// Security: only one of the two is ever accepted, else `/%2561` could be sent with the signature of `/%61`.
fn path(target: &str, service: &str) -> Result<String, Refusal> {
    let path = target.split_once('?').map_or(target, |(path, _)| path);
    let is_dots = |segment: &str| matches!(segment, "." | "..");
    if !path.starts_with('/') || path.contains("//") || path.split('/').any(is_dots) {
        return Err(Refusal::Malformed);
    }
    Ok(if service == "s3" { path.to_owned() } else { escaped(path.as_bytes(), b"/") })
}

/// The canonical query: every name and value unescaped and escaped again, sorted.
fn sorted_query(text: &str) -> Result<String, Refusal> {
    let mut pairs = Vec::new();
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        pairs.push((escaped(&unescaped(name)?, b""), escaped(&unescaped(value)?, b"")));
    }
    pairs.sort();
    Ok(pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&"))
}

/// Percent-decoding. A `+` is refused: some receivers take it for a space, AWS does not.
fn unescaped(text: &str) -> Result<Vec<u8>, Refusal> {
    let mut out = Vec::new();
    let mut bytes = text.bytes();
    let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16));
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'+' | b';' => return Err(Refusal::Malformed),
            b'%' => {
                let (high, low) = (digit(bytes.next()), digit(bytes.next()));
                let value = high.zip(low).and_then(|(high, low)| u8::try_from(high * 16 + low).ok());
                value.ok_or(Refusal::Malformed)?
            }
            other => other,
        });
    }
    Ok(out)
}

fn escaped(bytes: &[u8], plain: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut out = String::new();
    for byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(byte) || plain.contains(byte) {
            out.push(char::from(*byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}
