//! A module names only lower layers. The order is the order of the `mod` lines in `src/lib.rs`, then `main`.

use std::collections::{BTreeMap, BTreeSet};

use crate::tree::{self, Finding, Source};

/// The layers, lowest first, as `src/lib.rs` lists them.
fn order(lib: &Source) -> Vec<String> {
    let name = |line: &str| Some(line.trim().strip_prefix("pub mod ")?.strip_suffix(';')?.to_owned());
    lib.code.lines().filter_map(name).chain(["main".to_owned()]).collect()
}

/// The modules a file stands in: `src/a/b.rs` is `["a", "b"]`.
fn module_path(path: &str) -> Vec<String> {
    let inside = path.strip_prefix("src/").unwrap_or(path);
    let inside = inside.strip_suffix(".rs").unwrap_or(inside);
    inside.split('/').map(str::to_owned).collect()
}

/// Each top-level module that the code names, with where: `crate::x`, `sidegate::x`, and `super::…` up to the root.
fn named(source: &Source) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for root in ["crate", "sidegate"] {
        for at in source.identifiers(root) {
            found.extend(heads(source.rest(at + root.len())).into_iter().map(|name| (at, name)));
        }
    }
    let depth = module_path(&source.path).len();
    for at in source.identifiers("super") {
        let before = source.code.get(..at).unwrap_or_default();
        if before.ends_with("super::") {
            continue;
        }
        let (ups, rest) = climbs(source.rest(at));
        if ups == depth + inline_modules(before) {
            found.extend(heads(rest).into_iter().map(|name| (at, name)));
        }
    }
    found
}

/// Counts the `super::` at the start; the rest starts with `::` again.
fn climbs(mut rest: &str) -> (usize, &str) {
    let mut ups = 0;
    while let Some(next) = rest.strip_prefix("super") {
        ups += 1;
        rest = next;
        match next.strip_prefix("::") {
            Some(after) if after.starts_with("super") => rest = after,
            Some(_) | None => break,
        }
    }
    (ups, rest)
}

/// How many inline modules are open at the end of `before`.
fn inline_modules(before: &str) -> usize {
    let mut open: Vec<bool> = Vec::new();
    for (at, byte) in before.bytes().enumerate() {
        match byte {
            b'{' => {
                let start = before.get(..at).unwrap_or_default().rfind([';', '}', '{']).map_or(0, |i| i + 1);
                let head = before.get(start..at).unwrap_or_default();
                open.push(head.split_whitespace().rev().nth(1) == Some("mod"));
            }
            b'}' => drop(open.pop()),
            _ => {}
        }
    }
    open.iter().filter(|is_module| **is_module).count()
}

/// The first segments of the path or group of paths that follows: `::a::b` is a; `::{a::b, c}` is a and c.
fn heads(rest: &str) -> Vec<String> {
    let Some(rest) = rest.strip_prefix("::") else { return Vec::new() };
    let word = |text: &str| -> String {
        text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
    };
    let Some(group) = rest.trim_start().strip_prefix('{') else { return vec![word(rest)] };
    let (mut depth, mut start, mut names) = (0_usize, 0, Vec::new());
    for (at, byte) in group.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' if depth > 0 => depth -= 1,
            b',' | b'}' if depth == 0 => {
                names.push(word(group.get(start..at).unwrap_or_default()));
                start = at + 1;
                if byte == b'}' {
                    break;
                }
            }
            _ => {}
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

/// Names of later layers.
fn upward(source: &Source, order: &[String]) -> Vec<Finding> {
    let path = module_path(&source.path);
    let Some(own) = path.first().and_then(|name| order.iter().position(|layer| layer == name)) else {
        return Vec::new();
    };
    named(source)
        .into_iter()
        .filter_map(|(at, name)| Some((at, order.iter().position(|layer| *layer == name)?, name)))
        .filter(|(_, layer, _)| *layer > own)
        .map(|(at, _, name)| {
            let own = path.first().map_or("", String::as_str);
            let advice = format!(
                "`{own}` names the later layer `{name}`; pass the value in as an argument, or move the type down to \
                 `{own}` or below"
            );
            source.finding(at, advice)
        })
        .collect()
}

/// Pairs of top-level modules that need each other, over any number of steps.
fn cycles(edges: &BTreeMap<String, BTreeSet<String>>) -> Vec<(String, String)> {
    let reach = |from: &String| {
        let mut seen = BTreeSet::new();
        let mut todo = vec![from.clone()];
        while let Some(next) = todo.pop() {
            for name in edges.get(&next).into_iter().flatten() {
                if seen.insert(name.clone()) {
                    todo.push(name.clone());
                }
            }
        }
        seen
    };
    let reached: BTreeMap<&String, BTreeSet<String>> = edges.keys().map(|name| (name, reach(name))).collect();
    let mut found = Vec::new();
    for (from, to) in &reached {
        for name in to.iter().filter(|name| *from < *name) {
            if reached.get(name).is_some_and(|back| back.contains(*from)) {
                found.push(((*from).clone(), name.clone()));
            }
        }
    }
    found
}

fn edges(sources: &[Source], order: &[String]) -> BTreeMap<String, BTreeSet<String>> {
    let mut edges: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for source in sources.iter().filter(|source| source.path != "src/lib.rs") {
        let Some(own) = module_path(&source.path).into_iter().next() else { continue };
        let names = named(source).into_iter().map(|(_, name)| name);
        let others = names.filter(|name| order.contains(name) && *name != own);
        edges.entry(own.clone()).or_default().extend(others);
    }
    edges
}

#[test]
fn a_module_names_only_lower_layers() {
    let sources = tree::sources("src");
    let lib = sources.iter().find(|source| source.path == "src/lib.rs").expect("src/lib.rs");
    let order = order(lib);
    assert!(order.len() > 10, "src/lib.rs lists its modules as `pub mod name;`, lowest layer first");
    for source in sources.iter().filter(|source| source.path != "src/lib.rs") {
        let top = module_path(&source.path).into_iter().next().unwrap_or_default();
        assert!(order.contains(&top), "{}: put `{top}` at its place in src/lib.rs", source.path);
    }
    let findings: Vec<Finding> = sources.iter().flat_map(|source| upward(source, &order)).collect();
    tree::expect_none(&findings);
}

#[test]
fn top_level_modules_form_no_cycle() {
    let sources = tree::sources("src");
    let lib = sources.iter().find(|source| source.path == "src/lib.rs").expect("src/lib.rs");
    let found = cycles(&edges(&sources, &order(lib)));
    assert!(
        found.is_empty(),
        "modules that need each other: {found:?}; move what both need to a lower layer"
    );
}

#[test]
fn the_layer_guard_sees_every_way_to_name_a_module() {
    let order: Vec<String> = ["base", "check", "ops", "main"].map(str::to_owned).to_vec();
    let bad = [
        ("src/base.rs", "use crate::ops::page;"),
        ("src/base/nets.rs", "fn f() { crate::check::order() }"),
        ("src/check.rs", "use crate::{base::{a, b}, ops};"),
        ("src/check.rs", "use super::ops;"),
        ("src/check/deny.rs", "use super::super::ops::page;"),
        ("src/check.rs", "mod inner { use super::super::ops; }"),
        ("src/ops.rs", "use sidegate::main::x;"),
    ];
    for (path, text) in bad {
        assert_eq!(upward(&Source::new(path, text), &order).len(), 1, "{text}");
    }
    let good = [
        ("src/ops.rs", "use crate::{base, check::{deny, ops}};"),
        ("src/check/deny.rs", "use super::ops;"),
        ("src/check.rs", "mod ops { use super::base; } // crate::ops"),
        ("src/check.rs", "mod inner { use super::ops; }"),
        ("src/base.rs", "let x = \"crate::ops\";"),
    ];
    for (path, text) in good {
        assert!(upward(&Source::new(path, text), &order).is_empty(), "{text}");
    }
}

#[test]
fn the_cycle_guard_finds_a_long_way_round() {
    let order: Vec<String> = ["a", "b", "c"].map(str::to_owned).to_vec();
    let file = |path: &str, text: &str| Source::new(path, text);
    let sources = [
        file("src/a.rs", "use crate::b::x;"),
        file("src/b/y.rs", "use crate::c::x;"),
        file("src/c.rs", "use crate::a::x;"),
    ];
    assert_eq!(cycles(&edges(&sources, &order)).len(), 3);
    assert!(cycles(&edges(&sources[..2], &order)).is_empty());
}
