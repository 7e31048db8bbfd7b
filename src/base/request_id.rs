//! The name of one request: told to the caller, the app, the audit record and the logs.

use std::fmt;

/// Length of a request id made here, in bytes.
pub const LENGTH: usize = 32;
/// Shortest id accepted from a trusted proxy, bytes: anything less is a counter and no id.
pub const SHORTEST: usize = 8;
/// Longest id accepted from a trusted proxy, bytes.
pub const LONGEST: usize = 64;

/// An id made here: 32 lower-case hexadecimal digits, unique over workers, restarts and replicas. Or one that a
/// trusted proxy sent. Only letters, digits and `-_.` either way, so it is safe in headers, JSON and lines.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct RequestId {
    length: u8,
    text: [u8; LONGEST],
}

/// A text that cannot be a request id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadRequestId;

/// Makes the request ids of one worker, without lock or system call.
#[derive(Debug)]
pub struct RequestIds {
    worker: u64,
    next: u64,
}

impl RequestId {
    /// No id: an empty text.
    pub const NONE: Self = Self { length: 0, text: [0; LONGEST] };

    /// The id a trusted proxy sent.
    ///
    /// # Errors
    /// [`BadRequestId`] when it has fewer than [`SHORTEST`] or more than [`LONGEST`] bytes, or one that is no ASCII
    /// letter, digit or one of `-_.`.
    pub fn parse(bytes: &[u8]) -> Result<Self, BadRequestId> {
        let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(*byte, b'-' | b'_' | b'.');
        if bytes.len() < SHORTEST || !bytes.iter().all(allowed) {
            return Err(BadRequestId);
        }
        let mut text = [0; LONGEST];
        text.get_mut(..bytes.len()).ok_or(BadRequestId)?.copy_from_slice(bytes);
        Ok(Self { length: u8::try_from(bytes.len()).map_err(|_| BadRequestId)?, text })
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    /// The id as bytes, all of them ASCII letters, digits or `-_.`.
    pub fn as_bytes(&self) -> &[u8] {
        self.text.get(..usize::from(self.length)).unwrap_or_default()
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl RequestIds {
    /// A sequence of its own for one worker: `worker` and `start` are random numbers of the caller.
    pub fn new(worker: u64, start: u64) -> Self {
        Self { worker, next: start }
    }

    /// The next id. Does not repeat within 2^64 calls; tells nothing about how many requests there were.
    pub fn next_id(&mut self) -> RequestId {
        self.next = self.next.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut text = [0; LONGEST];
        let (head, rest) = text.split_at_mut(LENGTH / 2);
        let (tail, _) = rest.split_at_mut(LENGTH / 2);
        write_hex(self.worker, head);
        write_hex(mix(self.next), tail);
        RequestId { length: 32, text }
    }
}

/// A bijection on 64 bits (the finalizer of SplitMix64), so distinct counters stay distinct.
fn mix(mut value: u64) -> u64 {
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

fn write_hex(value: u64, into: &mut [u8]) {
    let (halves, _) = into.as_chunks_mut::<8>();
    for (half, shift) in halves.iter_mut().zip([32, 0]) {
        *half = hex_of((value >> shift) & 0xffff_ffff).to_be_bytes();
    }
}

/// The eight digits of a number below 2^32, the first in the highest byte: all of them at once.
fn hex_of(value: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let pairs = (value | value << 16) & 0x0000_ffff_0000_ffff;
    let bytes = (pairs | pairs << 8) & 0x00ff_00ff_00ff_00ff;
    let digits = (bytes | bytes << 4) & (ONES * 0x0f);
    // Six more carry a digit above nine into the next bit: those are letters.
    let letters = (digits + ONES * 6) >> 4 & ONES;
    digits + ONES * u64::from(b'0') + letters * u64::from(b'a' - b'0' - 10)
}

#[cfg(test)]
mod tests;
