//! Medians, and how sure a comparison of two medians is: a bootstrap over the paired rounds.

/// A ratio or difference of two medians with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Estimate {
    pub(crate) value: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
}

/// Enough that the ends of the interval stand still in the second digit.
const RESAMPLES: usize = 4_000;

/// The middle; the mean of the two middle ones of an even number. 0 of nothing.
pub(crate) fn median(values: &[f64]) -> f64 {
    quantile(values, 0.5)
}

/// The value below which the share `at` of the values lies, interpolated. 0 of nothing.
pub(crate) fn quantile(values: &[f64], at: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let place = at * (sorted.len().saturating_sub(1)) as f64;
    let below = place.floor() as usize;
    let (Some(low), Some(high)) = (sorted.get(below), sorted.get(below + 1).or(sorted.get(below))) else {
        return 0.0;
    };
    low + (high - low) * (place - below as f64)
}

/// `ours` over `theirs`, where the same place in both is the same round. The rounds are drawn anew with replacement,
/// each pair together, so that what disturbed a whole round disturbs both.
pub(crate) fn ratio(ours: &[f64], theirs: &[f64]) -> Option<Estimate> {
    estimate(ours, theirs, |a, b| (b > 0.0).then(|| a / b))
}

/// `ours` less `theirs`, in the same way.
pub(crate) fn difference(ours: &[f64], theirs: &[f64]) -> Option<Estimate> {
    estimate(ours, theirs, |a, b| Some(a - b))
}

/// The median over the rounds of `ours` over `theirs` in the same round: what slows the machine for longer than a round
/// cancels out.
pub(crate) fn paired_ratio(ours: &[f64], theirs: &[f64]) -> Option<Estimate> {
    let each: Vec<f64> = ours.iter().zip(theirs).filter(|(_, b)| **b > 0.0).map(|(a, b)| a / b).collect();
    estimate(&each, &vec![1.0; each.len()], |a, _| Some(a))
}

/// The same of `ours` less `theirs`.
pub(crate) fn paired_difference(ours: &[f64], theirs: &[f64]) -> Option<Estimate> {
    let each: Vec<f64> = ours.iter().zip(theirs).map(|(a, b)| a - b).collect();
    estimate(&each, &each, |a, _| Some(a))
}

fn estimate(ours: &[f64], theirs: &[f64], join: impl Fn(f64, f64) -> Option<f64>) -> Option<Estimate> {
    let pairs: Vec<(f64, f64)> = ours.iter().copied().zip(theirs.iter().copied()).collect();
    if pairs.is_empty() {
        return None;
    }
    let mut dice = Dice(0x5EED);
    let mut drawn = Vec::with_capacity(RESAMPLES);
    for _ in 0..RESAMPLES {
        let sample = (0..pairs.len()).filter_map(|_| pairs.get(dice.below(pairs.len())));
        let (a, b): (Vec<f64>, Vec<f64>) = sample.copied().unzip();
        drawn.extend(join(median(&a), median(&b)));
    }
    let value = join(median(ours), median(theirs))?;
    Some(Estimate { value, low: quantile(&drawn, 0.025), high: quantile(&drawn, 0.975) })
}

/// SplitMix64: the same draws in every run, so that a report can be computed again from its numbers.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    /// The numbers below `end` in a random order.
    pub(crate) fn order(&mut self, end: usize) -> Vec<usize> {
        let mut left: Vec<usize> = (0..end).collect();
        let mut order = Vec::with_capacity(end);
        while !left.is_empty() {
            order.push(left.swap_remove(self.below(left.len())));
        }
        order
    }

    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % end.max(1) as u64) as usize
    }
}
