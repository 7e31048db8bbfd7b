//! THE ORDER of the checks, and the only place that can let a request through.
//!
//! [`Policy`] is one compiled generation of the rules. [`Policy::head`] judges before one byte of body is read,
//! [`Policy::body`] after it (or, where no rule needs the bytes, before it streams). Pure: values and tables in, a
//! verdict out; no log, no metric, no clock, no I/O. Called by `exchange` alone.

mod api_key;
mod authorize;
mod credentials;
pub mod deny;
mod flood;
mod handshake;
mod hygiene;
mod ip_list;
mod maintenance;
pub mod permit;
mod policy;
mod quota;
mod resign;
mod secrets;
mod shared_secret;
mod signature;

use std::net::IpAddr;

use http::Method;
use http::request::Parts;

use crate::base::clock::Now;
use crate::base::request_id::RequestId;
use crate::identify::client_ip::Client;
use crate::identify::route::Found;
use crate::scheme::handshake::Reply;
use crate::state::Tables;
use crate::state::replay::{Message, Reservation, Reserved};
pub use deny::Deny;
use deny::Reason;
use handshake::Met;
use maintenance::Urgency;
pub use permit::{Granted, Identity, Payload, Permit, Upgrade};
pub use policy::Policy;
use policy::RoutePolicy;
use quota::Counted;
pub use quota::MOST_ROUTE_LIMITS;
use resign::Vouched;

use credentials::Proven;

/// What became known about a request while it was judged; kept by the caller so that refusals are recorded with it.
#[derive(Debug, Default)]
pub struct Facts {
    /// The client address, once the forwarding header has been read.
    pub client: Option<Client>,
    /// Index of the route, once found.
    pub route: Option<usize>,
    /// The API key and secrets that verified; the permit takes it over.
    pub identity: Identity,
    /// What a 401 of this request is to the flood guard.
    pub flood: Flood,
    /// A body of this length was declared.
    pub declared_length: Option<u64>,
    /// The body has been read to its end.
    pub body_taken: bool,
    /// The request's name, which a signature for the app may carry.
    pub request_id: Option<RequestId>,
}

/// What a 401 is to the flood guard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Flood {
    /// Nothing: the guard is off.
    #[default]
    Off,
    /// Nothing: the callers stand behind a proxy nobody declared, and one could lock out all.
    UndeclaredProxy,
    /// It is counted.
    Counts,
}

/// A head that was accepted; the body is still to come.
#[derive(Debug)]
pub struct HeadPass {
    parts: Box<Parts>,
    peer: IpAddr,
    client: Client,
    upgrade: Upgrade,
    proven: Proven,
    scope: Scope,
}

/// What a request may become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    /// Anything the checks allow.
    Whole,
    /// A handshake that the gate answers: the route does not take the method for anything else.
    Handshake,
}

/// How the body must be taken before [`Policy::body`] can judge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyNeed {
    /// No rule needs its bytes.
    Stream,
    /// Whole, at most this many bytes.
    Whole {
        /// Bytes.
        max: u64,
    },
}

/// The outcome of all checks.
#[derive(Debug)]
pub enum Verdict<B> {
    /// Send it.
    Forward(Permit<B>),
    /// Do not send it; answer this instead.
    Answer(Answer),
    /// Refuse it.
    Deny(Deny),
}

/// An answer the gate gives in place of the app, to a request that passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// 200: this signed message was delivered before.
    AcknowledgeDuplicate,
    /// The provider asks whether the endpoint is the operator's.
    Handshake(Box<Reply>),
}

impl Policy {
    /// Steps 1 to 8: everything that can be judged from the head, before one byte of body is read.
    ///
    /// # Errors
    /// [`Deny`] by the first check that refuses; `facts` holds what was known by then.
    pub fn head(
        &self,
        mut parts: Box<Parts>,
        peer: IpAddr,
        (tables, now): (&Tables, Now),
        facts: &mut Facts,
    ) -> Result<HeadPass, Deny> {
        // 1. One reading of the head for everyone, or nothing that follows means anything.
        let (host, upgrade) = self.head_rules.judge(&parts)?;
        let client = self.client(&parts, peer)?;
        facts.client = Some(client);
        facts.declared_length = hygiene::declared_length(&parts);
        // 2. Who may call at all: cheapest, needs nothing else.
        self.ips.check(client.ip)?;
        // 3. Before any secret is compared, so that guessing costs the guesser.
        facts.flood = match self.flood.is_on() {
            true if self.client_ip.undeclared_proxy(peer, &parts.headers) => Flood::UndeclaredProxy,
            true => Flood::Counts,
            false => Flood::Off,
        };
        if facts.flood == Flood::Counts {
            self.flood.check(&tables.flood, client.ip, now.mono)?;
        }
        // 4. Which rules apply.
        let (route, scope) = self.route(&parts, &host, facts)?;
        let Some(route) = route else { return Ok(self.pass_unmatched(parts, peer, client, upgrade)) };
        route.ips.iter().try_for_each(|ips| ips.check(client.ip))?;
        if upgrade != Upgrade::None && route.judges_bodies() {
            return Err(Deny::new(Reason::UpgradeRefused, route.line));
        }
        // 5, 6. Who calls: shared secret, then API key.
        let mut proven = credentials::prove(route, &self.keys, &parts, now.wall, &mut facts.identity)?;
        // 7. What they may do.
        route.authorize.iter().try_for_each(|rule| rule.check(proven.key.as_ref()))?;
        // 8. What the head tells of the body.
        self.declared_body(route, facts.declared_length)?;
        credentials::begin_signature(route, &parts, now, &mut proven)?;
        // Last of the head: a signature may cover where they stood. The app sees neither secret nor key.
        if let Some(rule) = &route.shared_secret {
            rule.strip(&mut parts);
        }
        if let Some(rule) = &route.api_key {
            rule.strip(&mut parts);
        }
        Ok(HeadPass { parts, peer, client, upgrade, proven, scope })
    }

    /// How the body of an accepted head must be taken.
    pub fn need(&self, pass: &HeadPass) -> BodyNeed {
        if let Some(hello) = &pass.proven.hello {
            return hello.need();
        }
        match (&pass.proven.pending, self.route_of(pass)) {
            (pending, Some(route))
                if route.resign.is_some() || (pending.is_some() && route.judges_bodies()) =>
            {
                BodyNeed::Whole { max: self.whole_body(route) }
            }
            (Some(_) | None, Some(_) | None) => BodyNeed::Stream,
        }
    }

    /// Steps 9 to 13, over the body as it was taken; the only maker of permits.
    pub fn body<B>(
        &self,
        pass: HeadPass,
        payload: Payload<B>,
        (tables, now): (&Tables, Now),
        facts: &mut Facts,
    ) -> Verdict<B> {
        match self.judge_body(pass, payload, (tables, now), facts) {
            Ok(verdict) => verdict,
            Err(deny) => Verdict::Deny(deny),
        }
    }

    fn judge_body<B>(
        &self,
        mut pass: HeadPass,
        payload: Payload<B>,
        (tables, now): (&Tables, Now),
        facts: &mut Facts,
    ) -> Result<Verdict<B>, Deny> {
        let route = self.route_of(&pass);
        // 9. Is it signed? Only over the whole body. Or is it a handshake, which the gate answers: nothing that could
        // be gained by one goes past here.
        let bytes = match &payload {
            Payload::Whole { bytes, .. } => Some(bytes.as_ref()),
            Payload::Stream(_) => None,
        };
        let is_handshake = pass.proven.hello.is_some();
        let message = match handshake::meet(route, &mut pass, bytes, (now.wall, &mut facts.identity))? {
            Met::Answer(reply) => {
                // 12. The app is not asked, so maintenance (11) does not matter; quota does.
                self.count(route, &pass, (tables, now))?;
                return Ok(Verdict::Answer(Answer::Handshake(reply)));
            }
            Met::Unsigned => None,
            Met::Signed(message) => message,
        };
        // 10. Was it seen before? After the signature, so that a forgery cannot fill the memory.
        let reservation = match (route, &message) {
            (Some(route), Some(message)) => match reserve(route, message, tables, now)? {
                Some(reservation) => Some(reservation),
                None => return Ok(Verdict::Answer(Answer::AcknowledgeDuplicate)),
            },
            (Some(_) | None, Some(_) | None) => None,
        };
        // 11. After authentication, so that outsiders do not learn of maintenance on protected routes.
        self.maintenance.check(route.map_or(Urgency::Ordinary, |route| route.urgency))?;
        // 12. Last of what counts, so that a forged request never costs its victim quota.
        self.count(route, &pass, (tables, now))?;
        // 13. Rules on the body: its size; a streamed body is held to it while it streams.
        if let (Some(route), Some(bytes)) = (route, bytes) {
            self.declared_body(route, u64::try_from(bytes.len()).ok())?;
        }
        // Last: the app is told under the operator's own secret what was verified. A handshake was not.
        if let Some(rule) = route.and_then(|route| route.resign.as_deref()) {
            let id = message.map(|message| message.id);
            let vouched = Vouched { message: id, request: facts.request_id.as_ref(), now: now.wall };
            match is_handshake {
                true => rule.strip(&mut pass.parts.headers),
                false => rule.sign(&mut pass.parts.headers, &payload, vouched)?,
            }
        }
        let granted = Granted {
            parts: pass.parts,
            payload,
            identity: std::mem::take(&mut facts.identity),
            client: pass.client,
            peer: pass.peer,
            reservation,
            max_body: route.and_then(|route| route.max_body),
            upgrade: pass.upgrade,
        };
        Ok(Verdict::Forward(Permit::new(granted)))
    }

    fn count(
        &self,
        route: Option<&RoutePolicy>,
        pass: &HeadPass,
        (tables, now): (&Tables, Now),
    ) -> Result<(), Deny> {
        let counted = Counted { client: pass.client.ip, key: pass.proven.key.as_ref() };
        quota::check(&self.client_quota, route.map(|route| &route.quota), counted, (&tables.limits, now.mono))
    }

    fn client(&self, parts: &Parts, peer: IpAddr) -> Result<Client, Deny> {
        self.client_ip
            .resolve(peer, &parts.headers)
            .map_err(|_| Deny::new(Reason::ForwardedMalformed, 0).hint("security.client_ip_header"))
    }

    fn route(
        &self,
        parts: &Parts,
        host: &str,
        facts: &mut Facts,
    ) -> Result<(Option<&RoutePolicy>, Scope), Deny> {
        match self.table.find(&parts.method, host, parts.uri.path()) {
            Found::Route(index) => {
                facts.route = Some(index);
                facts.identity.route = Some(index);
                let route = self.routes.get(index).ok_or_else(|| Deny::new(Reason::NoRoute, 0))?;
                Ok((Some(route), Scope::Whole))
            }
            Found::WrongMethod(index) => {
                facts.route = Some(index);
                let route = self.routes.get(index);
                let rule = route.and_then(|route| route.handshake.as_deref());
                if rule.is_some_and(|rule| rule.may_answer(parts)) {
                    facts.identity.route = Some(index);
                    return Ok((route, Scope::Handshake));
                }
                Err(Deny::new(Reason::MethodNotAllowed, route.map_or(0, |route| route.line)))
            }
            Found::WrongHost(index) => {
                let line = self.routes.get(index).map_or(0, |route| route.line);
                Err(Deny::new(Reason::NoRoute, line).hint("the path has a route, but not for this host"))
            }
            Found::Ambiguous => Err(Deny::new(Reason::PathAmbiguous, 0)),
            Found::Unmatched if self.forwards_unmatched => Ok((None, Scope::Whole)),
            Found::Unmatched => Err(Deny::new(Reason::NoRoute, 0)),
        }
    }

    fn pass_unmatched(&self, parts: Box<Parts>, peer: IpAddr, client: Client, upgrade: Upgrade) -> HeadPass {
        HeadPass { parts, peer, client, upgrade, proven: Proven::default(), scope: Scope::Whole }
    }

    fn route_of(&self, pass: &HeadPass) -> Option<&RoutePolicy> {
        pass.proven.route.and_then(|index| self.routes.get(index))
    }

    fn whole_body(&self, route: &RoutePolicy) -> u64 {
        route.max_body.unwrap_or(self.buffered_body)
    }

    fn declared_body(&self, route: &RoutePolicy, length: Option<u64>) -> Result<(), Deny> {
        let max = if route.judges_bodies() { Some(self.whole_body(route)) } else { route.max_body };
        match (length, max) {
            (Some(length), Some(max)) if length > max => {
                let key = if route.max_body.is_some() { "body.max_size" } else { "limits.buffered_body" };
                Err(Deny::new(Reason::BodyTooLarge, route.line).hint(format!("{key} is {max} bytes")))
            }
            (Some(_) | None, Some(_) | None) => Ok(()),
        }
    }
}

impl HeadPass {
    /// Feeds the next piece of a body that is needed whole to the checks that hash it.
    pub fn update(&mut self, chunk: &[u8]) {
        if let Some(pending) = &mut self.proven.pending {
            pending.update(chunk);
        }
    }

    /// The body is whole. Whether the verdict costs less once the others that are ready have come this far too.
    pub fn join(&mut self, body: &[u8]) -> bool {
        self.proven.pending.as_mut().is_some_and(|pending| pending.join(body))
    }

    /// The head, for taking the body.
    pub fn parts(&self) -> &Parts {
        &self.parts
    }

    /// Whose body it is.
    pub fn client(&self) -> Client {
        self.client
    }
}

/// `None`: the message is a duplicate that the route acknowledges.
fn reserve(
    route: &RoutePolicy,
    message: &Message,
    tables: &Tables,
    now: Now,
) -> Result<Option<Reservation>, Deny> {
    let Some(rule) = &route.signature else { return Ok(None) };
    match tables.replay.reserve(message, rule.keep, now.mono) {
        Reserved::Fresh(reservation) => Ok(Some(reservation)),
        Reserved::InFlight => Err(Deny::new(Reason::ReplayInFlight, route.line).retry_after(1)),
        Reserved::Older => Err(Deny::new(Reason::ReplayUnknown, route.line).retry_after(1)),
        Reserved::Full => Err(Deny::new(Reason::ReplayFull, route.line).retry_after(1)),
        Reserved::Duplicate => match rule.replay {
            crate::config::settings::Replay::Acknowledge => Ok(None),
            crate::config::settings::Replay::Reject | crate::config::settings::Replay::Off => {
                Err(Deny::new(Reason::Replayed, route.line))
            }
        },
    }
}

/// Whether a method may be sent to the app a second time after a failure (RFC 9110 §9.2.2).
pub fn is_idempotent(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS | Method::PUT | Method::DELETE)
}
