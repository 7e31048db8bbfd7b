//! Our own way of verifying, from a key as operators write it to the verdict, over the vectors of Project Wycheproof
//! and over keys in every form.

mod forms;
mod tokens;
mod wycheproof;

use super::*;
use crate::scheme::encoding::Encoding;

fn hex(text: &str) -> Vec<u8> {
    Encoding::Hex.decode(text.as_bytes()).unwrap()
}

fn key(name: &str, form: KeyForm, text: &str) -> Option<Arc<dyn PublicKey>> {
    algorithm(name).unwrap().key(form, Hash::Sha256, text.as_bytes())
}

fn is_signed(key: &dyn PublicKey, message: &[u8], signature: &[u8]) -> bool {
    let mut whole = key.begin();
    whole.update(message);
    let verdict = whole.is_signed(signature);
    let mut pieces = key.begin();
    message.chunks(3).for_each(|piece| pieces.update(piece));
    assert_eq!(verdict, pieces.is_signed(signature), "in pieces");
    verdict
}
