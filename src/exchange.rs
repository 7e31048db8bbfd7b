//! ONE request, from judged to told: identify → check → forward → observe. The sentence that joins the verbs.
//!
//! The snapshot is loaded once and judges the request to its end. Refusals are rendered in one place and recorded in
//! one place. Called by `listen::connection`; hands a [`Permit`] to `forward` and nothing else ever does.

mod caller;

use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;

use http::header::{self, HeaderValue};
use http::request::Parts;
use http::{Method, Response};
use http_body::Body;

use crate::base::clock::{self, Mono, Now};
use crate::base::failure::Failure;
use crate::base::request_id::RequestId;
use crate::base::turn::others_first;
use crate::base::watchdog::Watchdog;
use crate::check::deny::Reason;
use crate::check::{Answer, BodyNeed, Deny, Facts, Flood, HeadPass, Identity, Payload, Permit, Verdict};
use crate::forward::answer::{self, Asked};
use crate::forward::body::{self, Collected};
use crate::forward::budget::{Budget, Lease};
use crate::forward::{Errand, Forwarder, OutBody, Sent, WireBody};
use crate::observe::{Arrival, Record, Scribe};
use crate::snapshot::{Snapshot, Snapshots};
use crate::state::Tables;

pub use caller::{Caller, HeadNote, Peer, Protocol};

/// One worker's means to serve requests. One per worker thread.
#[derive(Debug)]
pub struct Worker {
    snapshots: Arc<Snapshots>,
    tables: Arc<Tables>,
    budget: Arc<Budget>,
    forwarder: Rc<Forwarder>,
    scribe: Rc<Scribe>,
    watchdog: Watchdog,
}

/// What all workers share.
#[derive(Clone, Debug)]
pub struct Shared {
    /// The generation in force.
    pub snapshots: Arc<Snapshots>,
    /// What outlives a reload.
    pub tables: Arc<Tables>,
    /// Space for buffered bodies.
    pub budget: Arc<Budget>,
}

/// Why a request goes no further.
enum Stop {
    Deny(Deny),
    Failure(Failure),
    Answer(Answer),
}

/// A request that passed.
struct Passed {
    permit: Permit<WireBody>,
    lease: Option<Lease>,
    /// When.
    at: Mono,
}

/// What an answer of our own needs to know of the request.
struct Asker {
    id: RequestId,
    method: Method,
    has_body: bool,
}

impl Worker {
    /// A worker on the current thread.
    pub fn new(shared: Shared, forwarder: Rc<Forwarder>, scribe: Rc<Scribe>, watchdog: Watchdog) -> Self {
        let Shared { snapshots, tables, budget } = shared;
        Self { snapshots, tables, budget, forwarder, scribe, watchdog }
    }

    /// The worker's deadlines.
    pub fn watchdog(&self) -> &Watchdog {
        &self.watchdog
    }

    /// The worker's records.
    pub fn scribe(&self) -> &Rc<Scribe> {
        &self.scribe
    }

    /// The generation in force, for the bounds of a connection.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshots.load()
    }

    /// Judges one request and answers it; exactly one record is made.
    pub async fn serve(&self, caller: &Caller, head: Box<Parts>, body: WireBody) -> Response<OutBody> {
        let snapshot = self.snapshots.load();
        let now = clock::now();
        let note = caller.take_note();
        let path = if note == HeadNote::Valid { head.uri.path() } else { "" };
        let arrival =
            Arrival { method: &head.method, path, peer: caller.ip(), meters: &snapshot.meters, now };
        let mut record = self.scribe.open(&arrival);
        let mut asker = Asker::new(&record, &head, &body);
        let mut facts = Facts::default();
        let judged = match note {
            HeadNote::Valid => {
                self.judge(&snapshot, (head, body), (caller.ip(), now), (&mut facts, &mut record)).await
            }
            HeadNote::Refused(reason) => Err(Stop::Deny(Deny::new(reason, 0))),
        };
        asker.id = record.request_id();
        let identity = judged.as_ref().map_or(&facts.identity, |passed| passed.permit.identity());
        tell(&mut record, &snapshot, (&facts, identity));
        match judged.and_then(|passed| secured(passed, &mut record)) {
            Ok(passed) => self.forward(&snapshot, passed, caller, (record, asker)).await,
            Err(stop) => {
                let mut response = self.stopped(&snapshot, stop, &facts, (record, &asker));
                let unread = note != HeadNote::Valid || (asker.has_body && !facts.body_taken);
                close_if(unread, caller, &mut response);
                response
            }
        }
    }

    /// Records a request that never came this far: the HTTP/2 engine refused its stream.
    pub fn stream_refused(&self, caller: &Caller) {
        let snapshot = self.snapshots.load();
        let arrival = Arrival {
            method: &Method::GET,
            path: "",
            peer: caller.ip(),
            meters: &snapshot.meters,
            now: clock::now(),
        };
        self.scribe.open(&arrival).denied(&Deny::new(Reason::StreamRefused, 0), clock::mono());
    }

    async fn judge(
        &self,
        snapshot: &Snapshot,
        (head, body): (Box<Parts>, WireBody),
        (peer, mut now): (IpAddr, Now),
        (facts, record): (&mut Facts, &mut Record),
    ) -> Result<Passed, Stop> {
        let mut pass = snapshot.policy.head(head, peer, (&self.tables, now), facts)?;
        if facts.client.is_some_and(|client| client.peer_trusted) {
            record.trust_request_id(&pass.parts().headers);
        }
        let (payload, lease) = match need(snapshot, &pass, &body) {
            BodyNeed::Stream => (Payload::Stream(body), None),
            BodyNeed::Whole { max } => {
                // A caller who leaves while its body is awaited is recorded with what is known of it.
                tell(record, snapshot, (facts, &facts.identity));
                let since = clock::mono();
                // On a block of its own: what most requests never wait for would be room that all of them take.
                let collected = Box::pin(self.collect(snapshot, (&mut pass, body), max)).await?;
                now = clock::now();
                record.waited_for_body(now.mono.since(since));
                facts.body_taken = true;
                let Collected { bytes, trailers, lease } = collected;
                if pass.join(&bytes) {
                    others_first().await;
                }
                (Payload::Whole { bytes, trailers }, Some(lease))
            }
        };
        facts.request_id = Some(record.request_id());
        match snapshot.policy.body(pass, payload, (&self.tables, now), facts) {
            Verdict::Forward(permit) => Ok(Passed { permit, lease, at: now.mono }),
            Verdict::Answer(answer) => Err(Stop::Answer(answer)),
            Verdict::Deny(deny) => Err(Stop::Deny(deny)),
        }
    }

    async fn collect(
        &self,
        snapshot: &Snapshot,
        (pass, body): (&mut HeadPass, WireBody),
        max: u64,
    ) -> Result<Collected, Stop> {
        let rules = snapshot.collect_rules(max, pass.parts().version);
        let lease = self.budget.lease(pass.client().ip);
        let deadline = self.watchdog.deadline();
        let collected = body::collect(body, &rules, lease, &deadline, |chunk| pass.update(chunk)).await;
        collected.map_err(|failure| {
            if failure == Failure::ClientBodyTooLarge {
                return Stop::Deny(
                    Deny::new(Reason::BodyTooLarge, 0).hint(format!("the body may have {max} bytes")),
                );
            }
            Stop::Failure(failure)
        })
    }

    async fn forward(
        &self,
        snapshot: &Snapshot,
        passed: Passed,
        caller: &Caller,
        (record, asker): (Record, Asker),
    ) -> Response<OutBody> {
        let target = snapshot.target(passed.permit.identity().route);
        let rules = Arc::clone(&snapshot.forward_rules);
        let Passed { permit, lease, at } = passed;
        let errand = Errand { permit, record, rules, lease, at };
        match self.forwarder.send(errand, target).await {
            Sent::Response(response) => response,
            Sent::Switched(response, tunnel) => {
                caller.switch_to(tunnel);
                response
            }
            Sent::Failed(failure, record) => {
                record.failed(failure, clock::mono());
                let mut response = answer::failure(failure, asker.asked());
                close_if(asker.has_body, caller, &mut response);
                response
            }
        }
    }

    fn count_failure(&self, snapshot: &Snapshot, facts: &Facts, at: Mono) {
        match (facts.flood, facts.client) {
            (Flood::Counts, Some(client)) => self.tables.flood.count(client.ip, at),
            (Flood::UndeclaredProxy, _) => snapshot.warn_of_undeclared_proxy(),
            (Flood::Off | Flood::Counts, _) => {}
        }
    }

    /// The one place that records and renders what goes no further.
    fn stopped(
        &self,
        snapshot: &Snapshot,
        stop: Stop,
        facts: &Facts,
        (record, asker): (Record, &Asker),
    ) -> Response<OutBody> {
        let at = clock::mono();
        match stop {
            Stop::Deny(deny) => {
                if deny.reason.status() == 401 {
                    self.count_failure(snapshot, facts, at);
                }
                record.denied(&deny, at);
                answer::refusal(&deny, asker.asked(), snapshot.extras(facts.route))
            }
            Stop::Failure(failure) => {
                record.failed(failure, at);
                answer::failure(failure, asker.asked())
            }
            Stop::Answer(Answer::AcknowledgeDuplicate) => {
                record.acknowledged(at);
                answer::duplicate(asker.asked())
            }
            Stop::Answer(Answer::Handshake(reply)) => {
                record.answered(reply.status, at);
                answer::handshake(*reply, asker.asked())
            }
        }
    }
}

impl Asker {
    fn new(record: &Record, parts: &Parts, body: &WireBody) -> Self {
        Self { id: record.request_id(), method: parts.method.clone(), has_body: !body.is_end_stream() }
    }

    fn asked(&self) -> Asked<'_> {
        Asked { id: &self.id, method: &self.method }
    }
}

impl From<Deny> for Stop {
    fn from(deny: Deny) -> Self {
        Self::Deny(deny)
    }
}

/// With a strict audit nothing is forwarded that could go unrecorded. Dropping the permit releases its reservation.
fn secured(passed: Passed, record: &mut Record) -> Result<Passed, Stop> {
    match record.secure_audit() {
        Ok(()) => Ok(passed),
        Err(_) => {
            Err(Stop::Deny(Deny::new(Reason::AuditFull, 0).retry_after(1).hint("telemetry.audit.strict")))
        }
    }
}

/// How the body must be taken. One that is declared to be empty and may go on all the same (HTTP/2) is awaited: the app
/// would have the request whole before its end is known.
fn need(snapshot: &Snapshot, pass: &HeadPass, body: &WireBody) -> BodyNeed {
    let need = snapshot.policy.need(pass);
    let is_open = body.size_hint().exact() == Some(0) && !body.is_end_stream();
    if need == BodyNeed::Stream && is_open { BodyNeed::Whole { max: 0 } } else { need }
}

/// Puts what became known into the record.
fn tell(record: &mut Record, snapshot: &Snapshot, (facts, identity): (&Facts, &Identity)) {
    if let Some(client) = facts.client {
        record.client(client.ip);
    }
    if let Some(route) = facts.route {
        record.route(snapshot.meters.route(route));
    }
    record.identity(identity);
}

/// A body nobody will read cannot be skipped safely: the connection ends after the answer, and says so.
fn close_if(unread: bool, caller: &Caller, response: &mut Response<OutBody>) {
    if unread && caller.protocol == Protocol::Http1 {
        caller.close_after();
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
}
