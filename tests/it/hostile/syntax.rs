//! Heads that break the line grammar, and Hosts that name no one or two (reliability, class 3.1).

use super::table::{Case, Table, Want, first, get, post};

pub(super) fn cases() -> Vec<Case> {
    let mut table = Table::of("syntax");
    line_ends(&mut table);
    characters(&mut table);
    fields(&mut table);
    request_lines(&mut table);
    hosts(&mut table);
    table.cases
}

fn line_ends(table: &mut Table) {
    let heads: [(&str, &[u8]); 12] = [
        ("all-lf", b"GET /open HTTP/1.1\nHost: gate.test\nX-Case: @@\n\n"),
        ("first-lf", b"GET /open HTTP/1.1\nHost: gate.test\r\nX-Case: @@\r\n\r\n"),
        ("host-lf", b"GET /open HTTP/1.1\r\nHost: gate.test\nX-Case: @@\r\n\r\n"),
        ("last-lf", b"GET /open HTTP/1.1\r\nHost: gate.test\r\nX-Case: @@\n\r\n"),
        ("end-lf", b"GET /open HTTP/1.1\r\nHost: gate.test\r\nX-Case: @@\r\n\n"),
        ("end-lf-lf", b"GET /open HTTP/1.1\r\nHost: gate.test\r\nX-Case: @@\n\n"),
        ("value-cr", b"GET /open HTTP/1.1\r\nHost: gate.test\r\nX-Case: @@\rX-B: c\r\n\r\n"),
        ("value-cr-end", b"GET /open HTTP/1.1\r\nHost: gate.test\r\nX-Case: @@\r\r\n\r\n"),
        ("name-cr", b"GET /open HTTP/1.1\r\nHost: gate.test\r\nX-\rCase: @@\r\n\r\n"),
        ("cr-line", b"GET /open HTTP/1.1\r\nHost: gate.test\r\n\rX-Case: @@\r\n\r\n"),
        ("first-cr", b"GET /open HTTP/1.1\rHost: gate.test\r\nX-Case: @@\r\n\r\n"),
        ("first-cr-cr", b"GET /open HTTP/1.1\r\r\nHost: gate.test\r\nX-Case: @@\r\n\r\n"),
    ];
    for (name, head) in heads {
        table.refuse(name, head);
    }
    table.add("empty-line-before", &[b"\r\n", get("").as_slice()].concat(), Want::Judged);
    table.refuse("lf-before", &[b"\n", get("").as_slice()].concat());
    table.refuse("cr-before", &[b"\r", get("").as_slice()].concat());
    table.refuse("nul-before", &[b"\0", get("").as_slice()].concat());
    table.refuse("space-before", &[b" ", get("").as_slice()].concat());
    table.refuse("bom-before", &[b"\xef\xbb\xbf", get("").as_slice()].concat());
}

fn characters(table: &mut Table) {
    for byte in (0..0x20u8).chain([0x7f]).filter(|byte| !matches!(byte, b'\t' | b'\r' | b'\n')) {
        table.refuse(&format!("value-{byte:02x}"), &get([b"X-A: b", [byte].as_slice(), b"c\r\n"].concat()));
        table.refuse(&format!("name-{byte:02x}"), &get([b"X-", [byte].as_slice(), b"A: b\r\n"].concat()));
    }
    for byte in *b"\"(),/;<=>?@[\\]{} \t" {
        let name = format!("name-delimiter-{byte:02x}");
        table.refuse(&name, &get([b"X-", [byte].as_slice(), b"A: b\r\n"].concat()));
    }
    for byte in [0x80u8, 0xa0, 0xc3, 0xff] {
        table.refuse(&format!("name-{byte:02x}"), &get([b"X-", [byte].as_slice(), b"A: b\r\n"].concat()));
        table.add(
            &format!("value-{byte:02x}"),
            &get([b"X-A: b", [byte].as_slice(), b"\r\n"].concat()),
            Want::Judged,
        );
    }
}

fn fields(table: &mut Table) {
    let bad: [(&str, &[u8]); 14] = [
        ("fold", b"X-A: b\r\n c\r\n"),
        ("fold-tab", b"X-A: b\r\n\tc\r\n"),
        ("fold-empty", b"X-A: b\r\n \r\n"),
        ("fold-host", b"X-A: b\r\n Host: other\r\n"),
        ("space-colon", b"X-A : b\r\n"),
        ("tab-colon", b"X-A\t: b\r\n"),
        ("empty-name", b": b\r\n"),
        ("no-colon", b"X-A b\r\n"),
        ("no-colon-word", b"X-A\r\n"),
        ("only-colon", b":\r\n"),
        ("two-colons-first", b":: b\r\n"),
        ("tab-led", b"\tX-A: b\r\n"),
        ("http-line", b"GET /other HTTP/1.1\r\n"),
        ("token-space", b"X A: b\r\n"),
    ];
    for (name, line) in bad {
        table.refuse(&format!("field-{name}"), &get(line));
    }
    table.refuse("field-space-led-first", b"GET /open HTTP/1.1\r\n Host: gate.test\r\nX-Case: @@\r\n\r\n");
    table.refuse(
        "field-tab-led-first",
        b"GET /open HTTP/1.1\r\n\tX-A: b\r\nHost: gate.test\r\nX-Case: @@\r\n\r\n",
    );
    for (name, line) in [("empty-value", "X-A:\r\n"), ("blank", "X-A:   \r\n"), ("colons", "X-A: ::b:\r\n")] {
        table.add(&format!("field-{name}"), &get(line), Want::Passed("/open".into(), Vec::new()));
    }
    for value in ["200-ok", "100-continue, x", "100-continue;q=1", "x", "\"100-continue\"", "100"] {
        let bytes = post(format!("Expect: {value}\r\nContent-Length: 5\r\n"), "hello");
        table.add("expect", &bytes, Want::Refused(&[400, 417]));
    }
    let twice = post("Expect: 100-continue\r\nExpect: x\r\nContent-Length: 5\r\n", "hello");
    table.add("expect-twice", &twice, Want::Refused(&[400, 417]));
}

fn request_lines(table: &mut Table) {
    let bad: [(&str, &[u8]); 22] = [
        ("two-spaces", b"GET  /open HTTP/1.1"),
        ("two-spaces-version", b"GET /open  HTTP/1.1"),
        ("tab", b"GET\t/open HTTP/1.1"),
        ("tab-version", b"GET /open\tHTTP/1.1"),
        ("space-after", b"GET /open HTTP/1.1 "),
        ("no-version", b"GET /open"),
        ("no-target", b"GET HTTP/1.1"),
        ("only-method", b"GET"),
        ("empty", b""),
        ("vt", b"GET\x0b/open HTTP/1.1"),
        ("space-in-target", b"GET /op en HTTP/1.1"),
        ("nul-in-target", b"GET /op\0en HTTP/1.1"),
        ("tab-in-target", b"GET /op\ten HTTP/1.1"),
        ("cr-in-target", b"GET /op\ren HTTP/1.1"),
        ("del-in-target", b"GET /op\x7fen HTTP/1.1"),
        ("nul-in-method", b"GE\0T /open HTTP/1.1"),
        ("paren-in-method", b"GE(T /open HTTP/1.1"),
        ("colon-in-method", b"GET: /open HTTP/1.1"),
        ("at-in-method", b"GE@T /open HTTP/1.1"),
        ("obs-in-method", b"G\xc9T /open HTTP/1.1"),
        ("empty-method", b" /open HTTP/1.1"),
        ("swapped", b"HTTP/1.1 GET /open"),
    ];
    for (name, line) in bad {
        table.refuse(&format!("line-{name}"), &first(line));
    }
    for method in ["CONNECT", "TRACE", "connect", "Trace"] {
        table.add(
            &format!("method-{method}").to_lowercase(),
            &first(format!("{method} /open HTTP/1.1")),
            Want::Refused(&[400, 405, 501]),
        );
    }
    table.add("connect-authority", &first("CONNECT gate.test:80 HTTP/1.1"), Want::Refused(&[400, 405, 501]));
    let early = b"CONNECT gate.test:80 HTTP/1.1\r\nHost: gate.test:80\r\nX-Case: @@\r\n\r\nGET /open HTTP/1.1\r\nHost: gate.test\r\nX-Case: @@\r\n\r\n";
    table.add("connect-early-bytes", early, Want::Refused(&[400, 405, 501]));
    let long = format!("{} /open HTTP/1.1", "M".repeat(9000));
    table.add("method-long", &first(long), Want::Refused(&[400, 405, 414, 431, 501]));
    for method in ["get", "Get", "GETX", "M-SEARCH", "X!", "PRI"] {
        table.add("method-odd", &first(format!("{method} /open HTTP/1.1")), Want::Judged);
    }
}

fn hosts(table: &mut Table) {
    let with = |lines: &[u8]| [b"GET /open HTTP/1.1\r\nX-Case: @@\r\n", lines, b"\r\n"].concat();
    table.refuse("host-none", &with(b""));
    let lines: [(&str, &[u8]); 6] = [
        ("two-equal", b"Host: gate.test\r\nHost: gate.test\r\n"),
        ("two", b"Host: gate.test\r\nHost: other.test\r\n"),
        ("two-case", b"host: gate.test\r\nHOST: other.test\r\n"),
        ("second-empty", b"Host: gate.test\r\nHost:\r\n"),
        ("space-colon", b"Host : gate.test\r\n"),
        ("folded", b"Host:\r\n gate.test\r\n"),
    ];
    for (name, lines) in lines {
        table.refuse(&format!("host-{name}"), &with(lines));
    }
    let values: [(&str, &[u8]); 27] = [
        ("empty", b""),
        ("blank", b"  "),
        ("list", b"gate.test,other.test"),
        ("list-space", b"gate.test, other.test"),
        ("words", b"gate.test other.test"),
        ("userinfo", b"user@gate.test"),
        ("password", b"user:secret@gate.test"),
        ("at-behind", b"gate.test@"),
        ("port-word", b"gate.test:http"),
        ("port-large", b"gate.test:99999"),
        ("port-minus", b"gate.test:-1"),
        ("port-two", b"gate.test:80:80"),
        ("path", b"gate.test/x"),
        ("query", b"gate.test?x"),
        ("fragment", b"gate.test#x"),
        ("backslash", b"gate.test\\x"),
        ("scheme", b"http://gate.test"),
        ("bracket-open", b"[::1"),
        ("bracket-word", b"[gate]"),
        ("bracket-behind", b"[::1]x"),
        ("bare-v6", b"::1"),
        ("quote", b"\"gate.test\""),
        ("angle", b"<gate.test>"),
        ("nul", b"gate.test\0"),
        ("obs", b"gate.t\xe9st"),
        ("tab-inside", b"gate\ttest"),
        ("percent-broken", b"gate%zz.test"),
    ];
    for (name, value) in values {
        table.refuse(&format!("host-{name}"), &with(&[b"Host: ", value, b"\r\n"].concat()));
    }
    for value in [
        "gate.test:",
        "gate.test.",
        "GATE.TEST",
        "gate%2etest",
        "gate_test",
        "1.2.3.4",
        "[::1]:80",
        "xn--gte-ela.test",
    ] {
        table.add("host-odd", &with(format!("Host: {value}\r\n").as_bytes()), Want::Judged);
    }
    let long = format!("Host: {}.test\r\n", "a".repeat(5000));
    table.add("host-long", &with(long.as_bytes()), Want::Judged);
}
