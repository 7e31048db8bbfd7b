//! The place for schemes whose signed message no template can say: canonical header lists, fields joined per item,
//! several spellings of one URL.
//!
//! Such a scheme is one file below `code/` and one line in [`CODES`]; `code: NAME` in a scheme asks for it. It says
//! which bytes were signed and, where `sig` cannot, which signatures belong to them. Everything else stays the
//! engine's: keys of every kind and their encodings, several secrets at once, decoding and comparing signatures,
//! `ts` with its window, `require`, the replay id. A code scheme never sees a secret.

mod adyen;

use std::fmt;
use std::sync::Arc;

use super::spec::{Spec, SpecProblem};
use super::{Refusal, SignedHead};

/// Every code scheme, by the name `code` has for it.
static CODES: &[Entry] = &[Entry { name: "adyen", make: adyen::make }];

/// One line of the list.
struct Entry {
    name: &'static str,
    /// Reads `Spec::options` and whatever else it needs; unknown options are its problems to report.
    make: fn(&Spec) -> Compiled,
}

/// A code scheme made ready, or what is wrong with its options.
pub(super) type Compiled = Result<Arc<dyn Code>, Vec<SpecProblem>>;

/// A code scheme of one route.
pub(super) trait Code: fmt::Debug + Send + Sync {
    /// What it reads and covers; does not change.
    fn facts(&self) -> CodeFacts;

    /// Takes what it needs from a head.
    ///
    /// # Errors
    /// [`Refusal`] for everything the head alone can show to be wrong.
    fn begin(&self, head: &CodeHead<'_>) -> Result<Box<dyn Reader>, Refusal>;
}

/// One request of a code scheme, its body awaited.
pub(super) trait Reader: Send {
    /// What was signed, once the body is whole (empty where [`CodeFacts::reads_body`] is not set).
    ///
    /// # Errors
    /// [`Refusal::BodyShape`] when the body lacks what is signed, or can be read in two ways.
    fn finish(self: Box<Self>, body: &[u8]) -> Result<Vec<Claim>, Refusal>;
}

/// What a code scheme reads and covers.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct CodeFacts {
    /// Headers it reads beside those of `sig`, `ts` and `require`.
    pub(super) headers: &'static [&'static str],
    /// Whether it needs the body.
    pub(super) reads_body: bool,
    /// Whether every byte of the body that means anything is signed.
    pub(super) body_bound: bool,
    /// Whether the signed message always carries a time or a unique id.
    pub(super) stamped: bool,
    /// Whether it needs the URL the provider called.
    pub(super) needs_url: bool,
}

/// A head as a code scheme sees it.
#[expect(dead_code, reason = "read by the first scheme that signs something of the head")]
pub(super) struct CodeHead<'a> {
    pub(super) head: SignedHead<'a>,
    /// The time as written, already inside its window; `None` where the scheme has no `ts`, or has it in the body.
    pub(super) time: Option<&'a [u8]>,
}

/// A message that must have been signed. Of several claims all must hold.
#[derive(Clone, Debug, Default)]
pub(super) struct Claim {
    /// The message, in every spelling the provider may have signed; one must match. The first is what is remembered
    /// against replay.
    pub(super) messages: Vec<Vec<u8>>,
    /// Its signatures as written; empty: those at `sig`.
    pub(super) signatures: Vec<Vec<u8>>,
}

/// Makes the code scheme of that name; `None` when there is none.
pub(super) fn make(name: &str, spec: &Spec) -> Option<Compiled> {
    CODES.iter().find(|entry| entry.name == name).map(|entry| (entry.make)(spec))
}

/// The names of all code schemes, for messages.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    CODES.iter().map(|entry| entry.name)
}
