//! A caller that writes HTTP/1.1 bytes as told and reads answers strictly.

use std::fmt::{self, Write as _};
use std::io::{self, Read, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use serde_json::Value;

/// Longest wait for one answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// One connection.
#[derive(Debug)]
pub(crate) struct Wire {
    stream: TcpStream,
    unread: Vec<u8>,
    patience: Duration,
}

/// A request to be written.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    method: String,
    target: String,
    fields: Vec<(String, String)>,
    body: Option<Vec<u8>>,
}

/// One whole answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: Vec<(String, String)>,
    /// Statuses of the 1xx answers before it.
    pub(crate) interim: Vec<u16>,
}

/// Why no answer could be read.
pub(crate) enum Broken {
    /// The connection ended cleanly between two answers.
    Closed,
    /// It was reset or ended within an answer.
    Cut(String),
    /// Nothing more within the patience.
    Late,
    /// What came is no HTTP/1.1 answer.
    Grammar(String),
}

impl fmt::Debug for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("closed"),
            Self::Cut(how) => write!(f, "cut: {how}"),
            Self::Late => f.write_str("nothing in time"),
            Self::Grammar(what) => write!(f, "no HTTP/1.1: {what}"),
        }
    }
}

impl Ask {
    /// A request with `Host: gate.test` and no body.
    pub(crate) fn new(method: &str, target: &str) -> Self {
        Self {
            method: method.to_owned(),
            target: target.to_owned(),
            fields: vec![("Host".to_owned(), "gate.test".to_owned())],
            body: None,
        }
    }

    pub(crate) fn get(target: &str) -> Self {
        Self::new("GET", target)
    }

    pub(crate) fn post(target: &str, body: impl Into<Vec<u8>>) -> Self {
        Self::new("POST", target).body(body)
    }

    /// Adds a field line.
    #[must_use]
    pub(crate) fn field(mut self, name: &str, value: &str) -> Self {
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Replaces the Host.
    #[must_use]
    pub(crate) fn host(mut self, host: &str) -> Self {
        self.fields[0].1 = host.to_owned();
        self
    }

    /// Sets a body, framed by its length.
    #[must_use]
    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// The request as bytes.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.target);
        for (name, value) in &self.fields {
            write!(head, "{name}: {value}\r\n").unwrap();
        }
        if let Some(body) = &self.body {
            write!(head, "Content-Length: {}\r\n", body.len()).unwrap();
        }
        head.push_str("\r\n");
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(self.body.as_deref().unwrap_or_default());
        bytes
    }
}

impl Wire {
    /// Connects; panics when nobody listens.
    pub(crate) fn to(addr: SocketAddr) -> Self {
        Self::try_to(addr).expect("connects")
    }

    /// Connects, `None` when nobody listens.
    pub(crate) fn try_to(addr: SocketAddr) -> Option<Self> {
        let stream = TcpStream::connect_timeout(&addr, PATIENCE).ok()?;
        Some(Self::over(stream))
    }

    /// Over a socket that is connected.
    pub(crate) fn over(stream: TcpStream) -> Self {
        stream.set_nodelay(true).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        Self { stream, unread: Vec::new(), patience: PATIENCE }
    }

    /// The same, waiting at most `patience` for an answer.
    #[must_use]
    pub(crate) fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// The socket itself.
    pub(crate) fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// Whether an answer or the end has come and waits to be read.
    pub(crate) fn is_answered(&self) -> bool {
        self.stream.set_nonblocking(true).unwrap();
        let peeked = self.stream.peek(&mut [0]);
        self.stream.set_nonblocking(false).unwrap();
        !matches!(peeked, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
    }

    /// Writes bytes as they are.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// Writes a request and reads its answer.
    pub(crate) fn ask(&mut self, ask: &Ask) -> Answer {
        self.try_ask(ask).unwrap_or_else(|broken| panic!("{} {}: {broken:?}", ask.method, ask.target))
    }

    /// Writes a request and reads its answer.
    pub(crate) fn try_ask(&mut self, ask: &Ask) -> Result<Answer, Broken> {
        let sent = self.send(&ask.bytes());
        let answer = self.answer(&ask.method);
        match (sent, answer) {
            (Err(error), Err(Broken::Closed)) => Err(Broken::Cut(error.to_string())),
            (_, answer) => answer,
        }
    }

    /// Ends our half; the answer can still be read.
    pub(crate) fn finish(&mut self) {
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// Reads one final answer to a request with `method`, interim ones included.
    pub(crate) fn answer(&mut self, method: &str) -> Result<Answer, Broken> {
        let end = Instant::now() + self.patience;
        let mut interim = Vec::new();
        loop {
            let mut answer = self.head(end)?;
            if (100..200).contains(&answer.status) && answer.status != 101 {
                interim.push(answer.status);
                continue;
            }
            answer.interim = interim;
            self.body_of(&mut answer, method, end)?;
            return Ok(answer);
        }
    }

    /// Reads one answer head, interim or final; its body stays unread.
    pub(crate) fn answer_head(&mut self) -> Result<Answer, Broken> {
        self.head(Instant::now() + self.patience)
    }

    /// Reads exactly `count` bytes.
    pub(crate) fn take(&mut self, count: usize) -> Result<Vec<u8>, Broken> {
        let end = Instant::now() + self.patience;
        while self.unread.len() < count {
            self.more(end)?;
        }
        Ok(self.unread.drain(..count).collect())
    }

    /// Reads to the end; `Err(Late)` when the connection stays open for the whole patience.
    pub(crate) fn rest(&mut self) -> Result<Vec<u8>, Broken> {
        let end = Instant::now() + self.patience;
        loop {
            match self.pull(end) {
                Ok(0) | Err(Broken::Cut(_)) => return Ok(std::mem::take(&mut self.unread)),
                Ok(_) => {}
                Err(broken) => return Err(broken),
            }
        }
    }

    fn head(&mut self, end: Instant) -> Result<Answer, Broken> {
        let length = loop {
            if let Some(at) = self.unread.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            self.more(end)?;
        };
        let head: Vec<u8> = self.unread.drain(..length).collect();
        let text = String::from_utf8(head).map_err(|_| Broken::Grammar("head is not UTF-8".into()))?;
        let mut lines = text[..text.len() - 4].split("\r\n");
        let first = lines.next().unwrap_or_default();
        let status = first
            .strip_prefix("HTTP/1.1 ")
            .or_else(|| first.strip_prefix("HTTP/1.0 "))
            .and_then(|rest| rest.get(..3))
            .and_then(|digits| digits.parse().ok())
            .ok_or_else(|| Broken::Grammar(first.to_owned()))?;
        let fields = lines.map(field_of).collect::<Result<_, _>>()?;
        Ok(Answer { status, fields, body: Vec::new(), trailers: Vec::new(), interim: Vec::new() })
    }

    fn body_of(&mut self, answer: &mut Answer, method: &str, end: Instant) -> Result<(), Broken> {
        if method == "HEAD" || matches!(answer.status, 101 | 204 | 304) {
            return Ok(());
        }
        if answer.all("transfer-encoding").iter().any(|value| value.eq_ignore_ascii_case("chunked")) {
            return self.chunks(answer, end);
        }
        let lengths = answer.all("content-length");
        if lengths.len() > 1 {
            return Err(Broken::Grammar("two lengths".into()));
        }
        if let Some(length) = lengths.first() {
            let length: usize = length.parse().map_err(|_| Broken::Grammar("bad length".into()))?;
            while self.unread.len() < length {
                self.more(end).map_err(within)?;
            }
            answer.body = self.unread.drain(..length).collect();
            return Ok(());
        }
        while self.pull(end)? > 0 {}
        answer.body = std::mem::take(&mut self.unread);
        Ok(())
    }

    fn chunks(&mut self, answer: &mut Answer, end: Instant) -> Result<(), Broken> {
        loop {
            let size = self.chunk_size(end)?;
            if size == 0 {
                break;
            }
            let mut piece = self.exactly(size + 2, end)?;
            if piece.split_off(size) != b"\r\n" {
                return Err(Broken::Grammar("chunk end".into()));
            }
            answer.body.append(&mut piece);
        }
        loop {
            let line = self.line(end)?;
            if line.is_empty() {
                return Ok(());
            }
            answer.trailers.push(field_of(&line)?);
        }
    }

    /// Reads the size line of one chunk.
    pub(crate) fn chunk_size(&mut self, end: Instant) -> Result<usize, Broken> {
        let line = self.line(end)?;
        usize::from_str_radix(&line, 16).map_err(|_| Broken::Grammar(format!("chunk size {line:?}")))
    }

    /// Reads one chunk of a streamed answer; empty at the last.
    pub(crate) fn chunk(&mut self) -> Result<Vec<u8>, Broken> {
        let end = Instant::now() + self.patience;
        let size = self.chunk_size(end)?;
        let mut piece = self.exactly(size + 2, end)?;
        piece.truncate(size);
        Ok(piece)
    }

    fn exactly(&mut self, count: usize, end: Instant) -> Result<Vec<u8>, Broken> {
        while self.unread.len() < count {
            self.more(end).map_err(within)?;
        }
        Ok(self.unread.drain(..count).collect())
    }

    fn line(&mut self, end: Instant) -> Result<String, Broken> {
        loop {
            if let Some(at) = self.unread.windows(2).position(|two| two == b"\r\n") {
                let mut line: Vec<u8> = self.unread.drain(..at + 2).collect();
                line.truncate(at);
                return String::from_utf8(line).map_err(|_| Broken::Grammar("line".into()));
            }
            self.more(end).map_err(within)?;
        }
    }

    /// Reads once; the end is an error.
    fn more(&mut self, end: Instant) -> Result<(), Broken> {
        match self.pull(end)? {
            0 if self.unread.is_empty() => Err(Broken::Closed),
            0 => Err(Broken::Cut("ended within".into())),
            _ => Ok(()),
        }
    }

    /// Reads once; 0 at the end.
    fn pull(&mut self, end: Instant) -> Result<usize, Broken> {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Broken::Late);
        }
        self.stream.set_read_timeout(Some(left)).map_err(|error| Broken::Cut(error.to_string()))?;
        let mut block = [0; 16 * 1024];
        match self.stream.read(&mut block) {
            Ok(count) => {
                self.unread.extend_from_slice(&block[..count]);
                Ok(count)
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                Err(Broken::Late)
            }
            Err(error) => Err(Broken::Cut(error.to_string())),
        }
    }
}

impl Answer {
    /// Every value of a field, names compared without case.
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        let same = self.fields.iter().filter(|(found, _)| found.eq_ignore_ascii_case(name));
        same.map(|(_, value)| value.as_str()).collect()
    }

    /// The only value of a field; empty when absent.
    pub(crate) fn one(&self, name: &str) -> &str {
        let all = self.all(name);
        assert!(all.len() < 2, "{name} stands {} times", all.len());
        all.first().copied().unwrap_or_default()
    }

    /// The body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {:?}", self.text()))
    }

    /// The id the gate gave the request.
    pub(crate) fn id(&self) -> &str {
        self.one("x-request-id")
    }
}

fn field_of(line: &str) -> Result<(String, String), Broken> {
    let (name, value) = line.split_once(':').ok_or_else(|| Broken::Grammar(line.to_owned()))?;
    if name.is_empty() || name.contains(' ') {
        return Err(Broken::Grammar(line.to_owned()));
    }
    Ok((name.to_owned(), value.trim().to_owned()))
}

fn within(broken: Broken) -> Broken {
    match broken {
        Broken::Closed => Broken::Cut("ended within".into()),
        Broken::Cut(_) | Broken::Late | Broken::Grammar(_) => broken,
    }
}
