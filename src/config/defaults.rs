//! Every number that holds when the file says nothing, with its reason.

use std::time::Duration;

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;

/// Largest config file: a thousand routes fit in a fifth of it, and parsing stays under 200 ms.
pub const MOST_CONFIG_BYTES: u64 = MIB;
/// Most values in a config file; with the size this bounds the memory of a load.
pub const MOST_CONFIG_NODES: usize = 100_000;
/// Largest key file: about 40,000 keys.
pub const MOST_KEY_FILE_BYTES: u64 = 8 * MIB;
/// Most values in a key file.
pub const MOST_KEY_FILE_NODES: usize = 800_000;
/// Largest address list file: about a million networks.
pub const MOST_LIST_BYTES: u64 = 32 * MIB;
/// Largest file of certificates; the roots of a distribution are about 220 KiB.
pub const MOST_ROOTS_BYTES: u64 = 2 * MIB;
/// Largest secret file; an RSA key of 16,384 bits fits.
pub const MOST_SECRET_BYTES: u64 = 64 * KIB;
/// Most bytes that references in one file may stand for.
pub const MOST_FILLED_BYTES: usize = 16 << 20;
/// Shortest secret: 128 bits, below which guessing offline gets cheap.
pub const LEAST_SECRET_BYTES: usize = 16;

/// Health and metrics: loopback unless the operator opens them.
pub const OPS: &str = "127.0.0.1:9901";
/// Admin API: it changes things, so loopback only.
pub const ADMIN: &str = "127.0.0.1:9902";
/// Header the app is told the caller's identity by.
pub const IDENTITY_PREFIX: &str = "X-Sidegate-";
/// Header of a shared secret, where a webhook is no known provider's.
pub const SECRET_HEADER: &str = "X-Webhook-Secret";
/// Header of an API key where a route names no place.
pub const KEY_HEADER: &str = "X-API-Key";

/// Providers announce a new key hours before they sign with it.
pub const KEY_REFRESH: Duration = Duration::from_secs(60 * 60);
/// A day: longer than most outages, shorter than the time in which a withdrawn key does harm.
pub const KEY_MAX_STALE: Duration = Duration::from_secs(24 * 60 * 60);

/// The app is on the same machine: a connection that takes longer than this will not come.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// Longest wait for the app's answer, as nginx has it.
pub const UPSTREAM_TIMEOUT: Duration = Duration::from_secs(60);
/// Apps close idle connections after 2 s (gunicorn) to 75 s; the pool checks before reuse, so this only bounds descriptors.
pub const UPSTREAM_IDLE: Duration = Duration::from_secs(30);
/// Most connections to the app; more than most apps serve at once.
pub const UPSTREAM_CONNECTIONS: usize = 1024;

/// Requests of one client in any 60 s where the limit is switched on without a number.
pub const RATE_PER_MINUTE: u32 = 100;
/// Told to callers during maintenance.
pub const MAINTENANCE_MESSAGE: &str = "System is under maintenance";
/// Seconds a caller is asked to wait during maintenance: one short deployment.
pub const MAINTENANCE_RETRY_AFTER: u32 = 300;

/// A head arrives in one packet or two; ten seconds leave room for a bad mobile link.
pub const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// Twice what nginx allows one header line; large cookies and tokens fit.
pub const HEAD_SIZE: u64 = 32 * KIB;
/// As hyper and Apache have it.
pub const HEAD_FIELDS: u64 = 100;
/// As nginx has it.
pub const URI_SIZE: u64 = 8 * KIB;
/// As nginx has it; longer than the 60 s of most load balancers in front, so they close first.
pub const KEEPALIVE: Duration = Duration::from_secs(75);
/// Signed bodies are held before they are forwarded; providers stay far below this.
pub const BUFFERED_BODY: u64 = MIB;
/// The largest signed body of any provider (GitHub sends up to 25 MB).
pub const MOST_BUFFERED_BODY: u64 = 25 * MIB;
/// All held bodies together; with the rest of the gate this stays in a 64 MiB container.
pub const BUFFERED_TOTAL: u64 = 32 * MIB;
/// A body that pauses this long has lost its sender.
pub const BODY_IDLE: Duration = Duration::from_secs(15);
/// Bytes per second: under this a sender holds a connection on purpose.
pub const BODY_RATE: u64 = 240;
/// A slow start is not an attack.
pub const BODY_RATE_GRACE: Duration = Duration::from_secs(10);
/// Providers give up on a delivery after 5 to 30 s.
pub const BUFFERED_BODY_TIMEOUT: Duration = Duration::from_secs(30);
/// Enough for any browser; bounds what one connection can cost.
pub const HTTP2_STREAMS: u64 = 64;
/// Half of the head size: a compressed field can be large for one byte.
pub const HTTP2_HEADER_LIST: u64 = 16 * KIB;
/// A caller that reads nothing for a minute has gone.
pub const STALLED_STREAM: Duration = Duration::from_secs(60);
/// Time for endpoint changes to reach every load balancer.
pub const DRAIN_MIN: Duration = Duration::from_secs(5);
/// Under the 30 s after which Kubernetes kills.
pub const DRAIN_MAX: Duration = Duration::from_secs(25);
/// Refusals of one address in 10 s: 200 a second is no misconfigured client.
pub const FAILURES: u64 = 2_000;
/// Clients counted at once; 100 bytes each.
pub const LIMIT_ENTRIES: u64 = 100_000;
/// Messages remembered: 300 a second for five minutes, 64 bytes each.
pub const REPLAY_ENTRIES: u64 = 100_000;
/// Records waiting: most of a second at 20,000 requests a second.
pub const AUDIT_QUEUE: u64 = 16_384;
/// As Envoy has it for streams; pings of WebSocket libraries come every 20 to 60 s.
pub const TUNNEL_IDLE: Duration = Duration::from_secs(300);
