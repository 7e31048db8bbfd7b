//! What is written of one request: a plain record, filled by the worker, formatted by a writer thread, then used again.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use http::Method;

use super::meter::Shard;
use super::queue::Slot;
use crate::base::clock::{Mono, Now, Wall};
use crate::base::request_id::RequestId;

/// Most bytes of a path that are kept.
const LONGEST_PATH: usize = 1024;
/// Most bytes of any other text that are kept.
const LONGEST_TEXT: usize = 256;
/// Room a text keeps when its record is used again.
const KEPT_ROOM: usize = 256;

/// The word of a verdict. Closed; the same words in audit lines and metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Allow,
    Deny,
    Acknowledge,
    Answer,
    Error,
}

impl Verdict {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
            Self::Acknowledge => "acknowledge",
            Self::Answer => "answer",
            Self::Error => "error",
        }
    }
}

/// A record on its own heap block: moved between worker and writer as one pointer.
pub(super) type Sheet = Box<Entry>;

/// One request.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) id: RequestId,
    /// When the whole head was there.
    pub(super) arrived: Now,
    /// When the verdict was told.
    pub(super) ended: Mono,
    pub(super) method: Method,
    /// Path without query, cut to [`LONGEST_PATH`].
    pub(super) path: String,
    pub(super) client: IpAddr,
    pub(super) shard: Option<Arc<Shard>>,
    pub(super) generation: u64,
    /// Empty: none.
    pub(super) subject: String,
    /// Empty: none.
    pub(super) key_id: String,
    /// Empty: none.
    pub(super) secret_id: String,
    pub(super) body_wait: Duration,
    pub(super) sent: Option<Mono>,
    pub(super) verdict: Verdict,
    /// Empty where nothing went wrong.
    pub(super) reason: &'static str,
    /// What the caller got; 0: nothing.
    pub(super) status: u16,
    /// Line of the rule; 0: none.
    pub(super) line: u32,
    pub(super) hint: String,
    /// Bytes of the answer's body the caller was sent (access log).
    pub(super) bytes: u64,
    /// To the last byte of the answer (access log).
    pub(super) finished: Mono,
    /// A slot of the audit queue taken before the request was forwarded.
    pub(super) slot: Option<Slot>,
    /// Which worker's pool it goes back to.
    pub(super) home: usize,
}

impl Entry {
    /// An empty record of the pool of worker `home`.
    pub(super) fn new(home: usize) -> Self {
        Self {
            id: RequestId::NONE,
            arrived: Now { mono: Mono(0), wall: Wall(0) },
            ended: Mono(0),
            method: Method::GET,
            path: String::new(),
            client: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            shard: None,
            generation: 0,
            subject: String::new(),
            key_id: String::new(),
            secret_id: String::new(),
            body_wait: Duration::ZERO,
            sent: None,
            verdict: Verdict::Error,
            reason: "",
            status: 0,
            line: 0,
            hint: String::new(),
            bytes: 0,
            finished: Mono(0),
            slot: None,
            home,
        }
    }

    /// Makes it empty again; keeps some room of its texts.
    pub(super) fn clear(&mut self) {
        let mut texts =
            [&mut self.path, &mut self.subject, &mut self.key_id, &mut self.secret_id, &mut self.hint]
                .map(std::mem::take);
        for text in &mut texts {
            text.clear();
            text.shrink_to(KEPT_ROOM);
        }
        let [path, subject, key_id, secret_id, hint] = texts;
        *self = Self { path, subject, key_id, secret_id, hint, ..Self::new(self.home) };
    }

    /// Copies what the access log tells as well into `other`, which keeps its own slot.
    pub(super) fn copy_to(&self, other: &mut Self) {
        other.id = self.id;
        other.arrived = self.arrived;
        other.ended = self.ended;
        other.finished = self.finished;
        other.bytes = self.bytes;
        other.method = self.method.clone();
        other.path.clone_from(&self.path);
        other.client = self.client;
        other.shard.clone_from(&self.shard);
        other.generation = self.generation;
        other.verdict = self.verdict;
        other.reason = self.reason;
        other.status = self.status;
    }

    pub(super) fn set_path(&mut self, path: &str) {
        set(&mut self.path, path, LONGEST_PATH);
    }

    pub(super) fn set_subject(&mut self, subject: &str) {
        set(&mut self.subject, subject, LONGEST_TEXT);
    }

    pub(super) fn set_key_id(&mut self, id: &str) {
        set(&mut self.key_id, id, LONGEST_TEXT);
    }

    pub(super) fn set_secret_id(&mut self, id: &str) {
        set(&mut self.secret_id, id, LONGEST_TEXT);
    }

    pub(super) fn set_hint(&mut self, hint: &str) {
        set(&mut self.hint, hint, LONGEST_PATH);
    }

    /// When the verdict was told, by the wall clock.
    pub(super) fn told_at(&self) -> Wall {
        let passed = i64::try_from(self.ended.since(self.arrived.mono).as_millis()).unwrap_or(i64::MAX);
        Wall(self.arrived.wall.0.saturating_add(passed))
    }
}

fn set(slot: &mut String, text: &str, longest: usize) {
    slot.clear();
    slot.push_str(text.get(..text.floor_char_boundary(longest)).unwrap_or(""));
    if text.len() > longest {
        slot.push('…');
    }
}
