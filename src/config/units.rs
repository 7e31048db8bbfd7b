//! Durations, sizes, rates and dates as a person writes them: always with a unit, never a bare number.

use std::time::Duration;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::report::Fault;

const DURATION_HINT: &str = "write a number and a unit: 500ms, 10s, 5m, 2h, 7d; or several: 1m30s";
const SIZE_HINT: &str = "write a whole number and a unit: 512B, 64KiB, 10MiB, 1GiB";
const RATE_HINT: &str = "write a number and a period: 10/s, 300/m, 1000/h";
const INSTANT_HINT: &str = "write a date as 2026-12-31 (its midnight, UTC) or 2026-12-31T08:00:00Z";

/// Reads `1m30s`. Units: ms, s, m, h, d, each at most once, from long to short.
pub(crate) fn duration(text: &str) -> Result<Duration, Fault> {
    let wrong = || Fault::new("expected a duration", DURATION_HINT);
    let mut rest = text;
    let mut total = Duration::ZERO;
    let mut smallest = u64::MAX;
    while !rest.is_empty() {
        let (number, unit, tail) = number_and_unit(rest).ok_or_else(wrong)?;
        let millis: u64 = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            "" => {
                return Err(Fault::new("expected a duration, found a number without a unit", DURATION_HINT));
            }
            _ => return Err(wrong()),
        };
        if millis >= smallest {
            return Err(wrong());
        }
        smallest = millis;
        let part = Duration::from_millis(number.checked_mul(millis).ok_or_else(wrong)?);
        total = total.checked_add(part).ok_or_else(wrong)?;
        rest = tail;
    }
    if text.is_empty() { Err(wrong()) } else { Ok(total) }
}

/// Writes a duration the way [`duration`] reads it, in the longest unit that is whole.
pub(crate) fn duration_text(span: Duration) -> String {
    let millis = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
    for (unit, length) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000)] {
        if millis >= length && millis.is_multiple_of(length) {
            return format!("{}{unit}", millis / length);
        }
    }
    if millis == 0 { "0s".to_owned() } else { format!("{millis}ms") }
}

/// Reads `10MiB`. Units: B, KiB, MiB, GiB.
pub(crate) fn size(text: &str) -> Result<u64, Fault> {
    let wrong = || Fault::new("expected a size", SIZE_HINT);
    let (number, unit, tail) = number_and_unit(text).ok_or_else(wrong)?;
    if !tail.is_empty() {
        return Err(wrong());
    }
    let factor: u64 = match unit {
        "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "" => return Err(Fault::new("expected a size, found a number without a unit", SIZE_HINT)),
        "K" | "k" | "KB" | "kB" | "M" | "MB" | "G" | "GB" | "Ki" | "Mi" | "Gi" => {
            let letter = unit.chars().next().unwrap_or('K').to_ascii_uppercase();
            return Err(Fault::new(
                format!("expected a size, found the unit {unit}"),
                format!("write {number}{letter}iB"),
            ));
        }
        _ => return Err(wrong()),
    };
    number.checked_mul(factor).ok_or_else(wrong)
}

/// Writes a size the way [`size`] reads it.
pub(crate) fn size_text(bytes: u64) -> String {
    for (unit, factor) in [("GiB", 1_u64 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)] {
        if bytes >= factor && bytes.is_multiple_of(factor) {
            return format!("{}{unit}", bytes / factor);
        }
    }
    format!("{bytes}B")
}

/// Reads `10/s` as the time between two events at that rate. Periods: s, m, h, d.
pub(crate) fn rate(text: &str) -> Result<Duration, Fault> {
    let wrong = || Fault::new("expected a rate", RATE_HINT);
    let (count, period) = text.split_once('/').ok_or_else(wrong)?;
    let count: u64 = count.parse().ok().filter(|n| (1..=1_000_000).contains(n)).ok_or_else(wrong)?;
    let seconds: u64 = match period {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err(wrong()),
    };
    Ok(Duration::from_nanos((seconds * 1_000_000_000) / count))
}

/// Reads an RFC 3339 date as Unix milliseconds; a date alone is its midnight, UTC.
pub(crate) fn instant(text: &str) -> Result<i64, Fault> {
    let wrong = || Fault::new("expected a date", INSTANT_HINT);
    let full = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
    let at = OffsetDateTime::parse(&full, &Rfc3339).map_err(|_| wrong())?;
    i64::try_from(at.unix_timestamp_nanos() / 1_000_000).map_err(|_| wrong())
}

/// Splits `10MiBrest` into 10, `MiB` and `rest` (which starts at the next digit).
fn number_and_unit(text: &str) -> Option<(u64, &str, &str)> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, rest) = text.split_at_checked(digits)?;
    let letters = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
    let (unit, tail) = rest.split_at_checked(letters)?;
    Some((number.parse().ok()?, unit, tail))
}

#[cfg(test)]
mod tests;
