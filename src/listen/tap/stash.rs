//! Bytes of one connection that were received but may not be handed on yet.

/// More spare capacity than this is given back when the stash runs empty, bytes.
const KEEP: usize = 4 * 1024;

/// Bytes in the order they arrived, taken from the front.
#[derive(Debug, Default)]
pub(super) struct Stash {
    bytes: Vec<u8>,
    start: usize,
}

impl Stash {
    pub(super) fn bytes(&self) -> &[u8] {
        self.bytes.get(self.start..).unwrap_or_default()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.start >= self.bytes.len()
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Takes `count` bytes off the front.
    pub(super) fn consume(&mut self, count: usize) {
        self.start += count;
        if self.is_empty() {
            self.clear();
        }
    }

    pub(super) fn clear(&mut self) {
        self.start = 0;
        if self.bytes.capacity() > KEEP {
            self.bytes = Vec::new();
        } else {
            self.bytes.clear();
        }
    }

    /// Turns `range`, counted from the front, into lower case.
    pub(super) fn lower(&mut self, range: std::ops::Range<usize>) {
        if let Some(bytes) = self.bytes.get_mut(self.start + range.start..self.start + range.end) {
            bytes.make_ascii_lowercase();
        }
    }

    /// Cuts out `range`, counted from the front.
    pub(super) fn cut(&mut self, range: std::ops::Range<usize>) {
        let end = (self.start + range.end).min(self.bytes.len());
        let start = (self.start + range.start).min(end);
        self.bytes.drain(start..end);
    }
}
