//! Every way a request can be refused by policy: a closed list, each with a stable reason and a status.
//!
//! The caller is told one fixed text per status (rendered in `forward`); the reason goes to audit and metrics.

use std::fmt;

/// A policy verdict that refuses. Built by the checks, rendered and recorded elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deny {
    /// Which rule refused.
    pub reason: Reason,
    /// Line of the deciding rule in the config file; 0: no single line.
    pub line: u32,
    /// What would change it, for the operator: a short phrase made of config names and counts, never of request
    /// bytes or secrets. May be empty.
    pub hint: String,
    /// Seconds for `Retry-After`, where the status has one.
    pub retry_after: Option<u32>,
    /// What a rate limit tells of itself.
    pub quota: Option<Quota>,
}

/// A rate limit as told in the `RateLimit` fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Name of the limit that was closest to its end.
    pub name: String,
    /// Requests it admits.
    pub limit: u32,
    /// Its window, seconds.
    pub window: u32,
    /// Requests left now.
    pub remaining: u32,
    /// Seconds until more are admitted.
    pub reset: u32,
}

macro_rules! reasons {
    ($($(#[$doc:meta])* $variant:ident = $word:literal, $status:literal;)*) => {
        /// Why a request was refused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Reason {
            $($(#[$doc])* $variant,)*
        }

        impl Reason {
            /// Every reason, for metric series and documentation.
            pub const ALL: &[Reason] = &[$(Reason::$variant,)*];

            /// The stable word in metrics, audit lines and logs.
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// The HTTP status the caller gets.
            pub fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)* }
            }
        }
    };
}

reasons! {
    /// The raw head broke the grammar, or its framing was ambiguous.
    HeadMalformed = "head_malformed", 400;
    /// The head was larger than `limits.head_size` or had more than `limits.head_fields` fields.
    HeadTooLarge = "head_too_large", 431;
    /// The request target was longer than `limits.uri_size`.
    UriTooLong = "uri_too_long", 414;
    /// The head was not whole within `limits.head_timeout`.
    HeadTimeout = "head_timeout", 408;
    /// Missing, doubled or malformed Host, or one that differs from the target's authority.
    HostInvalid = "host_invalid", 400;
    /// CONNECT, TRACE, or a method that is no token the app should see.
    MethodRefused = "method_refused", 405;
    /// An `Expect` other than `100-continue`.
    ExpectUnknown = "expect_unknown", 417;
    /// An `Upgrade` other than WebSocket, or on a route that judges bodies.
    UpgradeRefused = "upgrade_refused", 400;
    /// `Connection` nominated a header that framing or a check depends on.
    ConnectionNominates = "connection_nominates", 400;
    /// The HTTP version is not one we serve.
    VersionRefused = "version_refused", 505;
    /// A reading of the path an app might make selects another route than its bytes do.
    PathAmbiguous = "path_ambiguous", 400;
    /// The forwarding header of a trusted proxy could not be read.
    ForwardedMalformed = "forwarded_malformed", 400;
    /// The client address is on a deny list.
    IpDenied = "ip_denied", 403;
    /// There is an allow list and the client address is not on it.
    IpNotAllowed = "ip_not_allowed", 403;
    /// Too many failed authentications from this address.
    Flood = "flood", 429;
    /// No route has this path (or it has another host).
    NoRoute = "no_route", 404;
    /// The path has a route, but not for this method.
    MethodNotAllowed = "method_not_allowed", 405;
    /// Two different values of one credential, or one credential on two lines.
    CredentialConflict = "credential_conflict", 400;
    /// No credential although one is required.
    CredentialMissing = "credential_missing", 401;
    /// The shared secret's header is absent.
    SecretMissing = "secret_missing", 401;
    /// The shared secret is none of the valid ones.
    SecretWrong = "secret_wrong", 401;
    /// The secret matched but is past its `not_after` or before its `not_before`.
    SecretExpired = "secret_expired", 401;
    /// No API key in any configured location.
    KeyMissing = "key_missing", 401;
    /// The API key's shape or check digits are wrong.
    KeyMalformed = "key_malformed", 401;
    /// No such API key.
    KeyUnknown = "key_unknown", 401;
    /// The API key is revoked.
    KeyRevoked = "key_revoked", 401;
    /// The API key is past its end or before its start.
    KeyExpired = "key_expired", 401;
    /// The caller lacks a role or a permission.
    NotAuthorized = "not_authorized", 403;
    /// The declared or received body is larger than allowed.
    BodyTooLarge = "body_too_large", 413;
    /// A body on a route where it cannot be judged (e.g. a coding the scheme does not cover).
    BodyType = "body_type", 415;
    /// The signature header is absent or empty.
    SignatureMissing = "signature_missing", 401;
    /// The signature header cannot be read.
    SignatureMalformed = "signature_malformed", 401;
    /// No candidate signature matches any valid secret.
    SignatureWrong = "signature_wrong", 401;
    /// A signature matched only a secret outside its validity.
    SignatureExpiredSecret = "signature_expired_secret", 401;
    /// The signed time is too old.
    TimestampStale = "timestamp_stale", 401;
    /// The signed time lies in the future.
    TimestampFuture = "timestamp_future", 401;
    /// The signed time is absent or cannot be read.
    TimestampMalformed = "timestamp_malformed", 401;
    /// The message was seen before and the route rejects repeats.
    Replayed = "replayed", 409;
    /// The same message is being delivered right now.
    ReplayInFlight = "replay_in_flight", 503;
    /// The replay memory is full; nothing live is evicted.
    ReplayFull = "replay_full", 503;
    /// Maintenance mode.
    Maintenance = "maintenance", 503;
    /// A rate limit is used up.
    RateLimited = "rate_limited", 429;
    /// A secret, key file or pepper this route needs could not be read.
    Unavailable = "unavailable", 503;
    /// The audit record could not be queued and `telemetry.audit.strict` is on.
    AuditFull = "audit_full", 503;
    /// The gate is closing and takes no more work.
    Draining = "draining", 503;
}

impl Deny {
    /// A refusal by the rule on `line`, with no more to say.
    pub fn new(reason: Reason, line: u32) -> Self {
        Self { reason, line, hint: String::new(), retry_after: None, quota: None }
    }

    /// Adds what would change the verdict, for the operator.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    /// Adds `Retry-After` in seconds.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }
}

impl fmt::Display for Deny {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason.word())
    }
}
