//! Providers that send the secret itself. Nothing is signed: whoever sees one request can send any other.

use super::shape::{BASIC, token};
use super::{
    ANYMAIL, CATALOGUE, Evidence, NUXT, OWN_HEADER, Preset, SEEN, SKILLS, THIRD_PARTIES, THIRD_PARTY, UNREAD,
    family, named,
};

family! {
    "auth0" "Auth0 log streams" Multi
        [named("token", token(&["header:Authorization"]))]
        from [CATALOGUE, THIRD_PARTIES]
        note "The whole value of Authorization is the secret, as it was entered.";
    "azure_eventgrid" "Azure Event Grid" Docs
        [
            named("query", token(&["query:code"])),
            named("entra", token(&["header:Authorization"]).kind("jwt").prefix("Bearer ").key("jwks", &[])
                .options(&[("alg", &["RS256"]), ("require", &["exp"])])
                .asks(&[("iss", "https://sts.windows.net/TENANT/"), ("aud", "api://example")])),
        ]
        from ["MicrosoftDocs/azure-docs 2179f4c, event-grid endpoint validation"]
        note "A secret in the query of the endpoint; access logs on the way see it. Variant entra is stronger: tokens whose key set (login.microsoftonline.com/TENANT/discovery/v2.0/keys) is a file.";
    "bandwidth" "Bandwidth" Memory [named("basic", BASIC)] from [UNREAD];
    "brevo" "Brevo" Third
        [named("bearer", token(&["header:Authorization"]).prefix("Bearer "))]
        from [NUXT, ANYMAIL];
    "chargebee" "Chargebee" Sdk [named("basic", BASIC)]
        from ["npm chargebee 3.33.0, resources/webhook/auth.js"]
        proven ["library: chargebee 3.33.0 (npm)"];
    "cloudevents" "CloudEvents webhooks" Docs
        [
            named("bearer", token(&["header:Authorization"]).prefix("Bearer ")),
            named("query", token(&["query:access_token"])),
        ]
        from ["cloudevents/spec, http-webhook.md"];
    "cloudflare_notifications" "Cloudflare Notifications" Memory
        [named("token", token(&["header:cf-webhook-auth"]))] from [UNREAD];
    "datadog" "Datadog" Multi
        [named("basic", BASIC), named("header", token(&[OWN_HEADER]))]
        from [CATALOGUE]
        note "Datadog sends what the webhook's URL or custom headers hold; variant header needs the header's name.";
    "deepgram" "Deepgram" Third [named("token", token(&["header:dg-token"]))] from [THIRD_PARTY];
    "docker_hub" "Docker Hub" Memory
        [named("query", token(&["query:token"]))]
        from [UNREAD]
        note "Docker Hub authenticates nothing: this is a secret in the URL you register.";
    "eventbridge_api_destination" "Amazon EventBridge API destinations" Memory
        [named("header", token(&[OWN_HEADER])), named("basic", BASIC)]
        from [UNREAD]
        note "The connection names the header of its API key.";
    "figma" "Figma" Memory
        [named("passcode", token(&["json:passcode"]))]
        from [UNREAD]
        note "The passcode stands in the body and reaches the app with it.";
    "flutterwave" "Flutterwave" Multi [named("token", token(&["header:verif-hash"]))] from [CATALOGUE];
    "freshdesk" "Freshdesk" Memory
        [named("basic", BASIC), named("header", token(&[OWN_HEADER]))] from [UNREAD];
    "gitlab" "GitLab" Docs
        [named("token", token(&["header:X-Gitlab-Token"]).id("header:Idempotency-Key"))]
        from ["gitlabhq/gitlabhq 00c78fb, doc/user/project/integrations/webhooks.md", NUXT]
        note "A static token, not a signature; where GitLab offers signing tokens, gitlab_signing is stronger.";
    "google_channel" "Google push channels" Multi
        [named("token", token(&["header:X-Goog-Channel-Token"]).id("header:X-Goog-Message-Number"))]
        from [SEEN]
        note "The token is set when the channel is made. The first message says sync.";
    "msgraph" "Microsoft Graph" Docs
        [named("client_state", token(&["json:value.*.clientState"]))]
        from ["microsoftgraph/microsoft-graph-docs-contrib 01c641a, change-notifications-delivery-webhooks.md"]
        note "Every item of value must carry the clientState of the subscription.";
    "okta" "Okta event hooks" Multi
        [named("token", token(&["header:Authorization"]))]
        from [SEEN, CATALOGUE]
        note "The whole value of Authorization is the secret, as it was entered.";
    "postmark" "Postmark" Multi [named("basic", BASIC)] from [SKILLS, CATALOGUE, ANYMAIL];
    "supabase_db" "Supabase database webhooks" Multi
        [named("bearer", token(&["header:Authorization"]).prefix("Bearer "))] from [THIRD_PARTIES];
    "telegram" "Telegram bots" Sdk
        [named("token", token(&["header:X-Telegram-Bot-Api-Secret-Token"]).id("json:update_id"))]
        from ["pypi aiogram 3.31.0, webhook"]
        note "The secret_token given to setWebhook. Telegram sends from 149.154.160.0/20 and 91.108.4.0/22.";
    "zapier" "Zapier" Third
        [named("basic", BASIC), named("header", token(&[OWN_HEADER]))] from [THIRD_PARTY];
}
