//! `security`, the address lists and the entries of secrets.

use super::{
    BOOLEAN, Default, FILE, Form, Group, HEADER, INSTANT, Key, Kind, NAME, NETWORKS, SECRET, key, millis,
};
use crate::config::defaults;

pub(super) const IP_LIST: &[Form] = &[NETWORKS, Form::Map(&LIST_FILE)];
pub(super) const SECRETS: &[Form] =
    &[SECRET, Form::Map(&SECRET_ENTRY), Form::List(&[SECRET, Form::Map(&SECRET_ENTRY)])];

pub(super) static SECURITY: Group = Group {
    name: "security",
    keys: &[
        key(
            "ip_allowlist",
            IP_LIST,
            Default::Absent,
            "Only these client addresses may call; without it, any may.",
        ),
        key(
            "ip_denylist",
            IP_LIST,
            Default::Absent,
            "These client addresses may not call; beats every allow list.",
        ),
        key(
            "trusted_proxies",
            &[NETWORKS],
            Default::Absent,
            "Peers whose forwarding header tells the client address; without it, nobody's does.",
        ),
        key(
            "client_ip_header",
            &[HEADER],
            Default::Text("X-Forwarded-For"),
            "The header trusted proxies tell the client address by: X-Forwarded-For, Forwarded, or one that holds a single address.",
        ),
        key(
            "webhook_secrets",
            &[Form::Named(SECRETS)],
            Default::Absent,
            "Each entry NAME makes a route POST /webhook/NAME: the provider's signature where NAME is a provider, else the secret in the header X-Webhook-Secret.",
        ),
    ],
};

static LIST_FILE: Group = Group {
    name: "ip_list_file",
    keys: &[key(
        "file",
        &[FILE],
        Default::Required,
        "A text file with one address or CIDR a line; `#` starts a comment. Watched for changes.",
    )],
};

/// Secrets of a signature: its keys may be public, and such can be fetched.
pub(super) const SIGNATURE_SECRETS: &[Form] =
    &[SECRET, Form::Map(&SIGNATURE_SECRET_ENTRY), Form::List(&[SECRET, Form::Map(&SIGNATURE_SECRET_ENTRY)])];

const ID: Key = key(
    "id",
    &[NAME],
    Default::Depends("the variable's or the file's name, else `secret-N`"),
    "Told in audit records and metrics when this secret matched.",
);
const VALUE: Key = key("value", &[SECRET], Default::Absent, "The secret itself, best as `${VARIABLE}`.");
const SECRET_FILE: Key = key(
    "file",
    &[FILE],
    Default::Absent,
    "A file that holds the secret; its single trailing newline is cut.",
);
const NOT_BEFORE: Key = key("not_before", &[INSTANT], Default::Absent, "Not valid before this date.");
const NOT_AFTER: Key = key("not_after", &[INSTANT], Default::Absent, "Not valid from this date on.");
const ALLOW_WEAK: Key =
    key("allow_weak", &[BOOLEAN], Default::Text("false"), "Accepts a secret shorter than 16 bytes.");

static SECRET_ENTRY: Group =
    Group { name: "secret", keys: &[ID, VALUE, SECRET_FILE, NOT_BEFORE, NOT_AFTER, ALLOW_WEAK] };

static SIGNATURE_SECRET_ENTRY: Group = Group {
    name: "signature_secret",
    keys: &[
        ID,
        VALUE,
        SECRET_FILE,
        key(
            "url",
            &[Form::Is(Kind::Url), Form::Is(Kind::Word(&["message"]))],
            Default::Absent,
            "Where a public key, certificate or key set is fetched from, an https URL of `outbound.allowed_hosts`; `message`: the certificate that each message names, where the provider has messages name one (Amazon SNS, PayPal).",
        ),
        key(
            "refresh",
            &[millis(1_000, 7 * 86_400_000)],
            Default::Duration(defaults::KEY_REFRESH),
            "How often `url` is fetched again.",
        ),
        key(
            "max_stale",
            &[millis(1_000, 30 * 86_400_000)],
            Default::Duration(defaults::KEY_MAX_STALE),
            "How long what was fetched last counts when nothing newer can be had; then 503.",
        ),
        NOT_BEFORE,
        NOT_AFTER,
        ALLOW_WEAK,
    ],
};
