use super::*;
use crate::reload::tests::folder;

fn list(points: &[&Path]) -> Vec<u8> {
    let mut text = String::from("22 1 8:1 / / rw - ext4 /dev/sda1 rw\n");
    for point in points {
        let escaped = point.display().to_string().replace(' ', "\\040");
        text.push_str(&format!("99 22 8:1 /a {escaped} ro,relatime shared:5 - ext4 /dev/sda1 rw\n"));
    }
    text.into_bytes()
}

#[test]
fn a_file_that_is_a_mount_point_is_pinned() {
    let folder = folder("mounts with a space").canonicalize().unwrap();
    let (pinned, free) = (folder.join("config.yaml"), folder.join("keys.yaml"));
    fs::write(&pinned, "x").unwrap();
    fs::write(&free, "x").unwrap();
    let inputs = BTreeSet::from([pinned.clone(), free]);
    assert_eq!(pinned_by(&list(&[&pinned]), &inputs), std::slice::from_ref(&pinned));
    assert_eq!(pinned_by(&list(&[&folder]), &inputs), [] as [PathBuf; 0], "a mounted directory updates");
}

#[test]
fn a_link_to_a_pinned_file_is_pinned_too() {
    let folder = folder("mounts").canonicalize().unwrap();
    let (file, link) = (folder.join("real.yaml"), folder.join("config.yaml"));
    fs::write(&file, "x").unwrap();
    std::os::unix::fs::symlink(&file, &link).unwrap();
    assert_eq!(pinned_by(&list(&[&file]), &BTreeSet::from([link.clone()])), [link]);
}

#[test]
fn a_list_that_cannot_be_understood_pins_nothing() {
    let inputs = BTreeSet::from([PathBuf::from("/etc/hostname")]);
    for broken in [&b""[..], b"\n\n", b"a b c", b"1 2 3 4 \\777 x"] {
        assert_eq!(pinned_by(broken, &inputs), [] as [PathBuf; 0]);
    }
}

#[test]
fn the_running_system_can_be_asked() {
    pinned(&BTreeSet::from([PathBuf::from("/etc/hostname")]));
}
