//! The byte stream between a caller's socket and the HTTP engine. Judges every HTTP/1 head before the engine sees it,
//! follows bodies to know where the next head begins, and holds the deadlines of the connection.
//!
//! One message at a time: bytes behind the end of a message stay in the stash until the engine asks for the next
//! head, which it does only when the exchange before is over. So notes keep the order of the requests, bytes sent
//! ahead of a protocol switch go to the tunnel and nowhere else, and nothing behind a broken message is ever read as
//! a request. A refused head is replaced by a fixed one that the exchange answers with the noted reason, and then the
//! stream ends: exactly one answer and one record, after those of earlier requests.
//!
//! Never decides policy, never changes a byte of a body. Called by `connection`.

mod clock;
mod read;
mod stash;
mod write;

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use crate::base::chunked::Follower;
use crate::base::watchdog::Watchdog;
use crate::check::deny::Reason;
use crate::exchange::{Caller, HeadNote};

use super::frames::{Credit, FrameMeter, Heads};
use super::head::{Framing, Head, HeadLimits, Scanner, Switch};
use super::slots::{LargeHead, Slot, Slots};
use super::socket::Socket;
use super::trailers::TrailerScanner;
use clock::{HeadClock, WriteClock};
use stash::Stash;

pub(in crate::listen) use clock::{NEWCOMER, PROGRESS};
pub use read::First;

/// What the engine gets to see instead of a refused head.
const STAND_IN: &[u8] = b"GET / HTTP/1.1\r\nHost: invalid\r\nConnection: close\r\n\r\n";

/// The same for one that asks for no body: what came back would be read as another answer.
const HEAD_STAND_IN: &[u8] = b"HEAD / HTTP/1.1\r\nHost: invalid\r\nConnection: close\r\n\r\n";

/// Heads up to this size, bytes, count with their connection; larger ones need room of their own.
const SMALL_HEAD: usize = 4 * 1024;

/// The bounds of one connection, taken when it is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// How large a head may be.
    pub head: HeadLimits,
    /// Accept, or first byte, to the whole head.
    pub head_timeout: Duration,
    /// Idle time between two requests.
    pub keepalive: Duration,
    /// Longest time written bytes may wait for the caller to read.
    pub stalled: Duration,
}

/// Where a connection stands between two messages, for those who decide whether it can be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// No byte of another head has arrived.
    Idle,
    /// Part of a head has arrived.
    Heading,
    /// A head was handed on, its body not wholly.
    Body,
    /// A whole message was handed on.
    Whole,
    /// Nothing more will be handed on: the answer being made is the last.
    Last,
    /// The caller did not read its response in time; the connection is given up.
    Stalled,
}

/// What the driver of a connection and the tap tell each other while the engine owns the stream.
#[derive(Debug)]
pub struct View {
    standing: Cell<Standing>,
    leaving: Cell<bool>,
}

/// The stream. `S` is the socket.
#[derive(Debug)]
pub struct ConnIo<S> {
    inner: S,
    caller: Rc<Caller>,
    bounds: Bounds,
    phase: Phase,
    scanner: Scanner,
    stash: Stash,
    heading: HeadClock,
    writing: WriteClock,
    view: Rc<View>,
    slots: Slots,
    /// Room for the head being read or answered, if it is large.
    held: Option<LargeHead>,
    credit: Credit,
    heads: Heads,
    /// Ended while idle and with nothing unread: the close needs no wait for the caller.
    ended_quiet: bool,
}

#[derive(Debug)]
enum Phase {
    /// Between two messages, or within a head.
    Head,
    /// So many bytes at the front of the stash are judged and go to the engine.
    Given(usize, Then),
    /// So many bytes of a body are still to come.
    Length(u64),
    /// Within a chunked body.
    Chunked(Follower),
    /// Within its trailer section, which waits in the stash until it is whole.
    Trailers(TrailerScanner),
    /// HTTP/2.
    Frames(FrameMeter),
    /// No judging: a tunnel.
    Raw,
    /// The body broke its framing: every read fails.
    Broken,
    /// Every read is the end.
    Ended,
}

/// What follows bytes that are given from the stash.
#[derive(Clone, Copy, Debug)]
enum Then {
    Body(Framing, Switch),
    NextHead,
    End,
}

impl<S: Socket> ConnIo<S> {
    /// Wraps a socket just accepted; its first head is due from now.
    pub fn new(inner: S, caller: Rc<Caller>, bounds: Bounds, watchdog: &Watchdog, slot: &Slot) -> Self {
        Self {
            inner,
            caller,
            bounds,
            phase: Phase::Head,
            scanner: Scanner::default(),
            stash: Stash::default(),
            heading: HeadClock::new(watchdog, slot.tenant(), (bounds.head_timeout, bounds.keepalive)),
            writing: WriteClock::new(watchdog, bounds.stalled),
            view: Rc::new(View { standing: Cell::new(Standing::Idle), leaving: Cell::new(false) }),
            slots: slot.slots().clone(),
            held: None,
            credit: Credit::default(),
            heads: Heads::default(),
            ended_quiet: false,
        }
    }

    /// The connection as its driver sees it.
    pub fn view(&self) -> Rc<View> {
        Rc::clone(&self.view)
    }

    /// What an HTTP/2 caller has earned; told by those who see its responses go out.
    pub fn credit(&self) -> Credit {
        self.credit.clone()
    }

    /// The requests an HTTP/2 caller began.
    pub fn heads(&self) -> Heads {
        self.heads.clone()
    }

    /// Whether a message has been handed on whole, and nothing of the next.
    pub fn is_whole(&self) -> bool {
        self.view.standing() == Standing::Whole
    }

    /// Whether the caller may have sent bytes that nobody read.
    pub fn has_unread(&self) -> bool {
        match self.view.standing() {
            Standing::Idle | Standing::Whole => !self.stash.is_empty() || self.inner.has_bytes(),
            Standing::Heading | Standing::Body | Standing::Last | Standing::Stalled => !self.ended_quiet,
        }
    }

    /// Ends all judging: what was held back and whatever comes is read as it is. Only after the engine has let go of
    /// the stream because it switched protocols.
    pub fn into_tunnel(mut self) -> Self {
        self.phase = Phase::Raw;
        self.heading.stop();
        self
    }

    /// Makes the close a reset: an ordinary one would pass for the end of a message that ends with its connection.
    pub fn break_off(&self) {
        self.inner.reset_on_close();
    }

    /// The socket, for those who only discard what still comes.
    pub fn into_socket(self) -> S {
        self.inner
    }

    /// Whether there is room for a head of `len` bytes.
    fn has_room(&mut self, len: usize) -> bool {
        if len > SMALL_HEAD && self.held.is_none() {
            self.held = self.slots.hold_head(self.bounds.head.size);
        }
        len <= SMALL_HEAD || self.held.is_some()
    }

    /// Hands on a whole head at the front of the stash.
    fn accept_stashed(&mut self, head: Head) {
        let mut len = head.len;
        if let Some(range) = head.lower {
            self.stash.lower(range);
        }
        if let Some(range) = head.cut {
            len -= range.len();
            self.stash.cut(range);
        }
        self.accepted();
        self.phase = Phase::Given(len, Then::Body(head.framing, head.switch));
    }

    fn accepted(&mut self) {
        self.caller.note(HeadNote::Valid);
        self.heading.stop();
        self.view.standing.set(Standing::Body);
    }

    /// Puts the stand-in where the refused head was; nothing of what the caller sent is read on.
    fn refuse(&mut self, reason: Reason) {
        self.caller.note(HeadNote::Refused(reason));
        self.heading.stop();
        self.view.standing.set(Standing::Last);
        let head = self.stash.bytes();
        let head = head.strip_prefix(b"\r\n").unwrap_or(head);
        let stand_in = if head.starts_with(b"HEAD ") { HEAD_STAND_IN } else { STAND_IN };
        self.stash.clear();
        self.stash.push(stand_in);
        self.phase = Phase::Given(stand_in.len(), Then::End);
    }

    /// Goes over to what follows a head that was handed on.
    fn enter(&mut self, then: Then) {
        self.phase = match then {
            Then::Body(_, Switch::Asked) | Then::End => Phase::Ended,
            Then::Body(Framing::None, Switch::Stay) | Then::NextHead => Phase::Head,
            Then::Body(Framing::Length(length), Switch::Stay) => Phase::Length(length),
            Then::Body(Framing::Chunked, Switch::Stay) => Phase::Chunked(Follower::default()),
        };
        self.stand();
    }

    /// Tells where the connection stands after bytes were handed on.
    fn stand(&self) {
        self.view.standing.set(match self.phase {
            Phase::Head => Standing::Whole,
            Phase::Given(..) | Phase::Length(_) | Phase::Chunked(_) | Phase::Trailers(_) => Standing::Body,
            Phase::Frames(_) | Phase::Raw | Phase::Broken | Phase::Ended => Standing::Last,
        });
    }
}

impl View {
    /// Where the connection stands.
    pub fn standing(&self) -> Standing {
        self.standing.get()
    }

    /// Lets the stream end as soon as no head is on its way; takes effect when the stream is next asked for bytes.
    pub fn leave(&self) {
        self.leaving.set(true);
    }
}

#[cfg(test)]
mod tests;
