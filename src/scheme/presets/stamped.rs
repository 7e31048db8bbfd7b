//! Providers that sign a time together with the body, or inside it.

use super::shape::{USUAL, hmac, token};
use super::{
    CATALOGUE, CHANGELOG, Evidence, NUXT, Preset, SEEN, SKILLS, TERN, THIRD_PARTY, TRIGGER, VERIFIER, family,
    named,
};

family! {
    "box" "Box" Sdk
        [named("v1", hmac(&["header:Box-Signature-Primary", "header:Box-Signature-Secondary"])
            .base64().msg("{body}{timestamp}")
            .time(&["header:Box-Delivery-Timestamp"], "rfc3339", Some(600)).id("header:Box-Delivery-Id")
            .require(&[("header:Box-Signature-Version", "1"), ("header:Box-Signature-Algorithm", "HmacSHA256")]))]
        from ["pypi boxsdk 10.18.0, managers/webhooks.py", "box/box-python-sdk, test/webhooks.py"]
        proven ["library: boxsdk 10.18.0"]
        note "Two keys, primary and secondary; give both as secrets.";
    "buildkite" "Buildkite" Docs
        [
            named("signature", hmac(&["header:X-Buildkite-Signature"]).items(",", "signature")
                .msg("{timestamp}.{body}").unix(&["sig:timestamp"], USUAL)),
            named("token", token(&["header:X-Buildkite-Token"])),
        ]
        from ["buildkite/docs 35cf029, webhook signatures"]
        note "Which of the two is sent is a setting of the notification service.";
    "calendly" "Calendly" Multi
        [named("v1", hmac(&["header:Calendly-Webhook-Signature"]).items(",", "v1")
            .msg("{timestamp}.{body}").unix(&["sig:t"], Some(180)))]
        from [TRIGGER, VERIFIER, "ngrok documentation, verify-webhook"];
    "cloudflare_stream" "Cloudflare Stream" Docs
        [named("sig1", hmac(&["header:Webhook-Signature"]).items(",", "sig1")
            .msg("{timestamp}.{body}").unix(&["sig:time"], USUAL))]
        from ["cloudflare/cloudflare-docs 07acbb6, stream, using-webhooks.mdx"];
    "coinbase_cdp" "Coinbase Developer Platform" Third
        [named("v0", hmac(&["header:X-Hook0-Signature"]).items(",", "v0")
            .msg("{timestamp}.{body}").unix(&["sig:t"], USUAL))]
        from [CHANGELOG];
    "convoy" "Convoy" Sdk
        [
            named("advanced", hmac(&["header:X-Convoy-Signature"]).items(",", "v1")
                .msg("{timestamp},{body}").unix(&["sig:t"], USUAL)),
            named("simple", hmac(&["header:X-Convoy-Signature"])),
        ]
        from ["frain-dev/convoy 2b60cc6, pkg/signature/signature.go and testdata"]
        proven ["vector: convoy simple_sha256_hex_valid (variant simple)"]
        note "Hash, encoding and header are settings of a Convoy project; these are its defaults.";
    "customerio" "Customer.io" Multi
        [named("v0", hmac(&["header:X-CIO-Signature"]).msg("v0:{timestamp}:{body}")
            .unix(&["header:X-CIO-Timestamp"], USUAL).id("json:event_id"))]
        from [VERIFIER, CATALOGUE, SEEN];
    "elevenlabs" "ElevenLabs" Sdk
        [named("v0", hmac(&["header:ElevenLabs-Signature"]).items(",", "v0")
            .msg("{timestamp}.{body}").unix(&["sig:t"], Some(1800)))]
        from ["pypi elevenlabs 2.78.0, webhooks_custom.py; the header's name from a second source", TRIGGER]
        proven ["library: elevenlabs 2.78.0"];
    "front" "Front" Third
        [named("sha256", hmac(&["header:X-Front-Signature"]).base64().msg("{timestamp}:{body}")
            .unix_ms(&["header:X-Front-Request-Timestamp"], USUAL))]
        from [THIRD_PARTY];
    "grafana" "Grafana Alerting" Multi
        [
            named("plain", hmac(&["header:X-Grafana-Alerting-Signature"])),
            named("timestamped", hmac(&["header:X-Grafana-Alerting-Signature"]).msg("{timestamp}:{body}")
                .unix(&["header:X-Grafana-Alerting-Timestamp"], USUAL)),
        ]
        from [TERN, SEEN]
        note "Set a timestamp header in the contact point and take variant timestamped. Both names can be chosen there.";
    "hygraph" "Hygraph" Third
        [named("sign", hmac(&["header:gcms-signature"]).items(",", "sign").base64()
            .msg("{{\"Body\":{body|json},\"EnvironmentName\":{sig:env|json},\"TimeStamp\":{timestamp}}}")
            .time(&["sig:t"], "auto", USUAL))]
        from [NUXT]
        note "What is signed is a JSON text with the body as a string inside.";
    "inngest" "Inngest" Sdk
        [named("s", hmac(&["header:X-Inngest-Signature"]).items("&", "s").msg("{body}{timestamp}")
            .unix(&["sig:t"], USUAL).key("utf8", &["signkey-*-"]))]
        from ["npm inngest 4.24.0, helpers/net.js and InngestCommHandler.js"]
        proven ["library: inngest 0.5.19"]
        note "The library signs canonical JSON (RFC 8785): a body that is not already in that form is refused.";
    "langfuse" "Langfuse" Third
        [named("v1", hmac(&["header:x-langfuse-signature"]).items(",", "v1")
            .msg("{timestamp}.{body}").unix(&["sig:t"], USUAL))]
        from [THIRD_PARTY];
    "linear" "Linear" Sdk
        [named("sha256", hmac(&["header:Linear-Signature"]).unix_ms(&["json:webhookTimestamp"], Some(60))
            .id("header:Linear-Delivery"))]
        from ["npm @linear/sdk 98.0.0, webhooks", TRIGGER]
        proven ["library: @linear/sdk 98.0.0"]
        note "The time is the field in the body, which is signed; the header Linear-Timestamp is not looked at.";
    "lovable" "Lovable" Sdk
        [named("sha256", hmac(&["header:x-lovable-signature"]).prefix("sha256=").msg("{timestamp}.{body}")
            .time(&["header:x-lovable-timestamp"], "auto", USUAL))]
        from ["npm @lovable.dev/webhooks-js 0.0.2"];
    "mailchimp" "Mailchimp" Third
        [named("v1", hmac(&["header:X-Mailchimp-Signature"]).items(",", "v1")
            .msg("{timestamp}.{body}").unix(&["sig:t"], USUAL))]
        from [THIRD_PARTY]
        note "Signing is an option of each webhook and new; without it nothing but a secret in the URL protects it.";
    "metronome" "Metronome" Third
        [named("sha256", hmac(&["header:Metronome-Webhook-Signature"]).msg("{timestamp}\n{body}")
            .time(&["header:X-Metronome-Date", "header:Date"], "http_date", USUAL))]
        from [THIRD_PARTY];
    "mux" "Mux" Sdk
        [named("v1", hmac(&["header:Mux-Signature"]).items(",", "v1").msg("{timestamp}.{body}")
            .unix(&["sig:t"], USUAL).id("json:id"))]
        from ["npm @mux/mux-node 15.3.0, resources/webhooks"]
        proven ["library: @mux/mux-node 15.3.0"];
    "orb" "Orb" Sdk
        [named("v1", hmac(&["header:X-Orb-Signature"]).items(" ", "v1").msg("v1:{timestamp}:{body}")
            .time(&["header:X-Orb-Timestamp"], "rfc3339", USUAL))]
        from ["pypi orb-billing 4.90.0, resources/webhooks"]
        proven ["library: orb-billing 4.90.0"];
    "paddle" "Paddle Billing" Sdk
        [named("h1", hmac(&["header:Paddle-Signature"]).items(";", "h1").msg("{timestamp}:{body}")
            .unix(&["sig:ts"], Some(5)).id("json:notification_id"))]
        from [
            "npm @paddle/paddle-node-sdk 3.10.0, webhooks-validator.js",
            "pypi paddle-python-sdk 1.16.1, PaddleSignature.py",
        ]
        proven ["vector: paddle-python-sdk test_Verifier.py", "library: paddle-python-sdk 1.16.1"]
        note "The libraries tolerate five seconds; a slow network needs tolerance. One h1 per secret while rotating.";
    "plain" "Plain" Third
        [named("sha256", hmac(&["header:Plain-Request-Signature"])
            .time(&["json:webhookMetadata.webhookDeliveryAttemptTimestamp"], "rfc3339", USUAL).id("json:id"))]
        from [THIRD_PARTY];
    "recurly" "Recurly" Third
        [named("sha256", hmac(&["header:Recurly-Signature"]).pick(",", "rest").msg("{timestamp}.{body}")
            .unix_ms(&["sig:0"], USUAL))]
        from [VERIFIER];
    "retell" "Retell AI" Sdk
        [named("d", hmac(&["header:X-Retell-Signature"]).items(",", "d").msg("{body}{timestamp}")
            .unix_ms(&["sig:v"], USUAL))]
        from ["pypi retell-sdk 6.2.13, lib/webhook_auth.py; the header's name from a second source", TRIGGER]
        proven ["library: retell-sdk 6.2.13"]
        note "The key is the API key marked for webhooks.";
    "sanity" "Sanity" Sdk
        [named("v1", hmac(&["header:sanity-webhook-signature"]).items(",", "v1").base64url()
            .msg("{timestamp}.{body}").unix_ms(&["sig:t"], None).id("header:idempotency-key"))]
        from ["npm @sanity/webhook 4.0.4", "sanity-io/webhook-toolkit, test/signature.test.ts"]
        proven ["vector: sanity-io/webhook-toolkit test/signature.test.ts", "library: @sanity/webhook 4.0.4"]
        note "The library sets no bound on the time, and neither does this preset: set tolerance.";
    "sinch" "Sinch" Sdk
        [named("sha256", hmac(&["header:x-sinch-webhook-signature"]).base64()
            .msg("{body}.{header:x-sinch-webhook-signature-nonce}.{timestamp}")
            .unix(&["header:x-sinch-webhook-signature-timestamp"], USUAL)
            .id("header:x-sinch-webhook-signature-nonce"))]
        from ["pypi sinch 2.3.0, sinch_events/v1/authentication_validation.py", VERIFIER]
        proven ["library: sinch 2.3.0"];
    "slack" "Slack" Sdk
        [named("v0", hmac(&["header:X-Slack-Signature"]).prefix("v0=").msg("v0:{timestamp}:{body}")
            .unix(&["header:X-Slack-Request-Timestamp"], USUAL).id("json:event_id"))]
        from ["pypi slack-sdk 3.47.0, signature", "npm @slack/bolt 5.1.0, receivers/verify-request.js"]
        proven ["vector: Slack docs and python-slack-sdk tests", "library: slack-sdk 3.47.0"]
        note "Slash commands are form posts and carry no event id; the timestamp is signed in every case.";
    "stripe" "Stripe" Sdk
        [named("v1", hmac(&["header:Stripe-Signature"]).items(",", "v1").msg("{timestamp}.{body}")
            .unix(&["sig:t"], USUAL).id("json:id"))]
        from ["pypi stripe 16.1.0, _webhook.py"]
        proven ["library: stripe 16.1.0"]
        note "While a secret is rotated the header carries one v1 item per secret.";
    "tailscale" "Tailscale" Third
        [named("v1", hmac(&["header:Tailscale-Webhook-Signature"]).items(",", "v1")
            .msg("{timestamp}.{body}").unix(&["sig:t"], USUAL))]
        from [THIRD_PARTY];
    "twitch" "Twitch EventSub" Sdk
        [named("sha256", hmac(&["header:Twitch-Eventsub-Message-Signature"]).prefix("sha256=")
            .msg("{header:Twitch-Eventsub-Message-Id}{timestamp}{body}")
            .time(&["header:Twitch-Eventsub-Message-Timestamp"], "rfc3339", Some(600))
            .id("header:Twitch-Eventsub-Message-Id"))]
        from ["npm @twurple/eventsub-http 8.1.4", NUXT, CHANGELOG];
    "webflow" "Webflow" Multi
        [named("sha256", hmac(&["header:x-webflow-signature"]).msg("{timestamp}:{body}")
            .unix_ms(&["header:x-webflow-timestamp"], USUAL))]
        from [SKILLS, CATALOGUE]
        note "Webhooks made in the dashboard are not signed; make them through the API.";
    "workos" "WorkOS" Sdk
        [named("v1", hmac(&["header:WorkOS-Signature"]).items(", ", "v1").msg("{timestamp}.{body}")
            .unix_ms(&["sig:t"], Some(180)).id("json:id"))]
        from ["pypi workos 10.8.0, webhooks/_verification.py", "npm @workos-inc/node 8.13.0, SignatureProvider"]
        proven ["library: workos 10.8.0"];
    "zendesk" "Zendesk" Docs
        [named("sha256", hmac(&["header:X-Zendesk-Webhook-Signature"]).base64().msg("{timestamp}{body}")
            .time(&["header:X-Zendesk-Webhook-Signature-Timestamp"], "rfc3339", USUAL)
            .id("header:X-Zendesk-Webhook-Invocation-Id"))]
        from ["developer.zendesk.com/documentation/webhooks/verifying", TRIGGER];
    "zoho_payments" "Zoho Payments" Docs
        [named("v", hmac(&["header:X-Zoho-Webhook-Signature"]).items(",", "v").msg("{timestamp}.{body}")
            .unix_ms(&["sig:t"], USUAL))]
        from ["zoho.com/in/payments/developerdocs/webhooks/verification"];
    "zoom" "Zoom" Docs
        [named("v0", hmac(&["header:x-zm-signature"]).prefix("v0=").msg("v0:{timestamp}:{body}")
            .unix(&["header:x-zm-request-timestamp"], USUAL))]
        from ["zoom/webhook-sample-node.js, index.js", TRIGGER, VERIFIER];
}
