//! What a configuration means: typed and complete, every default filled in, every secret read.
//!
//! Built by `config::load` only after the whole file was found valid, so compiling it further cannot fail.
//! `line` fields are 1-based lines in the config file (0: not written there), for verdicts that name their rule.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use http::Method;
use http::header::HeaderName;
use ipnet::IpNet;

use crate::base::name::{LimitName, RouteName, SecretId};
use crate::base::nets::Networks;
use crate::base::secret::Secret;
use crate::scheme::Plan;

pub use self::keys::{ApiKey, ApiKeys, KeyDigest};
pub use self::limits::Limits;
pub(crate) use self::outbound::authority_of;
pub use self::outbound::{AllowedHost, FetchRule, NoPlace, Place, Reach, Remote};
pub use self::signing::{Handshakes, Resign};
pub use self::telemetry::{LogFormat, LogLevel, Sink, Telemetry};

mod keys;
mod limits;
mod outbound;
mod signing;
mod telemetry;

/// One whole configuration.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Addresses callers reach. Fixed while running.
    pub listen: Vec<Address>,
    /// The app.
    pub upstream: Upstream,
    /// Read-only health, readiness and metrics. Fixed while running.
    pub ops: Address,
    /// Admin API, loopback or unix; `None` when `off`. Fixed while running.
    pub admin: Option<Address>,
    /// Number of worker threads; `None`: from the CPU quota. Fixed while running.
    pub workers: Option<usize>,
    /// Rules for every route.
    pub security: Security,
    /// Switches an operator turns while running.
    pub operational: Operational,
    /// Routes, in file order; the shorthand `webhook_secrets` is expanded into this list.
    pub routes: Vec<Route>,
    /// What happens to a request no route matches.
    pub unmatched: Unmatched,
    /// Known API keys.
    pub api_keys: ApiKeys,
    /// The only hosts the gate itself asks for anything.
    pub outbound: Vec<Arc<AllowedHost>>,
    /// Logs and records.
    pub telemetry: Telemetry,
    /// What bounds every request and the process.
    pub limits: Limits,
    /// Prefix of the headers that tell the app who called, e.g. `x-sidegate-`; always lower case, ends in `-`.
    pub identity_prefix: String,
    /// SHA-256 over every value and the files that hold no secret, lower-case hex: equal wherever the same rules
    /// hold. No secret goes into it, so a new secret under the same rules leaves it as it is.
    pub hash: String,
    /// Tells whether any input changed, secrets included.
    pub fingerprint: Fingerprint,
    /// Every file that was read, watched for changes.
    pub inputs: Vec<PathBuf>,
}

/// A digest of every input, secrets included. Compared, never told: it has no form a log could take.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Fingerprint(pub(super) [u8; 32]);

/// Where to listen or connect.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Address {
    /// TCP.
    Tcp(SocketAddr),
    /// A unix socket.
    Unix(PathBuf),
}

/// The app behind the gate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upstream {
    /// Host and port as written (`127.0.0.1:3000`, `localhost:3000`), or a unix socket path.
    pub target: UpstreamTarget,
    /// Longest time to connect.
    pub connect_timeout: Duration,
    /// Longest time from the request sent to the response head.
    pub timeout: Duration,
    /// How long an idle connection is kept for reuse.
    pub idle_timeout: Duration,
    /// Most connections to the app at once, over all workers.
    pub max_connections: usize,
}

/// Address of the app.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum UpstreamTarget {
    /// HTTP/1.1 over TCP; a name is resolved when connecting.
    Tcp {
        /// Host name or address, no brackets.
        host: String,
        /// Port 1–65535.
        port: u16,
    },
    /// HTTP/1.1 over a unix socket.
    Unix(PathBuf),
}

/// Rules for every route.
#[derive(Clone, Debug)]
pub struct Security {
    /// Only these may call; `None`: anyone.
    pub ip_allowlist: Option<IpList>,
    /// These may not; beats the allow list.
    pub ip_denylist: Option<IpList>,
    /// Peers whose forwarding header is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Which header tells the client address.
    pub client_ip_header: ClientIpHeader,
}

/// Networks with the line each was written on.
#[derive(Clone, Debug, Default)]
pub struct IpList {
    /// Networks without host bits, IPv4-mapped IPv6 folded to IPv4, and the 1-based line of each. A list in a file
    /// of its own is shared with every generation that read the same bytes.
    pub nets: Arc<Networks>,
    /// Of a list in a file of its own: the line that names the file. It stands for all entries, whose lines are 0.
    pub file_line: Option<u32>,
}

/// The forwarding header of the trusted proxies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientIpHeader {
    /// `X-Forwarded-For`, walked from the right.
    XForwardedFor,
    /// RFC 7239 `Forwarded`, walked from the right.
    Forwarded,
    /// One header that holds one address.
    Single(HeaderName),
}

/// Switches an operator turns while running.
#[derive(Clone, Debug)]
pub struct Operational {
    /// Per-client limit over all routes, requests in any 60 s; `None`: off.
    pub rate_limit_per_minute: Option<u32>,
    /// Raises the log level to DEBUG.
    pub verbose_logging: bool,
    /// Whether only critical routes are served.
    pub maintenance_mode: bool,
    /// Where that is written.
    pub maintenance_line: u32,
    /// Told to callers during maintenance.
    pub maintenance_message: String,
    /// `Retry-After` during maintenance, seconds.
    pub maintenance_retry_after: u32,
}

/// One protected route.
#[derive(Clone, Debug)]
pub struct Route {
    /// Unique name.
    pub name: RouteName,
    /// Line of the route's first key.
    pub line: u32,
    /// Which paths.
    pub path: PathRule,
    /// Which methods; empty: any.
    pub methods: Vec<Method>,
    /// Which hosts, lower case, no port; empty: any.
    pub hosts: Vec<String>,
    /// Webhook signature.
    pub signature: Option<Signature>,
    /// Shared secret in a header.
    pub shared_secret: Option<SharedSecret>,
    /// API key.
    pub api_key: Option<ApiKeyUse>,
    /// Whose signature the app gets in place of the provider's.
    pub resign: Option<Resign>,
    /// Whether all or any of the credentials above must verify.
    pub require: Require,
    /// What the caller must be allowed.
    pub authorize: Authorize,
    /// Narrows the global allow list.
    pub ip_allowlist: Option<IpList>,
    /// Adds to the global deny list.
    pub ip_denylist: Option<IpList>,
    /// Limits, all of which must admit.
    pub rate_limits: Vec<RateLimit>,
    /// Largest body, bytes; `None`: no bound but the buffer's where a body is buffered.
    pub max_body: Option<u64>,
    /// Served during maintenance.
    pub critical: bool,
    /// Has no credential check, and says so.
    pub public: bool,
    /// Another app for this route.
    pub upstream: Option<Upstream>,
}

/// Which paths a route is for. Matching is on raw bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PathRule {
    /// This path exactly.
    Exact(String),
    /// `/users/{owner}/docs/{id}`: a name in braces stands for one whole, non-empty segment.
    Template(String),
    /// Whole segments: `/api/` covers `/api/…`; `/api` covers `/api` and `/api/…`.
    Prefix(String),
}

/// A webhook signature to verify.
#[derive(Clone, Debug)]
pub struct Signature {
    /// Name of the preset, or `custom`.
    pub provider: String,
    /// The compiled scheme, tolerance already applied.
    pub plan: Arc<Plan>,
    /// Secrets valid at once. Empty never.
    pub secrets: Vec<SecretEntry>,
    /// The URL the provider signed, for schemes that sign it.
    pub public_url: Option<String>,
    /// What happens to a repeated message.
    pub replay: Replay,
    /// How the provider's endpoint challenge is met.
    pub handshake: Handshakes,
    /// Line of the `signature` key.
    pub line: u32,
}

impl Route {
    /// Whether the whole body is held before the app may see anything.
    pub fn holds_body(&self) -> bool {
        self.resign.is_some() || self.signature.as_ref().is_some_and(|signature| signature.plan.reads_body())
    }
}

/// What happens to a message seen before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replay {
    /// Not remembered.
    Off,
    /// 409.
    Reject,
    /// 200, not forwarded.
    Acknowledge,
}

/// One of several secrets of a kind.
#[derive(Clone, Debug)]
pub struct SecretEntry {
    /// Told in audit and metrics, never the value.
    pub id: SecretId,
    /// `None`: its file could not be read at start, or it is fetched; whatever needs what is missing answers 503.
    pub value: Option<Secret>,
    /// Where it is fetched from; there is no value then.
    pub remote: Option<Arc<Remote>>,
    /// Not valid before this Unix time in milliseconds.
    pub not_before: Option<i64>,
    /// Not valid from this Unix time in milliseconds on.
    pub not_after: Option<i64>,
    /// Line of the entry.
    pub line: u32,
}

/// A shared secret carried in a header.
#[derive(Clone, Debug)]
pub struct SharedSecret {
    /// The header.
    pub header: HeaderName,
    /// Secrets valid at once. Empty never.
    pub secrets: Vec<SecretEntry>,
    /// Line of the `shared_secret` key.
    pub line: u32,
}

/// Where a route looks for an API key.
#[derive(Clone, Debug)]
pub struct ApiKeyUse {
    /// In order of writing; two different values in one request are refused.
    pub locations: Vec<KeyLocation>,
    /// Line of the `api_key` key.
    pub line: u32,
}

/// One place an API key can stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyLocation {
    /// `header:NAME`.
    Header(HeaderName),
    /// `Authorization: Bearer KEY`.
    Bearer,
    /// The password of `Authorization: Basic`.
    Basic,
    /// `cookie:NAME`.
    Cookie(String),
    /// `query:NAME`; removed from the forwarded query.
    Query(String),
}

/// How several credentials combine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Require {
    /// Every configured credential must verify.
    All,
    /// At least one is presented, and every one presented verifies.
    Any,
}

/// What an authenticated caller must be allowed. Empty lists ask nothing.
#[derive(Clone, Debug, Default)]
pub struct Authorize {
    /// At least one of these roles.
    pub roles: Vec<String>,
    /// Every one of these permissions; the key's own patterns may end in `*`, and so may these
    /// (`search_*`: the key holds at least one permission with that beginning).
    pub permissions: Vec<String>,
    /// Line of the `authorize` key.
    pub line: u32,
}

/// One rate limit of a route.
#[derive(Clone, Debug)]
pub struct RateLimit {
    /// Unique within the route.
    pub name: LimitName,
    /// How much.
    pub budget: Budget,
    /// Whose requests are counted together; never empty.
    pub by: Vec<LimitBy>,
    /// Line of the entry.
    pub line: u32,
}

/// How much a limit admits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Budget {
    /// Never more than `limit` in any `window`.
    Window {
        /// Requests.
        limit: u32,
        /// Length of the sliding window, 1 s to 24 h.
        window: Duration,
    },
    /// Smoothing (GCRA): `burst` at once, then one every `interval`.
    Smooth {
        /// Nanoseconds between two requests at the sustained rate.
        interval: Duration,
        /// Requests admitted at once.
        burst: u32,
    },
}

/// What a limit counts by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitBy {
    /// The client address; IPv6 by /64.
    ClientIp,
    /// The API key's id; requests without one share a bucket per client address.
    ApiKey,
    /// All requests of the route together.
    Route,
}

/// What happens to a request no route matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unmatched {
    /// 404.
    Deny,
    /// Forwarded without any credential check, for the written reason.
    Forward {
        /// Why the operator wants this.
        reason: String,
    },
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fingerprint")
    }
}
