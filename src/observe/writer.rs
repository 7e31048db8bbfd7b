//! The thread behind a channel: sleeps while nothing waits, gathers for a moment, formats, writes, counts the lost.
//!
//! A sink that fails is tried again until it takes the lines; meanwhile the queue fills, and what finds no room is
//! lost and told in a line of its own as soon as lines go out again.

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use super::channel::{Note, Pools, lock};
use super::output::{Output, Refreshed, Stopped};
use super::queue::Queue;
use super::redact::Stamp;
use crate::base::clock;

/// How long lines are gathered after the first; with the write itself well under the promised 100 ms.
const GATHER: Duration = Duration::from_millis(50);
/// Bytes written at once.
const CHUNK: usize = 128 * 1024;
/// Pause before a failed write is tried again.
const RETRY: Duration = Duration::from_millis(200);

/// Appends the line of a note.
pub(super) type Format = fn(&Note, &mut Script, &mut Vec<u8>);

/// What lines are made from besides the notes.
#[derive(Debug)]
pub(super) struct Script {
    /// Number of the last line.
    pub(super) seq: u64,
    pub(super) stamp: Stamp,
    pub(super) config_file: Arc<str>,
}

impl Script {
    /// The next line's number.
    pub(super) fn next(&mut self) -> u64 {
        self.seq = self.seq.saturating_add(1);
        self.seq
    }
}

pub(super) struct Writer {
    queue: Arc<Queue<Note>>,
    pools: Arc<Pools>,
    next: Arc<Mutex<Option<Output>>>,
    output: Output,
    format: Format,
    script: Script,
    text: Vec<u8>,
    told: u64,
    stuck: Stuck,
}

/// Whether the sink refused the last write, so that an outage is logged once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stuck {
    No,
    Yes,
}

/// The sink failed while the gate was ending.
struct GaveUp {
    /// Whole lines of the text that went out before.
    written: usize,
}

fn lines(text: &[u8]) -> usize {
    text.iter().filter(|byte| **byte == b'\n').count()
}

impl Writer {
    pub(super) fn new(
        queue: Arc<Queue<Note>>,
        pools: Arc<Pools>,
        next: Arc<Mutex<Option<Output>>>,
        format: Format,
        config_file: Arc<str>,
    ) -> Self {
        Self {
            queue,
            pools,
            next,
            output: Output::Nowhere,
            format,
            script: Script { seq: 0, stamp: Stamp::default(), config_file },
            text: Vec::new(),
            told: 0,
            stuck: Stuck::No,
        }
    }

    /// Writes until the queue is closed and empty.
    pub(super) fn run(mut self) {
        self.queue.become_writer();
        let mut batch = Vec::new();
        loop {
            while !self.queue.has_waiting() && !self.queue.is_closing() {
                thread::park();
            }
            if !self.queue.is_closing() {
                thread::park_timeout(GATHER);
            }
            let closing = self.queue.is_closing();
            self.queue.take_all(&mut batch);
            batch.sort_by_key(Note::at);
            if self.write_batch(&batch).is_err() {
                // Whatever still holds room was not written.
                self.queue.count_lost(u64::try_from(self.queue.used()).unwrap_or(u64::MAX));
                return;
            }
            self.pools.give(&mut batch);
            if closing && !self.queue.has_waiting() {
                return;
            }
        }
    }

    fn write_batch(&mut self, batch: &[Note]) -> Result<(), GaveUp> {
        if let Some(output) = lock(&self.next).take() {
            self.output = output;
        }
        if let Err(cause) = self.output.refresh() {
            tracing::warn!(%cause, "the record file was moved or deleted and cannot be created again; \
                lines still go to the old file until its directory is writable");
        }
        let mut notes = batch;
        self.tell_lost();
        while !notes.is_empty() || !self.text.is_empty() {
            let own = lines(&self.text);
            let mut formatted = 0_usize;
            for note in notes {
                (self.format)(note, &mut self.script, &mut self.text);
                formatted = formatted.saturating_add(1);
                if self.text.len() >= CHUNK {
                    break;
                }
            }
            notes = notes.get(formatted..).unwrap_or_default();
            if let Err(GaveUp { written }) = self.write_text() {
                self.queue.release(written.saturating_sub(own).min(formatted));
                return Err(GaveUp { written });
            }
            self.queue.release(formatted);
        }
        Ok(())
    }

    /// Begins the text with how many lines are missing, if there are any.
    fn tell_lost(&mut self) {
        let lost = self.queue.lost();
        let fresh = lost.saturating_sub(self.told);
        if fresh > 0 {
            let seq = self.script.next();
            super::audit::lost_line(seq, fresh, lost, &mut self.script.stamp, &mut self.text);
            self.told = lost;
        }
    }

    /// Writes the text, trying again until it is out.
    fn write_text(&mut self) -> Result<(), GaveUp> {
        let mut from = 0_usize;
        while let Err(Stopped { written, cause }) =
            self.output.write(self.text.get(from..).unwrap_or_default())
        {
            from = from.saturating_add(written);
            if self.queue.is_closing() {
                return Err(GaveUp { written: lines(self.text.get(..from).unwrap_or_default()) });
            }
            if cause.kind() == std::io::ErrorKind::WouldBlock {
                thread::sleep(RETRY / 10);
                continue;
            }
            if self.stuck == Stuck::No {
                tracing::error!(%cause, "records cannot be written; they wait, and are lost (and counted) once the \
                    queue is full; free space or restore the sink");
                self.stuck = Stuck::Yes;
            }
            thread::sleep(RETRY);
            if let Some(output) = lock(&self.next).take() {
                self.output = output;
                from = self.start_of_line(from);
            } else if matches!(self.output.refresh(), Ok(Refreshed::Reopened)) {
                from = self.start_of_line(from);
            }
        }
        if self.stuck == Stuck::Yes {
            tracing::info!("records are written again");
            self.stuck = Stuck::No;
        }
        self.text.clear();
        Ok(())
    }

    /// Where the line begins that `at` lies in: a new file gets it whole.
    fn start_of_line(&self, at: usize) -> usize {
        let before = self.text.get(..at).unwrap_or_default();
        before.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end.saturating_add(1))
    }
}

/// The time now, for lines that no request brought.
pub(super) fn wall() -> clock::Wall {
    clock::now().wall
}

#[cfg(test)]
mod tests;
