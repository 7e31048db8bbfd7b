//! Was the message signed by the provider? Judges the head before the body is read, then the bytes as they arrive.

use std::sync::Arc;
use std::time::Duration;

use http::request::Parts;
use sha2::{Digest, Sha256};

use super::deny::{Deny, Reason};
use super::secrets::{Matched, Validity};
use crate::base::clock::Wall;
use crate::base::name::SecretId;
use crate::config::settings::{Replay, Signature};
use crate::scheme::handshake::Written;
use crate::scheme::{Key, Plan, Refusal, ReplayId, Session, SignedHead, Verified};

/// How long a message without a signed time is remembered: providers give up retrying within a day.
const UNSTAMPED_KEEP: Duration = Duration::from_secs(24 * 60 * 60);

/// How far ahead of our clock a signed time may lie.
const MOST_FUTURE: Duration = Duration::from_secs(60);

/// The signature of one route.
#[derive(Debug)]
pub(super) struct SignatureRule {
    plan: Arc<Plan>,
    keys: Vec<(SecretId, Key, Validity)>,
    incomplete: bool,
    public_url: Option<String>,
    pub(super) replay: Replay,
    pub(super) keep: Duration,
    salt: [u8; 32],
    line: u32,
}

/// A signature whose head was accepted and whose body is arriving.
#[derive(Debug)]
pub(super) struct Pending {
    session: Session,
    order: Vec<usize>,
    valid: usize,
}

/// A signature that was verified.
#[derive(Debug)]
pub(super) struct Signed {
    pub(super) matched: Matched,
    pub(super) replay_id: Option<[u8; 32]>,
}

impl SignatureRule {
    pub(super) fn from_settings(settings: &Signature, route: &str) -> Self {
        let keys = settings
            .secrets
            .iter()
            .filter_map(|entry| {
                let key = settings.plan.key(entry.value.as_ref()?).ok()?;
                Some((entry.id.clone(), key, Validity::of(entry)))
            })
            .collect::<Vec<_>>();
        Self {
            plan: Arc::clone(&settings.plan),
            incomplete: keys.len() < settings.secrets.len(),
            keys,
            public_url: settings.public_url.clone(),
            replay: settings.replay,
            keep: settings
                .plan
                .tolerance()
                .map_or(UNSTAMPED_KEEP, |tolerance| tolerance.saturating_mul(2) + MOST_FUTURE),
            salt: Sha256::digest(route.as_bytes()).into(),
            line: settings.line,
        }
    }

    /// Whether the request carries this kind of credential at all.
    pub(super) fn is_presented(&self, parts: &Parts) -> bool {
        self.plan.is_presented(&head_of(parts, None))
    }

    /// The same of the head alone.
    pub(super) fn is_presented_in_head(&self, parts: &Parts) -> bool {
        self.plan.is_presented_in_head(&head_of(parts, None))
    }

    /// A MAC for the answer of a handshake: under the secret of that id, else under the first that is valid.
    pub(super) fn mac(
        &self,
        id: Option<&SecretId>,
        now: Wall,
        (text, written): (&[u8], Written),
    ) -> Option<String> {
        let own = |(known, _, validity): &&(SecretId, Key, Validity)| match id {
            Some(id) => known == id,
            None => validity.covers(now),
        };
        let (_, key, _) = self.keys.iter().find(own)?;
        self.plan.mac(key, text, written)
    }

    /// Whether the verdict needs the body's bytes.
    pub(super) fn reads_body(&self) -> bool {
        self.plan.reads_body()
    }

    /// Every refusal that the head alone allows: missing, malformed, stale.
    pub(super) fn begin(&self, parts: &Parts, now: Wall) -> Result<Pending, Deny> {
        if self.keys.is_empty() {
            return Err(self.deny(Reason::Unavailable));
        }
        let covered =
            |index: &usize| self.keys.get(*index).is_some_and(|(_, _, validity)| validity.covers(now));
        let (mut order, expired): (Vec<usize>, Vec<usize>) = (0..self.keys.len()).partition(covered);
        let valid = order.len();
        order.extend(expired);
        let keys: Vec<&Key> =
            order.iter().filter_map(|index| self.keys.get(*index)).map(|(_, key, _)| key).collect();
        let url = self.plan.needs_url().then(|| self.signed_url(parts));
        let head = head_of(parts, url.as_deref());
        let replay = match self.replay {
            Replay::Off => ReplayId::Unwanted,
            Replay::Reject | Replay::Acknowledge => ReplayId::Wanted,
        };
        let session = self.plan.begin(&keys, &head, now, replay).map_err(|refusal| self.refused(&refusal))?;
        Ok(Pending { session, order, valid })
    }

    /// The verdict over the whole body.
    pub(super) fn finish(&self, pending: Pending, body: &[u8]) -> Result<Signed, Deny> {
        let Pending { session, order, valid } = pending;
        let Verified { key, replay_id } = session.finish(body).map_err(|refusal| self.refused(&refusal))?;
        let matched = order.get(key).and_then(|index| self.keys.get(*index));
        match matched {
            Some((id, _, _)) if key < valid => {
                let replay_id = replay_id.map(|id| self.on_this_route(id));
                Ok(Signed { matched: Matched { id: id.clone() }, replay_id })
            }
            Some((id, _, _)) => Err(self
                .deny(Reason::SignatureExpiredSecret)
                .hint(format!("it matches secret {id}, outside its time"))),
            None => Err(self.deny(Reason::SignatureWrong)),
        }
    }

    /// The URL as the provider saw it: `public_url` with the request's own query.
    ///
    /// Security: never the query `public_url` may have. The app is sent the request's, so that is the one whose
    /// signature counts; were the written one signed, a caller could put any other in its place.
    fn signed_url(&self, parts: &Parts) -> String {
        let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
        match &self.public_url {
            Some(url) => {
                let url = url.split_once('?').map_or(url.as_str(), |(before, _)| before);
                parts.uri.query().map_or_else(|| url.to_owned(), |query| format!("{url}?{query}"))
            }
            None => {
                let line = parts.headers.get(http::header::HOST).and_then(|value| value.to_str().ok());
                let host = line.or_else(|| parts.uri.authority().map(http::uri::Authority::as_str));
                format!("https://{}{target}", host.unwrap_or_default())
            }
        }
    }

    /// One message may be delivered to two routes: what was seen on one is new on the other.
    fn on_this_route(&self, mut id: [u8; 32]) -> [u8; 32] {
        for (byte, salt) in id.iter_mut().zip(self.salt) {
            *byte ^= salt;
        }
        id
    }

    fn refused(&self, refusal: &Refusal) -> Deny {
        match refusal {
            Refusal::Missing => self.deny(Reason::SignatureMissing),
            Refusal::Malformed => self.deny(Reason::SignatureMalformed),
            Refusal::Wrong if self.incomplete => self.deny(Reason::Unavailable),
            Refusal::Wrong => self.deny(Reason::SignatureWrong),
            Refusal::Stale { by_s } => {
                self.deny(Reason::TimestampStale).hint(format!("{by_s} s beyond the tolerance"))
            }
            Refusal::Future { by_s } => {
                self.deny(Reason::TimestampFuture).hint(format!("{by_s} s ahead of this clock"))
            }
            Refusal::TimestampMalformed => self.deny(Reason::TimestampMalformed),
            Refusal::BodyShape => {
                self.deny(Reason::SignatureMalformed).hint("the body lacks a field the scheme signs")
            }
        }
    }

    fn deny(&self, reason: Reason) -> Deny {
        Deny::new(reason, self.line)
    }
}

pub(super) fn head_of<'a>(parts: &'a Parts, url: Option<&'a str>) -> SignedHead<'a> {
    SignedHead {
        method: parts.method.as_str(),
        path_and_query: parts.uri.path_and_query().map_or("", |target| target.as_str()),
        url,
        headers: &parts.headers,
    }
}

impl Pending {
    /// Hashes the next piece of the body.
    pub(super) fn update(&mut self, chunk: &[u8]) {
        self.session.update(chunk);
    }
}
