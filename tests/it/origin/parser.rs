//! A strict HTTP/1.1 request parser of the suite's own: anything not canonical is a fault.

use std::io::{self, Read};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::seen::Framing;

const LONGEST_HEAD: usize = 256 * 1024;
const MOST_TRAILERS: usize = 200;
const TOKEN: &str = "!#$%&'*+-.^_`|~";

/// Fields as they stood on the wire.
pub(crate) type Fields = Vec<(String, Vec<u8>)>;

/// Request line and fields.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) fields: Fields,
    pub(crate) framing: Framing,
}

/// Why no request could be read.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The connection ended where a request may end.
    End,
    /// It ended or was reset within a message.
    Cut,
    /// What came is not canonical HTTP/1.1.
    Fault(String),
}

/// Bytes of one connection, each kept as it came up to a bound.
#[derive(Debug)]
pub(crate) struct Source {
    stream: TcpStream,
    unread: Vec<u8>,
    raw: Vec<u8>,
    silent: bool,
    spoken: Arc<AtomicUsize>,
}

/// Most bytes kept of one connection.
const KEPT: usize = 256 * 1024;

impl Source {
    /// Counts itself in `spoken` with its first byte.
    pub(crate) fn new(stream: TcpStream, spoken: Arc<AtomicUsize>) -> Self {
        Self { stream, unread: Vec::new(), raw: Vec::new(), silent: true, spoken }
    }

    /// Everything received so far, up to a bound; the caller stores it.
    pub(crate) fn raw(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.raw)
    }

    /// Bytes received and not yet used.
    pub(crate) fn unread(&self) -> &[u8] {
        &self.unread
    }

    /// Takes bytes past HTTP (a tunnel); empty at the end.
    pub(crate) fn some(&mut self) -> io::Result<Vec<u8>> {
        if self.unread.is_empty() {
            self.pull()?;
        }
        Ok(std::mem::take(&mut self.unread))
    }

    fn pull(&mut self) -> io::Result<usize> {
        let mut block = [0; 32 * 1024];
        let count = self.stream.read(&mut block)?;
        if count > 0 && std::mem::replace(&mut self.silent, false) {
            self.spoken.fetch_add(1, Ordering::AcqRel);
        }
        self.unread.extend_from_slice(&block[..count]);
        let room = KEPT.saturating_sub(self.raw.len()).min(count);
        self.raw.extend_from_slice(&block[..room]);
        Ok(count)
    }

    /// Reads one more block within a message.
    fn more(&mut self) -> Result<(), Stop> {
        match self.pull() {
            Ok(0) | Err(_) => Err(Stop::Cut),
            Ok(_) => Ok(()),
        }
    }

    /// Reads one request head.
    pub(crate) fn head(&mut self) -> Result<Head, Stop> {
        let mut length = None;
        while length.is_none() {
            if self.unread.is_empty() {
                match self.pull() {
                    Ok(0) | Err(_) => return Err(Stop::End),
                    Ok(_) => {}
                }
            } else if self.unread.len() > LONGEST_HEAD {
                return Err(fault("head without end"));
            } else {
                self.more()?;
            }
            length = self.unread.windows(4).position(|four| four == b"\r\n\r\n");
        }
        let end = length.unwrap_or_default();
        let head: Vec<u8> = self.unread.drain(..end + 4).collect();
        parse(&head[..end]).map_err(|stop| match stop {
            Stop::Fault(what) => {
                fault(&format!("{what} in {:?}", String::from_utf8_lossy(&head[..end.min(300)])))
            }
            Stop::End | Stop::Cut => stop,
        })
    }

    /// Reads the body, handing out its pieces; returns the trailers.
    pub(crate) fn body(&mut self, framing: Framing, mut piece: impl FnMut(&[u8])) -> Result<Fields, Stop> {
        match framing {
            Framing::None => Ok(Vec::new()),
            Framing::Length(length) => {
                self.pass(length, &mut piece)?;
                Ok(Vec::new())
            }
            Framing::Chunked => loop {
                let size = self.line()?;
                let plain = !size.is_empty() && size.len() <= 8 && size.iter().all(u8::is_ascii_hexdigit);
                if !plain {
                    return Err(fault(&format!("chunk size {:?}", String::from_utf8_lossy(&size))));
                }
                let size = u64::from_str_radix(&String::from_utf8_lossy(&size), 16).unwrap();
                if size == 0 {
                    return self.trailers();
                }
                self.pass(size, &mut piece)?;
                if !self.line()?.is_empty() {
                    return Err(fault("chunk longer than its size"));
                }
            },
        }
    }

    fn trailers(&mut self) -> Result<Fields, Stop> {
        let mut trailers = Vec::new();
        loop {
            let line = self.line()?;
            if line.is_empty() {
                return Ok(trailers);
            }
            trailers.push(field(&line)?);
            if trailers.len() > MOST_TRAILERS {
                return Err(fault("trailers without end"));
            }
        }
    }

    fn pass(&mut self, mut left: u64, piece: &mut impl FnMut(&[u8])) -> Result<(), Stop> {
        while left > 0 {
            if self.unread.is_empty() {
                self.more()?;
            }
            let count = usize::try_from(left).unwrap_or(usize::MAX).min(self.unread.len());
            piece(&self.unread[..count]);
            self.unread.drain(..count);
            left -= count as u64;
        }
        Ok(())
    }

    fn line(&mut self) -> Result<Vec<u8>, Stop> {
        loop {
            if let Some(at) = self.unread.iter().position(|byte| *byte == b'\n') {
                let mut line: Vec<u8> = self.unread.drain(..=at).collect();
                line.pop();
                if line.pop() != Some(b'\r') {
                    return Err(fault("line without CR"));
                }
                return Ok(line);
            }
            if self.unread.len() > LONGEST_HEAD {
                return Err(fault("line without end"));
            }
            self.more()?;
        }
    }
}

fn parse(head: &[u8]) -> Result<Head, Stop> {
    if head.contains(&0) {
        return Err(fault("NUL in head"));
    }
    let mut lines = split(head)?.into_iter();
    let first = String::from_utf8(lines.next().unwrap_or_default().to_vec());
    let first = first.map_err(|_| fault("request line is not UTF-8"))?;
    let parts: Vec<&str> = first.split(' ').collect();
    let [method, target, "HTTP/1.1"] = parts.as_slice() else {
        return Err(fault(&format!("request line {first:?}")));
    };
    let is_clean = target.bytes().all(|byte| byte > b' ' && byte < 0x7f) && !target.contains('#');
    if !is_token(method) || !is_clean || !(target.starts_with('/') || *target == "*") {
        return Err(fault(&format!("request line {first:?}")));
    }
    let fields = lines.map(field).collect::<Result<Fields, Stop>>()?;
    let framing = framing(&fields)?;
    if values(&fields, "host").len() != 1 {
        return Err(fault("not exactly one Host"));
    }
    Ok(Head { method: (*method).to_owned(), target: (*target).to_owned(), fields, framing })
}

fn split(head: &[u8]) -> Result<Vec<&[u8]>, Stop> {
    let mut lines = Vec::new();
    for line in head.split(|byte| *byte == b'\n') {
        lines.push(line);
    }
    let last = lines.len() - 1;
    for (number, line) in lines.iter_mut().enumerate() {
        if number < last {
            *line = line.strip_suffix(b"\r").ok_or_else(|| fault("bare LF in head"))?;
        }
        if line.contains(&b'\r') {
            return Err(fault("bare CR in head"));
        }
    }
    Ok(lines)
}

fn field(line: impl AsRef<[u8]>) -> Result<(String, Vec<u8>), Stop> {
    let line = line.as_ref();
    let shown = || fault(&format!("field {:?}", String::from_utf8_lossy(line)));
    let colon = line.iter().position(|byte| *byte == b':').ok_or_else(shown)?;
    let name = String::from_utf8(line[..colon].to_vec()).map_err(|_| shown())?;
    let value = trimmed(&line[colon + 1..]).to_vec();
    let is_clean = value.iter().all(|byte| *byte == b'\t' || (*byte >= b' ' && *byte != 0x7f));
    if !is_token(&name) || !is_clean {
        return Err(shown());
    }
    Ok((name, value))
}

/// Without the spaces and tabs around it, and nothing else.
fn trimmed(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

fn framing(fields: &Fields) -> Result<Framing, Stop> {
    match (values(fields, "transfer-encoding").as_slice(), values(fields, "content-length").as_slice()) {
        ([], []) => Ok(Framing::None),
        ([coding], []) if coding.eq_ignore_ascii_case(b"chunked") => Ok(Framing::Chunked),
        ([], [length]) => {
            let text = String::from_utf8_lossy(length);
            let plain = text.bytes().all(|byte| byte.is_ascii_digit())
                && (text == "0" || !text.starts_with('0'))
                && !text.is_empty();
            let length = text.parse().ok().filter(|_| plain);
            length.map(Framing::Length).ok_or_else(|| fault(&format!("length {text:?}")))
        }
        (codings, lengths) => Err(fault(&format!("framing {codings:?} {lengths:?}"))),
    }
}

fn values<'a>(fields: &'a Fields, name: &str) -> Vec<&'a [u8]> {
    let same = fields.iter().filter(|(found, _)| found.eq_ignore_ascii_case(name));
    same.map(|(_, value)| value.as_slice()).collect()
}

fn is_token(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || TOKEN.contains(c))
}

fn fault(what: &str) -> Stop {
    Stop::Fault(what.to_owned())
}
