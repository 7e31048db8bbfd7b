//! What large files meant when they were last read, by their bytes: an unchanged list of a million networks is not
//! built again because some route changed.
//!
//! Never guesses from times or names: only equal bytes mean the same. Held by whoever loads again and again.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::settings::ApiKey;
use super::source::{ContentDigest, Held};
use crate::base::nets::Networks;
use crate::base::secret::Secret;

/// What the last good load read.
#[derive(Clone, Debug, Default)]
pub struct Known {
    last: Files,
    /// What the load under way has read so far.
    now: Files,
}

#[derive(Clone, Debug, Default)]
struct Files {
    lists: HashMap<ContentDigest, Arc<Networks>>,
    /// By path too: a key tells where it was written.
    keys: HashMap<(PathBuf, ContentDigest), Arc<[Arc<ApiKey>]>>,
    /// Under which the digests of the keys were made.
    pepper: Option<Secret>,
    /// Every file, when all of them could be read.
    held: Option<Vec<Held>>,
}

impl Known {
    /// Another load begins.
    pub(super) fn begin(&mut self) {
        self.now = Files::default();
    }

    /// The load was good: what it did not read is forgotten. `held` are all its files.
    pub(super) fn keep(&mut self, held: Option<Vec<Held>>) {
        self.last = std::mem::take(&mut self.now);
        self.last.held = held;
    }

    /// Whether every file of the last good load holds the same bytes still, so that another one would mean the same.
    /// `false` also when one of them could not be read.
    pub fn stands(&self) -> bool {
        self.last.held.as_ref().is_some_and(|all| all.iter().all(Held::stands))
    }

    /// The networks in a file of these bytes.
    pub(super) fn list(&mut self, bytes: ContentDigest) -> Option<Arc<Networks>> {
        let list = self.last.lists.get(&bytes).or_else(|| self.now.lists.get(&bytes)).cloned()?;
        self.now.lists.insert(bytes, Arc::clone(&list));
        Some(list)
    }

    /// Remembers a list that was read without a problem.
    pub(super) fn add_list(&mut self, bytes: ContentDigest, list: &Arc<Networks>) {
        self.now.lists.insert(bytes, Arc::clone(list));
    }

    /// Keys are read under this pepper from now on.
    ///
    /// Security: a key in plain text has another digest under another pepper, and a peppered digest without one is an
    /// error; so nothing read under another pepper is taken over.
    pub(super) fn pepper(&mut self, pepper: Option<&Secret>) {
        let is_same = match (&self.last.pepper, pepper) {
            (Some(last), Some(now)) => last.matches(now.expose()),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        if !is_same {
            self.last.keys.clear();
        }
        self.now.pepper = pepper.cloned();
    }

    /// The keys of the file at `path` with these bytes.
    pub(super) fn keys(&self, path: &Path, bytes: ContentDigest) -> Option<Arc<[Arc<ApiKey>]>> {
        self.last.keys.get(&(path.to_owned(), bytes)).cloned()
    }

    /// Remembers a key file that was read without a problem and names nothing outside itself.
    pub(super) fn add_keys(&mut self, path: PathBuf, bytes: ContentDigest, keys: Arc<[Arc<ApiKey>]>) {
        self.now.keys.insert((path, bytes), keys);
    }
}
