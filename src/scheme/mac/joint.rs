//! HMAC-SHA256 (RFC 2104) and SHA-256 of several messages at once, by [`Lanes`].
//!
//! A work carries its own place along; one that was not made, for whatever reason, has no digest, and is made by AWS-LC.

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::lanes::{Block, INITIAL, LANES, Lanes, State, States};

/// How many blocks one after the other must be at least, for one block of each of eight at once to be made in their place. It
/// costs as much as two or three, and more where others use the same core (`docs/decisions/0028-hashed-together.md`).
pub(in crate::scheme) const WORTH_EIGHT: usize = 4;

/// Bytes of a block.
const BLOCK: usize = 64;

/// A hash that has taken in one block and nothing else yet.
///
/// Security: as good as the key it was made of; never printed.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub(in crate::scheme) struct Begun {
    inner: State,
    /// What the inner digest goes through, for an HMAC.
    outer: Option<State>,
}

/// A message to be hashed, and where it begins.
pub(in crate::scheme) struct Work<'m> {
    begun: &'m Begun,
    whole: &'m [Block],
    /// The rest of the message, its end and its length (FIPS 180-4 §5.1.1).
    padded: [Block; 2],
    blocks: usize,
}

impl Begun {
    /// An HMAC-SHA256 that has taken in the key.
    pub(super) fn hmac(key: &[u8]) -> Self {
        let mut block = Zeroizing::new([0; BLOCK]);
        match key.len() > BLOCK {
            true => {
                let short = Zeroizing::new(super::sha256(key));
                block.iter_mut().zip(short.iter()).for_each(|(to, from)| *to = *from);
            }
            false => block.iter_mut().zip(key).for_each(|(to, from)| *to = *from),
        }
        let padded = |pad: u8| after(&Zeroizing::new(block.map(|byte| byte ^ pad)));
        Self { inner: padded(0x36), outer: Some(padded(0x5c)) }
    }

    /// A SHA-256 that has taken in this block.
    pub(super) fn hash(block: &Block) -> Self {
        Self { inner: after(block), outer: None }
    }
}

/// The state after the first block.
fn after(block: &Block) -> State {
    let mut state = INITIAL;
    sha2::block_api::compress256(&mut state, std::slice::from_ref(block));
    state
}

impl<'m> Work<'m> {
    pub(in crate::scheme) fn new(begun: &'m Begun, message: &'m [u8]) -> Self {
        let (whole, rest) = message.as_chunks::<BLOCK>();
        let bits = u64::try_from(message.len().saturating_add(BLOCK)).unwrap_or(u64::MAX).saturating_mul(8);
        let (padded, count) = ended(rest, bits);
        Self { begun, whole, padded, blocks: whole.len().saturating_add(count) }
    }

    fn block(&self, at: usize) -> &Block {
        match self.whole.get(at) {
            Some(block) => block,
            None => self.padded.get(at.saturating_sub(self.whole.len())).unwrap_or(&[0; BLOCK]),
        }
    }
}

/// `rest`, shorter than a block, with the mark of its end and the length of all; and how many blocks that takes.
fn ended(rest: &[u8], bits: u64) -> ([Block; 2], usize) {
    let count = if rest.len() < BLOCK - 8 { 1 } else { 2 };
    let mut blocks = [[0; BLOCK]; 2];
    let bytes = blocks.as_flattened_mut();
    if let Some((to, [mark, ..])) = bytes.split_at_mut_checked(rest.len()) {
        to.copy_from_slice(rest);
        *mark = 0x80;
    }
    if let Some(length) = bytes.get_mut(..count * BLOCK).and_then(|bytes| bytes.last_chunk_mut()) {
        *length = bits.to_be_bytes();
    }
    (blocks, count)
}

/// The digests of those works for which it is quicker than one after the other; `None` for the others.
pub(in crate::scheme) fn digests(lanes: Lanes, works: &[Work<'_>]) -> Vec<Option<[u8; 32]>> {
    let mut digests = vec![None; works.len()];
    let mut longest_first: Vec<(usize, &Work<'_>)> = works.iter().enumerate().collect();
    longest_first.sort_by_key(|(_, work)| std::cmp::Reverse(work.blocks));
    let mut rest = longest_first.as_slice();
    while let Some((_, longest)) = rest.first() {
        let together = rest.get(..LANES).unwrap_or(rest);
        let apart: usize = together.iter().map(|(_, work)| work.blocks).sum();
        let is_worth_it = apart >= longest.blocks.saturating_mul(WORTH_EIGHT);
        if is_worth_it {
            for ((at, _), digest) in together.iter().zip(eight(lanes, together)) {
                if let Some(place) = digests.get_mut(*at) {
                    *place = digest;
                }
            }
        }
        rest = rest.get(if is_worth_it { together.len() } else { 1 }..).unwrap_or_default();
    }
    digests
}

/// The digests of at most eight works, the longest first, in this order.
fn eight(lanes: Lanes, works: &[(usize, &Work<'_>)]) -> [Option<[u8; 32]>; LANES] {
    const NOTHING: Block = [0; BLOCK];
    let mut states = states(works, |work| work.begun.inner);
    let mut digests = [None; LANES];
    let rows: [&[Block]; LANES] =
        std::array::from_fn(|lane| works.get(lane).map_or(&[][..], |(_, work)| work.whole));
    let shared = works.iter().map(|(_, work)| work.whole.len()).min().unwrap_or(0);
    for at in 0..shared {
        lanes.take(&mut states, &rows.map(|row| row.get(at).unwrap_or(&NOTHING)));
    }
    let most = works.first().map_or(0, |(_, work)| work.blocks);
    for at in shared..most {
        let blocks = std::array::from_fn(|lane| works.get(lane).map_or(&NOTHING, |(_, work)| work.block(at)));
        lanes.take(&mut states, &blocks);
        for (lane, ((_, work), digest)) in works.iter().zip(&mut digests).enumerate() {
            if work.blocks == at + 1 {
                *digest = read(&states, lane);
            }
        }
    }
    let outer = digests.map(|digest| digest.map_or(NOTHING, |digest| ended(&digest, 8 * 96).0[0]));
    states = self::states(works, |work| work.begun.outer.unwrap_or(INITIAL));
    lanes.take(&mut states, &outer.each_ref());
    for (lane, ((_, work), digest)) in works.iter().zip(&mut digests).enumerate() {
        if work.begun.outer.is_some() && digest.is_some() {
            *digest = read(&states, lane);
        }
    }
    states.zeroize();
    digests
}

/// Of each word the value in every lane.
fn states(works: &[(usize, &Work<'_>)], state: impl Fn(&Work<'_>) -> State) -> States {
    let mut states = [[0; LANES]; 8];
    for (lane, (_, work)) in works.iter().enumerate() {
        for (words, word) in states.iter_mut().zip(state(work)) {
            if let Some(place) = words.get_mut(lane) {
                *place = word;
            }
        }
    }
    states
}

/// The digest in a lane.
fn read(states: &States, lane: usize) -> Option<[u8; 32]> {
    let mut digest = [0; 32];
    for (to, words) in digest.as_chunks_mut().0.iter_mut().zip(states) {
        *to = words.get(lane)?.to_be_bytes();
    }
    Some(digest)
}

impl fmt::Debug for Begun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[begun]")
    }
}

#[cfg(test)]
mod tests;
