//! The only place that reads a clock. Everything else takes [`Now`] as an argument.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::time::{ClockId, clock_gettime};

/// A reading of both clocks, taken once per request and handed down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// Monotonic time: limits, deadlines, durations.
    pub mono: Mono,
    /// Wall time: signature timestamps, expiry dates, records.
    pub wall: Wall,
}

/// Monotonic nanoseconds since some moment before the process began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mono(pub u64);

/// Wall-clock milliseconds since the Unix epoch; negative before 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wall(pub i64);

/// Reads both clocks.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the clocks")]
pub fn now() -> Now {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    Now { mono: mono(), wall: Wall(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)) }
}

/// Reads the monotonic clock alone. Asked several times per request: no arithmetic but this.
pub fn mono() -> Mono {
    let now = clock_gettime(ClockId::Monotonic);
    let seconds = u64::try_from(now.tv_sec).unwrap_or(0);
    Mono(seconds.saturating_mul(1_000_000_000).saturating_add(u64::try_from(now.tv_nsec).unwrap_or(0)))
}

impl Mono {
    /// This instant plus `span`, saturating.
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)))
    }

    /// How long after `earlier` this is; zero when it is not.
    pub fn since(self, earlier: Mono) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

impl Wall {
    /// Whole seconds since the Unix epoch, rounded down.
    pub fn unix_seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// RFC 3339 in UTC with milliseconds, for records and answers: `2026-11-21T10:00:00.000Z`.
    pub fn rfc3339(self) -> String {
        let nanos = i128::from(self.0).saturating_mul(1_000_000);
        let Ok(at) = time::OffsetDateTime::from_unix_timestamp_nanos(nanos) else { return String::new() };
        format!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
            at.year(),
            u8::from(at.month()),
            at.day(),
            at.hour(),
            at.minute(),
            at.second(),
            at.millisecond()
        )
    }
}
