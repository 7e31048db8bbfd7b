//! Where logs and records go.

use std::path::PathBuf;

/// Logs and records.
#[derive(Clone, Debug)]
pub struct Telemetry {
    /// Least severe level written.
    pub log_level: LogLevel,
    /// Shape of a log line.
    pub log_format: LogFormat,
    /// One line per request.
    pub access_log: Sink,
    /// One line per verdict.
    pub audit: Sink,
    /// Refuse with 503 when the audit record cannot be queued.
    pub audit_strict: bool,
}

/// Log levels as the config spells them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLevel {
    /// Everything.
    Debug,
    /// A few lines a minute.
    Info,
    /// Going on in a worse state.
    Warning,
    /// Someone must act.
    Error,
    /// Same as error: only what stops the gate.
    Critical,
}

/// Shape of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For reading at a terminal.
    Text,
}

/// Where lines go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sink {
    /// Nowhere.
    Off,
    /// Standard output.
    Stdout,
    /// Appended to a file.
    File(PathBuf),
}
