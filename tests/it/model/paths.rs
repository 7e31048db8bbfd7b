//! Which rule a path has, and every other way an app might read it.

use std::collections::BTreeSet;

use super::setup::{PathRule, Rule};

/// How an app compares a path with the routes it knows.
#[derive(Clone, Copy, Debug)]
struct Eye {
    ignores_case: bool,
    ignores_last_slash: bool,
}

const STRICT: Eye = Eye { ignores_case: false, ignores_last_slash: false };

/// Number of the most specific rule of a path: exact, then template, then the longest prefix.
pub(super) fn most_specific(rules: &[Rule], path: &str) -> Option<usize> {
    STRICT.finds(rules, path)
}

/// Whether some app finds another rule for the path than the raw bytes have.
pub(super) fn is_ambiguous(rules: &[Rule], path: &str) -> bool {
    let raw = most_specific(rules, path);
    let eyes = [(false, false), (true, false), (false, true), (true, true)];
    let eyes = eyes.map(|(ignores_case, ignores_last_slash)| Eye { ignores_case, ignores_last_slash });
    readings(path).iter().any(|reading| eyes.iter().any(|eye| eye.finds(rules, reading) != raw))
}

impl Eye {
    fn finds(self, rules: &[Rule], path: &str) -> Option<usize> {
        let path = self.sees(path);
        let rank = |rule: &Rule| match rule.path {
            PathRule::Exact(exact) => (self.sees(exact) == path).then_some((2, 0)),
            PathRule::Template(template) => fits(&self.sees(template), &path).then_some((1, 0)),
            PathRule::Prefix(prefix) => covers(&self.sees(prefix), &path).then_some((0, prefix.len())),
        };
        let ranked = rules.iter().enumerate().filter_map(|(number, rule)| Some((rank(rule)?, number)));
        ranked.max().map(|(_, number)| number)
    }

    fn sees(self, text: &str) -> String {
        let text = if self.ignores_case { text.to_lowercase() } else { text.to_owned() };
        match text.strip_suffix('/') {
            Some(cut) if self.ignores_last_slash && !cut.is_empty() => cut.to_owned(),
            Some(_) | None => text,
        }
    }
}

fn fits(template: &str, path: &str) -> bool {
    let (wanted, found): (Vec<&str>, Vec<&str>) = (template.split('/').collect(), path.split('/').collect());
    wanted.len() == found.len()
        && wanted.iter().zip(found).all(|(wanted, found)| match wanted.starts_with('{') {
            true => !found.is_empty(),
            false => *wanted == found,
        })
}

fn covers(prefix: &str, path: &str) -> bool {
    match (path.strip_prefix(prefix), prefix.ends_with('/')) {
        (Some(_), true) => true,
        (Some(rest), false) => rest.is_empty() || rest.starts_with('/'),
        (None, _) => false,
    }
}

/// Every way to rewrite the path on the contract's list, in any order, until nothing new comes; decoding at most
/// twice. Case and the last slash are left to the eye.
fn readings(path: &str) -> BTreeSet<String> {
    let mut known = BTreeSet::from([(path.to_owned(), 0)]);
    let mut fresh: Vec<(String, u8)> = known.iter().cloned().collect();
    while let Some((path, decoded)) = fresh.pop() {
        let mut next = vec![
            (path.replace('\\', "/"), decoded),
            (without_params(&path), decoded),
            (cut_at(&path, &[';']), decoded),
            (merged(&path), decoded),
            (resolved(&path), decoded),
        ];
        if decoded < 2 {
            next.push((unescaped(&path, |_| true), decoded + 1));
            next.push((unescaped(&path, |byte| byte != b'/'), decoded + 1));
            next.push((unescaped(&path, is_unreserved), decoded + 1));
        }
        if decoded > 0 {
            next.push((cut_at(&path, &['?', '#']), decoded));
        }
        for reading in next {
            if known.insert(reading.clone()) {
                fresh.push(reading);
            }
        }
        assert!(known.len() < 20_000, "readings of {path} do not end");
    }
    known.into_iter().map(|(path, _)| path).collect()
}

fn without_params(path: &str) -> String {
    let segments: Vec<&str> =
        path.split('/').map(|segment| segment.split(';').next().unwrap_or("")).collect();
    segments.join("/")
}

fn merged(path: &str) -> String {
    let mut out = String::new();
    for c in path.chars() {
        if !(c == '/' && out.ends_with('/')) {
            out.push(c);
        }
    }
    out
}

fn resolved(path: &str) -> String {
    let mut out: Vec<&str> = Vec::new();
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    for (number, segment) in segments.iter().enumerate() {
        let last = number + 1 == segments.len();
        match *segment {
            "." | ".." => {
                if *segment == ".." {
                    out.pop();
                }
                if last {
                    out.push("");
                }
            }
            other => out.push(other),
        }
    }
    format!("/{}", out.join("/"))
}

fn cut_at(path: &str, ends: &[char]) -> String {
    path.split(ends).next().unwrap_or_default().to_owned()
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

/// The number an escape at the beginning of `bytes` stands for.
fn escape(bytes: &[u8]) -> Option<u8> {
    let [b'%', high, low, ..] = bytes else { return None };
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()
}

/// Whether every `%` begins an escape.
pub(super) fn is_well_escaped(path: &str) -> bool {
    let bytes = path.as_bytes();
    (0..bytes.len()).all(|at| bytes[at] != b'%' || escape(&bytes[at..]).is_some())
}

fn unescaped(path: &str, takes: impl Fn(u8) -> bool) -> String {
    let mut bytes = path.as_bytes();
    let mut out = Vec::new();
    while let [first, rest @ ..] = bytes {
        match escape(bytes).filter(|byte| takes(*byte)) {
            Some(byte) => {
                out.push(byte);
                bytes = &bytes[3..];
            }
            None => {
                out.push(*first);
                bytes = rest;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}
