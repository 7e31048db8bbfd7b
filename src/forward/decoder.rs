//! A body cut out of its framing (RFC 9112 §6.3), an app's or a caller's. Reads no socket. Called by those who do:
//! the answers of `upstream` and the requests of `listen`.

use bytes::{Buf, Bytes};
use http::HeaderMap;

use crate::base::chunked::{Follower, Stretch};
use crate::forward::upstream::{Malformed, read_trailers};

/// Most bytes of a trailer section.
const TRAILERS: usize = 8 * 1024;

/// The place in a body up to which it has been read.
#[derive(Debug)]
pub enum Decoder {
    /// So many bytes are still to come.
    Length(u64),
    /// In the middle of chunks.
    Chunks(Follower),
    /// Behind the last chunk.
    Trailers,
    /// Until the sender closes.
    Close,
    /// At its end.
    Done,
}

/// What some bytes of a body gave.
#[derive(Debug)]
pub enum Decoded {
    /// A piece; there may be more.
    Data(Bytes),
    /// The end, with trailer fields.
    Trailers(HeaderMap),
    /// The end.
    End,
    /// Nothing before more bytes come.
    More,
    /// They are no such body.
    Broken,
}

impl Decoder {
    /// A body of `length` bytes.
    pub fn of_length(length: u64) -> Self {
        if length == 0 { Self::Done } else { Self::Length(length) }
    }

    /// Takes from the front of `inbox` what is known to belong to the body.
    pub fn decode(&mut self, inbox: &mut Bytes) -> Decoded {
        match self {
            Self::Done => Decoded::End,
            _ if inbox.is_empty() => Decoded::More,
            Self::Length(left) => {
                let length = usize::try_from(*left).unwrap_or(usize::MAX).min(inbox.len());
                *left -= length as u64;
                if *left == 0 {
                    *self = Self::Done;
                }
                Decoded::Data(inbox.split_to(length))
            }
            Self::Close => Decoded::Data(std::mem::take(inbox)),
            Self::Chunks(follower) => match follower.stretch(inbox) {
                Stretch::Data(from, to) => {
                    inbox.advance(from);
                    Decoded::Data(inbox.split_to(to - from))
                }
                Stretch::Framing => {
                    inbox.clear();
                    Decoded::More
                }
                Stretch::Trailers(at) => {
                    inbox.advance(at);
                    *self = Self::Trailers;
                    self.trailers(inbox)
                }
                Stretch::Broken => Decoded::Broken,
            },
            Self::Trailers => self.trailers(inbox),
        }
    }

    fn trailers(&mut self, inbox: &mut Bytes) -> Decoded {
        match read_trailers(inbox) {
            Ok(Some((trailers, length))) => {
                inbox.advance(length);
                *self = Self::Done;
                if trailers.is_empty() { Decoded::End } else { Decoded::Trailers(trailers) }
            }
            Ok(None) if inbox.len() <= TRAILERS => Decoded::More,
            Ok(None) | Err(Malformed) => Decoded::Broken,
        }
    }

    /// The sender has closed: whether that is where the body ends.
    pub fn close(&mut self) -> bool {
        if matches!(self, Self::Close) {
            *self = Self::Done;
        }
        self.is_done()
    }

    /// Whether all of it has been cut out.
    pub fn is_done(&self) -> bool {
        matches!(self, Self::Done)
    }

    /// Bytes of the body that are still to come, where that is known.
    pub fn left(&self) -> Option<u64> {
        match self {
            Self::Length(left) => Some(*left),
            Self::Done => Some(0),
            Self::Chunks(_) | Self::Trailers | Self::Close => None,
        }
    }

    /// How many bytes may be of use.
    pub fn wanted(&self) -> u64 {
        match self {
            Self::Length(left) => *left,
            Self::Close => u64::MAX,
            // Framing is thrown away; the pieces between are copied out.
            Self::Chunks(_) | Self::Trailers | Self::Done => 0,
        }
    }
}

#[cfg(test)]
mod tests;
