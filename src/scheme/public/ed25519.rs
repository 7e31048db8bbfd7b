//! Ed25519 (RFC 8032). The signature covers the message itself, which is hashed twice: it is collected.

use std::sync::Arc;

use aws_lc_rs::signature::{ED25519, ParsedPublicKey};

use super::spki::Bare;
use super::written::{self, Raw};
use super::{Algorithm, PrivateKey, PublicKey, Verification, private};
use crate::scheme::key::KeyForm;
use crate::scheme::mac::Hash;

/// The algorithm.
#[derive(Debug)]
pub(super) struct Ed25519;

struct Keys(Arc<[ParsedPublicKey]>);

struct Collected {
    keys: Arc<[ParsedPublicKey]>,
    message: Vec<u8>,
}

impl Algorithm for Ed25519 {
    fn name(&self) -> &'static str {
        "ed25519"
    }

    /// It hashes with SHA-512, inside; what `hash` says has no meaning and stays the default.
    fn takes(&self, hash: Hash) -> bool {
        hash == Hash::Sha256
    }

    fn needs_whole(&self) -> bool {
        true
    }

    fn key(&self, form: KeyForm, _hash: Hash, text: &[u8]) -> Option<Arc<dyn PublicKey>> {
        let keys = written::keys(form, Raw::Ed25519, text)?;
        let keys: Vec<ParsedPublicKey> = keys
            .into_iter()
            .filter_map(|jwk| match jwk.key {
                Bare::Ed25519(bytes) => ParsedPublicKey::new(&ED25519, bytes).ok(),
                Bare::Point(..) | Bare::Rsa(_) => None,
            })
            .collect();
        (!keys.is_empty()).then(|| Arc::new(Keys(keys.into())) as Arc<dyn PublicKey>)
    }

    fn private(&self, _form: KeyForm, _hash: Hash, text: &[u8]) -> Option<Arc<dyn PrivateKey>> {
        private::ed25519(text)
    }
}

impl PublicKey for Keys {
    fn begin(&self) -> Box<dyn Verification> {
        Box::new(Collected { keys: Arc::clone(&self.0), message: Vec::new() })
    }
}

impl Verification for Collected {
    fn update(&mut self, bytes: &[u8]) {
        self.message.extend_from_slice(bytes);
    }

    fn is_signed(&self, signature: &[u8]) -> bool {
        self.keys.iter().any(|key| key.verify_sig(&self.message, signature).is_ok())
    }
}
