//! What every proxy is asked to do, and the requests: good ones to be timed, bad ones to be refused before.

use std::net::{IpAddr, Ipv4Addr};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::wire;

/// Keys that callers of the scenarios with keys present in turn.
pub(crate) const KEYS: usize = 10;
/// The secret bodies are signed with; known to everyone who reads this, and to nothing else.
pub(crate) const SECRET: &str = "not-a-secret-only-for-measuring-0123456789";
/// A quota no measurement reaches; every proxy counts against it.
pub(crate) const QUOTA_PER_MINUTE: u32 = 600_000_000;

const GOOD_PEER: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// Not on the allow list.
const BAD_PEER: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));

/// One kind of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scenario {
    /// Forward, no checks.
    Pass,
    /// An address list, API keys, a quota.
    Keyed,
    /// HMAC-SHA256 over a body of 4,059 bytes.
    Signed,
    /// The same over 1 MiB.
    SignedLarge,
    /// `Keyed`, each request told to a file.
    Full,
    /// `Pass` over HTTP/2 with prior knowledge.
    Http2,
}

/// A request that must be refused.
pub(crate) struct Bad {
    pub(crate) what: &'static str,
    pub(crate) from: IpAddr,
    pub(crate) request: Vec<u8>,
}

impl Scenario {
    pub(crate) const ALL: [Self; 6] =
        [Self::Pass, Self::Keyed, Self::Signed, Self::SignedLarge, Self::Full, Self::Http2];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Keyed => "keyed",
            Self::Signed => "signed",
            Self::SignedLarge => "signed-1m",
            Self::Full => "full",
            Self::Http2 => "h2",
        }
    }

    pub(crate) fn story(self) -> &'static str {
        match self {
            Self::Pass => "GET, an answer of 3 bytes, no checks",
            Self::Keyed => "the same with an allow list of 52 networks, one of ten API keys, a quota per key",
            Self::Signed => "POST of 4,059 bytes, HMAC-SHA256 over the body in `X-Hub-Signature-256`",
            Self::SignedLarge => "the same with a body of 1 MiB",
            Self::Full => "keyed, with an access log or audit record of every request in a file",
            Self::Http2 => {
                "pass over HTTP/2 with prior knowledge, by h2load: 16 connections, 10 streams each"
            }
        }
    }

    /// Connections of the closed loop. Held bodies of one caller are bounded in a gate, so large ones come on few.
    pub(crate) fn connections(self) -> usize {
        match self {
            Self::SignedLarge => 4,
            Self::Pass | Self::Keyed | Self::Signed | Self::Full | Self::Http2 => 64,
        }
    }

    /// Requests every proxy must let through.
    pub(crate) fn requests(self) -> Vec<Vec<u8>> {
        match self {
            Self::Pass | Self::Http2 => vec![wire::request("GET /api/orders/17?page=2", &[], b"")],
            Self::Keyed | Self::Full => (0..KEYS).map(|number| keyed(&key(number))).collect(),
            Self::Signed => vec![signed(&body(4_059), 0)],
            Self::SignedLarge => vec![signed(&body(1 << 20), 0)],
        }
    }

    /// Requests every proxy must refuse; whoever lets one through is not timed.
    pub(crate) fn bad(self) -> Vec<Bad> {
        let unknown = || keyed("key-99999-00000000000000000000");
        match self {
            Self::Pass | Self::Http2 => Vec::new(),
            Self::Keyed | Self::Full => vec![
                Bad { what: "an unknown key", from: GOOD_PEER, request: unknown() },
                Bad {
                    what: "no key",
                    from: GOOD_PEER,
                    request: wire::request("GET /api/orders/17", &[], b""),
                },
                Bad { what: "an address off the list", from: BAD_PEER, request: keyed(&key(0)) },
            ],
            Self::Signed => forged(&body(4_059)),
            Self::SignedLarge => forged(&body(1 << 20)),
        }
    }
}

fn forged(body: &[u8]) -> Vec<Bad> {
    let unsigned = wire::request("POST /webhook/github", &[], body);
    vec![
        Bad { what: "a signature with one wrong bit", from: GOOD_PEER, request: signed(body, 1) },
        Bad { what: "no signature", from: GOOD_PEER, request: unsigned },
    ]
}

/// The key of one caller.
pub(crate) fn key(number: usize) -> String {
    format!("key-{number:05}-3f9d2c71b6a84e055d1a")
}

fn keyed(key: &str) -> Vec<u8> {
    wire::request("GET /api/orders/17?page=2", &[("X-API-Key", key)], b"")
}

/// A delivery whose signature has `flip` added to its last byte: 0 is right.
fn signed(body: &[u8], flip: u8) -> Vec<u8> {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()) else { return Vec::new() };
    mac.update(body);
    let mut tag = mac.finalize().into_bytes();
    if let Some(last) = tag.last_mut() {
        *last ^= flip;
    }
    let hex = data_encoding::HEXLOWER.encode(&tag);
    let fields = [
        ("X-GitHub-Event", "push"),
        ("X-GitHub-Delivery", "7d0c9a5e-2d0c-11ef-9c1f-4a7b9d2e6f10"),
        ("X-Hub-Signature-256", &format!("sha256={hex}")),
    ];
    wire::request("POST /webhook/github", &fields, body)
}

/// Text that looks like JSON to nobody but a size limit.
fn body(length: usize) -> Vec<u8> {
    b"{\"ref\":\"refs/heads/main\",\"commits\":[]}".iter().copied().cycle().take(length).collect()
}

/// The allow list: 51 networks that are not neighbours, and the caller's own address as the last.
pub(crate) fn allowed() -> Vec<String> {
    let others = (0..51_u32).map(|n| format!("{}.{}.0.0/16", 20 + n * 3, (n * 7) % 256));
    others.chain(["127.0.0.1/32".to_owned()]).collect()
}
