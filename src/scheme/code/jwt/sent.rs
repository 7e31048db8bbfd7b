//! The provider's side: a token with everything the options ask for.

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::options::{Options, Written};
use super::qsh;
use crate::scheme::Refusal;
use crate::scheme::code::{Draft, Order, UNSIGNED};
use crate::scheme::encoding::Encoding;

/// Seconds a token that must end is good for.
const LIFE_S: i64 = 300;

/// The token, its signature left open. A token that is the body holds the claims the body given has.
///
/// # Errors
/// [`Refusal::Wrong`] when the key signs by none of the algorithms; [`Refusal::Missing`] when there is no URL to tell
/// of; [`Refusal::BodyShape`] when a body that should hold claims is no JSON object.
pub(super) fn draft(options: &Options, order: &Order<'_>) -> Result<Draft, Refusal> {
    let algorithm = (order.token)(&options.algorithms).ok_or(Refusal::Wrong)?;
    let mut claims = match order.body.trim_ascii() {
        text if options.in_body && !text.is_empty() => {
            serde_json::from_slice::<Map<String, Value>>(text).map_err(|_| Refusal::BodyShape)?
        }
        _ => Map::new(),
    };
    for (name, values) in &options.claims {
        let value = values.first().map_or(Value::Null, |value| match value.as_str() {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            other => Value::from(other),
        });
        claims.entry(name).or_insert(value);
    }
    let now_s = order.now.unix_seconds();
    for name in &options.required {
        claims.entry(name).or_insert_with(|| match name.as_str() {
            "iat" | "nbf" => Value::from(now_s),
            "exp" => Value::from(now_s.saturating_add(LIFE_S)),
            _ => Value::from(order.id),
        });
    }
    if let Some((name, written)) = &options.body
        && !(options.bare && order.body.is_empty())
    {
        claims.insert(name.clone(), text(*written, order.body)?);
    }
    if let Some((name, written)) = &options.url {
        claims.insert(name.clone(), text(*written, order.head.url.ok_or(Refusal::Missing)?.as_bytes())?);
    }
    if let Some(name) = &options.query {
        let (method, target) = (order.head.method, order.head.path_and_query);
        let canonical = qsh::canonical(method, target, &options.base_path, &options.query_tokens)?;
        claims.insert(name.clone(), text(Written::Hash(Encoding::Hex), canonical.as_bytes())?);
    }
    let header = format!("{{\"alg\":\"{}\",\"typ\":\"JWT\"}}", algorithm.name());
    let segment = |text: &str| Encoding::Base64Url.encode(text.as_bytes()).trim_end_matches('=').to_owned();
    let token = format!("{}.{}.{UNSIGNED}", segment(&header), segment(&Value::Object(claims).to_string()));
    Ok(match options.in_body {
        true => Draft { body: Some(token.into_bytes()), ..Draft::default() },
        false => Draft { value: Some(format!("{}{token}", options.prefix)), ..Draft::default() },
    })
}

fn text(written: Written, bytes: &[u8]) -> Result<Value, Refusal> {
    Ok(Value::from(match written {
        Written::Plain => std::str::from_utf8(bytes).map_err(|_| Refusal::BodyShape)?.to_owned(),
        Written::Hash(encoding) => encoding.encode(&Sha256::digest(bytes)),
    }))
}
