//! Messages whose end can be read in two ways: lengths, codings, versions (reliability, class 3.1).

use super::table::{Case, Table, Want, post};

const CHUNKED_BODY: &str = "5\r\nhello\r\n0\r\n\r\n";

pub(super) fn cases() -> Vec<Case> {
    let mut table = Table::of("framing");
    codings(&mut table);
    coding_lines(&mut table);
    lengths(&mut table);
    both(&mut table);
    versions(&mut table);
    table.cases
}

fn codings(table: &mut Table) {
    let bad: [(&str, &[u8]); 34] = [
        ("chunked-identity", b"chunked, identity"),
        ("identity-chunked", b"identity, chunked"),
        ("gzip-chunked", b"gzip, chunked"),
        ("chunked-gzip", b"chunked, gzip"),
        ("twice", b"chunked, chunked"),
        ("twice-tight", b"chunked,chunked"),
        ("x", b"xchunked"),
        ("suffix", b"chunkedx"),
        ("short", b"chunke"),
        ("split", b"chun ked"),
        ("quoted", b"\"chunked\""),
        ("single-quoted", b"'chunked'"),
        ("vt-before", b"\x0bchunked"),
        ("vt-after", b"chunked\x0b"),
        ("ff-before", b"\x0cchunked"),
        ("nul-after", b"chunked\0"),
        ("cr-after", b"chunked\rx"),
        ("cr-before", b"\rchunked"),
        ("parameter", b"chunked;q=1"),
        ("semicolon", b"chunked;"),
        ("comma-after", b"chunked,"),
        ("comma-before", b",chunked"),
        ("identity", b"identity"),
        ("gzip", b"gzip"),
        ("deflate", b"deflate"),
        ("trailers", b"trailers"),
        ("empty", b""),
        ("unknown", b"cow"),
        ("obs-text", b"\xffchunked"),
        ("nbsp", b"\xa0chunked"),
        ("fullwidth", "ｃｈｕｎｋｅｄ".as_bytes()),
        ("dotless", "chunкed".as_bytes()),
        ("number", b"1"),
        ("equals", b"=chunked"),
    ];
    for (name, value) in bad {
        let line = [b"Transfer-Encoding: ", value, b"\r\n"].concat();
        table.refuse(&format!("te-{name}"), &post(line, CHUNKED_BODY));
    }
    for (name, value) in [("upper", "CHUNKED"), ("mixed", "Chunked"), ("spaces", "   chunked  ")] {
        let bytes = post(format!("Transfer-Encoding: {value}\r\n"), CHUNKED_BODY);
        table.add(&format!("te-{name}"), &bytes, Want::Passed("/open".into(), b"hello".to_vec()));
    }
    table.add("te-tab", &post("Transfer-Encoding:\tchunked\t\r\n", CHUNKED_BODY), Want::Judged);
}

fn coding_lines(table: &mut Table) {
    let bad: [(&str, &[u8]); 14] = [
        ("two", b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
        ("then-identity", b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n"),
        ("identity-then", b"Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n"),
        ("gzip-then", b"Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n"),
        ("then-empty", b"Transfer-Encoding: chunked\r\nTransfer-Encoding:\r\n"),
        ("other-case", b"Transfer-Encoding: chunked\r\ntransfer-encoding: x\r\n"),
        ("space-colon", b"Transfer-Encoding : chunked\r\n"),
        ("tab-colon", b"Transfer-Encoding\t: chunked\r\n"),
        ("vt-colon", b"Transfer-Encoding\x0b: chunked\r\n"),
        ("folded", b"Transfer-Encoding:\r\n chunked\r\n"),
        ("folded-tab", b"Transfer-Encoding:\r\n\tchunked\r\n"),
        ("in-fold", b"X-A: b\r\n Transfer-Encoding: chunked\r\n"),
        ("behind-lf", b"X-A: b\nTransfer-Encoding: chunked\r\n"),
        ("behind-cr", b"X-A: b\rTransfer-Encoding: chunked\r\n"),
    ];
    for (name, lines) in bad {
        table.refuse(&format!("te-line-{name}"), &post(lines, CHUNKED_BODY));
    }
    for (name, alias) in [("underscore", "Transfer_Encoding"), ("dot", "Transfer.Encoding")] {
        let lines = format!("{alias}: chunked\r\nContent-Length: 5\r\n");
        table.add(&format!("te-alias-{name}"), &post(lines, "hello"), Want::Judged);
    }
}

fn lengths(table: &mut Table) {
    let bad: [(&str, &[u8]); 31] = [
        ("plus", b"+5"),
        ("minus", b"-5"),
        ("minus-zero", b"-0"),
        ("hex", b"0x5"),
        ("binary", b"0b101"),
        ("octal-mark", b"0o5"),
        ("underscore", b"5_0"),
        ("space", b"5 5"),
        ("semicolon", b"5;"),
        ("float", b"5.0"),
        ("exponent", b"5e0"),
        ("empty", b""),
        ("blank", b"   "),
        ("zero-led", b"05"),
        ("zeros-led", b"0000000000000000000005"),
        ("octal", b"010"),
        ("two-zeros", b"00"),
        ("list-equal", b"5, 5"),
        ("list-tight", b"5,5"),
        ("list-other", b"5, 6"),
        ("comma-after", b"5,"),
        ("comma-before", b",5"),
        ("two-to-64", b"18446744073709551616"),
        ("two-to-64-and-5", b"18446744073709551621"),
        ("huge", b"99999999999999999999999999999999"),
        ("arabic", "٥".as_bytes()),
        ("quoted", b"\"5\""),
        ("nul", b"5\0"),
        ("vt", b"\x0b5"),
        ("word", b"five"),
        ("cr", b"5\rx"),
    ];
    for (name, value) in bad {
        let line = [b"Content-Length: ", value, b"\r\n"].concat();
        table.refuse(&format!("cl-{name}"), &post(line, "hello"));
    }
    let pairs = [
        ("equal", "5", "5"),
        ("larger", "5", "6"),
        ("smaller", "6", "5"),
        ("zero", "5", "0"),
        ("zeros", "0", "0"),
    ];
    for (name, one, two) in pairs {
        let lines = format!("Content-Length: {one}\r\nContent-Length: {two}\r\n");
        table.refuse(&format!("cl-cl-{name}"), &post(&lines, "hello"));
        let lines = format!("Content-Length: {one}\r\nX-Between: y\r\ncontent-length: {two}\r\n");
        table.refuse(&format!("cl-between-cl-{name}"), &post(&lines, "hello"));
    }
    for (name, line) in [
        ("space-colon", "Content-Length : 5\r\n"),
        ("tab-colon", "Content-Length\t: 5\r\n"),
        ("folded", "Content-Length:\r\n 5\r\n"),
        ("leading-space", " Content-Length: 5\r\n"),
    ] {
        table.refuse(&format!("cl-line-{name}"), &post(line, "hello"));
    }
    let good =
        [("plain", "Content-Length: 5"), ("tight", "Content-Length:5"), ("padded", "content-length:   5  ")];
    for (name, line) in good {
        let want = Want::Passed("/open".into(), b"hello".to_vec());
        table.add(&format!("cl-{name}"), &post(format!("{line}\r\n"), "hello"), want);
    }
    for (name, alias) in [("underscore", "Content_Length"), ("dot", "Content.Length")] {
        let lines = format!("{alias}: 50\r\nContent-Length: 5\r\n");
        table.add(&format!("cl-alias-{name}"), &post(lines, "hello"), Want::Judged);
    }
}

fn both(table: &mut Table) {
    for length in ["0", "5", "6", "15", "99999"] {
        let (cl, te) = (format!("Content-Length: {length}\r\n"), "Transfer-Encoding: chunked\r\n");
        table.refuse(&format!("cl-te-{length}"), &post(format!("{cl}{te}"), CHUNKED_BODY));
        table.refuse(&format!("te-cl-{length}"), &post(format!("{te}{cl}"), CHUNKED_BODY));
        table.refuse(&format!("te-x-cl-{length}"), &post(format!("{te}X-A: b\r\n{cl}"), CHUNKED_BODY));
        let (cl, te) = (cl.to_lowercase(), te.to_uppercase());
        table.refuse(&format!("cl-te-case-{length}"), &post(format!("{cl}{te}"), CHUNKED_BODY));
    }
}

fn versions(table: &mut Table) {
    let head = |version: &str, lines: &str, body: &str| {
        format!("POST /open {version}\r\nHost: gate.test\r\nX-Case: @@\r\n{lines}\r\n{body}").into_bytes()
    };
    let te = "Transfer-Encoding: chunked\r\n";
    table.refuse("http10-te", &head("HTTP/1.0", te, CHUNKED_BODY));
    table.refuse(
        "http10-te-keep",
        &head("HTTP/1.0", &format!("Connection: keep-alive\r\n{te}"), CHUNKED_BODY),
    );
    table.refuse("http10-te-cl", &head("HTTP/1.0", &format!("{te}Content-Length: 5\r\n"), CHUNKED_BODY));
    table.add("http10-open-end", &head("HTTP/1.0", "", "hello"), Want::Judged);
    let odd = [
        "HTTP/0.9",
        "HTTP/1.2",
        "HTTP/1.10",
        "HTTP/1.01",
        "HTTP/2.0",
        "HTTP/2",
        "HTTP/3",
        "HTTP/11",
        "HTTP/1",
        "HTTP/",
        "HTTP/ 1.1",
        "HTTP /1.1",
        "HTTP/1,1",
        "HTTP/1.1x",
        "HTTP/1.1 x",
        "http/1.1",
        "Http/1.1",
        "HTP/1.1",
        "XHTTP/1.1",
        "HTTP/-1.1",
        "HTTP/1.1\t",
        "HTTP/1.1 ",
        "ICY/1.1",
        "RTSP/1.0",
        "HTTP/1.1\u{b}",
    ];
    for (number, version) in odd.into_iter().enumerate() {
        let bytes = head(version, "Content-Length: 5\r\n", "hello");
        table.add(&format!("version-{number}"), &bytes, Want::Refused(&[400, 505]));
    }
}
