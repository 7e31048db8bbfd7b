//! One plain HTTP/1.1 exchange for the commands `health`, `drain`, `send` and `demo`. Not the data plane.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use http::Uri;

/// Most bytes of an answer that are read.
const LARGEST_ANSWER: u64 = 16 * 1024 * 1024;

/// Where a command connects to.
#[derive(Clone, Debug)]
pub(super) enum Door {
    /// `http://host:port`.
    Tcp(String),
    /// `unix:/path`.
    Unix(PathBuf),
}

/// One request.
#[derive(Debug)]
pub(super) struct Call<'a> {
    pub(super) method: &'a str,
    pub(super) target: &'a str,
    pub(super) host: &'a str,
    pub(super) headers: &'a [(String, Vec<u8>)],
    pub(super) body: &'a [u8],
    pub(super) timeout: Duration,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Reply {
    /// The first header of that name.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Splits an `http://` URL into door, Host value and target.
///
/// # Errors
/// A sentence that says what is wrong with the URL.
pub(super) fn parse_url(url: &str) -> Result<(Door, String, String), String> {
    let uri: Uri = url.parse().map_err(|error| format!("{url}: not a URL: {error}"))?;
    match uri.scheme_str() {
        Some("http") => {}
        Some(other) => return Err(format!("{url}: {other} is not supported here; use http://")),
        None => return Err(format!("{url}: a URL starts with http://")),
    }
    let authority = uri.authority().ok_or_else(|| format!("{url}: the host is missing"))?;
    let door = format!("{}:{}", authority.host(), authority.port_u16().unwrap_or(80));
    let target = uri.path_and_query().map_or("/", |target| target.as_str()).to_owned();
    Ok((Door::Tcp(door), authority.as_str().to_owned(), target))
}

/// Sends one request on a connection of its own and reads the whole answer.
///
/// # Errors
/// A sentence that names the step that failed.
pub(super) fn call(door: &Door, call: &Call<'_>) -> Result<Reply, String> {
    let waits = call.timeout;
    let raw = match door {
        Door::Tcp(address) => {
            let found = address.to_socket_addrs().map_err(|error| format!("{address}: {error}"))?.next();
            let found = found.ok_or_else(|| format!("{address}: no address"))?;
            let stream = TcpStream::connect_timeout(&found, waits);
            let stream =
                stream.map_err(|error| format!("{address}: {}", told(Step::Connect, &error, waits)))?;
            let timeouts = stream.set_read_timeout(Some(waits)).and(stream.set_write_timeout(Some(waits)));
            timeouts.map_err(|error| format!("{address}: {error}"))?;
            exchange(stream, call).map_err(|problem| format!("{address}: {problem}"))?
        }
        Door::Unix(path) => {
            let shown = path.display();
            let stream = UnixStream::connect(path);
            let stream =
                stream.map_err(|error| format!("{shown}: {}", told(Step::Connect, &error, waits)))?;
            let timeouts = stream.set_read_timeout(Some(waits)).and(stream.set_write_timeout(Some(waits)));
            timeouts.map_err(|error| format!("{shown}: {error}"))?;
            exchange(stream, call).map_err(|problem| format!("{shown}: {problem}"))?
        }
    };
    parse(&raw).ok_or_else(|| "the answer is not HTTP/1.1".to_owned())
}

/// What an exchange waits for, in this order.
#[derive(Clone, Copy, Debug)]
enum Step {
    Connect,
    Write,
    Read,
}

/// Which step failed, and, if it waited in vain, for how long: the system's own words for a time-out name neither.
fn told(step: Step, error: &std::io::Error, waited: Duration) -> String {
    let what = match step {
        Step::Connect => "cannot connect",
        Step::Write => "cannot send the request",
        Step::Read => "no answer",
    };
    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) {
        format!("{what} within {} s", waited.as_secs_f64())
    } else {
        format!("{what}: {error}")
    }
}

fn exchange(mut stream: impl Read + Write, call: &Call<'_>) -> Result<Vec<u8>, String> {
    let mut head =
        format!("{} {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", call.method, call.target, call.host)
            .into_bytes();
    for (name, value) in call.headers {
        head.extend_from_slice(name.as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value);
        head.extend_from_slice(b"\r\n");
    }
    if !call.body.is_empty() || !matches!(call.method, "GET" | "HEAD") {
        head.extend_from_slice(format!("Content-Length: {}\r\n", call.body.len()).as_bytes());
    }
    head.extend_from_slice(b"\r\n");
    head.extend_from_slice(call.body);
    // A refusal can arrive before the body is sent: what was answered counts, not that the write failed.
    let sent = stream.write_all(&head);
    let mut raw = Vec::new();
    let read = stream.take(LARGEST_ANSWER).read_to_end(&mut raw);
    if raw.is_empty() {
        sent.map_err(|error| told(Step::Write, &error, call.timeout))?;
        read.map_err(|error| told(Step::Read, &error, call.timeout))?;
    }
    Ok(raw)
}

fn parse(raw: &[u8]) -> Option<Reply> {
    let end = raw.windows(4).position(|window| window == b"\r\n\r\n")?;
    let (head, rest) = raw.split_at_checked(end)?;
    let mut lines = std::str::from_utf8(head).ok()?.split("\r\n");
    let status = lines.next()?.strip_prefix("HTTP/1.")?.get(2..5)?.parse().ok()?;
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect();
    let body = rest.get(4..)?;
    let chunked = headers.iter().any(|(name, value)| {
        name.eq_ignore_ascii_case("transfer-encoding") && value.eq_ignore_ascii_case("chunked")
    });
    let body = if chunked { join_chunks(body) } else { body.to_vec() };
    Some(Reply { status, headers, body })
}

fn join_chunks(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = rest.windows(2).position(|window| window == b"\r\n") {
        let size = rest.get(..end).and_then(|line| std::str::from_utf8(line).ok());
        let size = size.and_then(|line| usize::from_str_radix(line.trim(), 16).ok()).unwrap_or(0);
        let start = end.saturating_add(2);
        match rest.get(start..start.saturating_add(size)) {
            Some(chunk) if size > 0 => body.extend_from_slice(chunk),
            Some(_) | None => break,
        }
        rest = rest.get(start.saturating_add(size).saturating_add(2)..).unwrap_or_default();
    }
    body
}

#[cfg(test)]
mod tests;
