//! `sidegate providers [NAME]`: which webhook providers are known, and how each signs.

use comfy_table::{ContentArrangement, Table, presets};
use serde_json::{Value, json};

use super::output::Output;
use super::{BAD, FINE, Format};
use crate::config::nearest::nearest;
use crate::scheme::{self, Preset, Spec};

/// List webhook provider presets, or show one.
#[derive(Debug, clap::Args)]
pub(super) struct Providers {
    /// Show this preset as a scheme one could write oneself
    name: Option<String>,
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

impl Providers {
    pub(super) fn run(&self, output: &mut Output) -> u8 {
        match &self.name {
            None => self.list(output),
            Some(name) => self.show(name, output),
        }
    }

    fn list(&self, output: &mut Output) -> u8 {
        let all = scheme::presets();
        match self.format {
            Format::Json => {
                let list: Vec<Value> = all.iter().map(describe).collect();
                output.say(format_args!("{:#}", Value::Array(list)));
            }
            Format::Human => {
                let mut table = Table::new();
                table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
                table.set_header(["NAME", "PROVIDER", "VARIANTS", "BODY SIGNED", "FACTS FROM"]);
                for preset in all {
                    let variants: Vec<&str> = preset.schemes.iter().map(|scheme| scheme.name).collect();
                    let bound = if preset.body_bound { "yes" } else { "no" };
                    table.add_row([
                        preset.name,
                        preset.title,
                        &variants.join(", "),
                        bound,
                        preset.verified.word(),
                    ]);
                }
                output.say(table);
                output.say("\nShow one with: sidegate providers NAME");
            }
        }
        FINE
    }

    fn show(&self, name: &str, output: &mut Output) -> u8 {
        let Some(preset) = scheme::preset(name) else {
            let near = nearest(name, scheme::presets().iter().map(|preset| preset.name));
            let near = near.map_or_else(String::new, |near| format!("; did you mean {near}?"));
            output.complain(format_args!(
                "error: no preset {name}{near}; `sidegate providers` lists them, and a route can describe its own with `signature: {{scheme: …}}`"
            ));
            return BAD;
        };
        match self.format {
            Format::Json => output.say(format_args!("{:#}", describe(preset))),
            Format::Human => {
                output.say(format_args!("# {} ({})", preset.title, preset.name));
                for line in preset.sources {
                    output.say(format_args!("# source: {line}"));
                }
                if !preset.notes.is_empty() {
                    output.say(format_args!("# note: {}", preset.notes));
                }
                if !preset.body_bound {
                    output.say("# the body is NOT covered: only the caller is proven, not what it sends");
                }
                for named in preset.schemes {
                    let Ok(spec) = preset.spec(Some(named.name)) else { continue };
                    let old = if named.deprecated { "  # kept for old receivers" } else { "" };
                    output.say(format_args!("\n# variant: {}{old}", named.name));
                    output.say(yaml(&spec));
                }
            }
        }
        FINE
    }
}

fn describe(preset: &Preset) -> Value {
    let variants: Vec<Value> = preset
        .schemes
        .iter()
        .map(|named| json!({"name": named.name, "deprecated": named.deprecated}))
        .collect();
    json!({
        "name": preset.name,
        "title": preset.title,
        "variants": variants,
        "body_bound": preset.body_bound,
        "verified": preset.verified.word(),
        "experimental": preset.is_experimental(),
        "sources": preset.sources,
        "notes": preset.notes,
    })
}

/// The scheme as a block one can paste under `signature:`.
fn yaml(spec: &Spec) -> String {
    let mut lines = vec!["scheme:".to_owned(), format!("  kind: {}", spec.kind)];
    let quote = |text: &str| Value::String(text.to_owned()).to_string();
    if spec.kind != "token" {
        lines.push(format!("  hash: {}", spec.hash));
    }
    let sig: Vec<String> = spec.sig.iter().map(|locator| quote(locator)).collect();
    lines.push(format!("  sig: [{}]", sig.join(", ")));
    let optional = [
        ("split", &spec.split),
        ("kv", &spec.kv),
        ("field", &spec.field),
        ("pick", &spec.pick),
        ("prefix", &spec.prefix),
    ];
    for (key, value) in optional {
        if let Some(value) = value {
            lines.push(format!("  {key}: {}", quote(value)));
        }
    }
    if spec.kind != "token" {
        lines.push(format!("  enc: {}", spec.enc));
        lines.push(format!("  msg: {}", quote(&spec.msg)));
    }
    if let Some(ts) = &spec.ts {
        let from: Vec<String> = ts.from.iter().map(|locator| quote(locator)).collect();
        let tolerance = ts.tol_s.map(|seconds| format!(", tol: {seconds}s")).unwrap_or_default();
        lines.push(format!("  ts: {{from: [{}], fmt: {}{tolerance}}}", from.join(", "), ts.fmt));
    }
    if spec.key.enc != "utf8" || !spec.key.strip.is_empty() {
        let strip: Vec<String> = spec.key.strip.iter().map(|text| quote(text)).collect();
        lines.push(format!("  key: {{enc: {}, strip: [{}]}}", spec.key.enc, strip.join(", ")));
    }
    if let Some(id) = &spec.id {
        lines.push(format!("  id: {}", quote(id)));
    }
    lines.join("\n")
}
