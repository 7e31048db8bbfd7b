//! Signatures as the providers make them, written here a second time so that the gate is not its own oracle.

use std::time::{SystemTime, UNIX_EPOCH};

use data_encoding::{BASE64, HEXLOWER};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::wire::Ask;

/// HMAC-SHA256 of `message` under `key`.
pub(crate) fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

/// SHA-256, hex.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(bytes))
}

/// Value of GitHub's `X-Hub-Signature-256`.
pub(crate) fn github(secret: &str, body: &[u8]) -> String {
    format!("sha256={}", HEXLOWER.encode(&hmac(secret.as_bytes(), body)))
}

/// Value of Stripe's `Stripe-Signature` at `at`, Unix seconds.
pub(crate) fn stripe(secret: &str, at: i64, body: &[u8]) -> String {
    let message = [format!("{at}.").as_bytes(), body].concat();
    format!("t={at},v1={}", HEXLOWER.encode(&hmac(secret.as_bytes(), &message)))
}

/// Value of Slack's `X-Slack-Signature` at `at`, Unix seconds.
pub(crate) fn slack(secret: &str, at: i64, body: &[u8]) -> String {
    let message = [format!("v0:{at}:").as_bytes(), body].concat();
    format!("v0={}", HEXLOWER.encode(&hmac(secret.as_bytes(), &message)))
}

/// Value of Standard Webhooks' `webhook-signature`; `key` is the decoded secret.
pub(crate) fn standard(key: &[u8], id: &str, at: i64, body: &[u8]) -> String {
    let message = [format!("{id}.{at}.").as_bytes(), body].concat();
    format!("v1,{}", BASE64.encode(&hmac(key, &message)))
}

/// Value of Square's `x-square-hmacsha256-signature` for a delivery to `url`.
pub(crate) fn square(secret: &str, url: &str, body: &[u8]) -> String {
    BASE64.encode(&hmac(secret.as_bytes(), &[url.as_bytes(), body].concat()))
}

/// A delivery signed as GitHub signs it.
pub(crate) fn github_post(target: &str, secret: &str, body: &[u8]) -> Ask {
    Ask::post(target, body).field("X-Hub-Signature-256", &github(secret, body))
}

/// Wall clock, Unix seconds.
pub(crate) fn unix_now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(since.as_secs()).unwrap()
}
