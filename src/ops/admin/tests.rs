use std::os::unix::net::UnixStream;
use std::thread;

use super::*;
use crate::ops::tests::{bench, complaint, send};
use crate::reload::Taken;

#[test]
fn reload_tells_its_outcome() {
    let bench = bench();
    let heard = bench.admin("POST /reload");
    assert_eq!(heard.status, 200);
    assert_eq!(heard.json(), json!({ "status": "unchanged", "generation": 3 }));

    *bench.verdict.lock().unwrap() = Err(vec![complaint()]);
    let heard = bench.admin("POST /reload");
    assert_eq!(heard.status, 422);
    let told = heard.json();
    assert_eq!((&told["status"], &told["generation"]), (&"refused".into(), &3.into()));
    assert_eq!(told["errors"][0]["line"], 7);
    assert_eq!(told["errors"][0]["hint"], "begin it with /");

    *bench.verdict.lock().unwrap() = Ok(Taken::Swapped {
        hash: "cd34".into(),
        warnings: Vec::new(),
        needs_restart: vec!["workers".into()],
        changes: String::new(),
    });
    let told = bench.admin("POST /reload").json();
    assert_eq!((&told["status"], &told["needs_restart"]), (&"applied".into(), &json!(["workers"])));
}

#[test]
fn the_configuration_is_shown_with_the_origin_of_every_value() {
    let bench = bench();
    let told = bench.admin("GET /config").json();
    let rows = told["values"].as_array().unwrap();
    let row = |path: &str| rows.iter().find(|row| row["path"] == path).unwrap();
    assert_eq!(row("listen")["value"], "127.0.0.1:0");
    assert!(row("listen")["origin"].as_str().unwrap().ends_with("gate.yaml:2"));
    assert_eq!(told["generation"], 1);
}

#[test]
fn only_names_of_this_machine_are_answered() {
    let bench = bench();
    for good in ["localhost", "LOCALHOST:9902", "127.0.0.1:9902", "127.9.9.9", "[::1]:9902", "[::1]"] {
        assert_eq!(bench.admin_with("GET /config", &format!("Host: {good}\r\n")).status, 200, "{good}");
    }
    for bad in [
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example:9902",
        "10.0.0.1",
        "[::2]",
        "",
        "::",
    ] {
        assert_eq!(bench.admin_with("POST /reload", &format!("Host: {bad}\r\n")).status, 403, "{bad}");
    }
    assert_eq!(bench.admin_with("GET /config", "Host: localhost\r\nHost: localhost\r\n").status, 403);
    assert_eq!(bench.admin_with("GET /config", "").status, 403);
}

#[test]
fn web_pages_are_refused_whatever_host_they_name() {
    let bench = bench();
    for origin in ["http://evil.example", "null", "http://localhost:9902"] {
        let headers = format!("Host: localhost\r\nOrigin: {origin}\r\n");
        assert_eq!(bench.admin_with("POST /drain", &headers).status, 403);
        assert_eq!(bench.admin_with("GET /config", &headers).status, 403);
    }
    assert_eq!(bench.parts.drain.stage(), Stage::Serving);
}

#[test]
fn what_changes_something_is_post_only() {
    let bench = bench();
    for path in ["/reload", "/drain"] {
        for method in ["GET", "HEAD", "PUT", "DELETE"] {
            assert_eq!(bench.admin(&format!("{method} {path}")).status, 405, "{method} {path}");
        }
    }
    assert_eq!(bench.admin("POST /config").status, 405);
    assert_eq!(bench.admin("GET /health").status, 404);
    assert_eq!(bench.parts.drain.stage(), Stage::Serving);
}

#[test]
fn drain_begins_at_once_and_waiting_ends_when_the_callers_have_gone() {
    let bench = bench();
    let caller = bench.caller();
    let heard = bench.admin("POST /drain");
    assert_eq!(heard.status, 200);
    assert_eq!((&heard.json()["status"], &heard.json()["connections"]), (&"draining".into(), &1.into()));
    assert!(bench.parts.drain.is_draining());
    let leaving = thread::spawn(move || {
        thread::sleep(Duration::from_millis(300));
        drop(caller);
    });
    let heard = bench.admin("GET /wait-for-drain");
    assert_eq!(heard.json(), json!({ "status": "drained", "connections": 0 }));
    assert!(leaving.is_finished());
    assert_eq!(bench.admin("POST /drain").status, 200, "once more changes nothing");
}

#[test]
fn waiting_gives_up_after_the_longest_drain() {
    let bench = bench();
    let _caller = bench.caller();
    bench.admin("POST /drain");
    let heard = bench.admin("POST /wait-for-drain");
    assert_eq!(heard.json(), json!({ "status": "timeout", "connections": 1 }));
}

#[test]
fn nobody_waits_when_no_drain_begins() {
    let bench = bench();
    assert_eq!(bench.admin("GET /wait-for-drain").json()["status"], "serving");
}

#[test]
fn a_drain_that_begins_a_moment_later_is_waited_for() {
    let bench = bench();
    let drain = bench.parts.drain.clone();
    let hook = thread::spawn(move || {
        thread::sleep(Duration::from_millis(200));
        drain.begin(Times { min: Duration::from_millis(50), max: Duration::from_secs(2) });
    });
    assert_eq!(bench.admin("GET /wait-for-drain").json()["status"], "drained");
    hook.join().unwrap();
}

#[test]
fn a_unix_socket_needs_no_host_and_is_its_owners_alone() {
    let folder = std::env::temp_dir().join(format!("sidegate-admin-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("admin.sock");
    // A socket file left behind by a process that died.
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let bench = bench();
    let ops = crate::config::settings::Address::Tcp("127.0.0.1:0".parse().unwrap());
    let admin = crate::config::settings::Address::Unix(path.clone());
    let bound = crate::ops::Bound::open(&ops, Some(&admin)).unwrap();
    assert!(crate::ops::Bound::open(&ops, Some(&admin)).is_err(), "a living one is not taken over");
    let running = bound.serve(bench.parts.clone()).unwrap();
    let heard = send(UnixStream::connect(&path).unwrap(), "GET /config", "Host: anything\r\n");
    assert_eq!((heard.status, &heard.json()["generation"]), (200, &1.into()));
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&path).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    running.end();
    assert!(!path.exists(), "the socket file goes with the port");
    std::fs::remove_dir_all(folder).unwrap();
}
