use std::time::Duration;

use crate::listen::drain::Times;
use crate::ops::tests::{Bench, bench, complaint, nobody};
use crate::reload::Cause;

fn refuse(bench: &Bench) {
    *bench.verdict.lock().unwrap() = Err(vec![complaint()]);
    assert_eq!(bench.admin("POST /reload").status, 422);
}

#[test]
fn a_ready_gate_tells_its_generation_and_its_app() {
    let bench = bench();
    for path in ["/ready", "/readyz", "/ready?x=1"] {
        let heard = bench.ops(&format!("GET {path}"));
        assert_eq!(heard.status, 200);
        let told = heard.json();
        assert_eq!(told["status"], "healthy");
        assert_eq!(told["config"]["generation"], 3);
        assert_eq!(told["config"]["hash"], "ab12");
        assert!(told["config"]["error"].is_null());
        assert_eq!(told["dependencies"]["upstream"]["status"], "healthy");
        assert!(told["timestamp"].is_string());
        let keys: Vec<_> = told.as_object().unwrap().keys().cloned().collect();
        assert_eq!(keys, ["config", "dependencies", "status", "timestamp"]);
    }
}

#[test]
fn without_its_app_it_is_degraded_and_says_how_to_mend_it() {
    let bench = bench();
    bench.set(nobody(), "");
    let heard = bench.ops("GET /ready");
    assert_eq!(heard.status, 200, "the gate itself can answer");
    let told = heard.json();
    assert_eq!(told["status"], "degraded");
    assert_eq!(told["dependencies"]["upstream"]["status"], "unhealthy");
    let message = told["dependencies"]["upstream"]["message"].as_str().unwrap();
    assert!(message.contains("refused") && message.contains("start the app"), "{message}");
}

#[test]
fn maintenance_is_no_trouble() {
    let bench = bench();
    let app = bench.app.as_ref().unwrap().local_addr().unwrap();
    bench.set(app, "operational: {maintenance_mode: true}\n");
    assert_eq!(bench.ops("GET /ready").json()["status"], "healthy");
}

#[test]
fn a_refused_configuration_degrades_and_tells_file_line_and_message() {
    let bench = bench();
    refuse(&bench);
    let heard = bench.ops("GET /ready");
    assert_eq!(heard.status, 200, "the generation in force still serves");
    let told = heard.json();
    assert_eq!(told["status"], "degraded");
    assert_eq!(told["config"]["generation"], 3);
    let error = told["config"]["error"].as_str().unwrap();
    assert_eq!(error, "gate.yaml:7:3: routes[0].path: expected a path; begin it with /");
    let lines = bench.ops("GET /ready?verbose");
    assert_eq!(lines.status, 200);
    assert!(lines.body.contains("[-] config: a newer one is refused: gate.yaml:7:3: "), "{}", lines.body);
    assert!(lines.body.contains("[+] upstream: 127.0.0.1:"), "{}", lines.body);
    assert!(lines.body.ends_with("ready: degraded\n"), "{}", lines.body);
}

#[test]
fn a_draining_gate_is_not_ready_at_once() {
    let bench = bench();
    bench.parts.drain.begin(Times { min: Duration::from_secs(5), max: Duration::from_secs(9) });
    let heard = bench.ops("GET /ready");
    assert_eq!((heard.status, heard.json()["status"].as_str().unwrap()), (503, "unhealthy"));
    assert!(heard.json()["reasons"][0].as_str().unwrap().starts_with("draining"));
    assert_eq!(bench.ops("GET /health").status, 200, "nothing is wrong with the process");
    assert_eq!(bench.ops("GET /startup").status, 200);
}

#[test]
fn the_app_of_a_single_route_degrades_only() {
    let bench = bench();
    let app = bench.app.as_ref().unwrap().local_addr().unwrap();
    bench.set(
        app,
        &format!("  - {{name: other, path: /o, public: true, upstream: \"http://{}\"}}\n", nobody()),
    );
    let heard = bench.ops("GET /ready");
    assert_eq!((heard.status, heard.json()["status"].as_str().unwrap()), (200, "degraded"));
    assert_eq!(heard.json()["dependencies"]["upstream of other"]["status"], "unhealthy");
}

#[test]
fn once_ready_tells_a_generation_it_is_in_force() {
    let bench = bench();
    *bench.verdict.lock().unwrap() = Ok(crate::reload::Taken::Swapped {
        hash: "cd34".into(),
        warnings: vec![complaint()],
        needs_restart: vec!["listen".into()],
        changes: String::new(),
    });
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(bench.parts.reload.trigger(Cause::Signal)).unwrap();
    *bench.verdict.lock().unwrap() = Ok(crate::reload::Taken::Unchanged);
    let config = bench.ops("GET /ready").json()["config"].clone();
    assert!(config["generation"].as_u64().unwrap() >= 4);
    assert_eq!(config["hash"], "cd34");
    let lines = bench.ops("GET /ready?verbose").body;
    assert!(lines.contains("[!] config: `listen` was changed and needs a restart"), "{lines}");
    assert!(lines.contains("[!] config: gate.yaml:7:3: "), "{lines}");
}
