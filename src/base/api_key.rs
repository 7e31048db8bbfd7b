//! The shape of Sidegate's own API keys, and digests of any key.
//!
//! A key reads `sg_<env>_<id8>_<secret43><crc6>`: the brand and the environment, a public id that is safe in logs,
//! 43 random base62 characters (256 bits), and the CRC-32 of all before it as six base62 digits, so that a scanner
//! tells a real key offline and garbage is refused before any hash. The CRC proves nothing else: whether a key is
//! known is told by its digest alone.

use std::str;

use aws_lc_rs::{digest, hmac};
use zeroize::Zeroizing;

use crate::base::name::KeyId;
use crate::base::secret::Secret;

/// What every key begins with.
pub const BRAND: &str = "sg_";
/// Longest environment, in characters.
pub const LONGEST_ENVIRONMENT: usize = 16;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const ID_LENGTH: usize = 8;
const SECRET_LENGTH: usize = 43;
const CHECK_LENGTH: usize = 6;

/// A new key; the raw key is shown once.
#[derive(Debug)]
pub struct Generated {
    /// Public id, part of the key.
    pub id: KeyId,
    /// The whole key, ASCII.
    pub key: Secret,
}

/// Why no key could be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CannotGenerate {
    /// The environment is not 1–16 lower-case letters and digits.
    Environment,
    /// The system gives no random bytes.
    NoRandomness,
}

/// What a presented key looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape<'a> {
    /// One of ours, check digits right. Not yet known to exist.
    Ours {
        /// Environment the key was made for.
        env: &'a str,
        /// Public id.
        id: &'a str,
    },
    /// Another format; only its digest can tell.
    Foreign,
    /// Our format with wrong check digits: mistyped or made up.
    BadCheck,
}

/// Makes a key for the environment `env`, such as `live`.
///
/// # Errors
/// [`CannotGenerate`] when `env` is not 1–16 lower-case letters and digits, or the system gives no random bytes.
pub fn generate(env: &str) -> Result<Generated, CannotGenerate> {
    if !is_environment(env.as_bytes()) {
        return Err(CannotGenerate::Environment);
    }
    let random = random_base62::<{ ID_LENGTH + SECRET_LENGTH }>()?;
    let (id, secret) = random.split_at(ID_LENGTH);
    let mut key = Zeroizing::new(Vec::with_capacity(BRAND.len() + env.len() + random.len() + 8));
    for part in [BRAND.as_bytes(), env.as_bytes(), b"_", id, b"_", secret] {
        key.extend_from_slice(part);
    }
    let check = check_digits(&key);
    key.extend_from_slice(&check);
    let id = str::from_utf8(id).ok().and_then(|id| KeyId::parse(id).ok());
    let id = id.ok_or(CannotGenerate::NoRandomness)?;
    Ok(Generated { id, key: Secret::new(std::mem::take(&mut *key)) })
}

/// Tells the shape of a presented key. Costs one pass over it and no allocation.
pub fn parse(key: &[u8]) -> Shape<'_> {
    let Some((env, id, checked, check)) = split(key) else { return Shape::Foreign };
    if check_digits(checked) == check { Shape::Ours { env, id } } else { Shape::BadCheck }
}

/// SHA-256 of a key's bytes. By AWS-LC, like the HMAC: every request with a key pays for it
/// (`docs/decisions/0012-which-hmac.md`).
pub fn digest_sha256(key: &[u8]) -> [u8; 32] {
    whole(digest::digest(&digest::SHA256, key).as_ref())
}

/// HMAC-SHA256 of a key's bytes under `pepper`.
pub fn digest_peppered(pepper: &Secret, key: &[u8]) -> [u8; 32] {
    whole(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, pepper.expose()), key).as_ref())
}

/// The 32 bytes both have.
fn whole(digest: &[u8]) -> [u8; 32] {
    digest.first_chunk().copied().unwrap_or_default()
}

/// Environment, id, the bytes the check digits cover, and the check digits; `None` when it is not our format.
fn split(key: &[u8]) -> Option<(&str, &str, &[u8], &[u8])> {
    let (checked, check) = key.split_at_checked(key.len().checked_sub(CHECK_LENGTH)?)?;
    let (env, rest) = {
        let rest = checked.strip_prefix(BRAND.as_bytes())?;
        let at = rest.iter().position(|byte| *byte == b'_')?;
        (rest.get(..at)?, rest.get(at + 1..)?)
    };
    let (id, rest) = rest.split_at_checked(ID_LENGTH)?;
    let secret = rest.strip_prefix(b"_")?;
    let base62 = |part: &[u8]| part.iter().all(u8::is_ascii_alphanumeric);
    let ours =
        is_environment(env) && secret.len() == SECRET_LENGTH && base62(id) && base62(secret) && base62(check);
    if !ours {
        return None;
    }
    Some((str::from_utf8(env).ok()?, str::from_utf8(id).ok()?, checked, check))
}

fn is_environment(env: &[u8]) -> bool {
    (1..=LONGEST_ENVIRONMENT).contains(&env.len())
        && env.iter().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

/// CRC-32 (IEEE) in base62, left-padded with `0`.
fn check_digits(checked: &[u8]) -> [u8; CHECK_LENGTH] {
    let mut rest = crc32fast::hash(checked);
    let mut digits = [b'0'; CHECK_LENGTH];
    for digit in digits.iter_mut().rev() {
        *digit = letter(rest % 62);
        rest /= 62;
    }
    digits
}

fn letter(value: u32) -> u8 {
    usize::try_from(value).ok().and_then(|at| ALPHABET.get(at)).copied().unwrap_or(b'0')
}

/// Uniform base62 characters: random bytes that would favour the first letters are thrown away.
fn random_base62<const N: usize>() -> Result<Zeroizing<[u8; N]>, CannotGenerate> {
    let mut text = Zeroizing::new([0_u8; N]);
    let mut random = Zeroizing::new([0_u8; 64]);
    let mut slots = text.iter_mut().peekable();
    while slots.peek().is_some() {
        getrandom::fill(random.as_mut_slice()).map_err(|_| CannotGenerate::NoRandomness)?;
        for byte in random.iter().filter(|byte| **byte < 4 * 62) {
            let Some(slot) = slots.next() else { break };
            *slot = letter(u32::from(*byte) % 62);
        }
    }
    drop(slots);
    Ok(text)
}

#[cfg(test)]
mod tests;
