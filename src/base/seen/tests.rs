use http::{HeaderName, HeaderValue};

use super::*;

const ALL: [(&str, Field); 12] = [
    ("connection", Field::Connection),
    ("content-length", Field::ContentLength),
    ("expect", Field::Expect),
    ("http2-settings", Field::Http2Settings),
    ("keep-alive", Field::KeepAlive),
    ("proxy-authenticate", Field::ProxyAuthenticate),
    ("proxy-connection", Field::ProxyConnection),
    ("te", Field::Te),
    ("trailer", Field::Trailer),
    ("transfer-encoding", Field::TransferEncoding),
    ("upgrade", Field::Upgrade),
    ("x-request-id", Field::RequestId),
];

fn seen(names: &[&str]) -> Seen {
    let value = HeaderValue::from_static("1");
    let mut headers = HeaderMap::new();
    for name in names {
        headers.append(HeaderName::from_bytes(name.as_bytes()).expect("a name"), value.clone());
    }
    Seen::of(&headers)
}

#[test]
fn each_field_is_seen_in_any_case_and_no_other_is() {
    for (name, field) in ALL {
        for spelt in [name.to_owned(), name.to_ascii_uppercase()] {
            let found = seen(&["host", &spelt, "accept", &spelt]);
            let told: Vec<_> = ALL.iter().map(|(_, field)| *field).filter(|one| found.has(*one)).collect();
            assert_eq!(told, [field]);
            assert!(found.has_any(&[field]) && !found.has_any(&[]));
        }
    }
}

#[test]
fn names_of_the_same_length_are_not_taken_for_them() {
    let alike: Vec<String> =
        ALL.iter().map(|(name, _)| format!("{}y", name.split_at(name.len() - 1).0)).collect();
    let alike: Vec<&str> = alike.iter().map(String::as_str).collect();
    assert_eq!(seen(&alike), Seen::default());
    assert_eq!(seen(&[]), Seen::default());
}
