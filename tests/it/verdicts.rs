//! I4: over drawn configs and requests the gate's verdict is the reference model's.

use std::collections::BTreeMap;

use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

use crate::gate::{Audit, Gate};
use crate::model::{Class, Expected, Memory, Request, Setup, plays};
use crate::origin::Origin;
use crate::sign::sha256;
use crate::wire::Wire;

/// Setups drawn, each on a gate of its own.
const PLAYS: u32 = 60;
/// Most requests of one play.
const REQUESTS: usize = 240;
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

/// What one request of a play got.
struct Got {
    expected: Expected,
    status: u16,
    id: String,
    from_app: bool,
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
    let mut all = Vec::new();
    for (number, request) in requests.iter().enumerate() {
        let expected = memory.judge(setup, request);
        let ask = request.ask(setup.sign_of(request));
        let answer = Wire::to(gate.data).try_ask(&ask);
        let answer = answer.map_err(|broken| fail(setup, number, request, &format!("{broken:?}")))?;
        let (status, id) = (answer.status, answer.id().to_owned());
        all.push(Got { expected, status, id, from_app: answer.body == b"from the app" });
    }
    let records = gate.stop().audit;
    let mut at_app = origin.seen().into_iter();
    for (number, (got, request)) in all.iter().zip(requests).enumerate() {
        let fail = |what: String| fail(setup, number, request, &what);
        let found: Vec<&Audit> = records.iter().filter(|record| record.id() == got.id).collect();
        let [record] = found.as_slice() else { return Err(fail(format!("{} records", found.len()))) };
        let said = class_of(record).map(|class| (got.status, class));
        let expected = [Some((got.expected.status, got.expected.class)), got.expected.or];
        if said.is_none() || !expected.contains(&said) {
            return Err(fail(format!(
                "answered {}, expected {:?}; recorded {}",
                got.status, got.expected, record.raw
            )));
        }
        *met.entry(format!("{:?} {}", got.expected.class, got.expected.status)).or_default() += 1;
        if got.from_app != (got.expected.class == Class::Forwarded) {
            return Err(fail(format!("from the app: {}", got.from_app)));
        }
        if got.from_app {
            let seen = at_app.next().ok_or_else(|| fail("nothing at the app".to_owned()))?;
            let same = seen.target == request.target
                && seen.method == request.method
                && seen.sha256 == sha256(&request.body)
                && seen.one("host") == request.host
                && seen.one("x-request-id") == got.id;
            if !same {
                return Err(fail(format!("the app got {seen:?}")));
            }
        }
    }
    match at_app.next() {
        Some(seen) => {
            Err(TestCaseError::fail(format!("one request too many at the app: {seen:?}\n{}", setup.yaml())))
        }
        None => Ok(()),
    }
}

#[test]
fn the_gates_verdict_is_the_reference_models() {
    let config =
        Config { cases: PLAYS, max_shrink_iters: 80, failure_persistence: None, ..Config::default() };
    println!("seed {:?}, {PLAYS} plays", std::str::from_utf8(&SEED));
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &SEED));
    let met = std::cell::RefCell::new(BTreeMap::new());
    let outcome =
        runner.run(&plays(REQUESTS), |(setup, requests)| play(&setup, &requests, &mut met.borrow_mut()));
    println!("met: {:#?}", met.borrow());
    match outcome {
        Ok(()) => assert!(met.borrow().len() >= 15, "the draw met too few classes"),
        Err(TestError::Fail(why, _)) => panic!("{why}"),
        Err(TestError::Abort(why)) => panic!("aborted: {why}"),
    }
}
