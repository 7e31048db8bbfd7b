//! Who holds this API key? One digest, one look-up by digest, one constant-time comparison; no key is ever iterated.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use http::request::Parts;
use subtle::ConstantTimeEq;

use super::deny::{Deny, Reason};
use super::quota::Limit;
use super::secrets::Validity;
use crate::base::api_key::{self, Shape};
use crate::base::clock::Wall;
use crate::base::name::KeyId;
use crate::base::secret::Secret;
use crate::config::settings::{ApiKeyUse, ApiKeys, KeyDigest, KeyLocation};
use crate::identify::credential;

/// All keys of one generation, by digest.
#[derive(Debug)]
pub(super) struct KeyTable {
    sha256: ByDigest,
    peppered: ByDigest,
    pepper: Option<Secret>,
    unavailable: bool,
}

type ByDigest = HashMap<[u8; 32], Arc<Key>, BuildHasherDefault<Prefix>>;

/// A digest is its own hash: eight bytes of it. Only the operator's keys are in the table, so nobody else can choose
/// what collides in it.
#[derive(Debug, Default)]
struct Prefix(u64);

impl Hasher for Prefix {
    fn write(&mut self, bytes: &[u8]) {
        if let Some(first) = bytes.first_chunk() {
            self.0 = u64::from_ne_bytes(*first);
        }
    }

    /// The length comes before the bytes, and is the same for all.
    fn write_usize(&mut self, _: usize) {}

    fn finish(&self) -> u64 {
        self.0
    }
}

/// One key, without anything secret.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) id: KeyId,
    pub(super) subject: Option<Arc<str>>,
    pub(super) roles: Vec<String>,
    pub(super) joined_roles: Option<Arc<str>>,
    pub(super) permissions: Vec<String>,
    pub(super) own_limit: Option<Limit>,
    digest: [u8; 32],
    validity: Validity,
    revoked: bool,
}

/// Where one route looks for a key.
#[derive(Debug)]
pub(super) struct ApiKeyRule {
    locations: Vec<KeyLocation>,
    line: u32,
}

impl KeyTable {
    pub(super) fn from_settings(settings: &ApiKeys) -> Self {
        let mut table = Self {
            sha256: ByDigest::default(),
            peppered: ByDigest::default(),
            pepper: settings.pepper.clone(),
            unavailable: settings.unavailable.is_some(),
        };
        for key in &settings.keys {
            let (map, digest) = match key.digest {
                KeyDigest::Sha256(digest) => (&mut table.sha256, digest),
                KeyDigest::Peppered(digest) => (&mut table.peppered, digest),
            };
            let compiled = Key {
                id: key.id.clone(),
                subject: (!key.name.is_empty()).then(|| Arc::from(key.name.as_str())),
                roles: key.roles.clone(),
                joined_roles: (!key.roles.is_empty()).then(|| Arc::from(key.roles.join(","))),
                permissions: key.permissions.clone(),
                own_limit: key.rate_limit.map(Limit::of_key),
                digest,
                validity: Validity::new(key.not_before, key.expires_at),
                revoked: key.revoked,
            };
            map.insert(digest, Arc::new(compiled));
        }
        table
    }

    fn find(&self, presented: &[u8]) -> Option<&Arc<Key>> {
        let peppered = match &self.pepper {
            Some(pepper) if !self.peppered.is_empty() => {
                Self::probe(&self.peppered, api_key::digest_peppered(pepper, presented))
            }
            Some(_) | None => None,
        };
        let plain = if self.sha256.is_empty() {
            None
        } else {
            Self::probe(&self.sha256, api_key::digest_sha256(presented))
        };
        peppered.or(plain)
    }

    fn probe(map: &ByDigest, digest: [u8; 32]) -> Option<&Arc<Key>> {
        map.get(&digest).filter(|key| bool::from(key.digest.ct_eq(&digest)))
    }
}

impl ApiKeyRule {
    pub(super) fn from_settings(settings: &ApiKeyUse) -> Self {
        Self { locations: settings.locations.clone(), line: settings.line }
    }

    /// The presented key, if any.
    pub(super) fn presented<'a>(&self, parts: &'a Parts) -> Result<Option<Cow<'a, [u8]>>, Deny> {
        credential::find_key(&self.locations, parts)
            .map(|found| found.filter(|key| !key.is_empty()))
            .map_err(|_| Deny::new(Reason::CredentialConflict, self.line))
    }

    /// Takes the key out of the head, so that the app never sees it.
    pub(super) fn strip(&self, parts: &mut Parts) {
        credential::strip_key(&self.locations, parts);
    }

    /// Looks up a presented key.
    pub(super) fn check(
        &self,
        table: &KeyTable,
        presented: Option<&[u8]>,
        now: Wall,
    ) -> Result<Arc<Key>, Deny> {
        let deny = |reason| Err(Deny::new(reason, self.line));
        let Some(presented) = presented else {
            return if table.unavailable { deny(Reason::Unavailable) } else { deny(Reason::KeyMissing) };
        };
        // Security: every presented key costs the same digests, whatever its shape, so that answers take alike.
        let found = table.find(presented);
        let broken = matches!(api_key::parse(presented), Shape::BadCheck);
        match found {
            None if table.unavailable => deny(Reason::Unavailable),
            None if broken => deny(Reason::KeyMalformed),
            None => deny(Reason::KeyUnknown),
            Some(key) if key.revoked => deny(Reason::KeyRevoked),
            Some(key) if !key.validity.covers(now) => deny(Reason::KeyExpired),
            Some(key) => Ok(Arc::clone(key)),
        }
    }
}

#[cfg(test)]
mod tests;
