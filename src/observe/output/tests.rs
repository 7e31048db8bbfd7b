use super::*;
use crate::observe::tests::folder;

#[test]
fn a_file_is_appended_to_and_made_for_its_owner_alone() {
    let path = folder("output").join("audit.log");
    std::fs::write(&path, "before\n").unwrap();
    Output::open(&Sink::File(path.clone())).unwrap().write(b"after\n").unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "before\nafter\n");
    let fresh = path.with_file_name("fresh.log");
    Output::open(&Sink::File(fresh.clone())).unwrap();
    assert_eq!(std::fs::metadata(fresh).unwrap().mode() & 0o777, 0o600);
}

#[test]
fn a_moved_file_is_followed_by_a_new_one() {
    let path = folder("output").join("audit.log");
    let mut output = Output::open(&Sink::File(path.clone())).unwrap();
    output.write(b"one\n").unwrap();
    assert_eq!(output.refresh().unwrap(), Refreshed::Same);
    let rotated = path.with_extension("1");
    std::fs::rename(&path, &rotated).unwrap();
    assert_eq!(output.refresh().unwrap(), Refreshed::Reopened);
    output.write(b"two\n").unwrap();
    assert_eq!(std::fs::read_to_string(rotated).unwrap(), "one\n");
    assert_eq!(std::fs::read_to_string(path).unwrap(), "two\n");
}

#[test]
fn when_the_directory_is_gone_the_old_file_stays_in_use() {
    let folder = folder("output");
    let path = folder.join("audit.log");
    let mut output = Output::open(&Sink::File(path)).unwrap();
    std::fs::remove_dir_all(folder).unwrap();
    assert!(output.refresh().is_err());
    output.write(b"still\n").unwrap();
}

#[test]
fn a_full_device_tells_how_far_it_came() {
    let mut output = Output::open(&Sink::File(PathBuf::from("/dev/full"))).unwrap();
    let stopped = output.write(b"x\n").unwrap_err();
    assert_eq!(stopped.written, 0);
    assert_eq!(stopped.cause.kind(), io::ErrorKind::StorageFull);
}

#[test]
fn a_pipe_nobody_reads_is_an_error_at_once() {
    let path = folder("output").join("pipe");
    rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    let refused = Output::open(&Sink::File(path)).unwrap_err();
    assert_eq!(refused.cause.raw_os_error(), Some(rustix::io::Errno::NXIO.raw_os_error()));
}
