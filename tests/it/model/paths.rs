//! Which rule a path has, and every other way an app might read it.

use std::collections::BTreeSet;

use super::setup::{PathRule, Rule};

/// Number of the most specific rule of a path: exact, then template, then the longest prefix.
pub(super) fn most_specific(rules: &[Rule], path: &str) -> Option<usize> {
    let rank = |rule: &Rule| match rule.path {
        PathRule::Exact(exact) => (exact == path).then_some((2, 0)),
        PathRule::Template(template) => fits(template, path).then_some((1, 0)),
        PathRule::Prefix(prefix) => covers(prefix, path).then_some((0, prefix.len())),
    };
    let ranked = rules.iter().enumerate().filter_map(|(number, rule)| Some((rank(rule)?, number)));
    ranked.max().map(|(_, number)| number)
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
    let whole = prefix.strip_suffix('/');
    match (path.strip_prefix(prefix), whole) {
        (Some(_), Some(_)) => true,
        (Some(rest), None) => rest.is_empty() || rest.starts_with('/'),
        (None, _) => false,
    }
}

/// Every reading of the contract's list, in any order, until nothing new comes; decoding at most twice.
pub(super) fn readings(path: &str) -> BTreeSet<String> {
    let mut known = BTreeSet::from([(path.to_owned(), 0)]);
    let mut fresh: Vec<(String, u8)> = known.iter().cloned().collect();
    while let Some((path, decoded)) = fresh.pop() {
        let mut next = vec![
            (path.to_lowercase(), decoded),
            (path.replace('\\', "/"), decoded),
            (without_params(&path), decoded),
            (merged(&path), decoded),
            (resolved(&path), decoded),
            (slash_turned(&path), decoded),
        ];
        if decoded < 2 {
            next.push((unescaped(&path), decoded + 1));
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

fn slash_turned(path: &str) -> String {
    match path.strip_suffix('/') {
        Some("") => path.to_owned(),
        Some(cut) => cut.to_owned(),
        None => format!("{path}/"),
    }
}

fn unescaped(path: &str) -> String {
    let bytes = path.as_bytes();
    let (mut out, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        let escaped = bytes.get(at..at + 3).filter(|three| three[0] == b'%');
        let pair = escaped.and_then(|three| std::str::from_utf8(&three[1..]).ok());
        match pair.filter(|pair| pair.bytes().all(|b| b.is_ascii_hexdigit())) {
            Some(pair) => {
                out.push(u8::from_str_radix(pair, 16).unwrap());
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}
