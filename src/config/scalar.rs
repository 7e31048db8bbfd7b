//! One piece of text as the value of a key: what is wrong with it, and what it means.

use http::Method;
use http::header::HeaderName;

use super::report::Fault;
use super::settings::{KeyDigest, KeyLocation};
use super::table::{Kind, listed};
use super::{networks, paths, units};
use crate::base::name::RouteName;

/// What is wrong with `text` as a value of this kind; `None` when it can be read.
pub(crate) fn fault(kind: Kind, text: &str) -> Option<Fault> {
    match kind {
        Kind::Text => text.is_empty().then(|| Fault::new("expected a text, found an empty one", "")),
        // Strength and emptiness are judged with the whole entry, which may say `allow_weak`.
        Kind::Secret => None,
        Kind::Boolean => boolean(text).err(),
        Kind::Integer(least, most) => integer(text, least, most).err(),
        Kind::Duration(least, most) => match units::duration(text) {
            Ok(span) if span < least || span > most => Some(out_of_range(kind)),
            Ok(_) => None,
            Err(fault) => Some(fault),
        },
        Kind::Size(least, most) => match units::size(text) {
            Ok(bytes) if bytes < least || bytes > most => Some(out_of_range(kind)),
            Ok(_) => None,
            Err(fault) => Some(fault),
        },
        Kind::Rate => units::rate(text).err(),
        Kind::Word(words) => match word(text, words) {
            Some(_) => None,
            None => Some(no_word(text, words)),
        },
        Kind::Network => networks::net(text).err(),
        Kind::Address => networks::address(text).err(),
        Kind::Upstream => networks::upstream(text).err(),
        Kind::Header => header(text).err(),
        Kind::Name => RouteName::parse(text).err().map(|bad| Fault::new(bad.to_string(), "")),
        Kind::Instant => units::instant(text).err(),
        Kind::File => {
            text.is_empty().then(|| Fault::new("expected the path of a file, found an empty text", ""))
        }
        Kind::Method => method(text).err(),
        Kind::Host => host(text).err(),
        Kind::Path => paths::shape(text).err(),
        Kind::Url => url(text),
        Kind::KeyLocation => location(text).err(),
        Kind::KeyDigest => digest(text).err(),
    }
}

/// Whether a text of this kind may stand in messages and snippets.
pub(crate) fn is_showable(kind: Kind, text: &str) -> bool {
    match kind {
        Kind::Secret => false,
        // A user's password, a token in a query.
        Kind::Upstream | Kind::Url => !text.contains(['@', '?']),
        Kind::Text
        | Kind::Boolean
        | Kind::Integer(..)
        | Kind::Duration(..)
        | Kind::Size(..)
        | Kind::Rate
        | Kind::Word(_)
        | Kind::Network
        | Kind::Address
        | Kind::Header
        | Kind::Name
        | Kind::Instant
        | Kind::File
        | Kind::Method
        | Kind::Host
        | Kind::Path
        | Kind::KeyLocation
        | Kind::KeyDigest => true,
    }
}

fn out_of_range(kind: Kind) -> Fault {
    Fault::new(format!("expected {}", kind.words()), "")
}

fn no_word(text: &str, words: &[&str]) -> Fault {
    let hint = match super::nearest::nearest(text, words.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => String::new(),
    };
    let known: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    Fault::new(format!("expected {}", listed(&known)), hint)
}

/// Reads `true` or `false`.
pub(crate) fn boolean(text: &str) -> Result<bool, Fault> {
    match text {
        "true" | "True" | "TRUE" => Ok(true),
        "false" | "False" | "FALSE" => Ok(false),
        "yes" | "on" | "1" => Err(Fault::new("expected `true` or `false`", "write true without quotes")),
        "no" | "off" | "0" => Err(Fault::new("expected `true` or `false`", "write false without quotes")),
        _ => Err(Fault::new("expected `true` or `false`", "")),
    }
}

/// Reads a whole number: digits only, no leading zero.
pub(crate) fn integer(text: &str, least: u64, most: u64) -> Result<u64, Fault> {
    let is_plain = text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    let number = text.parse().ok().filter(|number| is_plain && (least..=most).contains(number));
    number.ok_or_else(|| Fault::new(format!("expected a whole number from {least} to {most}"), ""))
}

/// The word of the list that `text` means.
pub(crate) fn word(text: &str, words: &[&'static str]) -> Option<&'static str> {
    let means_off = text.eq_ignore_ascii_case("false");
    words.iter().copied().find(|word| text.eq_ignore_ascii_case(word) || (means_off && *word == "off"))
}

/// Reads the name of a header a rule may look at.
///
/// Security: fields that frame the message or name its route are refused, since other parts decide by them.
pub(crate) fn header(text: &str) -> Result<HeaderName, Fault> {
    const TAKEN: &[&str] = &[
        "connection",
        "content-length",
        "host",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    ];
    let wrong =
        || Fault::new("expected the name of a header", "letters, digits and - as in X-Webhook-Secret");
    let name = HeaderName::from_bytes(text.as_bytes()).map_err(|_| wrong())?;
    if !text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
        let message = "a header name with other characters than letters, digits and - is not accepted";
        return Err(Fault::new(message, "apps read `_` and `.` as `-`, so such names are not unique"));
    }
    if TAKEN.contains(&name.as_str()) {
        return Err(Fault::new(format!("the header {name} frames the message and cannot be used here"), ""));
    }
    Ok(name)
}

/// Reads a method.
pub(crate) fn method(text: &str) -> Result<Method, Fault> {
    if matches!(text, "CONNECT" | "TRACE") {
        return Err(Fault::new(format!("{text} is never let through"), "remove it"));
    }
    let is_plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_uppercase() || b == b'-');
    match Method::from_bytes(text.as_bytes()) {
        Ok(method) if is_plain && text.len() <= 32 => Ok(method),
        Ok(_) | Err(_) => Err(Fault::new(
            "expected an HTTP method in capital letters",
            "methods are compared exactly: write POST",
        )),
    }
}

/// Reads a host name, lower case, or an IP address as it stands in a Host field.
pub(crate) fn host(text: &str) -> Result<String, Fault> {
    let lower = text.to_ascii_lowercase();
    if let Some(inner) = lower.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'))
        && inner.parse::<std::net::Ipv6Addr>().is_ok()
    {
        return Ok(lower);
    }
    if lower.contains('*') {
        return Err(Fault::new(
            "a pattern of host names is not available in this version",
            "write each name",
        ));
    }
    if lower.contains(':') || lower.contains('/') {
        return Err(Fault::new(
            "expected a host name without scheme, port or path",
            "write hooks.example.com",
        ));
    }
    let is_name = lower.len() <= 253
        && lower.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        });
    if is_name {
        Ok(lower)
    } else {
        Err(Fault::new(
            "expected a host name",
            "letters, digits, - and . as in hooks.example.com; no dot at the end",
        ))
    }
}

fn url(text: &str) -> Option<Fault> {
    const FORM: &str = "write https://hooks.example.com/path as the provider was given it";
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let Some(rest) = rest else { return Some(Fault::new("expected an http or https URL", FORM)) };
    let authority = rest.split(['/', '?']).next().unwrap_or("");
    let is_plain = rest.bytes().all(|b| (b'!'..=b'~').contains(&b)) && !rest.contains('#');
    let is_host = !authority.is_empty() && !authority.contains('@');
    if is_plain && is_host { None } else { Some(Fault::new("expected an http or https URL", FORM)) }
}

/// Reads a place an API key can stand.
pub(crate) fn location(text: &str) -> Result<KeyLocation, Fault> {
    const FORMS: &str = "write header:X-API-Key, bearer, basic, cookie:NAME or query:NAME";
    match text.split_once(':') {
        None if text.eq_ignore_ascii_case("bearer") => Ok(KeyLocation::Bearer),
        None if text.eq_ignore_ascii_case("basic") => Ok(KeyLocation::Basic),
        Some(("header", name)) => match header(name)? {
            name if name == http::header::AUTHORIZATION => Err(Fault::new(
                "the header Authorization has a scheme before the key",
                "write bearer or basic",
            )),
            name if name == http::header::COOKIE => {
                Err(Fault::new("the header Cookie holds several values", "write cookie:NAME"))
            }
            name => Ok(KeyLocation::Header(name)),
        },
        Some(("cookie", name)) if is_token(name) => Ok(KeyLocation::Cookie(name.to_owned())),
        Some(("query", name)) if is_token(name) => Ok(KeyLocation::Query(name.to_owned())),
        Some(_) | None => Err(Fault::new("expected a place an API key can stand", FORMS)),
    }
}

fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 64
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}

/// Reads the digest of an API key.
pub(crate) fn digest(text: &str) -> Result<KeyDigest, Fault> {
    let wrong = || {
        Fault::new(
            "expected `sha256:` or `hmac-sha256:` and 64 hex digits",
            "`sidegate keys generate` prints one",
        )
    };
    let (kind, hex) = text.split_once(':').ok_or_else(wrong)?;
    let bytes = data_encoding::HEXLOWER_PERMISSIVE.decode(hex.as_bytes()).map_err(|_| wrong())?;
    let bytes: [u8; 32] = bytes.try_into().map_err(|_| wrong())?;
    match kind {
        "sha256" => Ok(KeyDigest::Sha256(bytes)),
        "hmac-sha256" => Ok(KeyDigest::Peppered(bytes)),
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests;
