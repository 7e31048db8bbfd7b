//! The app behind the gate: records every byte, parses strictly on its own, answers as a script tells.

mod parser;
mod seen;

use std::fmt;
use std::io::{self, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

pub(crate) use seen::{Framing, Seen};

use crate::pace::{SOON, until};
use parser::{Source, Stop};

/// What happens to the connection after an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Another request may come.
    Keep,
    /// The origin closes.
    Close,
}

type Script = Arc<dyn Fn(&mut Talk) -> io::Result<Next> + Send + Sync>;

/// An origin on a port of its own; ends when dropped.
pub(crate) struct Origin {
    /// Where it listens.
    pub(crate) addr: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    script: Script,
    notes: Mutex<Notes>,
    stopping: AtomicBool,
    spoken: Arc<AtomicUsize>,
}

#[derive(Default)]
struct Notes {
    seen: Vec<Seen>,
    faults: Vec<String>,
    raw: Vec<Vec<u8>>,
    streams: Vec<TcpStream>,
}

/// One request being answered.
pub(crate) struct Talk {
    stream: TcpStream,
    source: Source,
    shared: Arc<Shared>,
    connection: usize,
    number: usize,
    framing: Framing,
    body_taken: bool,
    method: String,
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Origin({})", self.addr)
    }
}

impl Origin {
    /// Answers every request with 200 and `ok` once its body is in.
    pub(crate) fn start() -> Self {
        Self::scripted(|talk| {
            talk.body()?;
            talk.plain(200, b"ok")
        })
    }

    /// Answers as `script` tells.
    pub(crate) fn scripted(script: impl Fn(&mut Talk) -> io::Result<Next> + Send + Sync + 'static) -> Self {
        Self::scripted_at(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), script)
    }

    /// The same at a given address, e.g. that of an origin that has stopped.
    pub(crate) fn scripted_at(
        addr: SocketAddr,
        script: impl Fn(&mut Talk) -> io::Result<Next> + Send + Sync + 'static,
    ) -> Self {
        let listener = until(SOON, "the origin's port is free", || TcpListener::bind(addr).ok());
        let addr = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            script: Arc::new(script),
            notes: Mutex::default(),
            stopping: AtomicBool::new(false),
            spoken: Arc::default(),
        });
        let accepting = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if accepting.stopping.load(Ordering::Acquire) {
                    break;
                }
                if let Ok(stream) = stream {
                    let shared = Arc::clone(&accepting);
                    thread::spawn(move || serve(stream, &shared));
                }
            }
        });
        Self { addr, shared }
    }

    /// Requests whose head was parsed, in order of their heads.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.shared.notes().seen.clone()
    }

    /// Number of requests whose head was parsed.
    pub(crate) fn count(&self) -> usize {
        self.shared.notes().seen.len()
    }

    /// Waits until `count` requests have come whole, and returns all.
    pub(crate) fn wait_whole(&self, count: usize) -> Vec<Seen> {
        until(SOON, "requests at the origin", || {
            let seen = self.seen();
            (seen.iter().filter(|seen| seen.whole).count() >= count).then_some(seen)
        })
    }

    /// Waits until `count` request heads have come, and returns all.
    pub(crate) fn wait_heads(&self, count: usize) -> Vec<Seen> {
        until(SOON, "request heads at the origin", || Some(self.seen()).filter(|seen| seen.len() >= count))
    }

    /// What was not canonical HTTP/1.1.
    pub(crate) fn faults(&self) -> Vec<String> {
        self.shared.notes().faults.clone()
    }

    /// Bytes of every connection, each up to a bound.
    pub(crate) fn raw(&self) -> Vec<Vec<u8>> {
        self.shared.notes().raw.clone()
    }

    /// Connections that brought at least one byte; probes of readiness bring none.
    pub(crate) fn connections(&self) -> usize {
        self.shared.spoken.load(Ordering::Acquire)
    }

    /// Closes every connection that is open now.
    pub(crate) fn cut(&self) {
        for stream in self.shared.notes().streams.drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

impl Drop for Origin {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::Release);
        let _ = TcpStream::connect_timeout(&self.addr, Duration::from_secs(1));
        self.cut();
    }
}

impl Shared {
    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

fn serve(stream: TcpStream, shared: &Arc<Shared>) {
    let _ = stream.set_nodelay(true);
    let _ = stream.set_read_timeout(Some(Duration::from_secs(120)));
    let _ = stream.set_write_timeout(Some(Duration::from_secs(120)));
    let Ok(reading) = stream.try_clone() else { return };
    let mut source = Source::new(reading, Arc::clone(&shared.spoken));
    let connection = {
        let mut notes = shared.notes();
        notes.raw.push(Vec::new());
        if let Ok(stream) = stream.try_clone() {
            notes.streams.push(stream);
        }
        notes.raw.len() - 1
    };
    loop {
        let head = source.head();
        let mut notes = shared.notes();
        notes.raw[connection].extend(source.raw());
        let head = match head {
            Ok(head) => head,
            Err(Stop::End) => break,
            Err(Stop::Cut) => {
                notes.faults.push(format!("connection {connection}: ended within a head"));
                break;
            }
            Err(Stop::Fault(what)) => {
                notes.faults.push(format!("connection {connection}: {what}"));
                break;
            }
        };
        let number = notes.seen.len();
        let (framing, method) = (head.framing, head.method.clone());
        notes.seen.push(Seen {
            method: head.method,
            target: head.target,
            fields: head.fields,
            framing,
            body: Vec::new(),
            length: 0,
            sha256: HEXLOWER.encode(&Sha256::digest(b"")),
            trailers: Vec::new(),
            whole: framing == Framing::None,
            at: Instant::now(),
        });
        drop(notes);
        let Ok(writing) = stream.try_clone() else { break };
        let shared = Arc::clone(shared);
        let mut talk =
            Talk { stream: writing, source, shared, connection, number, framing, body_taken: false, method };
        let script = Arc::clone(&talk.shared.script);
        let next = script(&mut talk);
        let raw = talk.source.raw();
        talk.shared.notes().raw[connection].extend(raw);
        if !matches!(next, Ok(Next::Keep)) || !(talk.body_taken || framing == Framing::None) {
            break;
        }
        source = talk.source;
    }
    let _ = stream.shutdown(Shutdown::Both);
}

impl Talk {
    /// The request as noted so far.
    pub(crate) fn seen(&self) -> Seen {
        self.shared.notes().seen[self.number].clone()
    }

    /// The target of the request.
    pub(crate) fn target(&self) -> String {
        self.seen().target
    }

    /// Reads the whole body; sends `100 Continue` first where asked for.
    pub(crate) fn body(&mut self) -> io::Result<Seen> {
        if std::mem::replace(&mut self.body_taken, true) || self.framing == Framing::None {
            return Ok(self.seen());
        }
        if self.seen().one("expect").eq_ignore_ascii_case("100-continue") {
            self.stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        let (mut hash, mut first, mut length) = (Sha256::new(), Vec::new(), 0u64);
        let read = self.source.body(self.framing, |piece| {
            hash.update(piece);
            let room = (64 * 1024 - first.len()).min(piece.len());
            first.extend_from_slice(&piece[..room]);
            length += piece.len() as u64;
        });
        let raw = self.source.raw();
        let mut notes = self.shared.notes();
        notes.raw[self.connection].extend(raw);
        let seen = &mut notes.seen[self.number];
        (seen.body, seen.length, seen.sha256) = (first, length, HEXLOWER.encode(&hash.finalize()));
        match read {
            Ok(trailers) => {
                (seen.trailers, seen.whole) = (trailers, true);
                Ok(seen.clone())
            }
            Err(Stop::Fault(what)) => {
                notes.faults.push(what.clone());
                Err(io::Error::other(what))
            }
            Err(Stop::End | Stop::Cut) => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }

    /// Reads tunnel bytes; empty at the end.
    pub(crate) fn tunnel(&mut self) -> io::Result<Vec<u8>> {
        self.source.some()
    }

    /// Bytes that came right behind the head and were not read as a body.
    pub(crate) fn early(&self) -> Vec<u8> {
        self.source.unread().to_vec()
    }

    /// Answers with a length and keeps the connection.
    pub(crate) fn plain(&mut self, status: u16, body: &[u8]) -> io::Result<Next> {
        self.answer(status, "", body)
    }

    /// Answers with a length and more field lines, each ended by CRLF.
    pub(crate) fn answer(&mut self, status: u16, fields: &str, body: &[u8]) -> io::Result<Next> {
        let framing = match status {
            204 | 304 => String::new(),
            _ => format!("Content-Length: {}\r\n", body.len()),
        };
        let mut bytes = format!("HTTP/1.1 {status} Said\r\n{framing}{fields}\r\n").into_bytes();
        let body = if self.method == "HEAD" { b"" } else { body };
        if body.len() < 64 * 1024 {
            bytes.extend_from_slice(body);
            self.raw(&bytes)?;
        } else {
            self.raw(&bytes)?;
            self.raw(body)?;
        }
        Ok(Next::Keep)
    }

    /// Starts a chunked answer.
    pub(crate) fn begin(&mut self, status: u16, fields: &str) -> io::Result<()> {
        self.raw(format!("HTTP/1.1 {status} Said\r\nTransfer-Encoding: chunked\r\n{fields}\r\n").as_bytes())
    }

    /// Sends one chunk.
    pub(crate) fn chunk(&mut self, piece: &[u8]) -> io::Result<()> {
        let mut bytes = format!("{:x}\r\n", piece.len()).into_bytes();
        bytes.extend_from_slice(piece);
        bytes.extend_from_slice(b"\r\n");
        self.raw(&bytes)
    }

    /// Ends a chunked answer with trailer lines, each ended by CRLF.
    pub(crate) fn end(&mut self, trailers: &str) -> io::Result<Next> {
        self.raw(format!("0\r\n{trailers}\r\n").as_bytes())?;
        Ok(Next::Keep)
    }

    /// Writes bytes as they are.
    pub(crate) fn raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// Answers nothing until the other side goes away.
    pub(crate) fn hang(&mut self) -> io::Result<Next> {
        while !self.source.some()?.is_empty() {}
        Ok(Next::Close)
    }
}
