//! Every way a request can be refused by policy: a closed list, each with a stable reason and a status.
//!
//! The caller is told one fixed text per status (rendered in `forward`); the reason goes to audit and metrics.

use std::borrow::Cow;
use std::fmt;

/// A policy verdict that refuses. Built by the checks, rendered and recorded elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deny {
    /// Which rule refused.
    pub reason: Reason,
    /// Line of the deciding rule in the config file; 0: no single line.
    pub line: u32,
    /// What would change it, for the operator: a short phrase made of config names and counts, never of request
    /// bytes or secrets.
    pub hint: Cow<'static, str>,
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
    ($($(#[$doc:meta])* $variant:ident = $word:literal, $status:literal, $advice:literal;)*) => {
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

            /// What it means and what would change it, for the operator.
            pub fn advice(self) -> &'static str {
                match self { $(Self::$variant => $advice,)* }
            }
        }
    };
}

reasons! {
    /// The raw head broke the grammar, or its framing was ambiguous.
    HeadMalformed = "head_malformed", 400,
        "the raw head is not strict HTTP; the caller or a proxy before the gate must send a well-formed one";
    /// The head was larger than `limits.head_size` or had more than `limits.head_fields` fields.
    HeadTooLarge = "head_too_large", 431,
        "raise limits.head_size or limits.head_fields if the caller is right";
    /// The request target was longer than `limits.uri_size`.
    UriTooLong = "uri_too_long", 414,
        "raise limits.uri_size if the caller is right";
    /// The head was not whole within `limits.head_timeout`.
    HeadTimeout = "head_timeout", 408,
        "the caller was too slow; limits.head_timeout bounds the whole head";
    /// Missing, doubled or malformed Host, or one that differs from the target's authority.
    HostInvalid = "host_invalid", 400,
        "the request must name exactly one host, host[:port]";
    /// CONNECT, TRACE, or a method that is no token the app should see.
    MethodRefused = "method_refused", 405,
        "CONNECT, TRACE and methods in lower case are never passed on";
    /// An `Expect` other than `100-continue`.
    ExpectUnknown = "expect_unknown", 417,
        "the only expectation that can be met is 100-continue";
    /// An `Upgrade` other than WebSocket, or on a route that judges bodies.
    UpgradeRefused = "upgrade_refused", 400,
        "only Upgrade: websocket on a bodiless GET is passed on, and not on routes that judge bodies";
    /// `Connection` nominated a header that framing or a check depends on.
    ConnectionNominates = "connection_nominates", 400,
        "Connection may not name a header that framing or a check depends on";
    /// The HTTP version is not one we serve.
    VersionRefused = "version_refused", 505,
        "HTTP/1.0, HTTP/1.1 and HTTP/2 are served";
    /// The HTTP/2 engine refused the stream before the checks could see it.
    StreamRefused = "stream_refused", 400,
        "the HTTP/2 header list was over limits.http2_header_list (answered 431) or broke the protocol, or the \
         connection was at its end; nothing more of the request is known";
    /// A reading of the path an app might make selects another route than its bytes do.
    PathAmbiguous = "path_ambiguous", 400,
        "an app could read this path as one that another rule decides; the caller must send it in plain form";
    /// The forwarding header of a trusted proxy could not be read.
    ForwardedMalformed = "forwarded_malformed", 400,
        "the trusted proxy sent security.client_ip_header in a form that cannot be read";
    /// The client address is on a deny list.
    IpDenied = "ip_denied", 403,
        "the client address is on ip_denylist";
    /// There is an allow list and the client address is not on it.
    IpNotAllowed = "ip_not_allowed", 403,
        "the client address is not on ip_allowlist";
    /// Too many failed authentications from this address.
    Flood = "flood", 429,
        "this address failed to authenticate limits.failures times in 10 s; it may try again later";
    /// No route has this path (or it has another host).
    NoRoute = "no_route", 404,
        "no route has this path and host; add one, or see unmatched";
    /// The path has a route, but not for this method.
    MethodNotAllowed = "method_not_allowed", 405,
        "the route's methods do not include this one";
    /// Two different values of one credential, or one credential on two lines.
    CredentialConflict = "credential_conflict", 400,
        "the caller must send each credential once";
    /// No credential although one is required.
    CredentialMissing = "credential_missing", 401,
        "the request carries none of the credentials the route accepts";
    /// The shared secret's header is absent.
    SecretMissing = "secret_missing", 401,
        "the shared secret's header is absent or empty";
    /// The shared secret is none of the valid ones.
    SecretWrong = "secret_wrong", 401,
        "the header holds none of the secrets of the route";
    /// The secret matched but is past its `not_after` or before its `not_before`.
    SecretExpired = "secret_expired", 401,
        "the secret matched, but its not_before or not_after forbids it now";
    /// No API key in any configured location.
    KeyMissing = "key_missing", 401,
        "no API key stands in any location of the route";
    /// The API key's shape or check digits are wrong.
    KeyMalformed = "key_malformed", 401,
        "the API key was mistyped or cut: its check digits are wrong";
    /// No such API key.
    KeyUnknown = "key_unknown", 401,
        "no key file holds the digest of this API key";
    /// The API key is revoked.
    KeyRevoked = "key_revoked", 401,
        "the API key is revoked";
    /// The API key is past its end or before its start.
    KeyExpired = "key_expired", 401,
        "the API key is past its expires_at or before its not_before";
    /// The caller lacks a role or a permission.
    NotAuthorized = "not_authorized", 403,
        "the caller lacks a role or a permission the route asks for";
    /// The declared or received body is larger than allowed.
    BodyTooLarge = "body_too_large", 413,
        "raise body.max_size of the route, or limits.buffered_body";
    /// A body on a route where it cannot be judged (e.g. a coding the scheme does not cover).
    BodyType = "body_type", 415,
        "the body cannot be judged in this form";
    /// The signature header is absent or empty.
    SignatureMissing = "signature_missing", 401,
        "the provider's signature header is absent or empty";
    /// The signature header cannot be read.
    SignatureMalformed = "signature_malformed", 401,
        "the signature header, or one that is signed, is not of the provider's form";
    /// No candidate signature matches any valid secret.
    SignatureWrong = "signature_wrong", 401,
        "the body or a signed header was altered on the way, or was signed with a secret the route does not have";
    /// A signature matched only a secret outside its validity.
    SignatureExpiredSecret = "signature_expired_secret", 401,
        "the signature is of a secret whose not_before or not_after forbids it now";
    /// The signed time is too old.
    TimestampStale = "timestamp_stale", 401,
        "the signed time is too old: a late retry or a replay; tolerance bounds it";
    /// The signed time lies in the future.
    TimestampFuture = "timestamp_future", 401,
        "the signed time lies ahead of this clock: compare the clocks";
    /// The signed time is absent or cannot be read.
    TimestampMalformed = "timestamp_malformed", 401,
        "the signed time is absent or not of the provider's form";
    /// The message was seen before and the route rejects repeats.
    Replayed = "replayed", 409,
        "this signed message was delivered before and the route rejects repeats";
    /// The same message is being delivered right now.
    ReplayInFlight = "replay_in_flight", 503,
        "the same message is being delivered right now; the caller should try again";
    /// The message was signed before the process started, whose memory against replay begins then.
    ReplayUnknown = "replay_unknown", 503,
        "it was signed before the gate started, so it may have been delivered already; one that is signed anew passes";
    /// The replay memory is full; nothing live is evicted.
    ReplayFull = "replay_full", 503,
        "raise limits.replay_entries: nothing live is ever forgotten";
    /// Maintenance mode.
    Maintenance = "maintenance", 503,
        "operational.maintenance_mode is on and the route is not critical";
    /// A rate limit is used up.
    RateLimited = "rate_limited", 429,
        "a rate limit is used up";
    /// A secret, key file or pepper this route needs could not be read.
    Unavailable = "unavailable", 503,
        "a secret, key file or pepper of this route could not be read; see /ready";
    /// The audit record could not be queued and `telemetry.audit.strict` is on.
    AuditFull = "audit_full", 503,
        "the audit cannot take the record and telemetry.audit.strict is on";
    /// The gate is closing and takes no more work.
    Draining = "draining", 503,
        "the gate is closing";
}

impl Deny {
    /// A refusal by the rule on `line`, with the reason's own advice.
    pub fn new(reason: Reason, line: u32) -> Self {
        Self { reason, line, hint: Cow::Borrowed(reason.advice()), retry_after: None, quota: None }
    }

    /// Says more exactly what would change the verdict, for the operator.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<Cow<'static, str>>) -> Self {
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
