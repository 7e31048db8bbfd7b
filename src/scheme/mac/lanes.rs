//! SHA-256 (FIPS 180-4 §6.2) of eight messages at once, a block of each, every message in a lane of its own of the
//! processor's registers. For processors that have no instructions for SHA-256; those that have take one message after the
//! other quicker.
//!
//! No branch and no address depends on what is hashed.

mod numbers;

use std::sync::LazyLock;

use fearless_simd::{Bytes, Level, Simd, SimdBase, dispatch, u8x32, u32x8};

pub(super) use numbers::INITIAL;
use numbers::{CONSTANTS, TURNED};

/// Messages taken at once.
pub(in crate::scheme) const LANES: usize = 8;

/// The state of a hash between two blocks.
pub(super) type State = [u32; 8];

/// The states of eight hashes: of each word the eight values.
pub(super) type States = [[u32; LANES]; 8];

/// What a message is taken by.
pub(super) type Block = [u8; 64];

/// A processor on which eight at once are quicker than one after the other.
#[derive(Clone, Copy, Debug)]
pub(in crate::scheme) struct Lanes(Level);

impl Lanes {
    /// `None` where one message after the other is quicker.
    pub(in crate::scheme) fn if_quicker() -> Option<Self> {
        static FOUND: LazyLock<Option<Lanes>> = LazyLock::new(detect);
        // Tests hash together wherever they run.
        if cfg!(test) { Some(Self::any()) } else { *FOUND }
    }

    /// By what the processor has, be it slow.
    pub(super) fn any() -> Self {
        Self(Level::new())
    }

    /// Takes one block of each of eight messages.
    pub(super) fn take(self, states: &mut States, blocks: &[&Block; LANES]) {
        dispatch!(self.0, simd => take(simd, states, blocks));
    }
}

#[cfg(target_arch = "x86_64")]
fn detect() -> Option<Lanes> {
    let lanes = Lanes::any();
    let is_wide = lanes.0.as_avx2().is_some() && !std::arch::is_x86_feature_detected!("sha");
    is_wide.then_some(lanes)
}

#[cfg(not(target_arch = "x86_64"))]
fn detect() -> Option<Lanes> {
    None
}

/// Does the same for each place of sixteen, written out: a loop would move the words about between its turns.
macro_rules! sixteen {
    ($step:ident) => {
        $step!(0);
        $step!(1);
        $step!(2);
        $step!(3);
        $step!(4);
        $step!(5);
        $step!(6);
        $step!(7);
        $step!(8);
        $step!(9);
        $step!(10);
        $step!(11);
        $step!(12);
        $step!(13);
        $step!(14);
        $step!(15);
    };
}

#[inline(always)]
fn take<S: Simd>(simd: S, states: &mut States, blocks: &[&Block; LANES]) {
    let before = states.map(|word| u32x8::from_slice(simd, &word));
    let halves =
        [0, 1].map(|half| words(simd, blocks.map(|block| block.as_chunks().0.get(half).unwrap_or(&[0; 32]))));
    let mut message = [u32x8::splat(simd, 0); 16];
    message.iter_mut().zip(halves.iter().flatten()).for_each(|(to, from)| *to = *from);
    let [first, later @ ..] = &CONSTANTS;
    let mut state = before;
    macro_rules! round {
        ($at:literal) => {
            state = stepped(state, message[$at] + first[$at]);
        };
    }
    sixteen!(round);
    for constants in later {
        macro_rules! round {
            ($at:literal) => {
                message[$at] = next(
                    message[$at],
                    [message[($at + 1) % 16], message[($at + 9) % 16], message[($at + 14) % 16]],
                );
                state = stepped(state, message[$at] + constants[$at]);
            };
        }
        sixteen!(round);
    }
    for ((word, before), after) in states.iter_mut().zip(before).zip(state) {
        (before + after).store_slice(word);
    }
}

/// The eight words that stand in half a block, most significant byte first, each of all lanes.
#[inline(always)]
fn words<S: Simd>(simd: S, halves: [&[u8; 32]; LANES]) -> [u32x8<S>; 8] {
    let turned = u8x32::from_slice(simd, &TURNED);
    let mut rows: [u32x8<S>; 8] =
        halves.map(|half| u8x32::from_slice(simd, half).swizzle_dyn_within_blocks(turned).bitcast());
    // Each pass takes from the upper and the lower four by turns; after three the rows are columns.
    for _ in 0..3 {
        let [a, b, c, d, e, f, g, h] = rows;
        let [(a, b), (c, d), (e, f), (g, h)] =
            [(a, e), (b, f), (c, g), (d, h)].map(|(upper, lower)| upper.interleave(lower));
        rows = [a, b, c, d, e, f, g, h];
    }
    rows
}

/// The word of the message schedule that is sixteen behind this one (§6.2.2, step 1).
#[inline(always)]
fn next<S: Simd>(word: u32x8<S>, [early, middle, late]: [u32x8<S>; 3]) -> u32x8<S> {
    let low = rotated::<S, 7>(early) ^ rotated::<S, 18>(early) ^ (early >> 3);
    let high = rotated::<S, 17>(late) ^ rotated::<S, 19>(late) ^ (late >> 10);
    word + low + middle + high
}

/// One round (§6.2.2, step 3) with the sum of a word and its constant.
#[inline(always)]
fn stepped<S: Simd>([a, b, c, d, e, f, g, h]: [u32x8<S>; 8], word: u32x8<S>) -> [u32x8<S>; 8] {
    let choice = g ^ (e & (f ^ g));
    // What differs of the next round's `b` and `c` is this one's of `a` and `b`.
    let majority = b ^ ((a ^ b) & (b ^ c));
    let first = h + (rotated::<S, 6>(e) ^ rotated::<S, 11>(e) ^ rotated::<S, 25>(e)) + choice + word;
    let second = (rotated::<S, 2>(a) ^ rotated::<S, 13>(a) ^ rotated::<S, 22>(a)) + majority;
    [first + second, a, b, c, d + first, e, f, g]
}

#[inline(always)]
fn rotated<S: Simd, const BY: u32>(word: u32x8<S>) -> u32x8<S> {
    (word >> BY) | (word << (32 - BY))
}

#[cfg(test)]
mod tests;
