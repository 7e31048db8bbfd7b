//! Providers that sign with a key of their own and publish the other half; and those that do so in a way code knows.

use super::shape::{Shape, USUAL, hmac};
use super::{Evidence, NUXT, Preset, TERN, TRIGGER, family, named, old};

const SNS: Shape = hmac(&["json:Signature"])
    .kind("rsa")
    .base64()
    .time(&["json:Timestamp"], "rfc3339", Some(3600))
    .key("pem", &[])
    .code("aws_sns")
    .asks(&[("topics", "arn:aws:sns:us-east-1:123456789012:example")]);

family! {
    "aws_sns" "Amazon SNS" Sdk
        [
            named("v2", SNS.require(&[("json:SignatureVersion", "2")])),
            old("v1", SNS.hash("sha1").require(&[("json:SignatureVersion", "1")])),
        ]
        from ["npm sns-validator 0.3.5", "django-anymail, comment"]
        proven ["library: sns-validator 0.3.5", "library: sns-validator 0.3.5 (variant v1)"]
        note "The key is the certificate SigningCertURL names: url: message, or a file. Topics sign with version 1 unless their attribute SignatureVersion is 2. Message attributes and UnsubscribeURL are not signed.";
    "discord" "Discord" Sdk
        [named("ed25519", hmac(&["header:X-Signature-Ed25519"]).kind("ed25519").msg("{timestamp}{body}")
            .unix(&["header:X-Signature-Timestamp"], USUAL).key("raw_hex", &[]))]
        from ["npm discord-interactions 4.4.0", TRIGGER, NUXT]
        proven ["library: discord-interactions 4.4.0"]
        note "The key is the application's public key. Discord sends wrong signatures on purpose and wants 401.";
    "fal" "fal" Third
        [named("ed25519", hmac(&["header:X-Fal-Webhook-Signature"]).kind("ed25519")
            .msg("{header:X-Fal-Webhook-Request-Id}\n{header:X-Fal-Webhook-User-Id}\n{timestamp}\n{body|sha256hex}")
            .unix(&["header:X-Fal-Webhook-Timestamp"], USUAL).key("jwks", &[])
            .id("header:X-Fal-Webhook-Request-Id"))]
        from [TERN]
        note "The key set of rest.alpha.fal.ai/.well-known/jwks.json, as a url or a file; it is the same for all customers.";
    "kick" "Kick" Third
        [named("rsa", hmac(&["header:Kick-Event-Signature"]).kind("rsa").base64()
            .msg("{header:Kick-Event-Message-Id}.{timestamp}.{body}")
            .time(&["header:Kick-Event-Message-Timestamp"], "rfc3339", USUAL).key("pem", &[])
            .id("header:Kick-Event-Message-Id"))]
        from [NUXT]
        note "One key for all customers: the signature proves Kick, not that the event was meant for you.";
    "mailchannels" "MailChannels" Third
        [named("rfc9421", hmac(&["header:Signature"]).kind("ed25519").base64().key("raw_b64", &[])
            .code("rfc9421").options(&[("components", &["content-digest"])]))]
        from [NUXT]
        note "Only the digest of the body is signed.";
    "paddle_classic" "Paddle Classic" Third
        [named("php", hmac(&["form:p_signature"]).kind("rsa").hash("sha1").base64().key("pem", &[])
            .code("paddle_classic"))]
        from ["npm verify-paddle-webhook 1.1.0, which our tests ask"]
        note "The key is the vendor's public key.";
    "paypal" "PayPal" Sdk
        [named("rsa", hmac(&["header:PAYPAL-TRANSMISSION-SIG"]).kind("rsa").base64()
            .time(&["header:PAYPAL-TRANSMISSION-TIME"], "rfc3339", USUAL).key("pem", &[]).code("paypal")
            .require(&[("header:PAYPAL-AUTH-ALGO", "SHA256withRSA")]).asks(&[("webhook_id", "WH-EXAMPLE")]))]
        from ["pypi paypalrestsdk 1.13.3, notifications.py", NUXT]
        proven ["library: paypalrestsdk 1.13.3 (the signed text)"]
        note "The key is the certificate PAYPAL-CERT-URL names: url: message, or a file. Of the body only a CRC-32 is signed, which another body can have too.";
    "postal" "Postal" Third
        [named("rsa", hmac(&["header:X-Postal-Signature"]).kind("rsa_1024").hash("sha1").base64()
            .key("pem", &[]))]
        from ["pypi django-anymail 15.2, which our tests ask"]
        note "Installations make keys of 1024 bits unless told otherwise, so these are accepted here.";
    "rfc9421" "HTTP Message Signatures" Sdk
        [
            named("ed25519", hmac(&["header:Signature"]).kind("ed25519").base64().key("pem", &[]).code("rfc9421")),
            named("ecdsa", hmac(&["header:Signature"]).kind("ecdsa_p256_fixed").base64().key("pem", &[]).code("rfc9421")),
            named("rsa_pss", hmac(&["header:Signature"]).kind("rsa_pss").hash("sha512").base64().key("pem", &[])
                .code("rfc9421")),
        ]
        from ["RFC 9421, appendix B", "pyauth/http-message-signatures, test/test.py"]
        proven ["library: http-message-signatures 3.0.0"]
        note "Options: components (what must be signed), label, key_id, tag, max_age.";
    "sendgrid" "SendGrid" Sdk
        [named("ecdsa", hmac(&["header:X-Twilio-Email-Event-Webhook-Signature"]).kind("ecdsa_p256").base64()
            .msg("{timestamp}{body}").unix(&["header:X-Twilio-Email-Event-Webhook-Timestamp"], USUAL)
            .key("spki_b64", &[]))]
        from ["pypi sendgrid 6.12.5, helpers/eventwebhook"]
        proven ["library: sendgrid 6.12.5"]
        note "The body ends with CR LF, which is signed.";
    "telnyx" "Telnyx" Sdk
        [named("ed25519", hmac(&["header:telnyx-signature-ed25519"]).kind("ed25519").base64()
            .msg("{timestamp}|{body}").unix(&["header:telnyx-timestamp"], USUAL).key("raw_b64", &[]))]
        from ["pypi telnyx 4.189.0, lib/webhook_verification.py"]
        proven ["library: telnyx 4.189.0"];
    "travis" "Travis CI" Docs
        [named("rsa", hmac(&["header:Signature"]).kind("rsa").hash("sha1").base64().msg("{form_only:payload}")
            .key("pem", &[]))]
        from ["travis-ci/docs-travis-ci-com, user/notifications"]
        note "The key is config.notifications.webhook.public_key of api.travis-ci.com/config, the same for all customers.";
}
