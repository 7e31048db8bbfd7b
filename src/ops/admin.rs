//! The admin port: loopback or a unix socket only. What changes something is POST, and no web page can ask for it:
//! the Host must name this machine and there must be no Origin.

use std::net::IpAddr;
use std::time::Duration;

use http::header::{HOST, ORIGIN};
use http::{HeaderMap, Method, Request, StatusCode};
use serde_json::{Value, json};

use super::Desk;
use super::answer::{self, Answer};
use super::server::Via;
use crate::listen::drain::{Outcome as Drained, Stage, Times};
use crate::observe::{Action, Event, Outcome as Told};
use crate::reload::{Cause, Complaint, Ended, Outcome};

/// What this port has.
const PATHS: &str = "/reload /drain /wait-for-drain /config";
/// How long `/wait-for-drain` waits for a drain to begin: both `preStop` hooks of a pod start at once.
const BEGIN: Duration = Duration::from_secs(1);
/// How often it looks.
const LOOK: Duration = Duration::from_millis(50);

/// Answers one request of the admin port.
pub(super) async fn answer<B>(desk: &Desk, via: Via, request: &Request<B>) -> Answer {
    if let Err(refusal) = local(via, request.headers()) {
        return answer::text(StatusCode::FORBIDDEN, refusal);
    }
    let method = request.method();
    let (is_post, is_read) = (*method == Method::POST, matches!(*method, Method::GET | Method::HEAD));
    match request.uri().path() {
        "/reload" | "/drain" if !is_post => answer::wrong_method("POST"),
        "/config" if !is_read => answer::wrong_method("GET, HEAD"),
        "/wait-for-drain" if !is_post && *method != Method::GET => answer::wrong_method("GET, POST"),
        "/reload" => reload(desk).await,
        "/drain" => drain(desk),
        "/wait-for-drain" => wait_for_drain(desk).await,
        "/config" => answer::json(StatusCode::OK, &config(desk)),
        _ => answer::not_found(PATHS),
    }
}

/// Security: keeps web pages out. A page opened by a user of this machine can make the browser send requests here;
/// they carry the page's own Host (also after DNS rebinding) or an Origin.
fn local(via: Via, headers: &HeaderMap) -> Result<(), String> {
    if headers.contains_key(ORIGIN) {
        return Err("requests of web pages are refused (Origin)\n".to_owned());
    }
    match via {
        Via::Unix => Ok(()),
        Via::Tcp => {
            let mut hosts = headers.get_all(HOST).iter();
            let host = match (hosts.next(), hosts.next()) {
                (Some(host), None) => host.to_str().unwrap_or(""),
                (None | Some(_), _) => "",
            };
            if is_loopback(host) {
                Ok(())
            } else {
                Err("the Host must be localhost, 127.0.0.1 or [::1]; call this port by one of them\n"
                    .to_owned())
            }
        }
    }
}

fn is_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        Some(_) | None => host,
    };
    let address = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(name);
    name.eq_ignore_ascii_case("localhost") || address.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

async fn reload(desk: &Desk) -> Answer {
    match desk.reload.trigger(Cause::Asked).await {
        Ok(Outcome::Applied { generation, needs_restart }) => {
            let told =
                json!({ "status": "applied", "generation": generation, "needs_restart": needs_restart });
            answer::json(StatusCode::OK, &told)
        }
        Ok(Outcome::Unchanged { generation }) => {
            answer::json(StatusCode::OK, &json!({ "status": "unchanged", "generation": generation }))
        }
        Ok(Outcome::Refused { generation, complaints }) => {
            let errors: Vec<Value> = complaints.iter().map(complaint).collect();
            let told = json!({ "status": "refused", "generation": generation, "errors": errors });
            answer::json(StatusCode::UNPROCESSABLE_ENTITY, &told)
        }
        Err(Ended) => answer::busy("the gate is ending; nothing is reloaded any more"),
    }
}

fn complaint(complaint: &Complaint) -> Value {
    json!({
        "file": complaint.file,
        "line": complaint.line,
        "column": complaint.column,
        "message": complaint.message,
        "hint": complaint.hint,
    })
}

fn drain(desk: &Desk) -> Answer {
    let snapshot = desk.snapshots.load();
    let limits = &snapshot.settings.limits;
    let times = Times { min: limits.drain_min, max: limits.drain_max };
    if desk.drain.stage() == Stage::Serving {
        tracing::info!("draining: asked to by the admin port");
        desk.observer.event(Event {
            at: crate::base::clock::now(),
            action: Action::Drain,
            outcome: Told::Applied,
            generation: desk.reload.status().generation,
            resource: String::new(),
            detail: "asked to by the admin port".to_owned(),
        });
    }
    desk.drain.begin(times);
    let told = json!({ "status": "draining", "minimum_seconds": times.min.as_secs(), "connections": connections(desk) });
    answer::json(StatusCode::OK, &told)
}

/// For the app's own `preStop`: holds it until callers have gone. When no drain begins, the app is being restarted on
/// its own and is not held up.
async fn wait_for_drain(desk: &Desk) -> Answer {
    let mut waited = Duration::ZERO;
    while desk.drain.stage() == Stage::Serving {
        if waited >= BEGIN {
            return answer::json(
                StatusCode::OK,
                &json!({ "status": "serving", "connections": connections(desk) }),
            );
        }
        tokio::time::sleep(LOOK).await;
        waited = waited.saturating_add(LOOK);
    }
    let longest = desk.snapshots.load().settings.limits.drain_max;
    let told = match desk.drain.drained(longest).await {
        Drained::Clean => json!({ "status": "drained", "connections": 0 }),
        Drained::Aborted(left) => json!({ "status": "timeout", "connections": left }),
    };
    answer::json(StatusCode::OK, &told)
}

/// The configuration in force with where each value came from; secrets are masked where it is made.
fn config(desk: &Desk) -> Value {
    let snapshot = desk.snapshots.load();
    json!({
        "generation": snapshot.generation,
        "hash": snapshot.settings.hash,
        "values": snapshot.shown.to_json(),
    })
}

fn connections(desk: &Desk) -> usize {
    desk.drain.slots().open()
}

#[cfg(test)]
mod tests;
