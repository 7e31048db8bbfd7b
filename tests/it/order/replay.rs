//! Repeated deliveries: told apart by the signed message, decided by the app's answer.

use std::time::Duration;

use super::Scene;
use crate::gate::Gate;
use crate::origin::{Next, Origin};
use crate::pace::{SOON, until};
use crate::sign::{github_post, stripe, unix_now};
use crate::wire::{Ask, Wire};

const SECRET: &str = "the signing secret of length";
const OTHER: &str = "its predecessor, of good length";

fn config() -> String {
    let secrets = format!("secrets: [{{id: a, value: \"{SECRET}\"}}, {{id: b, value: \"{OTHER}\"}}]");
    format!(
        "routes:\n  - {{name: default, path: /default, signature: {{provider: stripe, {secrets}}}}}\n  \
         - {{name: github, path: /github, signature: {{provider: github, {secrets}}}}}\n  \
         - {{name: reject, path: /reject, signature: {{provider: github, replay: reject, {secrets}}}}}\n  \
         - {{name: off, path: /off, signature: {{provider: stripe, replay: \"off\", {secrets}}}}}\n  \
         - {{name: wide, path: /wide, signature: {{provider: stripe, tolerance: 1h, {secrets}}}}}\n  \
         - {{name: ack, path: /ack, signature: {{provider: github, replay: acknowledge, {secrets}}}}}\n"
    )
}

fn delivery(secret: &str, at: i64, body: &str) -> Ask {
    Ask::post("/default", body).field("Stripe-Signature", &stripe(secret, at, body.as_bytes()))
}

#[test]
fn a_repeated_delivery_is_acknowledged_and_not_forwarded() {
    let scene = Scene::set(&config());
    let at = unix_now();
    scene.passes(&delivery(SECRET, at, "one"));
    for repeated in [delivery(SECRET, at, "one"), delivery(OTHER, at, "one")] {
        let answer = scene.gate.ask(&repeated);
        assert_eq!(answer.status, 200, "the provider is content");
        assert_eq!(scene.gate.record(answer.id()).result(), "acknowledge");
        assert_ne!(answer.body, b"ok", "not the app's answer");
    }
    assert_eq!(scene.origin.count(), 1);
    scene.passes(&delivery(SECRET, at, "two"));
    scene.passes(&delivery(SECRET, at + 1, "one"));
}

/// What the process before delivered is not known: of what was signed before the start nothing passes that could be a
/// copy, and a caller that signs anew is told to.
#[test]
fn what_was_signed_before_the_gate_started_is_not_delivered() {
    let scene = Scene::set(&config());
    let at = unix_now();
    for before in [5, 60, 290] {
        let refused = scene.gate.ask(&delivery(SECRET, at - before, "captured"));
        assert_eq!((refused.status, refused.one("retry-after")), (503, "1"), "{before} s");
        assert_eq!(scene.gate.record(refused.id()).reason(), "replay_unknown");
        let unseen = scene.gate.ask(&delivery("a secret nobody has here", at - before, "forged"));
        assert_eq!(unseen.status, 401, "nobody learns when the gate started without a secret");
    }
    assert_eq!(scene.origin.count(), 0);
    scene.passes(&delivery(SECRET, at, "captured"));
    scene.passes(&github_post("/ack", SECRET, b"no time is signed"));
    scene.passes(&Ask::post("/off", "old").field("Stripe-Signature", &stripe(SECRET, at - 60, b"old")));
    let sanity = Ask::post("/wide", "old").field("Stripe-Signature", &stripe(SECRET, at - 60, b"old"));
    scene.passes(&sanity);
}

#[test]
fn equal_bodies_without_a_signed_time_are_different_events_unless_told_otherwise() {
    let scene = Scene::set(&config());
    for _ in 0..3 {
        scene.passes(&github_post("/github", SECRET, b"equal"));
    }
    scene.passes(&github_post("/reject", SECRET, b"equal"));
    scene.refuses(&github_post("/reject", SECRET, b"equal"), 409, "replayed");
    scene.refuses(&github_post("/reject", OTHER, b"equal"), 409, "replayed");
    scene.refuses(&github_post("/reject", "a secret nobody has here", b"equal"), 401, "signature_wrong");
}

#[test]
fn a_delivery_the_app_failed_may_come_again() {
    let origin = Origin::scripted(|talk| {
        let seen = talk.body()?;
        match seen.body.as_slice() {
            b"fails" => talk.plain(500, b"no"),
            b"moves" => talk.answer(302, "Location: /x\r\n", b""),
            b"breaks" => Ok(Next::Close),
            _ => talk.plain(204, b""),
        }
    });
    let gate = Gate::start(origin.addr, &config());
    let at = unix_now();
    for (body, status) in [("fails", 500), ("moves", 302), ("breaks", 502)] {
        for attempt in 1..=3 {
            assert_eq!(gate.ask(&delivery(SECRET, at, body)).status, status, "{body}, attempt {attempt}");
        }
    }
    assert_eq!(origin.count(), 9);
    assert_eq!(gate.ask(&delivery(SECRET, at, "good")).status, 204);
    assert_eq!(gate.ask(&delivery(SECRET, at, "good")).status, 200);
    assert_eq!(origin.count(), 10);
}

#[test]
fn while_the_first_is_in_flight_a_second_is_told_to_come_again() {
    let (release, held) = std::sync::mpsc::channel::<()>();
    let held = std::sync::Mutex::new(held);
    let origin = Origin::scripted(move |talk| {
        talk.body()?;
        let _ = held.lock().unwrap().recv_timeout(Duration::from_secs(20));
        talk.plain(200, b"ok")
    });
    let gate = Gate::start(origin.addr, &config());
    let at = unix_now();
    let mut first = Wire::to(gate.data);
    first.send(&delivery(SECRET, at, "slow").bytes()).unwrap();
    origin.wait_whole(1);
    let second = gate.ask(&delivery(SECRET, at, "slow"));
    assert_eq!((second.status, second.one("retry-after")), (503, "1"));
    assert_eq!(gate.record(second.id()).reason(), "replay_in_flight");
    release.send(()).unwrap();
    assert_eq!(first.answer("POST").unwrap().status, 200);
    let third = gate.ask(&delivery(SECRET, at, "slow"));
    assert_eq!(third.status, 200);
    assert_eq!(gate.record(third.id()).result(), "acknowledge");
    assert_eq!(origin.count(), 1);
}

#[test]
fn a_caller_that_goes_away_neither_cancels_nor_releases_its_delivery() {
    let (release, held) = std::sync::mpsc::channel::<()>();
    let held = std::sync::Mutex::new(held);
    let origin = Origin::scripted(move |talk| {
        talk.body()?;
        let _ = held.lock().unwrap().recv_timeout(Duration::from_secs(20));
        talk.plain(200, b"ok")
    });
    let gate = Gate::start(origin.addr, &config());
    let at = unix_now();
    let mut gone = Wire::to(gate.data);
    gone.send(&delivery(SECRET, at, "left").bytes()).unwrap();
    origin.wait_whole(1);
    drop(gone);
    // The app has not answered: whatever the gate noticed of the caller, the message is still in flight.
    for _ in 0..20 {
        let again = gate.ask(&delivery(SECRET, at, "left"));
        assert_eq!(again.status, 503, "{}", gate.record(again.id()).raw);
    }
    release.send(()).unwrap();
    let committed = until(SOON, "the delivery counts as done", || {
        Some(gate.ask(&delivery(SECRET, at, "left"))).filter(|answer| answer.status == 200)
    });
    assert_eq!(gate.record(committed.id()).result(), "acknowledge");
    assert_eq!(origin.count(), 1, "the app got it once");
}

#[test]
fn a_refusal_behind_the_signature_releases_the_message() {
    let base = config();
    let scene = Scene::set(&format!("{base}operational: {{rate_limit_per_minute: 1}}\n"));
    let at = unix_now();
    scene.passes(&delivery(SECRET, at, "first"));
    for _ in 0..3 {
        scene.refuses(&delivery(SECRET, at, "second"), 429, "rate_limited");
    }
    let scene = Scene::set(&format!("{base}operational: {{maintenance_mode: true}}\n"));
    let at = unix_now();
    for _ in 0..3 {
        scene.refuses(&delivery(SECRET, at, "third"), 503, "maintenance");
    }
}
