//! I8: planted secrets appear in nothing the gate writes or answers, in no spelling, at the most talkative level.

use data_encoding::{BASE64, HEXLOWER};

use crate::frames::H2;
use crate::gate::{Gate, Nest, config, sidegate};
use crate::origin::Origin;
use crate::pace::{SOON, until};
use crate::sign::{github, stripe, unix_now};
use crate::wire::{Ask, Wire};

/// Planted texts; odd characters so that every encoding differs from the plain spelling.
const CANARIES: [&str; 15] = [
    "canary/01+github~secret?x",
    "canary/02+stripe~secret?x",
    "canary/03+token~shared?xx",
    "canary/04+api~key~raw?xxx",
    "canary/05+pepper~bytes?xx",
    "canary/06+unknown~key?xxx",
    "canary/07+bearer~token?xx",
    "canary/08+basic~password?",
    "canary_09_cookie~value?xx",
    "canary/10+wrong~signature",
    "canary-11-query-token-xxx",
    "canary/12+request~body?xx",
    "canary/13+environment~var",
    "canary/14+fragment~of~bad",
    "canary-15-query-of-key-url",
];

/// Every spelling of a text that would give it away.
fn spellings(text: &str) -> Vec<String> {
    let bytes = text.as_bytes();
    let mut all = vec![text.to_owned(), HEXLOWER.encode(bytes), HEXLOWER.encode(bytes).to_uppercase()];
    let escaped = |keep: &str| -> String {
        let one = |c: char| match c.is_ascii_alphanumeric() || keep.contains(c) {
            true => c.to_string(),
            false => format!("%{:02X}", c as u32),
        };
        text.chars().map(one).collect()
    };
    all.extend([escaped("-_.~"), escaped("-_.~/"), escaped("-_.~").to_lowercase(), text.replace('/', "\\/")]);
    for shift in 0..3 {
        let shifted = [&b"xyz"[..shift], bytes].concat();
        let encoded = BASE64.encode(&shifted);
        let (from, until) = (if shift == 0 { 0 } else { 4 }, encoded.len() - 4);
        let inner = encoded[from..until].to_owned();
        all.push(inner.replace('+', "-").replace('/', "_"));
        all.push(inner);
    }
    all
}

fn setup(nest: &Nest, origin: &Origin) -> String {
    nest.write("stripe.secret", CANARIES[1]);
    nest.write("pepper", CANARIES[4]);
    config(
        origin.addr,
        &format!(
            r#"
telemetry: {{log: {{level: debug, format: json}}, access_log: {{file: {access}}}, audit: {{file: {audit}}}}}
operational: {{verbose_logging: true}}
outbound: {{allowed_hosts: [{{host: keys.example.com, address: "127.0.0.1:9", allow_private: true}}]}}
routes:
  - {{name: plaid, path: /plaid, signature: {{provider: plaid, secrets: [{{id: p, url: "https://keys.example.com/set?token={url}"}}]}}}}
  - {{name: github, path: /github, signature: {{provider: github, secrets: [{{id: g, value: "{github}"}}, {{id: e, value: "${{HOOK_SECRET}}"}}]}}}}
  - {{name: stripe, path: /stripe, signature: {{provider: stripe, secrets: [{{id: s, file: {stripe}}}]}}}}
  - {{name: token, path_prefix: /token, shared_secret: {{header: X-Token, secrets: [{{id: t, value: "{token}"}}]}}}}
  - {{name: keyed, path_prefix: /key, api_key: {{locations: [header:X-API-Key, bearer, basic, "cookie:sid", "query:token"]}}}}
  - {{name: dead, path_prefix: /dead, public: true, upstream: "http://127.0.0.1:9"}}
  - {{name: site, path_prefix: /, public: true}}
api_keys: {{pepper: {{file: {pepper}}}, keys: [{{id: k, name: k, value: "{key}"}}]}}
"#,
            access = nest.path("access.log").display(),
            audit = nest.path("audit.log").display(),
            stripe = nest.path("stripe.secret").display(),
            pepper = nest.path("pepper").display(),
            github = CANARIES[0],
            token = CANARIES[2],
            key = CANARIES[3],
            url = CANARIES[14],
        ),
    )
}

/// Requests that carry every canary, right and wrong.
fn asks() -> Vec<Ask> {
    let now = unix_now();
    let mut asks = vec![
        Ask::post("/github", CANARIES[11])
            .field("X-Hub-Signature-256", &github(CANARIES[0], CANARIES[11].as_bytes())),
        Ask::post("/github", CANARIES[11])
            .field("X-Hub-Signature-256", &github(CANARIES[12], CANARIES[11].as_bytes())),
        Ask::post("/github", CANARIES[11]).field("X-Hub-Signature-256", CANARIES[9]),
        Ask::post("/github", CANARIES[11])
            .field("X-Hub-Signature-256", &format!("sha256={}", HEXLOWER.encode(CANARIES[9].as_bytes()))),
        Ask::post("/stripe", CANARIES[11])
            .field("Stripe-Signature", &stripe(CANARIES[1], now, CANARIES[11].as_bytes())),
        Ask::post("/stripe", CANARIES[11])
            .field("Stripe-Signature", &stripe(CANARIES[1], 5, CANARIES[11].as_bytes())),
        Ask::post("/stripe", CANARIES[11])
            .field("Stripe-Signature", &format!("t={},v1={}", CANARIES[9], CANARIES[9])),
        Ask::get("/token").field("X-Token", CANARIES[2]),
        Ask::get("/token").field("X-Token", CANARIES[9]),
        Ask::get("/token").field("X-Token", CANARIES[2]).field("X-Token", CANARIES[9]),
        Ask::get("/key").field("X-API-Key", CANARIES[3]),
        Ask::get("/key").field("X-API-Key", CANARIES[5]),
        Ask::get("/key")
            .field("X-API-Key", CANARIES[3])
            .field("Authorization", &format!("Bearer {}", CANARIES[6])),
        Ask::get("/key").field(
            "Authorization",
            &format!("Basic {}", BASE64.encode(format!("u:{}", CANARIES[7]).as_bytes())),
        ),
        Ask::get("/key").field("Authorization", &format!("Basic u:{}", CANARIES[7])),
        Ask::get("/key").field("Cookie", &format!("sid={}", CANARIES[8])),
        Ask::get(&format!("/key?token={}", CANARIES[10])),
        Ask::get(&format!("/nowhere/../key?token={}", CANARIES[10])),
    ];
    for path in ["/open", "/dead", "/x/../token"] {
        asks.push(
            Ask::post(&format!("{path}?token={}", CANARIES[10]), CANARIES[11])
                .field("Authorization", &format!("Bearer {}", CANARIES[6]))
                .field("Proxy-Authorization", &format!("Basic {}", CANARIES[7]))
                .field("Cookie", &format!("session={}", CANARIES[8]))
                .field("X-API-Key", CANARIES[5])
                .field("X-Hub-Signature-256", CANARIES[9])
                .field("X-Forwarded-For", CANARIES[13]),
        );
    }
    asks
}

/// Heads no parser takes, with canaries in them.
fn broken_heads() -> Vec<String> {
    vec![
        format!("GET /key?token={} HTTP/9\r\nHost: x\r\n\r\n", CANARIES[10]),
        format!("GET /token HTTP/1.1\r\nHost: x\r\nX-Token : {}\r\n\r\n", CANARIES[2]),
        format!("GET /token HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\0\r\n\r\n", CANARIES[6]),
        format!("{} /token HTTP/1.1\r\nHost: {}\r\n\r\n", CANARIES[13], CANARIES[13]),
        format!("POST /open HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n{}\r\n", CANARIES[11]),
    ]
}

/// Configs that are refused on lines that hold canaries; each is both checked and reloaded.
fn bad_configs(good: &str) -> Vec<String> {
    let quoted = |text: &str| format!("\"{text}\"");
    vec![
        good.replace(&format!("value: {}", quoted(CANARIES[0])), &format!("valeu: {}", quoted(CANARIES[0]))),
        good.replace(&quoted(CANARIES[2]), &format!("{}, x", quoted(CANARIES[2]))),
        good.replace(&quoted(CANARIES[2]), &format!("[{}]", quoted(CANARIES[2]))),
        good.replace(
            &quoted(CANARIES[3]),
            &format!("{}, value: {}", quoted(CANARIES[3]), quoted(CANARIES[3])),
        ),
        good.replace(&quoted(CANARIES[0]), "\"canary/14+fragment~of~bad ${UNCLOSED\""),
        good.replace("https://keys.example.com/set", "https://elsewhere.example.com/set"),
        good.replace("https://keys.example.com/set", "http://keys.example.com/set"),
        format!("{good}security: {{webhook_secrets: {{trello: [{{secret: {}}}]}}}}\n", quoted(CANARIES[13])),
        format!(
            "{good}security: {{webhook_secrets: {{stripe: {{value: {}, not_after: x}}}}}}\n",
            quoted(CANARIES[13])
        ),
    ]
}

#[test]
fn no_planted_secret_is_written_or_answered_in_any_spelling() {
    let origin = Origin::start();
    let nest = Nest::new();
    let good = setup(&nest, &origin);
    nest.write("gate.yaml", &good);
    let path = nest.path("gate.yaml");
    let gate = Gate::start_at(nest, path, &[("HOOK_SECRET", CANARIES[12])]);
    let mut outputs: Vec<(String, String)> = Vec::new();
    for ask in asks() {
        let answer = gate.ask(&ask);
        outputs.push((
            format!("the answer to {ask:?}"),
            format!("{:?} {}", answer.fields, String::from_utf8_lossy(&answer.body)),
        ));
    }
    for head in broken_heads() {
        let mut wire = Wire::to(gate.data);
        let _ = wire.send(head.as_bytes());
        wire.finish();
        outputs.push((
            "the answer to a broken head".to_owned(),
            String::from_utf8_lossy(&wire.rest().unwrap_or_default()).into_owned(),
        ));
    }
    let fields = [("x-api-key", CANARIES[5]), ("cookie", CANARIES[8]), ("authorization", CANARIES[6])];
    H2::to(gate.data).ask(1, "GET", &format!("/key?token={}", CANARIES[10]), &fields);
    for (number, bad) in bad_configs(&good).into_iter().enumerate() {
        assert_ne!(bad, good, "bad config {number} is the good one");
        gate.nest.write("gate.yaml", &bad);
        let ready = until(SOON, &format!("bad config {number} is told"), || {
            Some(gate.ready()).filter(|ready| ready["config"]["error"].is_string())
        });
        outputs.push((format!("/ready of bad config {number}"), ready.to_string()));
        for format in ["human", "json"] {
            let mut command = sidegate();
            command.env("HOOK_SECRET", CANARIES[12]).args(["check", "--show", "--format", format]);
            let output = command.arg(gate.nest.path("gate.yaml")).output().unwrap();
            assert_eq!(output.status.code(), Some(78), "bad config {number}");
            let said = [output.stdout, output.stderr].concat();
            outputs
                .push((format!("check of bad config {number}"), String::from_utf8_lossy(&said).into_owned()));
        }
        gate.nest.write("gate.yaml", &good);
        until(SOON, "good again", || gate.ready()["config"]["error"].is_null().then_some(()));
    }
    // A change that is in the query alone is told, and the query is not.
    let before = gate.ready()["config"]["generation"].clone();
    gate.nest.write("gate.yaml", good.replace(CANARIES[14], &format!("{}-new", CANARIES[14])));
    until(SOON, "another query is in force", || {
        (gate.ready()["config"]["generation"] != before).then_some(())
    });
    outputs.extend(told(&gate));
    let nest = {
        let ended = gate.stop();
        outputs.push(("standard output".to_owned(), ended.out.join("\n")));
        outputs.push(("standard error".to_owned(), ended.err.join("\n")));
        ended.nest
    };
    for log in ["access.log", "audit.log"] {
        let text = std::fs::read_to_string(nest.path(log)).unwrap();
        assert!(text.lines().count() >= 20, "{log} is nearly empty");
        outputs.push((log.to_owned(), text));
    }
    let mut found = Vec::new();
    for canary in CANARIES {
        for spelling in spellings(canary) {
            for (name, text) in &outputs {
                if let Some(line) = text.lines().find(|line| line.contains(&spelling)) {
                    found.push(format!("{canary} as {spelling} in {name}: {line}"));
                }
            }
        }
    }
    let bytes: usize = outputs.iter().map(|(_, text)| text.len()).sum();
    println!("{} canaries searched in {} outputs, {bytes} bytes", CANARIES.len(), outputs.len());
    assert!(found.is_empty(), "{} leaks:\n{}", found.len(), found.join("\n"));
}

/// Everything a running gate tells on its own ports, and what `check --show` says.
fn told(gate: &Gate) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for path in ["/metrics", "/health?verbose", "/ready?verbose", "/startup?verbose"] {
        all.push((path.to_owned(), gate.look(path).unwrap().text()));
    }
    let host = gate.admin.to_string();
    let shown = Wire::to(gate.admin).ask(&Ask::get("/config").host(&host));
    assert_eq!(shown.status, 200);
    assert!(shown.text().contains("github"), "{}", shown.text());
    all.push(("/config".to_owned(), shown.text()));
    for format in ["human", "json"] {
        let mut command = sidegate();
        command.env("HOOK_SECRET", CANARIES[12]).args(["check", "--show", "--format", format]);
        let output = command.arg(gate.nest.path("gate.yaml")).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        let said = [output.stdout, output.stderr].concat();
        all.push((format!("check --show --format {format}"), String::from_utf8_lossy(&said).into_owned()));
    }
    all
}
