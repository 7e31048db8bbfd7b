//! What the gate itself signs or answers in the name of a route.

use super::SecretEntry;
use crate::scheme::Plan;
use crate::scheme::handshake::Handshake;

/// How a provider's endpoint challenges are met.
#[derive(Clone, Debug, Default)]
pub struct Handshakes {
    /// Those the gate answers.
    pub answered: Vec<&'static Handshake>,
    /// Those the app is shown unsigned.
    pub forwarded: Vec<&'static Handshake>,
    /// What the provider shows to be answered, for those that show a secret.
    pub verify_tokens: Vec<SecretEntry>,
    /// Origins that may ask whether they may send here.
    pub origins: Vec<String>,
    /// The public id of the key, where the answer names it.
    pub public_id: Option<String>,
}

/// Secrets the gate signs with for the app.
#[derive(Clone, Debug)]
pub struct Resign {
    /// Standard Webhooks, compiled.
    pub plan: Plan,
    /// All that are valid sign. Empty never.
    pub secrets: Vec<SecretEntry>,
    /// Line of the `resign` key.
    pub line: u32,
}
