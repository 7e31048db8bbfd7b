//! Starting: a wrong config opens no port and says why; a missing secret closes its route alone.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Output;
use std::time::Duration;

use crate::gate::{Gate, Nest, config, sidegate};
use crate::origin::Origin;
use crate::pace::{SOON, attempt, until};
use crate::sign::github_post;
use crate::wire::Ask;

fn free_port() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// Runs with `text` to its end, within a deadline.
fn run(nest: &Nest, text: &str, env: &[(&str, &str)]) -> Output {
    nest.write("bad.yaml", text);
    let mut command = sidegate();
    command.arg("run").arg("--config").arg(nest.path("bad.yaml")).envs(env.iter().copied());
    let mut child = command.spawn().unwrap();
    let ended = attempt(Duration::from_secs(10), || child.try_wait().unwrap());
    if ended.is_none() {
        let _ = child.kill();
    }
    let output = child.wait_with_output().unwrap();
    assert!(ended.is_some(), "it runs with a bad config:\n{text}");
    output
}

#[test]
fn a_bad_config_exits_with_78_opens_no_port_and_names_the_place() {
    let nest = Nest::new();
    let (data, ops) = (free_port(), free_port());
    let good = format!(
        "version: 1\nlisten: {data}\nops: {ops}\nadmin: \"off\"\nupstream: http://127.0.0.1:9\n\
         routes:\n  - name: site\n    path_prefix: /\n    public: true\n"
    );
    let cases = [
        (good.replace("version: 1", "version: 2"), "1"),
        (good.replace("upstream:", "upstraem:"), "5"),
        (good.replace("public: true", "public: maybe"), "9"),
        (good.replace("    public: true\n", ""), "7"),
        (good.replace("upstream: http://127.0.0.1:9", "upstream: gopher://x"), "5"),
        (format!("{good}unknown_key: 1\n"), "10"),
        (format!("{good}version: 1\n"), "10"),
        (format!("{good}  - name: site\n    path: /x\n    public: true\n"), "10"),
        (format!("{good}security: {{ip_allowlist: []}}\n"), "10"),
        (format!("{good}security: {{ip_allowlist: [10.0.0.1/8]}}\n"), "10"),
        (format!("{good}security: {{webhook_secrets: {{github: short}}}}\n"), "10"),
        (format!("{good}security: {{webhook_secrets: {{github: \"${{NOT_SET}}\"}}}}\n"), "10"),
        (format!("{good}limits: {{head_timeout: 10}}\n"), "10"),
        ("routes: [".to_owned(), "1"),
        (String::new(), ""),
    ];
    for (text, line) in cases {
        let output = run(&nest, &text, &[]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(78), "{text}\n{said}");
        assert!(said.contains("bad.yaml"), "{said}");
        assert!(
            line.is_empty() || said.contains(&format!("bad.yaml:{line}:")),
            "line {line}:\n{text}\n{said}"
        );
        for port in [data, ops] {
            assert!(TcpStream::connect(port).is_err(), "a port is open");
        }
    }
    let missing = sidegate().arg("run").arg("--config").arg(nest.path("none.yaml")).output().unwrap();
    assert_eq!(missing.status.code(), Some(78));
    let usage = sidegate().arg("run").arg("--no-such-flag").output().unwrap();
    assert_eq!(usage.status.code(), Some(2));
}

#[test]
fn every_problem_is_told_in_one_run_without_any_secret() {
    let nest = Nest::new();
    let text = "version: 1\nlisten: nowhere\nupstream: 7\nops: 127.0.0.1:99999\nroutes:\n  - name: a b\n    path: x\n    \
                shared_secret: {header: X-T, secrets: [{id: a, value: hush-hush}]}\ntelemetry: {log: {level: loud}}\n";
    let output = run(&nest, text, &[]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    for line in ["2", "3", "4", "6", "7", "8", "9"] {
        assert!(said.contains(&format!("bad.yaml:{line}:")), "line {line} in:\n{said}");
    }
    assert!(!said.contains("hush-hush"), "{said}");
}

#[test]
fn a_missing_secret_file_closes_its_route_and_no_other() {
    let origin = Origin::start();
    let nest = Nest::new();
    let text = format!(
        "routes:\n  - {{name: hook, path: /hook, signature: {{provider: github, secrets: [{{id: f, file: {}}}]}}}}\n  \
         - {{name: site, path_prefix: /, public: true}}\n",
        nest.path("later").display()
    );
    let gate = Gate::start_in(nest, &config(origin.addr, &text));
    let secret = "the secret that comes later";
    let refused = gate.ask(&github_post("/hook", secret, b"{}"));
    assert_eq!(
        (refused.status, gate.record(refused.id()).reason().to_owned()),
        (503, "unavailable".to_owned())
    );
    assert_eq!(gate.ask(&Ask::get("/")).status, 200);
    assert_eq!(origin.count(), 1);
    gate.nest.write("later", secret);
    until(SOON, "the secret is read", || {
        (gate.ask(&github_post("/hook", secret, b"{}")).status == 200).then_some(())
    });
}

#[test]
fn the_environment_fills_in_and_overrides() {
    let origin = Origin::start();
    let nest = Nest::new();
    let text = config(
        origin.addr,
        "security: {webhook_secrets: {github: \"${HOOK_SECRET}\"}}\noperational: {maintenance_message: \"${NOTE:-at} $$5\", maintenance_mode: false}\n",
    );
    nest.write("gate.yaml", &text);
    let path = nest.path("gate.yaml");
    let secret = "from the environment: {x}";
    let gate = Gate::start_at(
        nest,
        path,
        &[("HOOK_SECRET", secret), ("SIDEGATE__OPERATIONAL__MAINTENANCE_MODE", "true")],
    );
    let told = gate.ask(&github_post("/webhook/github", secret, b"{}"));
    assert_eq!((told.status, told.json()["message"].as_str()), (503, Some("at $5")));
}

#[test]
fn health_needs_no_app_and_the_ops_port_changes_nothing() {
    let nowhere = free_port();
    let gate = Gate::start(nowhere, "routes: [{name: site, path_prefix: /, public: true}]\n");
    for path in ["/health", "/healthz", "/livez", "/startup", "/startupz", "/ready", "/readyz", "/metrics"] {
        assert_eq!(gate.look(path).unwrap().status, 200, "{path}");
    }
    let health = gate.look("/health").unwrap().json();
    assert_eq!(health["status"], "healthy");
    assert!(health["uptime_seconds"].is_number() && health["timestamp"].is_string(), "{health}");
    for method in ["POST", "PUT", "DELETE"] {
        let status = crate::wire::Wire::to(gate.ops).ask(&Ask::new(method, "/health").body("")).status;
        assert_eq!(status, 405, "{method}");
    }
    assert_eq!(gate.look("/reload").unwrap().status, 404);
    assert_eq!(gate.ask(&Ask::get("/")).status, 502);
    assert_eq!(
        gate.ask(&Ask::get("/health").field("User-Agent", "kube-probe/1.30")).status,
        502,
        "no exemption on the data port"
    );
    let leftovers = fs::read_dir(gate.nest.path(".")).unwrap().count();
    assert_eq!(leftovers, 1, "the gate writes nothing beside its config");
}

/// The variables the corpus counts on, and those a file asks for in its first lines.
fn corpus_env(text: &str) -> Vec<(&str, &str)> {
    let own = text.lines().take_while(|line| line.starts_with('#'));
    let own = own.filter_map(|line| line.strip_prefix("# env: ")?.split_once('='));
    [("GITHUB_SECRET", "0123456789abcdef"), ("EMPTY", ""), ("SHORT", "short")]
        .into_iter()
        .chain(own)
        .collect()
}

#[test]
fn every_wrong_file_of_the_corpus_ends_with_78_its_own_words_and_no_port() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut told = 0;
    for entry in fs::read_dir(root.join("tests/config")).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read(&path).unwrap();
        let text = String::from_utf8_lossy(&text);
        if path.extension().is_none_or(|ext| ext != "yaml") || text.contains("# mode: reload") {
            continue;
        }
        let shown = path.strip_prefix(root).unwrap();
        let mut command = sidegate();
        command.current_dir(root).args(["run", "--config"]).arg(shown).envs(corpus_env(&text));
        let mut child = command.spawn().unwrap();
        let ended = attempt(Duration::from_secs(20), || child.try_wait().unwrap());
        if ended.is_none() {
            let _ = child.kill();
        }
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(78), "{}: {said}", shown.display());
        let expected = fs::read_to_string(path.with_extension("expected")).unwrap();
        assert_eq!(said.trim_end(), expected.trim_end(), "{}", shown.display());
        assert!(output.stdout.is_empty(), "{}", shown.display());
        told += 1;
    }
    assert!(told >= 30, "only {told} files");
}
