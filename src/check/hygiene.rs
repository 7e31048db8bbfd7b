//! Is the head one that every HTTP reader reads alike? Step 1 of the order; refuses, never repairs.
//!
//! HTTP/1 heads have passed the raw validator of `listen` before; what stands here holds for HTTP/2 too and needs
//! parsed fields: Host, method, Upgrade, Expect, nominations of `Connection`.

use std::borrow::Cow;

use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{Method, Version};

use super::deny::{Deny, Reason};
use super::permit::Upgrade;
use crate::base::seen::{Field, Seen};
use crate::config::settings::{KeyLocation, Settings};
use crate::identify::facts;

/// Bounds and names the head is judged by; compiled once per generation.
#[derive(Debug)]
pub(super) struct HeadRules {
    max_fields: usize,
    max_uri: usize,
    max_bytes: usize,
    protected: Vec<HeaderName>,
}

/// Fields whose removal would change framing, routing or identity.
const FRAMING: [HeaderName; 6] = [
    header::HOST,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::AUTHORIZATION,
    header::COOKIE,
    header::CONTENT_TYPE,
];

/// A name that is looked for in every head; as text it would be parsed each time.
static HTTP2_SETTINGS: HeaderName = HeaderName::from_static("http2-settings");

/// Most fields `Connection` may nominate.
const MOST_NOMINATIONS: usize = 10;

impl HeadRules {
    pub(super) fn from_settings(settings: &Settings) -> Self {
        let mut protected = FRAMING.to_vec();
        for route in &settings.routes {
            if let Some(signature) = &route.signature {
                protected.extend(signature.plan.headers().iter().cloned());
            }
            // What the gate writes there must not be taken away either.
            if let Some(resign) = &route.resign {
                protected.extend(resign.plan.headers().iter().cloned());
            }
            if let Some(secret) = &route.shared_secret {
                protected.push(secret.header.clone());
            }
            for location in route.api_key.iter().flat_map(|key| &key.locations) {
                if let KeyLocation::Header(name) = location {
                    protected.push(name.clone());
                }
            }
        }
        protected.sort_by(|a, b| a.as_str().cmp(b.as_str()));
        protected.dedup();
        Self {
            max_fields: settings.limits.head_fields,
            max_uri: settings.limits.uri_size,
            max_bytes: settings.limits.head_size,
            protected,
        }
    }

    /// Judges the head; says which host it is for and whether it asks for a WebSocket.
    pub(super) fn judge<'a>(&self, parts: &'a Parts) -> Result<(Cow<'a, str>, Upgrade), Deny> {
        // What is not there needs no search; judging changes nothing of the head.
        let seen = Seen::of(&parts.headers);
        version(parts.version)?;
        method(&parts.method)?;
        self.sizes(parts)?;
        target(parts)?;
        if seen.has(Field::ContentLength) {
            length(&parts.headers)?;
        }
        let host = facts::host_of(parts).map_err(|_| Deny::new(Reason::HostInvalid, 0))?;
        if seen.has(Field::Expect) {
            expect(&parts.headers)?;
        }
        if seen.has(Field::Connection) {
            self.nominations(&parts.headers)?;
        }
        Ok((host, if upgrades(seen) { upgrade(parts)? } else { Upgrade::None }))
    }

    fn sizes(&self, parts: &Parts) -> Result<(), Deny> {
        let target = parts.uri.path_and_query().map_or(0, |target| target.as_str().len());
        if target > self.max_uri {
            return Err(Deny::new(Reason::UriTooLong, 0));
        }
        if parts.headers.len() > self.max_fields {
            return Err(Deny::new(Reason::HeadTooLarge, 0));
        }
        if parts.version == Version::HTTP_2 {
            let bytes: usize = parts
                .headers
                .iter()
                .map(|(name, value)| name.as_str().len().saturating_add(value.len()).saturating_add(32))
                .sum();
            if bytes.saturating_add(target) > self.max_bytes {
                return Err(Deny::new(Reason::HeadTooLarge, 0));
            }
        }
        Ok(())
    }

    /// RFC 9110 §7.6.1 removes what `Connection` nominates: a caller must not strip what a check or the app reads.
    fn nominations(&self, headers: &HeaderMap) -> Result<(), Deny> {
        let mut count = 0usize;
        for token in list(headers, &header::CONNECTION) {
            let token = token.map_err(|_| Deny::new(Reason::ConnectionNominates, 0))?;
            if is_connection_option(token) {
                continue;
            }
            count = count.saturating_add(1);
            let protected = count > MOST_NOMINATIONS
                || self.protected.iter().any(|name| name.as_str().eq_ignore_ascii_case(token));
            if protected {
                return Err(Deny::new(Reason::ConnectionNominates, 0));
            }
        }
        Ok(())
    }
}

fn is_connection_option(token: &str) -> bool {
    ["close", "keep-alive", "upgrade", "te", ""].iter().any(|option| token.eq_ignore_ascii_case(option))
}

fn version(version: Version) -> Result<(), Deny> {
    match version {
        Version::HTTP_10 | Version::HTTP_11 | Version::HTTP_2 => Ok(()),
        _ => Err(Deny::new(Reason::VersionRefused, 0)),
    }
}

/// Lower-case methods are refused because some apps fold the case after a rule has compared it.
fn method(method: &Method) -> Result<(), Deny> {
    let tunnelling = *method == Method::CONNECT || *method == Method::TRACE;
    if tunnelling || method.as_str().bytes().any(|byte| byte.is_ascii_lowercase()) {
        return Err(Deny::new(Reason::MethodRefused, 0));
    }
    Ok(())
}

/// The target must be origin-form bytes that need no interpretation; `*` goes with OPTIONS only. A scheme stands
/// beside an authority in HTTP/2 alone, and the app is no other server than an HTTP one.
fn target(parts: &Parts) -> Result<(), Deny> {
    let malformed = || Deny::new(Reason::HeadMalformed, 0);
    let is_http = matches!(parts.uri.scheme_str(), Some("http" | "https"));
    if parts.uri.authority().is_some() && !is_http {
        return Err(malformed());
    }
    let whole = parts.uri.path_and_query().ok_or_else(malformed)?;
    let target = whole.as_str();
    // An empty target (`#x` in HTTP/2, its fragment cut off) reads as `/` and would be written as nothing.
    if target == "/" && *whole != PathAndQuery::from_static("/") {
        return Err(malformed());
    }
    if target == "*" {
        return if parts.method == Method::OPTIONS { Ok(()) } else { Err(malformed()) };
    }
    let readable = target.bytes().all(|byte| matches!(byte, 0x21..=0x7e) && byte != b'#');
    if target.starts_with('/') && readable { Ok(()) } else { Err(malformed()) }
}

/// A declared length is one plain decimal. HTTP/2 lets equal doubles and leading zeros through, which an HTTP/1 app
/// may read in two ways.
fn length(headers: &HeaderMap) -> Result<(), Deny> {
    let mut lines = headers.get_all(header::CONTENT_LENGTH).iter().map(HeaderValue::as_bytes);
    let plain = match (lines.next(), lines.next()) {
        (None, _) => true,
        (Some(digits), None) => {
            let zero_led = digits.len() > 1 && digits.first() == Some(&b'0');
            !digits.is_empty() && digits.iter().all(u8::is_ascii_digit) && !zero_led
        }
        (Some(_), Some(_)) => false,
    };
    if plain { Ok(()) } else { Err(Deny::new(Reason::HeadMalformed, 0)) }
}

fn expect(headers: &HeaderMap) -> Result<(), Deny> {
    let mut lines = headers.get_all(header::EXPECT).iter();
    match (lines.next(), lines.next()) {
        (None, _) => Ok(()),
        (Some(value), None) if value.as_bytes().eq_ignore_ascii_case(b"100-continue") => Ok(()),
        (Some(_), _) => Err(Deny::new(Reason::ExpectUnknown, 0)),
    }
}

fn upgrades(seen: Seen) -> bool {
    seen.has(Field::Upgrade) || seen.has(Field::Http2Settings)
}

/// Only `Upgrade: websocket` on a bodiless HTTP/1.1 GET is ever passed on (RFC 6455 §4.1).
fn upgrade(parts: &Parts) -> Result<Upgrade, Deny> {
    let headers = &parts.headers;
    let refused = || Deny::new(Reason::UpgradeRefused, 0);
    if headers.contains_key(&HTTP2_SETTINGS) {
        return Err(refused());
    }
    let mut lines = headers.get_all(header::UPGRADE).iter();
    let Some(line) = lines.next() else { return Ok(Upgrade::None) };
    let nominated = list(headers, &header::CONNECTION)
        .any(|token| token.is_ok_and(|token| token.eq_ignore_ascii_case("upgrade")));
    let bodiless =
        !headers.contains_key(header::CONTENT_LENGTH) && !headers.contains_key(header::TRANSFER_ENCODING);
    let plain = parts.version == Version::HTTP_11 && parts.method == Method::GET && bodiless;
    if lines.next().is_none() && line.as_bytes().eq_ignore_ascii_case(b"websocket") && nominated && plain {
        return Ok(Upgrade::WebSocket);
    }
    Err(refused())
}

/// The items of a comma-separated field over all its lines; an item that is no text is an error.
fn list<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = Result<&'a str, ()>> {
    headers.get_all(name).iter().flat_map(|line| {
        let text = line.to_str().map_err(|_| ());
        let broken = text.err().map(Err);
        broken.into_iter().chain(text.unwrap_or_default().split(',').map(|item| Ok(item.trim())))
    })
}

/// The declared length of a head that was judged: there is at most one, and it is a number.
pub(super) fn declared_length(parts: &Parts) -> Option<u64> {
    let value = parts.headers.get(header::CONTENT_LENGTH)?;
    value.to_str().ok()?.parse().ok()
}

#[cfg(test)]
mod tests;
