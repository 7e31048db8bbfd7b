//! Reads PEM texts (RFC 7468) strictly: known labels, one block after the other, nothing but white space between.

use super::super::encoding::Encoding;

/// What a block holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Label {
    /// `PUBLIC KEY`: a `SubjectPublicKeyInfo`.
    PublicKey,
    /// `RSA PUBLIC KEY`: an `RSAPublicKey` of PKCS#1.
    RsaPublicKey,
    /// `CERTIFICATE`: X.509.
    Certificate,
}

/// The first block of `text`; `None` when it is of another label (a private key has no place here), or the text is
/// broken. Of a chain of certificates the first is that of the signer.
pub(super) fn first(text: &[u8]) -> Option<(Label, Vec<u8>)> {
    let text = std::str::from_utf8(text).ok()?.trim();
    let (label, rest) = text.strip_prefix("-----BEGIN ")?.split_once("-----")?;
    let kind = match label {
        "PUBLIC KEY" => Label::PublicKey,
        "RSA PUBLIC KEY" => Label::RsaPublicKey,
        "CERTIFICATE" => Label::Certificate,
        _ => return None,
    };
    let (der, after) = block(label, rest)?;
    let others_follow = kind == Label::Certificate && after.starts_with("-----BEGIN CERTIFICATE-----");
    if !after.is_empty() && !others_follow {
        return None;
    }
    Some((kind, der))
}

/// The only block of `text`, which holds a private key with this label. Only the sender reads one.
pub(super) fn private(text: &[u8], label: &str) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(text).ok()?.trim();
    let rest = text.strip_prefix("-----BEGIN ")?.strip_prefix(label)?.strip_prefix("-----")?;
    let (der, after) = block(label, rest)?;
    after.is_empty().then_some(der)
}

/// What stands before the end of a block, and what follows it.
fn block<'t>(label: &str, rest: &'t str) -> Option<(Vec<u8>, &'t str)> {
    let (inside, after) = rest.split_once("-----END ")?;
    let after = after.strip_prefix(label)?.strip_prefix("-----")?.trim_start();
    let base64: Vec<u8> = inside.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    Encoding::Base64.decode(&base64).map(|der| (der, after))
}
