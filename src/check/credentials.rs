//! Steps 5, 6, 8 and 9: which credentials a route asks for, and whether all or any of them must verify.
//!
//! `require: all` — each configured credential must be there and verify. `require: any` — at least one is there, and
//! each one that is there verifies: a wrong credential is never hidden by a right one.

use http::request::Parts;

use super::api_key::{Key, KeyTable};
use super::deny::{Deny, Reason};
use super::handshake::Hello;
use super::permit::Identity;
use super::policy::RoutePolicy;
use super::signature::Pending;
use crate::base::clock::{Now, Wall};
use crate::config::settings::Require;
use crate::state::replay::Message;

/// What a request has proven so far.
#[derive(Debug, Default)]
pub(super) struct Proven {
    pub(super) route: Option<usize>,
    pub(super) key: Option<Key>,
    /// On a block of its own: it is large, and most requests have none.
    pub(super) pending: Option<Box<Pending>>,
    /// An unsigned handshake, in place of a signature.
    pub(super) hello: Option<Hello>,
    credentials: usize,
}

/// Shared secret and API key.
pub(super) fn prove(
    route: &RoutePolicy,
    keys: &KeyTable,
    parts: &Parts,
    now: Wall,
    identity: &mut Identity,
) -> Result<Proven, Deny> {
    let mut proven = Proven { route: identity.route, ..Proven::default() };
    if let Some(rule) = &route.shared_secret
        && (route.require == Require::All || rule.is_presented(&parts.headers))
    {
        let matched = rule.check(&parts.headers, now)?;
        identity.secret_id = Some(matched.id);
        proven.credentials = proven.credentials.saturating_add(1);
    }
    if let Some(rule) = &route.api_key {
        let presented = rule.presented(parts)?;
        if route.require == Require::All || presented.is_some() {
            let (id, key) = rule.check(keys, presented.as_deref(), now)?;
            identity.key_id = Some(id.clone());
            identity.subject = key.subject().cloned();
            identity.roles = key.joined_roles().cloned();
            proven.key = Some(key.clone());
            proven.credentials = proven.credentials.saturating_add(1);
        }
    }
    // Nobody is told what a caller must be allowed before anything was presented.
    let signs = || {
        route.signature.as_ref().is_some_and(|rule| rule.is_presented(parts))
            || route.handshake.as_ref().is_some_and(|rule| rule.begun(parts).is_some())
    };
    if proven.credentials == 0 && !route.public && route.require == Require::Any && !signs() {
        return Err(Deny::new(Reason::CredentialMissing, route.line));
    }
    Ok(proven)
}

/// The signature's head; a signature that needs no body is decided with the body step all the same.
pub(super) fn begin_signature(
    route: &RoutePolicy,
    parts: &Parts,
    now: Now,
    proven: &mut Proven,
) -> Result<(), Deny> {
    if let Some(rule) = &route.handshake
        && let Some(hello) = rule.begun(parts)
    {
        proven.hello = Some(hello);
        return Ok(());
    }
    if let Some(rule) = &route.signature
        && (route.require == Require::All || rule.is_presented(parts))
    {
        proven.pending = Some(Box::new(rule.begin(parts, now)?));
        proven.credentials = proven.credentials.saturating_add(1);
    }
    // Security: a route that is not public lets nobody through without a credential, whatever its settings say.
    if proven.credentials == 0 && !route.public {
        return Err(Deny::new(Reason::CredentialMissing, route.line));
    }
    Ok(())
}

/// The signature over the whole body; `bytes` is `None` for a streamed body, which only a scheme that does not read
/// the body accepts.
pub(super) fn finish_signature(
    route: Option<&RoutePolicy>,
    proven: &mut Proven,
    bytes: Option<&[u8]>,
    identity: &mut Identity,
) -> Result<Option<Message>, Deny> {
    let Some(rule) = route.and_then(|route| route.signature.as_ref()) else { return Ok(None) };
    let Some(pending) = proven.pending.take() else {
        let line = route.map_or(0, |route| route.line);
        let optional = route.is_some_and(|route| route.require == Require::Any);
        return if optional { Ok(None) } else { Err(Deny::new(Reason::SignatureMissing, line)) };
    };
    let bytes = match bytes {
        Some(bytes) => bytes,
        None if rule.reads_body() => {
            return Err(Deny::new(Reason::SignatureMissing, route.map_or(0, |route| route.line)));
        }
        None => &[],
    };
    let signed = rule.finish(*pending, bytes)?;
    identity.secret_id = Some(signed.matched.id);
    Ok(signed.message)
}
