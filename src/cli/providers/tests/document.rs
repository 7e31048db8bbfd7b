//! `docs/PROVIDERS.md`, written from the presets. `UPDATE=1 cargo test --lib cli::providers` rewrites it.

use std::fs;

use super::*;
use crate::scheme::READ_ON;

const HEAD: &str = include_str!("head.md");

#[test]
fn the_table_of_providers_is_what_the_presets_say() {
    let text = providers_md();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/PROVIDERS.md");
    if Environment::from_process().get("UPDATE").is_some() {
        fs::write(path, &text).unwrap();
    }
    let found = fs::read_to_string(path).unwrap_or_default();
    assert!(found == text, "run UPDATE=1 cargo test --lib cli::providers");
}

fn providers_md() -> String {
    let all = scheme::presets();
    let count = |word: &str| all.iter().filter(|preset| preset.level().word() == word).count();
    let mut text = HEAD
        .replace("{date}", READ_ON)
        .replace("{all}", &all.len().to_string())
        .replace("{proven}", &count("proven").to_string())
        .replace("{documented}", &count("documented").to_string())
        .replace("{costs}", include_str!("costs.md").trim_end())
        .replace("{experimental}", &count("experimental").to_string());
    for preset in all {
        for (number, named) in preset.schemes.iter().enumerate() {
            text.push_str(&row(preset, number, named.name, named.deprecated));
        }
    }
    text.push_str("\n## Notes\n\n");
    for preset in all.iter().filter(|preset| !preset.notes.is_empty()) {
        text.push_str(&format!("- **{}**: {}\n", preset.name, preset.notes));
    }
    text
}

fn row(preset: &Preset, number: usize, variant: &str, deprecated: bool) -> String {
    let mut spec = preset.spec(Some(variant)).unwrap();
    spec.set_header("NAME");
    spec.give_examples();
    let plan = Plan::compile(&spec).unwrap();
    let name = if number == 0 { format!("**{}**", preset.name) } else { format!("{} ·", preset.name) };
    let old = if deprecated { " (old)" } else { "" };
    let place = match (spec.sig.is_empty(), spec.kind.as_str()) {
        (true, "basic") => "header:Authorization".to_owned(),
        (true, _) => "by code".to_owned(),
        (false, _) => spec.sig.join(", "),
    };
    let made = match spec.kind.as_str() {
        "hmac" | "digest" => format!("{} {} {}", spec.kind, spec.hash, spec.enc),
        other => other.to_owned(),
    };
    let signed = match (plan.signs_message(), &spec.code) {
        (false, _) => "nothing".to_owned(),
        (true, Some(code)) => format!("by code: {code}"),
        (true, None) => format!("`{}`", spec.msg.replace('\n', "\\n").replace('|', "\\|")),
    };
    let tolerance = match (plan.has_timestamp(), plan.tolerance()) {
        (false, _) => "–".to_owned(),
        (true, None) => "none".to_owned(),
        (true, Some(span)) => format!("{} s", span.as_secs()),
    };
    let replay = if plan.is_stamped() { "acknowledge" } else { "off" };
    let proofs: Vec<&str> = preset
        .proofs
        .iter()
        .filter(|proof| match proof.split_once("(variant ") {
            Some((_, own)) => own.trim_end_matches(')') == variant,
            None => number == 0,
        })
        .copied()
        .collect();
    let level = match (proofs.is_empty(), preset.level()) {
        (true, scheme::Level::Proven) => scheme::Level::Documented.word(),
        (_, level) => level.word(),
    };
    format!(
        "| {name} | {variant}{old} | {place} | {made} | {signed} | {tolerance} | {replay} | {level} | {} | {} |\n",
        preset.verified.word(),
        proofs.join("; ")
    )
}
