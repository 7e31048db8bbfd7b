//! Takes credentials out of a request head: finds them wherever an app could, refuses what two readers could take
//! for two credentials, and removes them before the request goes on.
//!
//! Knows nothing of which credentials are valid. Called by the credential checks.

use std::borrow::Cow;

use data_encoding::{BASE64, BASE64_NOPAD};
use http::HeaderMap;
use http::header::{AUTHORIZATION, HeaderName};
use http::request::Parts;

use crate::config::settings::KeyLocation;

mod cookie;
mod query;

/// Two values of one credential, or one credential header on two lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conflict;

/// The value of a header that may stand on one line only. An empty value is a value.
///
/// # Errors
/// [`Conflict`] when it stands on several lines, even with equal values: which one the app reads is its own choice.
pub fn single_header<'a>(name: &HeaderName, headers: &'a HeaderMap) -> Result<Option<&'a [u8]>, Conflict> {
    let mut lines = headers.get_all(name).iter();
    match (lines.next(), lines.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => Ok(Some(value.as_bytes())),
        (Some(_), Some(_)) => Err(Conflict),
    }
}

/// The API key a request carries in any of `locations`; borrowed unless it stood encoded.
///
/// A location that is present but unreadable (base64 that is none, `Bearer` without a token) counts as an empty key,
/// which no key equals: presented and wrong, not absent.
///
/// # Errors
/// [`Conflict`] on two different values over all locations, or one credential header on two lines.
pub fn find_key<'a>(locations: &[KeyLocation], parts: &'a Parts) -> Result<Option<Cow<'a, [u8]>>, Conflict> {
    let mut found = Single::default();
    for location in locations {
        match location {
            KeyLocation::Header(name) => {
                found.see(single_header(name, &parts.headers)?.map(Cow::Borrowed))?
            }
            KeyLocation::Bearer => found.see(authorization(&parts.headers, b"bearer")?.map(Cow::Borrowed))?,
            KeyLocation::Basic => found.see(authorization(&parts.headers, b"basic")?.map(password))?,
            KeyLocation::Cookie(name) => {
                cookie::values(name, &parts.headers).try_for_each(|value| found.see(Some(value)))?;
            }
            KeyLocation::Query(name) => {
                let query = parts.uri.query().unwrap_or_default();
                query::values(name, query).try_for_each(|value| found.see(Some(value)))?;
            }
        }
    }
    Ok(found.0)
}

/// Removes the API key from every location, under every spelling of its name; all other bytes stay as they are.
pub fn strip_key(locations: &[KeyLocation], parts: &mut Parts) {
    for location in locations {
        match location {
            KeyLocation::Header(name) => {
                parts.headers.remove(name);
            }
            KeyLocation::Bearer => strip_authorization(&mut parts.headers, b"bearer"),
            KeyLocation::Basic => strip_authorization(&mut parts.headers, b"basic"),
            KeyLocation::Cookie(name) => cookie::strip(name, &mut parts.headers),
            KeyLocation::Query(name) => query::strip(name, &mut parts.uri),
        }
    }
}

/// One value, seen any number of times.
#[derive(Default)]
struct Single<'a>(Option<Cow<'a, [u8]>>);

impl<'a> Single<'a> {
    fn see(&mut self, value: Option<Cow<'a, [u8]>>) -> Result<(), Conflict> {
        match (&self.0, value) {
            (_, None) => Ok(()),
            (Some(first), Some(second)) => (**first == *second).then_some(()).ok_or(Conflict),
            (None, first) => {
                self.0 = first;
                Ok(())
            }
        }
    }
}

/// What follows `scheme` in `Authorization`; nothing when it names another scheme.
fn authorization<'a>(headers: &'a HeaderMap, scheme: &[u8]) -> Result<Option<&'a [u8]>, Conflict> {
    Ok(single_header(&AUTHORIZATION, headers)?.and_then(|value| after_scheme(value, scheme)))
}

/// RFC 9110 §11.1: the scheme's name is case-insensitive and ends at a space or the end.
fn after_scheme<'a>(value: &'a [u8], scheme: &[u8]) -> Option<&'a [u8]> {
    let value = value.trim_ascii();
    let (name, rest) = value.split_at_checked(scheme.len())?;
    let ends = rest.first().is_none_or(|byte| matches!(byte, b' ' | b'\t'));
    (ends && name.eq_ignore_ascii_case(scheme)).then(|| rest.trim_ascii())
}

/// The password of RFC 7617 credentials: all after the first colon.
fn password(encoded: &[u8]) -> Cow<'_, [u8]> {
    let decoded = BASE64.decode(encoded).or_else(|_| BASE64_NOPAD.decode(encoded)).unwrap_or_default();
    match decoded.iter().position(|byte| *byte == b':') {
        Some(colon) => Cow::Owned(decoded.get(colon + 1..).unwrap_or_default().to_vec()),
        None => Cow::Borrowed(b""),
    }
}

/// Another scheme's credential is the app's own and stays.
fn strip_authorization(headers: &mut HeaderMap, scheme: &[u8]) {
    if headers.get_all(AUTHORIZATION).iter().any(|value| after_scheme(value.as_bytes(), scheme).is_some()) {
        headers.remove(AUTHORIZATION);
    }
}

/// Percent-decoded once; escapes that are none stay as written. `plus` is what `+` stands for.
fn decoded(text: &[u8], plus: u8) -> Cow<'_, [u8]> {
    if !text.iter().any(|byte| matches!(byte, b'%' | b'+')) {
        return Cow::Borrowed(text);
    }
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        let escape = match (first, after) {
            (b'%', [high, low, after @ ..]) => {
                hex(*high).zip(hex(*low)).map(|(high, low)| (high << 4 | low, after))
            }
            _ => None,
        };
        let (byte, after) = escape.unwrap_or((if *first == b'+' { plus } else { *first }, after));
        plain.push(byte);
        rest = after;
    }
    Cow::Owned(plain)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests;
