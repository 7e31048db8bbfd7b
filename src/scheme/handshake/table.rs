//! Every handshake, by the preset it belongs to. Facts from the providers' libraries and pages as cited by the presets.

use super::{At, Handshake, HelloBody, Part, Pattern, Shape, Sign, Trust, Written};

/// A request that is answered with nothing.
const fn bare(name: &'static str, when: &'static [Sign]) -> Handshake {
    Handshake { name, when, trust: Trust::Open, reply: Some(Shape::empty(200)), body: HelloBody::Empty }
}

const HEAD: Handshake = bare("head", &[Sign::Method("HEAD")]);

const ORIGIN: &str = "WebHook-Request-Origin";

/// What only the gate could do is done with a signature; what only the app could do is left to it.
static TABLE: &[(&str, &[Handshake])] = &[
    ("asana", &[ASANA]),
    ("azure_eventgrid", &[EVENT_GRID, abuse_protection(&["eventgrid.azure.net"])]),
    ("braintree", &[BRAINTREE]),
    ("cloudevents", &[abuse_protection(&[])]),
    ("discord", &[DISCORD_INTERACTION, DISCORD_EVENT]),
    ("dropbox", &[DROPBOX]),
    ("intercom", &[HEAD]),
    ("mailchimp", &[bare("probe", &[Sign::Method("GET")])]),
    ("mandrill", &[HEAD]),
    ("meta", &[META]),
    ("monday", &[MONDAY]),
    ("msgraph", &[GRAPH]),
    ("notion", &[NOTION]),
    ("okta", &[OKTA]),
    ("slack", &[SLACK]),
    ("trello", &[HEAD]),
    ("twitch", &[TWITCH]),
    ("woocommerce", &[WOOCOMMERCE]),
    ("x_twitter", &[X_TWITTER]),
    ("xero", &[XERO]),
    ("zoom", &[ZOOM]),
];

const ASANA: Handshake = Handshake {
    name: "hook_secret",
    when: &[Sign::Method("POST"), Sign::Header("X-Hook-Secret"), Sign::NoHeader("X-Hook-Signature")],
    trust: Trust::Open,
    reply: None,
    body: HelloBody::Empty,
};

const EVENT_GRID: Handshake = Handshake {
    name: "subscription_validation",
    when: &[
        Sign::Method("POST"),
        Sign::HeaderIs("aeg-event-type", "SubscriptionValidation"),
        Sign::JsonIs("0.eventType", "Microsoft.EventGrid.SubscriptionValidationEvent"),
        Sign::Json("0.data.validationCode"),
    ],
    trust: Trust::Open,
    reply: Some(Shape::json(&[
        Part::Is("{\"validationResponse\":"),
        Part::Quote(At::Json("0.data.validationCode")),
        Part::Is("}"),
    ])),
    body: HelloBody::Any,
};

/// CloudEvents HTTP webhook §4. The callback it may name is never called.
const fn abuse_protection(origins: &'static [&'static str]) -> Handshake {
    Handshake {
        name: "abuse_protection",
        when: &[Sign::Method("OPTIONS"), Sign::Header(ORIGIN)],
        trust: Trust::Origin(ORIGIN, origins),
        reply: Some(Shape::empty(200)),
        body: HelloBody::Empty,
    }
}

const BRAINTREE: Handshake = Handshake {
    name: "challenge",
    when: &[Sign::Method("GET"), Sign::Query("bt_challenge")],
    trust: Trust::Open,
    reply: Some(Shape::plain(&[
        Part::PublicId,
        Part::Is("|"),
        Part::Mac(At::Query("bt_challenge"), Pattern::Hex, Written::Hex),
    ])),
    body: HelloBody::Empty,
};

/// Interactions have a token; in webhook events a type of 1 is an event.
const DISCORD_INTERACTION: Handshake = Handshake {
    name: "interaction_ping",
    when: &[Sign::Method("POST"), Sign::JsonIs("type", "1"), Sign::Json("token")],
    trust: Trust::Signed,
    reply: Some(Shape::json(&[Part::Is("{\"type\":1}")])),
    body: HelloBody::Any,
};

const DISCORD_EVENT: Handshake = Handshake {
    name: "event_ping",
    when: &[Sign::Method("POST"), Sign::JsonIs("type", "0")],
    trust: Trust::Signed,
    reply: Some(Shape::empty(204)),
    body: HelloBody::Any,
};

const DROPBOX: Handshake = Handshake {
    name: "challenge",
    when: &[Sign::Method("GET"), Sign::Query("challenge")],
    trust: Trust::Open,
    reply: Some(Shape::plain(&[Part::Echo(At::Query("challenge"))])),
    body: HelloBody::Empty,
};

const META: Handshake = Handshake {
    name: "verify",
    when: &[
        Sign::Method("GET"),
        Sign::QueryIs("hub.mode", "subscribe"),
        Sign::Query("hub.verify_token"),
        Sign::Query("hub.challenge"),
    ],
    trust: Trust::Token("hub.verify_token"),
    reply: Some(Shape::plain(&[Part::Echo(At::Query("hub.challenge"))])),
    body: HelloBody::Empty,
};

const MONDAY: Handshake = Handshake {
    name: "challenge",
    when: &[Sign::Method("POST"), Sign::Json("challenge")],
    trust: Trust::Open,
    reply: Some(Shape::json(&[
        Part::Is("{\"challenge\":"),
        Part::Quote(At::Json("challenge")),
        Part::Is("}"),
    ])),
    body: HelloBody::OnlyText("challenge"),
};

const GRAPH: Handshake = Handshake {
    name: "validation",
    when: &[Sign::Method("POST"), Sign::Query("validationToken")],
    trust: Trust::Open,
    reply: Some(Shape::plain(&[Part::Echo(At::Query("validationToken"))])),
    body: HelloBody::Empty,
};

const NOTION: Handshake = Handshake {
    name: "verification_token",
    when: &[Sign::Method("POST"), Sign::NoHeader("X-Notion-Signature"), Sign::Json("verification_token")],
    trust: Trust::Open,
    reply: None,
    body: HelloBody::OnlyText("verification_token"),
};

const OKTA: Handshake = Handshake {
    name: "challenge",
    when: &[Sign::Method("GET"), Sign::Header("x-okta-verification-challenge")],
    trust: Trust::Signed,
    reply: Some(Shape::json(&[
        Part::Is("{\"verification\":"),
        Part::Quote(At::Header("x-okta-verification-challenge")),
        Part::Is("}"),
    ])),
    body: HelloBody::Empty,
};

const SLACK: Handshake = Handshake {
    name: "url_verification",
    when: &[Sign::Method("POST"), Sign::JsonIs("type", "url_verification"), Sign::Json("challenge")],
    trust: Trust::Signed,
    reply: Some(Shape::plain(&[Part::Echo(At::Json("challenge"))])),
    body: HelloBody::Any,
};

const TWITCH: Handshake = Handshake {
    name: "callback_verification",
    when: &[
        Sign::Method("POST"),
        Sign::HeaderIs("Twitch-Eventsub-Message-Type", "webhook_callback_verification"),
        Sign::Json("challenge"),
    ],
    trust: Trust::Signed,
    reply: Some(Shape::plain(&[Part::Echo(At::Json("challenge"))])),
    body: HelloBody::Any,
};

/// Sent unsigned when a webhook is created.
const WOOCOMMERCE: Handshake = Handshake {
    name: "ping",
    when: &[Sign::Method("POST"), Sign::NoHeader("X-WC-Webhook-Signature"), Sign::FormNumber("webhook_id")],
    trust: Trust::Open,
    reply: Some(Shape::empty(200)),
    body: HelloBody::Any,
};

/// The token is signed with the key that signs deliveries: see [`Pattern::Word`].
const X_TWITTER: Handshake = Handshake {
    name: "crc",
    when: &[Sign::Method("GET"), Sign::Query("crc_token")],
    trust: Trust::Open,
    reply: Some(Shape::json(&[
        Part::Is("{\"response_token\":\"sha256="),
        Part::Mac(At::Query("crc_token"), Pattern::Word, Written::Base64),
        Part::Is("\"}"),
    ])),
    body: HelloBody::Empty,
};

/// Intent to receive: a right signature gets 200, a wrong one 401, both with no body.
const XERO: Handshake = Handshake {
    name: "intent_to_receive",
    when: &[
        Sign::Method("POST"),
        Sign::JsonIs("firstEventSequence", "0"),
        Sign::JsonIs("lastEventSequence", "0"),
        Sign::Json("entropy"),
    ],
    trust: Trust::Signed,
    reply: Some(Shape::empty(200)),
    body: HelloBody::Any,
};

const ZOOM: Handshake = Handshake {
    name: "url_validation",
    when: &[
        Sign::Method("POST"),
        Sign::JsonIs("event", "endpoint.url_validation"),
        Sign::Json("payload.plainToken"),
    ],
    trust: Trust::Signed,
    reply: Some(Shape::json(&[
        Part::Is("{\"plainToken\":"),
        Part::Quote(At::Json("payload.plainToken")),
        Part::Is(",\"encryptedToken\":\""),
        Part::Mac(At::Json("payload.plainToken"), Pattern::Word, Written::Hex),
        Part::Is("\"}"),
    ])),
    body: HelloBody::Any,
};

/// The handshakes of a preset; empty where it has none.
pub fn handshakes(provider: &str) -> &'static [Handshake] {
    TABLE.iter().find(|(name, _)| *name == provider).map_or(&[], |(_, all)| all)
}

/// Whether the provider takes a refusal only without a body: Xero's intent to receive.
pub fn is_silent(provider: &str) -> bool {
    provider == "xero"
}

/// The presets that have one.
#[cfg(test)]
pub(super) fn providers() -> impl Iterator<Item = &'static str> {
    TABLE.iter().map(|(name, _)| *name)
}
