//! The numbers of SHA-256, computed as FIPS 180-4 defines them while the program is built.
#![expect(clippy::indexing_slicing, reason = "a place that is none would fail the build")]

/// What every hash begins with: of the first eight primes the first 32 bits behind the point of their square roots (§5.3.3).
pub(in crate::scheme::mac) const INITIAL: [u32; 8] = {
    let mut words = [0; 8];
    let mut at = 0;
    while at < words.len() {
        words[at] = low_bits(root(PRIMES[at] << 64, 2));
        at += 1;
    }
    words
};

/// What the rounds add: of the first sixty-four primes the same of their cube roots (§4.2.2).
pub(super) const CONSTANTS: [[u32; 16]; 4] = {
    let mut words = [[0; 16]; 4];
    let mut at = 0;
    while at < PRIMES.len() {
        words[at / 16][at % 16] = low_bits(root(PRIMES[at] << 96, 3));
        at += 1;
    }
    words
};

/// The first sixty-four.
const PRIMES: [u128; 64] = {
    let mut primes = [0; 64];
    let (mut found, mut number) = (0, 2);
    while found < primes.len() {
        let mut at = 0;
        while at < found && number % primes[at] != 0 {
            at += 1;
        }
        if at == found {
            primes[found] = number;
            found += 1;
        }
        number += 1;
    }
    primes
};

/// The largest number whose power of this degree is not above `of`: at most 37 bits.
const fn root(of: u128, degree: u32) -> u128 {
    let (mut root, mut bit) = (0_u128, 1 << 36);
    while bit > 0 {
        if (root | bit).pow(degree) <= of {
            root |= bit;
        }
        bit >>= 1;
    }
    root
}

#[expect(clippy::cast_possible_truncation, reason = "the bits before the point go")]
const fn low_bits(number: u128) -> u32 {
    number as u32
}

/// The bytes of each word from the last to the first.
pub(super) const TURNED: [u8; 32] = {
    let mut turned = [0; 32];
    let mut at: u8 = 0;
    while at < 32 {
        turned[at as usize] = (at % 16) ^ 3;
        at += 1;
    }
    turned
};
