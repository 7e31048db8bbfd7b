//! The demo's app: a few lines of HTTP that know nothing of authentication. It says what reached it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Most bytes of one body the sample app reads.
const LARGEST_BODY: u64 = 25 * 1024 * 1024;

/// A running sample app; its threads end with the process.
#[derive(Debug)]
pub(super) struct SampleApp {
    pub(super) address: SocketAddr,
    seen: Arc<AtomicU64>,
}

impl SampleApp {
    /// Starts it on a free loopback port.
    pub(super) fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let seen = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&seen);
        std::thread::Builder::new().name("sample-app".into()).spawn(move || {
            for stream in listener.incoming().flatten() {
                let count = Arc::clone(&count);
                let serve = move || {
                    // A connection that breaks concerns nobody but its caller.
                    let _ = serve(&stream, &count);
                };
                // Without a thread the connection is dropped and the gate reports 502.
                let _ = std::thread::Builder::new().spawn(serve);
            }
        })?;
        Ok(Self { address, seen })
    }

    /// How many requests reached the app.
    pub(super) fn seen(&self) -> u64 {
        self.seen.load(Ordering::Relaxed)
    }
}

fn serve(stream: &TcpStream, seen: &AtomicU64) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let mut start = String::new();
        if reader.by_ref().take(16 * 1024).read_line(&mut start)? == 0 {
            return Ok(());
        }
        let mut length = 0u64;
        let mut chunked = false;
        loop {
            let mut line = String::new();
            reader.by_ref().take(64 * 1024).read_line(&mut line)?;
            let line = line.trim_end().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or(0);
            }
            chunked |= line.starts_with("transfer-encoding:");
        }
        let received = if chunked { skip_chunks(&mut reader)? } else { skip(&mut reader, length)? };
        seen.fetch_add(1, Ordering::Relaxed);
        let mut words = start.split(' ');
        let method = words.next().unwrap_or_default();
        let path = words.next().unwrap_or_default();
        let body = format!(
            "{}\n",
            serde_json::json!({"app": "received", "method": method, "path": path, "bytes": received})
        );
        let shown = if method == "HEAD" { "" } else { body.as_str() };
        let mut writer = stream;
        write!(
            writer,
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{shown}",
            body.len()
        )?;
    }
}

fn skip(reader: &mut impl Read, length: u64) -> std::io::Result<u64> {
    std::io::copy(&mut reader.take(length.min(LARGEST_BODY)), &mut std::io::sink())
}

fn skip_chunks(reader: &mut impl BufRead) -> std::io::Result<u64> {
    let mut received = 0u64;
    loop {
        let mut line = String::new();
        reader.by_ref().take(1024).read_line(&mut line)?;
        let size = u64::from_str_radix(line.trim(), 16).unwrap_or(0);
        received = received.saturating_add(skip(reader, size)?);
        let mut end = String::new();
        reader.by_ref().take(1024).read_line(&mut end)?;
        if size == 0 {
            return Ok(received);
        }
    }
}
