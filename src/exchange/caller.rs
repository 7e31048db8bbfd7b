//! What `listen` knows of the connection a request came on. One per connection, shared with its requests.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use crate::check::deny::Reason;
use crate::forward::Tunnel;

/// One connection of a caller.
#[derive(Debug)]
pub struct Caller {
    /// Who is at the other end of the socket.
    pub peer: Peer,
    /// How the connection speaks.
    pub protocol: Protocol,
    notes: RefCell<VecDeque<HeadNote>>,
    tunnel: RefCell<Option<Tunnel>>,
    close: Cell<bool>,
}

/// The other end of the socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// TCP.
    Tcp(SocketAddr),
    /// A unix socket: a process of this host.
    Unix,
}

/// How a connection speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/1.0 or HTTP/1.1.
    Http1,
    /// HTTP/2 with prior knowledge.
    Http2,
}

/// What the raw-head validator found out about one head, in the order of the heads (HTTP/1 only).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadNote {
    /// The bytes that are served are the caller's own, and valid.
    Valid,
    /// The caller's head was refused; the request that is served is a stand-in that must be answered with this reason
    /// and closed.
    Refused(Reason),
}

impl Caller {
    /// A connection that has just been accepted.
    pub fn new(peer: Peer, protocol: Protocol) -> Self {
        Self {
            peer,
            protocol,
            notes: RefCell::new(VecDeque::new()),
            tunnel: RefCell::new(None),
            close: Cell::new(false),
        }
    }

    /// The peer's address; a unix peer counts as loopback.
    pub fn ip(&self) -> IpAddr {
        match self.peer {
            Peer::Tcp(address) => address.ip().to_canonical(),
            Peer::Unix => IpAddr::V4(Ipv4Addr::LOCALHOST),
        }
    }

    /// Notes the verdict on the next head; called by the tap before the engine sees its bytes.
    pub fn note(&self, note: HeadNote) {
        self.notes.borrow_mut().push_back(note);
    }

    /// Takes the note of the request now served. HTTP/2 heads have none and count as valid.
    ///
    /// Security: an HTTP/1 request without a note was not seen by the validator and is refused.
    pub fn take_note(&self) -> HeadNote {
        match self.protocol {
            Protocol::Http2 => HeadNote::Valid,
            Protocol::Http1 => {
                self.notes.borrow_mut().pop_front().unwrap_or(HeadNote::Refused(Reason::HeadMalformed))
            }
        }
    }

    /// Leaves the app's side of a switched connection; `listen` joins the two once the 101 has been written.
    pub fn switch_to(&self, tunnel: Tunnel) {
        *self.tunnel.borrow_mut() = Some(tunnel);
    }

    /// The app's side of a switched connection.
    pub fn take_tunnel(&self) -> Option<Tunnel> {
        self.tunnel.borrow_mut().take()
    }

    /// Asks that the connection be closed after the answer being made.
    pub fn close_after(&self) {
        self.close.set(true);
    }

    /// Whether the connection is to be closed after the answer being made.
    pub fn is_closing(&self) -> bool {
        self.close.get()
    }
}
