//! What each check costs by itself, and all of them in their order over one head: time on the processor, in memory, no sockets.
//!
//! Reached through the library's public face. Hygiene, shared secret, permissions, maintenance and the quota check
//! have none of their own; they are within `policy/…`, whose routes differ by one check each.
#![expect(clippy::expect_used, reason = "a bench may end where its own fixed rules are refused")]

use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use criterion::{BatchSize, Criterion};
use http::Request;
use http::request::Parts;
use ipnet::{IpNet, Ipv4Net};
use sidegate::base::api_key;
use sidegate::base::clock::{self, Mono, Now, Wall};
use sidegate::base::name::KeyId;
use sidegate::base::nets::NetTable;
use sidegate::base::secret::Secret;
use sidegate::check::{Facts, Payload, Policy};
use sidegate::config::env::Environment;
use sidegate::config::settings::{Budget, Settings};
use sidegate::config::{self, LoadMode};
use sidegate::identify::client_ip::ClientIpRules;
use sidegate::identify::facts;
use sidegate::identify::route::RouteTable;
use sidegate::scheme::{self, Delivery, Plan, ReplayId, SignedHead};
use sidegate::state::Tables;
use sidegate::state::limit::{Ask, KeyMark, LimitId, LimitKey, LimitTables};
use sidegate::state::replay::{Message, ReplayMemory, Reserved};

#[path = "micro/cpu_time.rs"]
mod cpu_time;

use cpu_time::CpuTime;

const KEY: &str = "not-a-secret-only-for-measuring-0123456789";
const CALLER: IpAddr = IpAddr::V4(Ipv4Addr::new(198, 51, 100, 7));
const FORWARDED: &str = "X-Forwarded-For";

const RULES: &str = "version: 1
listen: 127.0.0.1:8080
upstream: http://127.0.0.1:3000
security:
  ip_allowlist: [@NETWORKS@ 198.51.100.0/24]
  trusted_proxies: [10.0.0.0/8]
routes:
  - { name: public, path_prefix: /public/, public: true }
  - { name: secret, path_prefix: /secret/, shared_secret: { secrets: [@KEY@] } }
  - { name: keyed, path_prefix: /keyed/, api_key: {} }
  - name: quota
    path_prefix: /quota/
    api_key: {}
    authorize: { permissions: [orders_read] }
    rate_limits: [{ name: minute, limit: 1000000000, window: 1m, by: [api_key] }]
api_keys:
  keys: [{ id: caller, value: @KEY@, permissions: [orders_*] }]
";

fn main() {
    let mut criterion = cpu_time::criterion();
    tables(&mut criterion);
    heads(&mut criterion);
    limits(&mut criterion);
    signatures(&mut criterion);
    policy(&mut criterion);
    criterion.final_summary();
}

fn settings(text: &str) -> Settings {
    let none = Environment::from_pairs(Vec::<(String, String)>::new());
    let loaded = config::load_text(Path::new("bench.yaml"), text.as_bytes(), LoadMode::Start, &none);
    loaded.expect("the bench's own rules are right").settings
}

fn rules() -> Settings {
    let networks: String = (0..51).map(|n| format!("{}.{}.0.0/16, ", 20 + n * 3, n * 5)).collect();
    settings(&RULES.replace("@NETWORKS@", &networks).replace("@KEY@", KEY))
}

fn head(path: &str) -> Parts {
    let request = Request::get(path)
        .header("Host", "app.example.com")
        .header("User-Agent", "bench/1")
        .header("Accept", "*/*")
        .header("X-API-Key", KEY)
        .header("X-Webhook-Secret", KEY);
    request.body(()).expect("a head").into_parts().0
}

/// The list of addresses, short and long.
fn tables(criterion: &mut Criterion<CpuTime>) {
    let mut group = criterion.benchmark_group("networks");
    for count in [10_u32, 52, 10_000, 1_000_000] {
        let nets = (0..count).filter_map(|n| {
            let network = Ipv4Net::new(Ipv4Addr::from_bits(0x1400_0000 + n * 256), 25).ok()?;
            Some((IpNet::V4(network), n))
        });
        let table = NetTable::new(nets);
        let callers: Vec<IpAddr> = (0..4_096_u32)
            .map(|n| {
                IpAddr::V4(Ipv4Addr::from_bits(0x1400_0000 + n.wrapping_mul(2_654_435_761) % (count * 256)))
            })
            .collect();
        let mut turn = callers.iter().cycle();
        group.bench_function(count.to_string(), |bencher| {
            bencher.iter(|| turn.next().and_then(|ip| table.find(black_box(*ip))));
        });
    }
    group.finish();
}

/// What is read off a head.
fn heads(criterion: &mut Criterion<CpuTime>) {
    let settings = rules();
    let client = ClientIpRules::from_settings(&settings.security);
    let routes = RouteTable::compile(&settings.routes).expect("the routes are apart");
    let parts = head("/keyed/orders/17?page=2");
    let mut forwarded = parts.headers.clone();
    forwarded.insert(FORWARDED, "198.51.100.7, 10.1.2.3".parse().expect("a header value"));
    let proxy = IpAddr::V4(Ipv4Addr::new(10, 1, 2, 4));
    let mut group = criterion.benchmark_group("head");
    group.bench_function("client, direct", |b| b.iter(|| client.resolve(black_box(CALLER), &parts.headers)));
    group.bench_function("client, forwarded", |b| b.iter(|| client.resolve(black_box(proxy), &forwarded)));
    group.bench_function("host", |b| b.iter(|| facts::host_of(black_box(&parts)).is_ok()));
    group.bench_function("route", |b| {
        b.iter(|| routes.find(&parts.method, "app.example.com", black_box(parts.uri.path())));
    });
    group.bench_function("key digest", |b| b.iter(|| api_key::digest_sha256(black_box(KEY.as_bytes()))));
    group.finish();
}

/// What is counted or remembered.
fn limits(criterion: &mut Criterion<CpuTime>) {
    let tables = LimitTables::new(100_000);
    let window = Budget::Window { limit: 1_000_000_000, window: Duration::from_secs(60) };
    let smooth = Budget::Smooth { interval: Duration::from_nanos(100), burst: 1_000_000 };
    let callers: Vec<LimitKey> =
        (0..10_000).map(|n| LimitKey::client(Ipv4Addr::from_bits(n).into())).collect();
    let mut group = criterion.benchmark_group("state");
    for (name, budget) in [("window", window), ("smooth", smooth)] {
        let limit = LimitId::of("bench", name, &budget);
        let mut turn = callers.iter().cycle();
        group.bench_function(format!("limit, {name}"), |bencher| {
            bencher.iter(|| {
                let key = *turn.next()?;
                tables.admit(&[Ask { limit, budget, key }], clock::mono()).ok()
            });
        });
    }
    let by_key = KeyMark::of(&KeyId::parse("caller").expect("a name"));
    group.bench_function("limit key of an API key", |b| b.iter(|| LimitKey::key(black_box(by_key))));
    let memory = Arc::new(ReplayMemory::new(100_000));
    let mut number = 0_u64;
    group.bench_function("replay, reserve and release", |bencher| {
        bencher.iter(|| {
            number += 1;
            let mut id = [0; 32];
            id.iter_mut().zip(number.to_le_bytes()).for_each(|(to, from)| *to = from);
            matches!(
                memory.reserve(&Message { id, signed_at: None }, Duration::from_secs(300), Mono(1)),
                Reserved::Fresh(_)
            )
        });
    });
    group.bench_function("clock, both", |b| b.iter(clock::now));
    group.finish();
}

/// The signature engine over a usual webhook, by preset.
fn signatures(criterion: &mut Criterion<CpuTime>) {
    let body: Vec<u8> = b"{\"event\":\"push\"}".iter().copied().cycle().take(4_059).collect();
    let now = Wall(1_790_000_000_000);
    let mut group = criterion.benchmark_group("signature, 4059 B");
    for name in ["github", "gitlab", "stripe", "slack"] {
        let spec = scheme::preset(name).expect("a preset").spec(None).expect("its first variant");
        let plan = Plan::compile(&spec).expect("presets compile");
        let key = plan.key(&Secret::new(KEY.as_bytes().to_vec())).expect("a key of any text");
        let mut parts = head("/webhook");
        let blank = http::HeaderMap::new();
        let unsigned = SignedHead { method: "POST", path_and_query: "/webhook", url: None, headers: &blank };
        let delivery = Delivery { head: unsigned, body: &body, id: "evt_1" };
        parts.headers.extend(
            plan.sign(&key, &delivery, now).expect("a signature").into_iter().map(|(n, v)| (Some(n), v)),
        );
        let signed = SignedHead { headers: &parts.headers, ..unsigned };
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let mut session = plan.begin(&[&key], &signed, now, ReplayId::Unwanted).expect("accepted");
                session.update(black_box(&body));
                session.finish(&body).expect("accepted")
            });
        });
    }
    group.finish();
}

/// All checks in their order, from a parsed head to the permit.
fn policy(criterion: &mut Criterion<CpuTime>) {
    let settings = rules();
    let policy = Policy::from_settings(&settings).expect("the routes are apart");
    let tables = Tables::new(&settings.limits);
    let now = Now { mono: Mono(1_000_000_000), wall: clock::now().wall };
    let mut group = criterion.benchmark_group("policy");
    for route in ["public", "secret", "keyed", "quota"] {
        let parts = head(&format!("/{route}/orders/17?page=2"));
        group.bench_function(route, |bencher| {
            bencher.iter_batched(
                || Box::new(parts.clone()),
                |parts| {
                    let mut facts = Facts::default();
                    let pass = policy.head(parts, CALLER, (&tables, now), &mut facts).expect("accepted");
                    policy.body(pass, Payload::Stream(()), (&tables, now), &mut facts)
                },
                BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}
