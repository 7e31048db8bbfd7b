//! What the demo sends: each delivery with the verdict one should expect, and why.

use http::{HeaderMap, HeaderValue};

use super::super::send::Parcel;
use crate::base::clock::{self, Wall};
use crate::base::secret::Secret;

/// The secret of GitHub's own documentation, so that its published signature can be replayed.
pub(super) const GITHUB_SECRET: &str = "It's a Secret to Everybody";
/// The signing secret of Slack's published example.
pub(super) const SLACK_SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";
/// Obviously fake.
pub(super) const ORDERS_SECRET: &str = "whsec_c2lkZWdhdGUtZGVtby1zZWNyZXQtbm90LXJlYWw=";
/// Obviously fake.
pub(super) const API_KEY: &str = "demo-key-of-the-search-client-not-real";

/// Requests the demo's `search` route admits in a minute.
pub(super) const SEARCH_LIMIT: u32 = 3;

/// One request of the story.
#[derive(Debug)]
pub(super) struct Delivery {
    pub(super) title: &'static str,
    pub(super) method: &'static str,
    pub(super) target: &'static str,
    pub(super) headers: Vec<(String, Vec<u8>)>,
    pub(super) body: Vec<u8>,
    pub(super) expected: u16,
}

/// The recorded and the freshly signed deliveries, in order. The last ones exhaust the limit of `/search`.
///
/// # Errors
/// A sentence, when a preset cannot sign.
pub(super) fn deliveries() -> Result<Vec<Delivery>, String> {
    let order = br#"{"type":"order.paid","data":{"order":"A-1001","amount":4200}}"#;
    let signed = standard_webhooks(order, clock::now().wall)?;
    let mut story = vec![
        github("recorded at GitHub: signed, so it passes", "Hello, World!", 200),
        github("forged: the same signature over another body", "Hello, World?", 401),
        Delivery {
            title: "unsigned: no signature at all",
            headers: vec![],
            ..github("", "Hello, World!", 401)
        },
        slack(),
        Delivery {
            title: "order signed a moment ago",
            method: "POST",
            target: "/webhook/orders",
            headers: signed.clone(),
            body: order.to_vec(),
            expected: 200,
        },
        Delivery {
            title: "replayed: the very same order again (acknowledged, not forwarded)",
            method: "POST",
            target: "/webhook/orders",
            headers: signed,
            body: order.to_vec(),
            expected: 200,
        },
        Delivery {
            title: "API without a key",
            method: "GET",
            target: "/search?q=gates",
            headers: vec![],
            body: vec![],
            expected: 401,
        },
        Delivery {
            title: "a path that two readers would read differently",
            method: "GET",
            target: "/search/..%2fwebhook/github",
            headers: key(),
            body: vec![],
            expected: 400,
        },
    ];
    for at in 0..=SEARCH_LIMIT {
        let (title, expected) = match at {
            at if at == SEARCH_LIMIT => ("too many: one more than the limit", 429),
            _ => ("API with its key", 200),
        };
        story.push(Delivery {
            title,
            method: "GET",
            target: "/search?q=gates",
            headers: key(),
            body: vec![],
            expected,
        });
    }
    Ok(story)
}

/// The request that is refused while maintenance mode is on.
pub(super) fn during_maintenance() -> Delivery {
    github("during maintenance: a good delivery is told to come back", "Hello, World!", 503)
}

fn github(title: &'static str, body: &str, expected: u16) -> Delivery {
    let signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    Delivery {
        title,
        method: "POST",
        target: "/webhook/github",
        headers: vec![("X-Hub-Signature-256".to_owned(), signature.into())],
        body: body.into(),
        expected,
    }
}

fn slack() -> Delivery {
    let signature = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";
    let body = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V\
        &channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=\
        &response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN\
        &trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
    Delivery {
        title: "stale: recorded at Slack in 2018, truly signed",
        method: "POST",
        target: "/webhook/slack",
        headers: vec![
            ("X-Slack-Request-Timestamp".to_owned(), "1531420618".into()),
            ("X-Slack-Signature".to_owned(), signature.into()),
        ],
        body: body.into(),
        expected: 401,
    }
}

fn standard_webhooks(body: &[u8], at: Wall) -> Result<Vec<(String, Vec<u8>)>, String> {
    let parcel = Parcel {
        own_header: None,
        provider: "standard_webhooks",
        variant: None,
        secret: &Secret::new(ORDERS_SECRET.into()),
        options: &[],
        method: "POST",
        target: "/webhook/orders",
        url: "http://127.0.0.1/webhook/orders",
        headers: &HeaderMap::new(),
        body,
        id: "msg_demo_order_1001",
        at,
    };
    let lines = |value: &HeaderValue| value.as_bytes().to_vec();
    Ok(parcel.sign()?.headers.iter().map(|(name, value)| (name.to_string(), lines(value))).collect())
}

fn key() -> Vec<(String, Vec<u8>)> {
    vec![("X-API-Key".to_owned(), API_KEY.into())]
}
