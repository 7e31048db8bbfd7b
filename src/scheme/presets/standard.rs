//! The Standard Webhooks family: an id, a time and the body are signed, several signatures may stand in one header.

use super::{Evidence, HMAC, NamedSpec, Preset, Shape, Stamp};

/// The symmetric scheme of the Standard Webhooks specification.
const V1: Shape = Shape {
    sig: &["header:webhook-signature"],
    split: Some(" "),
    kv: Some(","),
    field: Some("v1"),
    enc: "base64",
    msg: "{header:webhook-id}.{timestamp}.{body}",
    ts: Some(Stamp { from: &["header:webhook-timestamp"], fmt: "unix", tol_s: Some(300) }),
    key_enc: "base64",
    key_strip: &["v1,", "whsec_"],
    id: Some("header:webhook-id"),
    ..HMAC
};

pub(super) const STANDARD_WEBHOOKS: Preset = Preset {
    name: "standard_webhooks",
    title: "Standard Webhooks",
    verified: Evidence::Docs,
    sources: &["standard-webhooks/standard-webhooks spec/standard-webhooks.md @b2fa7b8"],
    notes: "The secret is base64, usually written with whsec_ in front. Ids may hold no dot.",
    body_bound: true,
    schemes: &[NamedSpec { name: "v1", deprecated: false, shape: V1 }],
};
