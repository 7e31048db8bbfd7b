//! Counts the requests an HTTP/2 caller began, so that those the engine never hands on can be told of: it answers an
//! oversized header list by itself, resets a stream whose fields break the protocol, and says nothing of either.

use std::cell::Cell;
use std::rc::Rc;

const HEADERS: u8 = 1;
const CONTINUATION: u8 = 9;
const END_HEADERS: u8 = 0x4;

/// What is known of a connection's requests. Shared by the tap, which counts, and the driver, which compares.
#[derive(Clone, Debug, Default)]
pub struct Heads(Rc<Count>);

#[derive(Debug, Default)]
struct Count {
    whole: Cell<u64>,
    is_open: Cell<bool>,
    is_taken: Cell<bool>,
}

/// Follows the frames that carry heads.
#[derive(Debug)]
pub(super) struct HeadCounter {
    heads: Heads,
    /// The highest stream a caller opened; a head on it or below is a trailer section.
    last: u32,
    /// What the frame being read does to a head.
    frame: Part,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Nothing,
    Goes,
    Ends,
}

impl Heads {
    /// Heads that were handed to the engine whole.
    pub fn whole(&self) -> u64 {
        self.0.whole.get()
    }

    /// Whether the engine has taken everything it was handed: it asks for more and there is none.
    pub fn are_taken(&self) -> bool {
        self.0.is_taken.get()
    }

    /// Whether a head was begun and not ended by the caller.
    pub fn is_one_open(&self) -> bool {
        self.0.is_open.get()
    }

    /// The engine was handed bytes.
    pub fn handed(&self) {
        self.0.is_taken.set(false);
    }

    /// The engine asked for more and there is none yet.
    pub fn taken(&self) {
        self.0.is_taken.set(true);
    }

    /// The caller ended the stream: what it left unfinished is no request.
    pub fn ended(&self) {
        self.taken();
        self.0.is_open.set(false);
    }
}

impl HeadCounter {
    pub(super) fn new(heads: Heads) -> Self {
        Self { heads, last: 0, frame: Part::Nothing }
    }

    /// A frame begins.
    pub(super) fn begin(&mut self, kind: u8, flags: u8, stream: u32) {
        let is_head = match kind {
            HEADERS if stream > self.last => {
                self.last = stream;
                true
            }
            CONTINUATION => self.heads.is_one_open(),
            _ => false,
        };
        self.frame = match is_head {
            true if flags & END_HEADERS != 0 => Part::Ends,
            true => Part::Goes,
            false => Part::Nothing,
        };
        if is_head {
            self.heads.0.is_open.set(true);
        }
    }

    /// Its payload has been read.
    pub(super) fn end(&mut self) {
        if self.frame == Part::Ends {
            let count = &self.heads.0;
            count.whole.set(count.whole.get().saturating_add(1));
            count.is_open.set(false);
        }
        self.frame = Part::Nothing;
    }
}
