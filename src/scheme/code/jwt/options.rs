//! What a token scheme is told, checked when the configuration is read.

use crate::scheme::encoding::Encoding;
use crate::scheme::public::Jwa;
use crate::scheme::spec::{Spec, SpecProblem};

/// Seconds a clock may be off, unless said otherwise.
const LEEWAY_S: i64 = 60;

/// Most seconds since `iat` that a token of one delivery counts, or until `exp` where it has no `iat`, unless said
/// otherwise: less than the memory against replay is kept for where there is no other bound.
const USUAL_AGE_S: i64 = 23 * 60 * 60;

/// A compiled token scheme.
#[derive(Debug)]
pub(super) struct Options {
    /// Any of these, of one family: secrets or public keys.
    pub(super) algorithms: Vec<Jwa>,
    /// The token is the body, not in a header.
    pub(super) in_body: bool,
    /// What stands before the token in a header.
    pub(super) prefix: String,
    /// One of the values must stand in each.
    pub(super) claims: Vec<(String, Vec<String>)>,
    pub(super) required: Vec<String>,
    pub(super) leeway_s: i64,
    pub(super) max_age_s: Option<i64>,
    /// The claim that tells the body's hash.
    pub(super) body: Option<(String, Written)>,
    /// Whether a request without a body may lack it.
    pub(super) bare: bool,
    /// The claim that tells the URL.
    pub(super) url: Option<(String, Written)>,
    /// The claim that tells the hash of method, path and query.
    pub(super) query: Option<String>,
    /// What the provider's paths do not have in front.
    pub(super) base_path: String,
    /// Names in the query that are not part of that hash.
    pub(super) query_tokens: Vec<String>,
}

/// How a claim tells of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// Their SHA-256.
    Hash(Encoding),
    /// Themselves.
    Plain,
}

const KNOWN: &str = "known are alg, iss, aud, sub, claim.NAME, require, unique, max_age, leeway, body_claim, body_enc, \
                     bare, url_claim, url_enc, query_claim and base_path";

impl Options {
    /// Whether no two messages that are different events share a token.
    pub(super) fn is_dated(&self) -> bool {
        ["iat", "exp", "jti"].iter().any(|name| self.required.iter().any(|required| required == name))
    }
}

/// Reads the options of a scheme.
///
/// # Errors
/// Every problem found.
pub(super) fn read(spec: &Spec) -> Result<Options, Vec<SpecProblem>> {
    let mut reader = Asked { spec, found: Vec::new() };
    let mut required = reader.texts("require");
    required.extend(reader.texts("unique"));
    let mut claims = Vec::new();
    for (name, values) in &spec.options {
        match name.as_str() {
            "iss" | "aud" | "sub" => claims.push((name.clone(), values.clone())),
            "alg" | "require" | "unique" | "max_age" | "leeway" | "body_claim" | "body_enc" | "bare"
            | "url_claim" | "url_enc" | "query_claim" | "base_path" => {}
            other => match other.strip_prefix("claim.") {
                Some(claim) if !claim.is_empty() => claims.push((claim.to_owned(), values.clone())),
                Some(_) | None => reader.problem(&format!("{other:?} is no option of a token"), KNOWN),
            },
        }
    }
    if claims.iter().any(|(_, values)| values.is_empty() || values.iter().any(String::is_empty)) {
        reader.problem("a claim needs a value to be compared with", "leave it out");
    }
    let algorithms = reader.algorithms();
    let body = reader.tells("body_claim", "body_enc");
    let url = reader.tells("url_claim", "url_enc");
    let usual_age = (body.is_some() && !required.is_empty()).then_some(USUAL_AGE_S);
    let options = Options {
        algorithms,
        in_body: spec.sig.is_empty(),
        prefix: spec.prefix.clone().unwrap_or_default(),
        claims,
        required,
        leeway_s: reader.seconds("leeway").unwrap_or(LEEWAY_S),
        max_age_s: reader.seconds("max_age").or(usual_age),
        body,
        bare: reader.one("bare").is_some(),
        url,
        query: reader.one("query_claim"),
        base_path: reader.one("base_path").unwrap_or_default(),
        query_tokens: vec!["jwt".to_owned()],
    };
    if spec.enc != "base64url" && spec.enc != Spec::default().enc {
        reader.problem("signatures of tokens are base64url", "leave enc out");
    }
    if options.in_body && (options.body.is_some() || options.url.is_some() || options.query.is_some()) {
        reader.problem("a token that is the body is all there is", "leave the claims about the request out");
    }
    if spec.ts.is_some() {
        reader.problem("a token has its own times", "leave ts out; max_age bounds iat");
    }
    if reader.found.is_empty() { Ok(options) } else { Err(reader.found) }
}

/// Options being read.
struct Asked<'s> {
    spec: &'s Spec,
    found: Vec<SpecProblem>,
}

impl Asked<'_> {
    fn problem(&mut self, message: &str, hint: &str) {
        let (message, hint) = (message.to_owned(), hint.to_owned());
        self.found.push(SpecProblem { field: "options", message, hint });
    }

    fn texts(&self, name: &str) -> Vec<String> {
        self.spec
            .options
            .iter()
            .filter(|(known, _)| known == name)
            .flat_map(|(_, values)| values.clone())
            .collect()
    }

    fn one(&mut self, name: &str) -> Option<String> {
        let mut values = self.texts(name);
        let value = values.pop();
        if !values.is_empty() || value.as_ref().is_some_and(String::is_empty) {
            self.problem(&format!("{name} takes one value"), "");
        }
        value
    }

    fn seconds(&mut self, name: &str) -> Option<i64> {
        let text = self.one(name)?;
        let seconds = text.parse().ok().filter(|seconds| (0..=86_400).contains(seconds));
        if seconds.is_none() {
            self.problem(&format!("{name} is a number of seconds up to 86400"), "");
        }
        seconds
    }

    /// Security: the family of the algorithms must be that of the key. A scheme that took both could be fed an HMAC
    /// made with what everybody may read.
    fn algorithms(&mut self) -> Vec<Jwa> {
        let names = self.texts("alg");
        let known: Vec<Jwa> = names.iter().filter_map(|name| Jwa::parse(name)).collect();
        if known.is_empty() || known.len() != names.len() {
            let hint =
                "for example alg: [RS256]; known are HS, RS, PS and ES with 256, 384 or 512, and EdDSA";
            self.problem("alg must name the algorithms of this provider's tokens", hint);
        }
        let has_secret = matches!(self.spec.key.enc.as_str(), "utf8" | "base64" | "hex");
        if known.iter().any(|algorithm| algorithm.is_secret() != has_secret) {
            let message = match has_secret {
                true => "these algorithms need a public key",
                false => "HS256, HS384 and HS512 need a secret, never a public key",
            };
            self.problem(
                message,
                "write key: {enc: pem} or jwks for public keys, utf8, base64 or hex for secrets",
            );
        }
        known
    }

    fn tells(&mut self, claim: &str, encoding: &str) -> Option<(String, Written)> {
        let name = self.one(claim);
        let written = match self.one(encoding).as_deref() {
            None => Written::Hash(Encoding::Hex),
            Some("plain") => Written::Plain,
            Some(other) => match Encoding::parse(other) {
                Some(encoding) => Written::Hash(encoding),
                None => {
                    self.problem(&format!("{encoding} is hex, base64, base64url or plain"), "");
                    Written::Plain
                }
            },
        };
        name.map(|name| (name, written))
    }
}
