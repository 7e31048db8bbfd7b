//! `key_metadata`: which entry says more about which key.

use std::collections::HashMap;

use super::{Reading, Section};
use crate::config::raw::View;
use crate::config::report::Fault;

/// The entries beside some keys, and which of them have found their key.
pub(super) struct Metadata<'t> {
    entries: Vec<View<'t>>,
    by_name: HashMap<&'t str, usize>,
    used: Vec<Option<usize>>,
    keys: usize,
}

impl<'t> Metadata<'t> {
    /// The entries of one map.
    pub(super) fn of(section: Section<'t>) -> Self {
        let entries: Vec<View<'t>> =
            section.get("key_metadata").into_iter().flat_map(|view| view.entries()).collect();
        let names = entries.iter().enumerate().map(|(index, view)| (view.key(), index));
        let by_name = names.filter(|(name, _)| !name.is_empty()).collect();
        Self { used: vec![None; entries.len()], entries, by_name, keys: 0 }
    }

    /// The entry that has the id, the name or the raw value of a key as it is written.
    pub(super) fn belonging_to(&mut self, view: View<'_>, reading: &mut Reading<'_>) -> Option<View<'t>> {
        self.keys += 1;
        let written = Section(Some(view));
        let raw = view.text().or(written.text("value"));
        let names = [written.text("id"), written.text("name"), Some(view.key()), raw];
        let names: Vec<&str> = names.into_iter().flatten().collect();
        let found = names.into_iter().find_map(|name| self.by_name.get(name)).copied()?;
        self.claim(found, view, reading)
    }

    /// The entry of this name, for a key that names itself otherwise than it is written.
    pub(super) fn named(
        &mut self,
        name: &str,
        view: View<'_>,
        reading: &mut Reading<'_>,
    ) -> Option<View<'t>> {
        let found = self.by_name.get(name).copied()?;
        self.claim(found, view, reading)
    }

    /// Security: an entry that fits two keys would give one of them what was meant for the other.
    fn claim(&mut self, index: usize, view: View<'_>, reading: &mut Reading<'_>) -> Option<View<'t>> {
        let taken = self.used.get_mut(index)?;
        if taken.is_some_and(|key| key != self.keys) {
            let message = "the entry of key_metadata for this key also fits another key";
            reading.report.error(view.spot(), Fault::new(message, "name it by an id that only one key has"));
        }
        *taken = Some(self.keys);
        self.entries.get(index).copied()
    }

    /// An entry without a key is one whose name is misspelt.
    pub(super) fn refuse_unused(self, reading: &mut Reading<'_>) {
        for (view, used) in self.entries.iter().zip(&self.used) {
            // A name that could not be resolved is told already.
            let is_told = used.is_some() || reading.report.has_error_at(&view.key_spot());
            if !is_told && !reading.report.is_full() {
                let message = "this entry belongs to no key beside it";
                let hint = "its key is the name, the id or the raw value of an entry of `keys`";
                reading.report.error(view.key_spot(), Fault::new(message, hint));
            }
        }
    }
}
