//! Routes for everything below a path, whole segments only, the longest first.

use std::collections::HashMap;

use super::pattern::{Pattern, segments, without_trailing_slash};
use super::reading::folded;
use super::takers::{Asked, Chosen, Spot, Tally};
use super::{Spelling, Tier};
use crate::config::settings::Route;

/// A tree over segments in lower case; the walk down a path meets its prefixes from short to long.
#[derive(Debug, Default)]
pub(super) struct Prefixes {
    root: Node,
}

#[derive(Debug, Default)]
struct Node {
    children: HashMap<Box<[u8]>, Node>,
    /// `/api/`: has `/api/…`, and is the longer one where both have a path.
    closed: Vec<Spot>,
    /// `/api`: has `/api` and `/api/…`.
    open: Vec<Spot>,
}

impl Prefixes {
    /// # Errors
    /// The earlier route that could win too: one with the same prefix.
    pub(super) fn add(&mut self, pattern: &Pattern, index: usize, route: &Route) -> Result<(), usize> {
        let written = Spot::new(&pattern.written, Spelling::Written);
        let spots = self.root.spots(&pattern.written);
        if let Some(earlier) =
            spots.iter().filter(|spot| spot.is(&written)).find_map(|spot| spot.meets(route))
        {
            return Err(earlier);
        }
        written.file(spots, index, route);
        for decoded in &pattern.decoded {
            Spot::new(decoded, Spelling::Read).file(self.root.spots(decoded), index, route);
        }
        Ok(())
    }
}

impl Tier for Prefixes {
    fn look(
        &self,
        path: &[u8],
        folded: &[u8],
        asked: Asked<'_>,
        spelling: Spelling,
    ) -> (Option<Chosen>, Option<Chosen>) {
        let (mut spelled, mut loosely) = (None, None);
        let mut node = &self.root;
        let mut rest = segments(folded);
        loop {
            let next = rest.next();
            loosely = node.loosely(next, asked).or(loosely);
            spelled = node.spelled(path, asked, spelling).or(spelled);
            match next.and_then(|segment| node.children.get(segment)) {
                Some(child) => node = child,
                None => return (spelled, loosely),
            }
        }
    }
}

impl Node {
    /// At the path's own end a trailing slash decides nothing, so both forms have it; before, the longer one.
    fn loosely(&self, next: Option<&[u8]>, asked: Asked<'_>) -> Option<Chosen> {
        match next {
            None => Tally::of(self.closed.iter().chain(&self.open), asked),
            Some(_) => Tally::of(self.closed.iter(), asked).or_else(|| Tally::of(self.open.iter(), asked)),
        }
    }

    fn spelled(&self, path: &[u8], asked: Asked<'_>, spelling: Spelling) -> Option<Chosen> {
        let closed = |spot: &&Spot| spot.counts(spelling) && path.starts_with(&spot.path);
        let ends = |rest: &[u8]| rest.is_empty() || rest.starts_with(b"/");
        let open = |spot: &&Spot| spot.counts(spelling) && path.strip_prefix(&*spot.path).is_some_and(ends);
        Tally::of(self.closed.iter().filter(closed), asked)
            .or_else(|| Tally::of(self.open.iter().filter(open), asked))
    }

    fn spots(&mut self, path: &[u8]) -> &mut Vec<Spot> {
        let cut = without_trailing_slash(path);
        let mut node = self;
        for segment in segments(cut) {
            node = node.children.entry(folded(segment).into_owned().into_boxed_slice()).or_default();
        }
        if cut.len() == path.len() { &mut node.open } else { &mut node.closed }
    }
}
