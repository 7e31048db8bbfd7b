//! Every way a file changes: editors, half writes, removals, secrets, keys, lists.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::time::Duration;

use rustix::process::Signal;

use crate::gate::{Gate, Nest, config};
use crate::origin::Origin;
use crate::pace::{SOON, attempt, until};
use crate::sign::{github_post, sha256};
use crate::wire::{Ask, Wire};

/// A version that answers `/is/NAME` and nothing else.
fn version(origin: &Origin, name: &str) -> String {
    config(origin.addr, &format!("routes:\n  - {{name: is, path: /is/{name}, public: true}}\n"))
}

fn is(gate: &Gate, name: &str) -> bool {
    gate.ask(&Ask::get(&format!("/is/{name}"))).status == 200
}

fn becomes(gate: &Gate, name: &str) {
    until(SOON, &format!("version {name}"), || is(gate, name).then_some(()));
}

#[test]
fn every_editors_way_of_saving_is_noticed() {
    let origin = Origin::start();
    let gate = Gate::start_in(Nest::new(), &version(&origin, "zero"));
    let path = gate.nest.path("gate.yaml");
    gate.nest.write("gate.yaml", version(&origin, "renamed"));
    becomes(&gate, "renamed");
    fs::write(&path, version(&origin, "in-place")).unwrap();
    becomes(&gate, "in-place");
    fs::rename(&path, gate.nest.path("gate.yaml~")).unwrap();
    fs::write(&path, version(&origin, "backed-up")).unwrap();
    becomes(&gate, "backed-up");
    fs::remove_file(&path).unwrap();
    fs::write(&path, version(&origin, "recreated")).unwrap();
    becomes(&gate, "recreated");
    let mut file = OpenOptions::new().append(true).open(&path).unwrap();
    file.write_all(b"  - {name: more, path: /is/appended, public: true}\n").unwrap();
    drop(file);
    becomes(&gate, "appended");
    assert!(is(&gate, "recreated"));
}

#[test]
fn a_half_written_or_missing_file_changes_nothing_and_is_told() {
    let origin = Origin::start();
    let gate = Gate::start_in(Nest::new(), &version(&origin, "zero"));
    let path = gate.nest.path("gate.yaml");
    let generation = gate.generation();
    let degraded = |what: &str| {
        until(SOON, what, || (gate.ready()["status"] == "degraded").then_some(()));
        assert_eq!(gate.look("/ready").unwrap().status, 200, "{what}: still ready");
        assert_eq!(gate.generation(), generation, "{what}");
        assert!(is(&gate, "zero"), "{what}: the last good version serves");
        assert_eq!(gate.metric("sidegate_config_last_reload_successful", &[]), 0.0, "{what}");
    };
    fs::write(&path, "").unwrap();
    degraded("an empty file");
    let text = version(&origin, "one");
    fs::write(&path, &text[..text.len() - 20]).unwrap();
    degraded("a cut file");
    fs::remove_file(&path).unwrap();
    degraded("a missing file");
    fs::write(&path, "version: 1\nlisten: 127.0.0.1:0\nupstream: http://127.0.0.1:1\nroutes: [\n").unwrap();
    degraded("a broken file");
    let error = gate.ready()["config"]["error"].as_str().unwrap_or_default().to_owned();
    assert!(error.contains("gate.yaml:"), "file and line: {error}");
    // Byte by byte, whatever the reload sees in between.
    fs::write(&path, "").unwrap();
    let mut file = OpenOptions::new().append(true).open(&path).unwrap();
    for piece in text.as_bytes().chunks(3) {
        file.write_all(piece).unwrap();
        assert!(is(&gate, "zero") || is(&gate, "one"), "neither the old nor the new version");
    }
    drop(file);
    becomes(&gate, "one");
    until(SOON, "healthy again", || (gate.ready()["status"] == "healthy").then_some(()));
    assert_eq!(gate.metric("sidegate_config_last_reload_successful", &[]), 1.0);
    assert!(gate.generation() > generation);
}

#[test]
fn a_secret_file_rotates_without_a_touch_of_the_config() {
    let origin = Origin::start();
    let nest = Nest::new();
    let (one, two) = ("the first secret of length", "the second secret of length");
    nest.write("secret", format!("{one}\n"));
    let text = format!(
        "routes: [{{name: hook, path: /hook, signature: {{provider: github, replay: \"off\", secrets: [{{id: f, file: {}}}]}}}}]\n",
        nest.path("secret").display()
    );
    let gate = Gate::start_in(nest, &config(origin.addr, &text));
    let status = |secret: &str| gate.ask(&github_post("/hook", secret, b"{}")).status;
    assert_eq!((status(one), status(two)), (200, 401));
    gate.nest.write("secret", two);
    until(SOON, "the new secret", || (status(two) == 200).then_some(()));
    assert_eq!(status(one), 401);
    fs::remove_file(gate.nest.path("secret")).unwrap();
    until(SOON, "the missing file is told", || (gate.ready()["status"] == "degraded").then_some(()));
    assert_eq!((status(one), status(two)), (401, 200), "the last good secret stays");
    gate.nest.write("secret", one);
    until(SOON, "the first secret again", || (status(one) == 200).then_some(()));
    assert_eq!(status(two), 401);
}

#[test]
fn a_key_file_adds_and_revokes_keys() {
    let origin = Origin::start();
    let nest = Nest::new();
    let keys = |lines: &str| format!("keys:\n{lines}");
    let key = |id: &str, more: &str| {
        format!(
            "  - {{id: {id}, name: {id}, hash: \"sha256:{}\"{more}}}\n",
            sha256(format!("the key of {id}, long enough").as_bytes())
        )
    };
    nest.write("keys.yaml", keys(&key("ann", "")));
    let text = format!(
        "routes: [{{name: k, path_prefix: /, api_key: {{locations: [bearer]}}}}]\napi_keys: {{files: [{}]}}\n",
        nest.path("keys.yaml").display()
    );
    let gate = Gate::start_in(nest, &config(origin.addr, &text));
    let status = |id: &str| {
        gate.ask(&Ask::get("/").field("Authorization", &format!("Bearer the key of {id}, long enough")))
            .status
    };
    assert_eq!((status("ann"), status("bob")), (200, 401));
    gate.nest.write("keys.yaml", keys(&format!("{}{}", key("ann", ""), key("bob", ""))));
    until(SOON, "the second key", || (status("bob") == 200).then_some(()));
    gate.nest.write("keys.yaml", keys(&format!("{}{}", key("ann", ", revoked: true"), key("bob", ""))));
    until(SOON, "the revocation", || (status("ann") == 401).then_some(()));
    assert_eq!(status("bob"), 200);
    gate.nest.write("keys.yaml", "keys: [{id: \n");
    until(SOON, "the error is told", || (gate.ready()["status"] == "degraded").then_some(()));
    assert_eq!((status("ann"), status("bob")), (401, 200));
}

#[test]
fn a_hang_up_and_the_admin_port_reload_at_once() {
    let origin = Origin::start();
    let gate = Gate::start_in(Nest::new(), &version(&origin, "zero"));
    gate.nest.write("gate.yaml", version(&origin, "hung-up"));
    gate.signal(Signal::HUP);
    becomes(&gate, "hung-up");
    let admin = |ask: &Ask| Wire::to(gate.admin).ask(ask).status;
    let host = gate.admin.to_string();
    gate.nest.write("gate.yaml", version(&origin, "posted"));
    assert_eq!(admin(&Ask::post("/reload", "").host(&host)), 200);
    becomes(&gate, "posted");
    assert!((400..500).contains(&admin(&Ask::post("/reload", "").host("evil.test"))), "a foreign Host");
    assert!((400..500).contains(&admin(&Ask::get("/reload").host(&host))), "GET changes nothing");
}

#[test]
fn what_cannot_change_while_running_is_told_and_the_rest_changes() {
    let origin = Origin::start();
    let gate = Gate::start_in(Nest::new(), &version(&origin, "zero"));
    let text = version(&origin, "one").replace("workers: 2", "workers: 1");
    assert!(text.contains("workers: 1"));
    gate.nest.write("gate.yaml", text);
    becomes(&gate, "one");
    let told = attempt(Duration::from_secs(3), || {
        gate.err.all().iter().any(|line| line.contains("restart") && line.contains("workers")).then_some(())
    });
    assert!(told.is_some(), "nothing of a restart in:\n{}", gate.err.all().join("\n"));
}
