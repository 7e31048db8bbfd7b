//! Times in signed messages: exact shapes, and how far they may be off. Reads no clock.

use std::time::{Duration, UNIX_EPOCH};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::Refusal;
use crate::base::clock::Wall;

/// How a time is written. Each has one exact shape, so that its end is where it seems to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// Ten digits: seconds since 1970, until 2286.
    Unix,
    /// Thirteen digits: milliseconds.
    UnixMs,
    /// Either of these, told apart by length.
    Auto,
    /// `2026-11-21T10:00:00.5Z` or with an offset `+01:00`; upper case, seconds always present.
    Rfc3339,
    /// `Sun, 06 Nov 1994 08:49:37 GMT`, the one form of RFC 9110 §5.6.7 senders may use.
    HttpDate,
    /// `20150830T123600Z`, as AWS writes it.
    IsoBasic,
}

/// How far a signed time may be from ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    /// Back; `None`: without bound.
    pub(super) tolerance: Option<Duration>,
    /// Ahead; never more than `tolerance`.
    pub(super) future: Duration,
}

impl Format {
    /// The format of that name.
    pub(super) fn parse(name: &str) -> Option<Self> {
        match name {
            "unix" => Some(Self::Unix),
            "unix_ms" => Some(Self::UnixMs),
            "auto" => Some(Self::Auto),
            "rfc3339" => Some(Self::Rfc3339),
            "http_date" => Some(Self::HttpDate),
            "iso_basic" => Some(Self::IsoBasic),
            _ => None,
        }
    }

    /// Unix milliseconds, or `None` when the text is not of the exact shape.
    pub(super) fn read(self, text: &[u8]) -> Option<Wall> {
        match self {
            Self::Unix => digits(text, 10).map(|s| Wall(s.saturating_mul(1000))),
            Self::UnixMs => digits(text, 13).map(Wall),
            Self::Auto => Self::Unix.read(text).or_else(|| Self::UnixMs.read(text)),
            Self::Rfc3339 => {
                let text = std::str::from_utf8(text).ok().filter(|text| is_rfc3339(text.as_bytes()))?;
                let at = OffsetDateTime::parse(text, &Rfc3339).ok()?;
                i64::try_from(at.unix_timestamp_nanos().div_euclid(1_000_000)).ok().map(Wall)
            }
            Self::HttpDate => {
                let text = std::str::from_utf8(text).ok().filter(|text| is_imf_fixdate(text.as_bytes()))?;
                let since = httpdate::parse_http_date(text).ok()?.duration_since(UNIX_EPOCH).ok()?;
                i64::try_from(since.as_millis()).ok().map(Wall)
            }
            Self::IsoBasic => Self::Rfc3339.read(&extended(text)?),
        }
    }

    /// The time as a provider would write it; empty for times no format can hold.
    pub(super) fn write(self, at: Wall) -> String {
        match self {
            Self::Unix | Self::Auto => format!("{:010}", at.unix_seconds()),
            Self::UnixMs => format!("{:013}", at.0),
            Self::Rfc3339 => at.rfc3339(),
            Self::HttpDate => {
                let since = Duration::from_millis(u64::try_from(at.0).unwrap_or(0));
                UNIX_EPOCH.checked_add(since).map(httpdate::fmt_http_date).unwrap_or_default()
            }
            Self::IsoBasic => {
                let text = at.rfc3339();
                let seconds = text.split_once('.').map_or(text.as_str(), |(seconds, _)| seconds);
                let seconds: String = seconds.chars().filter(|one| !matches!(one, '-' | ':' | 'Z')).collect();
                format!("{seconds}Z")
            }
        }
    }

    /// Whether every text of this format has the same length.
    pub(super) fn has_fixed_length(self) -> bool {
        match self {
            Self::Unix | Self::UnixMs | Self::HttpDate | Self::IsoBasic => true,
            Self::Auto | Self::Rfc3339 => false,
        }
    }
}

impl Window {
    /// Whether a message of time `at` may be accepted at `now`; both edges are inside.
    ///
    /// # Errors
    /// [`Refusal::Stale`] or [`Refusal::Future`], by how many seconds.
    pub(super) fn admits(&self, at: Wall, now: Wall) -> Result<(), Refusal> {
        let age = now.0.saturating_sub(at.0);
        let ahead = at.0.saturating_sub(now.0);
        let future = self.tolerance.map_or(self.future, |tolerance| tolerance.min(self.future));
        if let Some(by_s) = beyond(ahead, future) {
            return Err(Refusal::Future { by_s });
        }
        match self.tolerance.and_then(|tolerance| beyond(age, tolerance)) {
            Some(by_s) => Err(Refusal::Stale { by_s }),
            None => Ok(()),
        }
    }
}

/// Whether text holds the beginning of an RFC 3339 time (`dddd-dd-ddTdd:`) anywhere.
pub(super) fn holds_a_date(text: &[u8]) -> bool {
    text.windows(14).any(|part| fits(part, b"0000-00-00T00:"))
}

/// Seconds, rounded up, by which `span_ms` exceeds `most`.
fn beyond(span_ms: i64, most: Duration) -> Option<u64> {
    let span = u64::try_from(span_ms).unwrap_or(0);
    let most = u64::try_from(most.as_millis()).unwrap_or(u64::MAX);
    (span > most).then(|| span.saturating_sub(most).div_ceil(1000))
}

fn digits(text: &[u8], length: usize) -> Option<i64> {
    if text.len() != length || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// Whether `text` has the pattern's length and characters, where `0` stands for any digit.
fn fits(text: &[u8], pattern: &[u8]) -> bool {
    text.len() == pattern.len()
        && text.iter().zip(pattern).all(|(byte, want)| match want {
            b'0' => byte.is_ascii_digit(),
            other => byte == other,
        })
}

fn is_rfc3339(text: &[u8]) -> bool {
    let Some((seconds, rest)) = text.split_at_checked(19) else { return false };
    let rest = match rest.strip_prefix(b".") {
        None => rest,
        Some(fraction) => {
            let length = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
            match fraction.split_at_checked(length) {
                Some((_, rest)) if (1..=9).contains(&length) => rest,
                Some(_) | None => return false,
            }
        }
    };
    fits(seconds, b"0000-00-00T00:00:00") && (rest == b"Z" || fits(rest, b"+00:00") || fits(rest, b"-00:00"))
}

/// The extended form of a time in the basic one.
fn extended(text: &[u8]) -> Option<Vec<u8>> {
    if !fits(text, b"00000000T000000Z") {
        return None;
    }
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    let date = [part(0, 4), part(4, 6), part(6, 8)].join(&b'-');
    let time = [part(9, 11), part(11, 13), part(13, 16)].join(&b':');
    Some([date, time].join(&b'T'))
}

fn is_imf_fixdate(text: &[u8]) -> bool {
    let same = |at: usize, want: &[u8]| text.get(at..at.saturating_add(want.len())) == Some(want);
    text.len() == 29 && same(3, b", ") && same(25, b" GMT")
}

#[cfg(test)]
mod tests;
