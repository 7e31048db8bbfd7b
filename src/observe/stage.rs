//! Where on its way a refused request was refused, for the counters that tell authentication from the rest.

use crate::check::deny::Reason;

/// A stretch of the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Before any credential was judged.
    Before,
    /// By a shared secret or a signature.
    Webhook,
    /// By the API key.
    ApiKey,
    /// After every credential was found good.
    After,
}

/// The stretch in which `reason` refuses.
pub(super) fn stage(reason: Reason) -> Stage {
    match reason {
        Reason::HeadMalformed
        | Reason::HeadTooLarge
        | Reason::UriTooLong
        | Reason::HeadTimeout
        | Reason::HostInvalid
        | Reason::MethodRefused
        | Reason::ExpectUnknown
        | Reason::UpgradeRefused
        | Reason::ConnectionNominates
        | Reason::VersionRefused
        | Reason::StreamRefused
        | Reason::PathAmbiguous
        | Reason::ForwardedMalformed
        | Reason::IpDenied
        | Reason::IpNotAllowed
        | Reason::Flood
        | Reason::NoRoute
        | Reason::MethodNotAllowed
        | Reason::BodyTooLarge
        | Reason::BodyType
        | Reason::Unavailable
        | Reason::Draining => Stage::Before,
        Reason::CredentialConflict
        | Reason::CredentialMissing
        | Reason::SecretMissing
        | Reason::SecretWrong
        | Reason::SecretExpired
        | Reason::SignatureMissing
        | Reason::SignatureMalformed
        | Reason::SignatureWrong
        | Reason::SignatureExpiredSecret
        | Reason::TimestampStale
        | Reason::TimestampFuture
        | Reason::TimestampMalformed => Stage::Webhook,
        Reason::KeyMissing
        | Reason::KeyMalformed
        | Reason::KeyUnknown
        | Reason::KeyRevoked
        | Reason::KeyExpired => Stage::ApiKey,
        Reason::NotAuthorized
        | Reason::Replayed
        | Reason::ReplayInFlight
        | Reason::ReplayUnknown
        | Reason::ReplayFull
        | Reason::Maintenance
        | Reason::RateLimited
        | Reason::AuditFull => Stage::After,
    }
}
