//! What the input files look like now: whether their content is another than before, and where a change can show.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::base::clock;

/// Files up to this size are compared by content; larger ones by size, times and inode.
const LARGEST_READ: u64 = 1024 * 1024;
/// Symbolic links followed for one path, as the kernel does.
const MOST_LINKS: usize = 40;

/// How long after its last change a file's times tell of every further one: clocks of file systems tick coarsely.
const SETTLED: Duration = Duration::from_secs(2);

/// The state of a set of files; equal when nothing in them changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fingerprint([u8; 32]);

/// Looks at files again and again; reads only those whose times say that they may have changed.
#[derive(Debug, Default)]
pub(super) struct Looker {
    /// What a file looked like when it was read, and its content's digest.
    known: BTreeMap<PathBuf, (Looks, Vec<u8>)>,
}

/// What the kernel says of a file without reading it.
type Looks = [i128; 7];

impl Looker {
    /// Looks at every file of `inputs`. One that is missing or unreadable has a state too.
    pub(super) fn look(&mut self, inputs: &BTreeSet<PathBuf>) -> Fingerprint {
        self.known.retain(|path, _| inputs.contains(path));
        let mut all = Sha256::new();
        for path in inputs {
            all.update(path.as_os_str().as_encoded_bytes());
            all.update(b"\0");
            all.update(self.state(path));
        }
        Fingerprint(all.finalize().into())
    }

    /// Has every file read at the next look: someone says that they changed.
    pub(super) fn forget(&mut self) {
        self.known.clear();
    }

    fn state(&mut self, path: &Path) -> Vec<u8> {
        let found = match fs::metadata(path) {
            Ok(found) => found,
            Err(problem) => return format!("!{:?}", problem.kind()).into_bytes(),
        };
        let looks = looks(&found);
        if !found.is_file() || found.len() > LARGEST_READ {
            return format!("{looks:?}").into_bytes();
        }
        if let Some((known, digest)) = self.known.get(path)
            && *known == looks
        {
            return digest.clone();
        }
        let digest = content(path);
        if is_settled(&found) {
            self.known.insert(path.to_owned(), (looks, digest.clone()));
        } else {
            self.known.remove(path);
        }
        digest
    }
}

fn looks(found: &fs::Metadata) -> Looks {
    let [device, inode, size] = [found.dev(), found.ino(), found.size()].map(i128::from);
    let times = [found.mtime(), found.mtime_nsec(), found.ctime(), found.ctime_nsec()].map(i128::from);
    let [mtime, mtime_nsec, ctime, ctime_nsec] = times;
    [device, inode, size, mtime, mtime_nsec, ctime, ctime_nsec]
}

/// Whether the last change lies so far back that another one would show in the times.
///
/// Security: a change within the same tick of the file system's clock leaves the times as they are; such a file is
/// read until they are old. A clock that was set back makes it look young, and it is read.
fn is_settled(found: &fs::Metadata) -> bool {
    let changed = found.ctime().saturating_mul(1_000).saturating_add(found.ctime_nsec() / 1_000_000);
    let settled = i64::try_from(SETTLED.as_millis()).unwrap_or(i64::MAX);
    clock::now().wall.0 > changed.saturating_add(settled)
}

fn content(path: &Path) -> Vec<u8> {
    let mut content = Vec::new();
    // The file may have grown since it was looked at; never read more than a bounded part.
    match fs::File::open(path).and_then(|file| file.take(LARGEST_READ + 1).read_to_end(&mut content)) {
        Ok(_) => Sha256::digest(&content).to_vec(),
        Err(problem) => format!("!{:?}", problem.kind()).into_bytes(),
    }
}

/// The ways that lead from a path to its file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Ways {
    /// Every directory in which a change of what the path leads to can show: that of the file and that of every
    /// symbolic link on the way (a ConfigMap update swaps the link `..data` beside the file's own link).
    pub(super) directories: BTreeSet<PathBuf>,
    /// The file itself, under the name it has in its directory.
    pub(super) file: Option<PathBuf>,
}

/// Follows `path` link by link.
pub(super) fn ways(path: &Path) -> Ways {
    let mut ways = Ways::default();
    let mut todo = Some(absolute(path));
    for _ in 0..=MOST_LINKS {
        let Some(path) = todo.take() else { break };
        let mut walked = PathBuf::new();
        let mut rest = path.components();
        while let Some(component) = rest.next() {
            step(&mut walked, component);
            let (Ok(target), Some(here)) = (fs::read_link(&walked), walked.parent()) else { continue };
            ways.directories.insert(here.to_owned());
            todo = Some(here.join(target).join(rest.as_path()));
            break;
        }
        if todo.is_none() {
            ways.directories.extend(walked.parent().map(Path::to_owned));
            ways.file = Some(walked);
        }
    }
    ways
}

fn step(walked: &mut PathBuf, component: Component<'_>) {
    match component {
        Component::CurDir => {}
        // What was walked so far is no link, so its parent is the one meant.
        Component::ParentDir => {
            walked.pop();
        }
        Component::Prefix(_) | Component::RootDir | Component::Normal(_) => walked.push(component),
    }
}

/// The path from the root; as given when the working directory cannot be told.
pub(super) fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests;
