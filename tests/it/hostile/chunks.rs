//! Bodies whose chunks break the grammar, on a streamed and on a signed route (reliability, class 3.1).

use super::table::{Case, Table, Want, post};
use crate::sign::github;

/// Secret of the signed route `/hook`.
pub(super) const SECRET: &str = "the hook's secret of good length";

pub(super) fn cases() -> Vec<Case> {
    let mut table = Table::of("chunks");
    for (name, body) in broken() {
        let line = "Transfer-Encoding: chunked\r\n";
        table.add(&format!("streamed-{name}"), &post(line, &body), Want::Unfinished);
        let lines = format!("{line}X-Hub-Signature-256: {}\r\n", github(SECRET, b"hello"));
        table.add(&format!("signed-{name}"), &hook(&lines, &body), Want::Refused(&[400, 408, 413, 431]));
    }
    for (name, body) in sound() {
        let line = "Transfer-Encoding: chunked\r\n";
        let passed = |path: &str| Want::Passed(path.to_owned(), b"hello".to_vec());
        table.add(&format!("streamed-{name}"), &post(line, &body), passed("/open"));
        let lines = format!("{line}X-Hub-Signature-256: {}\r\n", github(SECRET, b"hello"));
        table.add(&format!("signed-{name}"), &hook(&lines, &body), passed("/hook"));
    }
    trailers(&mut table);
    table.cases
}

fn hook(lines: &str, body: &[u8]) -> Vec<u8> {
    [format!("POST /hook HTTP/1.1\r\nHost: gate.test\r\nX-Case: @@\r\n{lines}\r\n").as_bytes(), body].concat()
}

fn broken() -> Vec<(String, Vec<u8>)> {
    let sizes: [(&str, &[u8]); 28] = [
        ("hex-mark", b"0x5"),
        ("space-before", b" 5"),
        ("tab-before", b"\t5"),
        ("underscore", b"0_5"),
        ("plus", b"+5"),
        ("minus", b"-5"),
        ("minus-zero", b"-0"),
        ("empty", b""),
        ("not-hex", b"g"),
        ("word", b"five"),
        ("comma", b"5,"),
        ("quoted", b"\"5\""),
        ("seventeen", b"fffffffffffffff05"),
        ("eighteen", b"100000000000000005"),
        ("two-to-64", b"10000000000000005"),
        ("nul", b"5\0"),
        ("nul-before", b"\x005"),
        ("vt", b"5\x0b"),
        ("cr-inside", b"5\rx"),
        ("two-cr", b"5\r"),
        ("arabic", "٥".as_bytes()),
        ("dot", b"5.0"),
        ("h-suffix", b"5h"),
        ("two-numbers", b"5 5"),
        ("extension-lf", b"5;a=\nb"),
        ("extension-quoted-lf", b"5;a=\"\n\""),
        ("extension-cr", b"5;a=\rb"),
        ("extension-open-quote", b"5;a=\""),
    ];
    let mut all: Vec<(String, Vec<u8>)> = sizes
        .into_iter()
        .map(|(name, size)| (format!("size-{name}"), [size, b"\r\nhello\r\n0\r\n\r\n"].concat()))
        .collect();
    let bodies: [(&str, &[u8]); 14] = [
        ("lf-behind-size", b"5\nhello\r\n0\r\n\r\n"),
        ("lf-behind-data", b"5\r\nhello\n0\r\n\r\n"),
        ("cr-behind-data", b"5\r\nhello\r0\r\n\r\n"),
        ("nothing-behind-data", b"5\r\nhello0\r\n\r\n"),
        ("data-too-long", b"5\r\nhelloo\r\n0\r\n\r\n"),
        ("data-too-short", b"5\r\nhell\r\n0\r\n\r\n"),
        ("lf-behind-last", b"5\r\nhello\r\n0\n\r\n"),
        ("lf-at-end", b"5\r\nhello\r\n0\r\n\n"),
        ("cr-at-end", b"5\r\nhello\r\n0\r\n\r0"),
        ("trailer-lf", b"5\r\nhello\r\n0\r\nX-T: a\n\r\n"),
        ("trailer-cr", b"5\r\nhello\r\n0\r\nX-T: a\rb\r\n\r\n"),
        ("trailer-space-colon", b"5\r\nhello\r\n0\r\nX-T : a\r\n\r\n"),
        ("trailer-no-colon", b"5\r\nhello\r\n0\r\nX-T\r\n\r\n"),
        ("trailer-folded", b"5\r\nhello\r\n0\r\nX-T: a\r\n b\r\n\r\n"),
    ];
    all.extend(bodies.into_iter().map(|(name, body)| (name.to_owned(), body.to_vec())));
    let long = [b"5;a=", "e".repeat(20_000).as_bytes(), b"\r\nhello\r\n0\r\n\r\n"].concat();
    all.push(("extension-of-20000".to_owned(), long));
    let many = [b"5\r\nhello\r\n0\r\n", "X-T: a\r\n".repeat(10_000).as_bytes(), b"\r\n"].concat();
    all.push(("trailers-10000".to_owned(), many));
    all
}

fn sound() -> Vec<(String, Vec<u8>)> {
    let bodies: [(&str, &[u8]); 6] = [
        ("one", b"5\r\nhello\r\n0\r\n\r\n"),
        ("single-bytes", b"1\r\nh\r\n1\r\ne\r\n1\r\nl\r\n1\r\nl\r\n1\r\no\r\n0\r\n\r\n"),
        ("zero-led", b"0005\r\nhello\r\n0\r\n\r\n"),
        ("extension", b"5;name=value\r\nhello\r\n0;last\r\n\r\n"),
        ("zeros", b"5\r\nhello\r\n0000\r\n\r\n"),
        ("trailer", b"5\r\nhello\r\n0\r\nX-T: a\r\n\r\n"),
    ];
    bodies.into_iter().map(|(name, body)| (name.to_owned(), body.to_vec())).collect()
}

fn trailers(table: &mut Table) {
    let names = [
        "Transfer-Encoding",
        "Content-Length",
        "Host",
        "Authorization",
        "Cookie",
        "Connection",
        "Upgrade",
        "TE",
        "X-Token",
        "X-API-Key",
        "X-Hub-Signature-256",
        "X-Forwarded-For",
        "X_Forwarded_For",
        "Forwarded",
        "X-Real-IP",
        "X-Sidegate-Subject",
        "x_sidegate_subject",
        "X.Sidegate.Key-Id",
        "X-Request-Id",
        "Proxy-Authorization",
    ];
    for name in names {
        let body = format!("5\r\nhello\r\n0\r\n{name}: SPOOF\r\n\r\n");
        let line = format!("Transfer-Encoding: chunked\r\nTrailer: {name}\r\n");
        table.add(&format!("trailer-{}", name.to_lowercase()), &post(line, body), Want::Judged);
    }
}
