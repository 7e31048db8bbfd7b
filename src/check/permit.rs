//! Proof that a request was judged. Only `check.rs` can make a [`Permit`]; only a permit can be sent to the app.

use std::net::IpAddr;

use bytes::Bytes;
use http::HeaderMap;
use http::request::Parts;

use crate::base::name::{KeyId, SecretId};
use crate::identify::client_ip::Client;
use crate::state::replay::Reservation;

/// The right to be sent to the app, together with exactly what was judged.
///
/// Security: the fields are private and there is no public constructor, so nothing that skipped the checks can be
/// forwarded, and nothing can be changed between verdict and sending.
#[derive(Debug)]
pub struct Permit<B> {
    granted: Box<Granted<B>>,
}

/// What a permit held, after forwarding has taken it.
#[derive(Debug)]
pub struct Granted<B> {
    /// The judged head.
    pub parts: Box<Parts>,
    /// The judged body, or the right to stream it.
    pub payload: Payload<B>,
    /// Who called, for the identity headers.
    pub identity: Identity,
    /// The caller's address after the trusted proxies.
    pub client: Client,
    /// The socket's peer.
    pub peer: IpAddr,
    /// Held until the app has answered: committed on 2xx, released otherwise.
    pub reservation: Option<Reservation>,
    /// Most bytes a streamed body may have.
    pub max_body: Option<u64>,
    /// Whether the request asks for a WebSocket.
    pub upgrade: Upgrade,
}

/// The body that goes with a judged head.
#[derive(Debug)]
pub enum Payload<B> {
    /// No rule needs the bytes: streamed as they arrive.
    Stream(B),
    /// Buffered whole and judged.
    Whole {
        /// Exactly as received.
        bytes: Bytes,
        /// Trailer fields, where the message had some.
        trailers: Option<HeaderMap>,
    },
}

/// What the gate tells the app and the records about the caller.
#[derive(Clone, Debug, Default)]
pub struct Identity {
    /// Index of the route in the policy; `None`: forwarded by `unmatched`.
    pub route: Option<usize>,
    /// Human name of the API key.
    pub subject: Option<std::sync::Arc<str>>,
    /// Id of the API key.
    pub key_id: Option<KeyId>,
    /// Id of the secret that matched last (shared secret, then signature).
    pub secret_id: Option<SecretId>,
    /// Roles of the API key, joined by `,`.
    pub roles: Option<std::sync::Arc<str>>,
}

/// A protocol switch the request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upgrade {
    /// None.
    None,
    /// RFC 6455.
    WebSocket,
}

impl<B> Permit<B> {
    pub(super) fn new(granted: Granted<B>) -> Self {
        Self { granted: Box::new(granted) }
    }

    /// Spends the permit.
    pub(crate) fn take(self) -> Box<Granted<B>> {
        self.granted
    }

    /// Who called, for the records.
    pub fn identity(&self) -> &Identity {
        &self.granted.identity
    }
}
