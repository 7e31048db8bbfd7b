//! Key files of one shape, line by line: `keys:` and then `- { id: NAME, hash: "sha256:…" }` on each. A hundred
//! thousand keys are read so in a few hundredths of what their YAML takes.
//!
//! Never tells of a problem and never reads anything otherwise than YAML would: what is not exactly of this shape, or
//! holds a key twice, has the whole file read as YAML, which tells what is wrong.

use std::collections::HashSet;
use std::sync::Arc;

use crate::base::name::KeyId;
use crate::config::scalar;
use crate::config::settings::{ApiKey, KeyDigest};

/// The keys of a file named `file`; `None`: read it as YAML.
pub(super) fn keys(text: &str, file: &str) -> Option<Arc<[Arc<ApiKey>]>> {
    let mut lines = (1_u32..).zip(text.split('\n')).filter(|(_, line)| !is_idle(line));
    lines.next().filter(|(_, line)| *line == "keys:")?;
    let mut keys = Vec::new();
    for (number, line) in lines {
        let (id, digest) = entry(line)?;
        keys.push(Arc::new(key(id, digest, format!("{file}:{number}"))));
    }
    let mut ids = HashSet::with_capacity(keys.len());
    let mut digests = HashSet::with_capacity(keys.len());
    let are_single = keys.iter().all(|key| ids.insert(key.id.as_str()) && digests.insert(key.digest));
    (are_single && !keys.is_empty()).then(|| keys.into())
}

/// An empty line, or a comment of characters that may stand anywhere in YAML.
fn is_idle(line: &str) -> bool {
    line.is_empty() || (line.starts_with('#') && line.bytes().all(|byte| (b' '..=b'~').contains(&byte)))
}

fn entry(line: &str) -> Option<(KeyId, KeyDigest)> {
    let inside = line.strip_prefix("- {")?.strip_suffix('}')?.trim_matches(' ');
    let (id, hash) = inside.strip_prefix("id: ")?.split_once(", hash: \"")?;
    // What YAML could read as something else than these characters in a row is left to it.
    let is_plain = id.starts_with(|first: char| first.is_ascii_alphabetic())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
        && !id.eq_ignore_ascii_case("null");
    let hash = hash.strip_suffix('"').filter(|hash| is_plain && !hash.contains(['"', '\\']))?;
    Some((KeyId::parse(id).ok()?, scalar::digest(hash).ok()?))
}

fn key(id: KeyId, digest: KeyDigest, origin: String) -> ApiKey {
    ApiKey {
        id,
        name: String::new(),
        digest,
        roles: Vec::new(),
        permissions: Vec::new(),
        rate_limit: None,
        not_before: None,
        expires_at: None,
        revoked: false,
        origin,
    }
}

#[cfg(test)]
mod tests;
