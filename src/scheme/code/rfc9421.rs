//! HTTP Message Signatures (RFC 9421) of requests, with Content-Digest (RFC 9530).
//!
//! The request names what it signs (`Signature-Input`); the scheme says what must be among it. Not supported, and
//! therefore refused: the parameters `sf`, `key`, `bs`, `req` and `tr` of components, header fields of several lines,
//! text that is not written in its one canonical form.

mod fields;

use std::sync::Arc;

use sha2::{Digest, Sha256, Sha512};

use super::{
    Claim, Code, CodeFacts, CodeHead, Compiled, Draft, Order, Reader, UNSIGNED, known_options, option,
};
use crate::base::clock::Wall;
use crate::scheme::Refusal;
use crate::scheme::encoding::Encoding;
use crate::scheme::spec::{Spec, SpecProblem};

use fields::{Component, Input};

const DIGEST: &str = "content-digest";

/// What must be signed unless the scheme says otherwise.
const USUAL: [&str; 4] = ["@method", "@authority", "@path", DIGEST];

/// Seconds since `created` that a signature counts, unless the scheme says otherwise.
const USUAL_AGE_S: i64 = 300;

/// Seconds a clock may be behind ours.
const FUTURE_S: i64 = 60;

/// Makes the scheme. Options: `components` (what must be signed), `label` (which of several signatures), `key_id` and
/// `tag` (the only values that are accepted), `max_age` (seconds).
pub(super) fn make(spec: &Spec) -> Compiled {
    known_options(spec, &["components", "label", "key_id", "tag", "max_age"])?;
    let problem = |field: &'static str, message: &str, hint: &str| {
        Err(vec![SpecProblem { field, message: message.to_owned(), hint: hint.to_owned() }])
    };
    let algorithm = match (spec.kind.as_str(), spec.hash.as_str()) {
        ("hmac", "sha256") => "hmac-sha256",
        ("ed25519", _) => "ed25519",
        ("ecdsa_p256_fixed", "sha256") => "ecdsa-p256-sha256",
        ("rsa", "sha256") => "rsa-v1_5-sha256",
        ("rsa_pss", "sha512") => "rsa-pss-sha512",
        _ => {
            let hint =
                "known are hmac, ed25519, ecdsa_p256_fixed and rsa with sha256, and rsa_pss with sha512";
            return problem("kind", "RFC 9421 has no such algorithm", hint);
        }
    };
    let max_age_s = match option(spec, "max_age").as_slice() {
        [] => Some(USUAL_AGE_S),
        [text] => text.parse().ok().filter(|seconds| (1..=86_400).contains(seconds)),
        _ => None,
    };
    let Some(max_age_s) = max_age_s else {
        return problem("options", "max_age is a number of seconds up to 86400", "");
    };
    if spec.enc != "base64" || spec.ts.is_some() {
        return problem(
            "enc",
            "signatures are base64, and have a time of their own",
            "write enc: base64, and no ts",
        );
    }
    let mut needed = option(spec, "components");
    if needed.is_empty() {
        needed = USUAL.map(str::to_owned).to_vec();
    }
    needed.iter_mut().for_each(|name| name.make_ascii_lowercase());
    let (label, key_ids, tags) = (option(spec, "label").pop(), option(spec, "key_id"), option(spec, "tag"));
    Ok(Arc::new(Rfc9421 { needed, label, key_ids, tags, max_age_s, algorithm }))
}

#[derive(Debug)]
struct Rfc9421 {
    needed: Vec<String>,
    label: Option<String>,
    key_ids: Vec<String>,
    tags: Vec<String>,
    max_age_s: i64,
    algorithm: &'static str,
}

struct Call {
    base: String,
    signature: String,
    /// The signed `Content-Digest`.
    digest: Option<String>,
}

impl Code for Rfc9421 {
    /// Security: the headers a request signs are of its own choice; those that every request must sign are told.
    fn facts(&self) -> CodeFacts {
        let binds_body = self.needed.iter().any(|name| name == DIGEST);
        CodeFacts {
            headers: &["signature-input", "signature", DIGEST],
            reads_body: true,
            body_bound: binds_body,
            stamped: true,
            needs_url: true,
            reads_signatures: true,
            identifies: false,
        }
    }

    fn begin(&self, head: &CodeHead<'_>) -> Result<Box<dyn Reader>, Refusal> {
        let inputs = fields::dictionary(head.required("signature-input")?).ok_or(Refusal::Malformed)?;
        let signatures = fields::dictionary(head.required("signature")?).ok_or(Refusal::Malformed)?;
        let label = match (&self.label, inputs.as_slice()) {
            (Some(label), _) => label.as_str(),
            (None, [(only, _)]) => only,
            (None, _) => return Err(Refusal::Malformed),
        };
        let of = |all: &[(&'_ str, &'_ str)]| {
            all.iter()
                .find(|(own, _)| *own == label)
                .map(|(_, value)| (*value).to_owned())
                .ok_or(Refusal::Missing)
        };
        let input = of(&inputs)?;
        let signature = of(&signatures)?;
        let signature = fields::bytes(&signature).ok_or(Refusal::Malformed)?.to_owned();
        let input = Input::read(&input).ok_or(Refusal::Malformed)?;
        self.judge(&input, head.now)?;
        let mut base = String::new();
        for component in &input.components {
            let value = value(component, head)?;
            base.extend([component.written, ": ", &value, "\n"]);
        }
        base.extend(["\"@signature-params\": ", input.written]);
        let signs_body = input.components.iter().any(|component| component.name == DIGEST);
        let digest = if signs_body { head.line(DIGEST)?.map(str::to_owned) } else { None };
        Ok(Box::new(Call { base, signature, digest }))
    }

    /// Signs what must be signed, now; where the body is, by its SHA-256.
    fn draft(&self, order: &Order<'_>) -> Result<Draft, Refusal> {
        let label = self.label.as_deref().unwrap_or("sig1");
        let components: Vec<String> = self.needed.iter().map(|name| format!("\"{name}\"")).collect();
        let mut input = format!("({});created={}", components.join(" "), order.now.unix_seconds());
        let said = [("keyid", self.key_ids.first()), ("tag", self.tags.first())];
        for (name, value) in said.into_iter().filter_map(|(name, value)| Some((name, value?))) {
            input.push_str(&format!(";{name}=\"{value}\""));
        }
        let digest = Encoding::Base64.encode(&Sha256::digest(order.body));
        let mut draft = Draft::of([
            ("signature-input", format!("{label}={input}")),
            ("signature", format!("{label}=:{UNSIGNED}:")),
        ]);
        if self.needed.iter().any(|name| name == DIGEST) {
            draft.headers.push((DIGEST, format!("sha-256=:{digest}:")));
        }
        Ok(draft)
    }
}

impl Rfc9421 {
    fn judge(&self, input: &Input<'_>, now: Wall) -> Result<(), Refusal> {
        let signed = |needed: &String| input.components.iter().any(|component| component.name == needed);
        let one_of = |allowed: &[String], said: Option<&str>| {
            allowed.is_empty() || said.is_some_and(|said| allowed.iter().any(|own| own == said))
        };
        if !self.needed.iter().all(signed)
            || input.algorithm.is_some_and(|said| said != self.algorithm)
            || !one_of(&self.key_ids, input.key_id)
            || !one_of(&self.tags, input.tag)
        {
            return Err(Refusal::Malformed);
        }
        let created = input.created.ok_or(Refusal::Malformed)?;
        let now_s = now.unix_seconds();
        let (age, ahead) = (now_s.saturating_sub(created), created.saturating_sub(now_s));
        let past =
            |span: i64, most: i64| u64::try_from(span.saturating_sub(most)).ok().filter(|by_s| *by_s > 0);
        if let Some(by_s) = past(ahead, FUTURE_S) {
            return Err(Refusal::Future { by_s });
        }
        let expired = input.expires.and_then(|end| past(now_s, end));
        match past(age, self.max_age_s).or(expired) {
            Some(by_s) => Err(Refusal::Stale { by_s }),
            None => Ok(()),
        }
    }
}

impl Reader for Call {
    fn finish(self: Box<Self>, body: &[u8]) -> Result<Vec<Claim>, Refusal> {
        if let Some(line) = &self.digest {
            covers(line, body)?;
        }
        Ok(vec![Claim {
            messages: vec![self.base.into_bytes()],
            signatures: vec![self.signature.into_bytes()],
            ..Claim::default()
        }])
    }
}

/// Every digest of a kind we know must be the body's, and there must be one.
fn covers(line: &str, body: &[u8]) -> Result<(), Refusal> {
    let mut known = 0_usize;
    for (name, value) in fields::dictionary(line).ok_or(Refusal::Malformed)? {
        let own = match name {
            "sha-256" => Sha256::digest(body).to_vec(),
            "sha-512" => Sha512::digest(body).to_vec(),
            _ => continue,
        };
        let said = fields::bytes(value).ok_or(Refusal::Malformed)?;
        if Encoding::Base64.decode(said.as_bytes()) != Some(own) {
            return Err(Refusal::Wrong);
        }
        known = known.saturating_add(1);
    }
    if known > 0 { Ok(()) } else { Err(Refusal::Malformed) }
}

/// The value of a component (RFC 9421 §2). What stands in the target is taken from the URL the provider called.
fn value(component: &Component<'_>, head: &CodeHead<'_>) -> Result<String, Refusal> {
    let url = head.head.url.ok_or(Refusal::Missing)?;
    let (scheme, rest) = url.split_once("://").ok_or(Refusal::Malformed)?;
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, target) = rest.split_at_checked(end).ok_or(Refusal::Malformed)?;
    let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
    let path = if path.is_empty() { "/" } else { path };
    if url.contains('#') || !url.is_ascii() || url.contains(char::is_control) {
        return Err(Refusal::Malformed);
    }
    Ok(match component.name {
        "@method" => head.head.method.to_owned(),
        "@target-uri" => url.to_owned(),
        "@scheme" => scheme.to_ascii_lowercase(),
        "@authority" => {
            let port = if scheme.eq_ignore_ascii_case("https") { ":443" } else { ":80" };
            let authority = authority.to_ascii_lowercase();
            authority.strip_suffix(port).unwrap_or(&authority).to_owned()
        }
        "@path" => path.to_owned(),
        "@query" => format!("?{}", query.unwrap_or_default()),
        "@request-target" => match query {
            Some(query) => format!("{path}?{query}"),
            None => path.to_owned(),
        },
        "@query-param" => parameter(query.unwrap_or_default(), component.parameter)?,
        other if other.starts_with('@') => return Err(Refusal::Malformed),
        name => head.line(name)?.ok_or(Refusal::Missing)?.trim_matches([' ', '\t']).to_owned(),
    })
}

/// The one parameter of a query with that name, encoded as the signer had to (RFC 9421 §2.2.8): without any change
/// here, as what would change is refused.
fn parameter(query: &str, name: Option<&str>) -> Result<String, Refusal> {
    let name = name.ok_or(Refusal::Malformed)?;
    let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let mut values = pairs.filter(|(own, _)| *own == name).map(|(_, value)| value);
    let value = values.next().ok_or(Refusal::Missing)?;
    let is_kept = |byte: u8| byte.is_ascii_alphanumeric() || b"-._*%".contains(&byte);
    if values.next().is_some() || !value.bytes().all(is_kept) || query.contains(';') {
        return Err(Refusal::Malformed);
    }
    Ok(value.to_owned())
}

#[cfg(test)]
mod tests;
