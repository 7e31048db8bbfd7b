//! A file and a function end before one loses the thread, and a file's name says what is in it.

use crate::tree::{self, Finding, Source};

/// Lines of a source file.
const LONGEST_FILE: usize = 400;
/// Lines of a function, from `fn` to its closing brace.
const LONGEST_FUNCTION: usize = 80;
/// Names that say nothing about what is inside.
const EMPTY_NAMES: [&str; 9] =
    ["utils", "util", "helpers", "helper", "common", "misc", "types", "shared", "mod"];

fn file_size(source: &Source) -> Option<Finding> {
    let lines = source.text.lines().count();
    (lines > LONGEST_FILE).then(|| Finding {
        path: source.path.clone(),
        line: lines,
        message: format!("{lines} lines, {LONGEST_FILE} is the end; move one subject to a child file"),
    })
}

fn file_name(path: &str) -> Option<Finding> {
    let name = path.rsplit('/').next().unwrap_or(path).split('.').next().unwrap_or_default();
    let folder = path.rsplit('/').nth(1).unwrap_or_default();
    let bad = EMPTY_NAMES.into_iter().find(|bad| *bad == name || *bad == folder)?;
    Some(Finding {
        path: path.to_owned(),
        line: 1,
        message: format!(
            "`{bad}` does not say what is inside; name the subject (`foo.rs` + `foo/`, never `mod.rs`)"
        ),
    })
}

fn function_sizes(source: &Source) -> Vec<Finding> {
    source.identifiers("fn").into_iter().filter_map(|at| function_size(source, at)).collect()
}

fn function_size(source: &Source, at: usize) -> Option<Finding> {
    let rest = source.rest(at);
    let name: String =
        rest.get(2..)?.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    let open = body_start(rest)?;
    let length = closing_brace(rest.get(open..)?)? + open;
    let lines = rest.get(..length)?.lines().count();
    (!name.is_empty() && lines > LONGEST_FUNCTION).then(|| {
        source.finding(
            at,
            format!("`{name}` has {lines} lines, {LONGEST_FUNCTION} is the end; give a step its own name"),
        )
    })
}

/// Where the body opens; nothing for a declaration without one or a function pointer type.
fn body_start(rest: &str) -> Option<usize> {
    let mut depth = 0_i32;
    for (at, byte) in rest.bytes().enumerate() {
        match byte {
            b'(' | b'[' => depth += 1,
            b')' | b']' => depth -= 1,
            b'{' if depth == 0 => return Some(at),
            b';' | b'}' | b',' | b'=' if depth <= 0 && rest.as_bytes().get(at + 1) != Some(&b'>') => {
                let generic = byte == b',' || byte == b'=';
                if !generic {
                    return None;
                }
            }
            _ => {}
        }
        if depth < 0 {
            return None;
        }
    }
    None
}

fn closing_brace(body: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, byte) in body.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 1 => return Some(at + 1),
            b'}' => depth -= 1,
            _ => {}
        }
    }
    None
}

#[test]
fn no_source_file_is_too_long() {
    let sources = tree::sources("src");
    let findings: Vec<Finding> = sources.iter().filter(|s| !s.is_test()).filter_map(file_size).collect();
    tree::expect_none(&findings);
}

#[test]
fn no_function_is_too_long() {
    let sources = tree::sources("src");
    let findings: Vec<Finding> = sources.iter().filter(|s| !s.is_test()).flat_map(function_sizes).collect();
    tree::expect_none(&findings);
}

#[test]
fn every_file_name_says_what_is_inside() {
    let paths = tree::files("src").into_iter().chain(tree::files("tests"));
    let findings: Vec<Finding> = paths.filter_map(|path| file_name(&path)).collect();
    tree::expect_none(&findings);
}

#[test]
fn the_size_guards_can_fail_and_count_to_the_line() {
    let file = |lines: usize| Source::new("src/x.rs", &"//\n".repeat(lines));
    assert!(file_size(&file(400)).is_none() && file_size(&file(401)).is_some());
    let function = |lines: usize| {
        let text = format!(
            "impl X {{\n fn long<T>(a: [u8; 2], b: fn(u8)) -> T {{\n{}}}\n}}\n",
            "{ }\n".repeat(lines)
        );
        function_sizes(&Source::new("src/x.rs", &text)).len()
    };
    assert_eq!((function(78), function(79)), (0, 1));
    let declared =
        Source::new("src/x.rs", &format!("trait X {{ fn f(&self); }} mod y {{ {} }}", "\n".repeat(99)));
    assert!(function_sizes(&declared).is_empty());
}

#[test]
fn the_name_guard_can_fail() {
    for bad in
        ["src/utils.rs", "src/check/mod.rs", "tests/it/common.rs", "src/helpers/a.rs", "src/state/types.rs"]
    {
        assert!(file_name(bad).is_some(), "{bad}");
    }
    for good in ["src/check.rs", "src/model.rs", "src/state/limit.rs", "tests/oracles/README.md"] {
        assert!(file_name(good).is_none(), "{good}");
    }
}
