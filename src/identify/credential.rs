//! Takes credentials out of a request head.

use std::borrow::Cow;

use http::HeaderMap;
use http::header::HeaderName;
use http::request::Parts;

use crate::config::settings::KeyLocation;

/// Two values of one credential, or one credential header on two lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conflict;

/// The API key a request carries in any of `locations`.
///
/// # Errors
/// [`Conflict`] on two different values, or one credential header on two lines.
pub fn find_key<'a>(
    _locations: &[KeyLocation],
    _parts: &'a Parts,
) -> Result<Option<Cow<'a, [u8]>>, Conflict> {
    Err(Conflict)
}

/// Removes the API key from every location.
pub fn strip_key(_locations: &[KeyLocation], _parts: &mut Parts) {}

/// The value of a header that may stand on one line only.
///
/// # Errors
/// [`Conflict`] when it stands on several lines, even with equal values.
pub fn single_header<'a>(_name: &HeaderName, _headers: &'a HeaderMap) -> Result<Option<&'a [u8]>, Conflict> {
    Err(Conflict)
}
