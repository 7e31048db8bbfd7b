//! The place for signatures that are verified with a public key.
//!
//! An algorithm is one file below `public/` and one line in [`ALGORITHMS`]. It makes a [`PublicKey`] of what the
//! operator wrote; for every request that begins a [`Verification`], which takes the message piece by piece (it may
//! hash it or collect it, as its algorithm needs) and then judges signatures. Where signatures and messages come
//! from, times, replay and rotation are the engine's and not seen here.

mod certificate;
mod der;
mod ed25519;
mod hashed;
mod jwk;
mod jws;
mod pem;
mod private;
mod rsa_sha1;
mod spki;
mod written;

use std::fmt;
use std::sync::Arc;

use super::key::KeyForm;
use super::mac::Hash;
pub(super) use certificate::{Dates, dates};
use hashed::Signing;
pub(super) use jws::{Jose, Jwa, NAME as JWT, decoded as segment};
pub(super) use private::PrivateKey;

/// Every algorithm, by the word that `kind` has for it.
static ALGORITHMS: &[&dyn Algorithm] = &[
    &ed25519::Ed25519,
    &Signing::EcdsaP256,
    &Signing::EcdsaP256Fixed,
    &Signing::Rsa,
    &Signing::Rsa1024,
    &Signing::RsaPss,
    &jws::Tokens,
];

/// A public-key signature algorithm.
pub(super) trait Algorithm: fmt::Debug + Send + Sync {
    /// The word in `kind`: `ed25519`.
    fn name(&self) -> &'static str;

    /// Whether messages can be signed through this hash.
    fn takes(&self, hash: Hash) -> bool;

    /// Whether keys are written in this form.
    fn reads(&self, form: KeyForm) -> bool {
        form.is_public()
    }

    /// Whether a message must be collected, because it cannot be hashed as it comes. The body is then copied when it
    /// is whole and not before, so that what waits for its end is held once.
    fn needs_whole(&self) -> bool {
        false
    }

    /// The key in `text`, which is written in `form` and had its known beginnings removed; `None` when it cannot be
    /// read, or is of another algorithm or size. A set of keys ([`KeyForm::Jwks`]) is one key that accepts what any
    /// of its own accepts.
    fn key(&self, form: KeyForm, hash: Hash, text: &[u8]) -> Option<Arc<dyn PublicKey>>;

    /// What signs, for the sender: the private half, in PEM, of a key of this algorithm; for tokens under a secret
    /// (`form` is none of public keys) the secret.
    fn private(&self, form: KeyForm, hash: Hash, text: &[u8]) -> Option<Arc<dyn PrivateKey>>;
}

/// A public key, shared by all requests of a route.
pub(super) trait PublicKey: Send + Sync {
    /// Begins one message.
    fn begin(&self) -> Box<dyn Verification>;
}

/// One message under one key.
pub(super) trait Verification: Send {
    /// Takes the next bytes of the message.
    fn update(&mut self, bytes: &[u8]);

    /// Whether `signature` is one over everything taken. Called once per candidate, after the last `update`.
    fn is_signed(&self, signature: &[u8]) -> bool;
}

/// The algorithm of that name.
pub(super) fn algorithm(name: &str) -> Option<&'static dyn Algorithm> {
    ALGORITHMS.iter().find(|algorithm| algorithm.name() == name).copied()
}

/// The names of all algorithms, for messages.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    ALGORITHMS.iter().map(|algorithm| algorithm.name())
}

#[cfg(test)]
mod tests;
