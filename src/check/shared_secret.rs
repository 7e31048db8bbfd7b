//! Does the caller know the shared secret? Every configured secret is compared, in constant time, without early end.

use http::header::{HeaderMap, HeaderName};
use http::request::Parts;

use super::deny::{Deny, Reason};
use super::secrets::{Matched, Validity};
use crate::base::clock::Wall;
use crate::base::name::SecretId;
use crate::base::secret::Secret;
use crate::config::settings::SharedSecret;
use crate::identify::credential;

/// The shared secret of one route.
#[derive(Debug)]
pub(super) struct SharedSecretRule {
    header: HeaderName,
    secrets: Vec<(SecretId, Secret, Validity)>,
    incomplete: bool,
    line: u32,
}

impl SharedSecretRule {
    pub(super) fn from_settings(settings: &SharedSecret) -> Self {
        let secrets = settings
            .secrets
            .iter()
            .filter_map(|entry| {
                entry.value.clone().map(|value| (entry.id.clone(), value, Validity::of(entry)))
            })
            .collect::<Vec<_>>();
        Self {
            header: settings.header.clone(),
            incomplete: secrets.len() < settings.secrets.len(),
            secrets,
            line: settings.line,
        }
    }

    /// Whether the request carries this kind of credential at all.
    pub(super) fn is_presented(&self, headers: &HeaderMap) -> bool {
        headers.contains_key(&self.header)
    }

    /// Takes the secret out of the head, so that the app never sees it.
    pub(super) fn strip(&self, parts: &mut Parts) {
        parts.headers.remove(&self.header);
    }

    /// Compares the header with every secret.
    pub(super) fn check(&self, headers: &HeaderMap, now: Wall) -> Result<Matched, Deny> {
        let deny = |reason| Err(Deny::new(reason, self.line));
        let Ok(found) = credential::single_header(&self.header, headers) else {
            return deny(Reason::CredentialConflict);
        };
        let Some(candidate) = found.filter(|value| !value.is_empty()) else {
            return if self.secrets.is_empty() {
                deny(Reason::Unavailable)
            } else {
                deny(Reason::SecretMissing)
            };
        };
        let mut valid = None;
        let mut expired = false;
        for (id, secret, validity) in &self.secrets {
            let matches = secret.matches(candidate);
            let covered = validity.covers(now);
            if matches && covered {
                valid = Some(id);
            }
            expired |= matches && !covered;
        }
        match valid {
            Some(id) => Ok(Matched { id: id.clone() }),
            None if expired => deny(Reason::SecretExpired),
            None if self.incomplete => deny(Reason::Unavailable),
            None => deny(Reason::SecretWrong),
        }
    }
}

#[cfg(test)]
mod tests;
