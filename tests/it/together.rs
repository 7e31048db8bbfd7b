//! I1 where signed deliveries come together: each is judged by its own body and its own signature, whatever comes with it.
//! The gate stands still while they are sent, so that it finds them all at once and hashes them together where it can.

use rustix::process::Signal;

use crate::gate::Gate;
use crate::origin::Origin;
use crate::sign::{github, sha256, stripe, unix_now};
use crate::wire::{Ask, Wire};

const OLD: &str = "not-a-secret-only-a-test-old-0123456789";
const NEW: &str = "not-a-secret-only-a-test-new-0123456789";
const RULES: &str = "routes:
  - { name: hub, path: /hub, methods: [POST], signature: { provider: github, secrets: [{ id: old, value: OLD }, { id: new, value: NEW }], replay: reject } }
  - { name: pay, path: /pay, methods: [POST], signature: { provider: stripe, secrets: [{ id: new, value: NEW }] } }
";

/// Sends each on a connection of its own to a gate that stands still, and reads the statuses once it goes on.
fn at_once(gate: &Gate, asks: &[Ask]) -> Vec<u16> {
    let mut wires: Vec<Wire> = asks.iter().map(|_| Wire::to(gate.data)).collect();
    // Every connection has been accepted and has served a request before.
    for wire in &mut wires {
        assert_eq!(wire.ask(&Ask::get("/nowhere")).status, 404);
    }
    gate.signal(Signal::STOP);
    for (wire, ask) in wires.iter_mut().zip(asks) {
        wire.send(&ask.bytes()).unwrap();
    }
    gate.signal(Signal::CONT);
    wires.iter_mut().map(|wire| wire.answer("POST").unwrap().status).collect()
}

fn gate() -> (Origin, Gate) {
    let origin = Origin::start();
    let gate = Gate::start(origin.addr, &RULES.replace("OLD", OLD).replace("NEW", NEW));
    (origin, gate)
}

fn body(at: usize) -> Vec<u8> {
    let lengths = [0, 1, 55, 56, 63, 64, 65, 1_000, 4_059, 9_000, 16_384, 16_385, 40_000];
    (0..lengths[at % lengths.len()]).map(|byte| u8::try_from((byte * 7 + at * 13) % 251).unwrap()).collect()
}

fn hub(secret: &str, signed: &[u8], sent: &[u8]) -> Ask {
    Ask::post("/hub", sent).field("X-Hub-Signature-256", &github(secret, signed))
}

#[test]
fn of_deliveries_that_come_together_each_is_judged_by_its_own_body_and_its_own_signature() {
    let (origin, gate) = gate();
    let mut due = Vec::new();
    let mut asks = Vec::new();
    let mut passing = Vec::new();
    for at in 0..39 {
        // Of three neighbours one is genuine, one carries the signature of its neighbour, one was altered.
        let (own, next) = (body(at), [body(at + 1), b"!".to_vec()].concat());
        let secret = if at % 2 == 0 { OLD } else { NEW };
        let (ask, status) = match at % 3 {
            0 => (
                hub(secret, &[&own[..], &at.to_be_bytes()].concat(), &[&own[..], &at.to_be_bytes()].concat()),
                200,
            ),
            1 => (hub(secret, &next, &own), 401),
            _ => (
                Ask::post("/pay", own.clone()).field("Stripe-Signature", &stripe(NEW, unix_now(), &own)),
                200,
            ),
        };
        if status == 200 {
            passing.push(sha256(&if at % 3 == 0 { [&own[..], &at.to_be_bytes()].concat() } else { own }));
        }
        asks.push(ask);
        due.push(status);
    }
    assert_eq!(at_once(&gate, &asks), due);
    let mut seen: Vec<String> = origin.seen().into_iter().map(|seen| seen.sha256).collect();
    seen.sort();
    passing.sort();
    assert_eq!(seen, passing, "the app got the genuine ones and nothing else");
}

#[test]
fn a_delivery_that_comes_many_times_at_once_passes_once() {
    let (origin, gate) = gate();
    let message = body(8);
    let asks = vec![hub(NEW, &message, &message); 24];
    let statuses = at_once(&gate, &asks);
    let passed = statuses.iter().filter(|status| **status == 200).count();
    assert_eq!((passed, origin.count()), (1, 1), "{statuses:?}");
}

#[test]
fn callers_who_leave_before_their_verdict_take_nobody_with_them() {
    let (origin, gate) = gate();
    let mut wires: Vec<Wire> = (0..24).map(|_| Wire::to(gate.data)).collect();
    gate.signal(Signal::STOP);
    for (at, wire) in wires.iter_mut().enumerate() {
        let message = [body(8), at.to_be_bytes().to_vec()].concat();
        wire.send(&hub(NEW, &message, &message).bytes()).unwrap();
    }
    let mut at = 0;
    wires.retain(|_| {
        at += 1;
        at % 2 == 0
    });
    gate.signal(Signal::CONT);
    for wire in &mut wires {
        assert_eq!(wire.answer("POST").unwrap().status, 200);
    }
    assert!(origin.count() >= wires.len());
    assert_eq!(gate.ask(&hub(NEW, b"last", b"last")).status, 200);
}
