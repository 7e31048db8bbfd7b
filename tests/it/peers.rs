//! What broke other proxies and receivers, replayed: the trigger of each incident's class, by its public id.
//!
//! What needs minutes, floods or several processes is replayed in
//! the other suites; here is what one connection can show.

use crate::frames::{END_HEADERS, END_STREAM, H2, Outcome, WHOLE, block, frame, kind, request};
use crate::gate::Gate;
use crate::origin::Origin;
use crate::sign::{github, github_post, sha256};
use crate::wire::{Ask, Wire};

const SECRET: &str = "the hook's secret of good length";
const TOKEN: &str = "the admin token of good length";
const KEY: &str = "the caller's key of good length";

fn config() -> String {
    format!(
        r#"
limits: {{failures: 0, head_timeout: 2s, body_idle: 2s}}
routes:
  - {{name: admin, path_prefix: /admin, shared_secret: {{header: X-Token, secrets: [{{id: a, value: "{TOKEN}"}}]}}}}
  - {{name: hosted, path: /hosted, hosts: [inner.test], public: true}}
  - {{name: hook, path: /hook, methods: [POST], signature: {{provider: github, replay: "off", secrets: [{{id: h, value: "{SECRET}"}}]}}}}
  - {{name: keyed, path_prefix: /key, api_key: {{locations: [header:X-API-Key]}}}}
  - {{name: site, path_prefix: /, public: true}}
api_keys: {{keys: [{{id: k, name: caller, hash: "sha256:{}"}}]}}
"#,
        sha256(KEY.as_bytes())
    )
}

/// How one incident is replayed.
enum Replay {
    /// HTTP/1.1 bytes that must be refused, nothing of them at the app.
    Refused(String),
    /// HTTP/1.1 bytes that must never become more than one request, nor a whole one where they are not.
    NotWhole(String),
    /// A field no caller may set; the app must not see its value.
    Stripped(&'static str),
    /// A target that must not pass the rule on `/admin`.
    Guarded(&'static str),
    /// Frames behind the greeting; stream 1 must not be answered by the app.
    Frames(Vec<u8>),
}

use Replay::{Frames, Guarded, NotWhole, Refused, Stripped};

fn post(lines: &str, body: &str) -> String {
    format!("POST /open HTTP/1.1\r\nHost: gate.test\r\n{lines}\r\n{body}")
}

fn get(lines: &str) -> String {
    format!("GET /open HTTP/1.1\r\nHost: gate.test\r\n{lines}\r\n")
}

const SMUGGLED: &str = "GET /smuggled HTTP/1.1\r\nHost: gate.test\r\n\r\n";

fn framing() -> Vec<(&'static str, &'static str, Replay)> {
    let te = "Transfer-Encoding: chunked\r\n";
    let long = "a".repeat(270);
    vec![
        (
            "CVE-2026-2835",
            "HTTP/1.0 with chunked",
            Refused(post(te, "0\r\n\r\n").replace("HTTP/1.1", "HTTP/1.0")),
        ),
        (
            "RUSTSEC-2021-0020",
            "two codings",
            Refused(post(&format!("{te}Transfer-Encoding: identity\r\n"), "0\r\n\r\n")),
        ),
        ("RUSTSEC-2021-0078", "a length with a plus", Refused(post("Content-Length: +5\r\n", "hello"))),
        (
            "RUSTSEC-2021-0079",
            "a chunk size that overflows",
            NotWhole(post(te, "f0000000000000003\r\nabc\r\n0\r\n\r\n")),
        ),
        (
            "CVE-2021-40346",
            "a name longer than a byte counts",
            NotWhole(post(
                &format!("Content-Length0{long}:\r\nContent-Length: {}\r\n", SMUGGLED.len()),
                SMUGGLED,
            )),
        ),
        ("CVE-2023-25725", "an empty field name", Refused(get(": x\r\nContent-Length: 10\r\n"))),
        (
            "CVE-2026-105299",
            "nominated framing",
            Refused(post("Connection: Content-Length\r\nContent-Length: 5\r\n", "hello")),
        ),
        ("CVE-2025-22871", "a line feed in a chunk size", NotWhole(post(te, "5\nhello\r\n0\r\n\r\n"))),
        (
            "CVE-2025-55315",
            "a line feed in a chunk extension",
            NotWhole(post(te, "5;\n\r\nhello\r\n0\r\n\r\n")),
        ),
        (
            "GHSA-fghv-69vj-qj49",
            "a quoted chunk extension",
            NotWhole(post(te, "5;a=\"\r\nhello\r\n0\r\n\r\n\"\r\n0\r\n\r\n")),
        ),
        (
            "CVE-2024-22019",
            "chunk extensions without end",
            NotWhole(post(te, &format!("5;{}\r\nhello\r\n0\r\n\r\n", "a".repeat(100_000)))),
        ),
        (
            "CVE-2025-64763",
            "bytes behind a CONNECT",
            Refused(format!("CONNECT gate.test:80 HTTP/1.1\r\nHost: gate.test:80\r\n\r\n{SMUGGLED}")),
        ),
        (
            "CVE-2026-71324",
            "a CONNECT for the pool",
            Refused("CONNECT /open HTTP/1.1\r\nHost: gate.test\r\nContent-Length: 0\r\n\r\n".to_owned()),
        ),
        (
            "CVE-2026-2833",
            "bytes behind an upgrade",
            NotWhole(format!(
                "{}{SMUGGLED}",
                get("Connection: upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n")
            )),
        ),
    ]
}

fn streams() -> Vec<(&'static str, &'static str, Replay)> {
    let undelivered = [
        request(1, "POST", "/open", &[("content-length", "10")], END_HEADERS),
        frame(kind::DATA, END_STREAM, 1, b"five5"),
    ];
    let open_trailers = [
        request(1, "POST", "/open", &[], END_HEADERS),
        frame(kind::DATA, 0, 1, b"x"),
        frame(kind::HEADERS, END_HEADERS, 1, &block(&[(b"x-t", b"a")])),
    ];
    vec![
        ("CVE-2026-90678", "fewer bytes than announced", Frames(undelivered.concat())),
        (
            "CVE-2026-48743",
            "a length and no data",
            Frames(request(1, "POST", "/open", &[("content-length", "5")], WHOLE)),
        ),
        ("CVE-2026-73513", "trailers that do not end", Frames(open_trailers.concat())),
        (
            "CVE-2026-58150",
            "a coding in HTTP/2",
            Frames(request(1, "POST", "/open", &[("transfer-encoding", "chunked")], WHOLE)),
        ),
        (
            "CVE-2026-71554",
            "two hosts in HTTP/2",
            Frames(request(1, "GET", "/open", &[("host", "a"), ("host", "b")], WHOLE)),
        ),
        (
            "CVE-2026-47774",
            "cookie crumbs past the count",
            Frames(request(1, "GET", "/open", &[("cookie", "a=b"); 200], WHOLE)),
        ),
    ]
}

fn identity() -> Vec<(&'static str, &'static str, Replay)> {
    vec![
        ("CVE-2025-64484", "an identity with underscores", Stripped("X_Sidegate_Subject: SPOOF\r\n")),
        ("CVE-2026-54763", "an address with underscores", Stripped("X_Forwarded_For: SPOOF\r\n")),
        ("CVE-2026-88011", "an alias with a dot", Stripped("X.Sidegate.Roles: SPOOF\r\n")),
        ("CVE-2026-33433", "an identity in another case", Stripped("x-sIDEGATE-key-ID: SPOOF\r\n")),
        ("CVE-2026-44087", "an identity of the app's own", Stripped("X-Sidegate-Anything: SPOOF\r\n")),
        (
            "GHSA-7r4p-vjf4-gxv4",
            "an identity the gate would not set",
            Stripped("X-Sidegate-Roles: SPOOF\r\n"),
        ),
        (
            "CVE-2024-45410",
            "nominating what the gate sets",
            Stripped("Connection: X-Forwarded-For, X-Sidegate-Client-Ip\r\nX-Forwarded-For: SPOOF\r\n"),
        ),
        (
            "CVE-2026-29054",
            "nominating in lower case",
            Stripped("connection: x-forwarded-for\r\nX-Forwarded-For: SPOOF\r\n"),
        ),
        (
            "CVE-2021-32813",
            "nominating twice",
            Stripped(
                "Connection: x-forwarded-host\r\nConnection: x-forwarded-host\r\nX-Forwarded-Host: SPOOF\r\n",
            ),
        ),
        ("CVE-2026-35051", "a forwarded prefix", Stripped("X-Forwarded-Prefix: SPOOF\r\n")),
        ("CVE-2026-39858", "Forwarded of RFC 7239", Stripped("Forwarded: for=SPOOF\r\n")),
        ("CVE-2026-40575", "another URL by header", Stripped("X-Forwarded-Uri: /SPOOF\r\n")),
        ("GHSA-w9mr-28mw-j8hg", "hop-by-hop credentials", Stripped("Proxy-Authorization: SPOOF\r\n")),
    ]
}

fn paths() -> Vec<(&'static str, &'static str, Replay)> {
    vec![
        ("CVE-2026-48020", "dot segments", Guarded("/x/../admin")),
        ("CVE-2026-40912", "dot segments of a prefix", Guarded("/x/y/../../admin/z")),
        ("CVE-2026-27587", "another case by escape", Guarded("/%41dmin")),
        ("CVE-2026-73511", "path parameters", Guarded("/admin;x=y/action")),
        ("CVE-2026-73553", "empty path parameters", Guarded("/;/admin")),
        ("CVE-2025-66490", "encoded characters", Guarded("/x%2f..%2fadmin")),
        ("CVE-2025-54576", "a public path in the query", Guarded("/admin?x=/open")),
        ("GHSA-pxq7-h93f-9jrg", "a public path in the fragment", Guarded("/admin#/open")),
        ("CVE-2026-33494", "dot segments, encoded", Guarded("/x/%252e%252e/admin")),
        (
            "CVE-2026-34457",
            "a probe's user agent",
            Guarded("/admin HTTP/1.1\r\nUser-Agent: kube-probe/1.30\r\nX-A:"),
        ),
    ]
}

fn replay(gate: &Gate, origin: &Origin, how: &Replay) -> Result<(), String> {
    let before = origin.count();
    let text = match how {
        Refused(text) | NotWhole(text) => text.clone(),
        Stripped(line) => get(line),
        Guarded(target) => format!("GET {target} HTTP/1.1\r\nHost: gate.test\r\n\r\n"),
        Frames(bytes) => {
            let mut connection = H2::to(gate.data);
            let _ = connection.send(bytes);
            let outcome = connection.outcome(1);
            let at_app = origin.seen()[before..].iter().any(|seen| seen.whole);
            let is_2xx = matches!(outcome, Outcome::Answer(200..300, _) | Outcome::Late);
            return if at_app || is_2xx { Err(format!("{outcome:?}, at the app: {at_app}")) } else { Ok(()) };
        }
    };
    let mut wire = Wire::to(gate.data);
    let _ = wire.send(text.as_bytes());
    let mut statuses = Vec::new();
    while let Ok(answer) = wire.answer("GET") {
        statuses.push(answer.status);
        wire.finish();
    }
    let seen = origin.seen().split_off(before);
    let smuggled = seen.iter().any(|seen| seen.target == "/smuggled");
    let spoofed = seen.iter().any(|seen| format!("{:?}", seen.folded()).contains("SPOOF"));
    let is_4xx = matches!(statuses.as_slice(), [400..500]);
    let held = match how {
        Refused(_) | Guarded(_) => is_4xx && seen.is_empty(),
        NotWhole(_) => {
            !smuggled && seen.len() <= 1 && statuses.iter().filter(|status| **status < 300).count() <= 1
        }
        Stripped(_) => !spoofed && statuses.len() == 1,
        Frames(_) => true,
    };
    if held && !smuggled { Ok(()) } else { Err(format!("answers {statuses:?}, at the app {seen:?}")) }
}

#[test]
fn no_incident_of_a_peer_reproduces() {
    let origin = Origin::start();
    let gate = Gate::start(origin.addr, &config());
    let mut all = framing();
    all.extend(streams());
    all.extend(identity());
    all.extend(paths());
    let mut failed = Vec::new();
    for (id, what, how) in &all {
        if let Err(why) = replay(&gate, &origin, how) {
            failed.push(format!("{id} ({what}): {why}"));
        }
    }
    failed.extend(by_request(&gate, &origin));
    println!("{} incidents of peers replayed, {} reproduce", all.len() + BY_REQUEST, failed.len());
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// Incidents below that need more than bytes.
const BY_REQUEST: usize = 7;

/// Matchers, hosts, tokens: each a request or two.
fn by_request(gate: &Gate, origin: &Origin) -> Vec<String> {
    let mut failed = Vec::new();
    let mut check = |id: &str, holds: bool| {
        if !holds {
            failed.push(id.to_owned());
        }
    };
    let status = |ask: &Ask| gate.ask(ask).status;
    let hosted = |host: &str| status(&Ask::get("/hosted").host(host));
    check(
        "CVE-2026-27588, linkerd2-proxy#4605: the case of a host",
        [hosted("INNER.test"), hosted("other.test")] == [200, 404],
    );
    let key = Ask::get("/key").field("X-API-Key", KEY);
    check("CVE-2026-26308: a credential twice", status(&key.clone().field("X-API-Key", "x")) == 400);
    let mut wire = Wire::to(gate.data);
    let _ = wire.send(b"GET /key HTTP/1.1\r\nHost: gate.test\r\nX-API-Key: \xff\xfe\r\n\r\n");
    let status_of_bytes = wire.answer("GET").map_or(0, |answer| answer.status);
    check("CVE-2026-73552: a credential that is no text", [400, 401].contains(&status_of_bytes));
    check("hiveloop#32: an empty secret", status(&Ask::get("/admin").field("X-Token", "")) == 401);
    check(
        "CVE-2026-26717: an empty signature",
        status(&Ask::post("/hook", "x").field("X-Hub-Signature-256", "sha256=")) == 401,
    );
    // A body without bound before the signature is even looked at.
    let mut wire = Wire::to(gate.data);
    let _ = wire.send(b"POST /hook HTTP/1.1\r\nHost: gate.test\r\nContent-Length: 2000000000\r\n\r\n");
    let at_once = wire.answer("POST").map_or(0, |answer| answer.status);
    check(
        "CVE-2026-91080, CVE-2026-40481: a body read before its credentials",
        [401, 413].contains(&at_once),
    );
    // A wrong expectation must leave the next request of the app's connection alone.
    let _ = gate.ask(&Ask::post("/open", "x").field("Expect", "100-continue"));
    let signed = github_post("/hook", SECRET, b"good");
    check("CVE-2024-24791: an expectation that poisons a connection", status(&signed) == 200);
    check(
        "the app's last request",
        origin.seen().pop().is_some_and(|seen| seen.one("x-hub-signature-256") == github(SECRET, b"good")),
    );
    failed
}
