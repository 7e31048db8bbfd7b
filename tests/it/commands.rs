//! The commands as an operator types them: what they print, and their exit codes.

use std::fs;
use std::process::{Output, Stdio};

use serde_json::Value;

use crate::gate::{Gate, Nest, sidegate};
use crate::origin::Origin;
use crate::pace::{SOON, until};
use crate::wire::Ask;

fn run(arguments: &[&str]) -> Output {
    sidegate().args(arguments).output().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn a_wrong_command_line_exits_with_2_and_help_with_0() {
    assert_eq!(run(&["chekc"]).status.code(), Some(2));
    assert_eq!(run(&["check"]).status.code(), Some(2));
    let help = run(&["--help"]);
    assert_eq!(help.status.code(), Some(0));
    for command in ["run", "check", "send", "health", "keys", "providers", "schema", "drain", "demo"] {
        assert!(out(&help).contains(command), "{command} is missing from\n{}", out(&help));
        let own = run(&[command, "--help"]);
        assert_eq!(own.status.code(), Some(0), "{command} --help");
    }
}

#[test]
fn a_key_that_was_generated_opens_its_route_and_is_stored_nowhere() {
    let nest = Nest::new();
    nest.write("pepper", "fake-pepper-of-the-command-test\n");
    let (file, pepper) = (nest.path("keys.yaml"), nest.path("pepper"));
    let (file, pepper) = (file.to_str().unwrap(), pepper.to_str().unwrap());
    let mut keys = Vec::new();
    for name in ["first", "second: with \"signs\""] {
        let made = run(&[
            "keys",
            "generate",
            "--name",
            name,
            "--expires-in",
            "30d",
            "--role",
            "reader",
            "--permission",
            "search_*",
            "--file",
            file,
            "--pepper-file",
            pepper,
        ]);
        assert_eq!(made.status.code(), Some(0), "{}", err(&made));
        let made: Value = serde_json::from_str(&out(&made)).unwrap();
        keys.push((made["id"].as_str().unwrap().to_owned(), made["key"].as_str().unwrap().to_owned()));
    }
    let stored = fs::read_to_string(file).unwrap();
    let origin = Origin::start();
    let rest = format!(
        "routes:\n  - name: api\n    path_prefix: /\n    api_key: {{locations: [bearer]}}\n    authorize: \
         {{permissions: [search_docs]}}\napi_keys: {{files: [{file}], pepper: {{file: {pepper}}}}}\n"
    );
    let gate = Gate::start(origin.addr, &rest);
    for (id, key) in &keys {
        assert!(stored.contains(id.as_str()) && !stored.contains(key.as_str()), "{stored}");
        let answer = gate.ask(&Ask::get("/docs").field("Authorization", &format!("Bearer {key}")));
        assert_eq!(answer.status, 200);
        assert_eq!(gate.record(answer.id()).text("key_id"), id);
    }
    let mut mistyped = keys[0].1.clone();
    mistyped.replace_range(12..13, if &mistyped[12..13] == "a" { "b" } else { "a" });
    let refused = gate.ask(&Ask::get("/docs").field("Authorization", &format!("Bearer {mistyped}")));
    assert_eq!(refused.status, 401);
    assert_eq!(gate.record(refused.id()).reason(), "key_malformed");
    let seen = origin.seen();
    assert_eq!(seen.len(), 2);
    assert!(
        seen.iter()
            .all(|seen| !seen.fields.iter().any(|(name, _)| name.eq_ignore_ascii_case("authorization"))),
        "the app never sees a key"
    );
}

#[test]
fn a_key_file_that_cannot_be_extended_is_left_alone() {
    let nest = Nest::new();
    let text = "keys:\n  - {id: a, hash: \"sha256:00\"}\nother: 1\n";
    nest.write("keys.yaml", text);
    let path = nest.path("keys.yaml");
    let made = run(&["keys", "generate", "--name", "x", "--file", path.to_str().unwrap()]);
    assert_eq!(made.status.code(), Some(1));
    assert!(err(&made).contains("by hand"), "{}", err(&made));
    assert_eq!(fs::read_to_string(path).unwrap(), text);
}

#[test]
fn what_send_signs_passes_and_its_exit_code_tells_the_answer() {
    let nest = Nest::new();
    let origin = Origin::start();
    let secrets = [
        ("github", "fake-secret-for-the-send-test"),
        ("gitlab", "fake-token-for-the-send-test"),
        ("stripe", "whsec_fake_secret_for_the_send_test"),
        ("slack", "fake-signing-secret-for-the-send-test"),
        ("standard_webhooks", "whsec_c2lkZWdhdGUtc2VuZC10ZXN0LXNlY3JldC1mYWtl"),
    ];
    let listed: Vec<String> = secrets.iter().map(|(name, secret)| format!("{name}: \"{secret}\"")).collect();
    let rest = format!("security: {{webhook_secrets: {{{}}}}}\n", listed.join(", "));
    let gate = Gate::start(origin.addr, &rest);
    nest.write("body", b"{\"odd\": \"\xc3\xa4\", \"n\": 1.0}\n");
    let body = format!("@{}", nest.path("body").to_str().unwrap());
    for (provider, secret) in secrets {
        nest.write("secret", format!("{secret}\n"));
        let file = nest.path("secret");
        let url = format!("http://{}/webhook/{provider}", gate.data);
        let send = |file: &str| {
            run(&[
                "send",
                "--provider",
                provider,
                "--secret-file",
                file,
                "--body",
                &body,
                "--format",
                "json",
                &url,
            ])
        };
        let sent = send(file.to_str().unwrap());
        assert_eq!(sent.status.code(), Some(0), "{provider}: {}{}", out(&sent), err(&sent));
        nest.write("secret", "whsec_YW5vdGhlci1zZWNyZXQtZW50aXJlbHktZmFrZQ==");
        let refused = send(file.to_str().unwrap());
        assert_eq!(refused.status.code(), Some(1), "{provider}: {}", out(&refused));
        let report: Value = serde_json::from_str(&out(&refused)).unwrap();
        assert_eq!(report["status"], 401, "{provider}");
    }
    assert_eq!(origin.seen().len(), secrets.len());
}

#[test]
fn providers_and_schema_print_what_programs_can_read() {
    let list: Value = serde_json::from_str(&out(&run(&["providers", "--format", "json"]))).unwrap();
    let names: Vec<&str> =
        list.as_array().unwrap().iter().map(|entry| entry["name"].as_str().unwrap()).collect();
    for name in ["github", "gitlab", "slack", "standard_webhooks", "stripe"] {
        assert!(names.contains(&name), "{names:?}");
        let shown = run(&["providers", name]);
        assert!(out(&shown).contains("scheme:"), "{}", out(&shown));
    }
    assert_eq!(run(&["providers", "nobody"]).status.code(), Some(1));
    let schema: Value = serde_json::from_str(&out(&run(&["schema"]))).unwrap();
    assert!(schema["properties"]["listen"].is_object());
}

#[test]
fn a_preset_printed_as_a_scheme_is_that_preset() {
    let nest = Nest::new();
    let origin = Origin::start();
    for provider in ["github", "gitlab", "stripe", "slack", "standard_webhooks"] {
        let shown = out(&run(&["providers", provider]));
        let first: Vec<&str> = shown
            .lines()
            .skip_while(|line| !line.starts_with("scheme:"))
            .take_while(|line| !line.is_empty())
            .collect();
        let scheme: String = first.iter().map(|line| format!("      {line}\n")).collect();
        let secret = "whsec_c2lkZWdhdGUtc2VuZC10ZXN0LXNlY3JldC1mYWtl";
        let rest = format!(
            "routes:\n  - name: hook\n    path: /hook\n    methods: [POST]\n    signature:\n{scheme}      secrets: [\"{secret}\"]\n"
        );
        let gate = Gate::start(origin.addr, &rest);
        nest.write("secret", secret);
        let file = nest.path("secret");
        let url = format!("http://{}/hook", gate.data);
        let sent = run(&[
            "send",
            "--provider",
            provider,
            "--secret-file",
            file.to_str().unwrap(),
            "--body",
            "hello",
            &url,
        ]);
        assert_eq!(sent.status.code(), Some(0), "{provider}: {}{}\n{scheme}", out(&sent), err(&sent));
    }
}

#[test]
fn health_and_drain_tell_by_their_exit_codes() {
    let origin = Origin::start();
    let gate =
        Gate::start(origin.addr, "limits: {drain_min: 100ms}\nroutes: [{name: a, path: /, public: true}]\n");
    let health = |path: &str| run(&["health", &format!("http://{}{path}", gate.ops)]);
    assert_eq!(health("/health").status.code(), Some(0));
    assert_eq!(health("/nowhere").status.code(), Some(1));
    assert_eq!(run(&["health", "ftp://127.0.0.1/"]).status.code(), Some(2));
    let admin = format!("http://{}", gate.admin);
    let drained = run(&["drain", "--admin", &admin]);
    assert_eq!(drained.status.code(), Some(0), "{}", err(&drained));
    until(SOON, "it is not ready while draining", || {
        (health("/ready").status.code() == Some(1)).then_some(())
    });
    assert_eq!(gate.stop().status.code(), Some(0));
}

#[test]
fn check_shows_origins_and_masks_secrets() {
    let nest = Nest::new();
    nest.write(
        "gate.yaml",
        "version: 1\nlisten: 127.0.0.1:0\nupstream: http://127.0.0.1:9\nsecurity:\n  webhook_secrets: {github: \"${HOOK}\"}\n",
    );
    let path = nest.path("gate.yaml");
    let path = path.to_str().unwrap();
    let shown =
        sidegate().args(["check", "--show", path]).env("HOOK", "fake-secret-of-check").output().unwrap();
    assert_eq!(shown.status.code(), Some(0), "{}", err(&shown));
    let text = out(&shown);
    assert!(!text.contains("fake-secret-of-check") && text.contains("github"), "{text}");
    assert!(text.contains("default"), "{text}");
    let unset = run(&["check", "--format", "json", path]);
    assert_eq!(unset.status.code(), Some(78));
    let report: Value = serde_json::from_str(&out(&unset)).unwrap();
    assert_eq!(report["valid"], false);
    let problems = &report["problems"];
    assert_eq!((problems[0]["line"].as_u64(), problems[0]["file"].as_str()), (Some(5), Some(path)));
}

#[test]
fn the_demo_tells_its_story_and_ends() {
    let told = sidegate().args(["demo", "--once"]).stdin(Stdio::null()).output().unwrap();
    assert_eq!(told.status.code(), Some(0), "{}{}", out(&told), err(&told));
    let text = out(&told);
    for word in
        ["signature_wrong", "timestamp_stale", "acknowledge", "rate_limited", "maintenance", "path_ambiguous"]
    {
        assert!(text.contains(word), "{word} is missing from\n{text}");
    }
    assert!(text.contains("The app saw 5 requests"), "{text}");
}
