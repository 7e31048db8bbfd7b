//! Providers that send a JSON Web Token with a delivery, or as it.

use super::shape::{Shape, hmac};
use super::{CATALOGUE, Evidence, NUXT, Preset, SKILLS, UNREAD, family, named};

/// A token in a header, under a shared secret.
const fn shared(sig: &'static [&'static str]) -> Shape {
    hmac(sig).kind("jwt")
}

/// A token under a key of a set.
const fn signed(sig: &'static [&'static str]) -> Shape {
    shared(sig).key("jwks", &[])
}

const BEARER: Shape = shared(&["header:Authorization"]).prefix("Bearer ");
const OIDC: Shape = signed(&["header:Authorization"]).prefix("Bearer ");
const FUSIONAUTH: &[&str] = &["header:X-FusionAuth-Signature-JWT"];
const CONNECT: Shape = shared(&["header:Authorization"]).prefix("JWT ");

family! {
    "atlassian_connect" "Atlassian Connect" Sdk
        [
            named("hs256", CONNECT.asks(&[("iss", "client-key")]).options(&[("alg", &["HS256"]),
                ("query_claim", &["qsh"]), ("require", &["iat", "exp"])])),
            named("rs256", CONNECT.key("pem", &[]).asks(&[("aud", "https://app.example.com")])
                .options(&[("alg", &["RS256"]), ("query_claim", &["qsh"]), ("require", &["iat", "exp"])])),
        ]
        from ["npm atlassian-jwt 2.0.3", "pypi atlassian-jwt 3.0.0"]
        proven ["library: atlassian-jwt 3.0.0 (PyPI)", "library: atlassian-jwt 2.0.3 (npm)"]
        note "Method, path and query are signed, not the body. Where the app's base URL has a path, say options: {base_path: /path}.";
    "fusionauth" "FusionAuth" Third
        [
            named("public", signed(FUSIONAUTH).options(&[("alg", &["RS256", "RS384", "RS512", "ES256", "ES384",
                "ES512", "EdDSA"]), ("body_claim", &["request_body_sha256"]), ("body_enc", &["base64"])])),
            named("hmac", shared(FUSIONAUTH).options(&[("alg", &["HS256", "HS384", "HS512"]),
                ("body_claim", &["request_body_sha256"]), ("body_enc", &["base64"])])),
        ]
        from [SKILLS];
    "google_pubsub" "Google Pub/Sub" Docs
        [named("oidc", OIDC.asks(&[("aud", "https://hooks.example.com/push"),
            ("claim.email", "push@project.iam.gserviceaccount.com")])
            .options(&[("alg", &["RS256"]), ("iss", &["https://accounts.google.com", "accounts.google.com"]),
                ("claim.email_verified", &["true"]), ("require", &["exp", "iat"])]))]
        from ["docs.cloud.google.com/pubsub/docs/authenticate-push-subscriptions"]
        proven ["library: google-auth 2.62.2"]
        note "The key set of www.googleapis.com/oauth2/v3/certs, as a url or a file. Not signed: the body; one token serves several messages.";
    "kinde" "Kinde" Sdk
        [named("jwt", signed(&[]).code("jwt").options(&[("alg", &["RS256"])]))]
        from ["npm @kinde/webhooks 1.0.0"]
        proven ["library: @kinde/webhooks 1.0.0"]
        note "The body is the token. The key set of /.well-known/jwks of your tenant, as a url or a file.";
    "livekit" "LiveKit" Sdk
        [named("hs256", shared(&["header:Authorization"]).asks(&[("iss", "API-key-id")])
            .options(&[("alg", &["HS256"]), ("body_claim", &["sha256"]), ("body_enc", &["base64"]),
                ("require", &["exp"])]))]
        from ["pypi livekit-api 1.2.2, webhook.py"]
        proven ["library: livekit-api 1.2.2"];
    "messagebird" "MessageBird" Sdk
        [named("jwt", shared(&["header:MessageBird-Signature-JWT"]).options(&[("alg", &["HS256", "HS384", "HS512"]),
            ("iss", &["MessageBird"]), ("require", &["nbf", "exp"]), ("unique", &["jti"]), ("leeway", &["1"]),
            ("body_claim", &["payload_hash"]), ("bare", &["yes"]), ("url_claim", &["url_hash"])]))]
        from ["pypi messagebird 2.2.0, request_validator.py"]
        proven ["library: messagebird 2.2.0"];
    "monday" "monday.com" Memory
        [named("hs256", shared(&["header:Authorization"]).options(&[("alg", &["HS256"]), ("require", &["exp"])]))]
        from [UNREAD]
        note "Nothing of the request is signed but the token's own claims.";
    "netlify" "Netlify" Multi
        [named("hs256", shared(&["header:X-Webhook-Signature"]).options(&[("alg", &["HS256"]), ("iss", &["netlify"]),
            ("body_claim", &["sha256"])]))]
        from [NUXT, CATALOGUE]
        note "The token has no time.";
    "plaid" "Plaid" Docs
        [named("es256", signed(&["header:Plaid-Verification"]).options(&[("alg", &["ES256"]), ("require", &["iat"]),
            ("max_age", &["300"]), ("body_claim", &["request_body_sha256"])]))]
        from ["plaid.com/docs/api/webhooks/webhook-verification", "elixir_plaid, webhooks.ex"]
        note "The keys that /webhook_verification_key/get gives for the ids in use, as a key set in a file.";
    "qstash" "Upstash QStash" Sdk
        [named("hs256", shared(&["header:Upstash-Signature"]).options(&[("alg", &["HS256"]), ("iss", &["Upstash"]),
            ("require", &["exp", "nbf"]), ("unique", &["jti"]), ("url_claim", &["sub"]), ("url_enc", &["plain"]),
            ("body_claim", &["body"]), ("body_enc", &["base64url"])]))]
        from ["npm @upstash/qstash 2.12.0, Receiver"]
        proven ["library: qstash 3.4.0"]
        note "Give the current and the next signing key as two secrets.";
    "vonage" "Vonage" Sdk
        [named("hs256", BEARER.options(&[("alg", &["HS256"]), ("iss", &["Vonage"]), ("require", &["iat"]),
            ("unique", &["jti"]), ("body_claim", &["payload_hash"]), ("bare", &["yes"])]))]
        from ["npm @vonage/jwt 1.14.0", "Vonage/vonage-ruby-sdk, pull request 291"]
        proven ["library: vonage-jwt 1.1.5"];
    "wix" "Wix" Memory
        [named("rs256", shared(&[]).key("pem", &[]).code("jwt").options(&[("alg", &["RS256"])]))]
        from [UNREAD]
        note "The body is the token.";
}
