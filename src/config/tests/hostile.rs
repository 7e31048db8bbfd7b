//! Whatever the bytes are: no panic, and a bounded answer.

use proptest::prelude::*;

use super::*;

/// The whole way of a load, on bytes, and what was refused; a plain function, so that a fuzzer can call it.
fn any_bytes(bytes: &[u8], mode: LoadMode) -> Option<Problems> {
    let env = Environment::from_pairs([("A", "0123456789abcdef"), ("SIDEGATE__LIMITS__HEAD_SIZE", "4KiB")]);
    match load_text(Path::new("any.yaml"), bytes, mode, &env) {
        Ok(loaded) => {
            let _ = (loaded.shown.to_string(), loaded.shown.to_json());
            if loaded.settings.routes.len() < 1_000 {
                let _ = diff(&loaded.settings, &loaded.settings);
            }
            None
        }
        Err(problems) => {
            assert!(problems.errors() > 0, "refused without a reason");
            let _ = (problems.to_string(), problems.to_json());
            Some(problems)
        }
    }
}

/// What a large text must be answered with.
enum Answer {
    Loaded,
    /// A problem that says this.
    Says(&'static str),
}
use Answer::{Loaded, Says};

/// The bounds are on what is told, not on the time it takes: problems end at 200, and each line shown is cut.
fn told(what: &str, expected: &Answer, text: &str) {
    match (any_bytes(text.as_bytes(), LoadMode::Start), expected) {
        (None, Loaded) => {}
        (None, Says(words)) => panic!("{what}: loaded, instead of: {words}"),
        (Some(problems), Loaded) => panic!("{what}: {problems}"),
        (Some(problems), Says(words)) => {
            let shown = problems.to_string();
            assert!(shown.contains(words), "{what}: {}", shown.chars().take(2_000).collect::<String>());
            assert!(problems.errors() <= 200, "{what}: {} errors", problems.errors());
            assert!(shown.len() < 1 << 17, "{what}: {} bytes of problems", shown.len());
        }
    }
}

#[test]
fn large_and_deep_files_are_answered_with_a_bounded_report() {
    let size = 1 << 19;
    let fill = |piece: &str| piece.repeat(size / piece.len());
    told("brackets", &Says("recursion limit"), &fill("["));
    told(
        "pairs of brackets",
        &Says("nested deeper than 32 levels"),
        &format!("a: [{}]", fill("[],").split_at(size - 100).0),
    );
    told("block lists", &Says("recursion limit"), &fill("- "));
    told("nested maps", &Says("mapping values are not allowed"), &fill("a: "));
    told(
        "unknown keys",
        &Says("unknown key `k0`"),
        &(0..60_000).map(|i| format!("k{i}: 1\n")).collect::<String>(),
    );
    told("equal keys", &Says("already written on line 1"), &fill("version: 1\n"));
    told(
        "references",
        &Says("the variable B is not set"),
        &format!("routes: [{}]", fill("'${B}',").split_at(size - 100).0),
    );
    told(
        "dollars",
        &Says("does not know version"),
        &format!("version: '{}'", fill("$$").split_at(size - 100).0),
    );
    told("one scalar", &Says("expected a map of keys"), &fill("x"));
    told("one quoted scalar", &Says("unclosed quote"), &format!("\"{}", fill("\\u0041")));
    told("one block scalar", &Says("unknown key `a`"), &format!("a: |\n{}", fill(" line\n")));
    told("comments", &Says("the file is empty"), &fill("# c\n"));
    told("anchors", &Says("anchors (`&name`) are not accepted"), &fill("- &a 1\n"));
    told("aliases", &Says("aliases (`*name`) are not accepted"), &fill("- *a\n"));
    told("tags", &Says("tags (`!name`) are not accepted"), &fill("- !t 1\n"));
    told("documents", &Says("a second document starts here"), &fill("---\n"));
    told("question marks", &Says("a key must be plain text"), &fill("? "));
    told("newlines", &Says("the file is empty"), &fill("\n"));
}

#[test]
fn long_lists_are_answered_with_a_bounded_report() {
    let size = 1 << 18;
    let head = "version: 1\nlisten: 127.0.0.1:0\nupstream: http://127.0.0.1:1\n";
    let room = |open: &str, piece: fn(usize) -> String, close: &str| {
        let mut text = format!("{head}{open}");
        for number in 0.. {
            let next = piece(number);
            if text.len() + next.len() + close.len() > size {
                break;
            }
            text.push_str(&next);
        }
        text + close
    };
    told(
        "secrets",
        &Says("8 are the most"),
        &room("security: {webhook_secrets: {a: [", |i| format!("0123456789abcdef{i},"), "]}}"),
    );
    told(
        "hooks",
        &Loaded,
        &room("security: {webhook_secrets: {", |i| format!("h{i}: 0123456789abcdef{i},"), "}}"),
    );
    told(
        "listeners",
        &Says("unknown key `ops_`"),
        &room("x: [", |i| format!("127.0.0.1:{},", i % 65_536), "]").replace("x:", "ops_:"),
    );
    told(
        "limits",
        &Says("either limit and window, or rate and burst"),
        &room(
            "routes: [{name: a, path: /a, public: true, rate_limits: [",
            |i| format!("{{name: l{i}}},"),
            "]}]",
        ),
    );
    told(
        "hosts",
        &Loaded,
        &room("routes: [{name: a, path: /a, public: true, hosts: [", |i| format!("h{i},"), "]}]"),
    );
    told(
        "routes",
        &Loaded,
        &room("routes: [", |i| format!("{{name: r{i}, path: /a, public: true, hosts: [h{i}]}},"), "]"),
    );
    told(
        "places",
        &Says("8 are the most"),
        &room("routes: [{name: a, path: /a, api_key: {locations: [", |i| format!("header:a{i},"), "]}}]"),
    );
    told("keys", &Loaded, &room("keys: [", |i| format!("0123456789abcdef{i},"), "]"));
    told(
        "metadata",
        &Says("this entry belongs to no key"),
        &room("keys: [0123456789abcdef]\nkey_metadata: {", |i| format!("k{i}: {{}},"), "}"),
    );
    told(
        "files",
        &Says("8 are the most"),
        &room("security: {webhook_secrets: {a: [", |i| format!("{{file: f{i}}},"), "]}}"),
    );
    told(
        "file references",
        &Loaded,
        &room("security: {webhook_secrets: {", |i| format!("h{i}: '${{file:f{i}}}',"), "}}"),
    );
    told(
        "networks",
        &Loaded,
        &room(
            "security: {ip_allowlist: [",
            |i| format!("10.{}.{}.{},", i >> 16 & 255, i >> 8 & 255, i & 255),
            "]}",
        ),
    );
}

#[test]
fn many_good_routes_load() {
    let routes: String = (0..3_000)
        .map(|i| format!("  - {{ name: r{i}, path: /r{i}, public: true, ip_allowlist: [10.0.0.0/8] }}\n"))
        .collect();
    let text = with_head(&format!("routes:\n{routes}"));
    assert_eq!(loaded("many", &text).unwrap().settings.routes.len(), 3_000);
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
