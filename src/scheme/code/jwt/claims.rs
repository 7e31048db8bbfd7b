//! The claims of a token: read one by one, each in one way only, and judged against what the options ask for.

use super::options::Options;
use crate::base::clock::Wall;
use crate::scheme::Refusal;
use crate::scheme::json::Path;

/// A token's payload: the text of a JSON object.
pub(super) struct Payload(Vec<u8>);

impl Payload {
    /// Takes the decoded segment.
    ///
    /// # Errors
    /// [`Refusal::Malformed`] when it is no JSON object.
    pub(super) fn read(text: Vec<u8>) -> Result<Self, Refusal> {
        let payload = Self(text);
        // Any name: the whole text is read on the way.
        payload.text("iss").or_else(|_| payload.all("iss").map(|_| None))?;
        match payload.0.trim_ascii_start().first() {
            Some(b'{') => Ok(payload),
            Some(_) | None => Err(Refusal::Malformed),
        }
    }

    /// A claim that is a string, a number or a boolean, as text; `None` when it is absent or null.
    ///
    /// # Errors
    /// [`Refusal::Malformed`] when it stands there twice or is something else.
    pub(super) fn text(&self, name: &str) -> Result<Option<Vec<u8>>, Refusal> {
        let mut found = self.find(name)?;
        let value = found.pop();
        if found.is_empty() { Ok(value) } else { Err(Refusal::Malformed) }
    }

    /// A claim that may be one text or a list of them.
    fn all(&self, name: &str) -> Result<Vec<Vec<u8>>, Refusal> {
        self.find(name).or_else(|_| self.find(&format!("{name}.*")))
    }

    fn find(&self, name: &str) -> Result<Vec<Vec<u8>>, Refusal> {
        let path = Path::parse(name).ok_or(Refusal::Malformed)?;
        let found = path.find(&self.0).map_err(|_| Refusal::Malformed)?;
        Ok(found.into_iter().map(|value| value.into_owned().into_bytes()).collect())
    }

    /// A time, seconds since 1970 (RFC 7519 §2, `NumericDate`).
    fn time(&self, name: &str) -> Result<Option<Wall>, Refusal> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        let whole = text.split(|byte| *byte == b'.').next().unwrap_or(&text);
        let digits = (1..=11).contains(&whole.len()) && whole.iter().all(u8::is_ascii_digit);
        let rest = text.get(whole.len()..).unwrap_or(&[]);
        let fraction = rest.strip_prefix(b".").unwrap_or(rest).iter().all(u8::is_ascii_digit);
        if !digits || !fraction {
            return Err(Refusal::TimestampMalformed);
        }
        let seconds = std::str::from_utf8(whole).ok().and_then(|whole| whole.parse::<i64>().ok());
        Ok(Some(Wall(seconds.ok_or(Refusal::TimestampMalformed)?.saturating_mul(1000))))
    }
}

impl Options {
    /// Judges everything the payload says by itself.
    ///
    /// # Errors
    /// [`Refusal::Wrong`] for claims that are not what they must be, [`Refusal::Stale`] and [`Refusal::Future`] for
    /// its times, [`Refusal::Malformed`] for what cannot be read.
    pub(super) fn judge(&self, payload: &Payload, now: Wall) -> Result<(), Refusal> {
        for name in &self.required {
            payload.text(name)?.filter(|value| !value.is_empty()).ok_or(Refusal::Wrong)?;
        }
        for (name, values) in &self.claims {
            let said = payload.all(name)?;
            if !said.iter().any(|said| values.iter().any(|value| value.as_bytes() == said.as_slice())) {
                return Err(Refusal::Wrong);
            }
        }
        let leeway_ms = self.leeway_s.saturating_mul(1000);
        let issued = payload.time("iat")?;
        for earliest in [payload.time("nbf")?, issued].into_iter().flatten() {
            past(earliest.0.saturating_sub(now.0), leeway_ms)
                .map_or(Ok(()), |by_s| Err(Refusal::Future { by_s }))?;
        }
        let end = payload.time("exp")?;
        if let Some(end) = end {
            past(now.0.saturating_sub(end.0), leeway_ms)
                .map_or(Ok(()), |by_s| Err(Refusal::Stale { by_s }))?;
        }
        let Some(most_s) = self.max_age_s else { return Ok(()) };
        let most_ms = most_s.saturating_mul(1000);
        match (issued, end) {
            (Some(issued), _) => past(now.0.saturating_sub(issued.0), most_ms)
                .map_or(Ok(()), |by_s| Err(Refusal::Stale { by_s })),
            // Security: its age cannot be told, so its end must lie within it. One that counts for longer than it is
            // remembered could be replayed when it has been forgotten.
            (None, Some(end)) => past(end.0.saturating_sub(now.0), most_ms)
                .map_or(Ok(()), |by_s| Err(Refusal::Future { by_s })),
            (None, None) => Ok(()),
        }
    }
}

/// Seconds, rounded up, by which `span_ms` exceeds `most_ms`.
fn past(span_ms: i64, most_ms: i64) -> Option<u64> {
    let beyond = span_ms.saturating_sub(most_ms);
    (beyond > 0).then(|| u64::try_from(beyond).unwrap_or(u64::MAX).div_ceil(1000))
}
