//! The signals the process answers. Caught before the first port is open: whoever can see that the gate listens can
//! ask it to drain, and is never answered by the kernel's default, which kills. Called by `app` alone.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// Drain and end; the signal's name for the log.
    End(&'static str),
    /// Read the configuration again.
    Reload,
}

/// SIGTERM, SIGINT and SIGHUP, caught from [`Signals::catch`] on.
#[derive(Debug)]
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Signals {
    /// Must be called inside the runtime that will wait for them.
    ///
    /// # Errors
    /// The kernel refuses a handler.
    pub(super) fn catch() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// The next one, those that came before the first call included.
    pub(super) async fn next(&mut self) -> Asked {
        tokio::select! {
            _ = self.terminate.recv() => Asked::End("SIGTERM"),
            _ = self.interrupt.recv() => Asked::End("SIGINT"),
            _ = self.hangup.recv() => Asked::Reload,
        }
    }
}

#[cfg(test)]
mod tests;
