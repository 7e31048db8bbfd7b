//! The name of one request: told to the caller, the app, the audit record and the logs.

use std::fmt;

/// Length of a request id in bytes.
pub const LENGTH: usize = 32;

/// 32 lower-case hexadecimal digits, unique over workers, restarts and replicas.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct RequestId([u8; LENGTH]);

/// Makes the request ids of one worker, without lock or system call.
#[derive(Debug)]
pub struct RequestIds {
    worker: u64,
    next: u64,
}

impl RequestId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The id as bytes, all of them lower-case hexadecimal digits.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
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
        let mut text = [0; LENGTH];
        let (head, tail) = text.split_at_mut(LENGTH / 2);
        write_hex(self.worker, head);
        write_hex(mix(self.next), tail);
        RequestId(text)
    }
}

/// A bijection on 64 bits (the finalizer of SplitMix64), so distinct counters stay distinct.
fn mix(mut value: u64) -> u64 {
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

fn write_hex(value: u64, into: &mut [u8]) {
    let mut rest = value;
    for digit in into.iter_mut().rev() {
        let nibble = u8::try_from(rest & 0xf).unwrap_or(0);
        *digit = if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 };
        rest >>= 4;
    }
}

#[cfg(test)]
mod tests;
