//! Maintenance: told to those who may call, with the operator's words; critical routes go on.

use super::Scene;
use crate::sign::github_post;
use crate::wire::Ask;

const SECRET: &str = "the hook's secret of length";

#[test]
fn maintenance_answers_with_its_message_behind_every_credential_check() {
    let scene = Scene::set(&format!(
        "operational: {{maintenance_mode: true, maintenance_message: \"Back at \\\"noon\\\"\", maintenance_retry_after: 77}}\n\
         routes:\n  - {{name: hook, path: /hook, signature: {{provider: github, secrets: [{{id: a, value: \"{SECRET}\"}}]}}}}\n  \
         - {{name: vital, path: /vital, public: true, critical: true}}\n  \
         - {{name: site, path_prefix: /, public: true}}\n"
    ));
    let told = scene.refuses(&Ask::get("/"), 503, "maintenance");
    assert_eq!(told.one("retry-after"), "77");
    let rule = scene.gate.record(told.id()).text("rule").to_owned();
    assert!(
        rule.rsplit(':').next().is_some_and(|line| line.parse::<u32>().is_ok_and(|line| line > 0)),
        "{rule}"
    );
    let body = told.json();
    assert_eq!(body["error"], "Service is in maintenance mode");
    assert_eq!(body["status"], "maintenance");
    assert_eq!(body["message"], "Back at \"noon\"");
    scene.refuses(&github_post("/hook", SECRET, b"{}"), 503, "maintenance");
    scene.refuses(&github_post("/hook", "not the secret, but long", b"{}"), 401, "signature_wrong");
    scene.passes(&Ask::get("/vital"));
    let ready = scene.gate.look("/ready").unwrap();
    assert_eq!(ready.status, 200, "maintenance does not make it unready");
}

#[test]
fn it_is_switched_while_running() {
    let scene = Scene::set("routes: [{name: site, path_prefix: /, public: true}]\n");
    scene.passes(&Ask::get("/"));
    let config = |on: bool| {
        crate::gate::config(
            scene.origin.addr,
            &format!(
                "operational: {{maintenance_mode: {on}}}\nroutes: [{{name: site, path_prefix: /, public: true}}]\n"
            ),
        )
    };
    // The listeners stay where they are: the written port is still 0.
    scene.gate.reload(&config(true));
    let told = scene.refuses(&Ask::get("/"), 503, "maintenance");
    assert_eq!(
        (told.one("retry-after"), told.json()["message"].as_str()),
        ("300", Some("System is under maintenance"))
    );
    scene.gate.reload(&config(false));
    scene.passes(&Ask::get("/"));
}
