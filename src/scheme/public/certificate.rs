//! When a certificate counts (RFC 5280 §4.1.2.5). The key itself is read in `spki`.

use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};

use super::der::{self, Der};
use super::pem::{self, Label};
use crate::base::clock::Wall;
use crate::scheme::key::{Key, KeyForm};

/// The first and the last moment of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::scheme) struct Dates {
    pub(in crate::scheme) not_before: Wall,
    pub(in crate::scheme) not_after: Wall,
}

/// A certificate whose dates cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::scheme) struct Undated;

/// The dates of the certificate in `text`; none when it is no certificate.
///
/// # Errors
/// [`Undated`] when it is one and its dates cannot be read.
pub(in crate::scheme) fn dates(form: KeyForm, text: &[u8]) -> Result<Option<Dates>, Undated> {
    if form != KeyForm::Pem {
        return Ok(None);
    }
    match pem::first(text) {
        Some((Label::Certificate, der)) => of_certificate(&der).map(Some).ok_or(Undated),
        Some((Label::PublicKey | Label::RsaPublicKey, _)) | None => Ok(None),
    }
}

fn of_certificate(bytes: &[u8]) -> Option<Dates> {
    let mut certificate = der::alone(bytes, der::SEQUENCE)?;
    let mut signed = Der::new(certificate.take(der::SEQUENCE)?);
    signed.take_if(der::VERSION);
    signed.take(der::INTEGER)?;
    // Signature algorithm, issuer.
    for _ in 0..2 {
        signed.take(der::SEQUENCE)?;
    }
    let mut validity = Der::new(signed.take(der::SEQUENCE)?);
    let (not_before, not_after) = (moment(&mut validity)?, moment(&mut validity)?);
    validity.is_empty().then_some(Dates { not_before, not_after })
}

/// The next element, a time in one of its two forms: both end in `Z` and have seconds.
fn moment(parts: &mut Der<'_>) -> Option<Wall> {
    let (tag, contents) = parts.next()?;
    let text = std::str::from_utf8(contents).ok()?;
    let whole = match tag {
        // Years from 50 on are of the last century.
        der::UTC_TIME if contents.len() == 13 => {
            let century = if *contents.first()? >= b'5' { "19" } else { "20" };
            format!("{century}{text}")
        }
        der::GENERALIZED_TIME if contents.len() == 15 => text.to_owned(),
        _ => return None,
    };
    let form = format_description!("[year][month][day][hour][minute][second]Z");
    let at: OffsetDateTime = PrimitiveDateTime::parse(&whole, form).ok()?.assume_utc();
    Some(Wall(at.unix_timestamp().checked_mul(1000)?))
}

impl Key {
    /// Whether `now` lies within the dates of the certificate the key came in; true for keys without one.
    pub fn covers(&self, now: Wall) -> bool {
        self.dates.is_none_or(|dates| dates.not_before <= now && now <= dates.not_after)
    }

    /// The last moment of the certificate the key came in.
    pub fn not_after(&self) -> Option<Wall> {
        self.dates.map(|dates| dates.not_after)
    }
}

#[cfg(test)]
mod tests;
