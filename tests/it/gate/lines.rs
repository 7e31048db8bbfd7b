//! What a process writes, line by line, while it runs.

use std::io::{BufRead, BufReader, Read};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

/// Lines of one stream, filled by a thread of its own.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lines(Arc<(Mutex<Written>, Condvar)>);

#[derive(Debug, Default)]
struct Written {
    lines: Vec<String>,
    ended: bool,
}

impl Lines {
    /// Collects from `stream` until it ends.
    pub(super) fn collect(stream: impl Read + Send + 'static) -> Self {
        let lines = Self::default();
        let shared = lines.clone();
        thread::spawn(move || {
            for line in BufReader::new(stream).split(b'\n') {
                let Ok(line) = line else { break };
                shared.lock().lines.push(String::from_utf8_lossy(&line).into_owned());
                shared.0.1.notify_all();
            }
            shared.lock().ended = true;
            shared.0.1.notify_all();
        });
        lines
    }

    /// All lines so far.
    pub(crate) fn all(&self) -> Vec<String> {
        self.lock().lines.clone()
    }

    /// Waits until `look` finds something in the lines so far; `None` when the time or the stream ended first.
    pub(crate) fn find<T>(
        &self,
        within: Duration,
        mut look: impl FnMut(&[String]) -> Option<T>,
    ) -> Option<T> {
        let end = Instant::now() + within;
        let mut written = self.lock();
        loop {
            if let Some(found) = look(&written.lines) {
                return Some(found);
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() || written.ended {
                return None;
            }
            written =
                self.0.1.wait_timeout(written, left).unwrap_or_else(std::sync::PoisonError::into_inner).0;
        }
    }

    /// Waits for the end of the stream and returns everything.
    pub(super) fn to_end(&self, within: Duration) -> Vec<String> {
        let end = Instant::now() + within;
        let mut written = self.lock();
        while !written.ended {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            written =
                self.0.1.wait_timeout(written, left).unwrap_or_else(std::sync::PoisonError::into_inner).0;
        }
        written.lines.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Written> {
        self.0.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
