//! Listens to the kernel for changes in directories. Directories, not files: files are replaced by renaming, and a
//! watch on a file follows the old one.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;

use notify::event::{AccessKind, AccessMode, DataChange, ModifyKind};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use super::Wake;

/// Something happened in a watched directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Touch {
    /// A file is being written and still open for it.
    Writing(PathBuf),
    /// Anything else: renamed, created, removed, closed after writing, or the kernel lost count.
    Settled(Vec<PathBuf>),
}

/// Watches directories until dropped.
pub(super) struct Watch {
    watcher: RecommendedWatcher,
    /// What is watched, with the device and inode it had.
    directories: BTreeMap<PathBuf, (u64, u64)>,
}

impl Watch {
    /// Sends every change to `wake`.
    ///
    /// # Errors
    /// Why the kernel does not tell (no inotify, or its limits are used up).
    pub(super) fn start(wake: Sender<Wake>) -> Result<Self, String> {
        let tell = move |event: notify::Result<Event>| {
            let touch = match event {
                Ok(event) => touch(event),
                Err(_) => Some(Touch::Settled(Vec::new())),
            };
            if let Some(touch) = touch {
                // Nobody is left to tell when the thread has ended.
                let _ = wake.send(Wake::Touched(touch));
            }
        };
        let watcher = notify::recommended_watcher(tell).map_err(|problem| problem.to_string())?;
        Ok(Self { watcher, directories: BTreeMap::new() })
    }

    /// Watches exactly `wanted` from now on; a directory that was replaced is watched anew.
    ///
    /// # Errors
    /// The first directory that cannot be watched, and why; the others are.
    pub(super) fn follow(&mut self, wanted: &BTreeSet<PathBuf>) -> Result<(), String> {
        let mut failed = Ok(());
        let watched: Vec<PathBuf> = self.directories.keys().cloned().collect();
        for directory in watched {
            let same = wanted.contains(&directory)
                && self.directories.get(&directory).copied() == identity(&directory);
            if !same {
                // Fails when the directory is gone and its watch with it.
                let _ = self.watcher.unwatch(&directory);
                self.directories.remove(&directory);
            }
        }
        for directory in wanted {
            // One that is not there is found by looking.
            let Some(identity) = identity(directory) else { continue };
            if self.directories.contains_key(directory) {
                continue;
            }
            match self.watcher.watch(directory, RecursiveMode::NonRecursive) {
                Ok(()) => {
                    self.directories.insert(directory.clone(), identity);
                }
                Err(problem) if failed.is_ok() => failed = Err(format!("{}: {problem}", directory.display())),
                Err(_) => {}
            }
        }
        failed
    }
}

fn identity(path: &Path) -> Option<(u64, u64)> {
    let found = std::fs::metadata(path).ok()?;
    found.is_dir().then(|| (found.dev(), found.ino()))
}

/// What an event means; `None` for mere reading, ours included.
fn touch(mut event: Event) -> Option<Touch> {
    match event.kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => Some(Touch::Settled(event.paths)),
        EventKind::Access(_) => None,
        EventKind::Modify(ModifyKind::Data(DataChange::Any)) if !event.paths.is_empty() => {
            Some(Touch::Writing(event.paths.swap_remove(0)))
        }
        EventKind::Any
        | EventKind::Create(_)
        | EventKind::Modify(_)
        | EventKind::Remove(_)
        | EventKind::Other => Some(Touch::Settled(event.paths)),
    }
}

#[cfg(test)]
mod tests;
