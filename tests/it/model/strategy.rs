//! What setups and requests the property test draws.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::inputs::{Credential, KeyPlace, Request, Signing};
use super::setup::{By, Net, PathRule, Replay, Rule, Setup, Sign};

const PATHS: [PathRule; 10] = [
    PathRule::Prefix("/"),
    PathRule::Exact("/hook"),
    PathRule::Exact("/a/b"),
    PathRule::Prefix("/a/"),
    PathRule::Prefix("/api"),
    PathRule::Prefix("/api/v1"),
    PathRule::Template("/u/{id}"),
    PathRule::Template("/u/{id}/d"),
    PathRule::Exact("/u/me"),
    PathRule::Prefix("/other"),
];

const TARGETS: [&str; 52] = [
    "/",
    "/hook",
    "/hook?x=1",
    "/hook/",
    "/a/b",
    "/a/",
    "/a",
    "/a/c",
    "/a/b/",
    "/api",
    "/api/",
    "/api/x",
    "/api/v1",
    "/api/v1/x?y=/a/b",
    "/api/v12",
    "/apix",
    "/u/7",
    "/u/7/d",
    "/u/me",
    "/u/me/d",
    "/u/",
    "/u//d",
    "/u/7/x",
    "/other",
    "/other/x",
    "/elsewhere",
    "/HOOK",
    "/a/%62",
    "/a/x/../b",
    "/api/../hook",
    "/api/%2e%2e/hook",
    "/u/..",
    "/u/%2e%2e/d",
    "/u/a%2fd",
    "/hook;x",
    "/hook%2f",
    "/a//b",
    "/u/7;p/d",
    "/api\\x",
    "/u/a%252fd",
    "/%61/b",
    "/u/7%2Fd",
    "/api/v1;x/y",
    "/other/%41",
    "/hook%3fx",
    "/u/7%23/d",
    "/api/%zz",
    "/api/%",
    "/u/%c3%a9",
    "/x/;/../hook",
    "/x//../a/b",
    "/other;/x/%2e%2e",
];

/// Targets with one reading.
const PLAIN: [&str; 16] = [
    "/",
    "/hook",
    "/hook?x=1",
    "/a/b",
    "/a/c",
    "/api",
    "/api/x",
    "/api/v1",
    "/api/v1/x?y=/a/b",
    "/apix",
    "/u/7",
    "/u/7/d",
    "/u/me",
    "/u/7/x",
    "/other/x",
    "/elsewhere",
];

const NETS: [Net; 8] = [
    Net { text: "10.0.0.0/8" },
    Net { text: "10.0.0.1/32" },
    Net { text: "127.0.0.0/8" },
    Net { text: "192.168.1.0/24" },
    Net { text: "203.0.113.0/25" },
    Net { text: "2001:db8::/32" },
    Net { text: "2001:db8:0:1::/64" },
    Net { text: "0.0.0.0/0" },
];

const FORWARDED: [&str; 16] = [
    "10.0.0.1",
    "10.0.0.2",
    "192.168.1.7",
    "203.0.113.5",
    "203.0.113.200",
    "::ffff:10.0.0.1",
    "2001:db8::1",
    "2001:db8::2",
    "2001:db8:0:1::9",
    "10.0.0.1, 127.0.0.9",
    "127.0.0.8, 127.0.0.9",
    "192.168.1.7, 10.0.0.2",
    "unknown",
    "10.0.0.256",
    "10.0.0.1,",
    "evil, 10.0.0.1",
];

/// One whole setup, and requests that come one after another.
pub(crate) fn plays(most_requests: usize) -> impl Strategy<Value = (Setup, Vec<Request>)> {
    let runs = vec((requests(), prop_oneof![3 => Just(1usize), 1 => 2..5usize]), 1..=most_requests / 2);
    (setups(), runs).prop_map(move |(setup, runs)| {
        let requests = runs.into_iter().flat_map(|(request, times)| std::iter::repeat_n(request, times));
        (setup, requests.take(most_requests).collect())
    })
}

fn setups() -> impl Strategy<Value = Setup> {
    let lists = (option::weighted(0.08, nets()), prop_oneof![9 => Just(Vec::new()), 1 => nets()]);
    let switches = (any::<bool>(), option::weighted(0.2, 1..40u32), prop::bool::weighted(0.15));
    let rules = subsequence(PATHS.to_vec(), 3..=PATHS.len()).prop_flat_map(|paths| {
        paths.into_iter().enumerate().map(|(number, path)| rules(number, path)).collect::<Vec<_>>()
    });
    (lists, switches, rules).prop_map(|((allow, deny), (trusted, per_minute, maintenance), rules)| Setup {
        allow,
        deny,
        trusted,
        per_minute,
        maintenance,
        rules,
    })
}

fn nets() -> impl Strategy<Value = Vec<Net>> {
    subsequence(NETS.to_vec(), 1..=4)
}

fn rules(number: usize, path: PathRule) -> impl Strategy<Value = Rule> {
    let whom = (
        prop_oneof![4 => Just(&[][..]), 1 => Just(&["POST"][..]), 1 => Just(&["GET", "PUT"][..])],
        prop_oneof![8 => Just(&[][..]), 1 => Just(&["gate.test"][..]), 1 => Just(&["a.test", "b.test"][..])],
        option::weighted(0.08, nets()),
    );
    let what = (
        option::weighted(0.35, select(vec![&[0][..], &[0, 1], &[1, 2]])),
        option::weighted(
            0.35,
            select(vec![&[KeyPlace::Header][..], &[KeyPlace::Header, KeyPlace::Bearer], &[KeyPlace::Cookie]]),
        ),
        option::weighted(0.35, signs(number)),
        any::<bool>(),
    );
    let rights = select(vec![
        (&[][..], &[][..]),
        (&[], &[]),
        (&["admin"], &[]),
        (&["admin", "reader"], &["list"]),
        (&[], &["search_*"]),
        (&[], &["search_all"]),
    ]);
    let rest = (
        option::weighted(0.3, (1..6u32, select(vec![By::Client, By::Key, By::Route]))),
        option::weighted(0.2, 1..20u64),
        prop::bool::weighted(0.3),
    );
    (whom, what, rights, rest).prop_map(
        move |(
            (methods, hosts, allow),
            (token, key, sign, any),
            (roles, permissions),
            (limit, max_size, critical),
        )| {
            let (roles, permissions) = if key.is_some() { (roles, permissions) } else { (&[][..], &[][..]) };
            let limit = limit.map(|(most, by)| match (by, key) {
                (By::Key, None) => (most, By::Client),
                (by, _) => (most, by),
            });
            Rule {
                name: format!("r{number}"),
                path,
                methods,
                hosts,
                token,
                key,
                sign,
                any,
                roles,
                permissions,
                allow,
                limit,
                max_size,
                critical,
            }
        },
    )
}

/// Every second route signs times.
fn signs(number: usize) -> impl Strategy<Value = Sign> {
    let secrets = select(vec![&[0][..], &[0, 1], &[1, 2]]);
    let replay = option::of(select(vec![Replay::Off, Replay::Reject, Replay::Acknowledge]));
    (secrets, replay).prop_map(move |(secrets, replay)| Sign { stamped: number % 2 == 1, secrets, replay })
}

/// Mostly plain requests with good credentials, so that the later checks are reached; else anything.
fn requests() -> impl Strategy<Value = Request> {
    let methods = select(vec!["GET", "POST", "POST", "POST", "PUT", "DELETE", "OPTIONS"]);
    let targets = prop_oneof![3 => select(PLAIN.to_vec()), 1 => select(TARGETS.to_vec())];
    let hosts = select(vec!["gate.test", "gate.test", "gate.test", "GATE.test:8080", "a.test", "other.test"]);
    let from = prop_oneof![
        3 => Just(Vec::new()),
        6 => select(FORWARDED[..9].to_vec()).prop_map(|one| vec![one]),
        2 => select(FORWARDED.to_vec()).prop_map(|one| vec![one]),
        1 => (select(FORWARDED.to_vec()), select(FORWARDED.to_vec())).prop_map(|(one, two)| vec![one, two]),
    ];
    let body = (select(vec![0, 1, 7, 15, 30]), prop::bool::weighted(0.15), 0..3i64);
    (methods, targets, hosts, from, credentials(), body).prop_map(
        |(method, target, host, forwarded_for, (token, mut keys, signing), (size, app_fails, early))| {
            keys.dedup_by_key(|(place, _)| *place);
            // Ahead, within what is admitted: what was signed before the gate started is not delivered.
            let at = crate::sign::unix_now() + 50 - early;
            let (target, body) = (target.to_owned(), vec![b'b'; size]);
            Request { method, target, host, forwarded_for, token, keys, signing, body, app_fails, at }
        },
    )
}

type Credentials = (Vec<Credential>, Vec<(KeyPlace, Credential)>, Signing);

fn credentials() -> impl Strategy<Value = Credentials> {
    let secret = prop_oneof![
        4 => Just(Credential::Secret(0)),
        2 => Just(Credential::Secret(1)),
        1 => Just(Credential::Secret(2)),
        1 => Just(Credential::Secret(3)),
        1 => Just(Credential::Wrong),
    ];
    let key = prop_oneof![6 => (0..5usize).prop_map(Credential::Key), 1 => Just(Credential::Wrong)];
    let place = select(vec![KeyPlace::Header, KeyPlace::Header, KeyPlace::Bearer, KeyPlace::Cookie]);
    let tokens = prop_oneof![8 => vec(secret.clone(), 0..=1), 1 => vec(secret, 2)];
    let anything = (tokens, vec((place, key), 0..=2), signings());
    let good = (0..3usize, select(vec![0, 1])).prop_map(|(key, secret)| {
        let keys = [KeyPlace::Header, KeyPlace::Cookie].map(|place| (place, Credential::Key(key)));
        (vec![Credential::Secret(secret)], keys.to_vec(), Signing::Good { secret })
    });
    prop_oneof![3 => good, 2 => anything]
}

fn signings() -> impl Strategy<Value = Signing> {
    prop_oneof![
        2 => Just(Signing::Absent),
        1 => Just(Signing::Malformed),
        1 => Just(Signing::OtherBody),
        1 => Just(Signing::Stale),
        1 => Just(Signing::Future),
        6 => Just(Signing::Good { secret: 0 }),
        3 => Just(Signing::Good { secret: 1 }),
        1 => Just(Signing::Good { secret: 2 }),
        1 => Just(Signing::Good { secret: 3 }),
    ]
}
