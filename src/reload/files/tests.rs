use std::os::unix::fs::symlink;

use super::*;
use crate::reload::tests::folder;

fn set(paths: &[&Path]) -> BTreeSet<PathBuf> {
    paths.iter().map(|path| path.to_path_buf()).collect()
}

fn look(inputs: &BTreeSet<PathBuf>) -> Fingerprint {
    Looker::default().look(inputs)
}

#[test]
fn a_file_that_was_just_written_is_read_at_every_look() {
    let path = folder("files").join("young");
    let mut looker = Looker::default();
    let inputs = set(&[&path]);
    let mut seen = Vec::new();
    for round in 0..200 {
        // Of one length, and many of them within one tick of the file system's clock.
        fs::write(&path, format!("{round:03}")).unwrap();
        seen.push(looker.look(&inputs));
    }
    assert!(seen.windows(2).all(|pair| pair[0] != pair[1]));
}

#[test]
fn another_content_is_another_state_and_a_touched_file_is_not() {
    let path = folder("files").join("a");
    fs::write(&path, "one").unwrap();
    let before = look(&set(&[&path]));
    fs::write(&path, "one").unwrap();
    assert_eq!(look(&set(&[&path])), before);
    fs::write(&path, "two").unwrap();
    assert_ne!(look(&set(&[&path])), before);
    fs::remove_file(&path).unwrap();
    assert_ne!(look(&set(&[&path])), before, "missing");
}

#[test]
fn the_same_contents_in_swapped_files_are_another_state() {
    let folder = folder("files");
    let (a, b) = (folder.join("a"), folder.join("b"));
    fs::write(&a, "1").unwrap();
    fs::write(&b, "2").unwrap();
    let before = look(&set(&[&a, &b]));
    fs::write(&a, "2").unwrap();
    fs::write(&b, "1").unwrap();
    assert_ne!(look(&set(&[&a, &b])), before);
}

#[test]
fn a_large_file_is_compared_without_reading_it() {
    let path = folder("files").join("large");
    fs::write(&path, "x".repeat(2 * 1024 * 1024)).unwrap();
    let before = look(&set(&[&path]));
    assert_eq!(look(&set(&[&path])), before);
    fs::write(&path, "y".repeat(2 * 1024 * 1024 + 1)).unwrap();
    assert_ne!(look(&set(&[&path])), before);
}

#[test]
fn what_is_no_file_is_not_opened() {
    let path = folder("files").join("pipe");
    rustix::fs::mkfifoat(rustix::fs::CWD, &path, rustix::fs::Mode::RUSR).unwrap();
    look(&set(&[&path]));
    look(&set(&[path.parent().unwrap()]));
}

#[test]
fn a_plain_file_shows_changes_in_its_directory() {
    let folder = folder("places").canonicalize().unwrap();
    let found = ways(&folder.join("a.yaml"));
    assert_eq!(found.directories, set(&[&folder]));
    assert_eq!(found.file, Some(folder.join("a.yaml")));
}

#[test]
fn a_config_map_shows_changes_beside_its_links() {
    let folder = folder("places").canonicalize().unwrap();
    let version = folder.join("..2026_1");
    fs::create_dir(&version).unwrap();
    fs::write(version.join("a.yaml"), "x").unwrap();
    symlink("..2026_1", folder.join("..data")).unwrap();
    symlink("..data/a.yaml", folder.join("a.yaml")).unwrap();
    let found = ways(&folder.join("a.yaml"));
    assert_eq!(found.directories, set(&[&folder, &version]));
    assert_eq!(found.file, Some(version.join("a.yaml")));
}

#[test]
fn links_with_dots_and_absolute_targets_are_followed() {
    let folder = folder("places").canonicalize().unwrap();
    for name in ["etc", "srv", "srv/v1"] {
        fs::create_dir(folder.join(name)).unwrap();
    }
    symlink("v1", folder.join("srv/current")).unwrap();
    symlink(folder.join("srv/current/a.yaml"), folder.join("etc/a.yaml")).unwrap();
    let wanted = set(&[&folder.join("etc"), &folder.join("srv"), &folder.join("srv/v1")]);
    assert_eq!(ways(&folder.join("etc/./../etc/a.yaml")).directories, wanted);
}

#[test]
fn links_in_a_circle_end() {
    let folder = folder("places").canonicalize().unwrap();
    symlink("b", folder.join("a")).unwrap();
    symlink("a", folder.join("b")).unwrap();
    let found = ways(&folder.join("a"));
    assert_eq!((found.directories, found.file), (set(&[&folder]), None));
}
