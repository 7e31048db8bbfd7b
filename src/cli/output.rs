//! Where commands print: standard output for what was asked, standard error for what went wrong.

use std::fmt::Display;
use std::io::Write;

/// The two streams of a command; colours are dropped where the stream is no terminal (`NO_COLOR` is honoured).
pub(super) struct Output {
    out: Box<dyn Write>,
    err: Box<dyn Write>,
}

impl Output {
    /// The streams of the process.
    pub(super) fn standard() -> Self {
        Self { out: Box::new(anstream::stdout()), err: Box::new(anstream::stderr()) }
    }

    /// A line of the answer.
    pub(super) fn say(&mut self, line: impl Display) {
        // A closed pipe is the reader's choice, not a failure of ours.
        let _ = writeln!(self.out, "{line}");
        let _ = self.out.flush();
    }

    /// A line about what went wrong.
    pub(super) fn complain(&mut self, line: impl Display) {
        let _ = writeln!(self.err, "{line}");
    }
}
