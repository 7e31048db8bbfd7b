//! `routes`: what callers may reach and what each place asks of them.

use super::{
    BOOLEAN, Default, Form, Group, HEADER, Kind, NAME, TEXT, WORDS, access, integer, key, millis, root,
    scheme,
};
use crate::config::defaults;

pub(super) static ROUTE: Group = Group {
    name: "route",
    keys: &[
        key("name", &[NAME], Default::Required, "Unique name: the label in metrics, audit records and logs."),
        key(
            "path",
            &[Form::Is(Kind::Path)],
            Default::Absent,
            "This path exactly, or a template such as /users/{owner}/docs/{id} where a name in braces stands for one whole segment.",
        ),
        key(
            "path_prefix",
            &[Form::Is(Kind::Path)],
            Default::Absent,
            "Every path that begins with these whole segments. Exactly one of `path` and `path_prefix` is written.",
        ),
        key(
            "methods",
            &[Form::List(&[Form::Is(Kind::Method)])],
            Default::Depends("any"),
            "The methods; another one is answered 405.",
        ),
        key(
            "hosts",
            &[Form::List(&[Form::Is(Kind::Host)])],
            Default::Depends("any"),
            "The host names; another one is answered 404.",
        ),
        key(
            "signature",
            &[Form::Map(&SIGNATURE)],
            Default::Absent,
            "The body is signed by a webhook provider.",
        ),
        key("shared_secret", &[Form::Map(&SHARED_SECRET)], Default::Absent, "A header holds a secret."),
        key(
            "api_key",
            &[Form::Map(&API_KEY_USE)],
            Default::Absent,
            "The caller presents one of `api_keys`; `{}` takes the default place.",
        ),
        key(
            "require",
            &[Form::Is(Kind::Word(&["all", "any"]))],
            Default::Text("all"),
            "`all`: every credential of this route must verify; `any`: every one presented must, and one must be presented.",
        ),
        key("authorize", &[Form::Map(&AUTHORIZE)], Default::Absent, "What the API key must be allowed."),
        key(
            "ip_allowlist",
            access::IP_LIST,
            Default::Absent,
            "Narrows the global allow list for this route.",
        ),
        key("ip_denylist", access::IP_LIST, Default::Absent, "Adds to the global deny list for this route."),
        key(
            "rate_limits",
            &[Form::List(&[Form::Map(&RATE_LIMIT)])],
            Default::Absent,
            "Limits on requests; every one of them must admit.",
        ),
        key("body", &[Form::Map(&BODY)], Default::Absent, "Rules on the body."),
        key(
            "resign",
            &[Form::Map(&RESIGN)],
            Default::Absent,
            "The app gets a Standard Webhooks signature of your own in place of the provider's: `webhook-id`, `webhook-timestamp`, `webhook-signature`.",
        ),
        key("critical", &[BOOLEAN], Default::Text("false"), "Served during maintenance."),
        key(
            "upstream",
            root::UPSTREAM_FORMS,
            Default::Depends("the top-level `upstream`"),
            "Another app for this route.",
        ),
        key(
            "public",
            &[BOOLEAN],
            Default::Text("false"),
            "A route without any credential check must say so here.",
        ),
    ],
};

static RESIGN: Group = Group {
    name: "resign",
    keys: &[key(
        "secrets",
        access::SECRETS,
        Default::Required,
        "What the gate signs with, base64, `whsec_` before it or not. All that are valid sign, for rotation.",
    )],
};

static SIGNATURE: Group = Group {
    name: "signature",
    keys: &[
        key("provider", &[NAME], Default::Absent, "A known provider; `sidegate providers` lists them."),
        key(
            "scheme",
            &[Form::Map(&scheme::SCHEME), Form::List(&[Form::Map(&scheme::SCHEME)])],
            Default::Absent,
            "A scheme of your own, or several with `when` after the first. Exactly one of `provider` and `scheme` is written.",
        ),
        key(
            "secrets",
            access::SIGNATURE_SECRETS,
            Default::Required,
            "The secrets valid at once, for rotation.",
        ),
        key(
            "public_url",
            &[Form::Is(Kind::Url)],
            Default::Depends("https, the Host and the target"),
            "The URL the provider was given, for schemes that sign it. Its query counts for nothing: the request's own is judged and forwarded.",
        ),
        key(
            "tolerance",
            &[millis(1_000, 86_400_000)],
            Default::Depends("the provider's own"),
            "How old a signed timestamp may be.",
        ),
        key(
            "variant",
            &[NAME],
            Default::Depends("the strongest"),
            "Which scheme of a provider with several: its name or its number from 0.",
        ),
        key(
            "header",
            &[HEADER],
            Default::Absent,
            "The header that holds the token, for the providers that leave its name to you.",
        ),
        key(
            "options",
            &[Form::Named(&[TEXT, WORDS])],
            Default::Absent,
            "What a scheme made by code asks for; `sidegate providers NAME` tells.",
        ),
        key(
            "replay",
            &[Form::Is(Kind::Word(&["off", "reject", "acknowledge"]))],
            Default::Depends(
                "`acknowledge` where the signed message carries a time or a unique id, else `off`",
            ),
            "What a message seen before gets: `reject` 409, `acknowledge` 200 without forwarding, `off` no memory.",
        ),
        key(
            "handshake",
            &[HANDSHAKE_MODE, Form::Map(&HANDSHAKE)],
            Default::Depends("`answer` where the gate can, else `off`"),
            "Who replies to the provider's endpoint challenge: `answer` the gate, `forward` the app, which is shown a request that holds the challenge and nothing else, unsigned; `off` nobody.",
        ),
    ],
};

const HANDSHAKE_MODE: Form = Form::Is(Kind::Word(&["answer", "forward", "off"]));

static HANDSHAKE: Group = Group {
    name: "handshake",
    keys: &[
        key("mode", &[HANDSHAKE_MODE], Default::Text("answer"), "Who replies."),
        key(
            "verify_token",
            access::SECRETS,
            Default::Absent,
            "The secret the provider shows with its challenge (Meta).",
        ),
        key(
            "origins",
            &[TEXT, WORDS],
            Default::Depends("the provider's own"),
            "Who may ask whether it may send here (CloudEvents): `WebHook-Request-Origin`.",
        ),
        key(
            "public_id",
            &[TEXT],
            Default::Absent,
            "The public id of the key, where the answer names it (Braintree).",
        ),
    ],
};

static SHARED_SECRET: Group = Group {
    name: "shared_secret",
    keys: &[
        key(
            "header",
            &[HEADER],
            Default::Text(defaults::SECRET_HEADER),
            "The header that holds the secret; removed before the request goes on.",
        ),
        key("secrets", access::SECRETS, Default::Required, "The secrets valid at once, for rotation."),
    ],
};

static API_KEY_USE: Group = Group {
    name: "api_key_use",
    keys: &[key(
        "locations",
        &[Form::List(&[Form::Is(Kind::KeyLocation)])],
        Default::Depends("`[header:X-API-Key]`"),
        "Where the key may stand; two different keys in one request are refused.",
    )],
};

static AUTHORIZE: Group = Group {
    name: "authorize",
    keys: &[
        key("roles", &[WORDS], Default::Absent, "At least one of these roles."),
        key(
            "permissions",
            &[WORDS],
            Default::Absent,
            "Every one of these permissions; one that ends in `*` asks for any permission that begins so.",
        ),
    ],
};

static RATE_LIMIT: Group = Group {
    name: "rate_limit",
    keys: &[
        key("name", &[NAME], Default::Required, "Unique within the route."),
        key(
            "limit",
            &[integer(1, 1_000_000_000)],
            Default::Absent,
            "Never more than this many requests in any `window`.",
        ),
        key("window", &[millis(1_000, 86_400_000)], Default::Absent, "The length of the window."),
        key(
            "rate",
            &[Form::Is(Kind::Rate)],
            Default::Absent,
            "Smoothing instead of a window: the sustained rate.",
        ),
        key(
            "burst",
            &[integer(1, 1_000_000)],
            Default::Absent,
            "Requests admitted at once before `rate` applies.",
        ),
        key(
            "by",
            &[Form::List(&[Form::Is(Kind::Word(&["client_ip", "api_key", "route"]))])],
            Default::Depends("`[client_ip]`"),
            "Whose requests are counted together.",
        ),
    ],
};

static BODY: Group = Group {
    name: "body",
    keys: &[key(
        "max_size",
        &[Form::Is(Kind::Size(0, 1 << 40))],
        Default::Absent,
        "Largest body; a larger one is answered 413. This alone never makes the gate hold a body.",
    )],
};
