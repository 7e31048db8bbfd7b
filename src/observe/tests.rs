use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::sync::atomic::AtomicU32;

use http::Method;

use super::*;
use crate::base::clock::{Mono, Now};
use crate::base::name::{RouteName, SecretId};
use crate::config::settings::{
    ApiKeyUse, Authorize, KeyLocation, LogFormat, LogLevel, PathRule, Require, SecretEntry, SharedSecret,
    Sink,
};

/// A public route.
pub(super) fn route(name: &str) -> Route {
    Route {
        name: RouteName::parse(name).unwrap(),
        line: 7,
        path: PathRule::Exact(format!("/{name}")),
        methods: Vec::new(),
        hosts: Vec::new(),
        signature: None,
        shared_secret: None,
        api_key: None,
        resign: None,
        require: Require::All,
        authorize: Authorize::default(),
        ip_allowlist: None,
        ip_denylist: None,
        rate_limits: Vec::new(),
        max_body: None,
        critical: false,
        public: true,
        upstream: None,
    }
}

/// A route that takes webhooks signed by one of `secrets`.
pub(super) fn webhook(name: &str, secrets: &[&str]) -> Route {
    let secret = |id: &&str| SecretEntry {
        id: SecretId::parse(id).unwrap(),
        value: None,
        remote: None,
        not_before: None,
        not_after: None,
        line: 9,
    };
    let shared_secret = SharedSecret {
        header: http::HeaderName::from_static("x-webhook-secret"),
        secrets: secrets.iter().map(secret).collect(),
        line: 8,
    };
    Route { shared_secret: Some(shared_secret), public: false, ..route(name) }
}

/// A route that asks for an API key.
pub(super) fn keyed(name: &str) -> Route {
    let api_key = ApiKeyUse { locations: vec![KeyLocation::Bearer], line: 3 };
    Route { api_key: Some(api_key), public: false, ..route(name) }
}

/// A telemetry section.
pub(super) fn telemetry(audit: Sink, access_log: Sink) -> Telemetry {
    Telemetry {
        log_level: LogLevel::Info,
        log_format: LogFormat::Json,
        access_log,
        audit,
        audit_strict: false,
    }
}

/// A fresh directory that no other test uses.
pub(super) fn folder(name: &str) -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let path = std::env::temp_dir().join(format!("sidegate-{name}-{}-{number}", std::process::id()));
    std::fs::create_dir_all(&path).unwrap();
    path
}

/// The lines of a file as JSON; each is checked to be one object of bounded length.
pub(super) fn lines(path: &Path) -> Vec<serde_json::Value> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    assert!(text.is_empty() || text.ends_with('\n'), "whole lines only: {text:?}");
    text.lines()
        .inspect(|line| assert!(line.len() < redact::LONGEST_LINE))
        .map(|line| serde_json::from_str(line).unwrap_or_else(|problem| panic!("{problem}: {line}")))
        .collect()
}

pub(super) const PEER: IpAddr = IpAddr::V4(Ipv4Addr::new(198, 51, 100, 7));

pub(super) fn now(mono: u64) -> Now {
    Now { mono: Mono(mono), wall: Wall(1_795_255_200_000) }
}

/// A record of `GET path` that has found `route` of `meters`.
pub(super) fn record(scribe: &Rc<Scribe>, meters: &MeterSet, route: Option<usize>, path: &str) -> Record {
    let arrival = Arrival { method: &Method::GET, path, peer: PEER, meters, now: now(1_000_000) };
    let mut record = scribe.open(&arrival);
    if let Some(route) = route {
        record.route(meters.route(route));
    }
    record
}

/// The value of one series, by its name and labels as the page writes them.
pub(super) fn series(observer: &Observer, series: &str) -> Option<f64> {
    let page = observer.page();
    let line =
        page.lines().find(|line| line.strip_prefix(series).is_some_and(|rest| rest.starts_with(' ')))?;
    Some(line.rsplit(' ').next().unwrap().parse().unwrap())
}

#[test]
fn every_metric_is_on_the_page_under_its_name_and_kind_and_no_other() {
    let observer = Arc::new(Observer::new(2, Path::new("gate.yaml")));
    observer.show(&observer.plan(1, &[webhook("hook", &["a"]), keyed("api")]));
    let page = observer.page();
    let shown: BTreeSet<&str> = page.lines().filter_map(|line| line.strip_prefix("# TYPE ")).collect();
    let wanted: BTreeSet<String> = names::ALL
        .iter()
        .map(|metric| format!("{} {}", metric.name, format!("{:?}", metric.kind).to_lowercase()))
        .collect();
    assert_eq!(shown, wanted.iter().map(String::as_str).collect());
    for metric in names::ALL {
        assert!(page.contains(&format!("# HELP {} ", metric.name)), "{}", metric.name);
    }
}

#[test]
fn names_follow_the_rules_of_prometheus() {
    for metric in names::ALL {
        let counter = metric.kind == names::Kind::Counter;
        assert_eq!(metric.name.ends_with("_total"), counter, "{}", metric.name);
        assert!(
            metric.kind != names::Kind::Histogram || metric.name.ends_with("_seconds"),
            "{}",
            metric.name
        );
        assert!(metric.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{}", metric.name);
        assert!(metric.help.ends_with('.') && metric.help.len() > 20, "{}", metric.name);
    }
}

#[test]
fn what_listen_counts_is_on_the_page() {
    let observer = Observer::new(1, Path::new("gate.yaml"));
    observer.read_counts(|| Counts {
        open: 5,
        refused_full: 2,
        refused_client: 4,
        refused_memory: 6,
        evicted: 7,
        panics: 1,
        stalled: 3,
        floods: 8,
        shared_limits: 9,
        keys_missing: 10,
        keys_age: 11,
    });
    for (name, value) in [
        ("sidegate_connections", 5.0),
        ("sidegate_connections_refused_total{limit=\"connections\"}", 2.0),
        ("sidegate_connections_refused_total{limit=\"connections_per_client\"}", 4.0),
        ("sidegate_connections_refused_total{limit=\"memory\"}", 6.0),
        ("sidegate_connections_evicted_total", 7.0),
        ("sidegate_connections_flooding_total", 8.0),
        ("sidegate_rate_limits_shared_total", 9.0),
        ("sidegate_fetched_keys_missing", 10.0),
        ("sidegate_fetched_keys_age_seconds", 11.0),
        ("sidegate_connections_stalled_total", 3.0),
        ("sidegate_panics_total", 1.0),
    ] {
        assert_eq!(series(&observer, name), Some(value), "{name}");
    }
}

#[test]
fn a_sink_that_cannot_be_opened_says_where_and_what_to_do() {
    let observer = Observer::new(1, Path::new("gate.yaml"));
    let path = folder("sink").join("missing/audit.log");
    let error = observer.direct(&telemetry(Sink::File(path), Sink::Off), 8).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("missing/audit.log") && text.contains("create its directory"), "{text}");
}
