//! Facts of a head that several checks share: the host it is for.

use std::borrow::Cow;

use http::request::Parts;

/// Why the host of a request cannot be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadHost {
    /// Neither an authority in the target nor a `Host` field.
    Missing,
    /// More than one `Host` line.
    Doubled,
    /// No host name or address.
    Malformed,
    /// The target's authority and `Host` name different hosts.
    Differs,
}

/// The host a request is for: lower case, no port, no trailing dot; IPv6 in brackets.
///
/// # Errors
/// [`BadHost`].
pub fn host_of(_parts: &Parts) -> Result<Cow<'_, str>, BadHost> {
    Err(BadHost::Missing)
}
