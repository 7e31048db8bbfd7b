//! Providers whose signed message only code knows (`scheme/code`).

use super::shape::{Shape, USUAL, hmac, token};
use super::{Evidence, Preset, THIRD_PARTIES, family, named, old};

const TWILIO: Shape = hmac(&["header:X-Twilio-Signature"]).base64().code("twilio");

family! {
    "aws_sigv4" "AWS Signature Version 4" Sdk
        [named("header", hmac(&[]).derive("aws4").time(&["header:x-amz-date"], "iso_basic", USUAL).code("aws_sigv4"))]
        from ["pypi botocore 1.44.5, auth.py", "the AWS SigV4 test suite"]
        proven ["library: botocore 1.44.5"]
        note "In the Authorization header only. Options region, service and access_key pin the credential.";
    "braintree" "Braintree" Sdk
        [named("sha1", hmac(&[]).hash("sha1").derive("sha1").code("braintree"))]
        from ["pypi braintree 4.48.0, webhook_notification_gateway.py and util/crypto.py"]
        proven ["library: braintree 4.48.0"]
        note "The secret is the private key. The body has the two fields of a notification and no other.";
    "cavage" "HTTP Signatures (draft-cavage-12)" Sdk
        [named("hmac_sha256", hmac(&[]).base64().time(&["header:date"], "http_date", USUAL).code("cavage"))]
        from ["pypi httpsig 1.3.0, verify.py", "draft-cavage-http-signatures-12"]
        proven ["library: httpsig 1.3.0"]
        note "Option headers says what must be signed, key_id which keys may be named.";
    "contentful" "Contentful" Sdk
        [named("canonical", hmac(&["header:x-contentful-signature"])
            .unix_ms(&["header:x-contentful-timestamp"], Some(30)).code("contentful"))]
        from ["npm @contentful/node-apps-toolkit 3.16.1, requests"]
        proven ["library: @contentful/node-apps-toolkit 3.16.1"]
        note "Headers that are not in the signed list are anyone's.";
    "dropbox_sign" "Dropbox Sign" Sdk
        [named("event_hash", hmac(&[]).code("dropbox_sign"))]
        from ["pypi dropbox-sign 2.0.0, event_callback_helper.py"]
        proven ["library: dropbox-sign 2.0.0"]
        note "Time and type of the event are signed and nothing else. The app's answer must be Hello API Event Received.";
    "plivo_v3" "Plivo (third signature)" Sdk
        [named("v3", hmac(&["header:X-Plivo-Signature-V3"]).base64().split(",").code("plivo_v3"))]
        from ["pypi plivo 4.63.0, utils/signature_v3.py"]
        proven ["library: plivo 4.63.0"]
        note "Parameters are signed without marks between them: whoever has seen a request can cut them elsewhere.";
    "salesforce_outbound" "Salesforce outbound messages" Docs
        [named("organization", token(&[]).code("salesforce"))]
        from ["developer.salesforce.com, SOAP API Developer Guide: outbound messaging WSDL"]
        note "The secrets are the ids of your organisations, 18 characters, as list. They are no secrets and nothing is signed: the route needs ip_allowlist or another credential too, and what stands before the gate should ask for Salesforce's client certificate. Salesforce sends again, with the same notification ids, until the app answers with Ack true: the app must know them.";
    "twilio" "Twilio" Sdk
        [
            named("auth_token", TWILIO.hash("sha1")),
            named("shared_key", TWILIO),
        ]
        from ["pypi twilio 9.13.0, request_validator.py", "twilio/twilio-python, tests/unit/test_request_validator.py"]
        proven ["library: twilio 9.13.0"]
        note "Parameters are signed without marks between them: whoever has seen a request can cut them elsewhere. Write public_url.";
    "vonage_sms" "Vonage SMS signatures" Sdk
        [
            named("form", hmac(&["form:sig"]).unix(&["form:timestamp"], USUAL).code("vonage_sig")),
            named("query", hmac(&["query:sig"]).unix(&["query:timestamp"], USUAL).code("vonage_sig")),
            old("form_sha1", hmac(&["form:sig"]).hash("sha1").unix(&["form:timestamp"], USUAL).code("vonage_sig")),
        ]
        from ["pypi vonage-http-client 1.5.2, auth.py", THIRD_PARTIES]
        proven ["library: vonage-http-client 1.5.2"]
        note "An underscore in a value may have been & or =. Newer webhooks carry a token: see vonage.";
}
