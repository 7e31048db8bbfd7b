//! The webhook signature language: presets, compiled plans, verifiers. Knows nothing of proxies.
//!
//! A [`Spec`] says in words where a signature stands, what it covers and how it is made; [`Plan::compile`] checks
//! it and makes the plan a request is judged by; [`Plan::begin`] judges the head and starts the MAC, which takes the
//! body while it arrives. Nothing here reads a clock, logs, or decides what happens to a refused request.
//! Called by `config` (compile), `check` (begin, finish) and the `send` command (sign).
//!
//! ```text
//! spec ── compile ──► rules ── plan ──► session: candidates × lanes ──► verdict
//!                       │                 ▲
//!      template, locator, timestamp,      │ pieces of the message (message), claims (code),
//!      boundaries, key, when, items       │ the body as it arrives (decoded where it was coded)
//! ```
//!
//! # To add something
//! - **A provider a template can describe**: one line of a table below `presets/`.
//! - **A provider it cannot** (canonical header lists, one message per item, several spellings of one URL): one file
//!   below `code/`, one line in `code::CODES`, and a preset with `.code("name")`. The file says which bytes were
//!   signed (`Claim`); secrets, key forms, rotation, decoding, comparing, `ts`, `require` and the replay id stay here.
//! - **A public-key algorithm**: one file below `public/`, one line in `public::ALGORITHMS`. It reads keys of every
//!   `KeyForm` (PEM, SPKI, raw, JWKS) and verifies what its `Verification` took, hashed or collected. Presets then
//!   say `kind: NAME`; a token that is a message of its own (JWT) is a code scheme with such a kind.

mod boundaries;
mod candidates;
mod code;
mod compile;
mod decoded;
mod encoding;
mod form;
pub mod handshake;
mod json;
mod key;
mod locator;
mod mac;
mod message;
mod plan;
mod presets;
mod public;
mod rules;
mod scan;
mod session;
mod sign;
mod signed;
mod spec;
mod template;
mod timestamp;
mod when;

use std::fmt;

use http::HeaderMap;

use crate::base::clock::Wall;
pub use code::{NamedCertificate, Naming, Trusted};
pub use key::{Key, KeyProblem};
pub use plan::Plan;
pub use presets::{
    Evidence, Level, NamedSpec, OWN_HEADER, Preset, READ_ON, Shape, Stamp, UnknownVariant, preset, presets,
};
pub use session::Session;
pub use sign::{Delivered, SignProblem};
pub use spec::{KeySpec, Spec, SpecProblem, TsSpec, WhenSpec};

/// Most signatures of one request that are compared; a request with more is refused.
pub const MOST_CANDIDATES: usize = 16;
/// Most secrets one request is compared with; the config allows no more.
pub const MOST_KEYS: usize = 8;

/// What a signature can cover beside the body: the request as the provider saw it.
#[derive(Clone, Copy, Debug)]
pub struct SignedHead<'a> {
    /// The method, as received.
    pub method: &'a str,
    /// Path and query exactly as received, percent-encoding untouched.
    pub path_and_query: &'a str,
    /// The URL the provider called: the configured `public_url`, or what was derived for it. Only read where
    /// [`Plan::needs_url`].
    ///
    /// Security: where the URL stands beside the body, a URL with bytes that stand in none (RFC 3986) is refused, and
    /// so is a body that begins with a byte of URLs or ends in one, as both could be cut elsewhere.
    pub url: Option<&'a str>,
    /// All header lines as received.
    pub headers: &'a HeaderMap,
}

/// A request to be signed as its provider would.
#[derive(Clone, Copy, Debug)]
pub struct Delivery<'a> {
    /// The head; headers it already has are kept where the scheme needs them.
    pub head: SignedHead<'a>,
    /// The whole body.
    pub body: &'a [u8],
    /// The delivery's id, for the schemes that have one in a header.
    pub id: &'a str,
}

/// Whether the caller wants to remember the message against replay. Costs one more SHA-256 over the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplayId {
    /// Compute it.
    Wanted,
    /// Do not.
    Unwanted,
}

/// A signature that matched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Index into the keys given to [`Plan::begin`]: the first that matched.
    pub key: usize,
    /// SHA-256 over the scheme's name and the signed message, when wanted; never set for kind `token`, which signs
    /// no message. Two routes with one preset can see equal messages: the caller adds the route.
    pub replay_id: Option<[u8; 32]>,
    /// The time the provider signed, where the scheme says where it stands; inside its window.
    pub signed_at: Option<Wall>,
}

/// Why a request's signature was not accepted. The caller of the gate is told none of this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No signature, or something the signed message needs is absent from the head.
    Missing,
    /// A signature, or a field the signed message needs, that is unreadable, doubled, too many, or of another
    /// version than the one pinned.
    Malformed,
    /// No signature matches under any key.
    Wrong,
    /// The timestamp is too old.
    Stale {
        /// Seconds past the end of the window, rounded up.
        by_s: u64,
    },
    /// The timestamp is too far in the future.
    Future {
        /// Seconds before the start of the window, rounded up.
        by_s: u64,
    },
    /// The timestamp is not of the exact shape the scheme asks for.
    TimestampMalformed,
    /// The body lacks what the scheme reads from it, or can be read in two ways.
    BodyShape,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("no signature, or something it covers is absent"),
            Self::Malformed => f.write_str("the signature or something it covers is unreadable or doubled"),
            Self::Wrong => f.write_str("the signature matches no secret"),
            Self::Stale { by_s } => write!(f, "the timestamp is {by_s} s too old"),
            Self::Future { by_s } => write!(f, "the timestamp is {by_s} s too far ahead"),
            Self::TimestampMalformed => f.write_str("the timestamp has not the shape the scheme asks for"),
            Self::BodyShape => f.write_str("the body lacks what the scheme reads from it, or is ambiguous"),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
