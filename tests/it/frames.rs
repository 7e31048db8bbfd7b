//! A caller that writes HTTP/2 frames as told, well-formed or not, and reads what becomes of each stream.

mod hpack;

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

pub(crate) use hpack::{block, literal};

/// What every connection begins with.
pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Frame types.
pub(crate) mod kind {
    pub(crate) const DATA: u8 = 0;
    pub(crate) const HEADERS: u8 = 1;
    pub(crate) const PRIORITY: u8 = 2;
    pub(crate) const RST_STREAM: u8 = 3;
    pub(crate) const SETTINGS: u8 = 4;
    pub(crate) const PUSH_PROMISE: u8 = 5;
    pub(crate) const PING: u8 = 6;
    pub(crate) const GOAWAY: u8 = 7;
    pub(crate) const WINDOW_UPDATE: u8 = 8;
    pub(crate) const CONTINUATION: u8 = 9;
}

/// `END_STREAM`, also `ACK`.
pub(crate) const END_STREAM: u8 = 1;
/// `END_HEADERS`.
pub(crate) const END_HEADERS: u8 = 4;
/// Both.
pub(crate) const WHOLE: u8 = END_STREAM | END_HEADERS;

/// One received frame.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) kind: u8,
    pub(crate) flags: u8,
    pub(crate) stream: u32,
    pub(crate) payload: Vec<u8>,
}

/// What became of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// A whole answer: status and length of its body.
    Answer(u16, usize),
    /// The stream was reset with this code, after an answer head with this status if there was one.
    Reset(u32, Option<u16>),
    /// The connection was given up with this code.
    GoAway(u32),
    /// The connection ended without a word.
    Closed,
    /// Nothing within the patience.
    Late,
}

/// One connection.
#[derive(Debug)]
pub(crate) struct H2 {
    stream: TcpStream,
    unread: Vec<u8>,
    patience: Duration,
}

/// Bytes of one frame.
pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut bytes = vec![length[1], length[2], length[3], kind, flags];
    bytes.extend_from_slice(&stream.to_be_bytes());
    bytes.extend_from_slice(payload);
    bytes
}

/// Bytes of one setting.
pub(crate) fn setting(id: u16, value: u32) -> Vec<u8> {
    [id.to_be_bytes().as_slice(), value.to_be_bytes().as_slice()].concat()
}

/// HEADERS of a request with the usual pseudo fields and `more`.
pub(crate) fn request(stream: u32, method: &str, path: &str, more: &[(&str, &str)], flags: u8) -> Vec<u8> {
    let mut fields: Vec<(&[u8], &[u8])> = vec![
        (b":method", method.as_bytes()),
        (b":scheme", b"http"),
        (b":authority", b"gate.test"),
        (b":path", path.as_bytes()),
    ];
    fields.extend(more.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())));
    frame(kind::HEADERS, flags, stream, &block(&fields))
}

impl H2 {
    /// Connects and says hello, asking for no dynamic table.
    pub(crate) fn to(addr: SocketAddr) -> Self {
        Self::with_settings(addr, &[])
    }

    /// The same with more settings.
    pub(crate) fn with_settings(addr: SocketAddr, more: &[(u16, u32)]) -> Self {
        let mut connection = Self::silent(addr);
        let mut settings = setting(1, 0);
        settings.extend(more.iter().flat_map(|(id, value)| setting(*id, *value)));
        let hello = [PREFACE, &frame(kind::SETTINGS, 0, 0, &settings)].concat();
        connection.send(&hello).unwrap();
        connection
    }

    /// Connects and says nothing.
    pub(crate) fn silent(addr: SocketAddr) -> Self {
        let stream = TcpStream::connect_timeout(&addr, Duration::from_secs(10)).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_write_timeout(Some(Duration::from_secs(10))).unwrap();
        Self { stream, unread: Vec::new(), patience: Duration::from_secs(30) }
    }

    /// The same, waiting at most `patience` for an outcome.
    #[must_use]
    pub(crate) fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Writes bytes as they are.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// One whole request without body.
    pub(crate) fn ask(&mut self, stream: u32, method: &str, path: &str, more: &[(&str, &str)]) -> Outcome {
        let _ = self.send(&request(stream, method, path, more, WHOLE));
        self.outcome(stream)
    }

    /// Reads until the stream or the connection is at its end.
    pub(crate) fn outcome(&mut self, stream: u32) -> Outcome {
        let end = Instant::now() + self.patience;
        let (mut status, mut length) = (None, 0);
        loop {
            let frame = match self.next(end) {
                Ok(Some(frame)) => frame,
                Ok(None) => return Outcome::Closed,
                Err(error) if is_late(&error) => return Outcome::Late,
                Err(_) => return Outcome::Closed,
            };
            match frame.kind {
                kind::GOAWAY if code(&frame.payload, 4) != 0 => {
                    return Outcome::GoAway(code(&frame.payload, 4));
                }
                _ if frame.stream != stream || stream == 0 => continue,
                kind::RST_STREAM => return Outcome::Reset(code(&frame.payload, 0), status),
                kind::HEADERS => status = status.or_else(|| hpack::status(&frame.payload)),
                kind::DATA => length += frame.payload.len(),
                _ => continue,
            }
            if let (Some(status), true) = (status, frame.flags & END_STREAM != 0) {
                return Outcome::Answer(status, length);
            }
        }
    }

    /// The next frame, acknowledging settings and pings on the way; `None` at the end.
    pub(crate) fn next(&mut self, end: Instant) -> io::Result<Option<Frame>> {
        loop {
            let Some(frame) = self.read(end)? else { return Ok(None) };
            match frame.kind {
                kind::SETTINGS | kind::PING if frame.flags & 1 == 0 => {
                    let echo: &[u8] = if frame.kind == kind::PING { &frame.payload } else { b"" };
                    let _ = self.send(&self::frame(frame.kind, 1, 0, echo));
                }
                kind::SETTINGS | kind::PING => {}
                _ => return Ok(Some(frame)),
            }
        }
    }

    /// Reads frames until the connection ends or the patience does; whether it ended.
    pub(crate) fn ends(&mut self) -> Option<Vec<Frame>> {
        let end = Instant::now() + self.patience;
        let mut frames = Vec::new();
        loop {
            match self.next(end) {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => return Some(frames),
                Err(error) if is_late(&error) => return None,
                Err(_) => return Some(frames),
            }
        }
    }

    fn read(&mut self, end: Instant) -> io::Result<Option<Frame>> {
        loop {
            if let Some(frame) = self.take() {
                return Ok(Some(frame));
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(io::ErrorKind::TimedOut.into());
            }
            self.stream.set_read_timeout(Some(left))?;
            let mut block = [0; 16 * 1024];
            match self.stream.read(&mut block)? {
                0 => return Ok(None),
                count => self.unread.extend_from_slice(&block[..count]),
            }
        }
    }

    fn take(&mut self) -> Option<Frame> {
        let head: [u8; 9] = self.unread.get(..9)?.try_into().ok()?;
        let length = usize::try_from(u32::from_be_bytes([0, head[0], head[1], head[2]])).ok()?;
        if self.unread.len() < 9 + length {
            return None;
        }
        let payload = self.unread[9..9 + length].to_vec();
        self.unread.drain(..9 + length);
        let stream = u32::from_be_bytes([head[5] & 0x7f, head[6], head[7], head[8]]);
        Some(Frame { kind: head[3], flags: head[4], stream, payload })
    }
}

fn code(payload: &[u8], at: usize) -> u32 {
    payload.get(at..at + 4).and_then(|four| four.try_into().ok()).map_or(0, u32::from_be_bytes)
}

fn is_late(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}
