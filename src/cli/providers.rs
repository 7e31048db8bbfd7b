//! `sidegate providers [NAME]`: which webhook providers are known, how each signs, and what that does not protect.

mod yaml;

use comfy_table::{ContentArrangement, Table, presets};
use serde_json::{Value, json};

use super::output::Output;
use super::{BAD, FINE, Format};
use crate::config::nearest::nearest;
use crate::scheme::{self, OWN_HEADER, Plan, Preset, READ_ON, Spec};

/// Stands in what is printed for the header an operator chooses.
const ANY_HEADER: &str = "X-Your-Header";

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
                table.set_header(["NAME", "PROVIDER", "VARIANTS", "BODY SIGNED", "LEVEL", "FACTS FROM"]);
                for preset in all {
                    let variants: Vec<&str> = preset.schemes.iter().map(|scheme| scheme.name).collect();
                    let bound = if is_body_bound(preset) { "yes" } else { "no" };
                    table.add_row([
                        preset.name,
                        preset.title,
                        &variants.join(", "),
                        bound,
                        preset.level().word(),
                        preset.verified.word(),
                    ]);
                }
                output.say(table);
                output.say(format_args!("\n{} presets. Show one with: sidegate providers NAME", all.len()));
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
            Format::Human => output.say(page(preset)),
        }
        FINE
    }
}

/// What is printed about one preset.
fn page(preset: &Preset) -> String {
    let mut lines = vec![
        format!("# {} ({})", preset.title, preset.name),
        format!("# level: {}; facts from {}, read {READ_ON}", preset.level().word(), preset.verified.word()),
    ];
    lines.extend(preset.proofs.iter().map(|proof| format!("# verified by {proof}")));
    lines.extend(preset.sources.iter().map(|source| format!("# source: {source}")));
    if !preset.aliases.is_empty() {
        lines.push(format!("# also: {}", preset.aliases.join(", ")));
    }
    if !preset.notes.is_empty() {
        lines.push(format!("# note: {}", preset.notes));
    }
    for (title, specs) in selections(preset) {
        lines.push(format!("\n# {title}"));
        if let Ok(plan) = Plan::compile_all(&specs) {
            lines.extend(open_ends(&plan).into_iter().map(|end| format!("# {end}")));
        }
        if specs.iter().any(|spec| spec.sig.iter().any(|place| *place == format!("header:{ANY_HEADER}"))) {
            lines.push(format!("# with provider: {}, say header: NAME", preset.name));
        }
        lines.push(yaml::scheme(&specs));
    }
    lines.join("\n")
}

/// Every way a route can use a preset: as it is, and with each variant that is another.
fn selections(preset: &Preset) -> Vec<(String, Vec<Spec>)> {
    let mut found: Vec<(String, Vec<Spec>)> = Vec::new();
    let usual = preset.specs(None).unwrap_or_default();
    for named in preset.schemes {
        let specs = preset.specs(Some(named.name)).unwrap_or_default();
        let old = if named.deprecated { ", kept for old receivers" } else { "" };
        found.push((format!("variant: {}{old}", named.name), specs));
    }
    match found.first_mut() {
        Some((title, specs)) if *specs == usual => *title = format!("{title}, the default"),
        Some(_) | None => found.insert(0, ("the default, chosen from by the request".to_owned(), usual)),
    }
    for (_, specs) in &mut found {
        specs.iter_mut().for_each(|spec| spec.set_header(ANY_HEADER));
    }
    found
}

/// What a scheme leaves unprotected, one sentence each.
pub(super) fn open_ends(plan: &Plan) -> Vec<String> {
    let mut ends = Vec::new();
    if plan.only_identifies() {
        let text = "not protected: anything. It shows whom the sender names, which anyone can write";
        ends.push(text.to_owned());
    } else if !plan.signs_message() {
        ends.push("not protected: anything. It shows only that the sender knows the secret".to_owned());
    } else if !plan.is_body_bound() {
        ends.push("not protected: the body, which can be another with the same signature".to_owned());
    }
    if plan.signs_message() && !plan.is_stamped() {
        let text = "not protected: repetition. No time and no id is signed; replay is off unless written";
        ends.push(text.to_owned());
    }
    if plan.is_stamped() && plan.has_timestamp() && plan.tolerance().is_none() {
        ends.push("not protected: age. No bound is known; set tolerance".to_owned());
    }
    if plan.is_public_key() {
        let text = "not protected: the audience, unless the provider has a key for each of its customers";
        ends.push(text.to_owned());
    }
    if plan.is_digest() {
        ends.push("weak: a plain hash, which is why bodies with a NUL are refused".to_owned());
    }
    if plan.is_sha1() {
        ends.push("weak: SHA-1".to_owned());
    }
    if plan.needs_url() {
        ends.push("signs the URL: set public_url".to_owned());
    }
    ends
}

fn is_body_bound(preset: &Preset) -> bool {
    usual_plan(preset).is_some_and(|plan| plan.is_body_bound())
}

fn usual_plan(preset: &Preset) -> Option<Plan> {
    let mut specs = preset.specs(None).ok()?;
    specs.iter_mut().for_each(|spec| spec.set_header(ANY_HEADER));
    Plan::compile_all(&specs).ok()
}

fn describe(preset: &Preset) -> Value {
    let variants: Vec<Value> = preset
        .schemes
        .iter()
        .map(|named| json!({"name": named.name, "deprecated": named.deprecated}))
        .collect();
    let plan = usual_plan(preset);
    let own = preset
        .specs(None)
        .is_ok_and(|specs| specs.iter().any(|spec| spec.sig.iter().any(|place| place == OWN_HEADER)));
    json!({
        "name": preset.name,
        "title": preset.title,
        "aliases": preset.aliases,
        "variants": variants,
        "body_bound": plan.as_ref().is_some_and(Plan::is_body_bound),
        "stamped": plan.as_ref().is_some_and(Plan::is_stamped),
        "signs_url": plan.as_ref().is_some_and(Plan::needs_url),
        "tolerance_seconds": plan.as_ref().and_then(Plan::tolerance).filter(|span| !span.is_zero()).map(|span| span.as_secs()),
        "asks_for_header": own,
        "verified": preset.verified.word(),
        "level": preset.level().word(),
        "proofs": preset.proofs,
        "experimental": preset.is_experimental(),
        "read_on": READ_ON,
        "sources": preset.sources,
        "notes": preset.notes,
    })
}

#[cfg(test)]
mod tests;
