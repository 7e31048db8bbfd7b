//! `signature` of a route: a provider's scheme or one of the operator's own, compiled, with its secrets.

mod lints;
mod spec;

use std::sync::Arc;

use super::addresses::one_or_many;
use super::{Reading, Section, handshake, remote, secrets};
use crate::base::clock::Wall;
use crate::base::secret::Secret;
use crate::config::nearest::nearest;
use crate::config::raw::View;
use crate::config::report::Fault;
use crate::config::settings::{PathRule, Replay, Resign, SecretEntry, Signature};
use crate::scheme::{self, Plan, Preset, Spec, SpecProblem};

/// The schemes a route names, before they are compiled, and where each is written.
struct Chosen<'t> {
    /// Name of the preset, or `custom`.
    provider: &'static str,
    /// The preset's variant that is taken, where one is written.
    preset: Option<&'static Preset>,
    specs: Vec<Spec>,
    places: Vec<View<'t>>,
}

/// Reads the `signature` key of a route.
pub(super) fn signature(view: View<'_>, reading: &mut Reading<'_>) -> Option<Signature> {
    let section = Section(Some(view));
    let mut chosen = chosen(view, section, reading)?;
    own_header(&mut chosen, section, view, reading)?;
    let options = spec::options(section);
    for spec in &mut chosen.specs {
        if let Some(taken) = spec.add_options(&options) {
            let spot = section.get("options").unwrap_or(view).key_spot();
            let message = format!("{taken} is fixed by {}", chosen.provider);
            reading.report.error(spot, Fault::new(message, "leave it out, or describe a scheme of your own"));
        }
    }
    let plan = compiled(&chosen, view, section, reading);
    let read = |secret: &Secret| plan.as_ref().and_then(|plan| unusable(plan, secret));
    let secrets =
        section.get("secrets").map(|view| secrets::entries(view, &read, reading)).unwrap_or_default();
    let mut plan = plan?;
    judge_keys(section, &secrets, &plan, reading);
    let own_tolerance = plan.tolerance();
    if let Some(place) = section.get("tolerance") {
        match (plan.has_timestamp(), section.duration("tolerance")) {
            (true, Some(tolerance)) => plan.set_tolerance(tolerance),
            (true, None) => {}
            (false, _) => {
                let message = "this scheme signs no timestamp, so there is nothing to be tolerant of";
                reading.report.error(place.key_spot(), Fault::new(message, "remove this key"));
            }
        }
    }
    let signature = Signature {
        provider: chosen.provider.to_owned(),
        secrets,
        public_url: section.text("public_url").map(str::to_owned),
        replay: replay(section, &plan, reading),
        handshake: handshake::handshakes(chosen.provider, section, view, reading),
        plan: Arc::new(plan),
        line: view.line(),
    };
    let lints = lints::Lints { signature: &signature, preset: chosen.preset, section, own_tolerance };
    lints.tell(view.key_spot(), reading);
    Some(signature)
}

/// Holds each `url` against what the scheme can use, and the dates of each certificate against the clock.
fn judge_keys(section: Section<'_>, secrets: &[SecretEntry], plan: &Plan, reading: &mut Reading<'_>) {
    let written = section.get("secrets").map(one_or_many).unwrap_or_default();
    for entry in secrets {
        let place = written.iter().find(|view| view.get("url").is_some() && view.line() == entry.line);
        if let (Some(remote), Some(view)) = (&entry.remote, place) {
            remote::judge(*view, remote, plan, reading);
        }
        let key = entry.value.as_ref().and_then(|value| plan.key(value).ok());
        if let (Some(key), Some(view)) = (key.filter(|key| !key.covers(reading.now)), section.get("secrets"))
        {
            let end = key.not_after().map(Wall::rfc3339).unwrap_or_default();
            let message = format!("the certificate {} does not count now; it ends {end}", entry.id);
            let hint = "nothing it signs is accepted; take the provider's current one, or correct the clock";
            reading.report.warn(view.key_spot(), Fault::new(message, hint));
        }
    }
}

/// The signature of a provider as the short form `webhook_secrets` means it: everything by default.
pub(super) fn of_preset(
    preset: &'static Preset,
    view: View<'_>,
    reading: &mut Reading<'_>,
) -> Option<Signature> {
    let none = Section(None);
    let mut chosen = Chosen {
        provider: preset.name,
        preset: Some(preset),
        specs: preset.specs(None).ok()?,
        places: vec![],
    };
    own_header(&mut chosen, none, view, reading)?;
    let plan = compiled(&chosen, view, none, reading);
    let read = |secret: &Secret| plan.as_ref().and_then(|plan| unusable(plan, secret));
    let secrets: Vec<SecretEntry> = secrets::entries(view, &read, reading);
    let plan = plan?;
    let own_tolerance = plan.tolerance();
    let signature = Signature {
        provider: preset.name.to_owned(),
        secrets,
        public_url: None,
        replay: replay(none, &plan, reading),
        handshake: handshake::handshakes(preset.name, none, view, reading),
        plan: Arc::new(plan),
        line: view.line(),
    };
    let lints = lints::Lints { signature: &signature, preset: Some(preset), section: none, own_tolerance };
    lints.tell(view.key_spot(), reading);
    Some(signature)
}

/// A route of several paths and a scheme that signs the URL: where `public_url` names one URL, a request for another
/// path would be judged by it; and where the URL ends without a mark, its path could be cut elsewhere.
pub(super) fn judge_path(
    section: Section<'_>,
    signature: &Signature,
    path: &PathRule,
    reading: &mut Reading<'_>,
) {
    let several = match path {
        PathRule::Exact(_) => false,
        PathRule::Template(_) | PathRule::Prefix(_) => true,
    };
    if !several || !signature.plan.needs_url() {
        return;
    }
    let written = section.section("signature").get("public_url");
    let provider = &signature.provider;
    if let Some(place) = written {
        let message = "public_url names one URL, and this route takes many paths";
        let hint = "write path: with the path the provider calls, one route for each";
        reading.report.error(place.key_spot(), Fault::new(message, hint));
    } else if signature.plan.has_open_url()
        && let Some(place) = section.get("signature")
    {
        let message =
            format!("{provider} signs the URL without a mark at its end, and this route takes many paths");
        let hint = "write path: with the path the provider calls, and public_url";
        reading.report.error(place.key_spot(), Fault::new(message, hint));
    }
}

fn chosen<'t>(view: View<'t>, section: Section<'t>, reading: &mut Reading<'_>) -> Option<Chosen<'t>> {
    match (section.get("provider"), section.get("scheme")) {
        (Some(_), Some(scheme)) => {
            let fault = Fault::new("both provider and scheme are written", "keep one of the two");
            reading.report.error(scheme.key_spot(), fault);
            None
        }
        (None, None) => {
            let fault =
                Fault::new("expected provider or scheme", "write provider: github, or describe a scheme");
            reading.report.error(view.key_spot(), fault);
            None
        }
        (Some(provider), None) => {
            let name = provider.text()?;
            let Some(preset) = scheme::preset(name) else {
                reading.report.error(provider.spot(), unknown_provider(name));
                return None;
            };
            let specs = of_variant(preset, section, reading)?;
            let places = specs.iter().map(|_| provider).collect();
            Some(Chosen { provider: preset.name, preset: Some(preset), specs, places })
        }
        (None, Some(scheme)) => {
            if let Some(variant) = section.get("variant") {
                let fault = Fault::new("variants belong to providers", "remove this key");
                reading.report.error(variant.key_spot(), fault);
            }
            let several: Vec<View<'_>> = scheme.items().collect();
            let places = if several.is_empty() { vec![scheme] } else { several };
            let specs = places.iter().map(|place| spec::spec(Section(Some(*place)))).collect();
            Some(Chosen { provider: "custom", preset: None, specs, places })
        }
    }
}

/// The header the operator chooses, where the provider has none of its own.
fn own_header(
    chosen: &mut Chosen<'_>,
    section: Section<'_>,
    view: View<'_>,
    reading: &mut Reading<'_>,
) -> Option<()> {
    let asked = chosen.specs.iter().any(Spec::asks_for_header);
    match (asked, section.get("header").and_then(|header| header.text())) {
        (true, Some(name)) => chosen.specs.iter_mut().for_each(|spec| spec.set_header(name)),
        (true, None) => {
            let message = format!("the header of {} is the operator's to choose", chosen.provider);
            let hint = match section.0 {
                Some(_) => "write header: with the name of the header that holds the secret",
                None => "write a route with this signature and header: NAME",
            };
            reading.report.error(view.key_spot(), Fault::new(message, hint));
            return None;
        }
        (false, Some(_)) => {
            let spot = section.get("header").unwrap_or(view).key_spot();
            reading.report.error(spot, Fault::new("this scheme has a header of its own", "remove header"));
        }
        (false, None) => {}
    }
    Some(())
}

/// Reads the `resign` key of a route.
pub(super) fn resign(view: View<'_>, reading: &mut Reading<'_>) -> Option<Resign> {
    let plan = Plan::compile(&scheme::preset("standard_webhooks")?.spec(None).ok()?).ok()?;
    let read = |secret: &Secret| {
        let message = plan.key(secret).err()?.to_string();
        Some(Fault::new(
            message,
            "write base64, with or without whsec_ before it: whsec_$(openssl rand -base64 32)",
        ))
    };
    let section = Section(Some(view));
    let secrets =
        section.get("secrets").map(|view| secrets::entries(view, &read, reading)).unwrap_or_default();
    Some(Resign { plan, secrets, line: view.line() })
}

fn unknown_provider(name: &str) -> Fault {
    let hint = match nearest(name, scheme::presets().iter().map(|preset| preset.name)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`sidegate providers` lists them; describe any other as scheme: {…}".to_owned(),
    };
    Fault::new(format!("no known provider is called `{name}`"), hint)
}

fn of_variant(preset: &Preset, section: Section<'_>, reading: &mut Reading<'_>) -> Option<Vec<Spec>> {
    let written = section.get("variant");
    match preset.specs(written.and_then(|view| view.text())) {
        Ok(specs) => Some(specs),
        Err(unknown) => {
            let spot = written.map(View::spot)?;
            let message = format!("{} has no variant `{}`", preset.title, unknown.asked);
            let hint = format!("its variants are {}", unknown.known.join(", "));
            reading.report.error(spot, Fault::new(message, hint));
            None
        }
    }
}

/// Compiles the schemes; what is wrong with one is told at the key it is about.
fn compiled(
    chosen: &Chosen<'_>,
    view: View<'_>,
    section: Section<'_>,
    reading: &mut Reading<'_>,
) -> Option<Plan> {
    let problems = match Plan::compile_all(&chosen.specs) {
        Ok(plan) => return Some(plan),
        Err(problems) => problems,
    };
    for (number, SpecProblem { field, message, hint }) in problems {
        let mut place = match field {
            "options" => section.0.unwrap_or(view),
            _ => chosen.places.get(number).copied().unwrap_or(view),
        };
        for step in field.split('.') {
            place = place.get(step).unwrap_or(place);
        }
        let spot = place.spot();
        if !reading.report.has_error_at(&spot) {
            reading.report.error(spot, Fault::new(message, hint));
        }
    }
    None
}

fn unusable(plan: &Plan, secret: &Secret) -> Option<Fault> {
    let message = plan.key(secret).err()?.to_string();
    Some(Fault::new(message, "copy the whole secret from the provider's page"))
}

fn replay(section: Section<'_>, plan: &Plan, reading: &mut Reading<'_>) -> Replay {
    let default = if plan.is_stamped() { Replay::Acknowledge } else { Replay::Off };
    let Some(view) = section.get("replay") else { return default };
    let replay = match section.word("replay", &["off", "reject", "acknowledge"]) {
        Some("off") => Replay::Off,
        Some("reject") => Replay::Reject,
        Some(_) => Replay::Acknowledge,
        None => default,
    };
    if !plan.signs_message() && replay != Replay::Off {
        let message = "a token signs no message, so a repeated one cannot be told from a new one";
        reading.report.error(view.spot(), Fault::new(message, "write replay: off"));
    }
    replay
}
