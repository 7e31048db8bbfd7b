//! Reads values out of a part of the tree that the shape check has passed: what is absent or was already
//! reported reads as `None`.

use std::time::Duration;

use crate::config::raw::View;
use crate::config::{scalar, units};

/// A map of the file, or its absence.
#[derive(Clone, Copy)]
pub(crate) struct Section<'t>(pub(crate) Option<View<'t>>);

impl<'t> Section<'t> {
    /// The value of a key.
    pub(crate) fn get(self, key: &str) -> Option<View<'t>> {
        self.0?.get(key)
    }

    /// The map under a key.
    pub(crate) fn section(self, key: &str) -> Section<'t> {
        Section(self.get(key))
    }

    /// The text of a key.
    pub(crate) fn text(self, key: &str) -> Option<&'t str> {
        self.get(key)?.text()
    }

    /// `true` or `false`; absent is `false`.
    pub(crate) fn is_true(self, key: &str) -> bool {
        self.text(key).and_then(|text| scalar::boolean(text).ok()).unwrap_or(false)
    }

    /// A whole number.
    pub(crate) fn number<N: TryFrom<u64>>(self, key: &str) -> Option<N> {
        let number = scalar::integer(self.text(key)?, 0, u64::MAX).ok()?;
        N::try_from(number).ok()
    }

    /// A whole number, or its default.
    pub(crate) fn number_or<N: TryFrom<u64> + Default>(self, key: &str, default: u64) -> N {
        self.number(key).or_else(|| N::try_from(default).ok()).unwrap_or_default()
    }

    /// A duration, or its default.
    pub(crate) fn duration_or(self, key: &str, default: Duration) -> Duration {
        self.duration(key).unwrap_or(default)
    }

    /// A duration.
    pub(crate) fn duration(self, key: &str) -> Option<Duration> {
        units::duration(self.text(key)?).ok()
    }

    /// A size in bytes.
    pub(crate) fn size(self, key: &str) -> Option<u64> {
        units::size(self.text(key)?).ok()
    }

    /// A size in bytes, or its default.
    pub(crate) fn size_or<N: TryFrom<u64> + Default>(self, key: &str, default: u64) -> N {
        N::try_from(self.size(key).unwrap_or(default)).unwrap_or_default()
    }

    /// A date as Unix milliseconds.
    pub(crate) fn instant(self, key: &str) -> Option<i64> {
        units::instant(self.text(key)?).ok()
    }

    /// The word of the list that a key holds.
    pub(crate) fn word(self, key: &str, words: &[&'static str]) -> Option<&'static str> {
        scalar::word(self.text(key)?, words)
    }

    /// The items of a list, or the one value written instead of a list.
    pub(crate) fn texts(self, key: &str) -> Vec<String> {
        let Some(view) = self.get(key) else { return Vec::new() };
        let alone = view.text().map(str::to_owned);
        view.items().filter_map(|item| item.text().map(str::to_owned)).chain(alone).collect()
    }

    /// 1-based line of the map's key; 0 when it is absent.
    pub(crate) fn line(self) -> u32 {
        self.0.map_or(0, View::line)
    }
}
