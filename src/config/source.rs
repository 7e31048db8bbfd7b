//! Reads the files a configuration is made of: bounded, once each, remembered for the fingerprint and the watch list.
//!
//! Never decides what a missing file means; the caller does, with the load mode.

use std::collections::HashMap;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use aws_lc_rs::digest::{Context, SHA256, digest};
use zeroize::Zeroizing;

use super::raw::View;
use super::report::{Fault, Place, printable};
use super::settings::Fingerprint;
use super::show::Shown;

/// Most files of one configuration; all of them are held while it is read, and watched.
const MOST_FILES: usize = 1_000;

/// Contents of a file, wiped when the last reader lets go.
pub(crate) type Bytes = Rc<Zeroizing<Vec<u8>>>;

/// One file among those read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FileId(usize);

/// Why a file could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unreadable(pub(crate) String);

impl Unreadable {
    /// The problem of a key that names such a file.
    pub(crate) fn fault(&self, path: &str) -> Fault {
        let message = format!("file {} cannot be read: {}", printable(path, 200), self.0);
        Fault::new(message, "mount it, or change its mode")
    }
}

/// Every file read so far.
#[derive(Debug)]
pub(crate) struct Sources {
    base: PathBuf,
    files: Vec<Entry>,
    by_path: HashMap<PathBuf, usize>,
    extra: Vec<(String, Zeroizing<String>)>,
}

#[derive(Debug)]
struct Entry {
    path: PathBuf,
    found: Result<Bytes, Unreadable>,
    /// Of the bytes; nothing where there are none.
    digest: ContentDigest,
    stamp: Option<Stamp>,
    holds: Holds,
}

/// SHA-256 of a file's bytes, taken once: it goes into the hashes of the whole, and tells what was read before.
///
/// Security: as secret as the file; compared in memory, never told.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(crate) struct ContentDigest([u8; 32]);

impl ContentDigest {
    /// Of these bytes. By AWS-LC: without the processor's SHA extension it takes half of what plain Rust does
    /// (`docs/decisions/0012-which-hmac.md`), and there may be dozens of MiB.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self(whole(digest(&SHA256, bytes)))
    }
}

impl fmt::Debug for ContentDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[digest]")
    }
}

/// What may stand in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holds {
    /// Secrets, perhaps among other things.
    Secrets,
    /// Nothing that may not be told.
    Open,
}

/// What tells that a path leads to the same bytes as before.
#[derive(Debug, PartialEq, Eq)]
struct Stamp {
    real: PathBuf,
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
}

/// A file and what it held when it was read.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    path: PathBuf,
    length: u64,
    digest: ContentDigest,
}

impl Held {
    /// Whether it holds the same bytes now. A file that cannot be read does not.
    pub(crate) fn stands(&self) -> bool {
        bounded(&self.path, self.length).is_ok_and(|(bytes, _)| ContentDigest::of(&bytes) == self.digest)
    }
}

impl Sources {
    /// Sources whose relative paths start at the directory of `main`.
    pub(crate) fn beside(main: &Path) -> Self {
        let base = main.parent().map(Path::to_owned).unwrap_or_default();
        Self { base, files: Vec::new(), by_path: HashMap::new(), extra: Vec::new() }
    }

    /// Reads the file the operator named on the command line; its path is taken as it stands.
    pub(crate) fn read_main(&mut self, path: &Path, most: u64) -> (FileId, Result<Bytes, Unreadable>) {
        self.read_at(path.to_owned(), most)
    }

    /// Reads a file named inside the configuration; a relative path starts at the main file's directory.
    pub(crate) fn read(&mut self, written: &str, most: u64) -> (FileId, Result<Bytes, Unreadable>) {
        self.read_at(self.resolve(written), most)
    }

    /// The same for a file that holds no secret: its content goes into the hash that is told.
    pub(crate) fn read_open(&mut self, written: &str, most: u64) -> (FileId, Result<Bytes, Unreadable>) {
        let path = self.resolve(written);
        let is_new = !self.by_path.contains_key(&path);
        let (id, found) = self.read_at(path, most);
        // One that was read for a secret before stays one.
        if is_new && let Some(entry) = self.files.get_mut(id.0) {
            entry.holds = Holds::Open;
        }
        (id, found)
    }

    /// Takes `bytes` for the contents of a main file that nobody reads: standard input, a block of a document.
    pub(crate) fn take_main(
        &mut self,
        path: &Path,
        bytes: &[u8],
        most: u64,
    ) -> (FileId, Result<Bytes, Unreadable>) {
        let found = match u64::try_from(bytes.len()) {
            Ok(length) if length <= most => Ok(Rc::new(Zeroizing::new(bytes.to_vec()))),
            Ok(_) | Err(_) => Err(too_large(most)),
        };
        let id = FileId(self.files.len());
        let (path, digest) = (path.to_owned(), digest_of(&found));
        self.files.push(Entry { path, found: found.clone(), digest, stamp: None, holds: Holds::Secrets });
        (id, found)
    }

    /// The path a written path stands for: a relative one starts at the main file's directory.
    pub(crate) fn resolve(&self, written: &str) -> PathBuf {
        self.base.join(written)
    }

    fn read_at(&mut self, path: PathBuf, most: u64) -> (FileId, Result<Bytes, Unreadable>) {
        if let Some(known) = self.by_path.get(&path)
            && let Some(entry) = self.files.get(*known)
        {
            return (FileId(*known), entry.found.clone());
        }
        let is_full = self.files.len() >= MOST_FILES;
        let read = if is_full { Err(too_many()) } else { bounded(&path, most) };
        let (found, stamp) = match read {
            Ok((bytes, stamp)) => (Ok(Rc::new(bytes)), Some(stamp)),
            Err(reason) => (Err(reason), None),
        };
        let id = FileId(self.files.len());
        if !is_full {
            self.by_path.insert(path.clone(), id.0);
            let digest = digest_of(&found);
            self.files.push(Entry { path, found: found.clone(), digest, stamp, holds: Holds::Secrets });
        }
        (id, found)
    }

    /// Remembers a variable that went into the configuration, for the fingerprint.
    pub(crate) fn used_variable(&mut self, name: &str, value: &str) {
        if !self.extra.iter().any(|(known, _)| known == name) {
            self.extra.push((name.to_owned(), Zeroizing::new(value.to_owned())));
        }
    }

    /// How the file is named in messages.
    pub(crate) fn name(&self, id: FileId) -> String {
        self.files.get(id.0).map(|entry| entry.path.display().to_string()).unwrap_or_default()
    }

    /// Where a node was written: `file:line`, or the variable.
    pub(crate) fn name_of(&self, view: View<'_>) -> String {
        match view.key_spot().place {
            Place::File(id, mark) | Place::Unread(id, mark) => format!("{}:{}", self.name(id), mark.line),
            Place::Variable(name) => name,
        }
    }

    /// Text of a file, when it was read and is UTF-8.
    pub(crate) fn text(&self, id: FileId) -> Option<&str> {
        let bytes = self.files.get(id.0)?.found.as_ref().ok()?;
        std::str::from_utf8(bytes).ok()
    }

    /// Every file that was or should have been read.
    pub(crate) fn inputs(&self) -> Vec<PathBuf> {
        self.files.iter().map(|entry| entry.path.clone()).collect()
    }

    /// What tells a file's bytes from others; that of an unreadable one tells nothing.
    pub(crate) fn digest(&self, id: FileId) -> ContentDigest {
        self.files.get(id.0).map(|entry| entry.digest).unwrap_or_default()
    }

    /// What every file held; `None` when one was not read from where it lies, or could not be.
    pub(crate) fn held(&self) -> Option<Vec<Held>> {
        let held = |entry: &Entry| {
            let (bytes, _) = (entry.found.as_ref().ok()?, entry.stamp.as_ref()?);
            let length = u64::try_from(bytes.len()).ok()?;
            Some(Held { path: entry.path.clone(), length, digest: entry.digest })
        };
        self.files.iter().map(held).collect()
    }

    /// What tells whether any input changed. Covers secrets, and so is never told.
    pub(crate) fn fingerprint(&self) -> Fingerprint {
        let mut all = Context::new(&SHA256);
        for entry in &self.files {
            all.update(&[u8::from(entry.found.is_ok())]);
            all.update(&entry.digest.0);
        }
        for (name, value) in &self.extra {
            all.update(name.as_bytes());
            all.update(&[0]);
            all.update(value.as_bytes());
            all.update(&[0]);
        }
        Fingerprint(whole(all.finish()))
    }

    /// SHA-256 over what holds, lower-case hex: every value with its path, and the files that hold no secret.
    ///
    /// Security: it is told on `/ready` and in the metrics, so no secret goes into it, not even among others: a weak
    /// one could be guessed from it at leisure.
    pub(crate) fn hash(&self, shown: &Shown) -> String {
        let mut all = Context::new(&SHA256);
        let mut add = |bytes: &[u8]| {
            all.update(&u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
            all.update(bytes);
        };
        for row in &shown.rows {
            add(row.path.as_bytes());
            add(row.value.as_bytes());
        }
        for entry in self.files.iter().filter(|entry| entry.holds == Holds::Open) {
            add(&entry.digest.0);
        }
        data_encoding::HEXLOWER.encode(all.finish().as_ref())
    }

    /// The first file that changed since it was read. A ConfigMap update swaps all files at once, so such a
    /// load may have seen the old state of one and the new of another.
    pub(crate) fn changed(&self) -> Option<&Path> {
        let moved = self.files.iter().find(|entry| match &entry.stamp {
            Some(before) => stamp(&entry.path).ok().as_ref() != Some(before),
            None => false,
        });
        moved.map(|entry| entry.path.as_path())
    }
}

fn digest_of(found: &Result<Bytes, Unreadable>) -> ContentDigest {
    found.as_ref().map(|bytes| ContentDigest::of(bytes)).unwrap_or_default()
}

/// The 32 bytes of a SHA-256.
fn whole(digest: aws_lc_rs::digest::Digest) -> [u8; 32] {
    digest.as_ref().first_chunk().copied().unwrap_or_default()
}

fn bounded(path: &Path, most: u64) -> Result<(Zeroizing<Vec<u8>>, Stamp), Unreadable> {
    let told = |error: io::Error| Unreadable(reason(&error));
    if !fs::metadata(path).map_err(told)?.is_file() {
        return Err(Unreadable("it is not a regular file".to_owned()));
    }
    let before = stamp(path).map_err(told)?;
    let room = usize::try_from(before.size.min(most)).unwrap_or(0).saturating_add(1);
    let mut bytes = Zeroizing::new(Vec::with_capacity(room));
    let file = File::open(path).map_err(told)?;
    file.take(most.saturating_add(1)).read_to_end(&mut bytes).map_err(told)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > most {
        return Err(too_large(most));
    }
    Ok((bytes, before))
}

fn too_many() -> Unreadable {
    Unreadable(format!("the configuration names more than {MOST_FILES} files"))
}

fn too_large(most: u64) -> Unreadable {
    Unreadable(format!("it is larger than {}", super::units::size_text(most)))
}

fn stamp(path: &Path) -> io::Result<Stamp> {
    let real = fs::canonicalize(path)?;
    let meta = fs::metadata(path)?;
    let modified = (meta.mtime(), meta.mtime_nsec());
    Ok(Stamp { real, device: meta.dev(), inode: meta.ino(), size: meta.size(), modified })
}

/// The reason in an operator's words, without the error number.
fn reason(error: &io::Error) -> String {
    let kind = error.kind();
    if kind == io::ErrorKind::NotFound {
        "it does not exist".to_owned()
    } else if kind == io::ErrorKind::PermissionDenied {
        "permission denied".to_owned()
    } else {
        kind.to_string()
    }
}
