//! Who holds this API key? One digest, one look-up by digest, one constant-time comparison; no key is ever iterated.

use std::borrow::{Borrow, Cow};
use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hash, Hasher};
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
use crate::config::settings::{ApiKey, ApiKeyUse, ApiKeys, KeyDigest, KeyLocation};
use crate::identify::credential;
use crate::state::limit::KeyMark;

/// Lists of places that are remembered for routes to share; beyond, each route has its own.
const MOST_PLACES: usize = 64;

/// All keys of one generation, by digest.
#[derive(Debug)]
pub(super) struct KeyTable {
    sha256: ByDigest,
    peppered: ByDigest,
    pepper: Option<Secret>,
    unavailable: bool,
}

type ByDigest = HashSet<Entry, BuildHasherDefault<Prefix>>;

/// A key where it is looked up: one cache line, for of a hundred thousand keys the one presented is in no cache.
#[derive(Debug)]
#[repr(align(64))]
struct Entry {
    digest: [u8; 32],
    id: KeyId,
    key: Key,
}

/// What one key is worth, without anything secret.
#[derive(Clone, Debug)]
pub(super) struct Key {
    pub(super) mark: KeyMark,
    /// `None`: nothing is said of it; it is valid at any time and grants nothing but itself.
    more: Option<Arc<More>>,
}

/// What may be said of a key beside its id.
#[derive(Debug)]
struct More {
    subject: Option<Arc<str>>,
    roles: Vec<String>,
    joined_roles: Option<Arc<str>>,
    permissions: Vec<String>,
    own_limit: Option<Limit>,
    validity: Validity,
    revoked: bool,
}

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

/// Where one route looks for a key.
#[derive(Debug)]
pub(super) struct ApiKeyRule {
    /// Shared by the routes that look in the same places.
    locations: Arc<[KeyLocation]>,
    line: u32,
}

/// Lists of places that routes have in common: thousands of routes ask in the same ones.
#[derive(Debug, Default)]
pub(super) struct Places(Vec<Arc<[KeyLocation]>>);

impl Places {
    fn shared(&mut self, locations: &[KeyLocation]) -> Arc<[KeyLocation]> {
        if let Some(known) = self.0.iter().find(|known| ***known == *locations) {
            return Arc::clone(known);
        }
        let fresh: Arc<[KeyLocation]> = locations.into();
        if self.0.len() < MOST_PLACES {
            self.0.push(Arc::clone(&fresh));
        }
        fresh
    }
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
            let (keys, digest) = match key.digest {
                KeyDigest::Sha256(digest) => (&mut table.sha256, digest),
                KeyDigest::Peppered(digest) => (&mut table.peppered, digest),
            };
            keys.replace(Entry { digest, id: key.id.clone(), key: Key::from_settings(key) });
        }
        table
    }

    fn find(&self, presented: &[u8]) -> Option<&Entry> {
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

    fn probe(keys: &ByDigest, digest: [u8; 32]) -> Option<&Entry> {
        let found = keys.get(&digest)?;
        bool::from(words(&found.digest).ct_eq(&words(&digest))).then_some(found)
    }
}

impl Key {
    fn from_settings(settings: &ApiKey) -> Self {
        let mark = KeyMark::of(&settings.id);
        Self { mark, more: More::from_settings(settings).map(Arc::new) }
    }

    /// Human name of its holder.
    pub(super) fn subject(&self) -> Option<&Arc<str>> {
        self.more.as_ref().and_then(|more| more.subject.as_ref())
    }

    /// What its holder is.
    pub(super) fn roles(&self) -> &[String] {
        self.more.as_ref().map_or(&[], |more| &more.roles)
    }

    /// The same as one text.
    pub(super) fn joined_roles(&self) -> Option<&Arc<str>> {
        self.more.as_ref().and_then(|more| more.joined_roles.as_ref())
    }

    /// What its holder may do.
    pub(super) fn permissions(&self) -> &[String] {
        self.more.as_ref().map_or(&[], |more| &more.permissions)
    }

    /// The limit it carries itself.
    pub(super) fn own_limit(&self) -> Option<&Limit> {
        self.more.as_ref().and_then(|more| more.own_limit.as_ref())
    }
}

impl More {
    /// `None` when nothing is said. Takes `settings` apart without `..`: whatever is added to a key must be placed here
    /// before this compiles, for a restriction that got lost would admit.
    fn from_settings(settings: &ApiKey) -> Option<Self> {
        let ApiKey {
            id: _,
            name,
            digest: _,
            roles,
            permissions,
            rate_limit,
            not_before,
            expires_at,
            revoked,
            origin: _,
        } = settings;
        let says_nothing = name.is_empty()
            && roles.is_empty()
            && permissions.is_empty()
            && rate_limit.is_none()
            && not_before.is_none()
            && expires_at.is_none()
            && !revoked;
        (!says_nothing).then(|| Self {
            subject: (!name.is_empty()).then(|| Arc::from(name.as_str())),
            roles: roles.clone(),
            joined_roles: (!roles.is_empty()).then(|| Arc::from(roles.join(","))),
            permissions: permissions.clone(),
            own_limit: rate_limit.map(Limit::of_key),
            validity: Validity::new(*not_before, *expires_at),
            revoked: *revoked,
        })
    }
}

/// A digest as four words, compared in place of its 32 bytes.
fn words(digest: &[u8; 32]) -> [u64; 4] {
    let (words, _) = digest.as_chunks::<8>();
    std::array::from_fn(|at| words.get(at).copied().map_or(0, u64::from_ne_bytes))
}

impl Borrow<[u8; 32]> for Entry {
    fn borrow(&self) -> &[u8; 32] {
        &self.digest
    }
}

impl Hash for Entry {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.digest.hash(state);
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.digest == other.digest
    }
}

impl Eq for Entry {}

impl ApiKeyRule {
    /// `known` are the places of routes compiled before.
    pub(super) fn from_settings(settings: &ApiKeyUse, known: &mut Places) -> Self {
        Self { locations: known.shared(&settings.locations), line: settings.line }
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

    /// Looks up a presented key: its id, and what it is worth.
    pub(super) fn check<'a>(
        &self,
        table: &'a KeyTable,
        presented: Option<&[u8]>,
        now: Wall,
    ) -> Result<(&'a KeyId, &'a Key), Deny> {
        let deny = |reason| Err(Deny::new(reason, self.line));
        let Some(presented) = presented else {
            return if table.unavailable { deny(Reason::Unavailable) } else { deny(Reason::KeyMissing) };
        };
        // Security: every presented key costs the same digests, whatever its shape, so that answers take alike.
        let found = table.find(presented);
        let broken = matches!(api_key::parse(presented), Shape::BadCheck);
        match found.map(|found| (&found.id, &found.key)) {
            None if table.unavailable => deny(Reason::Unavailable),
            None if broken => deny(Reason::KeyMalformed),
            None => deny(Reason::KeyUnknown),
            Some((_, Key { more: Some(more), .. })) if more.revoked => deny(Reason::KeyRevoked),
            Some((_, Key { more: Some(more), .. })) if !more.validity.covers(now) => deny(Reason::KeyExpired),
            Some(held) => Ok(held),
        }
    }
}

#[cfg(test)]
mod tests;
