//! What the input files look like now: whether their content is another than before, and where a change can show.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use sha2::{Digest, Sha256};

/// Files up to this size are compared by content; larger ones by size, times and inode.
const LARGEST_READ: u64 = 1024 * 1024;
/// Symbolic links followed for one path, as the kernel does.
const MOST_LINKS: usize = 40;

/// The state of a set of files; equal when nothing in them changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fingerprint([u8; 32]);

/// Looks at every file of `inputs`. One that is missing or unreadable has a state too.
pub(super) fn fingerprint(inputs: &BTreeSet<PathBuf>) -> Fingerprint {
    let mut all = Sha256::new();
    for path in inputs {
        all.update(path.as_os_str().as_encoded_bytes());
        all.update(b"\0");
        all.update(state(path));
    }
    Fingerprint(all.finalize().into())
}

fn state(path: &Path) -> Vec<u8> {
    let found = match fs::metadata(path) {
        Ok(found) => found,
        Err(problem) => return format!("!{:?}", problem.kind()).into_bytes(),
    };
    if !found.is_file() || found.len() > LARGEST_READ {
        let times = [found.mtime(), found.mtime_nsec(), found.ctime(), found.ctime_nsec()];
        return format!("{} {} {} {times:?}", found.dev(), found.ino(), found.size()).into_bytes();
    }
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
