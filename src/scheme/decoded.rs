//! Bodies that are signed as they were before `Content-Encoding`. Only gzip, whole and alone: what one reader takes
//! for the end another must not read on from.

use std::io::Read;

use flate2::bufread::GzDecoder;
use http::header::CONTENT_ENCODING;

use super::{Refusal, SignedHead};

/// Most bytes a body may grow to for each byte it has, and in all.
const MOST_GROWTH: u64 = 32;
const MOST_BYTES: u64 = 25 * 1024 * 1024;
/// What any body may grow to.
const ALWAYS: u64 = 256 * 1024;

/// How a body is coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    /// As it is.
    Identity,
    /// RFC 1952.
    Gzip,
}

/// The coding a head announces.
///
/// # Errors
/// [`Refusal::Malformed`] for codings that are not known, and for several.
pub(super) fn coding(head: &SignedHead<'_>) -> Result<Coding, Refusal> {
    let mut lines = head.headers.get_all(CONTENT_ENCODING).iter();
    let first = lines.next();
    if lines.next().is_some() {
        return Err(Refusal::Malformed);
    }
    let Some(line) = first else { return Ok(Coding::Identity) };
    match line.as_bytes().to_ascii_lowercase().as_slice() {
        b"identity" => Ok(Coding::Identity),
        b"gzip" | b"x-gzip" => Ok(Coding::Gzip),
        _ => Err(Refusal::Malformed),
    }
}

/// Hands out what a gzip body holds, piece by piece.
///
/// # Errors
/// [`Refusal::BodyShape`] when it is broken, followed by anything, or grows out of proportion.
pub(super) fn each(body: &[u8], take: &mut dyn FnMut(&[u8])) -> Result<(), Refusal> {
    let length = u64::try_from(body.len()).unwrap_or(u64::MAX);
    let mut room = length.saturating_mul(MOST_GROWTH).clamp(ALWAYS, MOST_BYTES);
    let mut reader = GzDecoder::new(body);
    let mut piece = [0; 16 * 1024];
    loop {
        let read = reader.read(&mut piece).map_err(|_| Refusal::BodyShape)?;
        if read == 0 {
            break;
        }
        room = room.checked_sub(u64::try_from(read).unwrap_or(u64::MAX)).ok_or(Refusal::BodyShape)?;
        take(piece.get(..read).unwrap_or(&[]));
    }
    if reader.into_inner().is_empty() { Ok(()) } else { Err(Refusal::BodyShape) }
}

#[cfg(test)]
mod tests;
