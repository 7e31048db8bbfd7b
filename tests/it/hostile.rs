//! Hostile heads, framings and frames: whatever the gate makes of them, what it allowed is what the app got.

mod chunks;
mod framing;
mod identity;
mod pipeline;
mod stream_table;
mod streams;
mod syntax;
mod table;
mod targets;

use std::collections::HashMap;

use crate::gate::{Audit, Ended, Gate};
use crate::origin::{Origin, Seen};
use crate::pace::{SOON, until};
use crate::sign::sha256;
use crate::wire::{Answer, Broken, Wire};
use table::{Case, Want};

/// The gate every case runs against: an open site with one closed corner, a signed and a keyed route.
const CONFIG: &str = r#"
limits: {failures: 100000, head_timeout: 3s, body_idle: 2s}
routes:
  - {name: admin, path_prefix: /admin, shared_secret: {header: X-Token, secrets: [{id: a, value: "the admin token of good length"}]}}
  - {name: hook, path: /hook, methods: [POST], signature: {provider: github, replay: "off", secrets: [{id: h, value: "the hook's secret of good length"}]}}
  - {name: keyed, path_prefix: /key/, api_key: {locations: [header:X-API-Key, bearer]}}
  - {name: site, path_prefix: /, public: true}
api_keys:
  keys: [{id: k1, name: caller, hash: "sha256:5d1c1cb1f2f4a0b3c6d7e8f90123456789abcdef0123456789abcdef01234567"}]
"#;

/// What one case got back.
#[derive(Debug)]
struct Got {
    answers: Vec<Answer>,
    hung: bool,
}

/// Everything one run found wrong, told together.
#[derive(Debug, Default)]
struct Offences(Vec<String>);

impl Offences {
    fn add(&mut self, name: &str, what: impl std::fmt::Display) {
        self.0.push(format!("{name}: {what}"));
    }

    fn assert_none(&self, of: usize) {
        println!("{of} hostile messages, {} offences", self.0.len());
        assert!(self.0.is_empty(), "{} of {of}:\n{}", self.0.len(), self.0.join("\n"));
    }
}

fn start() -> (Origin, Gate) {
    let origin = Origin::scripted(|talk| {
        talk.body()?;
        talk.plain(200, b"from the app")
    });
    let gate = Gate::start(origin.addr, CONFIG);
    (origin, gate)
}

/// Sends one case on a connection of its own and reads all that comes back.
fn send(gate: &Gate, case: &Case) -> Got {
    let mut wire = Wire::to(gate.data);
    let _ = wire.send(&case.bytes);
    let method = if case.bytes.starts_with(b"HEAD") { "HEAD" } else { "GET" };
    let mut got = Got { answers: Vec::new(), hung: false };
    loop {
        match wire.answer(method) {
            Ok(answer) => {
                got.answers.push(answer);
                wire.finish();
            }
            Err(Broken::Closed | Broken::Cut(_)) => return got,
            Err(Broken::Late | Broken::Grammar(_)) => {
                got.hung = true;
                return got;
            }
        }
    }
}

fn judge(case: &Case, got: &Got, offences: &mut Offences) {
    let statuses: Vec<u16> = got.answers.iter().map(|answer| answer.status).collect();
    if got.hung {
        offences.add(&case.name, format!("no end; answers {statuses:?}"));
    }
    match &case.want {
        Want::Refused(expected) => {
            if !matches!(statuses.as_slice(), [one] if expected.contains(one)) {
                offences.add(&case.name, format!("expected one of {expected:?}, got {statuses:?}"));
            }
        }
        Want::Passed(..) => {
            if statuses != [200] {
                offences.add(&case.name, format!("expected 200, got {statuses:?}"));
            }
        }
        Want::Unfinished => {
            if statuses.len() > 1 || statuses.contains(&200) {
                offences.add(&case.name, format!("expected a refusal or an end, got {statuses:?}"));
            }
        }
        Want::Judged => {}
    }
    for answer in &got.answers {
        if answer.id().is_empty() {
            offences.add(&case.name, format!("{} without X-Request-Id", answer.status));
        }
    }
}

/// What the app has of a case must be what the case may give it.
fn compare(case: &Case, seen: &[Seen], offences: &mut Offences) {
    match (&case.want, seen) {
        (Want::Refused(_), []) | (Want::Judged, _) => {}
        (Want::Refused(_), _) => offences.add(&case.name, "refused, yet the app has a request of it"),
        (Want::Passed(target, body), [one]) => {
            if one.target != *target || one.sha256 != sha256(body) || !one.whole {
                offences.add(&case.name, format!("the app got {one:?}"));
            }
        }
        (Want::Passed(..), _) => offences.add(&case.name, format!("the app got {} requests", seen.len())),
        (Want::Unfinished, _) => {
            if seen.iter().any(|seen| seen.whole) {
                offences.add(&case.name, "broken, yet the app got it whole");
            }
        }
    }
}

/// I1 and I11 over a whole run: one record per answer, one `allow` per request the app has, fields equal.
fn reconcile(answers: &[(String, Answer)], ended: &Ended, origin: &Origin, offences: &mut Offences) {
    let mut records: HashMap<&str, Vec<&Audit>> = HashMap::new();
    for record in &ended.audit {
        records.entry(record.id()).or_default().push(record);
    }
    for (name, answer) in answers {
        let found = records.get(answer.id()).map_or(&[][..], Vec::as_slice);
        let [record] = found else {
            offences.add(name, format!("{} audit records for a {}", found.len(), answer.status));
            continue;
        };
        let from_app = answer.body == b"from the app";
        if (record.result() == "allow") != from_app {
            offences.add(name, format!("answered {} and recorded {}", answer.status, record.raw));
        }
        if record.text("reason").is_empty() && record.result() == "deny" {
            offences.add(name, "a deny without a reason");
        }
    }
    let allowed = ended.audit.iter().filter(|record| record.result() == "allow");
    let mut allowed: HashMap<&str, &Audit> = allowed.map(|record| (record.id(), record)).collect();
    for seen in origin.seen().iter().filter(|seen| seen.whole) {
        let name = seen.one("x-case");
        match allowed.remove(seen.one("x-request-id").as_str()) {
            Some(record) if record.text("action") == seen.method => {}
            Some(record) => {
                offences.add(&name, format!("{} reached the app, recorded {}", seen.method, record.raw))
            }
            None => offences.add(&name, "the app has a request nobody allowed"),
        }
    }
    for record in allowed.values() {
        offences.add("allowed", format!("but never at the app: {}", record.raw));
    }
    for fault in origin.faults().iter().filter(|fault| !fault.contains("ended within a head")) {
        offences.add("origin", fault);
    }
    for raw in origin.raw() {
        if let Some(at) = raw.windows(5).position(|five| five == b"SPOOF") {
            let around = &raw[at.saturating_sub(80)..(at + 5).min(raw.len())];
            offences.add("spoof at the app", String::from_utf8_lossy(around));
        }
    }
}

#[test]
fn every_hostile_http1_message_is_refused_or_forwarded_as_judged() {
    let mut cases = framing::cases();
    cases.extend(syntax::cases());
    cases.extend(chunks::cases());
    cases.extend(targets::cases());
    cases.extend(identity::cases());
    assert!(cases.len() >= 600, "only {} cases", cases.len());
    let (origin, gate) = start();
    let files = gate.descriptors();
    let (mut offences, mut answers) = (Offences::default(), Vec::new());
    for case in &cases {
        let got = send(&gate, case);
        judge(case, &got, &mut offences);
        answers.extend(got.answers.into_iter().map(|answer| (case.name.clone(), answer)));
    }
    until(SOON, "no descriptor is left behind", || (gate.descriptors() <= files + 8).then_some(()));
    let ended = gate.stop();
    let mut at_app: HashMap<String, Vec<Seen>> = HashMap::new();
    for seen in origin.seen() {
        at_app.entry(seen.one("x-case")).or_default().push(seen);
    }
    let raw = origin.raw().concat();
    for case in &cases {
        compare(case, at_app.get(&case.name).map_or(&[], Vec::as_slice), &mut offences);
        let leaked = matches!(case.want, Want::Refused(_)) && holds(&raw, &case.name);
        if leaked {
            offences.add(&case.name, "refused, yet its bytes are at the app");
        }
    }
    reconcile(&answers, &ended, &origin, &mut offences);
    offences.assert_none(cases.len());
}

/// Whether `name`, ended by a line end, stands in `raw`.
fn holds(raw: &[u8], name: &str) -> bool {
    let line = format!("{name}\r");
    raw.windows(line.len()).any(|window| window == line.as_bytes())
}

/// The oracle can fail: sent straight to the origin, a broken framing is a fault there and a sound one is not.
#[test]
fn the_origins_own_parser_takes_no_broken_framing_for_a_request() {
    let origin = Origin::start();
    let mut cases = framing::cases();
    cases.extend(chunks::cases());
    for case in &cases {
        let mut wire = Wire::to(origin.addr);
        let _ = wire.send(&case.bytes);
        wire.finish();
        let _ = wire.rest();
    }
    let mut whole: HashMap<String, usize> = HashMap::new();
    for seen in origin.seen().iter().filter(|seen| seen.whole) {
        *whole.entry(seen.one("x-case")).or_default() += 1;
    }
    let wrong: Vec<&str> = cases
        .iter()
        .filter(|case| match case.want {
            Want::Refused(_) | Want::Unfinished => whole.contains_key(&case.name),
            Want::Passed(..) => !whole.contains_key(&case.name) && !case.name.contains("extension"),
            Want::Judged => false,
        })
        .map(|case| case.name.as_str())
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}
