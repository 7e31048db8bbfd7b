use std::path::Path;

use super::*;
use crate::base::name::{KeyId, SecretId};
use crate::check::deny::Reason;
use crate::config::settings::Sink;
use crate::observe::tests::{folder, keyed, lines, now, record, route, series, telemetry, webhook};
use crate::observe::{MeterSet, Observer};

struct Bench {
    observer: Arc<Observer>,
    scribe: Rc<Scribe>,
    meters: MeterSet,
    audit: std::path::PathBuf,
    access: std::path::PathBuf,
}

fn bench() -> Bench {
    let folder = folder("record");
    let (audit, access) = (folder.join("audit.log"), folder.join("access.log"));
    let observer = Arc::new(Observer::new(1, Path::new("gate.yaml")));
    observer.direct(&telemetry(Sink::File(audit.clone()), Sink::File(access.clone())), 100).unwrap();
    let meters = observer.plan(3, &[route("site"), webhook("hook", &["old", "new"]), keyed("api")]);
    observer.show(&meters);
    Bench { scribe: observer.scribe(), observer, meters, audit, access }
}

impl Bench {
    fn written(&self) -> (Vec<serde_json::Value>, Vec<serde_json::Value>) {
        self.observer.close(Duration::from_secs(10)).unwrap();
        (lines(&self.audit), lines(&self.access))
    }
}

#[test]
fn a_forwarded_request_is_told_at_the_head_of_the_answer_and_logged_at_its_end() {
    let bench = bench();
    let mut request = record(&bench.scribe, &bench.meters, Some(1), "/hook");
    let identity = Identity {
        secret_id: Some(SecretId::parse("new").unwrap()),
        subject: Some("ci".into()),
        ..Identity::default()
    };
    request.identity(&identity);
    request.client("203.0.113.9".parse().unwrap());
    request.secure_audit().unwrap();
    request.waited_for_body(Duration::from_nanos(400_000));
    request.sent(Mono(2_000_000));
    let id = request.request_id();
    assert_eq!(bench.observer.in_flight(), 1);
    let mut tail = request.forwarded(StatusCode::CREATED, Mono(5_000_000));
    assert_eq!(bench.observer.in_flight(), 1, "the body is still under way");
    assert_eq!(series(&bench.observer, "sidegate_request_duration_seconds_count{route=\"hook\"}"), Some(0.0));
    tail.passed_on(5);
    tail.passed_on(7);
    drop(tail);
    assert_eq!(bench.observer.in_flight(), 0);

    for (name, value) in [
        ("sidegate_requests_total{route=\"hook\",verdict=\"allow\",reason=\"ok\"}", 1.0),
        ("sidegate_requests_total{route=\"site\",verdict=\"allow\",reason=\"ok\"}", 0.0),
        ("sidegate_gate_duration_seconds_sum{route=\"hook\"}", 0.0006),
        ("sidegate_upstream_duration_seconds_sum{route=\"hook\"}", 0.003),
        ("sidegate_request_duration_seconds_count{route=\"hook\"}", 1.0),
        ("sidegate_secret_used_total{route=\"hook\",secret=\"new\"}", 1.0),
        ("sidegate_secret_used_total{route=\"hook\",secret=\"old\"}", 0.0),
        ("sidegate_webhook_requests_total{service=\"hook\"}", 1.0),
        ("sidegate_webhook_success_total{service=\"hook\"}", 1.0),
        ("sidegate_webhook_auth_success_total{service=\"hook\"}", 1.0),
        ("sidegate_webhook_handler_duration_seconds_count{service=\"hook\"}", 1.0),
    ] {
        assert_eq!(series(&bench.observer, name), Some(value), "{name}");
    }
    let (audit, access) = bench.written();
    assert_eq!(audit.len(), 1);
    let told = &audit[0];
    for (key, value) in [
        ("request_id", id.as_str()),
        ("user_id", "ci"),
        ("action", "GET"),
        ("resource", "/hook"),
        ("result", "allow"),
        ("ip_address", "203.0.113.9"),
        ("route", "hook"),
        ("secret_id", "new"),
        ("timestamp", "2026-11-21T10:00:00.004Z"),
    ] {
        assert_eq!(told[key], value, "{key}");
    }
    assert_eq!(told["seq"], 1);
    assert_eq!(told["status"], 201);
    assert_eq!(told["config_generation"], 3);
    assert_eq!(told["duration_us"], 4000);
    assert_eq!(told.get("reason"), None);
    assert_eq!(access.len(), 1);
    assert_eq!(access[0]["bytes"], 12);
    assert_eq!(access[0]["status"], 201);
    assert_eq!(access[0]["request_id"], id.as_str());
}

#[test]
fn a_refusal_tells_rule_reason_and_hint() {
    let bench = bench();
    let request = record(&bench.scribe, &bench.meters, Some(1), "/hook");
    let deny = Deny::new(Reason::SignatureWrong, 12).hint("send it signed with one of: old, new");
    request.denied(&deny, Mono(1_250_000));
    record(&bench.scribe, &bench.meters, None, "/x").denied(&Deny::new(Reason::NoRoute, 0), Mono(1_250_000));
    assert_eq!(bench.observer.in_flight(), 0);
    for (name, value) in [
        ("sidegate_requests_total{route=\"hook\",verdict=\"deny\",reason=\"signature_wrong\"}", 1.0),
        ("sidegate_requests_total{route=\"(none)\",verdict=\"deny\",reason=\"no_route\"}", 1.0),
        ("sidegate_gate_duration_seconds_sum{route=\"hook\"}", 0.00025),
        ("sidegate_request_duration_seconds_count{route=\"hook\"}", 1.0),
        ("sidegate_upstream_duration_seconds_count{route=\"hook\"}", 0.0),
        ("sidegate_webhook_auth_failed_total{service=\"hook\"}", 1.0),
        ("sidegate_webhook_auth_success_total{service=\"hook\"}", 0.0),
    ] {
        assert_eq!(series(&bench.observer, name), Some(value), "{name}");
    }
    let (audit, access) = bench.written();
    assert_eq!(audit[0]["result"], "deny");
    assert_eq!(audit[0]["reason"], "signature_wrong");
    assert_eq!(audit[0]["rule"], "gate.yaml:12");
    assert_eq!(audit[0]["hint"], "send it signed with one of: old, new");
    assert_eq!(audit[0]["status"], 401);
    assert_eq!((audit[1].get("rule"), audit[1].get("route")), (None, None));
    assert_eq!(access.len(), 2);
    assert_eq!(access[1]["reason"], "no_route");
    assert_eq!(access[1]["duration_us"], 250);
}

#[test]
fn a_failure_of_the_app_is_an_error() {
    let bench = bench();
    let mut request = record(&bench.scribe, &bench.meters, Some(1), "/hook");
    request.sent(Mono(2_000_000));
    request.failed(Failure::UpstreamTimeout, Mono(62_000_000));
    let (audit, _) = bench.written();
    assert_eq!(audit[0]["result"], "error");
    assert_eq!(audit[0]["reason"], "upstream_timeout");
    assert_eq!(audit[0]["status"], 504);
    for (name, value) in [
        ("sidegate_requests_total{route=\"hook\",verdict=\"error\",reason=\"upstream_timeout\"}", 1.0),
        ("sidegate_gate_duration_seconds_sum{route=\"hook\"}", 0.001),
        ("sidegate_webhook_errors_total{service=\"hook\"}", 1.0),
        ("sidegate_webhook_auth_success_total{service=\"hook\"}", 1.0),
    ] {
        assert_eq!(series(&bench.observer, name), Some(value), "{name}");
    }
}

#[test]
fn an_acknowledged_repeat_is_a_success_without_the_app() {
    let bench = bench();
    record(&bench.scribe, &bench.meters, Some(1), "/hook").acknowledged(Mono(2_000_000));
    let (audit, _) = bench.written();
    assert_eq!(audit[0]["result"], "acknowledge");
    assert_eq!(audit[0]["status"], 200);
    assert_eq!(series(&bench.observer, "sidegate_webhook_success_total{service=\"hook\"}"), Some(1.0));
}

#[test]
fn a_record_dropped_unfinished_tells_that_the_caller_went_away() {
    let bench = bench();
    drop(record(&bench.scribe, &bench.meters, Some(0), "/site"));
    assert_eq!(bench.observer.in_flight(), 0);
    let (audit, _) = bench.written();
    assert_eq!(audit.len(), 1);
    assert_eq!((&audit[0]["result"], &audit[0]["reason"]), (&"error".into(), &"client_gone".into()));
    assert_eq!(audit[0]["status"], 0);
}

#[test]
fn a_record_dropped_by_a_panic_tells_that_it_was_our_fault() {
    let bench = bench();
    let request = record(&bench.scribe, &bench.meters, Some(0), "/site");
    let served = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || {
        let _request = request;
        panic!("a defect");
    }));
    assert!(served.is_err());
    let (audit, _) = bench.written();
    assert_eq!((&audit[0]["reason"], &audit[0]["status"]), (&"internal".into(), &500.into()));
}

#[test]
fn a_used_record_leaks_nothing_of_the_request_before() {
    let bench = bench();
    let mut request = record(&bench.scribe, &bench.meters, Some(1), "/hook/secret-path");
    let identity = Identity {
        subject: Some("alice".into()),
        key_id: Some(KeyId::parse("k1").unwrap()),
        secret_id: Some(SecretId::parse("old").unwrap()),
        ..Identity::default()
    };
    request.identity(&identity);
    let deny = Deny::new(Reason::Maintenance, 4).hint("turn it off");
    request.denied(&deny, Mono(2_000_000));
    // Wait until the writer has given the record back, then use it again.
    while bench.observer.pools.count(0) == 0 {
        std::thread::yield_now();
    }
    record(&bench.scribe, &bench.meters, None, "/").failed(Failure::Internal, Mono(2_000_000));
    let (audit, _) = bench.written();
    let text = audit[1].to_string();
    for old in ["alice", "k1", "old", "secret-path", "turn it off", "gate.yaml", "hook", "maintenance"] {
        assert!(!text.contains(old), "{old} in {text}");
    }
}

#[test]
fn api_keys_are_counted_by_what_came_of_them() {
    let bench = bench();
    let key = || Identity { key_id: Some(KeyId::parse("k1").unwrap()), ..Identity::default() };
    let api = || record(&bench.scribe, &bench.meters, Some(2), "/api");
    for reason in [Reason::KeyMissing, Reason::KeyUnknown, Reason::RateLimited, Reason::IpDenied] {
        api().denied(&Deny::new(reason, 0), Mono(2));
    }
    let mut good = api();
    good.identity(&key());
    drop(good.forwarded(StatusCode::OK, Mono(2)));
    drop(record(&bench.scribe, &bench.meters, Some(0), "/").forwarded(StatusCode::OK, Mono(2)));
    assert_eq!(series(&bench.observer, "sidegate_api_key_validation_attempts_total"), Some(4.0));
    assert_eq!(series(&bench.observer, "sidegate_api_key_validation_failures_total"), Some(2.0));
}

#[test]
fn a_strict_audit_refuses_what_it_cannot_tell() {
    let bench = bench();
    let mut strict = telemetry(Sink::File(bench.audit.clone()), Sink::Off);
    strict.audit_strict = true;
    bench.observer.direct(&strict, 2).unwrap();
    let mut held: Vec<Record> = (0..2)
        .map(|_| {
            let mut record = record(&bench.scribe, &bench.meters, Some(0), "/site");
            record.secure_audit().unwrap();
            record.secure_audit().unwrap();
            record
        })
        .collect();
    let mut late = record(&bench.scribe, &bench.meters, Some(0), "/site");
    assert_eq!(late.secure_audit(), Err(Full));
    late.denied(&Deny::new(Reason::AuditFull, 0), Mono(2_000_000));
    assert_eq!(bench.observer.audit_dropped(), 1, "the refusal itself found no room and is counted");
    drop(held.pop().unwrap().forwarded(StatusCode::OK, Mono(2_000_000)));
    held.pop().unwrap().failed(Failure::ClientBody, Mono(2_000_000));
    let (audit, _) = bench.written();
    let results: Vec<_> = audit.iter().filter_map(|line| line["result"].as_str()).collect();
    assert_eq!(results, ["allow", "error"], "what was secured is told");
}

#[test]
fn a_trusted_request_id_replaces_ours_and_a_bad_one_does_not() {
    let bench = bench();
    let mut headers = http::HeaderMap::new();
    headers.insert("x-request-id", "bad id".parse().unwrap());
    let mut request = record(&bench.scribe, &bench.meters, Some(0), "/site");
    let ours = request.request_id();
    request.trust_request_id(&headers);
    assert_eq!(request.request_id(), ours);
    headers.insert("x-request-id", "edge-12345678".parse().unwrap());
    request.trust_request_id(&headers);
    assert_eq!(request.request_id().as_str(), "edge-12345678");
    request.denied(&Deny::new(Reason::Flood, 0), now(1).mono);
}

#[test]
fn with_every_sink_off_records_are_counted_and_nothing_waits() {
    let observer = Arc::new(Observer::new(1, Path::new("gate.yaml")));
    let meters = observer.plan(1, &[route("site")]);
    observer.show(&meters);
    let scribe = observer.scribe();
    for _ in 0..10 {
        drop(record(&scribe, &meters, Some(0), "/site").forwarded(StatusCode::OK, Mono(2_000_000)));
    }
    assert_eq!(
        series(&observer, "sidegate_requests_total{route=\"site\",verdict=\"allow\",reason=\"ok\"}"),
        Some(10.0)
    );
    assert_eq!(observer.audit_dropped(), 0);
}
