//! A compiled scheme. (Internals follow; the signatures stand.)

use std::fmt;
use std::time::Duration;

use http::header::{HeaderName, HeaderValue};

use super::session::Session;
use super::spec::{Spec, SpecProblem};
use super::{Delivery, Refusal, ReplayId, SignedHead};
use crate::base::clock::Wall;
use crate::base::secret::Secret;

/// A compiled scheme.
#[derive(Clone, Debug)]
pub struct Plan {
    tolerance: Option<Duration>,
    headers: Vec<HeaderName>,
}

/// A key made from a secret for one plan.
#[derive(Clone)]
pub struct Key(Secret);

/// Why a secret cannot be a key of a scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyProblem {
    /// Nothing is left of it once the known beginnings are removed.
    Empty,
    /// The scheme's keys are hexadecimal and this one is not.
    NotHex,
    /// The scheme's keys are base64 and this one is not.
    NotBase64,
}

/// Why a request cannot be signed by a scheme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignProblem {
    /// The signature stands in the query or the body, which are given.
    NotInHeader,
    /// Something the signed message needs is neither given nor ours to choose; the locator.
    Absent(String),
    /// The id holds a character the scheme does not allow, or is empty or too long.
    BadId,
    /// The result cannot be a header value.
    NotAHeader,
    /// The key was made for another kind of scheme.
    WrongKey,
}

impl Plan {
    /// Checks a scheme and makes it ready for use.
    ///
    /// # Errors
    /// Every problem found.
    pub fn compile(spec: &Spec) -> Result<Plan, Vec<SpecProblem>> {
        Ok(Self {
            tolerance: spec.ts.as_ref().and_then(|ts| ts.tol_s).map(Duration::from_secs),
            headers: Vec::new(),
        })
    }

    /// Replaces the scheme's own tolerance for its timestamp; nothing happens where it has none.
    pub fn set_tolerance(&mut self, tolerance: Duration) {
        self.tolerance = Some(tolerance);
    }

    /// Whether the signature covers the whole body.
    pub fn is_body_bound(&self) -> bool {
        false
    }

    /// Whether the signed message carries a time or a unique id.
    pub fn is_stamped(&self) -> bool {
        false
    }

    /// Whether [`SignedHead::url`] must be given.
    pub fn needs_url(&self) -> bool {
        false
    }

    /// Whether the verdict needs the body.
    pub fn reads_body(&self) -> bool {
        true
    }

    /// Every header the verdict uses.
    pub fn headers(&self) -> &[HeaderName] {
        &self.headers
    }

    /// Makes a key of a secret.
    ///
    /// # Errors
    /// [`KeyProblem`] when it is empty or not of the scheme's encoding.
    pub fn key(&self, secret: &Secret) -> Result<Key, KeyProblem> {
        if secret.is_empty() { Err(KeyProblem::Empty) } else { Ok(Key(secret.clone())) }
    }

    /// Judges the head.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn begin(
        &self,
        keys: &[&Key],
        head: &SignedHead<'_>,
        now: Wall,
        replay: ReplayId,
    ) -> Result<Session, Refusal> {
        let _ = (keys.first().map(|key| key.0.len()), head, now, replay);
        Err(Refusal::Missing)
    }

    /// Makes the headers the provider would send.
    ///
    /// # Errors
    /// [`SignProblem`].
    pub fn sign(
        &self,
        key: &Key,
        delivery: &Delivery<'_>,
        now: Wall,
    ) -> Result<Vec<(HeaderName, HeaderValue)>, SignProblem> {
        let _ = (key, delivery, now);
        Err(SignProblem::NotInHeader)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[key]")
    }
}
