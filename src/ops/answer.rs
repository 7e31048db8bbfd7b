//! Answers of the ops and admin ports: JSON or plain text, never HTML, never cached, never sniffed.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS};
use http::{Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;
use serde_json::Value;
use tokio::sync::OwnedSemaphorePermit;

/// What the ports send.
pub(super) type Answer = Response<Page>;

/// A body; while it is being sent it may hold the right to do so.
#[derive(Debug)]
pub(super) struct Page {
    body: Full<Bytes>,
    _permit: Option<OwnedSemaphorePermit>,
}

impl Body for Page {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A JSON object and a newline, so that a terminal's prompt stays in its place.
pub(super) fn json(status: StatusCode, value: &Value) -> Answer {
    build(status, HeaderValue::from_static("application/json"), format!("{value}\n"), None)
}

/// Lines for people.
pub(super) fn text(status: StatusCode, text: String) -> Answer {
    build(status, HeaderValue::from_static("text/plain; charset=utf-8"), text, None)
}

/// The metrics page; `permit` is given back once it is sent.
pub(super) fn metrics(page: String, permit: OwnedSemaphorePermit) -> Answer {
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    build(StatusCode::OK, kind, page, Some(permit))
}

/// The path is not one of this port's.
pub(super) fn not_found(paths: &str) -> Answer {
    text(StatusCode::NOT_FOUND, format!("not found; here are {paths}\n"))
}

/// The path is known, the method is another.
pub(super) fn wrong_method(allowed: &'static str) -> Answer {
    let mut answer = text(StatusCode::METHOD_NOT_ALLOWED, format!("use {allowed}\n"));
    answer.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
    answer
}

/// Too many at once.
pub(super) fn busy(why: &str) -> Answer {
    let mut answer = text(StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n"));
    answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    answer
}

fn build(
    status: StatusCode,
    kind: HeaderValue,
    body: String,
    permit: Option<OwnedSemaphorePermit>,
) -> Answer {
    let mut answer = Response::new(Page { body: Full::new(Bytes::from(body)), _permit: permit });
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, kind);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    answer
}
