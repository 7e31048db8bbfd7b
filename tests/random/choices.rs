//! Where choices come from: a row of numbers, or the bytes a fuzzer gives.

/// Makes choices, always the same ones.
pub(crate) trait Choices {
    /// Any number.
    fn next(&mut self) -> u32;

    /// A number below `end`, or 0.
    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next()).unwrap_or(0) % end.max(1)
    }

    /// One of several.
    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    /// True in one of so many times.
    fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }
}

/// The bytes of a fuzzer, then zeros.
pub(crate) struct Given<'a>(pub(crate) &'a [u8]);

impl Choices for Given<'_> {
    fn next(&mut self) -> u32 {
        let (now, rest) = self.0.split_at(self.0.len().min(2));
        self.0 = rest;
        now.iter().fold(0, |sum, byte| (sum << 8) | u32::from(*byte))
    }
}
