//! Follows a chunked body to its end without changing it: one grammar (RFC 9112 §7.1), so that the byte after a message
//! is known for certain. Called by the tap of the listeners, without any tolerance, and by the reader of the app's
//! answers; both close the connection where it cannot be followed.

/// Most bytes of chunk extensions in one body; nobody sends any but attackers (CVE-2024-22019).
const EXTENSIONS: u16 = 1024;

/// Most hexadecimal digits of a chunk size: 64 bits.
const DIGITS: u8 = 16;

/// The place in a chunked body up to which bytes were followed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Follower {
    state: State,
    left: u64,
    digits: u8,
    extensions: u16,
    padding: Padding,
}

/// Blanks between a chunk's size and the end of its line, which servers of the nineties write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Padding {
    #[default]
    Refused,
    Skipped,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Size,
    /// In the blanks behind a size.
    Padded,
    Extension,
    /// Within a quoted string, which must end before its line does: readers differ on where a line with an open
    /// quote ends.
    Quoted,
    /// Behind a backslash in a quoted string.
    Escaped,
    SizeLf,
    Data,
    DataCr,
    DataLf,
}

/// A stretch of a chunked body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stretch {
    /// The bytes between these two indices are data; what stands before them is framing.
    Data(usize, usize),
    /// All of them are framing, and more follows.
    Framing,
    /// The last chunk ended; the trailer section begins at this index.
    Trailers(usize),
    /// They are no chunked body.
    Broken,
}

/// What some bytes of a chunked body were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Followed {
    /// All of them belong to the body, and more follow.
    All,
    /// The last chunk ended; the trailer section begins at this index.
    Trailers(usize),
    /// They are no chunked body. Where the next message begins cannot be known.
    Broken,
}

impl Follower {
    /// A follower for the answers of an app, whose framing is written anew for the caller: takes blanks behind a size.
    pub fn of_answers() -> Self {
        Self { padding: Padding::Skipped, ..Self::default() }
    }

    /// Goes on with `bytes`, which continue those of the call before.
    pub fn follow(&mut self, bytes: &[u8]) -> Followed {
        let mut from = 0;
        loop {
            match self.stretch(bytes.get(from..).unwrap_or_default()) {
                Stretch::Data(_, end) => from += end,
                Stretch::Framing => return Followed::All,
                Stretch::Trailers(at) => return Followed::Trailers(from + at),
                Stretch::Broken => return Followed::Broken,
            }
        }
    }

    /// Goes on with `bytes`, which continue those of the call before, to the end of the first data among them.
    pub fn stretch(&mut self, bytes: &[u8]) -> Stretch {
        for (at, byte) in bytes.iter().enumerate() {
            match self.step(*byte) {
                Step::Byte => {}
                Step::Data => {
                    let data = usize::try_from(self.left).unwrap_or(usize::MAX).min(bytes.len() - at);
                    self.left -= data as u64;
                    if self.left == 0 {
                        self.state = State::DataCr;
                    }
                    return Stretch::Data(at, at + data);
                }
                Step::LastChunk => return Stretch::Trailers(at + 1),
                Step::Broken => return Stretch::Broken,
            }
        }
        Stretch::Framing
    }

    fn step(&mut self, byte: u8) -> Step {
        match (self.state, byte) {
            (State::Size, _) => return self.size(byte),
            (State::Padded | State::Extension, b'\r') => self.state = State::SizeLf,
            (State::Padded, b' ' | b'\t') => return self.extension(),
            (State::Extension | State::Quoted | State::Escaped, b'\t' | 0x20..=0x7e) => {
                self.state = match (self.state, byte) {
                    (State::Extension, b'"') | (State::Escaped, _) => State::Quoted,
                    (State::Quoted, b'"') => State::Extension,
                    (State::Quoted, b'\\') => State::Escaped,
                    (same, _) => same,
                };
                return self.extension();
            }
            (State::SizeLf, b'\n') if self.left == 0 => return Step::LastChunk,
            (State::SizeLf, b'\n') => self.state = State::Data,
            (State::Data, _) => return Step::Data,
            (State::DataCr, b'\r') => self.state = State::DataLf,
            (State::DataLf, b'\n') => {
                self.state = State::Size;
                self.digits = 0;
            }
            (
                State::Padded
                | State::Extension
                | State::Quoted
                | State::Escaped
                | State::SizeLf
                | State::DataCr
                | State::DataLf,
                _,
            ) => return Step::Broken,
        }
        Step::Byte
    }

    fn size(&mut self, byte: u8) -> Step {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            b'A'..=b'F' => byte - b'A' + 10,
            b'\r' if self.digits > 0 => {
                self.state = State::SizeLf;
                return Step::Byte;
            }
            b';' if self.digits > 0 => {
                self.state = State::Extension;
                return self.extension();
            }
            b' ' | b'\t' if self.digits > 0 && self.padding == Padding::Skipped => {
                self.state = State::Padded;
                return self.extension();
            }
            _ => return Step::Broken,
        };
        if self.digits == DIGITS {
            return Step::Broken;
        }
        self.digits += 1;
        self.left = self.left << 4 | u64::from(digit);
        Step::Byte
    }

    fn extension(&mut self) -> Step {
        self.extensions += 1;
        if self.extensions > EXTENSIONS { Step::Broken } else { Step::Byte }
    }
}

enum Step {
    Byte,
    Data,
    LastChunk,
    Broken,
}

#[cfg(test)]
mod tests;
