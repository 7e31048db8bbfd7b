use std::net::IpAddr;

use http::header::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::*;

use super::{BadForwarding, Client, ClientIpRules};
use crate::config::settings::{ClientIpHeader, Security};

const PROXY: &str = "10.0.0.9";

fn rules(trusted: &[&str], header: ClientIpHeader) -> ClientIpRules {
    ClientIpRules::from_settings(&Security {
        ip_allowlist: None,
        ip_denylist: None,
        trusted_proxies: trusted.iter().map(|net| net.parse().unwrap()).collect(),
        client_ip_header: header,
    })
}

fn headers(lines: &[(&str, &str)]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in lines {
        map.append(HeaderName::try_from(*name).unwrap(), HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    map
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// Resolves with 10.0.0.0/8 and 2001:db8:1::/48 trusted and a trusted peer.
fn told(header: ClientIpHeader, lines: &[(&str, &str)]) -> Result<IpAddr, BadForwarding> {
    rules(&["10.0.0.0/8", "2001:db8:1::/48"], header).resolve(ip(PROXY), &headers(lines)).map(|client| {
        assert!(client.peer_trusted);
        client.ip
    })
}

fn xff(lines: &[&str]) -> Result<IpAddr, BadForwarding> {
    let lines: Vec<_> = lines.iter().map(|line| ("x-forwarded-for", *line)).collect();
    told(ClientIpHeader::XForwardedFor, &lines)
}

fn forwarded(lines: &[&str]) -> Result<IpAddr, BadForwarding> {
    let lines: Vec<_> = lines.iter().map(|line| ("forwarded", *line)).collect();
    told(ClientIpHeader::Forwarded, &lines)
}

#[test]
fn an_untrusted_peer_is_the_client_whatever_it_writes() {
    let sent = headers(&[("x-forwarded-for", "not even an address"), ("forwarded", "\"")]);
    let alone = Client { ip: ip("192.0.2.1"), peer_trusted: false };
    for header in [
        ClientIpHeader::XForwardedFor,
        ClientIpHeader::Forwarded,
        ClientIpHeader::Single(HeaderName::from_static("x-forwarded-for")),
    ] {
        assert_eq!(rules(&[], header.clone()).resolve(ip("192.0.2.1"), &sent), Ok(alone));
        assert_eq!(rules(&["10.0.0.0/8"], header).resolve(ip("192.0.2.1"), &sent), Ok(alone));
    }
}

#[test]
fn by_default_nobody_is_trusted_not_even_loopback() {
    let sent = headers(&[("x-forwarded-for", "198.51.100.7")]);
    let client = rules(&[], ClientIpHeader::XForwardedFor).resolve(ip("127.0.0.1"), &sent).unwrap();
    assert_eq!(client, Client { ip: ip("127.0.0.1"), peer_trusted: false });
}

#[test]
fn a_mapped_peer_is_judged_as_the_ipv4_address_it_is() {
    let rules = rules(&["10.0.0.0/8"], ClientIpHeader::XForwardedFor);
    let sent = headers(&[("x-forwarded-for", "::ffff:198.51.100.7")]);
    let client = rules.resolve(ip("::ffff:10.0.0.9"), &sent).unwrap();
    assert_eq!(client, Client { ip: ip("198.51.100.7"), peer_trusted: true });
    let client = rules.resolve(ip("::ffff:11.0.0.9"), &sent).unwrap();
    assert_eq!(client, Client { ip: ip("11.0.0.9"), peer_trusted: false });
}

#[test]
fn the_first_untrusted_address_from_the_right_is_the_client() {
    assert_eq!(xff(&["198.51.100.7"]), Ok(ip("198.51.100.7")));
    assert_eq!(xff(&["1.1.1.1, 198.51.100.7"]), Ok(ip("198.51.100.7")));
    assert_eq!(xff(&["1.1.1.1, 198.51.100.7, 10.1.1.1,10.2.2.2"]), Ok(ip("198.51.100.7")));
    assert_eq!(xff(&["10.3.3.3, 198.51.100.7, 10.1.1.1"]), Ok(ip("198.51.100.7")));
    assert_eq!(xff(&["2001:db8:9::1, 2001:db8:1::1"]), Ok(ip("2001:db8:9::1")));
    assert_eq!(xff(&["198.51.100.7, ::ffff:10.1.1.1"]), Ok(ip("198.51.100.7")));
}

#[test]
fn all_lines_are_joined_in_order() {
    assert_eq!(xff(&["1.1.1.1", "198.51.100.7"]), Ok(ip("198.51.100.7")));
    assert_eq!(xff(&["198.51.100.7", "10.1.1.1"]), Ok(ip("198.51.100.7")));
    assert_eq!(xff(&["1.1.1.1, 198.51.100.7", "10.1.1.1", "10.2.2.2, 10.3.3.3"]), Ok(ip("198.51.100.7")));
    assert_eq!(forwarded(&["for=1.1.1.1", "for=198.51.100.7, for=10.1.1.1"]), Ok(ip("198.51.100.7")));
}

#[test]
fn when_all_are_trusted_the_leftmost_is_the_client() {
    assert_eq!(xff(&["10.3.3.3, 10.1.1.1", "10.2.2.2"]), Ok(ip("10.3.3.3")));
    assert_eq!(forwarded(&["for=10.3.3.3, for=10.2.2.2"]), Ok(ip("10.3.3.3")));
}

#[test]
fn without_the_header_a_trusted_peer_is_the_client_itself() {
    assert_eq!(xff(&[]), Ok(ip(PROXY)));
    assert_eq!(forwarded(&[]), Ok(ip(PROXY)));
    assert_eq!(told(ClientIpHeader::Single(HeaderName::from_static("cf-connecting-ip")), &[]), Ok(ip(PROXY)));
}

#[test]
fn the_two_headers_are_never_mixed() {
    let both = [("x-forwarded-for", "198.51.100.1"), ("forwarded", "for=198.51.100.2")];
    assert_eq!(told(ClientIpHeader::XForwardedFor, &both), Ok(ip("198.51.100.1")));
    assert_eq!(told(ClientIpHeader::Forwarded, &both), Ok(ip("198.51.100.2")));
    assert_eq!(told(ClientIpHeader::XForwardedFor, &[("forwarded", "for=198.51.100.2")]), Ok(ip(PROXY)));
    assert_eq!(told(ClientIpHeader::Forwarded, &[("x-forwarded-for", "198.51.100.2")]), Ok(ip(PROXY)));
}

#[test]
fn ports_and_brackets_are_read() {
    for (text, expected) in [
        ("198.51.100.7:80", "198.51.100.7"),
        ("198.51.100.7:65535", "198.51.100.7"),
        ("[2001:db8::7]", "2001:db8::7"),
        ("[2001:db8::7]:443", "2001:db8::7"),
        ("2001:db8::7", "2001:db8::7"),
        ("[::ffff:198.51.100.7]:80", "198.51.100.7"),
        ("\t 198.51.100.7 \t", "198.51.100.7"),
    ] {
        assert_eq!(xff(&[text]), Ok(ip(expected)), "{text}");
    }
}

#[test]
fn what_is_no_address_on_the_way_is_refused() {
    for text in [
        "",
        " ",
        ",",
        "198.51.100.7,",
        "198.51.100.7, ",
        "evil",
        "1.2.3.4, evil",
        "unknown",
        "_hidden",
        "127.1",
        "0177.0.0.1",
        "01.2.3.4",
        "1.2.3",
        "1.2.3.4.5",
        "256.1.1.1",
        "0x7f.1.1.1",
        "2130706433",
        "fe80::1%eth0",
        "[fe80::1%eth0]",
        "[fe80::1%25eth0]:80",
        "fe80::1%1",
        "[1.2.3.4]",
        "[::1",
        "::1]",
        "[::1]80",
        "[::1]:",
        "[::1]:x",
        "[::1]:123456",
        "1.2.3.4:",
        "1.2.3.4:80:80",
        "1.2.3.4:-1",
        "1.2.3.4 5.6.7.8",
        "\"1.2.3.4\"",
        "\"1.2.3.4, 5.6.7.8\"",
        "for=1.2.3.4",
        "1.2.3.4;5.6.7.8",
        "1.2.3.4/32",
        "http://1.2.3.4",
        ":::1",
        "::1::",
        "12345::1",
        "1.2.3.4\u{a0}",
    ] {
        assert_eq!(xff(&[text]), Err(BadForwarding), "{text:?}");
    }
    assert_eq!(xff(&["198.51.100.7, unknown, 10.1.1.1"]), Err(BadForwarding));
}

#[test]
fn what_the_client_wrote_left_of_its_own_address_does_not_matter() {
    assert_eq!(xff(&["garbage, unknown, 198.51.100.7, 10.1.1.1"]), Ok(ip("198.51.100.7")));
    assert_eq!(xff(&["", "198.51.100.7"]), Ok(ip("198.51.100.7")));
    assert_eq!(forwarded(&["for=unknown, for=_hid, for=198.51.100.7"]), Ok(ip("198.51.100.7")));
}

#[test]
fn more_than_thirty_two_hops_are_refused() {
    let chain = |hops: usize| vec!["10.1.1.1"; hops].join(",");
    assert_eq!(xff(&[&chain(32)]), Ok(ip("10.1.1.1")));
    assert_eq!(xff(&[&chain(33)]), Err(BadForwarding));
    assert_eq!(xff(&[&chain(20), &chain(13)]), Err(BadForwarding));
    assert_eq!(xff(&[&format!("{},198.51.100.7", chain(10_000))]), Err(BadForwarding));
    let chain = |hops: usize| vec!["for=10.1.1.1"; hops].join(",");
    assert_eq!(forwarded(&[&chain(32)]), Ok(ip("10.1.1.1")));
    assert_eq!(forwarded(&[&chain(33)]), Err(BadForwarding));
    assert_eq!(forwarded(&[&chain(20), &chain(13)]), Err(BadForwarding));
}

#[test]
fn the_forms_of_rfc_7239_are_read() {
    for (text, expected) in [
        ("for=198.51.100.7", "198.51.100.7"),
        ("FOR=198.51.100.7;proto=http;by=203.0.113.43", "198.51.100.7"),
        ("proto=http;For=\"198.51.100.7:4711\"", "198.51.100.7"),
        ("for=\"198.51.100.7:_gazonk\"", "198.51.100.7"),
        ("For=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::17"),
        ("for=\"[2001:db8:cafe::17]\"", "2001:db8:cafe::17"),
        ("for=198.51.100.7:80", "198.51.100.7"),
        ("for=[2001:db8:cafe::17]:80", "2001:db8:cafe::17"),
        ("for=192.0.2.43, for=198.51.100.7", "198.51.100.7"),
        ("for=198.51.100.7 ; proto=https ;", "198.51.100.7"),
        ("host=\"a,b;for=1.1.1.1\\\"\";for=198.51.100.7", "198.51.100.7"),
        ("for=198.51.100.7;host=\"x\", for=10.1.1.1;host=\"y, for=9.9.9.9\"", "198.51.100.7"),
    ] {
        assert_eq!(forwarded(&[text]), Ok(ip(expected)), "{text}");
    }
}

#[test]
fn what_rfc_7239_does_not_allow_is_refused() {
    for text in [
        "",
        ",",
        "for",
        "for=",
        "for=\"",
        "for=\"1.2.3.4",
        "=1.2.3.4",
        "for =1.2.3.4",
        "for= 1.2.3.4",
        "for=unknown",
        "for=_hidden",
        "for=\"_hidden:80\"",
        "proto=http",
        "by=1.2.3.4",
        "for=1.2.3.4;for=1.2.3.4",
        "for=1.2.3.4;FOR=5.6.7.8",
        "for=\"2001:db8::1\"",
        "for=2001:db8::1",
        "for=\"[fe80::1%25eth0]\"",
        "for=1.2.3.4 for=5.6.7.8",
        "for=1.2.3.4\"",
        "for=\"1.2.3.4\"x",
        "for=\"1.2.\\3.4\"",
        "1.2.3.4",
        "for=1.2.3.4,",
        "for=1.2.3.4, proto=http",
        "for=1.2.3.4:80:80",
        "for=\"1.2.3.4, 5.6.7.8\"",
    ] {
        assert_eq!(forwarded(&[text]), Err(BadForwarding), "{text:?}");
    }
}

#[test]
fn an_opened_quote_cannot_swallow_what_the_proxy_appends() {
    for prefix in ["for=6.6.6.6;x=\"a", "for=6.6.6.6;x=\"", "for=\"", "for=6.6.6.6;x=\"\\", "x=\"\\\"a"] {
        for honest in [
            "for=198.51.100.7",
            "for=\"[2001:db8::7]:80\"",
            "proto=https;for=\"[2001:db8::7]\"",
            "by=\"[2001:db8::9]\";for=198.51.100.7",
            "for=\"198.51.100.7:80\";host=\"x\"",
        ] {
            assert_eq!(forwarded(&[&format!("{prefix}, {honest}")]), Err(BadForwarding), "{prefix} {honest}");
            assert_eq!(forwarded(&[prefix, honest]), Err(BadForwarding), "{prefix} | {honest}");
        }
    }
}

#[test]
fn a_single_header_stands_on_one_line_and_holds_one_address() {
    let one = |lines: &[&str]| {
        let lines: Vec<_> = lines.iter().map(|line| ("cf-connecting-ip", *line)).collect();
        told(ClientIpHeader::Single(HeaderName::from_static("cf-connecting-ip")), &lines)
    };
    assert_eq!(one(&["198.51.100.7"]), Ok(ip("198.51.100.7")));
    assert_eq!(one(&["10.1.1.1"]), Ok(ip("10.1.1.1")), "trust does not matter for the address itself");
    for bad in [&["198.51.100.7", "198.51.100.7"][..], &["198.51.100.7, 1.1.1.1"], &[""], &["unknown"]] {
        assert_eq!(one(bad), Err(BadForwarding), "{bad:?}");
    }
}

#[test]
fn a_private_peer_with_forwarding_headers_and_no_trusted_proxies_is_an_undeclared_proxy() {
    let none = rules(&[], ClientIpHeader::XForwardedFor);
    let sent = headers(&[("x-forwarded-for", "198.51.100.7")]);
    for private in ["10.1.2.3", "127.0.0.1", "::ffff:192.168.0.1", "100.64.0.1", "fd00::1", "fe80::1", "::1"]
    {
        assert!(none.undeclared_proxy(ip(private), &sent), "{private}");
        assert!(!none.undeclared_proxy(ip(private), &HeaderMap::new()), "{private}");
    }
    for public in ["198.51.100.7", "100.128.0.1", "2001:db8::1"] {
        assert!(!none.undeclared_proxy(ip(public), &sent), "{public}");
    }
    let some = rules(&["10.0.0.0/8"], ClientIpHeader::XForwardedFor);
    assert!(!some.undeclared_proxy(ip("192.168.0.1"), &sent));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_the_readers_stumble(value in prop::collection::vec(any::<u8>(), 0..80)) {
        if let Ok(value) = HeaderValue::from_bytes(&value) {
            for (header, name) in [(ClientIpHeader::XForwardedFor, "x-forwarded-for"), (ClientIpHeader::Forwarded, "forwarded")] {
                let mut map = HeaderMap::new();
                map.append(name, value.clone());
                let _ = rules(&["10.0.0.0/8"], header).resolve(ip(PROXY), &map);
            }
        }
    }

    #[test]
    fn whatever_a_caller_prepends_an_honest_proxy_is_believed_or_the_request_refused(prefix in "[ -~]{0,40}") {
        let honest = Ok(ip("198.51.100.7"));
        for line in [format!("{prefix}, for=198.51.100.7"), format!("{prefix},for=198.51.100.7;proto=https, for=10.1.1.1")] {
            let told = forwarded(&[&line]);
            prop_assert!(told == honest || told == Err(BadForwarding), "{} {:?}", line, told);
        }
        let told = xff(&[&format!("{prefix}, 198.51.100.7")]);
        prop_assert!(told == honest || told == Err(BadForwarding));
    }

    #[test]
    fn whatever_quotes_a_caller_prepends_it_cannot_choose_its_address(prefix in "[for=\";,\\\\ 0-9.x]{0,30}") {
        for honest in ["for=198.51.100.7", "for=\"198.51.100.7:80\"", "proto=\"https\";for=\"198.51.100.7\""] {
            let told = forwarded(&[&format!("{prefix}, {honest}")]);
            prop_assert!(told == Ok(ip("198.51.100.7")) || told == Err(BadForwarding), "{} {:?}", prefix, told);
        }
    }
}
