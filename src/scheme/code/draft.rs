//! The sender's side of code schemes: what a delivery has beside its signature, which stands in the draft as
//! [`UNSIGNED`] where the scheme puts it itself. For the `send` command and tests; never on the way of a request.

use super::super::SignedHead;
use super::super::public::Jwa;
use crate::base::clock::Wall;

/// Stands where the signature will; every encoding can read it.
pub(in crate::scheme) const UNSIGNED: &str = "51d3a7c0e2b4f681";

/// A delivery about to be signed.
pub(in crate::scheme) struct Order<'a> {
    pub(in crate::scheme) head: SignedHead<'a>,
    pub(in crate::scheme) body: &'a [u8],
    /// Its id.
    pub(in crate::scheme) id: &'a str,
    pub(in crate::scheme) now: Wall,
    /// The first of these algorithms of tokens that its key can sign by.
    pub(in crate::scheme) token: &'a dyn Fn(&[Jwa]) -> Option<Jwa>,
}

/// What becomes of it before it is signed.
#[derive(Debug, Default)]
pub(in crate::scheme) struct Draft {
    /// Added unless the delivery has them.
    pub(in crate::scheme) headers: Vec<(&'static str, String)>,
    /// What stands at `sig`, where that is more than the signature.
    pub(in crate::scheme) value: Option<String>,
    /// In place of the delivery's own.
    pub(in crate::scheme) body: Option<Vec<u8>>,
}

impl Draft {
    /// Nothing but these headers.
    pub(super) fn of(headers: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        Self { headers: headers.into_iter().collect(), ..Self::default() }
    }

    /// The type of a form, where there is a body.
    pub(super) fn form(body: &[u8]) -> Self {
        Self::of((!body.is_empty()).then(|| ("content-type", super::FORM.to_owned())))
    }
}
