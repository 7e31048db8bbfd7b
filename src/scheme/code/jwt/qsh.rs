//! The canonical request whose SHA-256 Atlassian Connect puts into `qsh`: method, path and sorted query.
//! Source: "Understanding JWT for Connect apps", and Atlassian's libraries (npm atlassian-jwt 2.0.3, PyPI atlassian-jwt
//! 3.0.0), which sort the values of one name before they are encoded; the text says after.

use crate::scheme::Refusal;

/// The canonical request. `base` is what the app's own URL has in front of the provider's paths; parameters called as
/// in `without` are the token's own place.
///
/// # Errors
/// [`Refusal::Malformed`] for percent-encoding that is broken, [`Refusal::Wrong`] for a path outside `base`.
pub(super) fn canonical(
    method: &str,
    target: &str,
    base: &str,
    without: &[String],
) -> Result<String, Refusal> {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let path = path.strip_prefix(base).ok_or(Refusal::Wrong)?.trim_end_matches('/').replace('&', "%26");
    let path = if path.starts_with('/') { path } else { format!("/{path}") };
    let mut parameters: Vec<(String, Vec<Vec<u8>>)> = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (encoded(&decoded(name)?), decoded(value)?);
        match parameters.iter_mut().find(|(known, _)| *known == name) {
            _ if without.contains(&name) => {}
            Some((_, values)) => values.push(value),
            None => parameters.push((name, vec![value])),
        }
    }
    parameters.sort();
    let joined = parameters.into_iter().map(|(name, mut values)| {
        values.sort();
        let values: Vec<String> = values.iter().map(|value| encoded(value)).collect();
        format!("{name}={}", values.join(","))
    });
    Ok(format!("{}&{path}&{}", method.to_ascii_uppercase(), joined.collect::<Vec<_>>().join("&")))
}

/// What a part of a query stands for.
fn decoded(text: &str) -> Result<Vec<u8>, Refusal> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || char::from(bytes.next()?).to_digit(16);
                let (high, low) = (digit().ok_or(Refusal::Malformed)?, digit().ok_or(Refusal::Malformed)?);
                u8::try_from((high << 4) | low).map_err(|_| Refusal::Malformed)?
            }
            other => other,
        });
    }
    Ok(out)
}

/// Percent-encoded in the one way of RFC 3986.
fn encoded(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(bytes.len());
    for byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(byte) {
            out.push(char::from(*byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}
