//! `outbound`: what the gate itself may fetch.

use super::{BOOLEAN, Default, FILE, Form, Group, Kind, TEXT, key};

pub(super) static OUTBOUND: Group = Group {
    name: "outbound",
    keys: &[key(
        "allowed_hosts",
        &[Form::List(&[TEXT, Form::Map(&ALLOWED_HOST)])],
        Default::Absent,
        "The only hosts the gate ever fetches keys and certificates from, over HTTPS: `host` or `host:port`, exactly; without it nothing is fetched.",
    )],
};

static ALLOWED_HOST: Group = Group {
    name: "allowed_host",
    keys: &[
        key("host", &[TEXT], Default::Required, "The host, with a port where it is not 443."),
        key(
            "address",
            &[Form::Is(Kind::Address)],
            Default::Depends("what the name leads to"),
            "An address and a port to connect to instead, such as that of an egress gateway; the certificate must still be the host's.",
        ),
        key(
            "ca_file",
            &[FILE],
            Default::Depends("the roots of Mozilla, built in"),
            "PEM certificates its own certificate must lead to, instead of the built-in roots; watched for changes.",
        ),
        key(
            "allow_private",
            &[BOOLEAN],
            Default::Text("false"),
            "Reaches the host also at loopback, link-local and private addresses.",
        ),
    ],
};
