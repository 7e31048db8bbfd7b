//! Providers that sign a time together with the body.

use super::{Evidence, HMAC, NamedSpec, Preset, Shape, Stamp};

pub(super) const SLACK: Preset = Preset {
    name: "slack",
    title: "Slack",
    verified: Evidence::Sdk,
    sources: &["pypi slack-sdk 3.47.0 signature", "npm @slack/bolt 5.1.0 receivers/verify-request.js"],
    notes: "Slash commands are form posts and carry no event id; the timestamp is signed in every case.",
    body_bound: true,
    schemes: &[NamedSpec {
        name: "v0",
        deprecated: false,
        shape: Shape {
            sig: &["header:X-Slack-Signature"],
            prefix: Some("v0="),
            msg: "v0:{timestamp}:{body}",
            ts: Some(Stamp { from: &["header:X-Slack-Request-Timestamp"], fmt: "unix", tol_s: Some(300) }),
            id: Some("json:event_id"),
            ..HMAC
        },
    }],
};

pub(super) const STRIPE: Preset = Preset {
    name: "stripe",
    title: "Stripe",
    verified: Evidence::Sdk,
    sources: &["pypi stripe 16.1.0 _webhook.py"],
    notes: "While a secret is rotated the header carries one v1 item per secret.",
    body_bound: true,
    schemes: &[NamedSpec {
        name: "v1",
        deprecated: false,
        shape: Shape {
            sig: &["header:Stripe-Signature"],
            split: Some(","),
            field: Some("v1"),
            msg: "{timestamp}.{body}",
            ts: Some(Stamp { from: &["sig:t"], fmt: "unix", tol_s: Some(300) }),
            id: Some("json:id"),
            ..HMAC
        },
    }],
};
