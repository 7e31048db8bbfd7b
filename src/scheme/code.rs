//! The place for schemes whose signed message no template can say: canonical header lists, fields joined per item,
//! several spellings of one URL.
//!
//! Such a scheme is one file below `code/` and one line in [`CODES`]; `code: NAME` in a scheme asks for it. It says
//! which bytes were signed and, where `sig` cannot, which signatures belong to them. Everything else stays the
//! engine's: keys of every kind and their encodings, several secrets at once, decoding and comparing signatures,
//! `ts` with its window, `require`, the replay id. A code scheme never sees a secret.

mod adyen;
mod aws_sigv4;
mod aws_sns;
mod braintree;
mod cavage;
mod contentful;
mod draft;
mod dropbox_sign;
mod jwt;
mod multipart;
mod paddle_classic;
mod paypal;
mod plivo_v3;
mod rfc9421;
mod salesforce;
mod twilio;
mod vonage_sig;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use http::HeaderMap;
use http::header::CONNECTION;

use super::form::{self, Pair};
use super::spec::{Spec, SpecProblem};
use super::when::media_type;
use super::{Refusal, SignedHead};
use crate::base::clock::Wall;

pub(super) use draft::{Draft, Order, UNSIGNED};

/// Every code scheme, by the name `code` has for it.
static CODES: &[Entry] = &[
    Entry { name: "adyen", make: adyen::make },
    Entry { name: "aws_sigv4", make: aws_sigv4::make },
    Entry { name: "aws_sns", make: aws_sns::make },
    Entry { name: "braintree", make: braintree::make },
    Entry { name: "cavage", make: cavage::make },
    Entry { name: "contentful", make: contentful::make },
    Entry { name: "dropbox_sign", make: dropbox_sign::make },
    Entry { name: "jwt", make: jwt::make },
    Entry { name: "paddle_classic", make: paddle_classic::make },
    Entry { name: "paypal", make: paypal::make },
    Entry { name: "plivo_v3", make: plivo_v3::make },
    Entry { name: "rfc9421", make: rfc9421::make },
    Entry { name: "salesforce", make: salesforce::make },
    Entry { name: "twilio", make: twilio::make },
    Entry { name: "vonage_sig", make: vonage_sig::make },
];

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

    /// For the sender: what stands in a delivery beside its signature.
    ///
    /// # Errors
    /// [`Refusal`] when the delivery cannot be made one of this scheme.
    fn draft(&self, _order: &Order<'_>) -> Result<Draft, Refusal> {
        Ok(Draft::default())
    }

    /// The provider whose messages name the certificate they are signed with, so that [`Code::certificate`] has a
    /// meaning. What is believed for one is not for another.
    fn certificates_of(&self) -> Option<&'static str> {
        None
    }

    /// The certificate a message names, if it lies where the provider's own lie. Of the head where it stands there,
    /// else of the whole body.
    ///
    /// Security: both are whatever a caller sent; the place is pinned here to the provider's host and path.
    fn certificate(&self, _from: Naming<'_>) -> Option<NamedCertificate> {
        None
    }

    /// For the sender, where signatures stand inside the body: the body with the signature of each message in it.
    /// `None`: they do not, or it cannot be signed.
    fn signed(&self, _body: &[u8], _sign: &dyn Fn(&[u8]) -> String) -> Option<Vec<u8>> {
        None
    }
}

/// Where the name of a certificate is looked for.
#[derive(Clone, Copy, Debug)]
pub enum Naming<'a> {
    /// A head.
    Head(&'a HeaderMap),
    /// A whole body.
    Body(&'a [u8]),
}

/// The certificate of a message's signer, as the message names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedCertificate {
    /// Where it lies: `https://HOST/PATH`, of the provider's own shape.
    pub url: String,
    /// It must be one for one of these DNS names.
    pub names: Vec<String>,
    /// Why it is believed.
    pub trust: Trusted,
}

/// Why a certificate is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trusted {
    /// It came from the provider's host over a verified connection; the file holds no chain that could be followed.
    ByHost,
    /// It leads to a root, with the certificates beside it in the file.
    ByChain,
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
    /// Whether it takes the values at `sig` apart itself and says which signatures they hold.
    pub(super) reads_signatures: bool,
    /// What it finds says who sent the message, is known to others and proves nothing: kind `token`, and only that.
    pub(super) identifies: bool,
}

/// A head as a code scheme sees it.
pub(super) struct CodeHead<'a> {
    pub(super) head: SignedHead<'a>,
    /// When the request is judged, for what is signed with times of its own.
    pub(super) now: Wall,
    /// What stands at `sig`, as found in the head.
    pub(super) values: &'a [Cow<'a, [u8]>],
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
    /// What the key goes through first: each is signed with what came of the one before.
    pub(super) steps: Vec<Vec<u8>>,
}

/// A form, as most providers send it.
const FORM: &str = "application/x-www-form-urlencoded";

impl<'a> CodeHead<'a> {
    /// The one line of a header, `None` when there is none.
    ///
    /// # Errors
    /// [`Refusal::Malformed`] when there are several, when it is no visible ASCII, and when `Connection` names it:
    /// what is signed must arrive at the app.
    fn line(&self, name: &str) -> Result<Option<&'a str>, Refusal> {
        let mut lines = self.head.headers.get_all(name).iter();
        let first = lines.next();
        let nominated = self.head.headers.get_all(CONNECTION).iter().any(|line| {
            line.to_str()
                .map_or(true, |line| line.split(',').any(|own| own.trim().eq_ignore_ascii_case(name)))
        });
        if lines.next().is_some() || (first.is_some() && nominated) {
            return Err(Refusal::Malformed);
        }
        first.map(|line| line.to_str().map_err(|_| Refusal::Malformed)).transpose()
    }

    /// The one line of a header that must be there.
    ///
    /// # Errors
    /// [`Refusal::Missing`] when it is absent or empty; as [`CodeHead::line`].
    fn required(&self, name: &str) -> Result<&'a str, Refusal> {
        self.line(name)?.filter(|line| !line.is_empty()).ok_or(Refusal::Missing)
    }

    /// Whether the body is a form.
    fn has_form(&self) -> bool {
        media_type(&self.head).as_deref() == Some(FORM)
    }
}

/// The fields of a form, none of them twice, in order of their names.
///
/// # Errors
/// [`Refusal::BodyShape`] when it can be read in two ways.
fn distinct(text: &[u8]) -> Result<Vec<Pair<'_>>, Refusal> {
    let mut fields = form::pairs(text).map_err(|_| Refusal::BodyShape)?;
    fields.sort();
    let mut names = fields.iter().map(|(name, _)| name).zip(fields.iter().skip(1));
    if names.any(|(name, (next, _))| name == next) { Err(Refusal::BodyShape) } else { Ok(fields) }
}

/// The query of a URL or a target, without `?`.
fn query(text: &str) -> &str {
    text.split_once('?').map_or("", |(_, query)| query)
}

/// For schemes that have no options.
fn no_options(spec: &Spec) -> Result<(), Vec<SpecProblem>> {
    known_options(spec, &[])
}

/// Refuses options that are not of these names, or hold nothing.
fn known_options(spec: &Spec, known: &[&str]) -> Result<(), Vec<SpecProblem>> {
    let problem = |message: String| SpecProblem {
        field: "options",
        message,
        hint: if known.is_empty() {
            "it has none".to_owned()
        } else {
            format!("known are {}", known.join(", "))
        },
    };
    let mut found = Vec::new();
    for (name, values) in &spec.options {
        if !known.contains(&name.as_str()) {
            found.push(problem(format!("{name:?} is no option of this scheme")));
        } else if values.is_empty() || values.iter().any(String::is_empty) {
            found.push(problem(format!("option {name:?} is empty")));
        }
    }
    if found.is_empty() { Ok(()) } else { Err(found) }
}

/// The values of an option; empty when it is not given.
fn option(spec: &Spec, name: &str) -> Vec<String> {
    spec.options.iter().filter(|(own, _)| own == name).flat_map(|(_, values)| values.clone()).collect()
}

/// Makes the code scheme of that name; `None` when there is none.
pub(super) fn make(name: &str, spec: &Spec) -> Option<Compiled> {
    CODES.iter().find(|entry| entry.name == name).map(|entry| (entry.make)(spec))
}

/// The names of all code schemes, for messages.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    CODES.iter().map(|entry| entry.name)
}

#[cfg(test)]
mod tests;
