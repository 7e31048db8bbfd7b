//! The log: what operators read on standard error. One line per event, JSON or text, never longer than a collector
//! takes, never able to break out of its line.
//!
//! A worker that logs hands the line to a thread and goes on; when standard error is stuck, lines are lost and the
//! loss is told. Lines of libraries appear from WARNING up only: theirs below may quote what callers sent.

use std::fmt::{self, Write as _};
use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread;
use std::time::Duration;

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

use super::redact::{self, Line, Stamp};
use crate::base::clock::{self, Wall};
use crate::config::settings::{LogFormat, LogLevel};

/// Lines waiting to be written.
const QUEUE: usize = 1024;
/// Longest value in a text line, bytes.
const LONGEST_VALUE: usize = 2 * 1024;
/// Where our own lines come from: the name of this crate.
const OURS: &str = env!("CARGO_PKG_NAME");

/// The running log.
#[derive(Clone, Debug)]
pub struct Log {
    dial: Arc<Dial>,
    /// Never more than [`QUEUE`]. Not a bounded channel: that one has the room for all of them from the start.
    lines: Sender<Message>,
}

/// What can be changed while running.
#[derive(Debug)]
struct Dial {
    level: AtomicU8,
    format: AtomicU8,
    waiting: AtomicUsize,
    lost: AtomicU64,
}

#[derive(Debug)]
enum Message {
    Line(Vec<u8>),
    Flush(SyncSender<()>),
}

impl Log {
    /// Starts the thread that writes to standard error and makes this the log of the process.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub fn start(level: LogLevel, format: LogFormat) -> std::io::Result<Self> {
        let (log, layer, lines) = Self::parts(level, format);
        let dial = Arc::clone(&log.dial);
        thread::Builder::new().name("log".into()).spawn(move || write_lines(&lines, &dial))?;
        // Fails only when a log is running already; that one goes on.
        let _ = tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer));
        Ok(log)
    }

    fn parts(level: LogLevel, format: LogFormat) -> (Self, LogLayer, Receiver<Message>) {
        let (sender, receiver) = channel();
        let dial = Dial {
            level: AtomicU8::new(0),
            format: AtomicU8::new(0),
            waiting: AtomicUsize::new(0),
            lost: AtomicU64::new(0),
        };
        let log = Self { dial: Arc::new(dial), lines: sender };
        log.turn(level, format);
        let layer = LogLayer(log.clone());
        (log, layer, receiver)
    }

    /// Changes level and format from now on.
    pub fn set(&self, level: LogLevel, format: LogFormat) {
        self.turn(level, format);
        tracing::callsite::rebuild_interest_cache();
    }

    fn turn(&self, level: LogLevel, format: LogFormat) {
        let level = match level {
            LogLevel::Debug => 4,
            LogLevel::Info => 3,
            LogLevel::Warning => 2,
            LogLevel::Error | LogLevel::Critical => 1,
        };
        let format = match format {
            LogFormat::Json => 0,
            LogFormat::Text => 1,
        };
        self.dial.level.store(level, Ordering::Relaxed);
        self.dial.format.store(format, Ordering::Relaxed);
    }

    /// Waits until every line so far is written, at most `longest`.
    pub fn flush(&self, longest: Duration) {
        const STEP: Duration = Duration::from_millis(10);
        let (done, written) = sync_channel(1);
        let mut message = Message::Flush(done);
        let mut left = longest;
        while let Err(back) = self.put(message) {
            if left.is_zero() {
                return;
            }
            thread::sleep(STEP);
            left = left.saturating_sub(STEP);
            message = back;
        }
        let _ = written.recv_timeout(left);
    }

    /// Puts it at the end of the queue, or hands it back when there is no room.
    fn put(&self, message: Message) -> Result<(), Message> {
        let room = |waiting: usize| (waiting < QUEUE).then_some(waiting.saturating_add(1));
        match self.dial.waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, room) {
            Ok(_) => {
                // Without a writer the process ends, and nobody waits for the line.
                let _ = self.lines.send(message);
                Ok(())
            }
            Err(_) => Err(message),
        }
    }

    fn level(&self) -> LevelFilter {
        match self.dial.level.load(Ordering::Relaxed) {
            0 | 1 => LevelFilter::ERROR,
            2 => LevelFilter::WARN,
            3 => LevelFilter::INFO,
            _ => LevelFilter::DEBUG,
        }
    }

    fn format(&self) -> LogFormat {
        if self.dial.format.load(Ordering::Relaxed) == 0 { LogFormat::Json } else { LogFormat::Text }
    }
}

/// The least severe level that is written: `verbose_logging` beats `telemetry.log.level`.
pub fn effective(level: LogLevel, verbose_logging: Verbose) -> LogLevel {
    match verbose_logging {
        Verbose::On => LogLevel::Debug,
        Verbose::Off => level,
    }
}

/// `operational.verbose_logging`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verbose {
    /// Everything is logged.
    On,
    /// `telemetry.log.level` decides.
    Off,
}

fn write_lines(lines: &Receiver<Message>, dial: &Dial) {
    let mut told = 0;
    while let Ok(message) = lines.recv() {
        dial.waiting.fetch_sub(1, Ordering::Relaxed);
        match message {
            Message::Flush(done) => {
                let _ = done.send(());
            }
            Message::Line(line) => {
                // Nobody is left to tell when standard error fails.
                let _ = std::io::stderr().lock().write_all(&line);
            }
        }
        let lost = dial.lost.load(Ordering::Relaxed);
        if lost > told {
            tracing::warn!(
                lines = lost.saturating_sub(told),
                "log lines were lost: standard error was too slow"
            );
            told = lost;
        }
    }
}

/// Turns events into lines.
struct LogLayer(Log);

impl<S: Subscriber> Layer<S> for LogLayer {
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        let most =
            if is_ours(metadata.target()) { self.0.level() } else { self.0.level().min(LevelFilter::WARN) };
        *metadata.level() <= most
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.0.level())
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let mut line = Vec::with_capacity(256);
        let now = clock::now().wall;
        match self.0.format() {
            LogFormat::Json => json(event.metadata(), &fields, now, &mut line),
            LogFormat::Text => text(event.metadata(), &fields, now, &mut line),
        }
        if self.0.put(Message::Line(line)).is_err() {
            self.0.dial.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

fn is_ours(target: &str) -> bool {
    target.strip_prefix(OURS).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

fn level_word(level: Level) -> &'static str {
    match level {
        Level::ERROR => "ERROR",
        Level::WARN => "WARNING",
        Level::INFO => "INFO",
        Level::DEBUG | Level::TRACE => "DEBUG",
    }
}

fn json(metadata: &Metadata<'_>, fields: &Fields, now: Wall, out: &mut Vec<u8>) {
    let mut line = Line::open(out);
    line.time("timestamp", now, &mut Stamp::default())
        .text("level", level_word(*metadata.level()))
        .text("target", metadata.target())
        .text("message", &fields.message);
    for (name, value) in &fields.others {
        match value {
            Value::Text(text) => line.text(name, text),
            Value::Json(json) => line.literal(name, json),
        };
    }
    line.close();
}

fn text(metadata: &Metadata<'_>, fields: &Fields, now: Wall, out: &mut Vec<u8>) {
    Stamp::default().write(now, out);
    let _ = write!(out, " {:7} ", level_word(*metadata.level()));
    redact::escape(&fields.message, LONGEST_VALUE, out);
    for (name, value) in &fields.others {
        if out.len() > redact::LONGEST_LINE.saturating_sub(LONGEST_VALUE).saturating_sub(256) {
            out.extend_from_slice(" …".as_bytes());
            break;
        }
        let _ = write!(out, " {name}=");
        match value {
            Value::Json(json) => out.extend_from_slice(json.as_bytes()),
            Value::Text(text) if text.contains([' ', '"', '=']) || text.is_empty() => {
                out.push(b'"');
                redact::escape(text, LONGEST_VALUE, out);
                out.push(b'"');
            }
            Value::Text(text) => redact::escape(text, LONGEST_VALUE, out),
        }
    }
    out.push(b'\n');
}

/// The fields of one event.
#[derive(Debug, Default)]
struct Fields {
    message: String,
    others: Vec<(&'static str, Value)>,
}

#[derive(Debug)]
enum Value {
    Text(String),
    /// A number, `true` or `false`.
    Json(String),
}

impl Fields {
    fn text(&mut self, field: &Field, value: String) {
        if field.name() == "message" {
            self.message = value;
        } else {
            self.others.push((field.name(), Value::Text(value)));
        }
    }

    fn json(&mut self, field: &Field, value: impl fmt::Display) {
        self.others.push((field.name(), Value::Json(value.to_string())));
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let mut text = String::new();
        let _ = write!(text, "{value:?}");
        self.text(field, text);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field, value.to_owned());
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.text(field, value.to_string());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.json(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.json(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.json(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        if value.is_finite() {
            self.json(field, value);
        } else {
            self.text(field, value.to_string());
        }
    }
}

#[cfg(test)]
mod tests;
