//! Webhook signatures: the providers' own examples, and every way to be wrong.

use super::Scene;
use crate::frames::{END_HEADERS, END_STREAM, H2, Outcome, frame, kind, request};
use crate::sign::{github, github_post, slack, square, standard, stripe, unix_now};
use crate::wire::Ask;

const SECRET: &str = "It's a Secret to Everybody";
const OLD: &str = "the secret before the rotation";
const STANDARD: &[u8] = b"standard webhooks signing key 01";

fn config() -> String {
    let standard = data_encoding::BASE64.encode(STANDARD);
    format!(
        r#"
routes:
  - {{name: github, path: /github, signature: {{provider: github, replay: "off", secrets: [{{id: new, value: "{SECRET}"}}, {{id: old, value: "{OLD}"}}, {{id: gone, value: "a secret that is long gone", not_after: 2024-01-01T00:00:00Z}}]}}}}
  - {{name: legacy, path: /legacy, signature: {{provider: github, variant: legacy_sha1, replay: "off", secrets: [{{id: a, value: "{SECRET}"}}]}}}}
  - {{name: gitlab, path: /gitlab, signature: {{provider: gitlab, secrets: [{{id: a, value: "{SECRET}"}}]}}}}
  - {{name: stripe, path: /stripe, signature: {{provider: stripe, replay: "off", secrets: [{{id: a, value: "{SECRET}"}}]}}}}
  - {{name: slack, path: /slack, signature: {{provider: slack, replay: "off", secrets: [{{id: a, value: "{SECRET}"}}]}}}}
  - {{name: standard, path: /standard, signature: {{provider: standard_webhooks, replay: "off", secrets: [{{id: a, value: "whsec_{standard}"}}]}}}}
"#
    )
}

#[test]
fn githubs_own_example_passes_and_everything_near_it_does_not() {
    let scene = Scene::set(&config());
    let published = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    let with = |value: &str, body: &str| Ask::post("/github", body).field("X-Hub-Signature-256", value);
    let body = "Hello, World!";
    let seen = scene.passes(&with(published, body));
    assert_eq!(seen.body, body.as_bytes());
    assert_eq!(seen.one("x-hub-signature-256"), published, "the app may still verify for itself");
    for other in ["Hello, World", "Hello, World!\n", "hello, World!", " Hello, World!", ""] {
        scene.refuses(&with(published, other), 401, "signature_wrong");
    }
    let hex = &published[7..];
    for malformed in [
        hex,
        "",
        "sha256=",
        "sha1=x",
        &format!("sha256={}", &hex[2..]),
        &format!("sha256={hex}00"),
        &format!("sha256:{hex}"),
        "sha256=zz7107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
    ] {
        let answer = scene.gate.ask(&with(malformed, body));
        assert_eq!(answer.status, 401, "{malformed:?}");
    }
    scene.refuses(&Ask::post("/github", body), 401, "signature_missing");
}

#[test]
fn a_weaker_header_is_no_way_round_a_missing_stronger_one() {
    let scene = Scene::set(&config());
    // HMAC-SHA1 of "Hello, World!" under the secret, for the weaker scheme.
    let weaker = "sha1=01dc10d0c83e72ed246219cdd91669667fe2ca59";
    let ask = |path: &str| Ask::post(path, "Hello, World!").field("X-Hub-Signature", weaker);
    scene.refuses(&ask("/github"), 401, "signature_missing");
    scene.passes(&ask("/legacy"));
}

#[test]
fn any_valid_secret_matches_and_a_retired_one_is_told_from_a_wrong_one() {
    let scene = Scene::set(&config());
    for (secret, id) in [(SECRET, "new"), (OLD, "old")] {
        let answer = scene.gate.ask(&github_post("/github", secret, b"{}"));
        assert_eq!(answer.status, 200);
        assert_eq!(scene.gate.record(answer.id()).text("secret_id"), id);
    }
    scene.refuses(
        &github_post("/github", "a secret that is long gone", b"{}"),
        401,
        "signature_expired_secret",
    );
    scene.refuses(&github_post("/github", "a secret nobody has here", b"{}"), 401, "signature_wrong");
}

#[test]
fn the_signature_is_over_the_raw_bytes_however_they_are_framed() {
    let scene = Scene::set(&config());
    let odd: Vec<u8> = (0..=255).collect();
    let large = vec![b'x'; 900 * 1024];
    for body in [b"".as_slice(), b"\0", &odd, b"\x1f\x8b\x08 not really gzip", &large] {
        let seen = scene.passes(&github_post("/github", SECRET, body));
        assert_eq!(seen.length, body.len() as u64);
        assert_eq!(seen.sha256, crate::sign::sha256(body));
        let mut chunked = format!("POST /github HTTP/1.1\r\nHost: gate.test\r\nX-Hub-Signature-256: {}\r\nTransfer-Encoding: chunked\r\n\r\n", github(SECRET, body)).into_bytes();
        for piece in body.chunks(70_000) {
            chunked.extend(format!("{:x}\r\n", piece.len()).into_bytes());
            chunked.extend_from_slice(piece);
            chunked.extend(b"\r\n");
        }
        chunked.extend(b"0\r\n\r\n");
        let mut wire = crate::wire::Wire::to(scene.gate.data);
        wire.send(&chunked).unwrap();
        assert_eq!(wire.answer("POST").unwrap().status, 200);
        assert_eq!(scene.origin.seen().pop().unwrap().sha256, crate::sign::sha256(body));
    }
    let zipped = github_post("/github", SECRET, b"\x1f\x8b\x08").field("Content-Encoding", "gzip");
    scene.passes(&zipped);
}

#[test]
fn http2_deliveries_are_verified_the_same() {
    let scene = Scene::set(&config());
    for (secret, status) in [(SECRET, 200), ("a secret nobody has here", 401)] {
        let mut connection = H2::to(scene.gate.data);
        let signature = github(secret, b"hello over h2");
        let head = request(1, "POST", "/github", &[("x-hub-signature-256", &signature)], END_HEADERS);
        connection.send(&head).unwrap();
        connection.send(&frame(kind::DATA, 0, 1, b"hello ")).unwrap();
        connection.send(&frame(kind::DATA, END_STREAM, 1, b"over h2")).unwrap();
        assert!(matches!(connection.outcome(1), Outcome::Answer(found, _) if found == status), "{secret}");
    }
    let seen = scene.origin.seen();
    assert_eq!(seen.len(), 1);
    assert_eq!(
        (seen[0].body.as_slice(), seen[0].one("host").as_str()),
        (b"hello over h2".as_slice(), "gate.test")
    );
}

#[test]
fn signed_times_are_bounded_on_both_sides() {
    let scene = Scene::set(&config());
    let now = unix_now();
    let stripe_at =
        |at: i64| Ask::post("/stripe", "{}").field("Stripe-Signature", &stripe(SECRET, at, b"{}"));
    let slack_at = |at: i64| {
        Ask::post("/slack", "{}")
            .field("X-Slack-Request-Timestamp", &at.to_string())
            .field("X-Slack-Signature", &slack(SECRET, at, b"{}"))
    };
    let standard_at = |at: i64| {
        Ask::post("/standard", "{}")
            .field("webhook-id", "msg_1")
            .field("webhook-timestamp", &at.to_string())
            .field("webhook-signature", &standard(STANDARD, "msg_1", at, b"{}"))
    };
    let makers: [&dyn Fn(i64) -> Ask; 3] = [&stripe_at, &slack_at, &standard_at];
    for make in makers {
        for at in [now, now - 290, now + 50] {
            scene.passes(&make(at));
        }
        for at in [now - 310, now - 86_400, now - 86_400 * 3000] {
            scene.refuses(&make(at), 401, "timestamp_stale");
        }
        for at in [now + 75, now + 86_400, now + 86_400 * 3000] {
            scene.refuses(&make(at), 401, "timestamp_future");
        }
    }
    let changed = Ask::post("/stripe", "{}").field(
        "Stripe-Signature",
        &stripe(SECRET, now - 3600, b"{}").replace(&(now - 3600).to_string(), &now.to_string()),
    );
    scene.refuses(&changed, 401, "signature_wrong");
    for odd in ["t=,v1=00", "t=x,v1=00", "v1=00", "t=1e9,v1=00", "t=-5,v1=00", "t=99999999999999999999,v1=00"]
    {
        let answer = scene.gate.ask(&Ask::post("/stripe", "{}").field("Stripe-Signature", odd));
        assert_eq!(answer.status, 401, "{odd}");
    }
}

#[test]
fn one_good_candidate_among_several_is_enough_and_too_many_are_refused() {
    let scene = Scene::set(&config());
    let now = unix_now();
    let good = stripe(SECRET, now, b"{}");
    let (time, signature) = good.split_once(',').unwrap();
    let zero = format!("v1={}", "0".repeat(64));
    let post = |value: &str| Ask::post("/stripe", "{}").field("Stripe-Signature", value);
    scene.passes(&post(&format!("{time},{zero},{signature}")));
    scene.passes(&post(&format!("{time},{signature},{zero},v0=abc")));
    scene.refuses(&post(&format!("{time},{zero},{zero}")), 401, "signature_wrong");
    let many = format!("{time},{}{signature}", format!("{zero},").repeat(200));
    assert_eq!(scene.gate.ask(&post(&many)).status, 401, "candidates are bounded");
    let twice = format!("t={},{good}", now - 5);
    assert_eq!(scene.gate.ask(&post(&twice)).status, 401, "two times");
}

#[test]
fn gitlabs_token_is_a_shared_secret_in_its_header() {
    let scene = Scene::set(&config());
    let with = |token: &str| Ask::post("/gitlab", "{}").field("X-Gitlab-Token", token);
    scene.passes(&with(SECRET));
    scene.refuses(&with("It's a Secret to Nobody"), 401, "signature_wrong");
    scene.refuses(&Ask::post("/gitlab", "{}"), 401, "signature_missing");
}

#[test]
fn the_short_form_makes_a_route_for_each_provider_and_for_unknown_names_a_shared_secret() {
    let scene = Scene::set(&format!(
        "security:\n  webhook_secrets: {{github: \"{SECRET}\", homegrown: \"{OLD}\"}}\n"
    ));
    scene.passes(&github_post("/webhook/github", SECRET, b"{}"));
    scene.refuses(&github_post("/webhook/github", OLD, b"{}"), 401, "signature_wrong");
    scene.refuses(&Ask::get("/webhook/github"), 405, "method_not_allowed");
    scene.refuses(&Ask::post("/webhook/other", "{}"), 404, "no_route");
    let seen = scene.passes(&Ask::post("/webhook/homegrown", "{}").field("X-Webhook-Secret", OLD));
    assert!(!format!("{:?}", seen.folded()).contains(OLD), "the app sees no secret");
    assert_eq!(scene.gate.ask(&Ask::post("/webhook/homegrown", "{}")).status, 401);
}

#[test]
fn a_rotation_that_was_forgotten_is_told_until_the_new_secret_is_used() {
    let ends = sidegate::base::clock::Wall((unix_now() + 5 * 86_400) * 1_000).rfc3339();
    let scene = Scene::set(&format!(
        "routes:\n  - {{name: hook, path: /hook, signature: {{provider: github, replay: \"off\", secrets: \
         [{{id: next, value: \"{SECRET}\"}}, {{id: last, value: \"{OLD}\", not_after: {ends}}}]}}}}\n"
    ));
    let told = || scene.gate.look("/ready?verbose").unwrap().text();
    assert!(!told().contains("no secret but"), "{}", told());
    scene.passes(&github_post("/hook", OLD, b"{}"));
    assert!(told().contains("[!] route hook: callers use no secret but last, which ends at"), "{}", told());
    scene.passes(&github_post("/hook", SECRET, b"{}"));
    assert!(!told().contains("no secret but"), "{}", told());
}

/// The query the app is sent is the one that was signed, whatever query `public_url` was written with.
#[test]
fn a_signed_url_is_judged_with_the_query_the_app_gets() {
    let scene = Scene::set(&format!(
        "routes:\n  - {{name: written, path: /written, signature: {{provider: square, secrets: [{{id: a, value: \"{SECRET}\"}}], \
         public_url: \"https://hooks.example.com/written?tenant=a\"}}}}\n  \
         - {{name: plain, path: /plain, signature: {{provider: square, secrets: [{{id: a, value: \"{SECRET}\"}}], \
         public_url: \"https://hooks.example.com/plain\"}}}}\n"
    ));
    for path in ["written", "plain"] {
        let signed = square(SECRET, &format!("https://hooks.example.com/{path}?tenant=a"), b"{}");
        let with = |query: &str| {
            Ask::post(&format!("/{path}{query}"), "{}").field("x-square-hmacsha256-signature", &signed)
        };
        let seen = scene.passes(&with("?tenant=a"));
        assert_eq!(seen.target, format!("/{path}?tenant=a"));
        for query in ["?tenant=b", "", "?", "?tenant=a&tenant=b", "?tenant=%61", "?Tenant=a"] {
            scene.refuses(&with(query), 401, "signature_wrong");
        }
    }
}
