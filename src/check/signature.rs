//! Was the message signed by the provider? Judges the head before the body is read, then the bytes as they arrive or once
//! they are whole.

use std::sync::Arc;
use std::time::Duration;

use http::request::Parts;
use sha2::{Digest, Sha256};

use super::deny::{Deny, Reason};
use super::secrets::{Matched, Validity};
use crate::base::clock::{Mono, Now, Wall};
use crate::base::name::SecretId;
use crate::config::settings::{Remote, Replay, Signature};
use crate::scheme::handshake::Written;
use crate::scheme::{
    Key, MOST_KEYS, NamedCertificate, Naming, Plan, Refusal, ReplayId, Session, SignedHead, Verified,
};
use crate::state::fetched::{Fetched, Held, Named};
use crate::state::replay::Message;

/// How long a message without a signed time is remembered: providers give up retrying within a day.
const UNSTAMPED_KEEP: Duration = Duration::from_secs(24 * 60 * 60);

/// How far ahead of our clock a signed time may lie.
const MOST_FUTURE: Duration = Duration::from_secs(60);

/// Widest tolerance of a scheme whose messages are refused when they were signed before the gate started. Providers
/// that are tolerated for longer send a delivery again with its first time, and for hours: theirs would be lost.
const MOST_REFUSED: Duration = Duration::from_secs(15 * 60);

/// Seconds after which a key that is being fetched should be there.
const RETRY_AFTER: u32 = 2;

/// The signature of one route.
#[derive(Debug)]
pub(super) struct SignatureRule {
    plan: Arc<Plan>,
    keys: Vec<(SecretId, Material, Validity)>,
    incomplete: bool,
    public_url: Option<String>,
    pub(super) replay: Replay,
    pub(super) keep: Duration,
    /// Whether what was signed before the gate started is not taken.
    refuses_older_than_us: bool,
    salt: [u8; 32],
    line: u32,
}

/// What a secret became.
#[derive(Debug)]
enum Material {
    /// A key that was written, in the configuration or in a file.
    Written(Key),
    /// Keys that are fetched.
    Fetched(Arc<Fetched>),
}

/// A signature whose head was accepted and whose body is arriving.
#[derive(Debug)]
pub(super) struct Pending {
    /// `None`: no key is there yet, and the body may name one.
    session: Option<Session>,
    order: Vec<usize>,
    valid: usize,
    /// The certificate the head names.
    named: Option<NamedCertificate>,
    /// When the head was there.
    now: Mono,
}

/// A signature that was verified.
#[derive(Debug)]
pub(super) struct Signed {
    pub(super) matched: Matched,
    pub(super) message: Option<Message>,
}

impl SignatureRule {
    pub(super) fn from_settings(settings: &Signature, route: &str) -> Self {
        let keys = settings
            .secrets
            .iter()
            .filter_map(|entry| {
                let material = match &entry.remote {
                    Some(remote) => {
                        let (remote, plan) = (Arc::clone(remote), Arc::clone(&settings.plan));
                        Material::Fetched(Arc::new(Fetched::new(route, entry.id.clone(), remote, plan)))
                    }
                    None => Material::Written(settings.plan.key(entry.value.as_ref()?).ok()?),
                };
                Some((entry.id.clone(), material, Validity::of(entry)))
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
            refuses_older_than_us: settings.plan.tolerance().is_some_and(|own| own <= MOST_REFUSED),
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
        let own = |(known, _, validity): &&(SecretId, Material, Validity)| match id {
            Some(id) => known == id,
            None => validity.covers(now),
        };
        match self.keys.iter().find(own)? {
            (_, Material::Written(key), _) => self.plan.mac(key, text, written),
            // Public keys make nothing.
            (_, Material::Fetched(_), _) => None,
        }
    }

    /// What is fetched for this rule.
    pub(super) fn fetched(&self) -> impl Iterator<Item = &Arc<Fetched>> {
        self.keys.iter().filter_map(|(_, material, _)| match material {
            Material::Written(_) => None,
            Material::Fetched(fetched) => Some(fetched),
        })
    }

    /// Whether the verdict needs the body's bytes.
    pub(super) fn reads_body(&self) -> bool {
        self.plan.reads_body()
    }

    /// Every refusal that the head alone allows: missing, malformed, stale.
    pub(super) fn begin(&self, parts: &Parts, now: Now) -> Result<Pending, Deny> {
        let held: Vec<Arc<Vec<Held>>> = self.fetched().map(|fetched| fetched.held()).collect();
        let (mut keys, mut order, valid) = self.keys_at(&held, now);
        let named = self.plan.certificate(Naming::Head(&parts.headers));
        if keys.is_empty() {
            return match self.plan.names_certificate() && !held.is_empty() {
                true => Ok(Pending { session: None, order, valid, named, now: now.mono }),
                false => Err(self.unavailable()),
            };
        }
        keys.truncate(MOST_KEYS);
        order.truncate(MOST_KEYS);
        let url = self.plan.needs_url().then(|| self.signed_url(parts));
        let head = head_of(parts, url.as_deref());
        let replay = match self.replay {
            Replay::Off => ReplayId::Unwanted,
            Replay::Reject | Replay::Acknowledge => ReplayId::Wanted,
        };
        let session = self
            .plan
            .begin(&keys, &head, now.wall, replay)
            .map_err(|refusal| self.refused(&refusal, (now.mono, named.clone())))?;
        Ok(Pending { session: Some(session), order, valid, named, now: now.mono })
    }

    /// Every key with the secret it is of, and how many of them are inside their time: these come first.
    fn keys_at<'k>(&'k self, held: &'k [Arc<Vec<Held>>], now: Now) -> (Vec<&'k Key>, Vec<usize>, usize) {
        let (mut valid, mut over) = (Vec::new(), Vec::new());
        let mut fetched = held.iter();
        for (index, (_, material, validity)) in self.keys.iter().enumerate() {
            let mut add = |key: &'k Key| {
                let covers = validity.covers(now.wall) && key.covers(now.wall);
                if covers { &mut valid } else { &mut over }.push((key, index));
            };
            match material {
                Material::Written(key) => add(key),
                Material::Fetched(_) => {
                    let held = fetched.next().into_iter().flat_map(|held| held.iter());
                    held.filter(|held| now.mono < held.until).for_each(|held| add(&held.key));
                }
            }
        }
        let count = valid.len();
        valid.append(&mut over);
        let (keys, order) = valid.into_iter().unzip();
        (keys, order, count)
    }

    /// The verdict over the whole body.
    pub(super) fn finish(&self, pending: Pending, body: &[u8]) -> Result<Signed, Deny> {
        let Pending { session, order, valid, named, now } = pending;
        let Some(session) = session else {
            let named = named.or_else(|| self.plan.certificate(Naming::Body(body)));
            return Err(self.refused(&Refusal::Wrong, (now, named)));
        };
        let Verified { key, replay_id, signed_at } = session.finish(body).map_err(|refusal| {
            let named = named.or_else(|| self.plan.certificate(Naming::Body(body)));
            self.refused(&refusal, (now, named))
        })?;
        let matched = order.get(key).and_then(|index| self.keys.get(*index));
        match matched {
            Some((id, _, _)) if key < valid => {
                let signed_at = signed_at.filter(|_| self.refuses_older_than_us);
                let message = replay_id.map(|id| Message { id: self.on_this_route(id), signed_at });
                Ok(Signed { matched: Matched { id: id.clone() }, message })
            }
            Some((id, _, _)) => Err(self
                .deny(Reason::SignatureExpiredSecret)
                .hint(format!("it matches secret {id}, outside its time"))),
            None => Err(self.deny(Reason::SignatureWrong)),
        }
    }

    /// No key verifies it: leaves word that one may be missing, and tells whether waiting for it may help.
    fn unverified(&self, now: Mono, named: Option<NamedCertificate>) -> Option<Deny> {
        let mut missing = None;
        for fetched in self.fetched() {
            match (&*fetched.remote, &named) {
                (Remote::At(_), _) => {
                    fetched.miss();
                    if !fetched.is_in_force(now) {
                        missing = Some(self.unavailable());
                    }
                }
                (Remote::Named(_), Some(named)) => match fetched.ask(named.clone(), now) {
                    Named::Settled => {}
                    Named::Awaited => missing = Some(self.unavailable()),
                    Named::NotAllowed(host) => {
                        let hint =
                            format!("it names a certificate of {host}, which outbound.allowed_hosts lacks");
                        return Some(self.deny(Reason::SignatureWrong).hint(hint));
                    }
                },
                // It names none, or one that is not the provider's: no certificate will verify it.
                (Remote::Named(_), None) => {}
            }
        }
        missing
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

    fn refused(&self, refusal: &Refusal, (now, named): (Mono, Option<NamedCertificate>)) -> Deny {
        match refusal {
            Refusal::Missing => self.deny(Reason::SignatureMissing),
            Refusal::Malformed => self.deny(Reason::SignatureMalformed),
            Refusal::Wrong if self.incomplete => self.deny(Reason::Unavailable),
            Refusal::Wrong => {
                self.unverified(now, named).unwrap_or_else(|| self.deny(Reason::SignatureWrong))
            }
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

    /// What is missing may come: providers try again.
    fn unavailable(&self) -> Deny {
        let deny = self.deny(Reason::Unavailable);
        match self.fetched().next() {
            Some(_) => {
                deny.retry_after(RETRY_AFTER).hint("a key of this route is not fetched yet; see /ready")
            }
            None => deny,
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
        if let Some(session) = &mut self.session {
            session.update(chunk);
        }
    }

    /// See [`Session::join`].
    pub(super) fn join(&mut self, body: &[u8]) -> bool {
        self.session.as_mut().is_some_and(|session| session.join(body))
    }
}
