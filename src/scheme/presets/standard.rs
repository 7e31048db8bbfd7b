//! The Standard Webhooks family: an id, a time and the body are signed, several signatures may stand in one header.

use super::shape::{Shape, USUAL, hmac};
use super::{Evidence, Preset, THIRD_PARTIES, THIRD_PARTY, TRIGGER, family, named};

/// The symmetric scheme of the Standard Webhooks specification.
const V1: Shape = hmac(&["header:webhook-signature"])
    .items(" ", "v1")
    .kv(",")
    .base64()
    .msg("{header:webhook-id}.{timestamp}.{body}")
    .unix(&["header:webhook-timestamp"], USUAL)
    .key("base64", &["v1,", "whsec_"])
    .id("header:webhook-id");

/// The same with a secret that is taken as it is written.
const V1_TEXT: Shape = V1.key("utf8", &[]);

/// The same under the names it had before it was a standard.
const SVIX: Shape = hmac(&["header:svix-signature"])
    .items(" ", "v1")
    .kv(",")
    .base64()
    .msg("{header:svix-id}.{timestamp}.{body}")
    .unix(&["header:svix-timestamp"], USUAL)
    .key("base64", &["v1,", "whsec_"])
    .id("header:svix-id");

family! {
    "anthropic" "Anthropic" Sdk [named("v1", V1)] from ["pypi anthropic 2.12.0, resources/beta/webhooks.py"]
        proven ["library: anthropic 2.12.0"];
    "autumn" "Autumn" Third [named("v1", SVIX)] from [THIRD_PARTY];
    "bigcommerce" "BigCommerce" Docs [named("v1", V1_TEXT)]
        from ["bigcommerce/docs, https-webhook-overview.mdx"]
        note "The key is the app's client secret as text.";
    "brex" "Brex" Multi [named("v1", V1)] from [THIRD_PARTIES];
    "clerk" "Clerk" Sdk [named("v1", SVIX)] from ["npm @clerk/backend 3.25.0, webhooks"]
        proven ["library: @clerk/backend 3.25.0"];
    "dodopayments" "Dodo Payments" Sdk [named("v1", V1)]
        from ["pypi dodopayments 1.123.0, resources/webhooks"]
        proven ["library: dodopayments 1.123.0"];
    "gitlab_signing" "GitLab (signing token)" Docs [named("v1", V1)]
        from ["gitlab-org/gitlab, merge request 230944", TRIGGER]
        note "Behind the flag webhook_signing_token in 2026. Preferable to the plain token of the preset gitlab.";
    "granola" "Granola" Third [named("v1", V1)] from [THIRD_PARTY];
    "increase" "Increase" Sdk [named("v1", V1_TEXT)]
        from ["pypi increase 0.552.0, resources/events.py"]
        proven ["library: increase 0.552.0"]
        note "The secret is taken as text, not as base64.";
    "liveblocks" "Liveblocks" Sdk [named("v1", V1)] from ["npm @liveblocks/node 3.24.2"]
        proven ["library: @liveblocks/node 3.24.2"];
    "loops" "Loops" Multi [named("v1", V1)] from [THIRD_PARTIES];
    "openai" "OpenAI" Sdk [named("v1", V1)] from ["pypi openai 3.54.0, lib/_webhooks.py"]
        proven ["library: openai 3.54.0"];
    "polar" "Polar" Sdk [named("v1", V1_TEXT), named("decoded", V1)]
        from ["npm @polar-sh/sdk 0.49.0, webhooks", "pypi polar-sdk 1.0.2, webhooks.py"]
        proven ["library: polar-sdk 1.0.2"]
        note "The secret is taken as text; the newer library tries what it decodes to as well, which is variant decoded.";
    "recall_ai" "Recall.ai" Third [named("v1", V1)] from [THIRD_PARTY];
    "render" "Render" Multi [named("v1", V1)] from [THIRD_PARTIES];
    "replicate" "Replicate" Sdk [named("v1", V1)] from ["npm replicate 1.4.0, lib/util.js"]
        proven ["library: replicate 1.0.7"];
    "resend" "Resend" Sdk [named("v1", SVIX)] from ["pypi resend 2.52.0, webhooks"]
        proven ["library: resend 2.52.0"];
    "seam" "Seam" Sdk [named("v1", SVIX)] from ["npm @seamapi/webhook 1.2.0"]
        proven ["library: @seamapi/webhook 1.2.0"];
    "standard_webhooks" "Standard Webhooks" Docs
        [named("v1", V1), named("v1a", V1.kind("ed25519").items(" ", "v1a").key("raw_b64", &["whpk_"]))]
        from [
            "standard-webhooks/standard-webhooks b2fa7b8, spec/standard-webhooks.md",
            "svix/svix-webhooks, server worker.rs",
        ]
        proven ["vector: standard-webhooks js test", "library: standardwebhooks 1.1.0"]
        note "The secret is base64, usually written with whsec_ in front. Ids may hold no dot.";
    "stytch" "Stytch" Third [named("v1", SVIX)] from [THIRD_PARTY];
    "supabase_auth" "Supabase Auth hooks" Docs [named("v1", V1)]
        from ["supabase/supabase 02d2e00, guides/auth/auth-hooks.mdx"]
        note "Secrets look like v1,whsec_…; of several joined with | each is a secret of its own here.";
    "svix" "Svix" Sdk
        [named("svix", SVIX), named("standard", V1.when_header("webhook-signature"))]
        from ["pypi svix 2.9.1", "svix/svix-docs a3cf04a"]
        proven ["vector: svix-docs how-manual.mdx", "library: svix 2.9.1"]
        note "Sends its own header names or those of Standard Webhooks; a message counts once under either.";
}
