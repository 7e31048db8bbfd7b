//! `signature.handshake`: who replies to a provider's endpoint challenge, and with what.

use super::{Reading, Section, secrets};
use crate::config::raw::{Content, View};
use crate::config::report::Fault;
use crate::config::settings::Handshakes;
use crate::scheme::handshake::{self, Handshake, Need, Trust};

/// Who replies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Answer,
    Forward,
    Off,
}

/// Reads `handshake` of a signature; `view` is the signature.
pub(super) fn handshakes(
    provider: &str,
    section: Section<'_>,
    view: View<'_>,
    reading: &mut Reading<'_>,
) -> Handshakes {
    let all = handshake::handshakes(provider);
    let written = section.get("handshake");
    let mut own = match written.filter(|view| matches!(view.content(), Content::Map(_))) {
        Some(map) => given(Section(Some(map)), reading),
        None => Handshakes::default(),
    };
    let mode = mode(written);
    if let (true, Some(place)) = (all.is_empty(), written) {
        if mode != Mode::Off {
            let fault = Fault::new(format!("{provider} has no handshake"), "remove this key");
            reading.report.error(place.key_spot(), fault);
        }
        return own;
    }
    for one in all {
        match mode {
            Mode::Off => {}
            Mode::Forward if one.can_be_forwarded() => own.forwarded.push(one),
            // A signed one reaches the app like any delivery.
            Mode::Forward if one.trust == Trust::Signed => {}
            Mode::Forward => {
                let message = format!(
                    "the handshake {} of {provider} holds more than the app may see unsigned",
                    one.name
                );
                let spot = written.unwrap_or(view).key_spot();
                reading.report.error(spot, Fault::new(message, "write handshake: answer"));
            }
            Mode::Answer if lacks(one, &own).is_none() => own.answered.push(one),
            Mode::Answer => {
                let hint = lacks(one, &own).unwrap_or_default();
                let message = format!("the gate cannot answer the handshake {} of {provider}", one.name);
                match written {
                    Some(place) => reading.report.error(place.key_spot(), Fault::new(message, hint)),
                    None => reading.report.warn(view.key_spot(), Fault::new(message, hint)),
                }
            }
        }
    }
    own
}

fn mode(written: Option<View<'_>>) -> Mode {
    let words = ["answer", "forward", "off"];
    let word = written.and_then(|view| match view.content() {
        Content::Map(_) => Section(Some(view)).word("mode", &words),
        Content::Null | Content::Scalar(_) | Content::List(_) => {
            view.text().and_then(|text| crate::config::scalar::word(text, &words))
        }
    });
    match word {
        Some("forward") => Mode::Forward,
        Some("off") => Mode::Off,
        Some(_) | None => Mode::Answer,
    }
}

fn given(section: Section<'_>, reading: &mut Reading<'_>) -> Handshakes {
    Handshakes {
        verify_tokens: section
            .get("verify_token")
            .map(|view| secrets::entries(view, &|_| None, reading))
            .unwrap_or_default(),
        origins: section.texts("origins"),
        public_id: section.text("public_id").map(str::to_owned),
        ..Handshakes::default()
    }
}

/// What is missing before the gate can answer, as what to do about it.
fn lacks(one: &Handshake, own: &Handshakes) -> Option<&'static str> {
    match one.needs() {
        Need::VerifyToken if own.verify_tokens.is_empty() => {
            Some("write handshake: {verify_token: …} as the provider has it, or handshake: forward or off")
        }
        Need::Origins if own.origins.is_empty() => {
            Some("write handshake: {origins: [host.of.the.sender]}, or handshake: forward or off")
        }
        Need::PublicId if own.public_id.is_none() => {
            Some("write handshake: {public_id: …}, the public key's id, or handshake: forward or off")
        }
        Need::App => Some("write handshake: forward while the provider subscribes, then handshake: off"),
        Need::VerifyToken | Need::Origins | Need::PublicId | Need::Nothing => None,
    }
}
