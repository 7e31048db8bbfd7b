//! A request as the model knows it, and the bytes the gate gets for it.

use super::setup::{SECRETS, Sign, key_text};
use crate::sign;
use crate::wire::Ask;

/// Where an API key stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyPlace {
    Header,
    Bearer,
    Cookie,
}

impl KeyPlace {
    pub(super) fn yaml(self) -> &'static str {
        match self {
            Self::Header => "header:X-API-Key",
            Self::Bearer => "bearer",
            Self::Cookie => "cookie:sid",
        }
    }
}

/// One credential as sent.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Credential {
    /// Secret of the pool.
    Secret(usize),
    /// API key of the pool.
    Key(usize),
    /// None of them.
    Wrong,
}

impl Credential {
    /// Its text.
    pub(crate) fn text(self) -> String {
        match self {
            Self::Secret(number) => SECRETS[number].value.to_owned(),
            Self::Key(number) => key_text(number),
            Self::Wrong => "nothing anybody knows of".to_owned(),
        }
    }
}

/// How a request is signed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Signing {
    Absent,
    /// A header that is no signature.
    Malformed,
    /// Right secret, another body.
    OtherBody,
    /// An hour ago; where no time is signed, by a foreign secret.
    Stale,
    /// In an hour; where no time is signed, by a foreign secret.
    Future,
    Good {
        secret: usize,
    },
}

/// One request.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: &'static str,
    pub(crate) target: String,
    pub(crate) host: &'static str,
    pub(crate) forwarded_for: Vec<&'static str>,
    pub(crate) token: Vec<Credential>,
    pub(crate) keys: Vec<(KeyPlace, Credential)>,
    pub(crate) signing: Signing,
    pub(crate) body: Vec<u8>,
    pub(crate) app_fails: bool,
    /// The second within which it is signed, the same for equal deliveries.
    pub(crate) at: i64,
}

impl Request {
    /// The request as it is sent to a route that verifies by `sign`.
    pub(crate) fn ask(&self, sign: Option<Sign>) -> Ask {
        let mut ask = Ask::new(self.method, &self.target).host(self.host).body(self.body.clone());
        for line in &self.forwarded_for {
            ask = ask.field("X-Forwarded-For", line);
        }
        for token in &self.token {
            ask = ask.field("X-Token", &token.text());
        }
        for (place, credential) in &self.keys {
            let text = credential.text();
            ask = match place {
                KeyPlace::Header => ask.field("X-API-Key", &text),
                KeyPlace::Bearer => ask.field("Authorization", &format!("Bearer {text}")),
                KeyPlace::Cookie => ask.field("Cookie", &format!("theme=dark; sid={text}")),
            };
        }
        if self.app_fails {
            ask = ask.field("X-Fail", "yes");
        }
        match sign.and_then(|sign| self.signature(sign)) {
            Some((name, value)) => ask.field(name, &value),
            None => ask,
        }
    }

    fn signature(&self, sign: Sign) -> Option<(&'static str, String)> {
        let good = sign.secrets.iter().copied().find(|number| !SECRETS[*number].expired);
        let good = SECRETS[good.unwrap_or(0)].value;
        let (secret, at, body) = match self.signing {
            Signing::Absent => return None,
            Signing::Malformed => {
                let name = if sign.stamped { "Stripe-Signature" } else { "X-Hub-Signature-256" };
                return Some((name, "sha256=zz".to_owned()));
            }
            Signing::OtherBody => (good, self.at, b"another body".as_slice()),
            Signing::Stale if sign.stamped => (good, self.at - 3600, self.body.as_slice()),
            Signing::Future if sign.stamped => (good, self.at + 3600, self.body.as_slice()),
            Signing::Stale | Signing::Future => (SECRETS[3].value, self.at, self.body.as_slice()),
            Signing::Good { secret } => (SECRETS[secret].value, self.at, self.body.as_slice()),
        };
        match sign.stamped {
            true => Some(("Stripe-Signature", sign::stripe(secret, at, body))),
            false => Some(("X-Hub-Signature-256", sign::github(secret, body))),
        }
    }

    /// The message the signature covers.
    pub(super) fn message(&self, sign: Sign) -> Vec<u8> {
        match sign.stamped {
            true => [format!("stripe {}.", self.at).as_bytes(), &self.body].concat(),
            false => [b"github ".as_slice(), &self.body].concat(),
        }
    }
}
