//! Providers that sign the raw body and nothing else. Replay can only be stopped by remembering the message.

use super::{Evidence, HMAC, NamedSpec, Preset, Shape};

pub(super) const GITHUB: Preset = Preset {
    name: "github",
    title: "GitHub",
    verified: Evidence::Docs,
    sources: &[
        "github/docs content/webhooks/using-webhooks/validating-webhook-deliveries.md",
        "npm @octokit/webhooks-methods 6.0.0",
        "pypi gidgethub 6.0.0",
    ],
    notes: "With content type form, the urlencoded body as sent is what is signed. The delivery id is not signed.",
    body_bound: true,
    schemes: &[
        NamedSpec {
            name: "sha256",
            deprecated: false,
            shape: Shape {
                sig: &["header:X-Hub-Signature-256"],
                prefix: Some("sha256="),
                id: Some("header:X-GitHub-Delivery"),
                ..HMAC
            },
        },
        NamedSpec {
            name: "legacy_sha1",
            deprecated: true,
            shape: Shape {
                hash: "sha1",
                sig: &["header:X-Hub-Signature"],
                prefix: Some("sha1="),
                id: Some("header:X-GitHub-Delivery"),
                ..HMAC
            },
        },
    ],
};
