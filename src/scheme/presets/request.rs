//! Providers that sign something of the request beside the body (the URL, the method, fields of a form), or only
//! some fields of the body.

use super::shape::{Shape, USUAL, digest, hmac};
use super::{ANYMAIL, Evidence, Preset, SEEN, SKILLS, THIRD_PARTIES, VERIFIER, family, named, old};

const GITEA: Shape = hmac(&["header:X-Gitea-Signature"]).id("header:X-Gitea-Delivery");

family! {
    "adyen" "Adyen" Sdk
        [named("standard", hmac(&[]).base64().key("hex", &[]).code("adyen"))]
        from ["pypi Adyen 16.0.0, util.generate_notification_sig", VERIFIER]
        proven ["vector: adyen-python-api-library UtilTest.py", "library: Adyen 16.0.0"]
        note "Eight fields of every item are signed, not the rest of the body. A field with a colon is refused. Option merchant_accounts: accept items of these only.";
    "bird" "Bird" Multi
        [named("sha256", hmac(&["header:MessageBird-Signature"]).base64()
            .msg("{timestamp}\n{url}\n{body|sha256raw}")
            .unix(&["header:MessageBird-Request-Timestamp"], Some(86_400)))]
        from [SEEN, "pypi messagebird 2.2.0, signed_request.py, an older variant"]
        note "Retries keep the time of the first attempt, hence the wide tolerance.";
    "ecwid" "Ecwid" Multi
        [named("sha256", hmac(&["header:X-Ecwid-Webhook-Signature"]).base64()
            .msg("{json:eventCreated}.{json:eventId}").unix(&["json:eventCreated"], None).id("json:eventId"))]
        from [SEEN, THIRD_PARTIES]
        note "Only time and id of the event are signed. Fetch the entity from Ecwid before acting on it; set tolerance.";
    "gitea" "Gitea" Sdk
        [
            named("json", GITEA),
            named("form", GITEA.msg("{form_only:payload}").when_type("form")),
            named("get", GITEA.msg("{query:payload}")),
        ]
        from ["go-gitea/gitea 05a2257, services/webhook/deliver.go"]
        note "The JSON is signed before it is put into a form. Without a secret the header is sent empty and refused.";
    "hubspot" "HubSpot" Sdk
        [
            named("v3", hmac(&["header:X-HubSpot-Signature-v3"]).base64().msg("{method}{url}{body}{timestamp}")
                .unix_ms(&["header:X-HubSpot-Request-Timestamp"], USUAL)),
            old("v2", digest(&["header:X-HubSpot-Signature"], "{secret}{method}{url}{body}")
                .require(&[("header:X-HubSpot-Signature-Version", "v2")])),
            old("v1", digest(&["header:X-HubSpot-Signature"], "{secret}{body}")
                .require(&[("header:X-HubSpot-Signature-Version", "v1")])),
        ]
        from [
            "pypi hubspot-api-client 12.0.0, utils/signature.py",
            "HubSpot/hubspot-api-python, tests/spec/utils/test_signature.py",
        ]
        proven ["vector: hubspot-api-python test_signature.py v3", "library: hubspot-api-client 12.0.0"]
        note "v3 signs the URL with some escapes decoded: a public_url with percent signs must be written decoded.";
    "mailgun" "Mailgun" Third
        [
            named("json", hmac(&["json:signature.signature"])
                .msg("{json:signature.timestamp}{json:signature.token}")
                .unix(&["json:signature.timestamp"], USUAL).id("json:signature.token")),
            named("form", hmac(&["form:signature"]).msg("{form:timestamp}{form:token}")
                .unix(&["form:timestamp"], USUAL).id("form:token").when_type("form")),
        ]
        from [ANYMAIL, VERIFIER]
        note "Only a time and a random token are signed, not the event. The key is the webhook signing key.";
    "mandrill" "Mandrill" Third
        [named("sha1", hmac(&["header:X-Mandrill-Signature"]).hash("sha1").base64().msg("{url}{form_sorted}"))]
        from [ANYMAIL, VERIFIER]
        note "The URL, names and values are joined without separators, so that where one ends is not signed.";
    "mercado_pago" "Mercado Pago" Sdk
        [named("v1", hmac(&["header:x-signature"]).items(",", "v1")
            .msg("[id:{query:data.id|lower};][request-id:{header:x-request-id};]ts:{timestamp};")
            .time(&["sig:ts"], "auto", USUAL).id("header:x-request-id"))]
        from ["npm mercadopago 3.6.1, utils/webhook"]
        proven ["library: mercadopago 3.6.0"]
        note "The body is not signed: take the id of the query and fetch the payment.";
    "plivo" "Plivo" Sdk
        [named("v2", hmac(&["header:X-Plivo-Signature-V2"]).base64()
            .msg("{url_no_query}{header:X-Plivo-Signature-V2-Nonce}").id("header:X-Plivo-Signature-V2-Nonce"))]
        from ["pypi plivo 4.63.0, utils"]
        proven ["library: plivo 4.63.0"]
        note "URL and nonce are signed, neither the query nor the body.";
    "square" "Square" Sdk
        [named("sha256", hmac(&["header:x-square-hmacsha256-signature"]).base64().msg("{url}{body}")
            .id("json:event_id"))]
        from ["pypi squareup 46.0.0, utils/webhooks_helper.py"]
        proven ["library: squareup 46.0.0.20260916"]
        note "The notification URL must be exactly that of the subscription.";
    "trello" "Trello" Docs
        [named("sha1", hmac(&["header:X-Trello-Webhook"]).hash("sha1").base64().msg("{body}{url}"))]
        from ["developer.atlassian.com/cloud/trello/guides/rest-api/webhooks", SKILLS, VERIFIER]
        note "The key is the application secret; the URL is the callbackURL as it was registered.";
}
