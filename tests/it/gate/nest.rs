//! A directory of one test's own, for the config, secret files and logs of a gate.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

static NEXT: AtomicU32 = AtomicU32::new(0);

/// A directory removed at the end, unless the test failed.
#[derive(Debug)]
pub(crate) struct Nest(PathBuf);

impl Nest {
    /// An empty directory below the build directory.
    pub(crate) fn new() -> Self {
        let name = format!("it-{}-{}", process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// Path of `name` inside.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Writes `name` in one step: a temporary file renamed over the old one.
    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let fresh = self.path(&format!(".{name}.new"));
        fs::write(&fresh, text).unwrap();
        fs::rename(&fresh, self.path(name)).unwrap();
    }

    /// Updates a volume directory the way a kubelet does: a new dated directory, then one rename of `..data`.
    pub(crate) fn publish(&self, volume: &str, version: u32, files: &[(&str, &str)]) {
        let volume = self.path(volume);
        let dated = volume.join(format!("..v{version}"));
        fs::create_dir_all(&dated).unwrap();
        for (name, text) in files {
            fs::write(dated.join(name), text).unwrap();
        }
        let fresh = volume.join("..data_tmp");
        let _ = fs::remove_file(&fresh);
        symlink(format!("..v{version}"), &fresh).unwrap();
        fs::rename(&fresh, volume.join("..data")).unwrap();
        for (name, _) in files {
            let visible = volume.join(name);
            if fs::symlink_metadata(&visible).is_err() {
                symlink(format!("..data/{name}"), &visible).unwrap();
            }
        }
        if version > 0 {
            let _ = fs::remove_dir_all(volume.join(format!("..v{}", version - 1)));
        }
    }
}

impl Drop for Nest {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let _ = fs::remove_dir_all(&self.0);
        }
    }
}
