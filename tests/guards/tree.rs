//! Reads the tree and Rust sources well enough for the guards: comments and the insides of literals blanked out,
//! string literals kept aside, lines counted.

use std::fs;
use std::path::{Path, PathBuf};

/// One broken rule.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) path: String,
    pub(crate) line: usize,
    pub(crate) message: String,
}

/// One Rust file.
#[derive(Debug)]
pub(crate) struct Source {
    /// Relative to the package, with `/`.
    pub(crate) path: String,
    /// As written.
    pub(crate) text: String,
    /// As long as the text: comments and the insides of string and character literals are spaces.
    pub(crate) code: String,
    /// Offset and inside of every string literal.
    pub(crate) literals: Vec<(usize, String)>,
}

impl Source {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let (code, literals) = blank(text);
        Self { path: path.to_owned(), text: text.to_owned(), code, literals }
    }

    /// 1-based line of a byte offset.
    pub(crate) fn line(&self, offset: usize) -> usize {
        line_at(&self.text, offset)
    }

    /// Whether the file holds tests only: `tests.rs` and everything below a folder `tests`.
    pub(crate) fn is_test(&self) -> bool {
        self.path.ends_with("/tests.rs") || self.path.contains("/tests/") || self.path.starts_with("tests/")
    }

    pub(crate) fn finding(&self, offset: usize, message: impl Into<String>) -> Finding {
        Finding { path: self.path.clone(), line: self.line(offset), message: message.into() }
    }

    /// Every place where `word` stands in the code as a whole identifier.
    pub(crate) fn identifiers(&self, word: &str) -> Vec<usize> {
        let part = |byte: Option<&u8>| byte.is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
        let bytes = self.code.as_bytes();
        self.code
            .match_indices(word)
            .map(|(at, _)| at)
            .filter(|&at| {
                let before = at.checked_sub(1).and_then(|i| bytes.get(i));
                !part(before) && !part(bytes.get(at + word.len()))
            })
            .collect()
    }

    /// The code from `offset` on.
    pub(crate) fn rest(&self, offset: usize) -> &str {
        self.code.get(offset..).unwrap_or_default()
    }
}

/// 1-based line of a byte offset.
pub(crate) fn line_at(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

/// The package's own directory.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Reads a file of the package.
pub(crate) fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every file below `folder`, relative to the package, in order; build products and git's own files left out.
pub(crate) fn files(folder: &str) -> Vec<String> {
    let mut found = Vec::new();
    walk(&root().join(folder), &mut found);
    let mut paths: Vec<String> = found
        .iter()
        .filter_map(|path| path.strip_prefix(root()).ok())
        .map(|path| path.to_string_lossy().replace('\\', "/"))
        .collect();
    paths.sort();
    paths
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    const OUTSIDE: [&str; 5] = ["target", ".git", "node_modules", ".venv", "__pycache__"];
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if OUTSIDE.iter().any(|name| entry.file_name() == *name) {
            continue;
        }
        if path.is_dir() { walk(&path, found) } else { found.push(path) }
    }
}

/// Every Rust file below `folder`.
pub(crate) fn sources(folder: &str) -> Vec<Source> {
    let paths = files(folder).into_iter().filter(|path| path.ends_with(".rs"));
    paths.map(|path| Source::new(&path, &read(&path))).collect()
}

/// Fails with every finding on its own line.
pub(crate) fn expect_none(findings: &[Finding]) {
    let lines: Vec<String> =
        findings.iter().map(|f| format!("{}:{}: {}", f.path, f.line, f.message)).collect();
    assert!(lines.is_empty(), "\n{}\n", lines.join("\n"));
}

/// Blanks comments and literals; see [`Source::code`] and [`Source::literals`].
fn blank(text: &str) -> (String, Vec<(usize, String)>) {
    let bytes = text.as_bytes();
    let mut code = bytes.to_vec();
    let mut literals = Vec::new();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let end = match byte {
            b'/' if bytes.get(at + 1) == Some(&b'/') => end_of_line(bytes, at),
            b'/' if bytes.get(at + 1) == Some(&b'*') => end_of_block(bytes, at),
            b'"' => end_of_string(bytes, at),
            b'r' if raw_hashes(bytes, at).is_some() => end_of_raw(bytes, at),
            b'\'' if end_of_character(bytes, at) > at + 1 => end_of_character(bytes, at),
            b if b.is_ascii_alphanumeric() || *b == b'_' => {
                at = end_of_word(bytes, at);
                continue;
            }
            _ => {
                at += 1;
                continue;
            }
        };
        let inside = text.get(at..end).unwrap_or_default();
        if matches!(byte, b'"' | b'r') {
            let edges: &[char] = if *byte == b'r' { &['r', '#'] } else { &[] };
            let inside = inside.trim_start_matches(edges).trim_end_matches(edges);
            let inside = inside.strip_prefix('"').unwrap_or(inside);
            literals.push((at, inside.strip_suffix('"').unwrap_or(inside).to_owned()));
        }
        for byte in code.iter_mut().take(end).skip(at).filter(|byte| **byte != b'\n') {
            *byte = b' ';
        }
        at = end.max(at + 1);
    }
    (String::from_utf8_lossy(&code).into_owned(), literals)
}

fn end_of_line(bytes: &[u8], at: usize) -> usize {
    bytes.iter().skip(at).position(|b| *b == b'\n').map_or(bytes.len(), |n| at + n)
}

fn end_of_block(bytes: &[u8], start: usize) -> usize {
    let (mut at, mut depth) = (start, 0_usize);
    while at < bytes.len() {
        match (bytes.get(at), bytes.get(at + 1)) {
            (Some(b'/'), Some(b'*')) => (at, depth) = (at + 2, depth + 1),
            (Some(b'*'), Some(b'/')) if depth == 1 => return at + 2,
            (Some(b'*'), Some(b'/')) => (at, depth) = (at + 2, depth - 1),
            _ => at += 1,
        }
    }
    bytes.len()
}

fn end_of_string(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    loop {
        match bytes.get(at) {
            Some(b'\\') => at += 2,
            Some(b'"') => return at + 1,
            Some(_) => at += 1,
            None => return bytes.len(),
        }
    }
}

/// The number of `#` when a raw string starts here.
fn raw_hashes(bytes: &[u8], at: usize) -> Option<usize> {
    let hashes = bytes.iter().skip(at + 1).take_while(|b| **b == b'#').count();
    (bytes.get(at + 1 + hashes) == Some(&b'"')).then_some(hashes)
}

fn end_of_raw(bytes: &[u8], start: usize) -> usize {
    let hashes = raw_hashes(bytes, start).unwrap_or(0);
    let mut at = start + hashes + 2;
    while at < bytes.len() {
        let closing = bytes.get(at + 1..at + 1 + hashes).is_some_and(|tail| tail.iter().all(|b| *b == b'#'));
        if bytes.get(at) == Some(&b'"') && closing {
            return at + 1 + hashes;
        }
        at += 1;
    }
    bytes.len()
}

/// The end of a character literal, or one past the quote of a lifetime.
fn end_of_character(bytes: &[u8], at: usize) -> usize {
    if bytes.get(at + 1) == Some(&b'\\') {
        return bytes.iter().skip(at + 3).position(|b| *b == b'\'').map_or(bytes.len(), |n| at + n + 4);
    }
    let closing = bytes.iter().skip(at + 2).take(4).position(|b| *b == b'\'');
    match closing {
        Some(0) => at + 3,
        Some(n) if bytes.get(at + 1).is_some_and(|b| !b.is_ascii()) => at + n + 3,
        _ => at + 1,
    }
}

/// The end of an identifier, so that the `r` of `for` starts no raw string; `b`, `c`, `br` and `cr` are prefixes.
fn end_of_word(bytes: &[u8], at: usize) -> usize {
    let length = bytes.iter().skip(at).take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
    let word = bytes.get(at..at + length).unwrap_or_default();
    let prefixes_raw = matches!(word, b"br" | b"cr") && raw_hashes(bytes, at + 1).is_some();
    at + if prefixes_raw { 1 } else { length }
}

#[test]
fn comments_and_literals_are_blanked_and_everything_else_is_kept() {
    let source = Source::new(
        "src/x.rs",
        "let a = \"crate::x // \\\" no\"; // crate::y\nlet b = 'c'; /* a /* b */ c */ fn f<'a>(r: &'a u8) {}\n",
    );
    assert_eq!(source.text.len(), source.code.len());
    assert!(!source.code.contains("crate"));
    assert!(source.code.contains("let b =") && source.code.contains("fn f<'a>(r: &'a u8) {}"));
    assert_eq!(source.literals, vec![(8, "crate::x // \\\" no".to_owned())]);
}

#[test]
fn raw_strings_end_at_their_own_hashes() {
    let source = Source::new("src/x.rs", "let a = r#\"one \" two\"#; let b = br\"x\"; for x in y {}");
    let literals: Vec<&str> = source.literals.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(literals, vec!["one \" two", "x"]);
    assert!(source.code.contains("for x in y {}"));
}

#[test]
fn escaped_and_wide_characters_are_literals() {
    let source = Source::new("src/x.rs", "f('\\'', '\\\\', 'é', '\"', '{'); g();");
    assert!(source.code.ends_with("g();") && !source.code.contains('{') && !source.code.contains('"'));
}

#[test]
fn identifiers_are_whole_words() {
    let source = Source::new("src/x.rs", "hyper::a; hyperx; my_hyper; hyper");
    assert_eq!(source.identifiers("hyper"), vec![0, 28]);
}
