//! Providers that sign the raw body and nothing else. Replay can only be stopped by remembering the message.

use super::shape::hmac;
use super::{
    ANYMAIL, CATALOGUE, CHANGELOG, Evidence, NUXT, Preset, SEEN, SKILLS, TERN, THIRD_PARTY, TRIGGER, UNREAD,
    VERIFIER, family, named, old,
};

family! {
    "adyen_platforms" "Adyen for Platforms" Sdk
        [named("sha256", hmac(&["header:HmacSignature"]).base64().key("hex", &[]))]
        from ["pypi Adyen 16.0.0, util.is_valid_hmac_payload", CHANGELOG]
        proven ["vector: adyen-python-api-library UtilTest.py payload", "library: Adyen 16.0.0"]
        note "Balance platform webhooks; standard notifications are the preset adyen.";
    "airtable" "Airtable" Multi
        [named("sha256", hmac(&["header:X-Airtable-Content-MAC"]).prefix("hmac-sha256=").key("base64", &[]))]
        from ["pypi pyairtable 3.5.0, models/webhook.py", VERIFIER, CATALOGUE]
        note "The secret is macSecretBase64 of the webhook. A notification says only that something changed.";
    "asana" "Asana" Docs
        [named("sha256", hmac(&["header:X-Hook-Signature"]))]
        from ["Asana/developer-docs 3920826, _webhooks.html.md"]
        note "Each webhook has a secret of its own, sent once in X-Hook-Secret. Heartbeats hold no events and are equal.";
    "attio" "Attio" Third
        [named("sha256", hmac(&["header:Attio-Signature"]).id("header:Idempotency-Key"))]
        from [THIRD_PARTY];
    "authorize_net" "Authorize.Net" Third
        [named("sha512", hmac(&["header:X-ANET-Signature"]).hash("sha512").prefix("sha512=").key("hex", &[]))]
        from [THIRD_PARTY]
        note "The signature key of the merchant interface, 128 hexadecimal digits.";
    "autodesk" "Autodesk Platform Services" Third
        [named("sha1", hmac(&["header:x-adsk-signature"]).hash("sha1").prefix("sha1hash="))]
        from [THIRD_PARTY];
    "bitbucket" "Bitbucket Cloud" Docs
        [named("sha256", hmac(&["header:X-Hub-Signature"]).prefix("sha256=").id("header:X-Request-UUID"))]
        from ["support.atlassian.com, manage webhooks", SKILLS, NUXT]
        proven ["vector: Atlassian docs example"]
        note "The header has the name that GitHub uses for SHA-1; here it carries SHA-256.";
    "bitbucket_datacenter" "Bitbucket Data Center" Multi
        [named("sha256", hmac(&["header:X-Hub-Signature"]).prefix("sha256=").id("header:X-Request-Id"))]
        from ["go-playground/webhooks, bitbucket-server/bitbucketserver.go", "npm @coderabbitai/bitbucket, typings"]
        note "The connection test of the settings page (diagnostics:ping) is sent unsigned and refused.";
    "calcom" "Cal.com" Multi
        [named("sha256", hmac(&["header:X-Cal-Signature-256"]))]
        from [NUXT, TRIGGER, VERIFIER];
    "chargify" "Maxio Chargify" Third
        [named("sha256", hmac(&["header:X-Chargify-Webhook-Signature-Hmac-Sha-256"]))]
        from [THIRD_PARTY]
        note "The key is the site's shared key.";
    "checkout_com" "Checkout.com" Multi
        [named("sha256", hmac(&["header:Cko-Signature"]))]
        from [VERIFIER, CATALOGUE];
    "circleci" "CircleCI" Multi
        [named("v1", hmac(&["header:circleci-signature"]).items(",", "v1"))]
        from [VERIFIER, SEEN];
    "clicksign" "Clicksign" Third
        [named("sha256", hmac(&["header:Content-Hmac"]).prefix("sha256="))]
        from [THIRD_PARTY];
    "clickup" "ClickUp" Docs
        [named("sha256", hmac(&["header:X-Signature"]))]
        from ["developer.clickup.com/docs/webhooksignature", VERIFIER]
        note "The secret is in the answer to the call that made the webhook.";
    "coinbase_commerce" "Coinbase Commerce" Sdk
        [named("sha256", hmac(&["header:X-CC-Webhook-Signature"]).id("json:event.id"))]
        from ["npm coinbase-commerce-node 1.0.4, lib/Webhook.js; the header's name from a second source"]
        proven ["vector: coinbase-commerce-node test/testWebhook.spec.js", "library: coinbase-commerce 1.0.1"];
    "cursor" "Cursor" Third
        [named("sha256", hmac(&["header:X-Webhook-Signature"]).prefix("sha256="))]
        from [THIRD_PARTY];
    "docusign" "DocuSign Connect" Multi
        [named("sha256", hmac(&["header:X-DocuSign-Signature-*"]).base64())]
        from [NUXT, TRIGGER, VERIFIER]
        note "One numbered header per active key of the account; one match is enough.";
    "doppler" "Doppler" Third
        [named("sha256", hmac(&["header:X-Doppler-Signature"]).prefix("sha256="))]
        from [THIRD_PARTY];
    "dropbox" "Dropbox" Multi
        [named("sha256", hmac(&["header:X-Dropbox-Signature"]))]
        from [NUXT, VERIFIER, CHANGELOG]
        note "Notifications name accounts, so two events can have equal bodies. The key is the app secret.";
    "dub" "Dub" Third
        [named("sha256", hmac(&["header:Dub-Signature"]))]
        from [THIRD_PARTY];
    "dwolla" "Dwolla" Third
        [named("sha256", hmac(&["header:X-Request-Signature-SHA-256"]).id("json:id"))]
        from [VERIFIER];
    "easypost" "EasyPost" Sdk
        [named("sha256", hmac(&["header:X-Hmac-Signature"]).prefix("hmac-sha256-hex="))]
        from ["pypi easypost 10.7.0, util.validate_webhook"]
        proven ["library: easypost 10.7.0"]
        note "The library normalises the secret (NFKD); a secret with letters beyond ASCII is to be given that way.";
    "firecrawl" "Firecrawl" Third
        [named("sha256", hmac(&["header:X-Firecrawl-Signature"]).prefix("sha256="))]
        from [THIRD_PARTY];
    "forgejo" "Forgejo" Multi
        [named("sha256", hmac(&["header:X-Forgejo-Signature"]).id("header:X-Forgejo-Delivery"))]
        from [SEEN, "docs.rs isb-apps, webhook"];
    "fourthwall" "Fourthwall" Third
        [named("sha256", hmac(&["header:X-Fourthwall-Hmac-SHA256"]).base64())]
        from [THIRD_PARTY];
    "github" "GitHub" Docs
        [
            named("sha256", hmac(&["header:X-Hub-Signature-256"]).prefix("sha256=").id("header:X-GitHub-Delivery")),
            old("legacy_sha1",
                hmac(&["header:X-Hub-Signature"]).hash("sha1").prefix("sha1=").id("header:X-GitHub-Delivery")),
        ]
        from [
            "github/docs, validating-webhook-deliveries.md", "npm @octokit/webhooks-methods 6.0.0",
            "pypi gidgethub 6.0.0",
        ]
        proven ["vector: github/docs validating-webhook-deliveries.md", "library: @octokit/webhooks-methods 6.0.0"]
        note "With content type form, the urlencoded body as sent is what is signed. The delivery id is not signed.";
    "gocardless" "GoCardless" Sdk
        [named("sha256", hmac(&["header:Webhook-Signature"]).id("json:meta.webhook_id"))]
        from ["pypi gocardless_pro 3.22.0, webhooks.py; the header's name from a second source"]
        proven ["vector: gocardless-pro-python tests/webhooks_test.py", "library: gocardless_pro 3.22.0"]
        note "GoCardless asks for status 498 on a bad signature; it gets 401 here, which it treats as a failure too.";
    "gogs" "Gogs" Third
        [named("sha256", hmac(&["header:X-Gogs-Signature"]).id("header:X-Gogs-Delivery"))]
        from ["go-playground/webhooks, gogs/gogs.go", "go-gitea/gitea, compatibility headers of deliver.go"];
    "heroku" "Heroku" Multi
        [named("sha256", hmac(&["header:Heroku-Webhook-Hmac-SHA256"]).base64().id("json:id"))]
        from [NUXT, VERIFIER];
    "hookdeck" "Hookdeck" Multi
        [named("sha256", hmac(&["header:x-hookdeck-signature", "header:x-hookdeck-signature-2"])
            .base64().id("header:x-hookdeck-eventid"))]
        from [TRIGGER, SKILLS]
        note "While a secret is rotated the second header carries the other one's signature.";
    "infisical" "Infisical" Third
        [named("sha256", hmac(&["header:X-Infisical-Signature"]).pick(";", "last"))]
        from [THIRD_PARTY]
        note "The time in front of the signature is not signed.";
    "intercom" "Intercom" Multi
        [named("sha1", hmac(&["header:X-Hub-Signature"]).hash("sha1").prefix("sha1=").id("json:id"))]
        from [TRIGGER, VERIFIER]
        note "The key is the app's client secret.";
    "jira" "Jira Cloud" Docs
        [named("sha256",
            hmac(&["header:X-Hub-Signature"]).prefix("sha256=").id("header:X-Atlassian-Webhook-Identifier"))]
        from ["developer.atlassian.com/cloud/jira/platform/webhooks", SKILLS, TRIGGER]
        proven ["vector: Atlassian docs example"]
        note "Webhooks an administrator made with a secret; those of Connect apps carry a JWT instead.";
    "kontent_ai" "Kontent.ai" Sdk
        [named("sha256", hmac(&["header:X-Kontent-ai-Signature"]).base64())]
        from ["npm @kontent-ai/webhook-helper 3.0.3; the header's name from memory"];
    "launchdarkly" "LaunchDarkly" Multi
        [named("sha256", hmac(&["header:X-LD-Signature"]))]
        from [CHANGELOG, VERIFIER];
    "lemonsqueezy" "Lemon Squeezy" Multi
        [named("sha256", hmac(&["header:X-Signature"]))]
        from [TERN, VERIFIER, CHANGELOG];
    "line" "LINE" Sdk
        [named("sha256", hmac(&["header:X-Line-Signature"]).base64().id("json:events.0.webhookEventId"))]
        from ["pypi line-bot-sdk 3.27.0, linebot/v3/webhook.py", "line/line-bot-sdk-python, tests"]
        proven ["vector: line-bot-sdk-python tests/v3/test_webhook.py", "library: line-bot-sdk 3.27.0"]
        note "The key is the channel secret. A verification request holds no events.";
    "mailersend" "MailerSend" Third
        [named("sha256", hmac(&["header:Signature"]))]
        from [ANYMAIL];
    "meta" "Meta (Facebook, Instagram, WhatsApp)" Multi
        [named("sha256", hmac(&["header:X-Hub-Signature-256"]).prefix("sha256="))]
        from [TRIGGER, NUXT, VERIFIER, SKILLS]
        also ["facebook", "instagram", "messenger", "threads", "whatsapp"]
        note "The key is the app secret. The GET with hub.challenge is a handshake and not signed.";
    "modern_treasury" "Modern Treasury" Sdk
        [named("sha256", hmac(&["header:X-Signature"]))]
        from ["pypi modern-treasury, webhooks"]
        proven ["library: modern-treasury 1.80.0"];
    "mollie" "Mollie" Multi
        [named("sha256", hmac(&["header:X-Mollie-Signature"]).prefix("sha256="))]
        from [SEEN, CATALOGUE]
        note "Webhooks of the new generation; classic ones are unsigned. While a secret is rotated the header comes twice.";
    "mongodb_atlas" "MongoDB Atlas" Third
        [named("sha1", hmac(&["header:X-MMS-Signature"]).hash("sha1").base64())]
        from [THIRD_PARTY];
    "notion" "Notion" Sdk
        [named("sha256", hmac(&["header:X-Notion-Signature"]).prefix("sha256=").id("json:id"))]
        from ["npm @notionhq/client 5.26.0, webhooks", "developers.notion.com/reference/v2-webhooks", CATALOGUE]
        proven ["library: @notionhq/client 5.26.0"]
        note "The key is the verification_token that Notion sends once, unsigned, when the subscription is made.";
    "npm" "npm registry hooks" Multi
        [named("sha256", hmac(&["header:x-npm-signature"]).prefix("sha256="))]
        from [VERIFIER, SEEN];
    "onfido" "Onfido" Sdk
        [named("sha256", hmac(&["header:X-SHA2-Signature"]))]
        from ["pypi onfido-python 6.2.0, webhook_event_verifier.py; the header's name from memory"]
        proven ["library: onfido-python 6.2.0"];
    "pagerduty" "PagerDuty" Docs
        [named("v1", hmac(&["header:X-PagerDuty-Signature"]).items(",", "v1").id("header:X-Webhook-Id"))]
        from ["PagerDuty/developer-docs 9422439, webhooks/04-Signatures.md", "PagerDuty/go-pagerduty, webhookv3_test.go"]
        proven ["vector: go-pagerduty webhookv3_test.go"]
        note "One v1 item per active secret.";
    "paystack" "Paystack" Multi
        [named("sha512", hmac(&["header:x-paystack-signature"]).hash("sha512"))]
        from [VERIFIER, CATALOGUE]
        note "The key is the account's secret key itself.";
    "planetscale" "PlanetScale" Third
        [named("sha256", hmac(&["header:X-PlanetScale-Signature"]))]
        from [THIRD_PARTY];
    "pusher" "Pusher Channels" Sdk
        [named("sha256", hmac(&["header:X-Pusher-Signature"]))]
        from ["npm pusher 5.3.4, lib/webhook.js", "pypi pusher 3.3.4"]
        proven ["library: pusher 3.3.4"]
        note "X-Pusher-Key says which app's secret was used and is not signed.";
    "quickbooks" "QuickBooks" Multi
        [named("sha256", hmac(&["header:intuit-signature"]).base64())]
        from [SEEN, VERIFIER]
        note "The key is the verifier token of the app.";
    "razorpay" "Razorpay" Sdk
        [named("sha256", hmac(&["header:X-Razorpay-Signature"]).id("header:x-razorpay-event-id"))]
        from ["pypi razorpay 2.0.1, utility.py", "npm razorpay 2.9.8"]
        proven ["vector: razorpay-python tests", "library: razorpay 2.0.1"];
    "segment" "Segment" Multi
        [named("sha1", hmac(&["header:X-Signature"]).hash("sha1"))]
        from [CATALOGUE, "svix, ingest source Segment"]
        note "Of a batch only the first event is signed: with batching on, deliveries are refused.";
    "sentry" "Sentry" Multi
        [named("sha256", hmac(&["header:Sentry-Hook-Signature"]).id("header:Request-ID"))]
        from [TRIGGER, VERIFIER, CHANGELOG]
        note "Sentry-Hook-Timestamp is not signed and not looked at.";
    "shopify" "Shopify" Sdk
        [
            named("sha256", hmac(&["header:X-Shopify-Hmac-Sha256"]).base64().id("header:X-Shopify-Webhook-Id")),
            named("events", hmac(&["header:shopify-hmac-sha256"]).base64().id("header:shopify-webhook-id")
                .when_header("shopify-hmac-sha256")),
        ]
        from ["npm @shopify/shopify-api 13.1.0 and 15.0.0, lib/webhooks and lib/types"]
        proven ["library: @shopify/shopify-api 13.1.0"]
        note "The key is the app's client secret. Newer event subscriptions use headers without X-.";
    "sinch_numbers" "Sinch Numbers" Sdk
        [named("sha1", hmac(&["header:x-sinch-signature"]).hash("sha1"))]
        from ["pypi sinch 2.3.0, sinch_events/v1/authentication_validation.py"]
        proven ["library: sinch 2.3.0"];
    "snyk" "Snyk" Memory
        [named("sha256", hmac(&["header:X-Hub-Signature"]).prefix("sha256="))]
        from [UNREAD];
    "sonarqube" "SonarQube" Memory
        [named("sha256", hmac(&["header:X-Sonar-Webhook-HMAC-SHA256"]))]
        from [UNREAD];
    "stream" "Stream (GetStream)" Sdk
        [named("sha256", hmac(&["header:X-Signature"]).decoded())]
        from ["pypi stream-chat 4.33.0, webhook.py"]
        proven ["library: stream-chat 4.33.0"]
        note "The body is signed before it is compressed; gzip is followed, other codings are refused.";
    "terraform_cloud" "HCP Terraform" Multi
        [named("sha512", hmac(&["header:X-TFE-Notification-Signature"]).hash("sha512"))]
        from [SEEN, "ngrok documentation, verify-webhook"];
    "typeform" "Typeform" Multi
        [named("sha256", hmac(&["header:Typeform-Signature"]).prefix("sha256=").base64().id("json:event_id"))]
        from [TRIGGER, CHANGELOG];
    "vapi" "Vapi" Third
        [named("sha256", hmac(&["header:X-Vapi-Signature"]))]
        from [THIRD_PARTY];
    "vercel" "Vercel" Multi
        [named("sha1", hmac(&["header:x-vercel-signature"]).hash("sha1").id("json:id"))]
        from [NUXT, TRIGGER, VERIFIER, SKILLS];
    "viber" "Viber" Sdk
        [named("sha256", hmac(&["header:X-Viber-Content-Signature"]))]
        from ["pypi viberbot 1.0.12, api/api.py; the header's name from a second source"]
        proven ["library: viberbot 1.0.12"]
        note "The key is the bot's authentication token.";
    "woocommerce" "WooCommerce" Sdk
        [named("sha256", hmac(&["header:X-WC-Webhook-Signature"]).base64().id("header:X-WC-Webhook-Delivery-ID"))]
        from ["woocommerce/woocommerce 00e1bc4, class-wc-webhook.php"]
        note "Saving a webhook sends an unsigned form webhook_id=N; more than five refusals in a row disable it.";
    "x_twitter" "X (Twitter) Account Activity" Multi
        [named("sha256", hmac(&["header:X-Twitter-Webhooks-Signature"]).prefix("sha256=").base64())]
        from ["frain-dev/convoy, pkg/verifier", VERIFIER, SEEN]
        note "The key is the consumer secret, which also answers the CRC handshake.";
    "xero" "Xero" Multi
        [named("sha256", hmac(&["header:x-xero-signature"]).base64())]
        from [SKILLS, CHANGELOG, "public gists of rjaus and constantm"]
        note "Intent to receive: badly signed probes are sent on purpose and must get 401 with an empty body.";
    "yousign" "Yousign" Third
        [named("sha256", hmac(&["header:X-Yousign-Signature-256"]).prefix("sha256="))]
        from [THIRD_PARTY];
}
