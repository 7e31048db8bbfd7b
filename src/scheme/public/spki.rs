//! What kind of key a `SubjectPublicKeyInfo` (RFC 5280 §4.1.2.7) holds, and its bytes: by itself, in a certificate.
//! A key is only ever used by the algorithm its own structure names.

use super::der::{self, Der};

/// A public key of any kind we know, with its own bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Bare {
    /// Ed25519, 32 bytes.
    Ed25519(Vec<u8>),
    /// A point of a curve, uncompressed: `04`, x, y.
    Point(Curve, Vec<u8>),
    /// An `RSAPublicKey` (RFC 8017 A.1.1) in DER.
    Rsa(Vec<u8>),
}

/// The curves of ECDSA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Curve {
    P256,
    P384,
    P521,
}

/// Object identifiers, as they are encoded.
pub(super) const RSA: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01];
const EC: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01];
const P256: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07];
const P384: &[u8] = &[0x2B, 0x81, 0x04, 0x00, 0x22];
const P521: &[u8] = &[0x2B, 0x81, 0x04, 0x00, 0x23];
const ED25519: &[u8] = &[0x2B, 0x65, 0x70];
const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1D, 0x13];
const NULL: &[u8] = &[0x05, 0x00];

impl Curve {
    /// Bytes of a coordinate.
    pub(super) fn width(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }
}

impl Bare {
    /// The key with its shape checked: sizes fit, RSA has a modulus of a size and an odd exponent.
    pub(super) fn checked(self) -> Option<Self> {
        let fits = match &self {
            Self::Ed25519(bytes) => bytes.len() == 32,
            Self::Point(curve, bytes) => {
                bytes.first() == Some(&4) && bytes.len() == curve.width().saturating_mul(2).saturating_add(1)
            }
            Self::Rsa(_) => self.modulus_bits().is_some(),
        };
        fits.then_some(self)
    }

    /// Length of an RSA modulus, bits; `None` for other keys.
    pub(super) fn modulus_bits(&self) -> Option<usize> {
        let Self::Rsa(bytes) = self else { return None };
        let mut parts = der::alone(bytes, der::SEQUENCE)?;
        let modulus = der::unsigned(parts.take(der::INTEGER)?)?;
        let exponent = der::unsigned(parts.take(der::INTEGER)?)?;
        let is_odd = exponent.last().is_some_and(|last| last & 1 == 1);
        let is_key = parts.is_empty() && is_odd && exponent != [1];
        let unused = usize::try_from(modulus.first()?.leading_zeros()).ok()?;
        is_key.then(|| modulus.len().saturating_mul(8).saturating_sub(unused))
    }
}

/// The key in a `SubjectPublicKeyInfo` that is all of `bytes`.
pub(super) fn read(bytes: &[u8]) -> Option<Bare> {
    info(&mut der::alone(bytes, der::SEQUENCE)?)
}

/// The key in an X.509 certificate, unless it is one of an authority.
///
/// Security: the certificate is pinned by the operator, or was judged when it was fetched, and is no more than a key
/// here: its issuer's signature is not judged. When it counts is read in `certificate`.
pub(super) fn of_certificate(bytes: &[u8]) -> Option<Bare> {
    let mut certificate = der::alone(bytes, der::SEQUENCE)?;
    let mut signed = Der::new(certificate.take(der::SEQUENCE)?);
    signed.take_if(der::VERSION);
    signed.take(der::INTEGER)?;
    // Signature algorithm, issuer, validity, subject.
    for _ in 0..4 {
        signed.take(der::SEQUENCE)?;
    }
    let key = info(&mut Der::new(signed.take(der::SEQUENCE)?))?;
    while let Some((tag, contents)) = signed.next() {
        if tag == der::EXTENSIONS && is_authority(contents)? {
            return None;
        }
    }
    signed.is_empty().then_some(key)
}

fn info(parts: &mut Der<'_>) -> Option<Bare> {
    let mut algorithm = Der::new(parts.take(der::SEQUENCE)?);
    let bytes = parts.bits()?.to_vec();
    if !parts.is_empty() {
        return None;
    }
    let name = algorithm.take(der::OBJECT)?;
    let key = match name {
        ED25519 => Bare::Ed25519(bytes),
        RSA => {
            let mut parameters = algorithm;
            let (tag, contents) = parameters.next()?;
            if [tag, u8::try_from(contents.len()).ok()?] != NULL {
                return None;
            }
            algorithm = parameters;
            Bare::Rsa(bytes)
        }
        EC => {
            let curve = match algorithm.take(der::OBJECT)? {
                P256 => Curve::P256,
                P384 => Curve::P384,
                P521 => Curve::P521,
                _ => return None,
            };
            Bare::Point(curve, bytes)
        }
        _ => return None,
    };
    if algorithm.is_empty() { key.checked() } else { None }
}

/// Whether the extensions say that this is a certificate of an authority; `None` when they cannot be read.
fn is_authority(extensions: &[u8]) -> Option<bool> {
    let mut list = der::alone(extensions, der::SEQUENCE)?;
    while !list.is_empty() {
        let mut extension = Der::new(list.take(der::SEQUENCE)?);
        let name = extension.take(der::OBJECT)?;
        extension.take_if(der::BOOLEAN);
        let value = extension.take(der::OCTET_STRING)?;
        if name == BASIC_CONSTRAINTS {
            let mut constraints = der::alone(value, der::SEQUENCE)?;
            return Some(constraints.take_if(der::BOOLEAN).is_some_and(|flag| flag == [0xFF]));
        }
    }
    Some(false)
}
