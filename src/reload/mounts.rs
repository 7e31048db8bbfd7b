//! Finds inputs that are mounted as single files (`subPath` in Kubernetes, `-v file:file` in Docker): such a mount
//! keeps the old inode for ever and shows no update.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

/// Where the kernel lists this process's mounts (proc_pid_mountinfo(5)).
const MOUNTINFO: &str = "/proc/self/mountinfo";

/// The files among `inputs` that are mount points of their own.
pub(super) fn pinned(inputs: &BTreeSet<PathBuf>) -> Vec<PathBuf> {
    fs::read(MOUNTINFO).map(|list| pinned_by(&list, inputs)).unwrap_or_default()
}

fn pinned_by(mountinfo: &[u8], inputs: &BTreeSet<PathBuf>) -> Vec<PathBuf> {
    let points: BTreeSet<PathBuf> = mountinfo.split(|byte| *byte == b'\n').filter_map(mount_point).collect();
    let is_pinned = |input: &&PathBuf| {
        let real = fs::canonicalize(input).unwrap_or_else(|_| super::files::absolute(input));
        points.contains(&real) && !is_directory(&real)
    };
    inputs.iter().filter(is_pinned).cloned().collect()
}

fn is_directory(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| found.is_dir())
}

/// The fifth field of a line, its octal escapes undone.
fn mount_point(line: &[u8]) -> Option<PathBuf> {
    let field = line.split(|byte| *byte == b' ').nth(4)?;
    let mut path = Vec::with_capacity(field.len());
    let mut rest = field;
    while let [first, after @ ..] = rest {
        match (first, after) {
            (b'\\', [a @ b'0'..=b'7', b @ b'0'..=b'7', c @ b'0'..=b'7', behind @ ..]) => {
                let octal = [a, b, c].into_iter().fold(0_u16, |sum, digit| sum * 8 + u16::from(digit - b'0'));
                path.push(u8::try_from(octal).ok()?);
                rest = behind;
            }
            (byte, behind) => {
                path.push(*byte);
                rest = behind;
            }
        }
    }
    Some(PathBuf::from(std::ffi::OsString::from_vec(path)))
}

#[cfg(test)]
mod tests;
