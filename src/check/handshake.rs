//! Does a provider ask whether the endpoint is the operator's? Answered here, or shown to the app, as the route says.
//!
//! Never forwards what is not whole a handshake, and never signs a text that could be a delivery. Called in the place
//! of the signature (unsigned handshakes) or right after it (signed ones).

use std::sync::Arc;

use http::request::Parts;

use super::deny::{Deny, Reason};
use super::permit::Identity;
use super::policy::RoutePolicy;
use super::secrets::Validity;
use super::signature::{SignatureRule, head_of};
use super::{BodyNeed, HeadPass, Scope, credentials};
use crate::base::clock::Wall;
use crate::base::secret::Secret;
use crate::config::settings::Signature;
use crate::scheme::handshake::{self, Handshake, LONGEST_HELLO, Own, Reply, Trust};
use crate::state::replay::Message;

/// The handshakes of one route.
#[derive(Debug)]
pub(super) struct HandshakeRule {
    answered: Vec<&'static Handshake>,
    forwarded: Vec<&'static Handshake>,
    tokens: Vec<(Secret, Validity)>,
    origins: Vec<String>,
    public_id: Option<String>,
    /// Of the provider: also those that are switched off, for what their answers could have been used for.
    all: &'static [Handshake],
    /// Where a signature in the head says that this is none.
    signature: Arc<SignatureRule>,
    line: u32,
}

/// An unsigned request whose head is that of a handshake.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hello {
    handshake: &'static Handshake,
    way: Way,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Answer,
    Forward,
}

/// What came of the step that asks for a signature.
#[derive(Debug)]
pub(super) enum Met {
    /// A handshake, with its answer.
    Answer(Box<Reply>),
    /// A handshake the app is shown.
    Unsigned,
    /// No handshake; what is remembered against replay.
    Signed(Option<Message>),
}

/// The signature of a request, or the handshake in its place.
pub(super) fn meet(
    route: Option<&RoutePolicy>,
    pass: &mut HeadPass,
    bytes: Option<&[u8]>,
    (now, identity): (Wall, &mut Identity),
) -> Result<Met, Deny> {
    let rule = route.and_then(|route| route.handshake.as_deref());
    let body = bytes.unwrap_or(&[]);
    let other_method = || Deny::new(Reason::MethodNotAllowed, route.map_or(0, |route| route.line));
    if let Some(hello) = pass.proven.hello.take() {
        let rule = rule.ok_or_else(|| Deny::new(Reason::SignatureMissing, 0))?;
        return match (rule.unsigned(hello, &pass.parts, (body, now))?, pass.scope) {
            (Met::Answer(reply), Scope::Whole | Scope::Handshake) => Ok(Met::Answer(reply)),
            (met @ (Met::Unsigned | Met::Signed(_)), Scope::Whole) => Ok(met),
            (Met::Unsigned | Met::Signed(_), Scope::Handshake) => Err(other_method()),
        };
    }
    let is_signed = pass.proven.pending.is_some();
    let message = credentials::finish_signature(route, &mut pass.proven, bytes, identity)?;
    if let Some(rule) = rule.filter(|_| is_signed)
        && let Some(reply) = rule.signed(&pass.parts, body, (now, identity))?
    {
        return Ok(Met::Answer(Box::new(reply)));
    }
    match pass.scope {
        Scope::Whole => Ok(Met::Signed(message)),
        Scope::Handshake => Err(other_method()),
    }
}

impl HandshakeRule {
    /// `None`: the provider has no handshake.
    pub(super) fn from_settings(settings: &Signature, signature: &Arc<SignatureRule>) -> Option<Self> {
        let all = handshake::handshakes(&settings.provider);
        let own = &settings.handshake;
        let tokens = own.verify_tokens.iter();
        (!all.is_empty()).then(|| Self {
            answered: own.answered.clone(),
            forwarded: own.forwarded.clone(),
            tokens: tokens.filter_map(|entry| Some((entry.value.clone()?, Validity::of(entry)))).collect(),
            origins: own.origins.clone(),
            public_id: own.public_id.clone(),
            all,
            signature: Arc::clone(signature),
            line: settings.line,
        })
    }

    /// The unsigned handshake a request seems to be. What carries a signature is judged by it.
    pub(super) fn begun(&self, parts: &Parts) -> Option<Hello> {
        if self.signature.is_presented_in_head(parts) {
            return None;
        }
        let head = head_of(parts, None);
        let ways = [(&self.answered, Way::Answer), (&self.forwarded, Way::Forward)];
        ways.into_iter().find_map(|(all, way)| {
            let found = all.iter().find(|one| one.trust != Trust::Signed && one.is_begun(&head))?;
            Some(Hello { handshake: found, way })
        })
    }

    /// Whether a request of a method the route does not take can be a handshake that is answered.
    pub(super) fn may_answer(&self, parts: &Parts) -> bool {
        let head = head_of(parts, None);
        self.answered.iter().any(|one| !one.reads_body() && one.is_begun(&head))
    }

    fn unsigned(&self, hello: Hello, parts: &Parts, (body, now): (&[u8], Wall)) -> Result<Met, Deny> {
        let Hello { handshake, way } = hello;
        let head = head_of(parts, None);
        if !handshake.is_met(&head, body) {
            return Err(self.refused("it begins like a handshake and is none"));
        }
        match way {
            Way::Forward if handshake.is_all(&head, body) => Ok(Met::Unsigned),
            Way::Forward => Err(self.refused("a handshake is shown to the app only with nothing beside it")),
            Way::Answer => {
                self.trusts(handshake, parts, now)?;
                self.reply(handshake, (parts, body), &|text, written| {
                    self.signature.mac(None, now, (text, written))
                })
                .map(|reply| Met::Answer(Box::new(reply)))
            }
        }
    }

    /// The answer to a request whose signature was verified, where it is a handshake.
    ///
    /// Security: a signed body that the gate itself would have signed for anyone who asked proves nothing.
    fn signed(
        &self,
        parts: &Parts,
        body: &[u8],
        (now, identity): (Wall, &Identity),
    ) -> Result<Option<Reply>, Deny> {
        if self.all.iter().any(|one| one.could_be_asked_for(body)) {
            let hint = "the body is a challenge, which anyone could have had signed by a handshake";
            return Err(Deny::new(Reason::SignatureWrong, self.line).hint(hint));
        }
        let head = head_of(parts, None);
        let Some(found) = self.answered.iter().find(|one| one.is_met(&head, body)) else { return Ok(None) };
        self.trusts(found, parts, now)?;
        self.reply(found, (parts, body), &|text, written| {
            self.signature.mac(identity.secret_id.as_ref(), now, (text, written))
        })
        .map(Some)
    }

    fn trusts(&self, handshake: &Handshake, parts: &Parts, now: Wall) -> Result<(), Deny> {
        let head = head_of(parts, None);
        match handshake.trust {
            Trust::Signed | Trust::Open => Ok(()),
            Trust::Token(name) => {
                let shown = handshake::parameter(&head, name).unwrap_or_default();
                let mut matches = false;
                for (token, validity) in &self.tokens {
                    matches |= token.matches(shown.as_bytes()) && validity.covers(now);
                }
                if matches { Ok(()) } else { Err(Deny::new(Reason::SecretWrong, self.line)) }
            }
            Trust::Origin(name, known) => {
                let origin =
                    parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
                let own = self.origins.iter().map(String::as_str);
                let mut allowed = own.chain(known.iter().copied().filter(|_| self.origins.is_empty()));
                if allowed.any(|one| one.eq_ignore_ascii_case(origin)) {
                    Ok(())
                } else {
                    Err(self.refused("the origin is not in handshake.origins"))
                }
            }
        }
    }

    fn reply(
        &self,
        handshake: &Handshake,
        (parts, body): (&Parts, &[u8]),
        mac: &dyn Fn(&[u8], handshake::Written) -> Option<String>,
    ) -> Result<Reply, Deny> {
        let own = Own { mac, public_id: self.public_id.as_deref() };
        let head = head_of(parts, None);
        handshake
            .reply(&head, body, &own)
            .ok_or_else(|| self.refused("the challenge is not of the provider's form"))
    }

    fn refused(&self, hint: &'static str) -> Deny {
        Deny::new(Reason::SignatureMissing, self.line).hint(hint)
    }
}

impl Hello {
    /// How the body must be taken.
    pub(super) fn need(&self) -> BodyNeed {
        match self.way {
            Way::Answer if !self.handshake.reads_body() => BodyNeed::Stream,
            Way::Answer | Way::Forward => BodyNeed::Whole { max: LONGEST_HELLO },
        }
    }
}

#[cfg(test)]
mod tests;
