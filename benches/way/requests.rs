//! What is asked, under which rules: the scenarios of `benches/peers` that one request at a time can show.

use std::path::Path;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// What the app answers.
pub(crate) const ANSWER: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\nServer: app\r\n\r\nok\n";

const KEY: &str = "key-00003-3f9d2c71b6a84e055d1a";
const SECRET: &str = "not-a-secret-only-for-measuring-0123456789";
/// Bytes of a usual webhook.
const BODY: usize = 4_059;

/// What lies between the caller and the app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scenario {
    /// Nothing.
    None,
    /// The gate without checks.
    Pass,
    /// An allow list of 52 networks, one of ten API keys, a quota per key.
    Keyed,
    /// HMAC-SHA256 over a body of 4,059 bytes.
    Signed,
}

impl Scenario {
    pub(crate) fn parse(name: &str) -> Option<Self> {
        match name {
            "none" => Some(Self::None),
            "pass" => Some(Self::Pass),
            "keyed" => Some(Self::Keyed),
            "signed" => Some(Self::Signed),
            _ => None,
        }
    }

    pub(crate) fn request(self) -> Vec<u8> {
        match self {
            Self::None | Self::Pass => request("GET /api/orders/17?page=2", "", &[]),
            Self::Keyed => request("GET /api/orders/17?page=2", &format!("X-API-Key: {KEY}\r\n"), &[]),
            Self::Signed => signed(),
        }
    }
}

/// The whole configuration.
pub(crate) fn rules(scenario: Scenario, app: &Path) -> String {
    let head = format!(
        "version: 1\nlisten: 127.0.0.1:0\nupstream: unix:{}\ntelemetry: {{ access_log: off, audit: off }}\n",
        app.display()
    );
    let rules = match scenario {
        Scenario::None | Scenario::Pass => {
            "routes: [{ name: site, path_prefix: /, public: true }]\n".to_owned()
        }
        Scenario::Keyed => keyed(),
        Scenario::Signed => format!(
            "routes:\n  - name: github\n    path: /webhook/github\n    methods: [POST]\n    signature: {{ provider: \
             github, secrets: [{{ id: current, value: {SECRET} }}], replay: off }}\n    body: {{ max_size: 1MiB }}\n"
        ),
    };
    head + &rules
}

fn keyed() -> String {
    let others: String = (0..51_u32).map(|n| format!("{}.{}.0.0/16, ", 20 + n * 3, (n * 7) % 256)).collect();
    let keys: String = (0..10).map(|n| format!("    caller{n}: key-{n:05}-3f9d2c71b6a84e055d1a\n")).collect();
    format!(
        "security: {{ ip_allowlist: [{others}127.0.0.1/32] }}\nroutes:\n  - name: api\n    path_prefix: /\n    api_key: \
         {{}}\n    rate_limits: [{{ name: quota, limit: 4000000, window: 1m, by: [api_key] }}]\napi_keys:\n  keys:\n{keys}"
    )
}

fn request(line: &str, fields: &str, body: &[u8]) -> Vec<u8> {
    let usual = "Host: app.example.com\r\nUser-Agent: peers/1\r\nAccept: */*\r\n";
    let mut bytes = format!("{line} HTTP/1.1\r\n{usual}{fields}\r\n").into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

fn signed() -> Vec<u8> {
    let body: Vec<u8> =
        b"{\"ref\":\"refs/heads/main\",\"commits\":[]}".iter().copied().cycle().take(BODY).collect();
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(&body);
    let hex = data_encoding::HEXLOWER.encode(&mac.finalize().into_bytes());
    let fields = format!(
        "X-GitHub-Event: push\r\nX-GitHub-Delivery: 7d0c9a5e-2d0c-11ef-9c1f-4a7b9d2e6f10\r\nX-Hub-Signature-256: \
         sha256={hex}\r\nContent-Type: application/json\r\nContent-Length: {BODY}\r\n"
    );
    request("POST /webhook/github", &fields, &body)
}

/// Whether a head and the body it declares are there.
pub(crate) fn is_whole(bytes: &[u8]) -> bool {
    let Some(head) = bytes.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4) else {
        return false;
    };
    let is_post = bytes.starts_with(b"POST");
    bytes.len() >= head + if is_post { BODY } else { 0 }
}
