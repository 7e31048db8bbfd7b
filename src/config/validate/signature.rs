//! `signature` of a route: a provider's scheme or one of the operator's own, compiled, with its secrets.

use std::sync::Arc;
use std::time::Duration;

use super::{Reading, Section, handshake, secrets};
use crate::base::secret::Secret;
use crate::config::nearest::nearest;
use crate::config::raw::View;
use crate::config::report::{Fault, Spot};
use crate::config::settings::{Replay, Resign, SecretEntry, Signature};
use crate::config::units;
use crate::scheme::{self, KeySpec, Plan, Preset, Spec, SpecProblem, TsSpec};

/// Reads the `signature` key of a route.
pub(super) fn signature(view: View<'_>, reading: &mut Reading<'_>) -> Option<Signature> {
    let section = Section(Some(view));
    let (provider, spec) = match (section.get("provider"), section.get("scheme")) {
        (Some(_), Some(scheme)) => {
            let fault = Fault::new("both provider and scheme are written", "keep one of the two");
            reading.report.error(scheme.key_spot(), fault);
            return None;
        }
        (None, None) => {
            let fault =
                Fault::new("expected provider or scheme", "write provider: github, or describe a scheme");
            reading.report.error(view.key_spot(), fault);
            return None;
        }
        (Some(provider), None) => {
            let name = provider.text()?;
            let Some(preset) = scheme::preset(name) else {
                reading.report.error(provider.spot(), unknown_provider(name));
                return None;
            };
            (preset.name, of_variant(preset, section, reading)?)
        }
        (None, Some(scheme)) => {
            if let Some(variant) = section.get("variant") {
                let fault = Fault::new("variants belong to providers", "remove this key");
                reading.report.error(variant.key_spot(), fault);
            }
            ("custom", spec(Section(Some(scheme))))
        }
    };
    let plan = compiled(&spec, section, view, reading);
    let read = |secret: &Secret| plan.as_ref().and_then(|plan| unusable(plan, secret));
    let secrets =
        section.get("secrets").map(|view| secrets::entries(view, &read, reading)).unwrap_or_default();
    let mut plan = plan?;
    if let Some(place) = section.get("tolerance") {
        match (&spec.ts, section.duration("tolerance")) {
            (Some(_), Some(tolerance)) => plan.set_tolerance(tolerance),
            (Some(_), None) => {}
            (None, _) => {
                let message = "this scheme signs no timestamp, so there is nothing to be tolerant of";
                reading.report.error(place.key_spot(), Fault::new(message, "remove this key"));
            }
        }
    }
    let signature = Signature {
        provider: provider.to_owned(),
        secrets,
        public_url: section.text("public_url").map(str::to_owned),
        replay: replay(section, &spec, &plan, reading),
        handshake: handshake::handshakes(provider, section, view, reading),
        plan: Arc::new(plan),
        line: view.line(),
    };
    warn(&signature, &spec, section, view.key_spot(), reading);
    Some(signature)
}

/// The signature of a provider as the short form `webhook_secrets` means it: everything by default.
pub(super) fn of_preset(preset: &Preset, view: View<'_>, reading: &mut Reading<'_>) -> Option<Signature> {
    let spec = preset.spec(None).ok()?;
    let none = Section(None);
    let plan = compiled(&spec, none, view, reading);
    let read = |secret: &Secret| plan.as_ref().and_then(|plan| unusable(plan, secret));
    let secrets: Vec<SecretEntry> = secrets::entries(view, &read, reading);
    let plan = plan?;
    let signature = Signature {
        provider: preset.name.to_owned(),
        secrets,
        public_url: None,
        replay: replay(none, &spec, &plan, reading),
        handshake: handshake::handshakes(preset.name, none, view, reading),
        plan: Arc::new(plan),
        line: view.line(),
    };
    warn(&signature, &spec, none, view.key_spot(), reading);
    Some(signature)
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

fn of_variant(preset: &Preset, section: Section<'_>, reading: &mut Reading<'_>) -> Option<Spec> {
    let written = section.get("variant");
    let asked = written.and_then(|view| view.text());
    match preset.spec(asked) {
        Ok(spec) => {
            let named = preset.schemes.iter().find(|named| spec.name.ends_with(&format!("/{}", named.name)));
            if let Some(view) = written
                && named.is_some_and(|named| named.deprecated)
            {
                let message = format!("{} keeps this variant for old receivers only", preset.title);
                reading.report.warn(view.spot(), Fault::new(message, "remove the key to take the strongest"));
            }
            Some(spec)
        }
        Err(unknown) => {
            let spot = written.map(View::spot)?;
            let message = format!("{} has no variant `{}`", preset.title, unknown.asked);
            let hint = format!("its variants are {}", unknown.known.join(", "));
            reading.report.error(spot, Fault::new(message, hint));
            None
        }
    }
}

/// A scheme as the file describes it; absent keys have the values of the table.
fn spec(section: Section<'_>) -> Spec {
    let base = Spec::default();
    let text = |key: &str| section.text(key).map(str::to_owned);
    let lower = |key: &str| section.text(key).map(str::to_ascii_lowercase);
    let key = section.section("key");
    let require = section.get("require").into_iter().flat_map(|view| view.entries());
    Spec {
        kind: lower("kind").unwrap_or(base.kind),
        hash: lower("hash").unwrap_or(base.hash),
        sig: section.texts("sig"),
        split: text("split"),
        kv: text("kv"),
        field: text("field"),
        pick: lower("pick"),
        prefix: text("prefix"),
        enc: lower("enc").unwrap_or(base.enc),
        msg: text("msg").unwrap_or(base.msg),
        ts: section.get("ts").map(|view| timestamp(Section(Some(view)))),
        key: KeySpec {
            enc: key.text("enc").map(str::to_ascii_lowercase).unwrap_or(base.key.enc),
            strip: key.texts("strip"),
            ..KeySpec::default()
        },
        id: text("id"),
        require: require.filter_map(|view| Some((view.key().to_owned(), view.text()?.to_owned()))).collect(),
        ..Spec::default()
    }
}

fn timestamp(section: Section<'_>) -> TsSpec {
    let base = TsSpec::default();
    let seconds = |span: Duration| span.as_secs().max(u64::from(!span.is_zero()));
    TsSpec {
        from: section.texts("from"),
        fmt: section.text("fmt").map(str::to_ascii_lowercase).unwrap_or(base.fmt),
        tol_s: section.duration("tol").map(seconds).or(base.tol_s),
        future_s: section.duration("future").map_or(base.future_s, seconds),
    }
}

/// Compiles a scheme; what is wrong with it is told at the key it is about.
fn compiled(spec: &Spec, section: Section<'_>, view: View<'_>, reading: &mut Reading<'_>) -> Option<Plan> {
    let problems = match Plan::compile(spec) {
        Ok(plan) => return Some(plan),
        Err(problems) => problems,
    };
    for SpecProblem { field, message, hint } in problems {
        let mut place = section.get("scheme").or(section.get("provider")).unwrap_or(view);
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

fn replay(section: Section<'_>, spec: &Spec, plan: &Plan, reading: &mut Reading<'_>) -> Replay {
    let default = if plan.is_stamped() { Replay::Acknowledge } else { Replay::Off };
    let Some(view) = section.get("replay") else { return default };
    let replay = match section.word("replay", &["off", "reject", "acknowledge"]) {
        Some("off") => Replay::Off,
        Some("reject") => Replay::Reject,
        Some(_) => Replay::Acknowledge,
        None => default,
    };
    if spec.kind == "token" && replay != Replay::Off {
        let message = "a token signs no message, so a repeated one cannot be told from a new one";
        reading.report.error(view.spot(), Fault::new(message, "write replay: off"));
    }
    replay
}

/// What works, and is weaker than its reader may believe.
fn warn(signature: &Signature, spec: &Spec, section: Section<'_>, spot: Spot, reading: &mut Reading<'_>) {
    let plan = &signature.plan;
    let provider = &signature.provider;
    let mut warn = |message: String, hint: &str| {
        reading.report.warn(spot.clone(), Fault::new(message, hint));
    };
    if scheme::preset(provider).is_some_and(Preset::is_experimental) {
        let message = format!("what is known about {provider} rests on a single source");
        warn(message, "try it with `sidegate send` and a real delivery first");
    }
    if !plan.is_body_bound() {
        let message =
            format!("{provider} does not sign the body: whoever sees one request can send another body");
        warn(message, "let such requests arrive over TLS only, and limit the addresses they may come from");
    }
    if spec.kind == "hmac" && spec.hash == "sha1" {
        warn(format!("{provider} is verified with SHA-1"), "take a variant with SHA-256 where there is one");
    }
    let is_silent = section.get("replay").is_none();
    if plan.is_body_bound() && !plan.is_stamped() && signature.replay == Replay::Off && is_silent {
        let message = format!("{provider} signs no time and no id, so a captured request can be sent again");
        let choice = "replay: acknowledge where equal bodies are the same event, or replay: off to accept it";
        let hint = match section.0 {
            Some(_) => format!("write {choice}"),
            // The short form under `webhook_secrets` has no place for the key.
            None => format!("write a route with this signature and {choice}"),
        };
        warn(message, &hint);
    }
    let url = section.get("public_url");
    if plan.needs_url() && url.is_none() {
        let message = format!(
            "{provider} signs the URL it was given, which is taken to be https, the Host and the target"
        );
        warn(message, "write public_url: https://… as the provider has it");
    }
    if !plan.needs_url() && url.is_some() {
        warn("this scheme does not sign the URL, so public_url is not used".to_owned(), "remove public_url");
    }
    let own = spec.ts.as_ref().and_then(|ts| ts.tol_s).map(Duration::from_secs);
    if let (Some(own), Some(wide)) = (own, section.duration("tolerance"))
        && wide > own.saturating_mul(4)
    {
        let message = format!("a captured request is accepted for {}", units::duration_text(wide));
        warn(message, "the provider's own tolerance is shorter");
    }
}
