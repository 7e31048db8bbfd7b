//! What the gate itself says to a caller: refusals, failures, acknowledged duplicates. The one place that renders.
//!
//! Security: one fixed text per status. Which check refused, and why, stays in the audit record; the caller gets a
//! number, that text and the request id. Called by `exchange`.

use bytes::{BufMut, Bytes, BytesMut};
use http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};

use crate::base::failure::Failure;
use crate::base::request_id::RequestId;
use crate::check::deny::{Deny, Quota, Reason};
use crate::forward::out_body::OutBody;
use crate::scheme::handshake::Reply;

/// The field that names the request on every answer.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const ALLOWED_ORIGIN: HeaderName = HeaderName::from_static("webhook-allowed-origin");
const ALLOWED_RATE: HeaderName = HeaderName::from_static("webhook-allowed-rate");
const DUPLICATE: HeaderName = HeaderName::from_static("x-sidegate-duplicate");
const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// Seconds after which a caller may try again when the app or the buffers are full: about one connection's turn.
const BUSY_RETRY: u32 = 1;

/// The request an answer is for.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Its name.
    pub id: &'a RequestId,
    /// Its method; the answer to HEAD has no body.
    pub method: &'a Method,
}

/// What the rules add to a refusal. Rendered once, when the snapshot is compiled.
#[derive(Clone, Copy, Debug, Default)]
pub struct Extras<'a> {
    /// `WWW-Authenticate` of the route, where one of its credentials has a scheme.
    pub challenge: Option<&'a HeaderValue>,
    /// `Allow` of the path.
    pub allow: Option<&'a HeaderValue>,
    /// The text of maintenance mode.
    pub maintenance: Option<&'a Maintenance>,
    /// What a 401 says.
    pub told: Told,
}

/// What the body of a 401 says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Told {
    /// Its text.
    #[default]
    Text,
    /// Nothing: the provider takes no other refusal.
    Nothing,
}

/// The answer of maintenance mode, rendered once.
#[derive(Clone, Debug)]
pub struct Maintenance {
    body: Bytes,
    retry_after: HeaderValue,
}

impl Maintenance {
    /// Renders `message` and `retry_after` seconds.
    pub fn new(message: &str, retry_after: u32) -> Self {
        let message = serde_json::Value::from(message);
        let body = format!(
            "{{\"error\":\"Service is in maintenance mode\",\"status\":\"maintenance\",\"message\":{message}}}"
        );
        Self { body: body.into(), retry_after: retry_after.into() }
    }
}

/// The answer to a request that policy refused.
pub fn refusal(deny: &Deny, asked: Asked<'_>, extras: Extras<'_>) -> Response<OutBody> {
    if let (Reason::Maintenance, Some(maintenance)) = (deny.reason, extras.maintenance) {
        let mut response = answer(StatusCode::SERVICE_UNAVAILABLE, maintenance.body.clone(), asked);
        response.headers_mut().insert(RETRY_AFTER, maintenance.retry_after.clone());
        return response;
    }
    let mut response = plain(deny.reason.status(), asked);
    let status = response.status();
    let headers = response.headers_mut();
    if let Some(seconds) = deny.retry_after {
        headers.insert(RETRY_AFTER, seconds.into());
    }
    if let Some(quota) = &deny.quota {
        tell_quota(headers, quota);
    }
    if let (StatusCode::UNAUTHORIZED, Some(challenge)) = (status, extras.challenge) {
        headers.insert(WWW_AUTHENTICATE, challenge.clone());
    }
    if (status, extras.told) == (StatusCode::UNAUTHORIZED, Told::Nothing) {
        headers.remove(CONTENT_TYPE);
        headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        *response.body_mut() = OutBody::empty();
        return response;
    }
    if let (StatusCode::METHOD_NOT_ALLOWED, Some(allow)) = (status, extras.allow) {
        headers.insert(ALLOW, allow.clone());
    }
    response
}

/// The answer to a request that something in the world made fail.
pub fn failure(failure: Failure, asked: Asked<'_>) -> Response<OutBody> {
    let mut response = plain(failure.status(), asked);
    if response.status() == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(RETRY_AFTER, BUSY_RETRY.into());
    }
    response
}

/// The answer to a message that was delivered before: 200, so that the provider stops, and no body, so that nothing
/// is taken for the app's words.
pub fn duplicate(asked: Asked<'_>) -> Response<OutBody> {
    let mut response = Response::new(OutBody::empty());
    let headers = response.headers_mut();
    headers.insert(DUPLICATE, HeaderValue::from_static("1"));
    headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    common(headers, asked);
    response
}

/// The answer to a provider's handshake.
///
/// Security: what a caller sent may stand in it, so a browser is told to take it for nothing else than it is.
pub fn handshake(reply: Reply, asked: Asked<'_>) -> Response<OutBody> {
    let length = reply.body.len();
    let is_bare = *asked.method == Method::HEAD || length == 0;
    let mut response =
        Response::new(if is_bare { OutBody::empty() } else { OutBody::full(reply.body.into()) });
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::OK);
    let has_length = response.status() != StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    if has_length {
        headers.insert(CONTENT_LENGTH, length.into());
    }
    if let Some(name) = reply.content_type {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(name));
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Some(origin) = reply.allowed_origin.and_then(|origin| HeaderValue::try_from(origin).ok()) {
        headers.insert(ALLOWED_ORIGIN, origin);
        headers.insert(ALLOWED_RATE, HeaderValue::from_static("*"));
        headers.insert(ALLOW, HeaderValue::from_static("POST"));
    }
    common(headers, asked);
    response
}

/// The request id as a field value.
pub fn id_value(id: &RequestId) -> HeaderValue {
    HeaderValue::from_bytes(id.as_bytes()).unwrap_or(HeaderValue::from_static("-"))
}

fn plain(status: u16, asked: Asked<'_>) -> Response<OutBody> {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let text = opening(status);
    let mut body = BytesMut::with_capacity(text.len() + asked.id.as_bytes().len() + 2);
    body.put_slice(text.as_bytes());
    body.put_slice(asked.id.as_bytes());
    body.put_slice(b"\"}");
    answer(status, body.freeze(), asked)
}

fn answer(status: StatusCode, body: Bytes, asked: Asked<'_>) -> Response<OutBody> {
    let length = body.len();
    let body = if *asked.method == Method::HEAD { OutBody::empty() } else { OutBody::full(body) };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CONTENT_LENGTH, length.into());
    common(headers, asked);
    response
}

fn common(headers: &mut HeaderMap, asked: Asked<'_>) {
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(REQUEST_ID, id_value(asked.id));
}

/// The two fields of draft-ietf-httpapi-ratelimit-headers-10: what the limit is, and what is left of it.
fn tell_quota(headers: &mut HeaderMap, quota: &Quota) {
    let Quota { name, limit, window, remaining, reset } = quota;
    let fields = [
        (RATE_LIMIT_POLICY, format!("\"{name}\";q={limit};w={window}")),
        (RATE_LIMIT, format!("\"{name}\";r={remaining};t={reset}")),
    ];
    for (field, text) in fields {
        if let Ok(value) = HeaderValue::try_from(text) {
            headers.insert(field, value);
        }
    }
}

macro_rules! openings {
    ($($status:literal $text:literal;)*) => {
        /// The body of a status up to the request id.
        fn opening(status: StatusCode) -> &'static str {
            match status.as_u16() {
                $($status => concat!(
                    "{\"error\":\"", $text, "\",\"status\":", stringify!($status), ",\"request_id\":\""
                ),)*
                // No reason and no failure has another status; a test walks over all of them.
                _ => "{\"error\":\"refused\",\"status\":500,\"request_id\":\"",
            }
        }
    };
}

openings! {
    400 "bad request";
    401 "unauthorized";
    403 "forbidden";
    404 "not found";
    405 "method not allowed";
    408 "request timeout";
    409 "conflict";
    413 "content too large";
    414 "uri too long";
    415 "unsupported media type";
    417 "expectation failed";
    422 "unprocessable content";
    429 "too many requests";
    431 "request header fields too large";
    500 "internal error";
    502 "bad gateway";
    503 "service unavailable";
    504 "gateway timeout";
    505 "http version not supported";
}

#[cfg(test)]
mod tests;
