//! The answer to one GET, read strictly and bounded: the head by httparse, chunks by the follower that judges callers'
//! bodies. Asks nothing, knows nothing of sockets; called by `get` with what came.

use http::StatusCode;
use httparse::{EMPTY_HEADER, Header, Status};

use super::get::Failed;
use crate::base::chunked::{Follower, Stretch};

/// Largest answer; the largest key sets known have some 20 KiB.
pub(super) const MOST_BYTES: usize = 256 << 10;
/// Largest head.
const MOST_HEAD: usize = 16 << 10;
/// Most fields of a head.
const FIELDS: usize = 100;

/// An answer that is arriving.
#[derive(Debug, Default)]
pub(super) struct Answer {
    /// What came and is not taken apart yet.
    inbox: Vec<u8>,
    body: Vec<u8>,
    framing: Option<Framing>,
}

/// Where the body ends.
#[derive(Debug)]
enum Framing {
    Length(usize),
    Chunks(Follower),
    /// Behind the chunks. What follows is of no use, and where it ends does not matter: the connection is not kept.
    Over,
    /// With the connection, which TLS closes in a way nobody else can.
    Close,
}

/// Whether more is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    More,
    Whole,
}

impl Answer {
    /// Takes the next bytes.
    ///
    /// # Errors
    /// [`Failed`] for every answer that is not 200 with a body of its own.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Result<Step, Failed> {
        self.inbox.extend_from_slice(bytes);
        if self.framing.is_none() {
            match head(&self.inbox)? {
                Some((framing, length)) => {
                    self.framing = Some(framing);
                    self.inbox.drain(..length);
                }
                None if self.inbox.len() > MOST_HEAD => return Err(broken("its head is too large")),
                None => return Ok(Step::More),
            }
        }
        self.advance()
    }

    /// The connection was closed: the body, if that is where it ends.
    ///
    /// # Errors
    /// [`Failed`] when more had to come.
    pub(super) fn close(self) -> Result<Vec<u8>, Failed> {
        match self.framing {
            Some(Framing::Close) => Ok(self.body),
            Some(Framing::Length(_) | Framing::Chunks(_) | Framing::Over) | None => {
                Err(broken("it ends before its end"))
            }
        }
    }

    /// The body of an answer that is whole.
    pub(super) fn into_body(self) -> Vec<u8> {
        self.body
    }

    fn advance(&mut self) -> Result<Step, Failed> {
        let step = match &mut self.framing {
            None => Step::More,
            Some(Framing::Over) => Step::Whole,
            Some(Framing::Close) => {
                self.body.append(&mut self.inbox);
                Step::More
            }
            Some(Framing::Length(length)) => {
                self.body.append(&mut self.inbox);
                match self.body.len().cmp(length) {
                    std::cmp::Ordering::Less => Step::More,
                    std::cmp::Ordering::Equal => Step::Whole,
                    std::cmp::Ordering::Greater => return Err(broken("it is longer than it says")),
                }
            }
            Some(Framing::Chunks(follower)) => {
                let mut from = 0;
                let step = loop {
                    let rest = self.inbox.get(from..).unwrap_or_default();
                    match follower.stretch(rest) {
                        Stretch::Data(start, end) => {
                            self.body.extend_from_slice(rest.get(start..end).unwrap_or_default());
                            from = from.saturating_add(end);
                        }
                        Stretch::Framing => break Step::More,
                        Stretch::Trailers(_) => break Step::Whole,
                        Stretch::Broken => return Err(broken("its chunks are none")),
                    }
                };
                self.inbox.clear();
                step
            }
        };
        if self.body.len() > MOST_BYTES {
            return Err(Failed::TooLarge);
        }
        if step == Step::Whole {
            self.framing = Some(Framing::Over);
        }
        Ok(step)
    }
}

/// Reads the head `bytes` begin with, and its length; `None` while it is not whole.
fn head(bytes: &[u8]) -> Result<Option<(Framing, usize)>, Failed> {
    let mut fields = [EMPTY_HEADER; FIELDS];
    let mut answer = httparse::Response::new(&mut fields);
    let read = answer.parse(bytes).map_err(|_| broken("its head is no HTTP/1"))?;
    let Status::Complete(length) = read else { return Ok(None) };
    let code = answer.code.and_then(|code| StatusCode::from_u16(code).ok());
    let status = code.ok_or_else(|| broken("it has no status"))?;
    if status != StatusCode::OK {
        return Err(Failed::Status(status));
    }
    let lines = |name: &str| -> Vec<&[u8]> {
        let of_name = |field: &&Header<'_>| field.name.eq_ignore_ascii_case(name);
        answer.headers.iter().filter(of_name).map(|field| field.value).collect()
    };
    if !lines("content-encoding").is_empty() {
        return Err(Failed::Coded);
    }
    let framing = match (lines("content-length").as_slice(), lines("transfer-encoding").as_slice()) {
        ([], []) => Framing::Close,
        ([length], []) => Framing::Length(declared(length)?),
        ([], [coding]) if coding.eq_ignore_ascii_case(b"chunked") => Framing::Chunks(Follower::of_answers()),
        _ => return Err(broken("its framing is ambiguous")),
    };
    Ok(Some((framing, length)))
}

fn declared(text: &[u8]) -> Result<usize, Failed> {
    let digits = std::str::from_utf8(text).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    let length: u64 =
        digits.and_then(|text| text.parse().ok()).ok_or_else(|| broken("its length is none"))?;
    usize::try_from(length).ok().filter(|length| *length <= MOST_BYTES).ok_or(Failed::TooLarge)
}

fn broken(why: &str) -> Failed {
    Failed::Http(why.to_owned())
}

#[cfg(test)]
mod tests;
