//! `scheme`: how a signature is made, in the operator's own words.

use super::{BOOLEAN, Default, Form, Group, HEADER, Kind, NAME, TEXT, WORDS, key, millis};

pub(super) static SCHEME: Group = Group {
    name: "scheme",
    keys: &[
        key(
            "kind",
            &[Form::Is(Kind::Word(&[
                "hmac",
                "digest",
                "token",
                "basic",
                "ed25519",
                "ecdsa_p256",
                "ecdsa_p256_fixed",
                "rsa",
                "rsa_1024",
                "rsa_pss",
                "jwt",
            ]))],
            Default::Text("hmac"),
            "`hmac`: a MAC over a message; `digest`: a plain hash over a message that holds `{secret}`; `token`: the secret itself; `basic`: `user:password` in `Authorization`; the rest: signatures verified with a public key.",
        ),
        key(
            "hash",
            &[Form::Is(Kind::Word(&["sha1", "sha256", "sha384", "sha512"]))],
            Default::Text("sha256"),
            "The hash of the MAC.",
        ),
        key(
            "sig",
            &[TEXT, WORDS],
            Default::Depends("`header:Authorization` for `basic`, else required"),
            "Where the signature stands: `header:NAME`, `header:NAME-*` (numbered), `query:NAME`, `form:NAME` or `json:PATH`, one or several.",
        ),
        key("split", &[TEXT], Default::Absent, "What separates several items in the signature's field."),
        key("kv", &[TEXT], Default::Text("="), "What separates name and value of an item."),
        key("field", &[TEXT], Default::Absent, "The name of the items that are signatures."),
        key(
            "pick",
            &[TEXT],
            Default::Absent,
            "`rest` or `last`: which item is the signature where items have no names.",
        ),
        key("prefix", &[TEXT], Default::Absent, "What stands before the signature and must be there."),
        key(
            "enc",
            &[Form::Is(Kind::Word(&["hex", "base64", "base64url"]))],
            Default::Text("hex"),
            "How the signature is written.",
        ),
        key(
            "msg",
            &[TEXT],
            Default::Text("{body}"),
            "What is signed: a template of {body}, {timestamp}, {method}, {url}, {path}, {header:NAME} and more.",
        ),
        key("ts", &[Form::Map(&TIMESTAMP)], Default::Absent, "The signed timestamp."),
        key("key", &[Form::Map(&SCHEME_KEY)], Default::Absent, "How a secret becomes the key."),
        key(
            "id",
            &[TEXT],
            Default::Absent,
            "Where the message's unique id stands; trusted only when it is part of `msg`.",
        ),
        key(
            "require",
            &[Form::Named(&[TEXT])],
            Default::Absent,
            "Fields that must have exactly this value, such as a version: `header:NAME: \"1\"`.",
        ),
        key(
            "body",
            &[Form::Is(Kind::Word(&["raw", "decoded"]))],
            Default::Text("raw"),
            "`decoded`: the body is signed as it was before its `Content-Encoding`, of which gzip is known.",
        ),
        key(
            "when",
            &[Form::Map(&SCHEME_WHEN)],
            Default::Absent,
            "Which requests this one of several schemes is for.",
        ),
        key("code", &[NAME], Default::Absent, "What knows the signed message, where no template can say it."),
    ],
};

static SCHEME_WHEN: Group = Group {
    name: "scheme_when",
    keys: &[
        key("method", &[Form::Is(Kind::Method)], Default::Absent, "Requests of this method."),
        key(
            "content_type",
            &[TEXT],
            Default::Absent,
            "Requests whose body is of this type: `form`, `json` or a whole type.",
        ),
        key("header", &[HEADER], Default::Absent, "Requests that have this header."),
    ],
};

static TIMESTAMP: Group = Group {
    name: "scheme_timestamp",
    keys: &[
        key(
            "from",
            &[TEXT, WORDS],
            Default::Required,
            "Where it stands, one or several of which the first present counts: `header:NAME`, or `sig:FIELD` inside the signature's field.",
        ),
        key(
            "fmt",
            &[Form::Is(Kind::Word(&["unix", "unix_ms", "auto", "rfc3339", "http_date", "iso_basic"]))],
            Default::Text("unix"),
            "How it is written; `auto` is `unix` or `unix_ms`, by its digits.",
        ),
        key("tol", &[millis(1_000, 86_400_000)], Default::Text("5m"), "How old it may be."),
        key("future", &[millis(0, 86_400_000)], Default::Text("1m"), "How far in the future it may be."),
        key(
            "unbounded",
            &[BOOLEAN],
            Default::Text("false"),
            "Messages of any age are accepted, because the provider promises no bound.",
        ),
    ],
};

static SCHEME_KEY: Group = Group {
    name: "scheme_key",
    keys: &[
        key(
            "enc",
            &[Form::Is(Kind::Word(&[
                "utf8", "base64", "hex", "pem", "spki_b64", "raw_hex", "raw_b64", "jwks",
            ]))],
            Default::Text("utf8"),
            "How the secret, or the public key, is written.",
        ),
        key(
            "strip",
            &[TEXT, WORDS],
            Default::Absent,
            "Beginnings that are cut from the secret first; a `*` in one stands for letters, digits and `_`.",
        ),
        key(
            "derive",
            &[Form::Is(Kind::Word(&["none", "sha1", "sha256", "aws4"]))],
            Default::Text("none"),
            "The hash of the secret that is the key; `aws4`: the secret after `AWS4`.",
        ),
    ],
};
