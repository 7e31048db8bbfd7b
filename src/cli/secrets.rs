//! Secrets of commands: from a file, standard input or the environment; never from an argument, which `ps` shows.

use std::io::Read;
use std::path::Path;

use zeroize::Zeroizing;

use crate::base::secret::Secret;

/// Most bytes a secret file may have.
const LONGEST: u64 = 64 * 1024;

/// Reads a secret from `path`, or from standard input when it is `-`; one newline at the end is dropped.
///
/// # Errors
/// A sentence that names the file and what to do.
pub(super) fn read(path: &Path) -> Result<Secret, String> {
    let shown = path.display();
    let mut bytes = Zeroizing::new(Vec::new());
    let outcome = if path.as_os_str() == "-" {
        std::io::stdin().lock().take(LONGEST).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(LONGEST).read_to_end(&mut bytes))
    };
    outcome.map_err(|error| format!("{shown}: cannot be read: {error}"))?;
    if bytes.ends_with(b"\n") {
        bytes.pop();
        if bytes.ends_with(b"\r") {
            bytes.pop();
        }
    }
    if bytes.is_empty() {
        return Err(format!("{shown}: the secret is empty"));
    }
    Ok(Secret::new(bytes.to_vec()))
}
