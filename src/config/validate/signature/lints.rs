//! What works, and is weaker than its reader may believe: told as warnings, each with what to do.

use std::time::Duration;

use crate::config::report::{Fault, Spot};
use crate::config::settings::{Replay, Signature};
use crate::config::units;
use crate::config::validate::{Reading, Section};
use crate::scheme::{NamedSpec, Plan, Preset};

/// A signature that was read, and what it was read from.
pub(super) struct Lints<'a> {
    pub(super) signature: &'a Signature,
    pub(super) preset: Option<&'static Preset>,
    /// The map of the signature; none in the short form.
    pub(super) section: Section<'a>,
    /// The provider's own tolerance.
    pub(super) own_tolerance: Option<Duration>,
}

impl Lints<'_> {
    /// Tells every weakness at `spot`, or at the key it is about.
    pub(super) fn tell(&self, spot: Spot, reading: &mut Reading<'_>) {
        let mut found = Vec::new();
        self.facts(&mut found);
        self.coverage(&mut found);
        self.time(&mut found);
        self.url(&mut found);
        for fault in found {
            reading.report.warn(spot.clone(), fault);
        }
        if let Some((view, fault)) = self.section.get("variant").zip(self.downgrade()) {
            reading.report.warn(view.spot(), fault);
        }
    }

    fn plan(&self) -> &Plan {
        &self.signature.plan
    }

    fn provider(&self) -> &str {
        &self.signature.provider
    }

    fn facts(&self, found: &mut Vec<Fault>) {
        let provider = self.provider();
        if self.preset.is_some_and(Preset::is_experimental) {
            let message = format!("what is known about {provider} rests on a single source");
            found.push(Fault::new(message, "try it with `sidegate send` and a real delivery first"));
        }
        if self.plan().is_digest() {
            let message = format!("{provider} is verified with a plain hash over secret and message");
            found.push(Fault::new(message, "take a variant that is an HMAC where there is one"));
        } else if self.plan().is_sha1() {
            let message = format!("{provider} is verified with SHA-1");
            found.push(Fault::new(message, "take a variant with SHA-256 where there is one"));
        }
    }

    fn coverage(&self, found: &mut Vec<Fault>) {
        let (provider, plan) = (self.provider(), self.plan());
        if !plan.is_body_bound() {
            let message =
                format!("{provider} does not sign the body: whoever sees one request can send another body");
            let hint = "let such requests arrive over TLS only, and limit the addresses they may come from";
            found.push(Fault::new(message, hint));
        }
        let is_silent = self.section.get("replay").is_none();
        let unstamped = plan.signs_message() && !plan.is_stamped();
        if unstamped && self.signature.replay == Replay::Off && is_silent {
            let message =
                format!("{provider} signs no time and no id, so a captured request can be sent again");
            let choice =
                "replay: acknowledge where equal bodies are the same event, or replay: off to accept it";
            let hint = match self.section.0 {
                Some(_) => format!("write {choice}"),
                // The short form under `webhook_secrets` has no place for the key.
                None => format!("write a route with this signature and {choice}"),
            };
            found.push(Fault::new(message, hint));
        }
    }

    fn time(&self, found: &mut Vec<Fault>) {
        let wide = self.section.duration("tolerance");
        if let (Some(own), Some(wide)) = (self.own_tolerance.filter(|own| !own.is_zero()), wide)
            && wide > own.saturating_mul(4)
        {
            let message = format!("a captured request is accepted for {}", units::duration_text(wide));
            found.push(Fault::new(message, "the provider's own tolerance is shorter"));
        }
        if self.plan().has_timestamp() && self.plan().tolerance().is_none() {
            let message = format!("{} bounds the age of its messages by nothing", self.provider());
            let hint = "write tolerance: with the longest time its retries take, for example 1h";
            found.push(Fault::new(message, hint));
        }
    }

    fn url(&self, found: &mut Vec<Fault>) {
        let url = self.section.get("public_url");
        let needed = self.plan().needs_url();
        if needed && url.is_none() {
            let message = format!(
                "{} signs the URL it was given, which is taken to be https, the Host and the target",
                self.provider()
            );
            found.push(Fault::new(message, "write public_url: https://… as the provider has it"));
        }
        if !needed && url.is_some() {
            let message = "this scheme does not sign the URL, so public_url is not used".to_owned();
            found.push(Fault::new(message, "remove public_url"));
        }
    }

    /// A variant was asked for that protects less than the one the preset begins with.
    fn downgrade(&self) -> Option<Fault> {
        let preset = self.preset?;
        let asked = self.section.text("variant")?;
        let by_number = || asked.parse().ok().and_then(|number: usize| preset.schemes.get(number));
        let named: &NamedSpec = preset.schemes.iter().find(|named| named.name == asked).or_else(by_number)?;
        if named.deprecated {
            let message = format!("{} keeps this variant for old receivers only", preset.title);
            return Some(Fault::new(message, "remove the key to take the strongest"));
        }
        let first = Plan::compile(&preset.spec(None).ok()?).ok()?;
        let loses = (first.signs_message() && !self.plan().signs_message())
            || (first.is_stamped() && !self.plan().is_stamped())
            || (first.is_body_bound() && !self.plan().is_body_bound());
        loses.then(|| {
            let message = format!("this variant of {} protects less than its first", preset.title);
            Fault::new(message, "remove the key to take the strongest, if the provider sends it")
        })
    }
}
