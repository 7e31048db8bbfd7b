//! Providers that send the secret itself. Nothing is signed: whoever sees one request can send any other.

use super::{Evidence, NamedSpec, Preset, Shape, TOKEN};

pub(super) const GITLAB: Preset = Preset {
    name: "gitlab",
    title: "GitLab",
    verified: Evidence::Docs,
    sources: &["gitlabhq/gitlabhq doc/user/project/integrations/webhooks.md @00c78fb"],
    notes: "A static token, not a signature; where GitLab offers signing tokens, standard_webhooks is stronger.",
    body_bound: false,
    schemes: &[NamedSpec {
        name: "token",
        deprecated: false,
        shape: Shape { sig: &["header:X-Gitlab-Token"], id: Some("header:Idempotency-Key"), ..TOKEN },
    }],
};
