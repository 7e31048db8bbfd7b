//! Counts the frames of an HTTP/2 connection that carry nothing: PING, SETTINGS, PRIORITY, WINDOW_UPDATE, resets,
//! empty DATA. The engine answers each of them and bounds few; here a caller has as many as what it really does needs,
//! and some over time (CVE-2019-9512 and after, RUSTSEC-2026-0258).
//!
//! Reads frame headers only; what a frame means, and whether it is allowed at all, is the engine's to judge.

mod heads;

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use crate::base::clock::{self, Mono};

use super::sniff::PREFACE;
use heads::HeadCounter;

pub use heads::Heads;

/// Empty frames a connection may send on credit.
const ADVANCE: u64 = 1_000;

/// What a request is worth: its reset, its window, a PING of a careful client.
const PER_REQUEST: u64 = 20;

/// Bytes of payload, either way, that are worth one frame.
const PER_FRAME: u64 = 1024;

/// Pieces of a response are worth so many, however small: some clients acknowledge each twice.
const PER_PIECE: u64 = 4;

/// Empty frames a second that are always allowed.
const PER_SECOND: u64 = 50;

const HEADER: usize = 9;

/// What the caller has earned. Shared with the streams, which know what payload went out.
#[derive(Clone, Debug, Default)]
pub struct Credit(Rc<Cell<u64>>);

/// Follows the frames a caller sends.
#[derive(Debug)]
pub struct FrameMeter {
    header: [u8; HEADER],
    have: usize,
    skip: u64,
    spent: u64,
    credit: Credit,
    heads: HeadCounter,
    since: Mono,
}

/// The caller sends frames for their own sake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flood;

impl Credit {
    /// `bytes` of a response went out.
    pub fn earn(&self, bytes: usize) {
        self.add(PER_PIECE + bytes as u64 / PER_FRAME);
    }

    fn add(&self, frames: u64) {
        self.0.set(self.0.get().saturating_add(frames));
    }
}

impl FrameMeter {
    /// Starts before the preface.
    pub fn new(credit: Credit, heads: Heads) -> Self {
        let skip = PREFACE.len() as u64;
        let heads = HeadCounter::new(heads);
        Self { header: [0; HEADER], have: 0, skip, spent: 0, credit, heads, since: clock::mono() }
    }

    /// Goes on with `bytes`.
    ///
    /// # Errors
    /// [`Flood`], when the connection is to be ended.
    pub fn follow(&mut self, bytes: &[u8]) -> Result<(), Flood> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let skip = usize::try_from(self.skip).unwrap_or(usize::MAX).min(rest.len());
            self.skip -= skip as u64;
            rest = rest.get(skip..).unwrap_or_default();
            if skip > 0 && self.skip == 0 {
                self.heads.end();
            }
            let wanted = (HEADER - self.have).min(rest.len());
            for (slot, byte) in self.header.iter_mut().skip(self.have).zip(rest) {
                *slot = *byte;
            }
            self.have += wanted;
            rest = rest.get(wanted..).unwrap_or_default();
            if self.have == HEADER {
                self.have = 0;
                self.frame()?;
            }
        }
        Ok(())
    }

    fn frame(&mut self) -> Result<(), Flood> {
        let [high, middle, low, kind, flags, stream @ ..] = self.header;
        let length = u64::from(u32::from_be_bytes([0, high, middle, low]));
        self.skip = length;
        self.heads.begin(kind, flags, u32::from_be_bytes(stream) & 0x7fff_ffff);
        if length == 0 {
            self.heads.end();
        }
        match (kind, length) {
            (0, 1..) => self.credit.add(length / PER_FRAME),
            (1, _) => self.credit.add(PER_REQUEST),
            _ => {
                self.spent = self.spent.saturating_add(1);
                let earned = self.credit.0.get().saturating_add(ADVANCE);
                if self.spent > earned && self.spent > earned.saturating_add(self.by_time()) {
                    return Err(Flood);
                }
            }
        }
        Ok(())
    }

    /// The clock is read only by those who have spent everything else.
    fn by_time(&self) -> u64 {
        let age: Duration = clock::mono().since(self.since);
        age.as_secs().saturating_mul(PER_SECOND)
    }
}

#[cfg(test)]
mod tests;
