//! Volume swaps under load (I5): no request fails, none is judged by a generation `/ready` has left behind.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::gate::{Audit, Gate, Nest, alone, config};
use crate::origin::Origin;
use crate::pace::{tick, until};
use crate::wire::{Ask, Wire};

const SWAPS: u32 = 200;
const CLIENTS: u64 = 5;
const REQUESTS_A_SECOND: u64 = 1000;

/// One request as its client saw it.
#[derive(Debug)]
struct Told {
    sent: Instant,
    answered: Instant,
    status: u16,
    expected: u16,
    id: String,
}

fn version(origin: &Origin, number: u32) -> String {
    config(
        origin.addr,
        &format!(
            "limits: {{failures: 0}}\nroutes:\n  \
             - {{name: turn, path_prefix: /turn, shared_secret: {{header: X-Token, secrets: [{{id: v{number}, value: \"the token of version {number:05}\"}}]}}}}\n  \
             - {{name: site, path_prefix: /, public: true}}\n"
        ),
    )
}

/// An open loop: requests at their times, whatever becomes of the ones before.
fn client(gate: &Gate, number: u64, done: &AtomicBool, told: &Mutex<Vec<Told>>) {
    let begun = Instant::now();
    let gap = Duration::from_nanos(1_000_000_000 * CLIENTS / REQUESTS_A_SECOND);
    let mut mine = Vec::new();
    let mut wire = Wire::to(gate.data);
    for count in 0..200_000u32 {
        if done.load(Ordering::Relaxed) {
            break;
        }
        tick(begun + gap * count);
        let (ask, expected) = match count % 5 {
            0 => (Ask::get("/turn").field("X-Token", "the token of no version"), 401),
            _ => (Ask::get(&format!("/site/{number}/{count}")), 200),
        };
        let sent = Instant::now();
        let answer =
            wire.try_ask(&ask).unwrap_or_else(|broken| panic!("client {number}, {count}: {broken:?}"));
        let (answered, id) = (Instant::now(), answer.id().to_owned());
        mine.push(Told { sent, answered, status: answer.status, expected, id });
        if answer.one("connection") == "close" {
            wire = Wire::to(gate.data);
        }
    }
    told.lock().unwrap().append(&mut mine);
}

/// Swaps again and again; when each valid version was first reported, and which generation it was.
fn swap(gate: &Gate, origin: &Origin) -> (Vec<(Instant, u64)>, Vec<Duration>) {
    let (mut reported, mut delays) = (Vec::new(), Vec::new());
    let token =
        |number: u32| Ask::get("/turn").field("X-Token", &format!("the token of version {number:05}"));
    let mut current = 0;
    for number in 1..=SWAPS {
        let before = gate.generation();
        let begun = Instant::now();
        if number % 5 == 0 {
            let text = version(origin, number).replace("public: true", "public: perhaps");
            gate.nest.publish("volume", number, &[("gate.yaml", &text)]);
            let error = until(Duration::from_secs(10), "the error is told", || {
                let ready = gate.ready();
                ready["config"]["error"].as_str().filter(|_| ready["status"] == "degraded").map(str::to_owned)
            });
            assert!(error.contains("public") || error.contains("gate.yaml"), "{error}");
            assert_eq!(gate.generation(), before, "an invalid version is no generation");
        } else {
            gate.nest.publish("volume", number, &[("gate.yaml", &version(origin, number))]);
            let generation = until(Duration::from_secs(10), "the new generation", || {
                Some(gate.generation()).filter(|now| *now > before)
            });
            reported.push((Instant::now(), generation));
            assert_eq!(gate.ask(&token(current)).status, 401, "version {number}: the old token still counts");
            current = number;
        }
        delays.push(begun.elapsed());
        assert_eq!(gate.ask(&token(current)).status, 200, "version {number}: the token does not count");
    }
    (reported, delays)
}

#[test]
fn two_hundred_swaps_under_load_lose_nothing_and_judge_nothing_by_the_past() {
    let _alone = alone();
    let origin = Origin::start();
    let nest = Nest::new();
    nest.publish("volume", 0, &[("gate.yaml", &version(&origin, 0))]);
    let path = nest.path("volume").join("gate.yaml");
    let gate = Gate::start_at(nest, path, &[]);
    let (done, told) = (AtomicBool::new(false), Mutex::new(Vec::new()));
    let begun = Instant::now();
    let (reported, mut delays) = thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|n| {
                let (gate, done, told) = (&gate, &done, &told);
                scope.spawn(move || client(gate, n, done, told))
            })
            .collect();
        let swaps = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| swap(&gate, &origin)));
        done.store(true, Ordering::Relaxed);
        for client in clients {
            client.join().unwrap();
        }
        swaps.unwrap()
    });
    let seconds = begun.elapsed().as_secs_f64();
    let told = told.into_inner().unwrap();
    delays.sort();
    println!(
        "{SWAPS} swaps in {seconds:.1} s, {} requests ({:.0}/s); told after {:?} (median), {:?} (99 %), {:?} (most)",
        told.len(),
        told.len() as f64 / seconds,
        delays[delays.len() / 2],
        delays[delays.len() * 99 / 100],
        delays[delays.len() - 1]
    );
    for one in &told {
        assert_eq!(one.status, one.expected, "{one:?}");
    }
    generations(&told, &reported, &gate.stop().audit);
}

/// Every record's generation lies between those reported before it was sent and after it was answered.
fn generations(told: &[Told], reported: &[(Instant, u64)], audit: &[Audit]) {
    let records: HashMap<&str, u64> = audit.iter().map(|record| (record.id(), record.generation())).collect();
    for one in told {
        let judged = *records.get(one.id.as_str()).unwrap_or_else(|| panic!("no record of {one:?}"));
        let least =
            reported.iter().rev().find(|(at, _)| *at < one.sent).map_or(1, |(_, generation)| *generation);
        let most = reported
            .iter()
            .find(|(at, _)| *at > one.answered)
            .map_or(u64::MAX, |(_, generation)| *generation);
        assert!((least..=most).contains(&judged), "judged by {judged}, expected {least}..={most}: {one:?}");
    }
}
