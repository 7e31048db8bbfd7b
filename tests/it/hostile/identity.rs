//! Fields by which a caller might pose as someone, and fields that belong to one hop only
//! (reliability, classes 3.2 and 3.5).

use super::table::{Case, Table, Want, get, post};

/// Names the gate itself tells the app, or that tell where a request comes from and goes to.
pub(super) const BASES: [&str; 17] = [
    "X-Sidegate-Route",
    "X-Sidegate-Subject",
    "X-Sidegate-Key-Id",
    "X-Sidegate-Roles",
    "X-Sidegate-Client-Ip",
    "X-Sidegate-Anything",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "X-Forwarded-Port",
    "X-Forwarded-Prefix",
    "Forwarded",
    "X-Real-Ip",
    "X-Original-Url",
    "X-Rewrite-Url",
    "X-Http-Method-Override",
    "X-Method-Override",
];

/// Spellings of one name that some app reads as the same.
pub(super) fn aliases(base: &str) -> Vec<String> {
    let first = base.find('-');
    let once = first.map_or(base.to_owned(), |at| format!("{}_{}", &base[..at], &base[at + 1..]));
    let mut all = vec![
        base.to_owned(),
        base.to_lowercase(),
        base.to_uppercase(),
        base.replace('-', "_"),
        base.replace('-', "_").to_lowercase(),
        once,
        base.replace('-', "."),
        base.replace('-', "!"),
        base.replace('-', "~").to_lowercase(),
        base.replace('-', "'"),
    ];
    all.dedup();
    all
}

pub(super) fn cases() -> Vec<Case> {
    let mut table = Table::of("identity");
    for base in BASES {
        for alias in aliases(base) {
            table.add("alias", &get(format!("{alias}: SPOOF\r\n")), Want::Judged);
        }
        table.add(
            "twice",
            &get(format!("{base}: SPOOF\r\n{}: SPOOF\r\n", base.to_lowercase())),
            Want::Judged,
        );
        let nominated = format!("Connection: {base}\r\n{base}: SPOOF\r\n");
        table.add("nominated", &get(nominated), Want::Judged);
    }
    let hops = format!("X-Forwarded-For: {}SPOOF\r\n", "1.2.3.4, ".repeat(1000));
    table.add("hops-1000", &get(hops), Want::Judged);
    nominations(&mut table);
    hop_by_hop(&mut table);
    upgrades(&mut table);
    table.cases
}

fn nominations(table: &mut Table) {
    let framing = ["Host", "Content-Length", "Transfer-Encoding"];
    for name in framing {
        for spelled in [name.to_owned(), name.to_lowercase(), format!("close, {name}")] {
            let lines = format!("Connection: {spelled}\r\nContent-Length: 5\r\n");
            table.add("nominates-framing", &post(lines, "hello"), Want::Refused(&[400]));
        }
    }
    let credentials = ["X-Token", "X-API-Key", "Authorization", "X-Hub-Signature-256", "Cookie"];
    for name in credentials {
        let lines = format!("Connection: keep-alive, {name}\r\n{name}: SPOOF\r\n");
        table.add("nominates-credential", &get(lines), Want::Judged);
    }
    let odd: [&[u8]; 10] = [
        b",,,",
        b"close, keep-alive",
        b"keep-alive, close, x-a",
        b"\"close\"",
        b"x a",
        b"\xff",
        b"@",
        b"close;q=1",
        b"x-a,,x-b",
        b"X-Request-Id",
    ];
    for value in odd {
        table.add("connection-odd", &get([b"Connection: ", value, b"\r\nX-A: b\r\n"].concat()), Want::Judged);
    }
    let many =
        format!("Connection: {}\r\n", (0..500).map(|n| format!("x-{n}")).collect::<Vec<_>>().join(","));
    table.add("connection-500", &get(many), Want::Judged);
}

fn hop_by_hop(table: &mut Table) {
    let lines = [
        "Keep-Alive: SPOOF\r\n",
        "Proxy-Connection: SPOOF\r\n",
        "TE: SPOOF\r\n",
        "Proxy-Authorization: SPOOF\r\n",
        "Proxy-Authenticate: SPOOF\r\n",
        "HTTP2-Settings: SPOOF\r\n",
        "Connection: x-mine\r\nX-Mine: SPOOF\r\n",
        "Connection: X-MINE\r\nx-mine: SPOOF\r\n",
        "Connection: keep-alive\r\nConnection: x-mine\r\nX-Mine: SPOOF\r\n",
    ];
    for line in lines {
        table.add("hop", &get(line), Want::Judged);
    }
}

fn upgrades(table: &mut Table) {
    let refused = Want::Refused(&[400, 405, 426, 501]);
    for value in [
        "h2c",
        "H2C",
        "websocket, h2c",
        "h2c, websocket",
        "TLS/1.0",
        "x",
        "IRC/6.9",
        "websocket/13",
        "HTTP/2.0",
    ] {
        let lines = format!(
            "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: {value}\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"
        );
        table.add("upgrade", &get(lines), refused.clone());
    }
    let twice = "Connection: upgrade\r\nUpgrade: websocket\r\nUpgrade: h2c\r\n";
    table.add("upgrade-twice", &get(twice), refused.clone());
    let key = "Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    let on_hook =
        format!("POST /hook HTTP/1.1\r\nHost: gate.test\r\nX-Case: @@\r\n{key}Content-Length: 0\r\n\r\n");
    table.add("upgrade-signed-route", on_hook.as_bytes(), Want::Refused(&[400, 401]));
    let admin = format!("GET /admin HTTP/1.1\r\nHost: gate.test\r\nX-Case: @@\r\n{key}\r\n");
    table.add("upgrade-no-credential", admin.as_bytes(), Want::Refused(&[400, 401]));
    table.add("upgrade-body", &post(format!("{key}Content-Length: 5\r\n"), "hello"), Want::Judged);
    table.add("upgrade-not-connection", &get("Upgrade: h2c\r\n"), Want::Judged);
}
