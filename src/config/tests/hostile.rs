//! Whatever the bytes are: no panic, no long wait, and an answer.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::base::clock;

/// The whole way of a load, on bytes; a plain function, so that a fuzzer can call it.
fn any_bytes(bytes: &[u8], mode: LoadMode) {
    let env = Environment::from_pairs([("A", "0123456789abcdef"), ("SIDEGATE__LIMITS__HEAD_SIZE", "4KiB")]);
    match load_text(Path::new("any.yaml"), bytes, mode, &env) {
        Ok(loaded) => {
            let _ = (loaded.shown.to_string(), loaded.shown.to_json());
            if loaded.settings.routes.len() < 1_000 {
                let _ = diff(&loaded.settings, &loaded.settings);
            }
        }
        Err(problems) => {
            assert!(problems.errors() > 0, "refused without a reason");
            let _ = (problems.to_string(), problems.to_json());
        }
    }
}

/// Generous: an unoptimised build on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

fn soon(what: &str, text: &str) {
    let start = clock::mono();
    any_bytes(text.as_bytes(), LoadMode::Start);
    let took = clock::mono().since(start);
    assert!(took < PATIENCE, "{what} took {took:?}");
}

#[test]
fn large_and_deep_files_end_soon() {
    let size = 1 << 19;
    let fill = |piece: &str| piece.repeat(size / piece.len());
    soon("brackets", &fill("["));
    soon("pairs of brackets", &format!("a: [{}]", fill("[],").split_at(size - 100).0));
    soon("block lists", &fill("- "));
    soon("nested maps", &fill("a: "));
    soon("unknown keys", &(0..60_000).map(|i| format!("k{i}: 1\n")).collect::<String>());
    soon("equal keys", &fill("version: 1\n"));
    soon("references", &format!("routes: [{}]", fill("'${B}',").split_at(size - 100).0));
    soon("dollars", &format!("version: '{}'", fill("$$").split_at(size - 100).0));
    soon("one scalar", &fill("x"));
    soon("one quoted scalar", &format!("\"{}", fill("\\u0041")));
    soon("one block scalar", &format!("a: |\n{}", fill(" line\n")));
    soon("comments", &fill("# c\n"));
    soon("anchors", &fill("- &a 1\n"));
    soon("aliases", &fill("- *a\n"));
    soon("tags", &fill("- !t 1\n"));
    soon("documents", &fill("---\n"));
    soon("question marks", &fill("? "));
    let head = "version: 1\nlisten: 127.0.0.1:0\nupstream: http://127.0.0.1:1\n";
    let room = |open: &str, piece: fn(usize) -> String, close: &str| {
        let mut text = format!("{head}{open}");
        for number in 0.. {
            let next = piece(number);
            if text.len() + next.len() + close.len() > size / 2 {
                break;
            }
            text.push_str(&next);
        }
        text + close
    };
    soon("secrets", &room("security: {webhook_secrets: {a: [", |i| format!("0123456789abcdef{i},"), "]}}"));
    soon("hooks", &room("security: {webhook_secrets: {", |i| format!("h{i}: 0123456789abcdef{i},"), "}}"));
    soon("listeners", &room("x: [", |i| format!("127.0.0.1:{},", i % 65_536), "]").replace("x:", "ops_:"));
    soon(
        "limits",
        &room(
            "routes: [{name: a, path: /a, public: true, rate_limits: [",
            |i| format!("{{name: l{i}}},"),
            "]}]",
        ),
    );
    soon("hosts", &room("routes: [{name: a, path: /a, public: true, hosts: [", |i| format!("h{i},"), "]}]"));
    soon(
        "routes",
        &room("routes: [", |i| format!("{{name: r{i}, path: /a, public: true, hosts: [h{i}]}},"), "]"),
    );
    soon(
        "places",
        &room("routes: [{name: a, path: /a, api_key: {locations: [", |i| format!("header:a{i},"), "]}}]"),
    );
    soon("keys", &room("keys: [", |i| format!("0123456789abcdef{i},"), "]"));
    soon("metadata", &room("keys: [0123456789abcdef]\nkey_metadata: {", |i| format!("k{i}: {{}},"), "}"));
    soon("files", &room("security: {webhook_secrets: {a: [", |i| format!("{{file: f{i}}},"), "]}}"));
    soon(
        "file references",
        &room("security: {webhook_secrets: {", |i| format!("h{i}: '${{file:f{i}}}',"), "}}"),
    );
    soon(
        "networks",
        &room(
            "security: {ip_allowlist: [",
            |i| format!("10.{}.{}.{},", i >> 16 & 255, i >> 8 & 255, i & 255),
            "]}",
        ),
    );
    soon("newlines", &fill("\n"));
}

#[test]
fn many_good_routes_load_soon() {
    let routes: String = (0..3_000)
        .map(|i| format!("  - {{ name: r{i}, path: /r{i}, public: true, ip_allowlist: [10.0.0.0/8] }}\n"))
        .collect();
    let text = with_head(&format!("routes:\n{routes}"));
    let start = clock::mono();
    assert_eq!(loaded("many", &text).unwrap().settings.routes.len(), 3_000);
    assert!(clock::mono().since(start) < PATIENCE);
}

#[test]
fn the_corpus_cut_anywhere_is_answered() {
    for entry in fs::read_dir("proxy-config").unwrap().chain(fs::read_dir("tests/config").unwrap()) {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ext| ext == "yaml") {
            let bytes = fs::read(&path).unwrap();
            for at in (0..bytes.len()).step_by(61) {
                any_bytes(&bytes[..at], LoadMode::Start);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        any_bytes(&bytes, LoadMode::Reload);
    }

    #[test]
    fn any_yaml_like_text_is_answered(text in "([a-z]{1,4}: ?|[-?{}\\[\\],:&*!|>'\"%@`#$~ \n\t]|\\$\\{A\\}|1|version: 1\n|routes:|keys:|- ){0,80}") {
        any_bytes(text.as_bytes(), LoadMode::Reload);
    }

    #[test]
    fn any_value_under_a_known_key_is_answered(at in 0..1000_usize, value in "[ -~]{0,30}") {
        let rows = key_table();
        let row = &rows[at % rows.len()];
        let mut text = with_head("");
        let mut indent = String::new();
        for step in row.path.split('.') {
            let name = step.trim_end_matches("[]");
            text.push_str(&format!("{indent}{name}: "));
            text.push_str(if step.ends_with("[]") { "\n" } else { "" });
            indent.push_str("  ");
            text.push_str(&if step.ends_with("[]") { format!("{indent}- ") } else { format!("\n{indent}") });
        }
        text.push_str(&value);
        any_bytes(text.as_bytes(), LoadMode::Reload);
    }
}
