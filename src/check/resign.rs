//! Vouches for what passed: the app gets a Standard Webhooks signature under the operator's own secret, so that it
//! needs to know one scheme, whatever the provider's was.
//!
//! Signs nothing that no credential was verified for. Called last, when the permit is made.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use sha2::{Digest, Sha256};

use super::Payload;
use super::deny::{Deny, Reason};
use super::secrets::Validity;
use crate::base::clock::Wall;
use crate::base::request_id::RequestId;
use crate::config::settings::Resign;
use crate::scheme::{Delivery, Key, Plan, SignedHead};

/// The signatures of one value stand apart by this.
const BETWEEN: &[u8] = b" ";

/// The secrets one route signs with.
#[derive(Debug)]
pub(super) struct ResignRule {
    plan: Plan,
    keys: Vec<(Key, Validity)>,
    line: u32,
}

/// What a signature says beside the body.
#[derive(Clone, Copy, Debug)]
pub(super) struct Vouched<'a> {
    /// What the provider's message was remembered by: deliveries of one message have one id.
    pub(super) message: Option<[u8; 32]>,
    /// The request, where the message is not known.
    pub(super) request: Option<&'a RequestId>,
    /// The time of signing.
    pub(super) now: Wall,
}

impl ResignRule {
    pub(super) fn from_settings(settings: &Resign) -> Self {
        let keys = settings
            .secrets
            .iter()
            .filter_map(|entry| Some((settings.plan.key(entry.value.as_ref()?).ok()?, Validity::of(entry))));
        Self { keys: keys.collect(), plan: settings.plan.clone(), line: settings.line }
    }

    /// Takes away what the caller wrote in place of our signature.
    pub(super) fn strip(&self, headers: &mut HeaderMap) {
        for name in self.plan.headers() {
            headers.remove(name);
        }
    }

    /// Signs the body with every secret that is valid now; what the caller wrote in these places is gone.
    ///
    /// # Errors
    /// No secret is valid or could be read, or the body is not held: nothing is forwarded unsigned.
    pub(super) fn sign<B>(
        &self,
        headers: &mut HeaderMap,
        payload: &Payload<B>,
        vouched: Vouched<'_>,
    ) -> Result<(), Deny> {
        self.strip(headers);
        let Payload::Whole { bytes, .. } = payload else { return Err(self.unavailable()) };
        let mut made: Vec<(HeaderName, HeaderValue)> = Vec::new();
        let valid = self.keys.iter().filter(|(_, validity)| validity.covers(vouched.now));
        for (key, _) in valid {
            for (name, value) in self.signature(key, bytes, vouched)? {
                match made.iter_mut().find(|(known, _)| *known == name) {
                    None => made.push((name, value)),
                    // The id and the time are the same under every secret.
                    Some((_, own)) if *own == value => {}
                    Some((_, own)) => {
                        let both = [own.as_bytes(), BETWEEN, value.as_bytes()].concat();
                        *own = HeaderValue::from_bytes(&both).map_err(|_| self.unavailable())?;
                    }
                }
            }
        }
        if made.is_empty() {
            return Err(self.unavailable());
        }
        headers.extend(made);
        Ok(())
    }

    fn signature(
        &self,
        key: &Key,
        body: &Bytes,
        vouched: Vouched<'_>,
    ) -> Result<Vec<(HeaderName, HeaderValue)>, Deny> {
        let none = HeaderMap::new();
        let head = SignedHead { method: "POST", path_and_query: "/", url: None, headers: &none };
        let id = vouched.id();
        let delivery = Delivery { head, body, id: &id };
        self.plan.sign(key, &delivery, vouched.now).map_err(|_| self.unavailable())
    }

    fn unavailable(&self) -> Deny {
        Deny::new(Reason::Unavailable, self.line).hint("no secret of resign can be used")
    }
}

impl Vouched<'_> {
    /// `msg_` and 32 hexadecimal digits.
    fn id(&self) -> String {
        let hash = match (self.message, self.request) {
            (Some(message), _) => message.to_vec(),
            (None, Some(request)) => Sha256::digest(request.as_bytes()).to_vec(),
            (None, None) => Vec::new(),
        };
        let half = hash.get(..16).unwrap_or(&hash);
        format!("msg_{}", data_encoding::HEXLOWER.encode(half))
    }
}

#[cfg(test)]
mod tests;
