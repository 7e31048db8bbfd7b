//! The ops port: health, readiness, startup and metrics. Read-only; knows no secret.

use std::sync::Arc;

use http::{Method, Request, StatusCode};
use serde_json::json;

use super::answer::{self, Answer};
use super::ready::{self, Health};
use super::{Desk, Startup};
use crate::base::clock;
use crate::observe::pulse;

/// What this port has.
const PATHS: &str = "/health /ready /startup /metrics";

/// How an answer is to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    Json,
    /// `?verbose`: lines for people.
    Lines,
}

/// Answers one request of the ops port.
pub(super) async fn answer<B>(desk: &Desk, request: &Request<B>) -> Answer {
    let style = match request.uri().query() {
        Some(query) if query.split('&').any(|part| part == "verbose" || part.starts_with("verbose=")) => {
            Style::Lines
        }
        Some(_) | None => Style::Json,
    };
    let read = matches!(*request.method(), Method::GET | Method::HEAD);
    match request.uri().path() {
        "/health" | "/healthz" | "/livez" | "/ready" | "/readyz" | "/startup" | "/startupz" | "/metrics"
            if !read =>
        {
            answer::wrong_method("GET, HEAD")
        }
        "/health" | "/healthz" | "/livez" => health(desk, style),
        "/ready" | "/readyz" => readiness(desk, style).await,
        "/startup" | "/startupz" => startup(desk, style),
        "/metrics" => metrics(desk),
        _ => answer::not_found(PATHS),
    }
}

/// The process lives as long as its workers turn; nothing outside the process counts.
fn health(desk: &Desk, style: Style) -> Answer {
    let now = clock::now();
    let (status, word, message) = match desk.pulse.check(now.mono) {
        Ok(()) => (StatusCode::OK, Health::Healthy, None),
        Err(stuck) => (StatusCode::SERVICE_UNAVAILABLE, Health::Unhealthy, Some(self::stuck(stuck))),
    };
    if style == Style::Lines {
        let line = message.map_or("[+] workers: all turn".to_owned(), |message| format!("[-] {message}"));
        return answer::text(status, format!("{line}\nhealth: {}\n", word.word()));
    }
    let mut told = json!({
        "status": word.word(),
        "timestamp": now.wall.rfc3339(),
        "uptime_seconds": now.mono.0 / 1_000_000_000,
    });
    if let (Some(message), Some(object)) = (message, told.as_object_mut()) {
        object.insert("message".to_owned(), json!(message));
    }
    answer::json(status, &told)
}

/// A stuck worker, for operators.
pub(super) fn stuck(stuck: pulse::Stuck) -> String {
    let silent = stuck.silent.as_secs();
    format!("worker {} has not turned for {silent} s: its thread is blocked; a restart helps", stuck.worker)
}

async fn readiness(desk: &Desk, style: Style) -> Answer {
    let readiness = ready::judge(desk).await;
    let status = match readiness.health {
        Health::Healthy | Health::Degraded => StatusCode::OK,
        Health::Unhealthy => StatusCode::SERVICE_UNAVAILABLE,
    };
    match style {
        Style::Json => answer::json(status, &readiness.json()),
        Style::Lines => answer::text(status, readiness.lines()),
    }
}

/// Never asks for the app: a native sidecar must have started before the app may.
fn startup(desk: &Desk, style: Style) -> Answer {
    let (status, word) = match desk.startup.get() {
        Startup::Started => (StatusCode::OK, "started"),
        Startup::Starting => (StatusCode::SERVICE_UNAVAILABLE, "starting"),
    };
    match style {
        Style::Json => {
            answer::json(status, &json!({ "status": word, "timestamp": clock::now().wall.rfc3339() }))
        }
        Style::Lines => answer::text(status, format!("startup: {word}\n")),
    }
}

fn metrics(desk: &Desk) -> Answer {
    match Arc::clone(&desk.scrapes).try_acquire_owned() {
        Ok(permit) => answer::metrics(desk.observer.page(), permit),
        Err(_) => {
            answer::busy("several scrapes are being sent already; scrape less often or from fewer places")
        }
    }
}

#[cfg(test)]
mod tests;
