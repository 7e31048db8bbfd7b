//! The record of one request: opened with its head, consumed by exactly one ending. Dropped unfinished, it tells that
//! the caller went away or the gate panicked, so no request is without one.

use std::mem;
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, StatusCode};

use super::entry::{Entry, Sheet, Verdict};
use super::meter::{Ending, KeyUse, RouteMeter, Shard};
use super::queue::Full;
use super::request_id;
use super::scribe::{KeyJudged, Scribe};
use super::stage::{Stage, stage};
use crate::base::clock::{self, Mono};
use crate::base::failure::Failure;
use crate::base::request_id::RequestId;
use crate::check::{Deny, Identity};

/// One request's record.
#[derive(Debug)]
#[must_use]
pub struct Record {
    entry: Option<Sheet>,
    scribe: Rc<Scribe>,
}

/// What remains of a record while the app's answer is passed on. Dropping it ends the request: the time is counted,
/// the access log written.
#[derive(Debug)]
#[must_use]
pub struct Tail {
    scribe: Rc<Scribe>,
    shard: Option<Arc<Shard>>,
    arrived: Mono,
    bytes: u64,
    entry: Option<Sheet>,
}

impl Record {
    pub(super) fn new(entry: Sheet, scribe: Rc<Scribe>) -> Self {
        Self { entry: Some(entry), scribe }
    }

    /// The request's id, for the answer, the app and logs.
    pub fn request_id(&self) -> RequestId {
        self.entry.as_ref().map_or(RequestId::NONE, |entry| entry.id)
    }

    /// Takes over the id a trusted proxy sent, if its shape is strict.
    ///
    /// Security: only when the peer is a trusted proxy.
    pub fn trust_request_id(&mut self, headers: &HeaderMap) {
        if let (Some(entry), Some(id)) = (&mut self.entry, request_id::sent(headers)) {
            entry.id = id;
        }
    }

    /// The caller's address after the trusted proxies.
    pub fn client(&mut self, ip: IpAddr) {
        if let Some(entry) = &mut self.entry {
            entry.client = ip;
        }
    }

    /// The route that was found.
    pub fn route(&mut self, meter: RouteMeter<'_>) {
        if let Some(entry) = &mut self.entry {
            entry.shard = self.scribe.shard_of(meter);
        }
    }

    /// Who called, once it is known.
    pub fn identity(&mut self, identity: &Identity) {
        let Some(entry) = &mut self.entry else { return };
        entry.set_subject(identity.subject.as_deref().unwrap_or(""));
        entry.set_key_id(identity.key_id.as_ref().map_or("", |id| id.as_str()));
        entry.set_secret_id(identity.secret_id.as_ref().map_or("", |id| id.as_str()));
    }

    /// Time spent waiting for the caller's body before the verdict; no cost of the gate.
    pub fn waited_for_body(&mut self, span: Duration) {
        if let Some(entry) = &mut self.entry {
            entry.body_wait = entry.body_wait.saturating_add(span);
        }
    }

    /// Makes sure that this request's audit line will find room, when the audit is strict.
    ///
    /// # Errors
    /// [`Full`] when it will not: the request must not be forwarded (`Reason::AuditFull`).
    pub fn secure_audit(&mut self) -> Result<(), Full> {
        let Some(entry) = &mut self.entry else { return Err(Full) };
        if entry.slot.is_none() {
            entry.slot = self.scribe.secure_audit()?;
        }
        Ok(())
    }

    /// The request is on its way to the app.
    pub fn sent(&mut self, at: Mono) {
        if let Some(entry) = &mut self.entry {
            entry.sent = Some(at);
        }
    }

    /// Ends it: refused by policy.
    pub fn denied(mut self, deny: &Deny, at: Mono) {
        let Some(mut entry) = self.entry.take() else { return };
        entry.verdict = Verdict::Deny;
        entry.reason = deny.reason.word();
        entry.status = deny.reason.status();
        entry.line = deny.line;
        entry.set_hint(&deny.hint);
        self.finish(entry, Ending::Denied(deny.reason), at);
    }

    /// Ends it: the world failed.
    pub fn failed(mut self, failure: Failure, at: Mono) {
        if let Some(entry) = self.entry.take() {
            self.fail(entry, failure, at);
        }
    }

    /// Ends it: a repeat, answered with 200 and not forwarded.
    pub fn acknowledged(mut self, at: Mono) {
        let Some(mut entry) = self.entry.take() else { return };
        entry.verdict = Verdict::Acknowledge;
        entry.status = StatusCode::OK.as_u16();
        self.finish(entry, Ending::Acknowledged, at);
    }

    /// Ends it: a provider's handshake, answered and not forwarded.
    pub fn answered(mut self, status: u16, at: Mono) {
        let Some(mut entry) = self.entry.take() else { return };
        entry.verdict = Verdict::Answer;
        entry.status = status;
        self.finish(entry, Ending::Answered, at);
    }

    /// Ends it: the head of the app's answer is there. Keep the [`Tail`] until the body has been passed on.
    pub fn forwarded(mut self, status: StatusCode, at: Mono) -> Tail {
        let scribe = Rc::clone(&self.scribe);
        let Some(mut entry) = self.entry.take() else {
            return Tail { scribe, shard: None, arrived: at, bytes: 0, entry: None };
        };
        entry.verdict = Verdict::Allow;
        entry.status = status.as_u16();
        entry.ended = at;
        let arrived = entry.arrived.mono;
        if let Some(shard) = &entry.shard {
            if let Some(sent) = entry.sent {
                shard.upstream(at.since(sent));
            }
            if !entry.secret_id.is_empty() {
                shard.secret_used(&entry.secret_id);
            }
        }
        self.count(&entry, Ending::Forwarded(status.as_u16()), at);
        let copy = scribe.copy(&entry);
        let shard = if scribe.audits() {
            let shard = entry.shard.clone();
            scribe.audit(entry);
            shard
        } else {
            // Nobody but the audit asks a record that is done for its route.
            let shard = entry.shard.take();
            scribe.set_aside(entry);
            shard
        };
        Tail { shard, arrived, bytes: 0, entry: copy, scribe }
    }

    fn fail(&self, mut entry: Sheet, failure: Failure, at: Mono) {
        entry.verdict = Verdict::Error;
        entry.reason = failure.reason();
        entry.status = match failure {
            Failure::ClientGone => 0,
            Failure::UpstreamConnect
            | Failure::UpstreamConnectTimeout
            | Failure::UpstreamOverloaded
            | Failure::UpstreamTimeout
            | Failure::UpstreamReset
            | Failure::UpstreamProtocol
            | Failure::ClientBody
            | Failure::ClientBodyTimeout
            | Failure::ClientBodyTooLarge
            | Failure::BufferFull
            | Failure::Internal => failure.status(),
        };
        self.finish(entry, Ending::Failed(failure), at);
    }

    /// Counts and writes an ending after which nothing is passed on.
    fn finish(&self, mut entry: Sheet, ending: Ending, at: Mono) {
        entry.ended = at;
        entry.finished = at;
        self.count(&entry, ending, at);
        if let Some(shard) = &entry.shard {
            shard.finished(at.since(entry.arrived.mono));
        }
        let scribe = &self.scribe;
        scribe.ended();
        if let Some(copy) = scribe.copy(&entry) {
            scribe.log_access(copy);
        }
        scribe.audit(entry);
    }

    fn count(&self, entry: &Entry, ending: Ending, at: Mono) {
        let Some(shard) = &entry.shard else { return };
        let waited = entry.sent.map_or(Duration::ZERO, |sent| at.since(sent)).saturating_add(entry.body_wait);
        shard.ended(ending, at.since(entry.arrived.mono).saturating_sub(waited));
        self.scribe.count_key(key_judged(entry, shard.keys, ending));
    }
}

fn key_judged(entry: &Entry, keys: KeyUse, ending: Ending) -> KeyJudged {
    if !entry.key_id.is_empty() {
        return KeyJudged::Good;
    }
    let Ending::Denied(reason) = ending else { return KeyJudged::No };
    match (stage(reason), keys) {
        (Stage::ApiKey, _) => KeyJudged::Bad,
        (Stage::After, KeyUse::Always) => KeyJudged::Good,
        (Stage::Before | Stage::Webhook | Stage::After, _) => KeyJudged::No,
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        if let Some(entry) = self.entry.take() {
            // Dropped by a panic it was our fault, not the caller's.
            let failure = if std::thread::panicking() { Failure::Internal } else { Failure::ClientGone };
            self.fail(entry, failure, clock::mono());
        }
    }
}

impl Tail {
    /// Bytes of the answer's body passed on to the caller.
    pub fn passed_on(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
    }
}

impl Drop for Tail {
    fn drop(&mut self) {
        let now = clock::mono();
        if let Some(shard) = &self.shard {
            shard.finished(now.since(self.arrived));
            self.scribe.ended();
        }
        if let Some(mut entry) = mem::take(&mut self.entry) {
            entry.finished = now;
            entry.bytes = self.bytes;
            self.scribe.log_access(entry);
        }
    }
}

#[cfg(test)]
mod tests;
