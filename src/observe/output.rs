//! Where a writer's lines end: standard output, or a file that is opened again when someone moves or deletes it.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::PathBuf;

use rustix::fs::OFlags;

use crate::config::settings::Sink;

/// A sink that cannot be opened.
#[derive(Debug)]
pub struct SinkError {
    /// What was to be opened.
    pub sink: Sink,
    /// Why it was not.
    pub cause: io::Error,
}

impl fmt::Display for SinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.sink {
            Sink::Off | Sink::Stdout => write!(f, "cannot write to standard output ({})", self.cause),
            Sink::File(path) => write!(
                f,
                "cannot append to {} ({}); create its directory and make it writable for the gate's user",
                path.display(),
                self.cause
            ),
        }
    }
}

impl std::error::Error for SinkError {}

/// An open sink.
#[derive(Debug)]
pub(super) enum Output {
    /// Lines go nowhere.
    Nowhere,
    /// A duplicate of standard output, unbuffered.
    Stdout(File),
    /// Appended to; `identity` is its device and inode.
    Path { path: PathBuf, file: File, identity: (u64, u64) },
}

/// A write that stopped early.
#[derive(Debug)]
pub(super) struct Stopped {
    /// Bytes that went out before.
    pub(super) written: usize,
    pub(super) cause: io::Error,
}

impl Output {
    /// Opens `sink`; a file is created for the gate's user alone (mode 0600) where there is none.
    pub(super) fn open(sink: &Sink) -> Result<Self, SinkError> {
        let failed = |cause| SinkError { sink: sink.clone(), cause };
        match sink {
            Sink::Off => Ok(Self::Nowhere),
            Sink::Stdout => {
                let descriptor = io::stdout().as_fd().try_clone_to_owned().map_err(failed)?;
                Ok(Self::Stdout(File::from(descriptor)))
            }
            Sink::File(path) => {
                let (file, identity) = append(path).map_err(failed)?;
                Ok(Self::Path { path: path.clone(), file, identity })
            }
        }
    }

    /// Opens the file again when its path leads elsewhere now.
    ///
    /// # Errors
    /// When it cannot be opened; the old file stays in use.
    pub(super) fn refresh(&mut self) -> Result<Refreshed, io::Error> {
        let Self::Path { path, file, identity } = self else { return Ok(Refreshed::Same) };
        let now = std::fs::metadata(&*path).ok().map(|found| (found.dev(), found.ino()));
        if now == Some(*identity) {
            return Ok(Refreshed::Same);
        }
        (*file, *identity) = append(path)?;
        Ok(Refreshed::Reopened)
    }

    /// Writes all of `text`, blocking as long as the sink does.
    pub(super) fn write(&mut self, text: &[u8]) -> Result<(), Stopped> {
        let file = match self {
            Self::Nowhere => return Ok(()),
            Self::Stdout(file) | Self::Path { file, .. } => file,
        };
        let mut written = 0;
        while let Some(rest) = text.get(written..).filter(|rest| !rest.is_empty()) {
            match file.write(rest) {
                Ok(0) => return Err(Stopped { written, cause: io::ErrorKind::WriteZero.into() }),
                Ok(count) => written = written.saturating_add(count),
                Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
                Err(cause) => return Err(Stopped { written, cause }),
            }
        }
        Ok(())
    }
}

/// What [`Output::refresh`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refreshed {
    /// The file in use is still the one its path names.
    Same,
    /// It had been moved or deleted; a new one is in use.
    Reopened,
}

/// Opens without waiting: a pipe nobody reads is an error, not a reason to stand still.
fn append(path: &PathBuf) -> io::Result<(File, (u64, u64))> {
    let at_once = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or(0);
    let file = OpenOptions::new().append(true).create(true).mode(0o600).custom_flags(at_once).open(path)?;
    rustix::fs::fcntl_setfl(&file, OFlags::APPEND)?;
    let found = file.metadata()?;
    Ok((file, (found.dev(), found.ino())))
}

#[cfg(test)]
mod tests;
