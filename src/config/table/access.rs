//! `security`, the address lists and the entries of secrets.

use super::{BOOLEAN, Default, FILE, Form, Group, HEADER, INSTANT, NAME, NETWORKS, SECRET, key};

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

static SECRET_ENTRY: Group = Group {
    name: "secret",
    keys: &[
        key(
            "id",
            &[NAME],
            Default::Depends("the variable's or the file's name, else `secret-N`"),
            "Told in audit records and metrics when this secret matched.",
        ),
        key("value", &[SECRET], Default::Absent, "The secret itself, best as `${VARIABLE}`."),
        key(
            "file",
            &[FILE],
            Default::Absent,
            "A file that holds the secret; its single trailing newline is cut.",
        ),
        key("not_before", &[INSTANT], Default::Absent, "Not valid before this date."),
        key("not_after", &[INSTANT], Default::Absent, "Not valid from this date on."),
        key("allow_weak", &[BOOLEAN], Default::Text("false"), "Accepts a secret shorter than 16 bytes."),
    ],
};
