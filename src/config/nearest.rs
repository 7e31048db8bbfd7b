//! The known name nearest to a misspelt one, for hints. Decides nothing else.

/// Longest text compared; longer ones are no misspelling of a key.
const LONGEST: usize = 64;

/// The candidate with the smallest edit distance to `found`, when it is near enough to be meant.
pub(crate) fn nearest<'a>(found: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if found.len() > LONGEST {
        return None;
    }
    let found = folded(found);
    let allowed = (found.len() / 3).clamp(1, 4);
    candidates
        .into_iter()
        .filter(|candidate| candidate.len() <= LONGEST)
        .map(|candidate| (distance(&found, &folded(candidate)), candidate))
        .filter(|(steps, _)| *steps <= allowed)
        .min_by_key(|(steps, _)| *steps)
        .map(|(_, candidate)| candidate)
}

/// Lower case, with `-` as `_`: the difference people get wrong most.
fn folded(text: &str) -> Vec<char> {
    text.chars().map(|c| if c == '-' { '_' } else { c.to_ascii_lowercase() }).collect()
}

/// Number of insertions, removals, replacements and swaps of neighbours between two texts.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    let mut previous = None;
    for (i, left) in a.iter().enumerate() {
        let mut row = Vec::with_capacity(last.len());
        row.push(i + 1);
        let mut neighbour = None;
        for (j, right) in b.iter().enumerate() {
            let at = |line: &[usize], k: usize| line.get(k).copied().unwrap_or(usize::MAX / 2);
            let replaced = at(&last, j) + usize::from(left != right);
            let mut best = replaced.min(at(&last, j + 1) + 1).min(at(&row, j) + 1);
            if j > 0 && previous == Some(right) && neighbour == Some(left) {
                best = best.min(at(&before, j - 1) + 1);
            }
            row.push(best);
            neighbour = Some(right);
        }
        before = std::mem::replace(&mut last, row);
        previous = Some(left);
    }
    last.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests;
