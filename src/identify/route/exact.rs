//! Routes with exactly one path, found by hash.

use std::collections::HashMap;

use super::pattern::{Pattern, without_trailing_slash};
use super::reading::folded;
use super::takers::{Asked, Chosen, Spot, Tally};
use super::{Spelling, Tier};
use crate::config::settings::Route;

/// Keyed by the path in lower case without trailing slash; under one key, every spelling of it.
#[derive(Debug, Default)]
pub(super) struct ExactPaths(HashMap<Box<[u8]>, Vec<Spot>>);

impl ExactPaths {
    /// # Errors
    /// The earlier route that could win too.
    pub(super) fn add(&mut self, pattern: &Pattern, index: usize, route: &Route) -> Result<(), usize> {
        let written = Spot::new(&pattern.written, Spelling::Written);
        let spots = self.0.entry(key(&pattern.written)).or_default();
        if let Some(earlier) =
            spots.iter().filter(|spot| spot.is(&written)).find_map(|spot| spot.meets(route))
        {
            return Err(earlier);
        }
        written.file(spots, index, route);
        for decoded in &pattern.decoded {
            Spot::new(decoded, Spelling::Read).file(self.0.entry(key(decoded)).or_default(), index, route);
        }
        Ok(())
    }
}

impl Tier for ExactPaths {
    fn look(
        &self,
        path: &[u8],
        folded: &[u8],
        asked: Asked<'_>,
        spelling: Spelling,
    ) -> (Option<Chosen>, Option<Chosen>) {
        let Some(spots) = self.0.get(folded) else { return (None, None) };
        let spelled = spots.iter().filter(|spot| spot.counts(spelling) && *spot.path == *path);
        (Tally::of(spelled, asked), Tally::of(spots.iter(), asked))
    }
}

fn key(path: &[u8]) -> Box<[u8]> {
    folded(without_trailing_slash(path)).into_owned().into_boxed_slice()
}
