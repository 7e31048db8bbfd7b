//! I4: over drawn configs and requests the gate's verdict is the reference model's.

use std::collections::BTreeMap;

use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

use crate::gate::{Audit, Gate};
use crate::model::{Class, Memory, Request, Setup, plays};
use crate::origin::Origin;
use crate::sign::sha256;
use crate::wire::Wire;

/// Setups drawn, each on a gate of its own.
const PLAYS: u32 = 60;
/// Most requests of one play.
const REQUESTS: usize = 40;
/// Where drawing starts; another number is another walk.
const SEED: [u8; 32] = *b"what was judged is what is sent.";

/// The class of an audit record.
fn class_of(record: &Audit) -> Option<Class> {
    let class = match (record.result(), record.reason()) {
        ("allow", _) => Class::Forwarded,
        ("acknowledge", _) => Class::Acknowledged,
        ("deny", "forwarded_malformed" | "head_malformed" | "host_invalid") => Class::Head,
        ("deny", "ip_denied" | "ip_not_allowed") => Class::Address,
        ("deny", "no_route" | "path_ambiguous") => Class::Path,
        ("deny", "method_not_allowed") => Class::Method,
        ("deny", "credential_conflict") => Class::Conflict,
        ("deny", "not_authorized") => Class::Authorization,
        ("deny", "body_too_large") => Class::Size,
        ("deny", "replayed") => Class::Replayed,
        ("deny", "maintenance") => Class::Maintenance,
        ("deny", "rate_limited") => Class::Quota,
        ("deny", "credential_missing") => Class::Credential,
        ("deny", reason)
            if ["secret_", "key_", "signature_", "timestamp_"]
                .iter()
                .any(|start| reason.starts_with(start)) =>
        {
            Class::Credential
        }
        _ => return None,
    };
    Some(class)
}

fn fail(setup: &Setup, number: usize, request: &Request, what: &str) -> TestCaseError {
    TestCaseError::fail(format!("request {number}: {what}\n{request:#?}\n{}", setup.yaml()))
}

/// Runs one play on a gate of its own; counts the classes met.
fn play(setup: &Setup, requests: &[Request], met: &mut BTreeMap<String, u32>) -> Result<(), TestCaseError> {
    let origin = Origin::scripted(|talk| {
        let seen = talk.body()?;
        let status = if seen.one("x-fail").is_empty() { 200 } else { 500 };
        talk.plain(status, b"from the app")
    });
    let gate = Gate::start(origin.addr, &setup.yaml());
    let mut memory = Memory::default();
    let mut at_app = 0;
    for (number, request) in requests.iter().enumerate() {
        let fail = |what: String| fail(setup, number, request, &what);
        let expected = memory.judge(setup, request);
        let ask = request.ask(setup.sign_of(request));
        let answer = Wire::to(gate.data).try_ask(&ask).map_err(|broken| fail(format!("{broken:?}")))?;
        if answer.status != expected.status {
            let said = gate.record(answer.id()).raw.to_string();
            return Err(fail(format!("answered {}, expected {expected:?}; recorded {said}", answer.status)));
        }
        let record = gate.record(answer.id());
        // The app's own failure is recorded as an error; it is forwarded all the same.
        let class = match (request.app_fails, record.result()) {
            (true, "error") if answer.body == b"from the app" => Some(Class::Forwarded),
            _ => class_of(&record),
        };
        if class != Some(expected.class) {
            return Err(fail(format!("recorded {}, expected {expected:?}", record.raw)));
        }
        *met.entry(format!("{:?} {}", expected.class, expected.status)).or_default() += 1;
        if expected.class == Class::Forwarded {
            at_app += 1;
            let seen = origin.seen().pop().ok_or_else(|| fail("nothing at the app".to_owned()))?;
            let same = seen.target == request.target
                && seen.method == request.method
                && seen.sha256 == sha256(&request.body)
                && seen.one("host") == request.host;
            if !same || seen.one("x-request-id") != answer.id() {
                return Err(fail(format!("the app got {seen:?}")));
            }
        }
        if origin.count() != at_app {
            return Err(fail(format!("{} requests at the app, expected {at_app}", origin.count())));
        }
    }
    Ok(())
}

#[test]
fn the_gates_verdict_is_the_reference_models() {
    let config =
        Config { cases: PLAYS, max_shrink_iters: 300, failure_persistence: None, ..Config::default() };
    println!("seed {:?}, {PLAYS} plays", std::str::from_utf8(&SEED));
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &SEED));
    let met = std::cell::RefCell::new(BTreeMap::new());
    let outcome =
        runner.run(&plays(REQUESTS), |(setup, requests)| play(&setup, &requests, &mut met.borrow_mut()));
    println!("met: {:#?}", met.borrow());
    match outcome {
        Ok(()) => assert!(met.borrow().len() >= 12, "the draw met too few classes"),
        Err(TestError::Fail(why, _)) => panic!("{why}"),
        Err(TestError::Abort(why)) => panic!("aborted: {why}"),
    }
}
