use http::request::Parts;
use http::{HeaderValue, Request, Uri};

use super::{BadHost, host_of};

fn head(target: &str, hosts: &[&[u8]]) -> Parts {
    let mut parts = Request::new(()).into_parts().0;
    parts.uri = target.parse::<Uri>().unwrap();
    for host in hosts {
        parts.headers.append("host", HeaderValue::from_bytes(host).unwrap());
    }
    parts
}

fn host(value: &str) -> Result<String, BadHost> {
    host_of(&head("/x", &[value.as_bytes()])).map(|host| host.into_owned())
}

#[test]
fn one_host_has_one_spelling() {
    for same in
        ["example.com", "EXAMPLE.com", "example.com.", "Example.Com.:8080", "example.com:", "example.com:80"]
    {
        assert_eq!(host(same).as_deref(), Ok("example.com"), "{same}");
    }
    assert_eq!(host("[2001:DB8::1]:80").as_deref(), Ok("[2001:db8::1]"));
    assert_eq!(host("[::1]").as_deref(), Ok("[::1]"));
    assert_eq!(host("127.0.0.1:3000").as_deref(), Ok("127.0.0.1"));
    assert_eq!(host("my_service").as_deref(), Ok("my_service"));
}

#[test]
fn what_no_host_can_hold_is_refused() {
    for bad in [
        "",
        ".",
        "..",
        ".example.com",
        "a..b",
        "example.com..",
        "user@example.com",
        "example.com@evil",
        "a b",
        "a,b",
        "a/b",
        "a\\b",
        "exa%6dple.com",
        "example.com:x",
        "example.com:99999",
        "example.com:80:80",
        "[::1",
        "::1",
        "[::1]x",
        "[::1]:x",
        "[fe80::1%25eth0]",
        "[1.2.3.4]",
        "*.example.com",
        "a;b",
        ":80",
        "b\u{fc}cher.example",
    ] {
        assert_eq!(host(bad), Err(BadHost::Malformed), "{bad:?}");
    }
    assert_eq!(host_of(&head("/", &[b"a\xff"])), Err(BadHost::Malformed));
}

#[test]
fn no_host_and_two_hosts_are_refused() {
    assert_eq!(host_of(&head("/x", &[])), Err(BadHost::Missing));
    assert_eq!(host_of(&head("/x", &[b"a", b"a"])), Err(BadHost::Doubled));
    assert_eq!(host_of(&head("http://a/x", &[b"a", b"a"])), Err(BadHost::Doubled));
}

#[test]
fn the_authority_of_the_target_and_the_host_field_must_agree() {
    for (target, field) in [
        ("http://Example.com/x", "example.com"),
        ("http://example.com:80/x", "example.com"),
        ("https://example.com/x", "example.com:443"),
        ("http://example.com.:8080/x", "example.com:8080"),
    ] {
        assert_eq!(
            host_of(&head(target, &[field.as_bytes()])).as_deref(),
            Ok("example.com"),
            "{target} {field}"
        );
    }
    for (target, field) in [
        ("http://example.com/x", "admin.example.com"),
        ("http://example.com:8080/x", "example.com"),
        ("http://example.com:8080/x", "example.com:8081"),
        ("http://example.com:80/x", "example.com:443"),
    ] {
        assert_eq!(host_of(&head(target, &[field.as_bytes()])), Err(BadHost::Differs), "{target} {field}");
    }
    assert_eq!(host_of(&head("http://example.com/x", &[])).as_deref(), Ok("example.com"));
    assert_eq!(host_of(&head("http://user@example.com/x", &[])), Err(BadHost::Malformed));
    assert_eq!(host_of(&head("http://example.com/x", &[b"user@example.com"])), Err(BadHost::Malformed));
}
