//! Nested ranges flattened to disjoint ones, found by a short binary search.

/// A number that can be an address.
pub(super) trait Address: Copy + Ord {
    /// The highest 16 bits.
    fn top(self) -> u16;
    /// The next address; `None` past the last.
    fn next(self) -> Option<Self>;
    /// The address before; the first one stays.
    fn before(self) -> Self;
}

/// From this many ranges on, an index over the highest 16 bits (256 KiB) pays for itself.
const INDEX_FROM: usize = 1024;

/// Disjoint ranges in ascending order, one tag each.
#[derive(Clone, Debug)]
pub(super) struct Intervals<A> {
    starts: Vec<A>,
    ends: Vec<A>,
    tags: Vec<u32>,
    /// For each value of the highest 16 bits: how many ranges start below it. One more slot than values.
    index: Vec<u32>,
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
        flat.starts.shrink_to_fit();
        flat.ends.shrink_to_fit();
        flat.tags.shrink_to_fit();
        flat.index = flat.build_index();
        flat
    }

    /// The tag of the range that holds `address`.
    pub(super) fn find(&self, address: A) -> Option<u32> {
        let top = usize::from(address.top());
        let (low, high) = match (self.index.get(top), self.index.get(top + 1)) {
            (Some(low), Some(high)) => (*low as usize, *high as usize),
            _ => (0, self.starts.len()),
        };
        let begun = low + self.starts.get(low..high)?.partition_point(|start| *start <= address);
        // The range may have started under a lower 16-bit value; it is then the last one before `low`.
        let at = begun.checked_sub(1)?;
        if *self.ends.get(at)? < address {
            return None;
        }
        self.tags.get(at).copied()
    }

    fn cover(&mut self, from: Option<A>, to: A, tag: u32) {
        let Some(from) = from.filter(|from| *from <= to) else { return };
        if let (Some(last_end), Some(last_tag)) = (self.ends.last_mut(), self.tags.last())
            && *last_tag == tag
            && last_end.next() == Some(from)
        {
            *last_end = to;
            return;
        }
        self.starts.push(from);
        self.ends.push(to);
        self.tags.push(tag);
    }

    fn build_index(&self) -> Vec<u32> {
        if self.starts.len() < INDEX_FROM {
            return Vec::new();
        }
        let mut index = Vec::with_capacity(usize::from(u16::MAX) + 2);
        let mut below = 0_usize;
        for top in 0..=u16::MAX {
            while self.starts.get(below).is_some_and(|start| start.top() < top) {
                below += 1;
            }
            index.push(u32::try_from(below).unwrap_or(u32::MAX));
        }
        index.push(u32::try_from(self.starts.len()).unwrap_or(u32::MAX));
        index
    }
}

impl<A> Default for Intervals<A> {
    fn default() -> Self {
        Self { starts: Vec::new(), ends: Vec::new(), tags: Vec::new(), index: Vec::new() }
    }
}

impl Address for u32 {
    fn top(self) -> u16 {
        (self >> 16) as u16
    }

    fn next(self) -> Option<Self> {
        self.checked_add(1)
    }

    fn before(self) -> Self {
        self.saturating_sub(1)
    }
}

impl Address for u128 {
    fn top(self) -> u16 {
        (self >> 112) as u16
    }

    fn next(self) -> Option<Self> {
        self.checked_add(1)
    }

    fn before(self) -> Self {
        self.saturating_sub(1)
    }
}
