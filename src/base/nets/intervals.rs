//! Nested ranges flattened to disjoint ones, found by an index and a short binary search.

/// A number that can be an address.
pub(super) trait Address: Copy + Ord {
    /// The next address; `None` past the last.
    fn next(self) -> Option<Self>;
    /// The address before; the first one stays.
    fn before(self) -> Self;
    /// How far it lies behind `first`, in units of `2^shift`; `None` when it lies before, or too far to be counted.
    fn distance(self, first: Self, shift: u32) -> Option<usize>;
}

/// From this many ranges on, an index pays for itself.
const INDEX_FROM: usize = 256;

/// Disjoint ranges in ascending order, one tag each.
///
/// Of a million ranges the ones a request needs are in no cache, so they lie close: a start beside its end, and an
/// index that leaves a handful of ranges in a row to be searched.
#[derive(Clone, Debug)]
pub(super) struct Intervals<A> {
    /// First and last address of each.
    ranges: Vec<(A, A)>,
    tags: Vec<u32>,
    /// The addresses from the first range to the last in pieces of equal size: how many ranges start before each piece,
    /// and before the end of the last one. Empty for a short list.
    index: Vec<u32>,
    /// Addresses in a piece, as a power of two.
    shift: u32,
}

impl<A: Address> Intervals<A> {
    /// Flattens ranges that nest or are disjoint, as networks do; the innermost wins, of equal ones the first.
    pub(super) fn new(mut ranges: Vec<(A, A, u32)>) -> Self {
        // Outer before inner. The sort is stable and the later of equals is dropped, so the first stays.
        ranges.sort_by(|a, b| a.0.cmp(&b.0).then(b.1.cmp(&a.1)));
        ranges.dedup_by(|later, first| later.0 == first.0 && later.1 == first.1);
        let mut flat = Self::default();
        // Ranges that are open at the current position, outermost first, and the first address not yet covered.
        let mut open: Vec<(A, u32)> = Vec::new();
        let mut from: Option<A> = None;
        for (start, end, tag) in ranges {
            while let Some((outer_end, outer_tag)) = open.pop_if(|(outer_end, _)| *outer_end < start) {
                flat.cover(from, outer_end, outer_tag);
                from = outer_end.next();
            }
            if let Some((_, outer_tag)) = open.last()
                && from.is_some_and(|from| from < start)
            {
                flat.cover(from, start.before(), *outer_tag);
            }
            open.push((end, tag));
            from = Some(start);
        }
        while let Some((end, tag)) = open.pop() {
            flat.cover(from, end, tag);
            from = end.next();
        }
        flat.ranges.shrink_to_fit();
        flat.tags.shrink_to_fit();
        flat.build_index();
        flat
    }

    /// The tag of the range that holds `address`.
    pub(super) fn find(&self, address: A) -> Option<u32> {
        let (low, high) = self.around(address)?;
        let begun = low + self.ranges.get(low..high)?.partition_point(|(start, _)| *start <= address);
        // The range may have started in an earlier piece; it is then the last one before `low`.
        let at = begun.checked_sub(1)?;
        let (_, end) = self.ranges.get(at)?;
        if *end < address {
            return None;
        }
        self.tags.get(at).copied()
    }

    /// Which ranges start in the piece of `address`; `None` where no range can hold it.
    fn around(&self, address: A) -> Option<(usize, usize)> {
        if self.index.is_empty() {
            return Some((0, self.ranges.len()));
        }
        let (first, _) = self.ranges.first()?;
        let piece = address.distance(*first, self.shift)?;
        let next = piece.checked_add(1)?;
        Some((*self.index.get(piece)? as usize, *self.index.get(next)? as usize))
    }

    fn cover(&mut self, from: Option<A>, to: A, tag: u32) {
        let Some(from) = from.filter(|from| *from <= to) else { return };
        if let (Some((_, last_end)), Some(last_tag)) = (self.ranges.last_mut(), self.tags.last())
            && *last_tag == tag
            && last_end.next() == Some(from)
        {
            *last_end = to;
            return;
        }
        self.ranges.push((from, to));
        self.tags.push(tag);
    }

    /// With two to four ranges a piece where they lie evenly: half of them as many pieces, at most.
    fn build_index(&mut self) {
        let (Some((first, _)), Some((_, end))) = (self.ranges.first().copied(), self.ranges.last().copied())
        else {
            return;
        };
        if self.ranges.len() < INDEX_FROM {
            return;
        }
        let most = self.ranges.len() / 2;
        let fits = |shift: &u32| end.distance(first, *shift).is_some_and(|last| last < most);
        let Some(shift) = (0..u128::BITS).find(fits) else { return };
        let pieces = end.distance(first, shift).map_or(0, |last| last.saturating_add(1));
        let mut index = Vec::with_capacity(pieces.saturating_add(1));
        let mut below = 0_usize;
        for piece in 0..=pieces {
            let starts_before =
                |(start, _): &(A, A)| start.distance(first, shift).is_some_and(|at| at < piece);
            while self.ranges.get(below).is_some_and(starts_before) {
                below += 1;
            }
            // More do not fit into memory; whoever lies behind is then found by no index, so there is none.
            let Ok(below) = u32::try_from(below) else { return };
            index.push(below);
        }
        (self.index, self.shift) = (index, shift);
    }
}

impl<A> Default for Intervals<A> {
    fn default() -> Self {
        Self { ranges: Vec::new(), tags: Vec::new(), index: Vec::new(), shift: 0 }
    }
}

impl Address for u32 {
    fn next(self) -> Option<Self> {
        self.checked_add(1)
    }

    fn before(self) -> Self {
        self.saturating_sub(1)
    }

    fn distance(self, first: Self, shift: u32) -> Option<usize> {
        let units = self.checked_sub(first)?.checked_shr(shift)?;
        usize::try_from(units).ok()
    }
}

impl Address for u128 {
    fn next(self) -> Option<Self> {
        self.checked_add(1)
    }

    fn before(self) -> Self {
        self.saturating_sub(1)
    }

    fn distance(self, first: Self, shift: u32) -> Option<usize> {
        let units = self.checked_sub(first)?.checked_shr(shift)?;
        usize::try_from(units).ok()
    }
}
