use proptest::prelude::*;

use super::{Framing, Head, HeadLimits, Scan, Scanner, Switch};
use crate::check::deny::Reason;

const LIMITS: HeadLimits = HeadLimits { size: 32 * 1024, fields: 100, uri: 8 * 1024 };

fn scan(head: &[u8]) -> Scan {
    Scanner::default().scan(head, &LIMITS)
}

fn whole(head: &[u8]) -> Head {
    let verdict = scan(head);
    let Scan::Whole(whole) = verdict else { panic!("{verdict:?} for {:?}", String::from_utf8_lossy(head)) };
    whole
}

#[track_caller]
fn refused(head: &[u8]) -> Reason {
    let verdict = scan(head);
    let Scan::Refused(reason) = verdict else {
        panic!("{verdict:?} for {:?}", String::from_utf8_lossy(head))
    };
    reason
}

/// A request with one more field line, given raw.
fn with(field: &str) -> Vec<u8> {
    format!("POST /x HTTP/1.1\r\nHost: a\r\n{field}\r\n\r\n").into_bytes()
}

#[test]
fn ordinary_heads_are_whole_and_their_framing_is_told() {
    let get = b"GET /a/b?c=d HTTP/1.1\r\nHost: example.com:8080\r\nAccept: */*\r\n\r\nrest";
    assert_eq!(
        whole(get),
        Head { len: get.len() - 4, framing: Framing::None, switch: Switch::Stay, cut: None, lower: None }
    );
    assert_eq!(whole(&with("Content-Length: 5")).framing, Framing::Length(5));
    assert_eq!(whole(&with("Content-Length: 0")).framing, Framing::None);
    assert_eq!(whole(&with("content-length:\t 5 \t")).framing, Framing::Length(5));
    assert_eq!(whole(&with("Transfer-Encoding: chunked")).framing, Framing::Chunked);
    assert_eq!(whole(b"GET / HTTP/1.0\r\n\r\n").framing, Framing::None);
    assert_eq!(whole(b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n").framing, Framing::None);
    assert_eq!(whole(&with("Upgrade: websocket\r\nConnection: Upgrade")).switch, Switch::Asked);
}

#[test]
fn values_may_hold_what_rfc_9110_lets_them() {
    for field in
        ["X: \u{e9}", "X: a\tb", "X:", "X: ", "X: \"quoted, list\"", "x!#$%&'*+-.^_`|~9: v", "X: a b  c"]
    {
        whole(&with(field));
    }
    whole(b"GET / HTTP/1.1\r\nHost: a\r\nX: \x80\xff\r\n\r\n");
}

#[test]
fn an_empty_line_before_the_request_is_tolerated_once() {
    let head = b"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n";
    assert_eq!(whole(head).len, head.len());
    assert_eq!(refused(b"\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"), Reason::HeadMalformed);
    assert_eq!(refused(b"\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"), Reason::HeadMalformed);
    assert!(!Scanner::has_begun(b"\r\n") && Scanner::has_begun(b"\r\nG") && Scanner::has_begun(b"\r\r"));
}

#[test]
fn hostile_request_lines_are_refused() {
    let lines: [&[u8]; 41] = [
        b"GET  / HTTP/1.1",
        b" GET / HTTP/1.1",
        b"GET\t/ HTTP/1.1",
        b"GET /\tHTTP/1.1",
        b"GET / HTTP/1.1 ",
        b"GET /  HTTP/1.1",
        b"GET / x HTTP/1.1",
        b"GET HTTP/1.1",
        b"GET /",
        b"GET",
        b"/ HTTP/1.1",
        b"G(T / HTTP/1.1",
        b"GET / http/1.1",
        b"GET / HTTP/1.1\r",
        b"GET / HTTP/01.1",
        b"GET / HTTP/1.10",
        b"GET / HTTP/1",
        b"GET / HTTP /1.1",
        b"GET / HTTPS/1.1",
        b"GET /a#b HTTP/1.1",
        b"GET /?a#b HTTP/1.1",
        b"GET /a\\b HTTP/1.1",
        b"GET /?a\\b HTTP/1.1",
        b"GET /\x00 HTTP/1.1",
        b"GET /\x7f HTTP/1.1",
        b"GET /\xc3\xa9 HTTP/1.1",
        b"GET /<x> HTTP/1.1",
        b"GET a HTTP/1.1",
        b"GET * HTTP/1.1",
        b"OPTIONS *x HTTP/1.1",
        b"GET ? HTTP/1.1",
        b"GET a:80 HTTP/1.1",
        b"GET ftp://a/ HTTP/1.1",
        b"GET http:/a/ HTTP/1.1",
        b"GET http:///a HTTP/1.1",
        b"GET http://a HTTP/1.1",
        b"GET http://a?x HTTP/1.1",
        b"GET http://u@a/ HTTP/1.1",
        b"GET http://a%41/ HTTP/1.1",
        b"GET javascript://a/ HTTP/1.1",
        b"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA / HTTP/1.1",
    ];
    for line in lines {
        assert_eq!(refused(&[line, b"\r\nHost: a\r\n\r\n"].concat()), Reason::HeadMalformed, "{line:?}");
    }
    for version in ["HTTP/2.0", "HTTP/1.2", "HTTP/0.9", "HTTP/3.0", "HTTP/9.9"] {
        let head = format!("GET / {version}\r\nHost: a\r\n\r\n");
        assert_eq!(refused(head.as_bytes()), Reason::VersionRefused, "{version}");
    }
    for target in ["a:80", "/", "*", "http://a/", "a"] {
        let head = format!("CONNECT {target} HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_eq!(refused(head.as_bytes()), Reason::MethodRefused, "{target}");
    }
}

#[test]
fn an_absolute_target_passes_only_with_its_own_host_and_is_cut() {
    let head = b"GET http://Example.com:80/a?b HTTP/1.1\r\nhost: example.com:80\r\n\r\n";
    assert_eq!(whole(head).cut, Some(4..25));
    assert_eq!(&head[4..25], b"http://Example.com:80");
    let lead = b"\r\nGET HTTPS://a/ HTTP/1.1\r\nHost: a\r\n\r\n";
    assert_eq!(whole(lead).cut, Some(6..15));
    for (target, host) in
        [("http://a/", "b"), ("http://a/", "a:80"), ("http://a:80/", "a"), ("http://aa/", "a")]
    {
        let head = format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n");
        assert_eq!(refused(head.as_bytes()), Reason::HostInvalid, "{target} {host}");
    }
    assert_eq!(refused(b"GET http://a/ HTTP/1.0\r\n\r\n"), Reason::HostInvalid);
}

#[test]
fn hostile_field_lines_are_refused() {
    let lines: [&[u8]; 30] = [
        b"Foo : bar",
        b"Foo\t: bar",
        b": bar",
        b"Foo bar",
        b"Foo",
        b" Foo: bar",
        b"\tFoo: bar",
        b"Foo: a\r\n b",
        b"Foo: a\r\n\tb",
        b"Foo: a\r\n :b",
        b"Foo: a\nBar: b",
        b"Foo: a\rBar: b",
        b"Foo: a\r\rb",
        b"Foo: a\x00b",
        b"Foo: a\x0bb",
        b"Foo: a\x1b[0m",
        b"Foo: \x7f",
        b"Foo\x00: a",
        b"F\x80o: a",
        b"(Foo): a",
        b"Foo,Bar: a",
        b"Foo\r: a",
        b"\r: a",
        b"\x0bFoo: a",
        b"Foo:a\r\n\n",
        b"\nFoo: a",
        b"F@o: a",
        b"F{o}: a",
        b"\"Foo\": a",
        b"Foo/: a",
    ];
    for line in lines {
        let head = [b"GET / HTTP/1.1\r\nHost: a\r\n", line, b"\r\nX: y\r\n\r\n"].concat();
        assert_eq!(refused(&head), Reason::HeadMalformed, "{line:?}");
        let first = [b"GET / HTTP/1.1\r\n", line, b"\r\nHost: a\r\n\r\n"].concat();
        assert_eq!(refused(&first), Reason::HeadMalformed, "{line:?}");
    }
}

#[test]
fn ambiguous_framing_is_refused() {
    for field in [
        "Content-Length: 6\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 6",
        "Transfer-Encoding: chunked\r\nContent-Length: 0",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: identity, chunked",
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: chunked, chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        "Transfer-Encoding: identity",
        "Transfer-Encoding: gzip",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding: chunkedx",
        "Transfer-Encoding: \"chunked\"",
        "Transfer-Encoding: chunked;q=1",
        "Transfer-Encoding: chunked,",
        "Transfer-Encoding: ,chunked",
        "Transfer-Encoding: \u{b}chunked",
        "Transfer-Encoding: chun\u{212a}ed",
        "Transfer-Encoding:",
        "Transfer_Encoding: chunked",
        "Transfer-Encoding : chunked",
        "Content_Length: 5",
        "content_length: 5\r\nContent-Length: 5",
        "Content-Length: 5\r\nContent-Length: 6",
        "Content-Length: 5\r\nContent-Length: 5",
        "Content-Length: 5, 5",
        "Content-Length: 5,",
        "Content-Length: +5",
        "Content-Length: -1",
        "Content-Length: 0x5",
        "Content-Length: 5_0",
        "Content-Length: 5 0",
        "Content-Length: 5.0",
        "Content-Length: 5e1",
        "Content-Length: 010",
        "Content-Length: 00",
        "Content-Length: \"5\"",
        "Content-Length: \u{663}",
        "Content-Length:",
        "Content-Length: 18446744073709551616",
        "Content-Length: 9223372036854775808",
        "Content-Length: 1000000000000000000000000000000",
        "Connection: \u{e9}",
        "Expect: \u{e9}",
        "Upgrade: \u{e9}",
    ] {
        assert_eq!(refused(&with(field)), Reason::HeadMalformed, "{field}");
    }
    assert_eq!(
        whole(&with("Content-Length: 999999999999999999")).framing,
        Framing::Length(999_999_999_999_999_999)
    );
    let old = b"POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    assert_eq!(refused(old), Reason::HeadMalformed);
}

#[test]
fn an_upgrade_with_a_body_is_refused() {
    for body in ["Content-Length: 1", "Transfer-Encoding: chunked"] {
        let field = format!("Upgrade: websocket\r\n{body}");
        assert_eq!(refused(&with(&field)), Reason::UpgradeRefused, "{body}");
    }
    assert_eq!(whole(&with("Upgrade: websocket\r\nContent-Length: 0")).switch, Switch::Asked);
}

#[test]
fn a_coding_in_other_case_is_to_be_written_in_lower_case() {
    let head = with("Transfer-Encoding:  CHUNKED ");
    let lower = whole(&head).lower.expect("to be lowered");
    assert_eq!(&head[lower], b"CHUNKED");
    assert_eq!(whole(&with("Transfer-Encoding: chunked")).lower, None);
}

#[test]
fn there_is_exactly_one_valid_host() {
    for host in [
        "a",
        "a:1",
        "a.b.c",
        "a.b.c.",
        "A-b_c.9",
        "127.0.0.1:65535",
        "[::1]",
        "[::1]:80",
        "[2001:db8::1]:8443",
        "[::ffff:10.0.0.1]",
        "xn--bcher-kva.example",
    ] {
        whole(format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes());
    }
    let long = "a".repeat(254);
    for host in [
        "",
        " ",
        "a,b",
        "a, b",
        "a b",
        "u@a",
        "u:p@a",
        "a:",
        "a:0",
        "a:65536",
        "a:999999",
        "a:99999999999999999999",
        "[::1]:99999999999999999999",
        "a:00000000000080",
        "a:this-is-no-port-at-all",
        "a:\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}",
        "a:8o",
        "a:+80",
        "a:80:80",
        ":80",
        "a/b",
        "a?b",
        "a#b",
        "a\\b",
        "a%41",
        "*",
        "..",
        "a..b",
        ".a",
        ".",
        "[::1",
        "::1",
        "[::1]x",
        "[::1]:",
        "[1.2.3.4]",
        "[fe80::1%eth0]",
        "[v1.x]",
        "[]",
        "a;b",
        "a'b",
        "\"a\"",
        "\u{e9}.com",
        &long,
    ] {
        let head = format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
        assert_eq!(refused(head.as_bytes()), Reason::HostInvalid, "{host}");
    }
    assert_eq!(refused(b"GET / HTTP/1.1\r\n\r\n"), Reason::HostInvalid);
    for twice in ["Host: a\r\nHost: a", "Host: a\r\nhost: b", "Host: a\r\nHOST:"] {
        assert_eq!(
            refused(format!("GET / HTTP/1.1\r\n{twice}\r\n\r\n").as_bytes()),
            Reason::HostInvalid,
            "{twice}"
        );
        assert_eq!(
            refused(format!("GET / HTTP/1.0\r\n{twice}\r\n\r\n").as_bytes()),
            Reason::HostInvalid,
            "{twice}"
        );
    }
}

#[test]
fn the_limits_hold_to_the_byte() {
    let limits = HeadLimits { size: 100, fields: 3, uri: 20 };
    let scan = |head: &[u8]| Scanner::default().scan(head, &limits);
    let sized = |size: usize| {
        let start = "GET / HTTP/1.1\r\nHost: a\r\nX: ".to_owned();
        let fill = "y".repeat(size - start.len() - 4);
        format!("{start}{fill}\r\n\r\n").into_bytes()
    };
    assert!(matches!(scan(&sized(100)), Scan::Whole(_)));
    assert_eq!(scan(&sized(101)), Scan::Refused(Reason::HeadTooLarge));
    assert_eq!(scan(&sized(101)[..100]), Scan::Refused(Reason::HeadTooLarge));
    assert_eq!(scan(&sized(101)[..99]), Scan::Partial);
    assert!(matches!(scan(b"GET / HTTP/1.1\r\nHost: a\r\nA:\r\nB:\r\n\r\n"), Scan::Whole(_)));
    assert_eq!(
        scan(b"GET / HTTP/1.1\r\nHost: a\r\nA:\r\nB:\r\nC:\r\n\r\n"),
        Scan::Refused(Reason::HeadTooLarge)
    );
    let target =
        |len: usize| format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "u".repeat(len - 1)).into_bytes();
    assert!(matches!(scan(&target(20)), Scan::Whole(_)));
    assert_eq!(scan(&target(21)), Scan::Refused(Reason::UriTooLong));
    assert_eq!(scan(&[b"GET /", [b'u'; 80].as_slice()].concat()), Scan::Refused(Reason::UriTooLong));
    let name = |len: usize| format!("{}: x", "n".repeat(len));
    whole(&with(&name(256)));
    assert_eq!(refused(&with(&name(257))), Reason::HeadMalformed);
}

#[test]
fn what_is_no_http_is_refused_at_its_first_byte() {
    for start in [b"\x16\x03\x01\x02\x00".as_slice(), b"\x00", b"\x80", b"\r\r", b"\n"] {
        assert_eq!(refused(start), Reason::HeadMalformed, "{start:?}");
    }
}

/// Pieces that make up mostly valid heads, with something hostile here and there.
fn head() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        8 => prop::sample::select(vec![
            "Host: a\r\n", "Content-Length: 3\r\n", "Transfer-Encoding: chunked\r\n", "X: y\r\n", "Accept: */*\r\n",
            "Upgrade: websocket\r\n", "Expect: 100-continue\r\n", "Connection: close\r\n", "Cookie: a=b; c=\"d\"\r\n",
            "transfer-encoding: Chunked\r\n", "A:\r\n", "B: \t \r\n",
        ]).prop_map(|text| text.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..6),
        1 => prop::sample::select(vec!["\r", "\n", " ", "\t", ":", "\r\n", "\0", "chunked", ", "])
            .prop_map(|text| text.as_bytes().to_vec()),
    ];
    let line = prop::sample::select(vec![
        "GET / HTTP/1.1\r\n",
        "POST /a?b=c HTTP/1.1\r\n",
        "OPTIONS * HTTP/1.1\r\n",
        "GET http://a/x HTTP/1.1\r\n",
        "GET / HTTP/1.0\r\n",
        "\r\nPUT /%2e HTTP/1.1\r\n",
        "CONNECT a:1 HTTP/1.1\r\n",
        "GET /{x}\"|^ HTTP/1.1\r\n",
    ]);
    (line, prop::collection::vec(piece, 0..6), any::<bool>()).prop_map(|(line, pieces, host)| {
        let host = if host { b"Host: a\r\n".as_slice() } else { b"" };
        [line.as_bytes(), host, &pieces.concat(), b"\r\n"].concat()
    })
}

proptest! {
    #[test]
    fn a_head_gets_the_same_verdict_however_it_is_cut(head in head(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8)) {
        let at_once = scan(&head);
        let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(head.len() + 1)).chain([head.len()]).collect();
        ends.sort_unstable();
        let mut scanner = Scanner::default();
        let mut last = Scan::Partial;
        for end in ends {
            last = scanner.scan(&head[..end], &LIMITS);
            if last != Scan::Partial {
                break;
            }
        }
        prop_assert_eq!(at_once, last);
    }

    #[test]
    fn a_head_byte_by_byte_gets_the_same_verdict(head in head()) {
        let mut scanner = Scanner::default();
        let verdict = (1..=head.len()).map(|end| scanner.scan(&head[..end], &LIMITS)).find(|scan| *scan != Scan::Partial);
        prop_assert_eq!(scan(&head), verdict.unwrap_or(Scan::Partial));
    }

    #[test]
    fn no_value_makes_the_scanner_fail(
        name in prop::sample::select(vec!["Host", "Content-Length", "Transfer-Encoding", "Upgrade", "X"]),
        value in "[0-9a-f:.,\\[\\] ]{0,60}",
        target in "(http://)?[0-9a-z:./?\\[\\]]{0,60}",
    ) {
        let _ = scan(format!("GET {target} HTTP/1.1\r\nHost: a\r\n{name}: {value}\r\n\r\n").as_bytes());
        let _ = scan(format!("GET {target} HTTP/1.1\r\n{name}: {value}\r\n\r\n").as_bytes());
    }

    #[test]
    fn no_bytes_make_the_scanner_fail(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = scan(&bytes);
    }

    #[test]
    fn an_accepted_head_ends_at_its_first_empty_line_and_reads_the_same_line_by_line(head in head()) {
        let Scan::Whole(found) = scan(&head) else { return Ok(()) };
        let text: Vec<char> = head[..found.len].iter().map(|&byte| char::from(byte)).collect();
        let text: String = text.into_iter().collect();
        let text = text.strip_prefix("\r\n").unwrap_or(&text);
        prop_assert_eq!(text.find("\r\n\r\n").map(|at| at + 4), Some(text.len()));
        let lines: Vec<&str> = text.trim_end_matches("\r\n").split("\r\n").collect();
        prop_assert!(lines.iter().all(|line| !line.contains(['\r', '\n', '\0']) && !line.starts_with([' ', '\t'])));
        prop_assert_eq!(lines[0].split(' ').count(), 3);
        let values = |name: &str| -> Vec<String> {
            let fields = lines[1..].iter().filter_map(|line| line.split_once(':'));
            fields.filter(|(have, _)| have.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned()).collect()
        };
        let coding = values("transfer-encoding");
        let length = values("content-length");
        let framing = match (coding.as_slice(), length.as_slice()) {
            ([], []) => Framing::None,
            ([], [one]) => one.parse().map_or(Framing::None, |n| if n == 0 { Framing::None } else { Framing::Length(n) }),
            ([one], []) if one.eq_ignore_ascii_case("chunked") => Framing::Chunked,
            other => panic!("{other:?}"),
        };
        prop_assert_eq!(found.framing, framing);
        prop_assert!(values("host").len() == 1 || lines[0].ends_with("/1.0"));
    }
}
