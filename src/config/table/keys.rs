//! API keys: in the config file, and in files of their own.

use super::{
    BOOLEAN, Default, FILE, Form, Group, INSTANT, Key, Kind, NAME, SECRET, TEXT, WORDS, integer, key,
};

pub(super) const KEYS_FORMS: &[Form] = &[Form::List(&[SECRET, Form::Map(&API_KEY)]), Form::Named(&[SECRET])];
pub(super) const METADATA_FORMS: &[Form] = &[Form::Named(&[Form::Map(&METADATA)])];

pub(super) static API_KEYS: Group = Group {
    name: "api_keys",
    keys: &[
        key(
            "files",
            &[FILE, Form::List(&[FILE])],
            Default::Absent,
            "Files with `keys` and `key_metadata` as here, YAML or JSON. Watched for changes.",
        ),
        key(
            "pepper",
            &[Form::Map(&PEPPER)],
            Default::Absent,
            "Key of the HMAC that `hmac-sha256:` hashes were made with; keep it where the hashes are not.",
        ),
        KEYS,
        KEY_METADATA,
    ],
};

/// A file of API keys.
pub(crate) static KEY_FILE: Group = Group {
    name: "key_file",
    keys: &[
        key(
            "version",
            &[Form::Is(Kind::Word(&["1"]))],
            Default::Text("1"),
            "Version of this file's language.",
        ),
        KEYS,
        KEY_METADATA,
    ],
};

const KEYS: Key = key(
    "keys",
    KEYS_FORMS,
    Default::Absent,
    "The keys: a list of entries or of raw keys, or a map from names to raw keys.",
);

const KEY_METADATA: Key = key(
    "key_metadata",
    METADATA_FORMS,
    Default::Absent,
    "What each key may do, by the key's name, id or raw value (best as `${VARIABLE}`).",
);

static PEPPER: Group = Group {
    name: "pepper",
    keys: &[
        key(
            "file",
            &[FILE],
            Default::Absent,
            "A file that holds the pepper; its single trailing newline is cut.",
        ),
        key("value", &[SECRET], Default::Absent, "The pepper itself, best as `${VARIABLE}`."),
    ],
};

const ROLES: Key = key("roles", &[WORDS], Default::Absent, "Roles, for `authorize.roles` of a route.");
const PERMISSIONS: Key = key(
    "permissions",
    &[WORDS],
    Default::Absent,
    "Permissions, for `authorize.permissions` of a route; one that ends in `*` covers all that begin so.",
);
const RATE_LIMIT: Key = key(
    "rate_limit",
    &[integer(1, 1_000_000_000)],
    Default::Absent,
    "Most requests with this key in any 60 seconds, over all routes.",
);
const NOT_BEFORE: Key = key("not_before", &[INSTANT], Default::Absent, "Not valid before this date.");
const EXPIRES_AT: Key = key("expires_at", &[INSTANT], Default::Absent, "Not valid from this date on.");
const REVOKED: Key = key("revoked", &[BOOLEAN], Default::Text("false"), "Never valid.");

static API_KEY: Group = Group {
    name: "api_key",
    keys: &[
        key(
            "id",
            &[NAME],
            Default::Depends("the id inside a key made by `sidegate keys`, else the name"),
            "Public id, unique; told in audit records and to the app.",
        ),
        key("name", &[TEXT], Default::Absent, "Whose key this is, for people."),
        key(
            "value",
            &[SECRET],
            Default::Absent,
            "The raw key, best as `${VARIABLE}`; only its digest is kept.",
        ),
        key("hash", &[Form::Is(Kind::KeyDigest)], Default::Absent, "The digest instead of the raw key."),
        ROLES,
        PERMISSIONS,
        RATE_LIMIT,
        NOT_BEFORE,
        EXPIRES_AT,
        REVOKED,
        key("allow_weak", &[BOOLEAN], Default::Text("false"), "Accepts a `value` shorter than 16 bytes."),
    ],
};

static METADATA: Group = Group {
    name: "key_metadata",
    keys: &[
        key("name", &[TEXT], Default::Absent, "Whose key this is, for people."),
        ROLES,
        PERMISSIONS,
        RATE_LIMIT,
        NOT_BEFORE,
        EXPIRES_AT,
        REVOKED,
    ],
};
