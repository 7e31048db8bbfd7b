//! Whether a certificate that a message named is its provider's: issued for the provider's name, and, where its file
//! can show that, leading to a root. Its dates are held against the clock when it becomes a key, and with every use.

use std::fmt;
use std::time::Duration;

use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;

use super::get::roots;
use crate::base::clock::Wall;
use crate::config::settings::AllowedHost;
use crate::scheme::{NamedCertificate, Trusted};

/// Most certificates of one file; chains have three.
const MOST_CERTIFICATES: usize = 8;

/// Why a certificate is not believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Untrusted {
    /// There is none, or what is there cannot be read.
    Unreadable,
    /// It is for another name.
    OtherName,
    /// It leads to no root that is trusted.
    NoChain(String),
}

/// Judges the first certificate in `pem`; those that follow may lead it to a root.
///
/// # Errors
/// [`Untrusted`].
pub(super) fn judge(
    pem: &[u8],
    named: &NamedCertificate,
    host: &AllowedHost,
    now: Wall,
) -> Result<(), Untrusted> {
    let read: Result<Vec<CertificateDer<'static>>, _> =
        CertificateDer::pem_slice_iter(pem).take(MOST_CERTIFICATES).collect();
    let all = read.map_err(|_| Untrusted::Unreadable)?;
    let (leaf, others) = all.split_first().ok_or(Untrusted::Unreadable)?;
    let parsed = ParsedCertificate::try_from(leaf).map_err(|_| Untrusted::Unreadable)?;
    let is_for = |name: &String| {
        ServerName::try_from(name.as_str()).is_ok_and(|name| verify_server_name(&parsed, &name).is_ok())
    };
    if !named.names.iter().any(is_for) {
        return Err(Untrusted::OtherName);
    }
    match named.trust {
        Trusted::ByHost => Ok(()),
        Trusted::ByChain => {
            let seconds = u64::try_from(now.unix_seconds()).unwrap_or(0);
            let now = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
            let algorithms = aws_lc_rs::default_provider().signature_verification_algorithms;
            verify_server_cert_signed_by_trust_anchor(&parsed, &roots(host), others, now, algorithms.all)
                .map_err(|error| Untrusted::NoChain(error.to_string()))
        }
    }
}

impl fmt::Display for Untrusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable => f.write_str("what lies there is no certificate"),
            Self::OtherName => f.write_str("the certificate is not issued for the provider's name"),
            Self::NoChain(why) => write!(f, "the certificate leads to no trusted root: {why}"),
        }
    }
}
