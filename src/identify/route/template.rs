//! Routes with variables in their path, found segment by segment.

use std::collections::HashMap;

use super::pattern::{Pattern, is_variable, segments, without_trailing_slash};
use super::reading::folded;
use super::takers::{Asked, Chosen, Spot, Tally};
use super::{Spelling, Tier};
use crate::config::settings::Route;

/// A tree over segments in lower case; a template ends at a node.
#[derive(Debug, Default)]
pub(super) struct Templates {
    root: Node,
}

#[derive(Debug, Default)]
struct Node {
    literals: HashMap<Box<[u8]>, Node>,
    variable: Option<Box<Node>>,
    spots: Vec<Spot>,
}

impl Templates {
    /// # Errors
    /// The earlier route that could win too: one whose template fits some path this one fits.
    pub(super) fn add(&mut self, pattern: &Pattern, index: usize, route: &Route) -> Result<(), usize> {
        let written = pattern.written.as_slice();
        let mut rivals = self.root.ends_meeting(written).into_iter().flat_map(|node| &node.spots);
        let same_path =
            |spot: &&Spot| spot.spelling == Spelling::Written && some_path_fits_both(&spot.path, written);
        let met = rivals.by_ref().filter(same_path).find_map(|spot| spot.meets(route));
        if let Some(earlier) = met {
            return Err(earlier);
        }
        self.root.add(Spot::new(written, Spelling::Written), index, route);
        for decoded in &pattern.decoded {
            self.root.add(Spot::new(decoded, Spelling::Read), index, route);
        }
        Ok(())
    }
}

impl Tier for Templates {
    fn look(
        &self,
        path: &[u8],
        folded: &[u8],
        asked: Asked<'_>,
        spelling: Spelling,
    ) -> (Option<Chosen>, Option<Chosen>) {
        if self.root.literals.is_empty() && self.root.variable.is_none() {
            return (None, None);
        }
        let (mut spelled, mut loosely) = (None, None);
        self.root.matching(segments(folded), &mut |spot: &Spot| {
            spot.tally(asked, loosely.get_or_insert_with(Tally::default));
            if spot.counts(spelling) && fits(&spot.path, path) {
                spot.tally(asked, spelled.get_or_insert_with(Tally::default));
            }
        });
        (spelled.map(Tally::chosen), loosely.map(Tally::chosen))
    }
}

impl Node {
    /// Visits the spots of every template the segments match. No node is visited twice, so the cost is bounded by the
    /// templates that share segments with the path, whatever the path.
    fn matching<'a>(
        &self,
        mut segments: impl Iterator<Item = &'a [u8]> + Clone,
        visit: &mut impl FnMut(&Spot),
    ) {
        let mut node = self;
        loop {
            let Some(segment) = segments.next() else { return node.spots.iter().for_each(visit) };
            let literal = node.literals.get(segment);
            let variable = node.variable.as_deref().filter(|_| !segment.is_empty());
            node = match (literal, variable) {
                (None, None) => return,
                (Some(only), None) | (None, Some(only)) => only,
                (Some(literal), Some(variable)) => {
                    literal.matching(segments.clone(), visit);
                    variable
                }
            };
        }
    }

    /// The nodes of templates that have, segment by segment, a variable or the same literal in any case.
    fn ends_meeting(&self, path: &[u8]) -> Vec<&Self> {
        let mut level = vec![self];
        for segment in segments(without_trailing_slash(path)) {
            let literal = folded(segment);
            let mut next = Vec::new();
            for node in level {
                next.extend(node.variable.as_deref());
                if is_variable(segment) {
                    next.extend(node.literals.values());
                } else {
                    next.extend(node.literals.get(&*literal));
                }
            }
            level = next;
        }
        level
    }

    fn add(&mut self, spot: Spot, index: usize, route: &Route) {
        let mut node = self;
        for segment in segments(without_trailing_slash(&spot.path)) {
            node = match is_variable(segment) {
                true => node.variable.get_or_insert_default(),
                false => node.literals.entry(folded(segment).into_owned().into_boxed_slice()).or_default(),
            };
        }
        spot.file(&mut node.spots, index, route);
    }
}

/// Whether the template, as spelled, has the path.
fn fits(template: &[u8], path: &[u8]) -> bool {
    let fits = |(wanted, found): (&[u8], &[u8])| match is_variable(wanted) {
        true => !found.is_empty(),
        false => wanted == found,
    };
    pairs(template, path, fits)
}

/// Whether two templates, as spelled, have a path in common.
fn some_path_fits_both(a: &[u8], b: &[u8]) -> bool {
    pairs(a, b, |(a, b)| is_variable(a) || is_variable(b) || a == b)
}

/// Whether both have the same number of segments and the same trailing slash, and every pair of segments fits.
fn pairs(a: &[u8], b: &[u8], fits: impl FnMut((&[u8], &[u8])) -> bool) -> bool {
    let (cut_a, cut_b) = (without_trailing_slash(a), without_trailing_slash(b));
    (cut_a.len() == a.len()) == (cut_b.len() == b.len())
        && segments(cut_a).count() == segments(cut_b).count()
        && segments(cut_a).zip(segments(cut_b)).all(fits)
}
