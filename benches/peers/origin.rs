//! The app behind every proxy: one thread, keep-alive, reads whole bodies, answers three bytes.
//!
//! As cheap as it can be, because it shares its core with the load generator: the dearer both are, the less of its
//! own core a proxy is asked for.

use std::collections::HashMap;
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::thread;

use rustix::buffer::spare_capacity;
use rustix::event::epoll;
use rustix::fd::OwnedFd;

use crate::trouble::Tried;
use crate::wire;

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nok\n";
/// What a body with a length this program cannot follow gets; the check before each contest then fails.
const NOT_FOLLOWED: &[u8] = b"HTTP/1.1 501 Not Implemented\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
const LISTENER: u64 = 0;

/// Starts the origin on a thread of its own; it ends with the process.
pub(crate) fn start() -> Tried<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    listener.set_nonblocking(true)?;
    // std asks for a short queue; 512 connections at once need a longer one.
    rustix::net::listen(&listener, 4096)?;
    let address = listener.local_addr()?;
    let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
    epoll::add(&epoll, &listener, epoll::EventData::new_u64(LISTENER), epoll::EventFlags::IN)?;
    let origin =
        Origin { listener, epoll, callers: HashMap::new(), last: LISTENER, block: vec![0; 64 << 10] };
    thread::Builder::new().name("origin".to_owned()).spawn(move || origin.run())?;
    Ok(address)
}

struct Origin {
    listener: TcpListener,
    epoll: OwnedFd,
    callers: HashMap<u64, Caller>,
    last: u64,
    block: Vec<u8>,
}

struct Caller {
    stream: TcpStream,
    /// A head that is not whole yet.
    head: Vec<u8>,
    /// Bytes of a body still to come.
    body: usize,
}

impl Origin {
    fn run(mut self) {
        let mut events = Vec::with_capacity(256);
        loop {
            if epoll::wait(&self.epoll, spare_capacity(&mut events), None).is_err() {
                events.clear();
            }
            for event in events.drain(..) {
                match event.data.u64() {
                    LISTENER => self.welcome(),
                    number => {
                        let alive =
                            self.callers.get_mut(&number).is_some_and(|caller| caller.serve(&mut self.block));
                        if !alive {
                            self.callers.remove(&number);
                        }
                    }
                }
            }
        }
    }

    fn welcome(&mut self) {
        while let Ok((stream, _)) = self.listener.accept() {
            self.last += 1;
            let data = epoll::EventData::new_u64(self.last);
            let ready = stream.set_nonblocking(true).is_ok()
                && stream.set_nodelay(true).is_ok()
                && epoll::add(&self.epoll, &stream, data, epoll::EventFlags::IN).is_ok();
            if ready {
                self.callers.insert(self.last, Caller { stream, head: Vec::new(), body: 0 });
            }
        }
    }
}

impl Caller {
    /// Takes what has come and answers what is whole; `false` when the connection is over.
    fn serve(&mut self, block: &mut [u8]) -> bool {
        let taken = match self.stream.read(block) {
            Ok(0) => return false,
            Ok(taken) => taken,
            Err(error) => return matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted),
        };
        let mut bytes = block.get(..taken).unwrap_or_default();
        while !bytes.is_empty() {
            if self.body > 0 {
                let part = self.body.min(bytes.len());
                bytes = bytes.get(part..).unwrap_or_default();
                self.body -= part;
                if self.body == 0 && self.stream.write_all(ANSWER).is_err() {
                    return false;
                }
                continue;
            }
            let before = self.head.len();
            self.head.extend_from_slice(bytes);
            let Some(end) = wire::head_end(&self.head) else { return self.head.len() < 64 << 10 };
            let head = self.head.get(..end).unwrap_or_default();
            let length = wire::content_length(head);
            if length.is_none() && !head.starts_with(b"GET ") {
                // Whether this fails or not, the connection is over.
                let _ = self.stream.write_all(NOT_FOLLOWED);
                return false;
            }
            self.body = length.unwrap_or(0);
            bytes = bytes.get(end - before..).unwrap_or_default();
            self.head.clear();
            if self.body == 0 && self.stream.write_all(ANSWER).is_err() {
                return false;
            }
        }
        true
    }
}
